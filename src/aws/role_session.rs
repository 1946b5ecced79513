//! The session of an assumed role, which is renewed before it ends.

use std::fmt;
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result as Provided, SharedCredentialsProvider, future,
};
use aws_sdk_sts::operation::assume_role::{AssumeRoleError, AssumeRoleOutput};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

use super::error::SdkResult;
use super::profiles::RoleOfProfile;
use super::{Error, Result, required};

const CALL: &str = "sts:AssumeRole";
/// The name of sessions in CloudTrail, where the profile names none.
const SESSION: &str = "provision";

/// Credentials of a role, assumed with other credentials.
pub(super) struct RoleSession {
    client: aws_sdk_sts::Client,
    role: RoleOfProfile,
    code: Option<String>,
}

impl fmt::Debug for RoleSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleSession").field("role", &self.role.arn).finish_non_exhaustive()
    }
}

impl RoleSession {
    /// A session of this role, begun with the credentials of `before`.
    pub(super) fn new(role: RoleOfProfile, config: &SdkConfig, before: SharedCredentialsProvider) -> Self {
        let config = config.to_builder().credentials_provider(before).build();
        Self { client: aws_sdk_sts::Client::new(&config), role, code: None }
    }

    /// With the code of the MFA device. A code counts once, so the session cannot be renewed.
    pub(super) fn with_code(self, code: String) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Assumes the role.
    ///
    /// # Errors
    /// When AWS refuses it.
    pub(super) async fn begin(&self) -> Result<Credentials> {
        read(self.assume().await.named(CALL)?)
    }

    async fn assume(&self) -> std::result::Result<AssumeRoleOutput, SdkError<AssumeRoleError, HttpResponse>> {
        let RoleOfProfile { arn, external_id, session, duration, mfa_serial } = self.role.clone();
        let seconds = duration.and_then(|duration| i32::try_from(duration.as_secs()).ok());
        let call = self.client.assume_role().role_arn(arn).set_external_id(external_id);
        let call = call.role_session_name(session.unwrap_or_else(|| SESSION.to_owned()));
        let call = call.set_duration_seconds(seconds);
        let serial = mfa_serial.filter(|_| self.code.is_some());
        call.set_serial_number(serial).set_token_code(self.code.clone()).send().await
    }
}

/// The credentials in an answer.
fn read(answer: AssumeRoleOutput) -> Result<Credentials> {
    let made = required(answer.credentials, CALL, "Credentials")?;
    let expiry = SystemTime::try_from(made.expiration)
        .map_err(|error| Error::unexpected(CALL, format!("the answer's Expiration is no time: {error}")))?;
    let credentials = Credentials::builder()
        .access_key_id(made.access_key_id)
        .secret_access_key(made.secret_access_key)
        .session_token(made.session_token)
        .expiry(expiry)
        .provider_name("AssumeRole");
    Ok(credentials.build())
}

impl ProvideCredentials for RoleSession {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            // The SDK's error is kept as it is: what is told of it depends on its code.
            let answer = self.assume().await.map_err(CredentialsError::provider_error)?;
            let credentials: Provided = read(answer).map_err(CredentialsError::unhandled);
            credentials
        })
    }
}
