//! MediaConvert on this machine: the 2017-08-29 API, with jobs that ffmpeg really transcodes.
//!
//! [`MediaConvert`] holds queues, templates, presets and jobs in memory. [`handle`] answers the API. A scheduler starts
//! submitted jobs by priority and runs each one ([`job`]) with its own settings. Every change of a job's status is sent
//! to EventBridge's rules ([`events`]), as AWS would send it.

mod api;
mod codec;
mod encode;
mod events;
mod everywhere;
mod failure;
mod input;
mod job;
mod jobs;
mod members;
mod merge;
mod metadata;
mod model;
mod naming;
mod package;
mod playlist;
mod probe;
mod rate;
mod refusal;
mod settings;
mod state;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value};
use tokio::sync::{Notify, Semaphore, mpsc};

use super::Ffmpeg;
use super::clients::Clients;
use super::identifier::random;
use merge::Merge;
pub use model::Model;
use rate::JobRate;
use state::State;

pub(super) use api::handle;
pub(super) use everywhere::{Common, Everywhere};

/// Every path of the API begins with its version, which is unique among the services.
pub(super) const PREFIX: &str = "/2017-08-29/";
/// The name that its calls are signed for.
pub(super) const SERVICE: &str = "mediaconvert";

/// The service's account, region, address and directory.
#[derive(Debug, Clone)]
struct Place {
    account: String,
    region: String,
    /// The gateway's address.
    endpoint: String,
    /// The working directory: each job has a directory in it.
    work: PathBuf,
}

impl Place {
    fn arn(&self, kind: &str, name: &str) -> String {
        format!("arn:aws:mediaconvert:{}:{}:{kind}/{name}", self.region, self.account)
    }
}

/// The service's state and its tools.
pub(super) struct MediaConvert {
    place: Place,
    model: Arc<Model>,
    clients: Clients,
    ffmpeg: Ffmpeg,
    state: Mutex<State>,
    /// Notified when a job may be ready to run.
    wake: Notify,
    slots: Arc<Semaphore>,
    /// How fast jobs may be created; `None` is as fast as they come.
    new_jobs: Mutex<Option<JobRate>>,
    /// How a job's settings go over its template's.
    merge: Arc<Mutex<Merge>>,
    events: mpsc::UnboundedSender<Value>,
}

impl MediaConvert {
    /// A service with only its `Default` queue, and a running scheduler. `slots` is how many jobs run at once.
    fn new(
        place: Place,
        model: Arc<Model>,
        clients: Clients,
        ffmpeg: Ffmpeg,
        merge: Arc<Mutex<Merge>>,
        slots: Arc<Semaphore>,
    ) -> Arc<Self> {
        let (events, queue) = mpsc::unbounded_channel();
        tokio::spawn(events::deliver_all(clients.clone(), queue));
        let state = Mutex::new(State::new(&place));
        let service = Arc::new(Self {
            place,
            model,
            clients,
            ffmpeg,
            state,
            wake: Notify::new(),
            slots,
            new_jobs: Mutex::default(),
            merge,
            events,
        });
        tokio::spawn(schedule(Arc::clone(&service)));
        service
    }

    /// The number of jobs with each status.
    fn job_counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for job in &self.state().jobs {
            *counts.entry(job.status().to_owned()).or_insert(0) += 1;
        }
        counts
    }

    /// From now on, creates at most `burst` jobs at once and `per_second` in the long run. Others are throttled.
    fn limit_new_jobs(&self, per_second: f64, burst: u32) {
        *self.new_jobs.lock().expect("nothing panics while it holds the rate") =
            Some(JobRate::new(per_second, burst));
    }

    fn takes_a_job(&self) -> bool {
        let mut rate = self.new_jobs.lock().expect("nothing panics while it holds the rate");
        rate.as_mut().is_none_or(|rate| rate.takes(std::time::Instant::now()))
    }

    fn merge(&self) -> Merge {
        *self.merge.lock().expect("nothing panics while it holds the merge")
    }

    /// Cancels every job and clears the state.
    fn reset(&self) {
        let old = std::mem::replace(&mut *self.state(), State::new(&self.place));
        for job in old.jobs {
            job.cancel.cancel();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state")
    }

    /// Sends a job's status, with `more` about it, to the rules that match.
    fn emit(&self, id: &str, status: &str, more: Map<String, Value>) {
        let state = self.state();
        let Some(job) = state.job(id) else { return };
        // The receiver lives as long as the process.
        let _ = self.events.send(events::envelope(&self.place, job, status, more));
    }
}

/// Runs submitted jobs, as many at once as there are slots.
async fn schedule(service: Arc<MediaConvert>) {
    loop {
        // All accounts and regions share the slots: none is held while no job waits for it.
        while !service.state().has_next() {
            service.wake.notified().await;
        }
        let Ok(slot) = Arc::clone(&service.slots).acquire_owned().await else { return };
        let Some((id, cancel)) = service.state().start_next() else { continue };
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            job::run(&service, &id, cancel).await;
            drop(slot);
        });
    }
}

/// Seconds since the epoch, as the API writes times.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
