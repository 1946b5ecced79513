//! Credentials, endpoint and transport, shared by the clients of every region.

use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::access::{self, Access, Origin, SignInFault, SignedIn};
use super::error::SdkResult;
use super::network::Network;
use super::profiles::RoleOfProfile;
use super::role_session::RoleSession;
use super::{Calls, Error, Result, refused};

/// For calls that send a file: they have no time limit. The SDK itself ends a call in which no data flows any more.
#[must_use]
pub fn unhurried() -> aws_sdk_s3::config::Builder {
    let timeouts = TimeoutConfig::builder().disable_operation_attempt_timeout().build();
    aws_sdk_s3::config::Builder::new().timeout_config(timeouts)
}

/// If this environment variable is set, the local cloud gets the credentials that the SDK finds, as AWS does.
const LOCAL_AUTH: &str = "PROVISION_LOCAL_AUTH";

/// A local cloud that answers for every service at one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalCloud {
    /// Its base address, such as `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// The access key id is the account, as its root user. The secret is the instance's own.
    pub credentials: Credentials,
    /// How many times faster than on AWS its time goes, if it is as slow as AWS.
    pub pace: Option<u32>,
}

impl LocalCloud {
    /// One in which everything happens at once, called as the root user of an account with this secret access key.
    pub fn new(endpoint: impl Into<String>, account: &str, secret_key: &str) -> Self {
        let credentials = Credentials::new(account, secret_key, None, None, "local cloud");
        Self { endpoint: endpoint.into(), credentials, pace: None }
    }
}

/// Who the credentials belong to, as STS `GetCallerIdentity` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The 12-digit account.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// One connection to a cloud: transport, credentials and the record of calls.
pub struct Connection {
    base: SdkConfig,
    /// For Route 53, where the hosted zone is in another account.
    zones: Option<SdkConfig>,
    /// `None` for AWS.
    local: Option<LocalCloud>,
    network: Network,
    origin: Origin,
    calls: Calls,
}

/// What all calls have: the network, the region, and a time limit on every attempt.
fn loader(network: &Network, region: &str) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(60))
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(network.client())
        .region(Region::new(region.to_owned()))
        .timeout_config(timeouts)
}

impl Connection {
    /// A connection to AWS with this identity, and with the proxies and authorities that the environment and the profile
    /// name.
    ///
    /// # Errors
    /// When one of these settings cannot be used, or nobody can sign in with them.
    pub async fn to_aws(region: &str, access: &Access) -> std::result::Result<Self, SignInFault> {
        let identity = SignedIn::with(access).await?;
        let mut loader = loader(&identity.network, region).retry_config(super::retry::of_aws());
        if let Some(profile) = identity.profile() {
            loader = loader.profile_name(profile);
        }
        let base = identity.sign(loader.load().await).await?;
        let SignedIn { network, origin, .. } = identity;
        Ok(Self { base, zones: None, local: None, network, origin, calls: Calls::default() })
    }

    /// A connection to a local cloud.
    pub async fn to_local(cloud: LocalCloud, region: &str) -> Self {
        let found = std::env::var_os(LOCAL_AUTH).is_some();
        Self::to_local_with(cloud, region, found).await
    }

    /// A connection to a local cloud with the credentials of `cloud`, whatever the environment says: for the server itself,
    /// which inherits the environment of the command that started it.
    pub async fn to_local_as(cloud: LocalCloud, region: &str) -> Self {
        Self::to_local_with(cloud, region, false).await
    }

    async fn to_local_with(cloud: LocalCloud, region: &str, finds_credentials: bool) -> Self {
        let network = Network::direct();
        let mut loader = loader(&network, region)
            .endpoint_url(&cloud.endpoint)
            .retry_config(super::retry::of_local_cloud());
        if !finds_credentials {
            loader = loader.credentials_provider(cloud.credentials.clone());
        }
        let (base, local) = (loader.load().await, Some(cloud));
        Self { base, zones: None, local, network, origin: Origin::Machine, calls: Calls::default() }
    }

