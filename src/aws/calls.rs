//! Notes every API call: `-v` prints it and the closing line counts it. Nothing is kept of a call, however many a run
//! makes. Only tests keep the calls, to prove that a plan only reads. The cloud's time is taken from each answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    noted: Arc<Mutex<Noted>>,
    clock: Clock,
}

/// What is noted of the calls that finished so far.
#[derive(Debug, Default)]
struct Noted {
    count: usize,
    /// The length of the longest chain of calls, and when its last call ended.
    chain: usize,
    free: Duration,
    /// The calls themselves, if somebody wants them.
    kept: Option<Vec<Call>>,
}

impl Noted {
    /// Notes a call that ended later than all before it.
    fn add(&mut self, call: &Call) {
        self.count += 1;
        if call.began >= self.free {
            self.free = call.began + call.took;
            self.chain += 1;
        }
        self.kept.iter_mut().for_each(|kept| kept.push(call.clone()));
    }
}

impl Default for Calls {
    fn default() -> Self {
        Self { began: Instant::now(), noted: Arc::default(), clock: Clock::default() }
    }
}

impl Calls {
    pub(super) fn recorder(&self) -> Recorder {
        Recorder { calls: self.clone() }
    }

    /// From now on, keeps every call for [`list`](Self::list).
    pub fn keep(&self) {
        self.noted().kept.get_or_insert_default();
    }

    /// The calls since they are [kept](Self::keep), in the order in which they finished.
    #[must_use]
    pub fn list(&self) -> Vec<Call> {
        self.noted().kept.iter().flatten().cloned().collect()
    }

    /// How many calls were made so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.noted().count
    }

    /// The length of the longest chain of calls in which each began after the one before had ended. It is an upper
    /// bound for the dependent round trips on the critical path.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.noted().chain
    }

    /// The time by the cloud's clock, taken from the last answer. Before the first answer: by this machine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Notes a call that has just ended, and returns it. The end is taken while no other call can be noted, so that calls
    /// are noted in the order of their ends.
    fn ended(&self, service: String, operation: &str, began: Instant, ok: bool) -> Call {
        let mut noted = self.noted();
        let (began, took) = (began.saturating_duration_since(self.began), began.elapsed());
        let call = Call { service, operation: operation.to_owned(), began, took, ok };
        noted.add(&call);
        call
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
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
        let call = self.calls.ended(metadata.service().replace(' ', ""), metadata.name(), *began, ok);
        let failed = || context.response().map_or_else(|| "no answer".to_owned(), answer::name);
        let result = if ok { "ok".to_owned() } else { format!("failed: {}", failed()) };
        tracing::info!(target: "provision::calls", "{} {} {:.0?} {result}", call.service, call.operation, call.took);
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
            calls.noted().add(&call(began, took));
        }
        assert_eq!((calls.round_trips(), calls.count()), (3, 6));
    }

    #[test]
    fn calls_are_kept_only_for_those_who_ask() {
        let calls = Calls::default();
        calls.noted().add(&call(0, 1));
        assert_eq!(calls.list().len(), 0, "a run of a million calls keeps none");
        calls.keep();
        calls.noted().add(&call(2, 1));
        calls.keep();
        assert_eq!(calls.list().iter().map(|call| call.began.as_millis()).collect::<Vec<_>>(), [2]);
        assert_eq!(calls.count(), 2);
    }

    #[test]
    fn only_known_verbs_are_reads() {
        assert!(!mutates("GetObject") && !mutates("ListRules") && !mutates("HeadBucket"));
        assert!(mutates("PutRule") && mutates("CreateBucket") && mutates("TagResource") && mutates("Invoke"));
    }
}
