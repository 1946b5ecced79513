//! Whose fault a failed job is: that of the file, or one that the people who run the stack must look at.
//!
//! A file's fault wakes nobody: with uploads of users, broken files are normal. Anything else is counted as a metric,
//! which the alarm `failed-jobs` watches.

use asset::State;
use serde_json::{Value, json};

/// True if the people who run the stack must look at it. A canceled job was canceled by them.
pub(crate) fn is_of_the_service(state: State, code: Option<i64>) -> bool {
    state == State::Error && !code.is_some_and(asset::is_of_the_file)
}

/// The namespace of the metric.
const NAMESPACE: &str = "provision";
/// The metric that the alarm `failed-jobs` watches.
const METRIC: &str = "ServiceFailures";

/// The log line that CloudWatch counts one failure by: the embedded metric format. The function's log format is JSON,
/// in which Lambda passes a line on as it is if it is an object; its level keeps it from being filtered.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
pub(crate) fn metric(stack: &str, job: &str, epoch_millis: u128) -> Value {
    json!({
        "level": "ERROR",
        "message": "a job failed, and the file is not the cause",
        "job": job,
        "Stack": stack,
        METRIC: 1,
        "_aws": {
            "Timestamp": epoch_millis,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Stack"]],
                "Metrics": [{"Name": METRIC, "Unit": "Count"}],
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_file_causes_wakes_nobody() {
        let wakes = |code| is_of_the_service(State::Error, code);
        for code in [1010, 1020, 1030, 1040, 1076, 3400, 3457, 3999] {
            assert!(!wakes(Some(code)), "{code}");
        }
        for code in [1041, 1042, 1056, 1091, 1401, 1404, 1432, 1433, 1434, 1515, 1550, 1999, 9999] {
            assert!(wakes(Some(code)), "{code}");
        }
        assert!(wakes(None), "a failure without a code is not known to be the file's");
        assert!(!is_of_the_service(State::Canceled, None), "the team canceled it");
    }

    #[test]
    fn the_metric_is_read_by_its_names() {
        let line = metric("vod", "1-a", 1_700_000_000_000);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        let dimension = directive["Dimensions"][0][0].as_str().unwrap();
        assert_eq!((dimension, &line[dimension]), ("Stack", &json!("vod")));
        assert_eq!(line[directive["Metrics"][0]["Name"].as_str().unwrap()], 1);
        assert_eq!(directive["Namespace"], "provision");
        assert!(line.is_object() && line["level"] == "ERROR");
    }
}