    /// The same, in which Route 53 is called as this role, with the other credentials: the role of the account that holds
    /// the hosted zone.
    #[must_use]
    pub fn with_zone_role(self, arn: Option<&str>) -> Self {
        let (Some(arn), Some(before)) = (arn, self.base.credentials_provider()) else { return self };
        let role = RoleOfProfile { arn: arn.to_owned(), ..RoleOfProfile::default() };
        let session = SharedCredentialsProvider::new(RoleSession::new(role, &self.base, before));
        let zones = self.base.to_builder().credentials_provider(session).build();
        Self { zones: Some(zones), ..self }
    }

    /// The configuration for one region's clients of a service.
    pub(super) fn sdk_config(&self, region: &str, service: &str) -> SdkConfig {
        let config = self.zones.as_ref().filter(|_| service == "route53").unwrap_or(&self.base);
        config.to_builder().region(Region::new(region.to_owned())).build()
    }

    /// The record of every call made.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// How other machines are reached.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Whether this is the local cloud.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// How many times faster than on AWS the cloud's time goes: 1 for AWS, `None` for one where everything happens at once.
    #[must_use]
    pub fn pace(&self) -> Option<u32> {
        self.local.as_ref().map_or(Some(1), |cloud| cloud.pace)
    }

    /// The local cloud's base address, where it is the local cloud.
    #[must_use]
    pub fn local_endpoint(&self) -> Option<&str> {
        Some(self.local.as_ref()?.endpoint.as_str())
    }

    /// The identity that these credentials belong to.
    ///
    /// # Errors
    /// When there are none, when they are expired or refused, or when STS cannot be reached.
    pub async fn identity(&self) -> Result<Identity> {
        match self.identity_in(None).await {
            Ok(identity) => Ok(identity),
            Err(error) => Err(self.explained(error).await),
        }
    }

    async fn identity_in(&self, other: Option<Region>) -> Result<Identity> {
        // This is the first call of a run, so it fails early if nothing answers.
        let config = aws_sdk_sts::config::Builder::from(&self.base)
            .region(other.or_else(|| self.base.region().cloned()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(access::PATIENCE).build())
            .interceptor(self.calls.recorder())
            .build();
        let answer = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await;
        let answer = answer.named("sts:GetCallerIdentity")?;
        match (answer.account, answer.arn) {
            (Some(account), Some(arn)) => Ok(Identity { account, arn }),
            _ => Err(Error::unexpected("sts:GetCallerIdentity", "the answer names no account")),
        }
    }

    /// A refused sign-in, with what to do about it.
    async fn explained(&self, error: Error) -> Error {
        let region = self.base.region().map(Region::to_string).unwrap_or_default();
        // A region that is not enabled does not know any of the account's keys.
        if error.is_unknown_key() && refused::must_be_enabled(&region) && !self.is_local() {
            let elsewhere = self.identity_in(Some(access::enabled_everywhere())).await;
            if let Ok(Identity { account, .. }) = elsewhere {
                return refused::region_off(error, &region, &account);
            }
        }
        refused::explained(error, &self.origin, &region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client with this time limit for an attempt, against a server that never answers.
    async fn put(timeout: Duration, overridden: bool) -> bool {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((socket, _)) = listener.accept().await {
                kept.push(socket);
            }
        });
        let target = LocalCloud::new(endpoint, "111122223333", "secret");
        let connection = Connection::to_local(target, "eu-west-1").await;
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(timeout).build();
        let config = aws_sdk_s3::config::Builder::from(&connection.sdk_config("eu-west-1", "s3"))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled());
        let call =
            aws_sdk_s3::Client::from_conf(config.build()).put_object().bucket("b").key("k").customize();
        let call = if overridden { call.config_override(unhurried()) } else { call };
        // A call that must end gets enough time even on a busy machine.
        let patience = Duration::from_millis(if overridden { 500 } else { 30_000 });
        tokio::time::timeout(patience, call.send()).await.is_ok()
    }

    #[tokio::test]
    async fn a_call_that_sends_a_file_has_the_time_it_needs() {
        let short = Duration::from_millis(20);
        assert!(put(short, false).await, "an attempt ends");
        assert!(!put(short, true).await, "one that sends a file goes on");
    }
}
