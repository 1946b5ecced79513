//! Reads that lag behind writes: for a moment after a change, a question is answered as it was before.

use std::collections::HashMap;
use std::time::Duration;

use super::answered::Answered;
use super::dice::Dice;
use crate::local::operation::ServiceCall;

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
struct Given {
    service: String,
    answered: Answered,
    at: Duration,
}

/// A change that was made.
#[derive(Clone, Copy, Debug)]
struct Write {
    at: Duration,
    /// For this share of the longest time, reads may be as before.
    hidden: f64,
}

/// What was answered and what was changed, of each service.
#[derive(Debug, Default)]
pub(super) struct Lags {
    given: HashMap<String, Given>,
    writes: HashMap<String, Vec<Write>>,
}

impl Lags {
    /// An answer from before the last changes, if the call is a read that may get one at this time.
    pub(super) fn stale(&self, call: &ServiceCall, now: Duration) -> Option<Answered> {
        let lag = of(call)?;
        let given = self.given.get(&call.question())?;
        let writes = self.writes.get(&call.service)?;
        // It was true until the first change after it. Only that one needs to be hidden still.
        let first = writes.iter().find(|write| write.at >= given.at)?;
        let until = first.at.as_secs_f64() + first.hidden * seconds(lag);
        (now.as_secs_f64() < until).then(|| given.answered.clone())
    }

    /// Notes what the call got or did.
    pub(super) fn note(&mut self, call: &ServiceCall, answered: &Answered, now: Duration, dice: Dice) {
        if call.is_read() {
            if of(call).is_some() {
                let service = call.service.clone();
                let given = Given { service, answered: answered.clone(), at: now };
                self.given.insert(call.question(), given);
            }
        } else if answered.status.is_success() && LAGS.iter().any(|lag| lag.service == call.service) {
            let writes = self.writes.entry(call.service.clone()).or_default();
            let longest = Duration::from_secs(longest());
            let shown = writes.iter().take_while(|write| write.at + longest <= now).count();
            // Whatever was answered before a change that everybody sees is too old for good.
            if let Some(last) = writes.drain(..shown).next_back() {
                self.given.retain(|_, given| given.service != call.service || given.at > last.at);
            }
            let hidden = dice.share("lag", &call.question());
            writes.push(Write { at: now, hidden });
        }
    }
}

/// The lag of a read.
fn of(call: &ServiceCall) -> Option<&'static Lag> {
    let fits = |lag: &&Lag| {
        lag.service == call.service && (lag.reads.is_empty() || lag.reads.contains(&call.operation.as_str()))
    };
    LAGS.iter().find(fits).filter(|_| call.is_read())
}

fn seconds(lag: &Lag) -> f64 {
    Duration::from_secs(lag.seconds).as_secs_f64()
}

fn longest() -> u64 {
    LAGS.iter().map(|lag| lag.seconds).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Response;

    use super::*;

    fn call(operation: &str, role: &str) -> ServiceCall {
        ServiceCall::example("iam", operation, &[("RoleName", role)], "")
    }

    async fn note(lags: &mut Lags, call: &ServiceCall, body: &'static str, now: u64) {
        let answered = Answered::read(Response::new(Body::from(body))).await.unwrap();
        lags.note(call, &answered, Duration::from_secs(now), Dice::new(1));
    }

    fn stale(lags: &Lags, call: &ServiceCall, now: f64) -> Option<String> {
        lags.stale(call, Duration::from_secs_f64(now)).map(|answered| answered.text().to_owned())
    }

    #[tokio::test]
    async fn a_read_is_as_before_a_change_for_a_moment_and_never_older() {
        let (mut lags, read, write) = (Lags::default(), call("GetRole", "a"), call("UpdateRole", "a"));
        let hidden = Dice::new(1).share("lag", &write.question()) * 4.0;
        note(&mut lags, &read, "old", 100).await;
        assert_eq!(stale(&lags, &read, 101.0), None, "nothing has changed");
        note(&mut lags, &write, "", 110).await;
        assert_eq!(stale(&lags, &read, 110.0 + hidden - 0.01).as_deref(), Some("old"));
        assert_eq!(stale(&lags, &read, 110.0 + hidden), None);
        assert_eq!(stale(&lags, &call("GetRole", "b"), 110.0), None, "a question that nobody asked before");
        // Two changes: what was read before the first is too old once that one shows.
        note(&mut lags, &write, "", 120).await;
        note(&mut lags, &write, "", 123).await;
        assert_eq!(stale(&lags, &read, 120.0 + hidden), None);
        // The same where the first one was so long ago that nobody remembers it.
        note(&mut lags, &write, "", 500).await;
        assert_eq!(stale(&lags, &read, 500.0), None);
    }

    #[tokio::test]
    async fn strongly_consistent_reads_are_not_touched() {
        let mut lags = Lags::default();
        let object = ServiceCall::example("s3", "GetObject", &[("Key", "a")], "");
        note(&mut lags, &object, "old", 100).await;
        note(&mut lags, &ServiceCall::example("s3", "PutObject", &[("Key", "a")], ""), "", 110).await;
        assert_eq!(stale(&lags, &object, 110.0), None);
    }
}
