//! How many calls a second AWS takes: a bucket of tokens for each limit and region.

use std::collections::HashMap;
use std::time::Duration;

use super::Refused;
use crate::local::operation::ServiceCall;

/// A limit of calls.
#[derive(Debug)]
pub(super) struct RateLimit {
    /// The service as it is signed for.
    pub(super) service: &'static str,
    /// The operations that share the limit; none stands for all others of the service.
    pub(super) operations: &'static [&'static str],
    /// Calls a second.
    pub(super) per_second: f64,
    /// How many calls may come at once.
    pub(super) burst: f64,
    /// AWS's error code.
    pub(super) code: &'static str,
    /// The HTTP status.
    pub(super) status: u16,
    /// Where AWS says so; [`ASSUMED`] where we found no figure of AWS.
    pub(super) source: &'static str,
}

/// The source of a figure that is ours.
pub(super) const ASSUMED: &str = "assumed";

/// Every limit. The first that fits a call counts.
pub(super) const RATES: &[RateLimit] = &[
    RateLimit {
        service: "route53",
        operations: &[],
        per_second: 5.0,
        burst: 5.0,
        code: "Throttling",
        status: 400,
        source: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html",
    },
    RateLimit {
        service: "lambda",
        operations: &["Invoke"],
        per_second: 1000.0,
        burst: 1000.0,
        code: "TooManyRequestsException",
        status: 429,
        source: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    },
    RateLimit {
        service: "lambda",
        operations: &["GetFunction"],
        per_second: 100.0,
        burst: 100.0,
        code: "TooManyRequestsException",
        status: 429,
        source: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    },
    RateLimit {
        service: "lambda",
        operations: &["GetPolicy"],
        per_second: 15.0,
        burst: 15.0,
        code: "TooManyRequestsException",
        status: 429,
        source: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    },
    RateLimit {
        service: "lambda",
        operations: &[],
        per_second: 15.0,
        burst: 15.0,
        code: "TooManyRequestsException",
        status: 429,
        source: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    },
    RateLimit {
        service: "mediaconvert",
        operations: &["CreateJob"],
        per_second: 2.0,
        burst: 100.0,
        code: "TooManyRequestsException",
        status: 429,
        source: ASSUMED,
    },
    RateLimit {
        service: "mediaconvert",
        operations: &[],
        per_second: 2.0,
        burst: 100.0,
        code: "TooManyRequestsException",
        status: 429,
        source: ASSUMED,
    },
    RateLimit {
        service: "iam",
        operations: &[],
        per_second: 20.0,
        burst: 100.0,
        code: "Throttling",
        status: 400,
        source: ASSUMED,
    },
    RateLimit {
        service: "cloudfront",
        operations: &[],
        per_second: 20.0,
        burst: 40.0,
        code: "Throttling",
        status: 400,
        source: ASSUMED,
    },
    RateLimit {
        service: "events",
        operations: &["PutRule", "PutTargets", "DeleteRule", "RemoveTargets"],
        per_second: 50.0,
        burst: 50.0,
        code: "ThrottlingException",
        status: 400,
        source: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
    },
    RateLimit {
        service: "logs",
        operations: &[],
        per_second: 10.0,
        burst: 10.0,
        code: "ThrottlingException",
        status: 400,
        source: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html",
    },
    RateLimit {
        service: "monitoring",
        operations: &["PutMetricAlarm", "DeleteAlarms"],
        per_second: 3.0,
        burst: 3.0,
        code: "Throttling",
        status: 400,
        source: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html",
    },
    RateLimit {
        service: "s3",
        operations: &[
            "PutObject",
            "CopyObject",
            "DeleteObject",
            "DeleteObjects",
            "CreateMultipartUpload",
            "UploadPart",
            "CompleteMultipartUpload",
        ],
        per_second: 3500.0,
        burst: 3500.0,
        code: "SlowDown",
        status: 503,
        source: S3_PERFORMANCE,
    },
    RateLimit {
        service: "s3",
        operations: &["GetObject", "HeadObject"],
        per_second: 5500.0,
        burst: 5500.0,
        code: "SlowDown",
        status: 503,
        source: S3_PERFORMANCE,
    },
];

/// S3 promises these rates for each prefix, and divides a bucket into prefixes only under load. So a bucket is one here.
const S3_PERFORMANCE: &str =
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html";

/// Tokens that are left.
#[derive(Debug)]
struct Tokens {
    left: f64,
    at: Duration,
}

/// The buckets that are in use.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// By the limit and what it is for: a region, or a bucket of S3.
    buckets: HashMap<(usize, String), Tokens>,
    /// How many of the next calls are throttled, whatever is left in the buckets.
    pub(super) due: usize,
}

impl Limits {
    /// Takes a token for the call at this time. Refuses it if there is none.
    pub(super) fn take(&mut self, call: &ServiceCall, now: Duration) -> Option<Refused> {
        let fits = |rate: &RateLimit| {
            rate.service == call.service
                && (rate.operations.is_empty() || rate.operations.contains(&call.operation.as_str()))
        };
        let (index, rate) = RATES.iter().enumerate().find(|(_, rate)| fits(rate))?;
        let throttled = || Some(Refused::new(rate.status, rate.code, "RateLimit exceeded"));
        if let Some(due) = self.due.checked_sub(1) {
            self.due = due;
            return throttled();
        }
        let of = if call.service == "s3" { call.text("Bucket").unwrap_or_default() } else { &call.region };
        let key = (index, of.to_owned());
        let tokens = self.buckets.entry(key).or_insert(Tokens { left: rate.burst, at: now });
        let gained = now.saturating_sub(tokens.at).as_secs_f64() * rate.per_second;
        tokens.left = (tokens.left + gained).min(rate.burst);
        tokens.at = now;
        if tokens.left < 1.0 {
            return throttled();
        }
        tokens.left -= 1.0;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str) -> ServiceCall {
        ServiceCall::example("route53", operation, &[], "")
    }

    #[test]
    fn calls_beyond_a_burst_are_refused_until_time_has_passed() {
        let mut limits = Limits::default();
        let second = Duration::from_secs(1);
        for _ in 0..5 {
            assert_eq!(limits.take(&call("ListHostedZones"), second), None);
        }
        let refused = limits.take(&call("GetChange"), second).unwrap();
        assert_eq!((refused.code.as_str(), refused.status.as_u16()), ("Throttling", 400));
        assert_eq!(limits.take(&call("GetChange"), second + Duration::from_millis(250)), None);
        let mut other = call("GetChange");
        other.region = "us-east-1".into();
        assert_eq!(limits.take(&other, second), None, "each region has its own");
        limits.due = 1;
        let late = second * 9;
        assert!(limits.take(&call("GetChange"), late).is_some(), "the next one is throttled in any case");
        assert_eq!(limits.take(&call("GetChange"), late), None);
        let unlimited = ServiceCall::example("sqs", "SendMessage", &[], "");
        assert_eq!(limits.take(&unlimited, second), None);
    }

    #[test]
    fn each_bucket_has_its_own_rate() {
        let mut limits = Limits::default();
        let put = |bucket| ServiceCall::example("s3", "CopyObject", &[("Bucket", bucket)], "");
        for _ in 0..3500 {
            assert_eq!(limits.take(&put("output"), Duration::ZERO), None);
        }
        let refused = limits.take(&put("output"), Duration::ZERO).unwrap();
        assert_eq!((refused.code.as_str(), refused.status.as_u16()), ("SlowDown", 503));
        assert_eq!(limits.take(&put("work"), Duration::ZERO), None);
    }
}
