//! The SDK's clients of the emulator behind the gateway, for what our services ask of it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

/// One client of each service that ours build on.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) events: aws_sdk_eventbridge::Client,
    pub(super) lambda: aws_sdk_lambda::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) cloudfront: aws_sdk_cloudfront::Client,
}

impl Clients {
    /// Clients that act as `account` in `region` at `endpoint`, which is plain HTTP.
    pub(super) fn new(endpoint: &str, account: &str, region: &str) -> Self {
        let connect = aws_smithy_http_client::Builder::new();
        let http =
            connect.build_with_connector_fn(|_, _| aws_smithy_http_client::Connector::builder().build_http());
        let credentials = Credentials::new(account, "test", None, None, "local");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(endpoint)
            .http_client(http)
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3),
            events: aws_sdk_eventbridge::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            cloudfront: aws_sdk_cloudfront::Client::new(&config),
        }
    }
}
