//! A call of a service: which operation it asks for, and its body where that is not an object's.

use std::fmt::Write as _;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use http_body_util::{BodyExt as _, Limited};

use super::super::operation;
use super::super::signature::Claim;

/// The largest body that is read at once: a function's code that a request holds, in base64.
const LARGEST: usize = 96 << 20;

/// A call, as the rules see it.
#[derive(Clone, Debug)]
pub(in crate::local) struct Call {
    /// The service that it is signed for, such as `cloudfront`; `s3-control` for S3's control plane.
    pub(in crate::local) service: String,
    /// The operation; empty if it is none that this program knows.
    pub(in crate::local) operation: String,
    /// The region that it is signed for.
    pub(in crate::local) region: String,
    /// The access key id of the caller.
    pub(in crate::local) key_id: String,
    /// Method, path, query and headers.
    pub(in crate::local) parts: Parts,
    /// The body; empty for an object of S3.
    pub(in crate::local) body: Bytes,
}

impl Call {
    /// Reads a request. It is returned as it came.
    ///
    /// # Errors
    /// In words, when the body cannot be read.
    pub(in crate::local) async fn read(claim: &Claim, request: Request) -> Result<(Self, Request), String> {
        let (parts, body) = request.into_parts();
        let is_control = claim.is_s3_control();
        let is_object = claim.is_s3() && !is_control && parts.uri.path().trim_matches('/').contains('/');
        let (bytes, body) = if is_object {
            (Bytes::new(), body)
        } else {
            let read = Limited::new(body, LARGEST).collect().await;
            let bytes = read.map_err(|error| format!("the body cannot be read: {error}"))?.to_bytes();
            (bytes.clone(), Body::from(bytes))
        };
        let operation = operation::name(&claim.service, is_control, &parts, &bytes).unwrap_or_default();
        let call = Self {
            service: if is_control { "s3-control".into() } else { claim.service.clone() },
            operation,
            region: claim.region.clone(),
            key_id: claim.key_id.clone(),
            parts: parts.clone(),
            body: bytes,
        };
        Ok((call, Request::from_parts(parts, body)))
    }

    /// Whether it changes nothing.
    pub(super) fn reads(&self) -> bool {
        const VERBS: [&str; 4] = ["Get", "List", "Describe", "Head"];
        VERBS.iter().any(|verb| self.operation.starts_with(verb))
    }

    /// The same for each repetition of the same question, and no other.
    pub(super) fn question(&self) -> String {
        let Self { service, operation, region, key_id, parts, body } = self;
        let mut question = format!("{service} {operation} {region} {key_id} {} {}", parts.method, parts.uri);
        let _ = write!(question, " {}", String::from_utf8_lossy(body));
        question
    }

    /// A part of the path, counted from 0.
    pub(super) fn segment(&self, index: usize) -> &str {
        self.parts.uri.path().trim_matches('/').split('/').nth(index).unwrap_or_default()
    }

    /// The body as JSON; null if it is none.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as a text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A value of the form in the body.
    pub(super) fn form(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(&self.body);
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A call for tests.
    #[cfg(test)]
    pub(in crate::local) fn example(service: &str, operation: &str, request: &str, body: &str) -> Self {
        let (method, uri) = request.split_once(' ').expect("a method and a path");
        let method: axum::http::Method = method.parse().expect("a method");
        let parts = axum::http::Request::builder().method(method).uri(uri).body(()).expect("a request");
        Self {
            service: service.into(),
            operation: operation.into(),
            region: "ap-northeast-2".into(),
            key_id: "111122223333".into(),
            parts: parts.into_parts().0,
            body: Bytes::from(body.to_owned()),
        }
    }
}
