//! An answer that refuses, in the protocol of its service.

use axum::body::Body;
use axum::http::Response;
use serde::Deserialize;
use serde_json::json;

use super::model::Service;

/// What a service refuses with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The error code.
    pub(crate) code: String,
    /// The message.
    #[serde(default)]
    pub(crate) message: String,
}

impl Refusal {
    pub(super) fn answer(&self, service: &Service) -> Response<Body> {
        let Self { status, code, message } = self;
        let escaped = quick_xml::escape::escape(message.as_str());
        let error =
            format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{escaped}</Message></Error>");
        let response = Response::builder().status(*status);
        let json = json!({ "__type": code, "message": message, "Message": message });
        let (response, body) = match service.protocol.as_str() {
            "rest-xml" if service.is_s3() => (response, error.into_bytes()),
            "rest-xml" | "query" => (
                response,
                format!("<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>").into_bytes(),
            ),
            "smithy-rpc-v2-cbor" => {
                let response = response.header("smithy-protocol", "rpc-v2-cbor");
                let response = response.header("x-amzn-query-error", format!("{code};Sender"));
                (response, super::wire::texts(&[("__type", code.as_str()), ("message", message.as_str())]))
            }
            // SQS speaks JSON, and says the code of its former protocol in a header.
            "json" => {
                let response = response.header("x-amzn-query-error", format!("{code};Sender"));
                (response, json.to_string().into_bytes())
            }
            _ => (response.header("x-amzn-errortype", code), json.to_string().into_bytes()),
        };
        response.body(body.into()).unwrap()
    }
}
