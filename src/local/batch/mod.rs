//! S3 Batch Operations on this machine: as much of S3's control plane (2018-08-20) as a library needs.
//!
//! [`BatchOperations`] keeps the jobs in memory, [`handle`] answers the API ([`wire`] is its XML), and every job runs as AWS would run
//! it ([`run`]): the manifest is read, the function called for each of its objects, temporary failures are tried again, and
//! the completion report written.

mod run;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode, header};
use tokio_util::sync::CancellationToken;

use super::clients::Clients;
use wire::{CreateJob, Refusal};

/// Every path of the API that this service has begins so.
pub(super) const PREFIX: &str = "/v20180820/jobs";
/// A request names a manifest; it does not hold one.
const LARGEST: usize = 1 << 20;

/// A job, and how far it is.
#[derive(Clone, Debug)]
struct Job {
    id: String,
    asked: CreateJob,
    status: &'static str,
    total: Option<u64>,
    succeeded: u64,
    failed: u64,
    failure: Option<(&'static str, String)>,
    created: String,
    cancel: CancellationToken,
}

impl Job {
    fn is_over(&self) -> bool {
        matches!(self.status, "Complete" | "Failed" | "Cancelled")
    }
}

/// The jobs, and what they work with.
pub(super) struct BatchOperations {
    clients: Clients,
    jobs: Mutex<Vec<Job>>,
}

impl BatchOperations {
    /// A service without jobs.
    pub(super) fn new(clients: Clients) -> Arc<Self> {
        Arc::new(Self { clients, jobs: Mutex::default() })
    }

    /// Cancels every job and forgets all.
    pub(super) fn reset(&self) {
        for job in self.jobs().drain(..) {
            job.cancel.cancel();
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Vec<Job>> {
        self.jobs.lock().expect("nothing panics while it holds the jobs")
    }

    /// A change of a job that is still known.
    fn update(&self, id: &str, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs().iter_mut().find(|job| job.id == id) {
            change(job);
        }
    }

    fn job(&self, id: &str) -> Result<Job, Refusal> {
        let found = self.jobs().iter().find(|job| job.id == id).cloned();
        found.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "NotFoundException", "there is no such job"))
    }

    /// Takes a job and lets it run; the same token means the same job.
    fn create(self: &Arc<Self>, asked: CreateJob) -> Result<String, Refusal> {
        asked.check()?;
        let mut jobs = self.jobs();
        if let Some(known) =
            jobs.iter().find(|job| job.asked.client_request_token == asked.client_request_token)
        {
            let same = known.asked == asked;
            let other = "the token was used for another job";
            return same
                .then(|| known.id.clone())
                .ok_or_else(|| Refusal::new(StatusCode::BAD_REQUEST, "IdempotencyException", other));
        }
        let job = Job {
            id: super::identifier::uuid(),
            asked,
            status: "New",
            total: None,
            succeeded: 0,
            failed: 0,
            failure: None,
            created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            cancel: CancellationToken::new(),
        };
        jobs.push(job.clone());
        drop(jobs);
        let id = job.id.clone();
        tokio::spawn(run::run(Arc::clone(self), job));
        Ok(id)
    }

    fn cancel(&self, id: &str, wanted: &str) -> Result<String, Refusal> {
        let job = self.job(id)?;
        if wanted != "Cancelled" {
            return Err(Refusal::bad(format!("the local cloud can only make a job Cancelled, not {wanted}")));
        }
        if job.is_over() {
            let message = format!("a job that is {} cannot be cancelled", job.status);
            return Err(Refusal::new(StatusCode::CONFLICT, "JobStatusException", message));
        }
        job.cancel.cancel();
        Ok(wire::updated(id, "Cancelling"))
    }
}

/// Answers one request to the API.
pub(super) async fn handle(service: &Arc<BatchOperations>, request: Request) -> Response<Body> {
    let answer = answer(service, request).await;
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(refusal) => (refusal.status, refusal.body()),
    };
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/xml");
    response.body(Body::from(body)).expect("the parts are constant")
}

async fn answer(service: &Arc<BatchOperations>, request: Request) -> Result<String, Refusal> {
    let (parts, body) = request.into_parts();
    let rest = parts.uri.path().trim_start_matches(PREFIX).trim_matches('/').to_owned();
    let query = parts.uri.query().unwrap_or_default();
    match (&parts.method, rest.split_once('/')) {
        (&Method::POST, None) if rest.is_empty() => {
            let body = to_bytes(body, LARGEST).await.map_err(|error| Refusal::bad(error.to_string()))?;
            Ok(wire::created(&service.create(CreateJob::parse(&body)?)?))
        }
        (&Method::GET, None) if rest.is_empty() => Ok(wire::listed(&service.jobs())),
        (&Method::GET, None) => Ok(wire::described(&service.job(&rest)?)),
        (&Method::POST, Some((id, "status"))) => {
            let wanted = query.split('&').find_map(|pair| pair.strip_prefix("requestedJobStatus="));
            service.cancel(id, wanted.unwrap_or_default())
        }
        _ => Err(Refusal::bad("the local cloud has CreateJob, DescribeJob, ListJobs and UpdateJobStatus")),
    }
}
