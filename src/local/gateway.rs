//! The gateway: one address for every service.
//!
//! MediaConvert's API, S3 Batch Operations' and the viewers' requests are answered here; everything else goes to the emulator and
//! back as it is, streamed. When the emulator has ended, callers are told so at once, in the shape that the
//! called service's errors have.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Response, StatusCode, Uri, header};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::batch;
use super::emulator::Emulator;
use super::instance::{EmulatorStatus, Status};
use super::mediaconvert::{self, Service};
use super::plain::Plain;
use super::viewer::{self, Viewer};

/// Paths of the local cloud itself.
const OWN: &str = "/_provision/";
/// CloudFront's API: what changes a distribution passes here.
const CLOUDFRONT: &str = "/2020-05-31/";

/// Everything a request may need.
pub(super) struct Gateway {
    pub(super) status: Status,
    pub(super) upstream: String,
    pub(super) http: Plain,
    pub(super) emulator: Emulator,
    pub(super) mediaconvert: Arc<Service>,
    pub(super) batch: Arc<batch::Service>,
    pub(super) viewer: Viewer,
    pub(super) latency: AtomicU64,
    pub(super) stop: CancellationToken,
}

/// Answers one request.
pub(super) async fn handle(State(gateway): State<Arc<Gateway>>, request: Request) -> Response<Body> {
    if let Some(rest) = request.uri().path().strip_prefix(OWN) {
        let (method, rest) = (request.method().clone(), rest.to_owned());
        let query = request.uri().query().unwrap_or_default().to_owned();
        return gateway.own(&method, &rest, &query).await;
    }
    if let Some(target) = viewer::target(&request) {
        return gateway.viewer.serve(target, request).await;
    }
    let failure = gateway.emulator.failure.borrow().clone();
    let response = match failure {
        Some(why) => unavailable(&request, &why),
        None if request.uri().path().starts_with(mediaconvert::PREFIX) => {
            mediaconvert::handle(&gateway.mediaconvert, request).await
        }
        None if request.uri().path().starts_with(batch::PREFIX) => {
            batch::handle(&gateway.batch, request).await
        }
        None => gateway.forward(request).await,
    };
    let latency = gateway.latency.load(Ordering::Relaxed);
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    response
}

impl Gateway {
    async fn forward(&self, mut request: Request) -> Response<Body> {
        let changes_distributions =
            request.uri().path().starts_with(CLOUDFRONT) && request.method() != Method::GET;
        let invalidated = Some(&request).filter(|_| changes_distributions).and_then(invalidated);
        let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        let Ok(uri) = format!("{}{path}", self.upstream).parse::<Uri>() else {
            return text(StatusCode::BAD_REQUEST, "the path is not a URI");
        };
        let original = std::mem::replace(request.uri_mut(), uri);
        // The caller has its 100 Continue from this server; the emulator need not be asked.
        request.headers_mut().remove(header::EXPECT);
        let kept = Request::builder().uri(original).body(Body::empty()).map(|mut kept| {
            kept.headers_mut().clone_from(request.headers());
            kept
        });
        let response = match self.http.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => match kept {
                Ok(kept) => unavailable(&kept, &format!("the emulator does not answer: {error}")),
                Err(error) => text(StatusCode::BAD_GATEWAY, &error.to_string()),
            },
        };
        if changes_distributions {
            self.viewer.forget();
        }
        if let Some(id) = invalidated.filter(|_| response.status().is_success())
            && let Err(why) = self.viewer.invalidate(&id).await
        {
            return text(StatusCode::BAD_GATEWAY, &why);
        }
        response
    }

    async fn own(&self, method: &Method, path: &str, query: &str) -> Response<Body> {
        match (method, path) {
            (&Method::GET, "status") => json(&self.status()),
            (&Method::POST, "latency") => {
                let Some(Ok(millis)) = query.strip_prefix("ms=").map(str::parse) else {
                    return text(StatusCode::BAD_REQUEST, "say ?ms=NUMBER");
                };
                self.latency.store(millis, Ordering::Relaxed);
                json(&self.status())
            }
            (&Method::POST, "reset") => self.reset().await,
            (&Method::POST, "stop") => {
                self.stop.cancel();
                text(StatusCode::OK, "stopping")
            }
            _ => text(StatusCode::NOT_FOUND, "the local cloud has: GET status, POST latency, reset, stop"),
        }
    }

    /// What this cloud is and how it is.
    pub(super) fn status(&self) -> Status {
        let emulator = EmulatorStatus {
            pid: self.emulator.pid,
            port: self.emulator.port,
            failure: self.emulator.failure.borrow().clone(),
        };
        let latency_ms = self.latency.load(Ordering::Relaxed);
        Status { emulator, latency_ms, jobs: self.mediaconvert.job_counts(), ..self.status.clone() }
    }

    async fn reset(&self) -> Response<Body> {
        self.mediaconvert.reset();
        self.batch.reset();
        self.viewer.reset();
        let url = format!("{}/_ministack/reset", self.upstream);
        match super::plain::post(&url).await {
            Ok(()) => text(StatusCode::OK, "reset"),
            Err(error) => text(StatusCode::BAD_GATEWAY, &error.to_string()),
        }
    }
}

