//! The resources that a stack with alerts declares, as CloudFormation would write them.

use serde_json::Value;

use crate::model::{Declaration, resolve};
use crate::stack::config;
use crate::stack::handlers::PackageDigests;

fn declared(region: &str, alerts: &str) -> Vec<Declaration> {
    let text = format!("{{ stack: vod, account: '111122223333', region: {region}{alerts} }}");
    let file = config::parse("stack.yaml", &text).unwrap();
    crate::stack::declare(&file, &PackageDigests { submit: "1".repeat(64), publish: "2".repeat(64) }, None)
}

const ALERTS: &str = ", alerts: { email: on-call@example.com }";

fn addresses(list: &[Declaration]) -> String {
    let of_alerts = list.iter().filter(|one| one.address.concern() == "alerts");
    of_alerts.map(|one| format!("{} {} {}", one.address, one.kind, one.region)).collect::<Vec<_>>().join("\n")
}

/// The properties with predicted outputs filled in, without the tags that every resource has.
fn properties(list: &[Declaration], address: &str) -> Value {
    let found = list.iter().find(|one| one.address.as_str() == address).unwrap();
    let mut properties = resolve(&found.properties, &|_| None);
    properties.as_object_mut().unwrap().remove("Tags");
    properties
}

/// One line per alarm: metric, dimension and condition.
fn alarms(list: &[Declaration]) -> String {
    let alarms = list.iter().filter(|one| one.kind.as_str() == "AWS::CloudWatch::Alarm");
    let line = |one: &Declaration| {
        let alarm = resolve(&one.properties, &|_| None);
        let text = |key: &str| alarm[key].to_string().replace('"', "");
        let of: Vec<String> = alarm["Dimensions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| format!("{}={}", one["Name"].as_str().unwrap(), one["Value"]).replace('"', ""))
            .collect();
        format!(
            "{}: {} {} {} of {} > {} in {} of {} × {} s, missing {}, tells {}, {}",
            text("AlarmName"),
            text("Statistic"),
            text("Namespace"),
            text("MetricName"),
            of.join(" "),
            text("Threshold"),
            text("DatapointsToAlarm"),
            text("EvaluationPeriods"),
            text("Period"),
            text("TreatMissingData"),
            text("AlarmActions"),
            if alarm["AlarmActions"] == alarm["OKActions"] { "both ways" } else { "one way" },
        )
    };
    alarms.map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn without_alerts_there_is_nothing_of_them() {
    let list = declared("eu-west-1", "");
    assert_eq!(addresses(&list), "");
    let publish = properties(&list, "handlers/publish");
    assert!(publish["Environment"]["Variables"].get("TOPIC").is_none());
    let role = properties(&list, "handlers/publish/role");
    assert!(!role.to_string().contains("sns:"));
}

#[test]
fn the_cdn_s_alarm_tells_a_topic_of_its_region() {
    insta::assert_snapshot!(addresses(&declared("eu-west-1", ALERTS)), @r#"
    alerts/topic AWS::SNS::Topic eu-west-1
    alerts/topic/policy AWS::SNS::TopicPolicy eu-west-1
    alerts/topic/subscription AWS::SNS::Subscription eu-west-1
    alerts/cdn-topic AWS::SNS::Topic us-east-1
    alerts/cdn-topic/policy AWS::SNS::TopicPolicy us-east-1
    alerts/cdn-topic/subscription AWS::SNS::Subscription us-east-1
    alerts/submit-errors AWS::CloudWatch::Alarm eu-west-1
    alerts/publish-errors AWS::CloudWatch::Alarm eu-west-1
    alerts/dead-letters AWS::CloudWatch::Alarm eu-west-1
    alerts/failed-jobs AWS::CloudWatch::Alarm eu-west-1
    alerts/cdn-errors AWS::CloudWatch::Alarm us-east-1
    alerts/cdn-metrics AWS::CloudFront::MonitoringSubscription eu-west-1
    alerts/dashboard AWS::CloudWatch::Dashboard eu-west-1
    "#);
    insta::assert_snapshot!(addresses(&declared("us-east-1", ALERTS)), @r#"
    alerts/topic AWS::SNS::Topic us-east-1
    alerts/topic/policy AWS::SNS::TopicPolicy us-east-1
    alerts/topic/subscription AWS::SNS::Subscription us-east-1
    alerts/submit-errors AWS::CloudWatch::Alarm us-east-1
    alerts/publish-errors AWS::CloudWatch::Alarm us-east-1
    alerts/dead-letters AWS::CloudWatch::Alarm us-east-1
    alerts/failed-jobs AWS::CloudWatch::Alarm us-east-1
    alerts/cdn-errors AWS::CloudWatch::Alarm us-east-1
    alerts/cdn-metrics AWS::CloudFront::MonitoringSubscription us-east-1
    alerts/dashboard AWS::CloudWatch::Dashboard us-east-1
    "#);
}

#[test]
fn alarms_as_a_reviewer_reads_them() {
    insta::assert_snapshot!(alarms(&declared("eu-west-1", ALERTS)), @"
    vod-submit-errors: Sum AWS/Lambda Errors of FunctionName=vod-submit > 0.0 in 1 of 1 × 300 s, missing notBreaching, tells [arn:aws:sns:eu-west-1:111122223333:vod-alerts], both ways
    vod-publish-errors: Sum AWS/Lambda Errors of FunctionName=vod-publish > 0.0 in 1 of 1 × 300 s, missing notBreaching, tells [arn:aws:sns:eu-west-1:111122223333:vod-alerts], both ways
    vod-dead-letters: Maximum AWS/SQS ApproximateNumberOfMessagesVisible of QueueName=vod-dead-letters > 0.0 in 1 of 1 × 300 s, missing notBreaching, tells [arn:aws:sns:eu-west-1:111122223333:vod-alerts], both ways
    vod-failed-jobs: Sum provision ServiceFailures of Stack=vod > 0.0 in 1 of 1 × 300 s, missing notBreaching, tells [arn:aws:sns:eu-west-1:111122223333:vod-alerts], both ways
    vod-cdn-errors: Average AWS/CloudFront 5xxErrorRate of DistributionId={Fn::GetAtt:[delivery/distribution,Id]} Region=Global > 5.0 in 2 of 3 × 300 s, missing notBreaching, tells [arn:aws:sns:us-east-1:111122223333:vod-cdn-alerts], both ways
    ");
}

#[test]
fn alarms_tell_topics_of_their_own_region() {
    for region in ["eu-west-1", "us-east-1"] {
        let list = declared(region, ALERTS);
        for alarm in list.iter().filter(|one| one.kind.as_str() == "AWS::CloudWatch::Alarm") {
            let properties = resolve(&alarm.properties, &|_| None);
            let told = properties["AlarmActions"][0].as_str().unwrap();
            assert!(told.starts_with(&format!("arn:aws:sns:{}:111122223333:vod-", alarm.region)), "{told}");
        }
    }
}

#[test]
fn names_are_one_of_their_kind_in_all_regions() {
    let list = declared("eu-west-1", ALERTS);
    let mut seen = std::collections::BTreeSet::new();
    for alarm in list.iter().filter(|one| one.kind.as_str() == "AWS::CloudWatch::Alarm") {
        assert!(seen.insert(alarm.properties["AlarmName"].to_string()), "{}", alarm.address);
    }
}

#[test]
fn only_alarms_of_the_account_may_publish_to_the_topic() {
    let list = declared("eu-west-1", ALERTS);
    insta::assert_json_snapshot!(properties(&list, "alerts/topic/policy"), @r#"
    {
      "Topics": [
        "arn:aws:sns:eu-west-1:111122223333:vod-alerts"
      ],
      "PolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
          {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {
              "Service": [
                "cloudwatch.amazonaws.com"
              ]
            },
            "Action": [
              "sns:Publish"
            ],
            "Resource": [
              "arn:aws:sns:eu-west-1:111122223333:vod-alerts"
            ],
            "Condition": {
              "StringEquals": {
                "aws:SourceAccount": [
                  "111122223333"
                ]
              }
            }
          },
          {
            "Sid": "PlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": [
              "sns:Publish"
            ],
            "Resource": [
              "arn:aws:sns:eu-west-1:111122223333:vod-alerts"
            ],
            "Condition": {
              "Bool": {
                "aws:SecureTransport": [
                  "false"
                ]
              }
            }
          }
        ]
      }
    }
    "#);
    insta::assert_json_snapshot!(properties(&list, "alerts/cdn-topic/subscription"), @r#"
    {
      "TopicArn": "arn:aws:sns:us-east-1:111122223333:vod-cdn-alerts",
      "Protocol": "email",
      "Endpoint": "on-call@example.com"
    }
    "#);
}

#[test]
fn the_publish_handler_tells_the_topic() {
    let list = declared("eu-west-1", ALERTS);
    let topic = "arn:aws:sns:eu-west-1:111122223333:vod-alerts";
    assert_eq!(properties(&list, "handlers/publish")["Environment"]["Variables"]["TOPIC"], topic);
    let role = properties(&list, "handlers/publish/role");
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap();
    let tell = statements.iter().find(|statement| statement["Sid"] == "Tell").unwrap();
    assert_eq!(tell["Resource"], serde_json::json!([topic]));
}

#[test]
fn the_dashboard_fits_the_grid_and_names_what_it_shows() {
    let list = declared("eu-west-1", ALERTS);
    let body = properties(&list, "alerts/dashboard")["DashboardBody"].take();
    let widgets = body["widgets"].as_array().unwrap();
    let shown: Vec<String> = widgets
        .iter()
        .map(|widget| {
            let number = |key: &str| widget[key].as_u64().unwrap();
            assert!(number("x") + number("width") <= 24, "{widget}");
            let metrics = widget["properties"]["metrics"].as_array().unwrap();
            let names: Vec<&str> = metrics.iter().map(|line| line[1].as_str().unwrap()).collect();
            let properties = &widget["properties"];
            format!("{} ({}): {}", properties["title"], properties["region"], names.join(", "))
                .replace('"', "")
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    Uploads (eu-west-1): Invocations
    Jobs (eu-west-1): JobsCompletedCount, JobsErroredCount
    Failures (eu-west-1): Errors, Errors, ApproximateNumberOfMessagesVisible
    Viewers' requests (us-east-1): Requests
    Failed requests (us-east-1): 4xxErrorRate, 5xxErrorRate
    Cache hit rate (us-east-1): CacheHitRate
    "#);
}
