//! The gateway: one address for every service.
//!
//! Every request passes [`guard`] first. MediaConvert's API, S3 Batch Operations', CloudFormation's and the viewers' requests
//! are answered here; everything else goes to the emulator and back, streamed. When the emulator has ended, callers are told so at once,
//! in the shape that the called service's errors have.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use super::accounts::Accounts;
use super::answer::{self, text};
use super::clients::Clients;
use super::cloudformation::{self, CloudFormation};
use super::emulator::Emulator;
use super::exchange_log::ExchangeLog;
use super::guard::{self, Denial, OWN, Route};
use super::instance::{EmulatorStatus, Status};
use super::like_aws::Played;
use super::mediaconvert;
use super::plain::{self, Plain};
use super::secret::Secret;
use super::signature::Claim;
use super::viewer::Viewer;
use super::{batch, cors};

/// CloudFront's API: what changes a distribution passes here.
const CLOUDFRONT: &str = "/2020-05-31/";
/// What accounts are in, whose changes stack sets follow.
const ORGANIZATIONS: &str = "organizations";
/// The header of an answer that shows that it is this instance's.
pub(super) const PROOF: &str = "x-provision-proof";
/// How long the emulator may take to empty itself.
const RESET: Duration = Duration::from_secs(20);

/// Tells the emulator which service a call is signed for. `launch.py` reads it.
const SIGNED_FOR: &str = "x-provision-service";

/// Everything a request may need.
pub(super) struct Gateway {
    pub(super) status: Status,
    pub(super) secret: Secret,
    pub(super) accounts: Arc<Accounts>,
    pub(super) upstream: String,
    pub(super) http: Plain,
    pub(super) clients: Clients,
    pub(super) emulator: Emulator,
    pub(super) mediaconvert: mediaconvert::Everywhere,
    pub(super) batch: Arc<batch::BatchOperations>,
    pub(super) cloudformation: Arc<CloudFormation>,
    pub(super) viewer: Viewer,
    pub(super) latency: AtomicU64,
    /// AWS's behaviour, if it is played.
    pub(super) played: Option<Played>,
    pub(super) exchange_log: Option<ExchangeLog>,
    pub(super) stop: CancellationToken,
}

/// Answers one request.
pub(super) async fn handle(State(gateway): State<Arc<Gateway>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match guard::route(&parts) {
        Err(denial) => denial.answer(&parts),
        Ok(Route::Viewer(target)) => gateway.viewer.serve(target, Request::from_parts(parts, body)).await,
        Ok(Route::Own) if guard::is_foreign(&parts.headers) => Denial::Origin.answer(&parts),
        Ok(Route::Own) => gateway.own(parts, body).await,
        Ok(Route::Service) if guard::is_foreign(&parts.headers) => gateway.for_a_page(parts, body).await,
        Ok(Route::Service) => {
            let mut response = gateway.service(parts, body).await;
            cors::forget(response.headers_mut());
            response
        }
    }
}

impl Gateway {
    /// A page of another origin may do what the bucket's CORS rules let it do with an object, and nothing else.
    async fn for_a_page(&self, parts: Parts, body: Body) -> Response<Body> {
        let Some(leave) = cors::leave(&self.clients, &parts).await else {
            return Denial::Origin.answer(&parts);
        };
        let mut response = if parts.method == Method::OPTIONS {
            Response::new(Body::empty())
        } else {
            self.service(parts, body).await
        };
        cors::forget(response.headers_mut());
        response.headers_mut().extend(leave);
        response
    }

    /// A call of a service, if it is signed.
    async fn service(&self, parts: Parts, body: Body) -> Response<Body> {
        let response = match guard::admit(&self.secret, &parts, body).await {
            Ok((body, claim)) => self.logged(&claim, Request::from_parts(parts, body)).await,
            Err(denial) => denial.answer(&parts),
        };
        let latency = self.latency.load(Ordering::Relaxed);
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        response
    }

