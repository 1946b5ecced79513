//! The exchange log: each call that the gateway takes and its answer, as one line of JSON in a file.
//!
//! Bodies are watched while they stream. A line is written when both have passed. It holds no credentials, and of an
//! object of S3 only the length and the digest. `tests/contract/` reads it.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::Error;
use super::guard;
use super::signature::Claim;

/// How much of a request's body is kept. A template of CloudFormation has at most 1 MB.
const KEPT: usize = 1 << 20;
/// How much of an answer's body is kept.
const KEPT_OF_ANSWER: usize = 64 << 10;
/// Headers and parameters of a query that hold credentials.
const SECRET: [&str; 7] = [
    "authorization",
    "cookie",
    "x-amz-security-token",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-credential",
    "x-amz-signature",
];
/// Parameters of a query with which an object or a part of one is sent or read.
const OF_OBJECTS: [&str; 4] = ["x-id", "partnumber", "uploadid", "versionid"];

/// The file that exchanges are written to.
#[derive(Clone)]
pub(super) struct ExchangeLog(Arc<Mutex<File>>);

impl ExchangeLog {
    /// Opens the file, or makes it. Only its owner can read it; what is in it already stays.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::options().create(true).append(true).mode(0o600).open(path);
        let file = file.and_then(|file| {
            file.set_permissions(Permissions::from_mode(0o600))?;
            Ok(file)
        });
        Ok(Self(Arc::new(Mutex::new(file.map_err(Error::files(path))?))))
    }

    /// Notes a call. The request that is returned must be used in its place: its body is watched.
    pub(super) fn begin(&self, claim: &Claim, request: Request) -> (Exchange, Request) {
        let (parts, body) = request.into_parts();
        let is_object =
            claim.is_s3() && !claim.is_s3_control() && is_of_an_object(&parts.headers, &parts.uri);
        let seen = |is_kept: bool, bound: usize| Seen::keeping(if is_kept { bound } else { 0 });
        let exchange = Exchange(Arc::new(Open {
            log: self.clone(),
            call: json!({
                "time": jiff::Timestamp::now().to_string(),
                "service": claim.service,
                "region": claim.region,
                "method": parts.method.as_str(),
                "uri": without_credentials(&parts.uri),
                "headers": told(&parts.headers),
            }),
            request: Mutex::new(seen(!(is_object && parts.method == Method::PUT), KEPT)),
            answered: Mutex::default(),
            // The answers of these can be credentials.
            answer: Mutex::new(seen(
                !is_object && !matches!(claim.service.as_str(), "sts" | "iam" | "secretsmanager"),
                KEPT_OF_ANSWER,
            )),
        }));
        let body = exchange.watched(body, |open| &open.request);
        (exchange, Request::from_parts(parts, body))
    }

    fn write(&self, line: &Value) {
        let line = format!("{line}\n");
        if let Err(error) = unpoisoned(&self.0).write_all(line.as_bytes()) {
            tracing::warn!("the exchange log cannot be written: {error}");
        }
    }
}

/// A call that is under way.
pub(super) struct Exchange(Arc<Open>);

impl Exchange {
    /// Notes the answer. The response that is returned must be used in its place: its body is watched.
    pub(super) fn end(self, response: Response<Body>) -> Response<Body> {
        let (mut parts, body) = response.into_parts();
        *unpoisoned(&self.0.answered) = Some((parts.status.as_u16(), told(&parts.headers)));
        // A watched body does not tell its length, so the header must.
        if let Some(length) = body.size_hint().exact()
            && !parts.headers.contains_key(header::TRANSFER_ENCODING)
        {
            parts.headers.entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from(length));
        }
        let body = self.watched(body, |open| &open.answer);
        Response::from_parts(parts, body)
    }

    /// The same body. What passes through it is seen.
    fn watched(&self, body: Body, of: fn(&Open) -> &Mutex<Seen>) -> Body {
        if body.is_end_stream() {
            return body;
        }
        let open = Arc::clone(&self.0);
        Body::new(body.map_frame(move |frame| {
            if let Some(data) = frame.data_ref() {
                unpoisoned(of(&open)).add(data);
            }
            frame
        }))
    }
}

/// What is known of a call. It is written when nobody has it any more: both bodies have passed, or were given up.
struct Open {
    log: ExchangeLog,
    call: Value,
    request: Mutex<Seen>,
    answered: Mutex<Option<(u16, Value)>>,
    answer: Mutex<Seen>,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut line = self.call.take();
        line["request"] = unpoisoned(&self.request).told();
        if let Some((status, headers)) = unpoisoned(&self.answered).take() {
            line["status"] = json!(status);
            line["answer_headers"] = headers;
            line["answer"] = unpoisoned(&self.answer).told();
        }
        self.log.write(&line);
    }
}

/// What has passed of a body.
struct Seen {
    length: usize,
    digest: Sha256,
    kept: Vec<u8>,
    bound: usize,
}

impl Seen {
    fn keeping(bound: usize) -> Self {
        Self { length: 0, digest: Sha256::new(), kept: Vec::new(), bound }
    }

    fn add(&mut self, data: &Bytes) {
        self.length += data.len();
        self.digest.update(data);
        if self.length <= self.bound {
            self.kept.extend_from_slice(data);
        }
    }

    /// Its length and digest, and the body itself if it was to be kept and is short enough.
    fn told(&self) -> Value {
        let digest = hex::encode(self.digest.clone().finalize());
        let body = (self.length <= self.bound).then(|| BASE64_STANDARD.encode(&self.kept));
        json!({ "length": self.length, "sha256": digest, "body": body })
    }
}

/// A lock that a panic elsewhere does not close: what it guards is only told.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Headers as pairs, without those that hold credentials.
fn told(headers: &HeaderMap) -> Value {
    let open = headers.iter().filter(|(name, _)| !SECRET.contains(&name.as_str()));
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())])
    };
    open.map(pair).collect()
}

/// A URI whose query has no value of a parameter that holds credentials.
fn without_credentials(uri: &Uri) -> String {
    let Some(query) = uri.query() else { return uri.path().to_owned() };
    let pairs = query.split('&').map(|pair| {
        let name = pair.split('=').next().unwrap_or(pair);
        // As the gateway reads it.
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        if SECRET.contains(&name.to_ascii_lowercase().as_str()) {
            format!("{name}=")
        } else {
            pair.to_owned()
        }
    });
    format!("{}?{}", uri.path(), pairs.collect::<Vec<_>>().join("&"))
}

/// Whether a request to S3 is about the contents of an object, so that its body or its answer's is that of an object.
fn is_of_an_object(headers: &HeaderMap, uri: &Uri) -> bool {
    let host = guard::host(headers).unwrap_or_default();
    let is_of_bucket = host.ends_with(".localhost");
    let path = uri.path().trim_start_matches('/');
    let key = if is_of_bucket { Some(path) } else { path.split_once('/').map(|(_, key)| key) };
    let query = uri.query().unwrap_or_default();
    let is_plain = form_urlencoded::parse(query.as_bytes()).all(|(name, _)| {
        let name = name.to_ascii_lowercase();
        OF_OBJECTS.contains(&name.as_str()) || name.starts_with("x-amz-") || name.starts_with("response-")
    });
    is_plain && key.is_some_and(|key| !key.is_empty())
}

#[cfg(test)]
mod tests;
