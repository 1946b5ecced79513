//! A record of every API call. `-v` prints it, the closing line counts it, and tests use it to prove that a plan only
//! reads. It also takes the cloud's time from each answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use jiff::Timestamp;

use super::answer;
use super::clock::Clock;

/// One finished call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service's SDK name without spaces, such as `S3` or `CloudWatchLogs`.
    pub service: String,
    /// The operation, such as `PutBucketTagging`.
    pub operation: String,
    /// When it began, as time since the start of the record.
    pub began: Duration,
    /// How long it took, retries included.
    pub took: Duration,
    /// Whether it succeeded.
    pub ok: bool,
}

/// The calls of a run, shared by all clients.
#[derive(Clone, Debug)]
pub struct Calls {
    began: Instant,
    list: Arc<Mutex<Vec<Call>>>,
    clock: Clock,
}

impl Default for Calls {
    fn default() -> Self {
        Self { began: Instant::now(), list: Arc::default(), clock: Clock::default() }
    }
}

impl Calls {
    pub(super) fn recorder(&self) -> Recorder {
        Recorder { calls: self.clone() }
    }

    /// All calls so far, in the order in which they finished.
    #[must_use]
    pub fn list(&self) -> Vec<Call> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many calls were made so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The length of the longest chain of calls in which each began after the one before had ended. It is an upper
    /// bound for the dependent round trips on the critical path.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        let mut calls = self.list();
        calls.sort_by_key(|call| call.began + call.took);
        let mut free = Duration::ZERO;
        calls.iter().fold(0, |chain, call| {
            if call.began < free {
                return chain;
            }
            free = call.began + call.took;
            chain + 1
        })
    }

    /// The time by the cloud's clock, taken from the last answer. Before the first answer: by this machine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn push(&self, call: Call) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

/// Whether an operation of this name changes anything. An operation that is not known to read counts as a change.
#[must_use]
pub fn mutates(operation: &str) -> bool {
    const READS: &[&str] = &["Get", "List", "Describe", "Head", "Test", "Probe", "Lookup", "Search"];
    !READS.iter().any(|verb| operation.starts_with(verb))
}

#[derive(Debug)]
struct Began(Instant);

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

/// Records when each call begins and ends.
#[derive(Debug)]
pub(super) struct Recorder {
    calls: Calls,
}

#[dyn_dispatch_hint]
impl Intercept for Recorder {
    fn name(&self) -> &'static str {
        "call recorder"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state().store_put(Began(Instant::now()));
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.calls.clock.heard(date);
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(metadata), Some(Began(began))) = (cfg.load::<Metadata>(), cfg.load::<Began>()) else {
            return Ok(());
        };
        let ok = context.output_or_error().is_some_and(|outcome| outcome.is_ok());
        let call = Call {
            service: metadata.service().replace(' ', ""),
            operation: metadata.name().to_owned(),
            began: began.saturating_duration_since(self.calls.began),
            took: began.elapsed(),
            ok,
        };
        let failed = || context.response().map_or_else(|| "no answer".to_owned(), answer::name);
        let result = if ok { "ok".to_owned() } else { format!("failed: {}", failed()) };
        tracing::info!(target: "provision::calls", "{} {} {:.0?} {result}", call.service, call.operation, call.took);
        self.calls.push(call);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(began: u64, took: u64) -> Call {
        Call {
            service: "S3".into(),
            operation: "GetObject".into(),
            began: Duration::from_millis(began),
            took: Duration::from_millis(took),
            ok: true,
        }
    }

    #[test]
    fn round_trips_count_the_longest_chain_of_calls_that_follow_each_other() {
        let calls = Calls::default();
        for (began, took) in [(0, 50), (0, 50), (1, 49), (51, 50), (52, 50), (102, 50)] {
            calls.push(call(began, took));
        }
        assert_eq!(calls.round_trips(), 3);
    }

    #[test]
    fn only_known_verbs_are_reads() {
        assert!(!mutates("GetObject") && !mutates("ListRules") && !mutates("HeadBucket"));
        assert!(mutates("PutRule") && mutates("CreateBucket") && mutates("TagResource") && mutates("Invoke"));
    }
}