    /// Answers a call, and writes both to the exchange log if there is one.
    async fn logged(&self, claim: &Claim, request: Request) -> Response<Body> {
        let Some(log) = &self.exchange_log else { return self.played(claim, request).await };
        let (exchange, request) = log.begin(claim, request);
        exchange.end(self.played(claim, request).await)
    }

    /// Answers a call, as AWS would where AWS is played.
    async fn played(&self, claim: &Claim, request: Request) -> Response<Body> {
        match &self.played {
            Some(played) => played.answer(self, claim, request).await,
            None => self.serve(claim, request).await,
        }
    }

    /// The service that a call is signed for answers it, and no other one: a path or a header proves nothing.
    pub(super) async fn serve(&self, claim: &Claim, request: Request) -> Response<Body> {
        let failure = self.emulator.failure.borrow().clone();
        let path = request.uri().path();
        match failure {
            Some(why) => unavailable(&request.into_parts().0, &why),
            None if claim.service == mediaconvert::SERVICE && path.starts_with(mediaconvert::PREFIX) => {
                let account = self.accounts.of(&claim.key_id).await;
                mediaconvert::handle(&self.mediaconvert.at(&account, &claim.region), request).await
            }
            None if claim.is_s3_control() && path.starts_with(batch::PREFIX) => {
                batch::handle(&self.batch, request).await
            }
            None if claim.service == cloudformation::SERVICE => {
                cloudformation::handle(&self.cloudformation, claim, request).await
            }
            None if claim.service == ORGANIZATIONS => {
                let operation = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
                let reads =
                    operation.is_some_and(|name| name.contains(".Describe") || name.contains(".List"));
                let response = self.forward(claim, request).await;
                if !reads && response.status().is_success() {
                    cloudformation::organization_changed(&self.cloudformation);
                }
                response
            }
            None => self.forward(claim, request).await,
        }
    }

