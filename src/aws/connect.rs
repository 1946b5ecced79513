//! Credentials, endpoint and transport, shared by the clients of every region.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::error::SdkResult;
use super::{Calls, Class, Error, Result};

/// For calls that send a file: they have no time limit. The SDK itself ends a call in which no data flows any more.
#[must_use]
pub fn unhurried() -> aws_sdk_s3::config::Builder {
    let timeouts = TimeoutConfig::builder().disable_operation_attempt_timeout().build();
    aws_sdk_s3::config::Builder::new().timeout_config(timeouts)
}

/// If this environment variable is set, the local cloud gets the credentials that the SDK finds, as AWS does.
const LOCAL_AUTH: &str = "PROVISION_LOCAL_AUTH";

/// Which cloud the calls are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloudTarget {
    /// AWS, with the credentials that the SDK's default chain finds (environment, profile, SSO, container, instance).
    Aws,
    /// A local cloud that answers for every service at one address.
    Local {
        /// Its base address, such as `http://127.0.0.1:4566`.
        endpoint: String,
        /// The access key id is the account, as its root user. The secret is the instance's own.
        credentials: Credentials,
        /// How many times faster than on AWS its time goes, if it is as slow as AWS.
        pace: Option<u32>,
    },
}

impl CloudTarget {
    /// A local cloud, called as the root user of an account with this secret access key.
    pub fn local(endpoint: impl Into<String>, account: &str, secret_key: &str) -> Self {
        let credentials = Credentials::new(account, secret_key, None, None, "local cloud");
        Self::Local { endpoint: endpoint.into(), credentials, pace: None }
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
    target: CloudTarget,
    calls: Calls,
}

impl Connection {
    /// A connection that sends its calls to `target`, with a time limit on every attempt.
    pub async fn open(target: CloudTarget, region: &str) -> Self {
        let transport = Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_attempt_timeout(Duration::from_secs(60))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(transport)
            .region(Region::new(region.to_owned()))
            .retry_config(super::retry::of_aws())
            .timeout_config(timeouts);
        if let CloudTarget::Local { endpoint, credentials, .. } = &target {
            loader = loader.endpoint_url(endpoint).retry_config(super::retry::of_local_cloud());
            if std::env::var_os(LOCAL_AUTH).is_none() {
                loader = loader.credentials_provider(credentials.clone());
            }
        }
        Self { base: loader.load().await, target, calls: Calls::default() }
    }

    /// The configuration for one region's clients.
    pub(super) fn sdk_config(&self, region: &str) -> SdkConfig {
        self.base.to_builder().region(Region::new(region.to_owned())).build()
    }

    /// The record of every call made.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Whether this is the local cloud.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.target, CloudTarget::Local { .. })
    }

    /// How many times faster than on AWS the cloud's time goes: 1 for AWS, `None` for one where everything happens at once.
    #[must_use]
    pub fn pace(&self) -> Option<u32> {
        match self.target {
            CloudTarget::Aws => Some(1),
            CloudTarget::Local { pace, .. } => pace,
        }
    }

    /// The local cloud's base address, where it is the local cloud.
    #[must_use]
    pub fn local_endpoint(&self) -> Option<&str> {
        match &self.target {
            CloudTarget::Local { endpoint, .. } => Some(endpoint),
            CloudTarget::Aws => None,
        }
    }

    /// The identity that these credentials belong to.
    ///
    /// # Errors
    /// When there are none, when they are expired or refused, or when STS cannot be reached.
    pub async fn identity(&self) -> Result<Identity> {
        // This is the first call of a run, so it fails early if nothing answers.
        let config = aws_sdk_sts::config::Builder::from(&self.base)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(10)).build(),
            )
            .interceptor(self.calls.recorder())
            .build();
        let answer = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await;
        let answer = answer
            .named("sts:GetCallerIdentity")
            .map_err(|error| of_profile(error, std::env::var("AWS_PROFILE").ok()))?;
        match (answer.account, answer.arn) {
            (Some(account), Some(arn)) => Ok(Identity { account, arn }),
            _ => Err(Error::unexpected("sts:GetCallerIdentity", "the answer names no account")),
        }
    }
}

/// Names the profile in the error. The SDK's default chain skips a profile that does not exist, and its error names
/// only the last place where it looked.
fn of_profile(error: Error, profile: Option<String>) -> Error {
    match profile
        .filter(|name| !name.is_empty() && error.class == Class::Credentials && error.code.is_empty())
    {
        Some(name) => {
            let says = "gives no credentials (does `aws configure list-profiles` show it?)";
            Error { message: format!("AWS_PROFILE={name} {says}: {}", error.message), ..error }
        }
        None => error,
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
        let target = CloudTarget::local(endpoint, "111122223333", "secret");
        let connection = Connection::open(target, "eu-west-1").await;
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(timeout).build();
        let config = aws_sdk_s3::config::Builder::from(&connection.sdk_config("eu-west-1"))
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

    #[test]
    fn a_profile_without_credentials_is_named() {
        let none =
            Error { class: Class::Credentials, ..Error::unexpected("sts:GetCallerIdentity", "no IMDS") };
        let named = of_profile(none.clone(), Some("nope".into())).to_string();
        assert!(named.contains("AWS_PROFILE=nope gives no credentials"), "{named}");
        assert_eq!(of_profile(none.clone(), None).message, "no IMDS");
        let expired = Error { code: "ExpiredToken".into(), ..none };
        assert_eq!(of_profile(expired, Some("nope".into())).message, "no IMDS");
    }
}
