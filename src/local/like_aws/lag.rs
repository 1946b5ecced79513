//! Reads that lag behind writes: for a moment after a change, a question is answered as it was before.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::response::Parts;

use super::call::Call;
use super::chance::Chance;

/// How late the reads of a service may be.
#[derive(Debug)]
pub(super) struct Lag {
    /// The service as it is signed for.
    pub(super) service: &'static str,
    /// The reads; none stands for all of the service.
    pub(super) reads: &'static [&'static str],
    /// The longest time, in seconds.
    pub(super) seconds: u64,
    /// Where AWS says so, or where somebody met it.
    pub(super) source: &'static str,
}

/// Every lag. The first that fits a read counts.
pub(super) const LAGS: &[Lag] = &[
    Lag {
        service: "iam",
        reads: &[],
        seconds: 4,
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html",
    },
    Lag {
        service: "cloudfront",
        reads: &[],
        seconds: 5,
        source: "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html",
    },
    Lag {
        service: "sqs",
        reads: &["GetQueueAttributes"],
        seconds: 60,
        source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    },
    Lag {
        service: "sqs",
        reads: &["ListQueues"],
        seconds: 5,
        source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html",
    },
    Lag {
        service: "s3",
        reads: &["ListBuckets"],
        seconds: 10,
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel",
    },
    Lag {
        service: "lambda",
        reads: &["ListFunctions", "GetFunction", "GetPolicy"],
        seconds: 2,
        source: "https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
    },
];

/// An answer that was given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// Status and headers.
    pub(super) parts: Parts,
    /// The body.
    pub(super) body: Bytes,
    at: Duration,
}

/// A change that was made.
#[derive(Clone, Copy, Debug)]
struct Write {
    at: Duration,
    /// Until then, reads may be as before.
    hidden_until: f64,
}

/// What was answered and what was changed, of each service.
#[derive(Debug, Default)]
pub(super) struct Lags {
    given: HashMap<String, Given>,
    writes: HashMap<String, Vec<Write>>,
}

impl Lags {
    /// An answer from before the last changes, if the call is a read that may get one at this time.
    pub(super) fn stale(&self, call: &Call, now: Duration) -> Option<Given> {
        let lag = of(call)?;
        let given = self.given.get(&call.question())?;
        let writes = self.writes.get(&call.service)?;
        // It was true until the first change after it. Only that one needs to be hidden still.
        let first = writes.iter().find(|write| write.at >= given.at)?;
        let until = first.at.as_secs_f64() + first.hidden_until * seconds(lag);
        (now.as_secs_f64() < until).then(|| given.clone())
    }

    /// Notes what the call got or did.
    pub(super) fn note(
        &mut self,
        call: &Call,
        parts: &Parts,
        body: &Bytes,
        now: Duration,
        chance: &mut Chance,
    ) {
        if call.reads() {
            if of(call).is_some() {
                let given = Given { parts: parts.clone(), body: body.clone(), at: now };
                self.given.insert(call.question(), given);
            }
        } else if parts.status.is_success() && LAGS.iter().any(|lag| lag.service == call.service) {
            let writes = self.writes.entry(call.service.clone()).or_default();
            let longest = Duration::from_secs(longest());
            writes.retain(|write| write.at + longest > now);
            writes.push(Write { at: now, hidden_until: chance.share() });
        }
    }
}

/// The lag of a read.
fn of(call: &Call) -> Option<&'static Lag> {
    let fits = |lag: &&Lag| {
        lag.service == call.service && (lag.reads.is_empty() || lag.reads.contains(&call.operation.as_str()))
    };
    LAGS.iter().filter(|_| call.reads()).find(fits)
}

fn seconds(lag: &Lag) -> f64 {
    Duration::from_secs(lag.seconds).as_secs_f64()
}

fn longest() -> u64 {
    LAGS.iter().map(|lag| lag.seconds).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::Response;

    use super::*;

    const QUESTION: &str = "POST /";

    fn call(operation: &str, body: &str) -> Call {
        Call::example("iam", operation, QUESTION, body)
    }

    fn note(lags: &mut Lags, call: &Call, body: &'static str, now: u64) {
        let parts = Response::new(()).into_parts().0;
        lags.note(call, &parts, &Bytes::from(body), Duration::from_secs(now), &mut Chance::always(0.5));
    }

    fn stale(lags: &Lags, call: &Call, now: u64) -> Option<Bytes> {
        lags.stale(call, Duration::from_secs(now)).map(|given| given.body)
    }

    #[test]
    fn a_read_is_as_before_a_change_for_a_moment_and_never_older() {
        let (mut lags, read) = (Lags::default(), call("GetRole", "a"));
        note(&mut lags, &read, "old", 100);
        assert_eq!(stale(&lags, &read, 101), None, "nothing has changed");
        note(&mut lags, &call("UpdateRole", "a"), "", 110);
        assert_eq!(stale(&lags, &read, 111).as_deref(), Some(&b"old"[..]), "half of four seconds");
        assert_eq!(stale(&lags, &read, 112), None);
        assert_eq!(stale(&lags, &call("GetRole", "b"), 111), None, "a question that nobody asked before");
        // Two changes: what was read before the first is too old once that one shows.
        note(&mut lags, &call("UpdateRole", "a"), "", 120);
        note(&mut lags, &call("UpdateRole", "a"), "", 123);
        assert_eq!(stale(&lags, &read, 124), None);
    }

    #[test]
    fn strongly_consistent_reads_are_not_touched() {
        let mut lags = Lags::default();
        let object = Call::example("s3", "GetObject", "GET /bucket/key", "");
        note(&mut lags, &object, "old", 100);
        note(&mut lags, &Call::example("s3", "PutObject", "PUT /bucket/key", ""), "", 110);
        assert_eq!(stale(&lags, &object, 110), None);
    }
}
