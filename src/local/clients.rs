//! The SDK's clients of the emulator behind the gateway, for what our services ask of it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use axum::body::Body;

use super::plain::Plain;

/// One client of each service that ours build on.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) events: aws_sdk_eventbridge::Client,
    pub(super) lambda: aws_sdk_lambda::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) cloudfront: aws_sdk_cloudfront::Client,
}

/// Sends the SDK's requests to the emulator's socket.
#[derive(Debug, Clone)]
struct Transport(Plain);

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = client.request(request.map(Body::new)).await;
            let response = response.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// What a client of the emulator needs. The emulator sees `endpoint`, the gateway's address, as its own.
pub(super) fn config(emulator: &Plain, endpoint: &str, credentials: Credentials, region: &str) -> SdkConfig {
    let transport = SharedHttpConnector::new(Transport(emulator.clone()));
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .http_client(http_client_fn(move |_, _| transport.clone()))
        .build()
}

impl Clients {
    /// Clients of the emulator with these credentials.
    pub(super) fn new(emulator: &Plain, endpoint: &str, credentials: Credentials, region: &str) -> Self {
        let config = config(emulator, endpoint, credentials, region);
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
