//! Cases of Amazon CloudWatch.

use provision::aws::Context;
use provision::model::Kind;
use serde_json::{Value, json};

use super::{Case, other_tags, tags};

fn alarm(cx: &Context) -> Value {
    let topic = cx.scope.arn("sns", "vod-case-alerts");
    json!({
        "AlarmName": "vod-case-errors",
        "AlarmDescription": "Something failed",
        "ActionsEnabled": true,
        "AlarmActions": [topic],
        "OKActions": [topic],
        "InsufficientDataActions": [topic],
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{ "Name": "FunctionName", "Value": "vod-case-submit" }],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 5.5,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "Tags": tags("case"),
    })
}

fn alarm_variants(cx: &Context) -> Vec<(&'static str, Value)> {
    let other = json!([cx.scope.arn("sns", "vod-case-other")]);
    vec![
        ("/AlarmDescription", json!("Something else failed")),
        ("/AlarmDescription", Value::Null),
        ("/ActionsEnabled", json!(false)),
        ("/AlarmActions", other.clone()),
        ("/AlarmActions", json!([])),
        ("/OKActions", other.clone()),
        ("/InsufficientDataActions", other),
        ("/Namespace", json!("AWS/SQS")),
        ("/MetricName", json!("Throttles")),
        ("/Dimensions/0/Name", json!("Resource")),
        ("/Dimensions/0/Value", json!("vod-case-publish")),
        ("/Dimensions", json!([])),
        ("/Statistic", json!("Maximum")),
        ("/Unit", json!("Count")),
        ("/Period", json!(60)),
        ("/EvaluationPeriods", json!(5)),
        ("/DatapointsToAlarm", json!(1)),
        ("/Threshold", json!(0.5)),
        ("/ComparisonOperator", json!("GreaterThanOrEqualToThreshold")),
        ("/TreatMissingData", json!("breaching")),
        ("/Tags", other_tags("case")),
    ]
}

fn dashboard() -> Value {
    json!({
        "DashboardName": "vod-case",
        "DashboardBody": {
            "widgets": [{
                "type": "metric",
                "x": 0,
                "y": 0,
                "width": 12,
                "height": 6,
                "properties": {
                    "title": "Uploads",
                    "region": "eu-west-1",
                    "metrics": [["AWS/Lambda", "Errors", "FunctionName", "vod-case-submit"]],
                },
            }],
        },
        "Tags": tags("case"),
    })
}

/// The cases of this service.
pub(crate) fn cases(cx: &Context) -> Vec<Case> {
    vec![
        Case {
            kind: Kind::new("AWS::CloudWatch::Alarm"),
            needs: vec![],
            base: alarm(cx),
            variants: alarm_variants(cx),
            fixed: vec![],
        },
        Case {
            kind: Kind::new("AWS::CloudWatch::Dashboard"),
            needs: vec![],
            base: dashboard(),
            variants: vec![
                ("/DashboardBody/widgets/0/properties/title", json!("Videos")),
                ("/DashboardBody/widgets", json!([])),
                ("/Tags", other_tags("case")),
            ],
            fixed: vec![],
        },
    ]
}
