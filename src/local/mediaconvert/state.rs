//! The service's state: queues, templates, presets and jobs, each as the API shows it.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::{Place, now};

pub(super) type Tags = BTreeMap<String, String>;

/// The queue that every account has.
pub(super) const DEFAULT_QUEUE: &str = "Default";

/// The kinds of named resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StoredKind {
    Queue,
    JobTemplate,
    Preset,
}

impl StoredKind {
    /// The member of a response that holds one of them.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::JobTemplate => "jobTemplate",
            Self::Preset => "preset",
        }
    }

    /// The member of a response that holds a list of them; it is also part of the ARN.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Queue => "queues",
            Self::JobTemplate => "jobTemplates",
            Self::Preset => "presets",
        }
    }
}

/// A named resource.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) value: Map<String, Value>,
    pub(super) tags: Tags,
}

/// A job.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) value: Map<String, Value>,
    pub(super) tags: Tags,
    pub(super) cancel: CancellationToken,
}

impl Job {
    pub(super) fn id(&self) -> &str {
        self.text("id")
    }

    pub(super) fn status(&self) -> &str {
        self.text("status")
    }

    /// The queue's ARN.
    pub(super) fn queue(&self) -> &str {
        self.text("queue")
    }

    /// True if it is waiting or running.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.status(), "SUBMITTED" | "PROGRESSING")
    }

    fn text(&self, member: &str) -> &str {
        self.value.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    fn set(&mut self, members: Value) {
        if let Value::Object(members) = members {
            self.value.extend(members);
        }
    }

    /// Records a time in the job's life.
    pub(super) fn time(&mut self, name: &str) {
        let timing = self.value.entry("timing").or_insert_with(|| json!({}));
        timing[name] = now().into();
    }
}

/// The whole state of the service.
#[derive(Debug)]
pub(super) struct State {
    pub(super) entries: BTreeMap<(StoredKind, String), Entry>,
    /// In the order of creation.
    pub(super) jobs: Vec<Job>,
    /// Jobs by the token of the request that created them.
    pub(super) tokens: HashMap<String, String>,
}

impl State {
    /// The initial state of an account.
    pub(super) fn new(place: &Place) -> Self {
        let default = json!({
            "name": DEFAULT_QUEUE,
            "arn": place.arn("queues", DEFAULT_QUEUE),
            "createdAt": now(),
            "lastUpdated": now(),
            "pricingPlan": "ON_DEMAND",
            "status": "ACTIVE",
            "type": "SYSTEM",
        });
        let Value::Object(value) = default else { unreachable!("it is written as an object") };
        let queue = Entry { value, tags: Tags::new() };
        let entries = BTreeMap::from([((StoredKind::Queue, DEFAULT_QUEUE.to_owned()), queue)]);
        Self { entries, jobs: Vec::new(), tokens: HashMap::new() }
    }

    /// A resource by its name or ARN.
    pub(super) fn entry(&self, kind: StoredKind, name_or_arn: &str) -> Option<&Entry> {
        self.entries.get(&(kind, name_of(name_or_arn).to_owned()))
    }

    pub(super) fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id() == id)
    }

    pub(super) fn job_mut(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id() == id)
    }

    /// Sets members of a job that has not ended; returns `false` if it has ended or does not exist.
    pub(super) fn progress(&mut self, id: &str, members: Value) -> bool {
        match self.job_mut(id).filter(|job| job.is_open()) {
            Some(job) => {
                job.set(members);
                true
            }
            None => false,
        }
    }

    /// The number of waiting and of running jobs of a queue, by its ARN.
    pub(super) fn open_jobs(&self, queue: &str) -> (usize, usize) {
        let count =
            |status| self.jobs.iter().filter(|job| job.queue() == queue && job.status() == status).count();
        (count("SUBMITTED"), count("PROGRESSING"))
    }

    /// Whether a job may begin.
    pub(super) fn has_next(&self) -> bool {
        self.next().is_some()
    }

    /// The place of the next job: the highest priority first, then the oldest. Jobs of a paused queue wait.
    fn next(&self) -> Option<usize> {
        let paused: Vec<String> = self
            .entries
            .values()
            .filter(|entry| entry.value.get("status").and_then(Value::as_str) == Some("PAUSED"))
            .filter_map(|entry| entry.value.get("arn").and_then(Value::as_str).map(str::to_owned))
            .collect();
        let waiting = |(_, job): &(usize, &Job)| {
            job.status() == "SUBMITTED" && !paused.iter().any(|arn| arn == job.queue())
        };
        let priority =
            |(_, job): &(usize, &Job)| job.value.get("priority").and_then(Value::as_i64).unwrap_or(0);
        // `max_by_key` returns the last of equals, so iterate from the newest.
        Some(self.jobs.iter().enumerate().rev().filter(waiting).max_by_key(priority)?.0)
    }

    /// Marks the next job as running.
    pub(super) fn start_next(&mut self) -> Option<(String, CancellationToken)> {
        let next = self.next()?;
        let job = &mut self.jobs[next];
        job.set(json!({ "status": "PROGRESSING", "currentPhase": "PROBING", "jobPercentComplete": 0 }));
        job.time("startTime");
        Some((job.id().to_owned(), job.cancel.clone()))
    }
}

/// The name in an ARN, or the name itself.
pub(super) fn name_of(name_or_arn: &str) -> &str {
    if name_or_arn.starts_with("arn:") {
        name_or_arn.split_once('/').map_or(name_or_arn, |(_, name)| name)
    } else {
        name_or_arn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn place() -> Place {
        Place {
            account: "000000000000".into(),
            region: "us-east-1".into(),
            endpoint: "http://127.0.0.1:4566".into(),
            work: PathBuf::new(),
        }
    }

    fn submitted(id: &str, priority: i64) -> Job {
        let value = json!({ "id": id, "status": "SUBMITTED", "priority": priority,
                            "queue": place().arn("queues", DEFAULT_QUEUE) });
        let Value::Object(value) = value else { panic!("an object") };
        Job { value, tags: Tags::new(), cancel: CancellationToken::new() }
    }

    #[test]
    fn priority_comes_before_age_and_a_paused_queue_waits() {
        let mut state = State::new(&place());
        state.jobs =
            vec![submitted("library", -10), submitted("old", 0), submitted("urgent", 5), submitted("new", 0)];
        let served: Vec<String> = std::iter::from_fn(|| state.start_next().map(|(id, _)| id)).collect();
        assert_eq!(served, ["urgent", "old", "new", "library"], "a library waits for every upload");

        state.jobs = vec![submitted("waiting", 0)];
        let queue = state.entries.get_mut(&(StoredKind::Queue, DEFAULT_QUEUE.into())).unwrap();
        queue.value.insert("status".into(), "PAUSED".into());
        assert!(state.start_next().is_none());
    }

    #[test]
    fn a_job_that_ended_stays_as_it_ended() {
        let mut state = State::new(&place());
        state.jobs = vec![submitted("a", 0)];
        assert!(state.progress("a", json!({ "status": "CANCELED" })));
        assert!(!state.progress("a", json!({ "status": "COMPLETE" })));
        assert_eq!(state.job("a").unwrap().status(), "CANCELED");
    }
}