/// The distribution whose objects a request to CloudFront's API invalidates.
fn invalidated(request: &Request) -> Option<String> {
    let rest = request.uri().path().strip_prefix(CLOUDFRONT)?.strip_prefix("distribution/")?;
    let (id, what) = rest.split_once('/')?;
    (what.trim_end_matches('/') == "invalidation").then(|| id.to_owned())
}

fn text(status: StatusCode, text: &str) -> Response<Body> {
    let body = Body::from(format!("{text}\n"));
    Response::builder().status(status).body(body).expect("the parts are constant")
}

fn json(value: &impl serde::Serialize) -> Response<Body> {
    let body = serde_json::to_vec(value).expect("plain data");
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .expect("the parts are constant")
}

/// Tells a caller, in its protocol, that the emulator is not there.
fn unavailable(request: &Request, why: &str) -> Response<Body> {
    const CODE: &str = "LocalCloudUnavailable";
    let said = format!(
        "the emulator of the local cloud ended ({why}); run `provision local stop`, then start again"
    );
    let escaped = said.replace('&', "&amp;").replace('<', "&lt;");
    let (kind, body) = match protocol(request) {
        Protocol::S3 => {
            ("application/xml", format!("<Error><Code>{CODE}</Code><Message>{escaped}</Message></Error>"))
        }
        Protocol::Xml => {
            let error = format!("<Error><Code>{CODE}</Code><Message>{escaped}</Message></Error>");
            ("text/xml", format!("<ErrorResponse>{error}</ErrorResponse>"))
        }
        Protocol::Json => {
            ("application/json", serde_json::json!({ "__type": CODE, "message": said }).to_string())
        }
    };
    Response::builder()
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .header(header::CONTENT_TYPE, kind)
        .header("x-amzn-errortype", CODE)
        .body(Body::from(body))
        .expect("the parts are constant")
}

#[derive(Debug, PartialEq)]
enum Protocol {
    S3,
    Xml,
    Json,
}

/// Which shape of error the caller reads, told by the service that it signed the request for.
fn protocol(request: &Request) -> Protocol {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scope = authorization.and_then(|value| value.split("Credential=").nth(1)).unwrap_or_default();
    match scope.split('/').nth(3).unwrap_or("s3") {
        "s3" => Protocol::S3,
        "iam" | "sts" | "sns" | "cloudfront" | "route53" | "cloudformation" => Protocol::Xml,
        _ => Protocol::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unavailable_emulator_is_told_in_the_callers_protocol() {
        let signed = |service: &str| {
            let credential = format!(
                "AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/{service}/aws4_request, Signature=0"
            );
            Request::builder().header("authorization", credential).body(Body::empty()).unwrap()
        };
        assert_eq!(protocol(&signed("s3")), Protocol::S3);
        assert_eq!(protocol(&signed("iam")), Protocol::Xml);
        assert_eq!(protocol(&signed("events")), Protocol::Json);
        assert_eq!(protocol(&Request::new(Body::empty())), Protocol::S3);
        let response = unavailable(&signed("sqs"), "exit status: 1");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["x-amzn-errortype"], "LocalCloudUnavailable");
    }
}