    async fn forward(&self, claim: &Claim, mut request: Request) -> Response<Body> {
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
        let kept = Request::builder().uri(original).body(()).map(|mut kept| {
            kept.headers_mut().clone_from(request.headers());
            kept.into_parts().0
        });
        // The emulator guesses the service from headers, paths and bodies. A presigned URL of S3 leaves those to its user.
        let Ok(service) = HeaderValue::from_str(&claim.service) else {
            return text(StatusCode::BAD_REQUEST, "the service in the signature is not a name");
        };
        request.headers_mut().insert(SIGNED_FOR, service);
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

    /// A call of the local cloud itself, which only the account's own key may make.
    async fn own(&self, parts: Parts, body: Body) -> Response<Body> {
        match guard::admit(&self.secret, &parts, body).await {
            Err(denial) => denial.answer(&parts),
            Ok((_, claim)) if claim.key_id != self.status.account => Denial::Key.answer(&parts),
            Ok(_) => self.commanded(&parts).await,
        }
    }

    async fn commanded(&self, parts: &Parts) -> Response<Body> {
        let path = parts.uri.path().strip_prefix(OWN).unwrap_or_default();
        let query = |name: &str| {
            let mut pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        match (&parts.method, path) {
            (&Method::GET, "status") => self.tell(&query("nonce").unwrap_or_default()),
            (&Method::POST, "latency") => {
                let Some(millis) = query("ms").and_then(|millis| millis.parse().ok()) else {
                    return text(StatusCode::BAD_REQUEST, "say ?ms=NUMBER");
                };
                self.latency.store(millis, Ordering::Relaxed);
                text(StatusCode::OK, "set")
            }
            (&Method::POST, "new-jobs") => {
                let rate = query("per_second").and_then(|rate| rate.parse().ok());
                let Some((rate, burst)) = rate.zip(query("burst").and_then(|burst| burst.parse().ok()))
                else {
                    return text(StatusCode::BAD_REQUEST, "say ?per_second=NUMBER&burst=NUMBER");
                };
                self.mediaconvert.limit_new_jobs(rate, burst);
                text(StatusCode::OK, "set")
            }
            (&Method::POST, "quota") => {
                let most = query("most").and_then(|most| most.parse().ok());
                self.set_quota(&query("name").unwrap_or_default(), most)
            }
            (&Method::POST, "throttle") => self.throttle(query("calls").and_then(|calls| calls.parse().ok())),
            (&Method::POST, "templates") => {
                if !self.mediaconvert.merge_templates(&query("merge").unwrap_or_default()) {
                    return text(StatusCode::BAD_REQUEST, "say ?merge=by-group or ?merge=by-index");
                }
                text(StatusCode::OK, "set")
            }
            (&Method::POST, "reset") => self.reset().await,
            (&Method::POST, "stop") => {
                self.stop.cancel();
                text(StatusCode::OK, "stopping")
            }
            _ => text(
                StatusCode::NOT_FOUND,
                "the local cloud has: GET status, POST latency, new-jobs, quota, throttle, templates, reset, stop",
            ),
        }
    }

    fn throttle(&self, calls: Option<usize>) -> Response<Body> {
        match (&self.played, calls) {
            (Some(played), Some(calls)) => {
                played.throttle(calls);
                text(StatusCode::OK, "set")
            }
            _ => text(StatusCode::BAD_REQUEST, "say ?calls=NUMBER, to a cloud that plays AWS"),
        }
    }

    fn set_quota(&self, name: &str, most: Option<usize>) -> Response<Body> {
        match (&self.played, most) {
            (Some(played), Some(most)) if played.quotas.set(name, most) => text(StatusCode::OK, "set"),
            _ => text(StatusCode::BAD_REQUEST, "say ?name=QUOTA&most=NUMBER, to a cloud that plays AWS"),
        }
    }

    /// What this cloud is, with the proof that it is this one.
    fn tell(&self, nonce: &str) -> Response<Body> {
        let body = serde_json::to_vec(&self.status()).expect("plain data");
        let proof = HeaderValue::from_str(&self.secret.proof(nonce, &body)).expect("hexadecimal digits");
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::HeaderName::from_static(PROOF), proof),
        ]);
        let mut response = Response::new(Body::from(body));
        *response.headers_mut() = headers;
        response
    }

    /// What this cloud is and how it is.
    pub(super) fn status(&self) -> Status {
        let emulator =
            EmulatorStatus { pid: self.emulator.pid, failure: self.emulator.failure.borrow().clone() };
        let latency_ms = self.latency.load(Ordering::Relaxed);
        Status { emulator, latency_ms, jobs: self.mediaconvert.job_counts(), ..self.status.clone() }
    }

    async fn reset(&self) -> Response<Body> {
        self.mediaconvert.reset();
        self.batch.reset();
        self.cloudformation.reset();
        self.viewer.reset();
        if let Some(played) = &self.played {
            played.reset();
        }
        let request = Request::post(format!("{}/_ministack/reset", self.upstream)).body(Body::empty());
        let request = request.expect("the address is one");
        match plain::exchange(&self.http, request, RESET).await {
            Ok(answer) if answer.status().is_success() => text(StatusCode::OK, "reset"),
            Ok(answer) => text(StatusCode::BAD_GATEWAY, &format!("the emulator answers {}", answer.status())),
            Err(why) => text(StatusCode::BAD_GATEWAY, &why),
        }
    }
}

/// The distribution whose objects a request to CloudFront's API invalidates.
fn invalidated(request: &Request) -> Option<String> {
    let rest = request.uri().path().strip_prefix(CLOUDFRONT)?.strip_prefix("distribution/")?;
    let (id, what) = rest.split_once('/')?;
    (what.trim_end_matches('/') == "invalidation").then(|| id.to_owned())
}

/// Tells a caller, in its protocol, that the emulator is not there.
fn unavailable(parts: &Parts, why: &str) -> Response<Body> {
    let said = format!(
        "the emulator of the local cloud ended ({why}); run `provision local stop`, then start again"
    );
    answer::error(parts, StatusCode::SERVICE_UNAVAILABLE, "LocalCloudUnavailable", &said)
}
