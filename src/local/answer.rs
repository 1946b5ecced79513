//! Errors of the gateway itself, in the shape that the called service's errors have.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode, header};
use url::form_urlencoded;

#[derive(Debug, PartialEq)]
enum Protocol {
    S3,
    Xml,
    Json,
}

/// An error that the caller's SDK reads.
pub(super) fn error(parts: &Parts, status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let escaped = message.replace('&', "&amp;").replace('<', "&lt;");
    let error = format!("<Error><Code>{code}</Code><Message>{escaped}</Message></Error>");
    let (kind, body) = match protocol(parts) {
        Protocol::S3 => ("application/xml", error),
        Protocol::Xml => ("text/xml", format!("<ErrorResponse>{error}</ErrorResponse>")),
        Protocol::Json => {
            ("application/json", serde_json::json!({ "__type": code, "message": message }).to_string())
        }
    };
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .header("x-amzn-errortype", code)
        .body(Body::from(body))
        .expect("the parts are constant")
}

/// A line of text.
pub(super) fn text(status: StatusCode, text: &str) -> Response<Body> {
    let body = Body::from(format!("{text}\n"));
    Response::builder().status(status).body(body).expect("the parts are constant")
}

/// Which shape of error the caller reads: that of the service that it signed the request for, or else of the service that
/// has such paths and headers.
fn protocol(parts: &Parts) -> Protocol {
    let signed = signed_for(parts);
    match signed.as_deref().unwrap_or_else(|| looks_like(parts)) {
        "s3" => Protocol::S3,
        "iam" | "sts" | "sns" | "cloudfront" | "route53" | "cloudformation" => Protocol::Xml,
        _ => Protocol::Json,
    }
}

/// The service in the credential's scope.
fn signed_for(parts: &Parts) -> Option<String> {
    let service = |credential: &str| credential.split('/').nth(3).map(str::to_owned);
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(credential) = authorization.and_then(|value| value.split("Credential=").nth(1)) {
        return service(credential);
    }
    let mut query = form_urlencoded::parse(parts.uri.query()?.as_bytes());
    query.find(|(name, _)| name == "X-Amz-Credential").and_then(|(_, value)| service(&value))
}

/// The service, or one with the same protocol.
fn looks_like(parts: &Parts) -> &'static str {
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = header("content-type");
    let path = parts.uri.path();
    if ["/2020-05-31/", "/2013-04-01/"].iter().any(|version| path.starts_with(version)) {
        "cloudfront"
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        "sts"
    } else if !header("x-amz-target").is_empty() || kind.starts_with("application/x-amz") || is_dated(path) {
        "lambda"
    } else {
        "s3"
    }
}

/// Whether a path begins with an API's version, such as `/2015-03-31/`.
fn is_dated(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.len() > 11
        && bytes[5] == b'-'
        && bytes[8] == b'-'
        && bytes[11] == b'/'
        && bytes[1..5].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(uri: &str, name: &str, value: &str) -> Parts {
        Request::builder().uri(uri).header(name, value).body(()).unwrap().into_parts().0
    }

    fn signed(service: &str) -> Parts {
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/{service}/aws4_request, Signature=0");
        parts("/", "authorization", &credential)
    }

    #[test]
    fn the_protocol_is_the_callers() {
        assert_eq!(protocol(&signed("s3")), Protocol::S3);
        assert_eq!(protocol(&signed("iam")), Protocol::Xml);
        assert_eq!(protocol(&signed("events")), Protocol::Json);
        let unsigned = |uri: &str, kind: &str| protocol(&parts(uri, "content-type", kind));
        assert_eq!(unsigned("/bucket/key", "video/mp4"), Protocol::S3);
        assert_eq!(unsigned("/2015-03-31/functions", "application/json"), Protocol::Json);
        assert_eq!(unsigned("/2020-05-31/distribution", "text/xml"), Protocol::Xml);
        assert_eq!(unsigned("/", "application/x-www-form-urlencoded; charset=utf-8"), Protocol::Xml);
        assert_eq!(unsigned("/", "application/x-amz-json-1.1"), Protocol::Json);
        let presigned = "/?X-Amz-Credential=1%2F20260101%2Fus-east-1%2Fsts%2Faws4_request";
        assert_eq!(unsigned(presigned, "text/plain"), Protocol::Xml);
    }

    #[test]
    fn an_error_has_its_code_where_sdks_look_for_it() {
        let answer = error(&signed("sqs"), StatusCode::FORBIDDEN, "SignatureDoesNotMatch", "a < b");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(answer.headers()["x-amzn-errortype"], "SignatureDoesNotMatch");
    }
}
