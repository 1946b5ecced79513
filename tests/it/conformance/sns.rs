//! Cases of Amazon SNS.

use provision::aws::Context;
use provision::model::Kind;
use serde_json::{Value, json};

use super::{Case, need, other_tags, tags};

const TOPIC: Kind = Kind::new("AWS::SNS::Topic");

fn topic() -> Value {
    json!({
        "TopicName": "vod-case-alerts",
        "DisplayName": "vod-case",
        "KmsMasterKeyId": "alias/vod-case",
        "Tags": tags("case"),
    })
}

/// The cases of this service.
pub(crate) fn cases(cx: &Context) -> Vec<Case> {
    let publish = |service: &str| {
        json!({
            "Sid": "Publish",
            "Effect": "Allow",
            "Principal": { "Service": [service] },
            "Action": ["sns:Publish"],
            "Resource": [cx.scope.arn("sns", "vod-case-alerts")],
            "Condition": { "StringEquals": { "aws:SourceAccount": [cx.scope.account] } },
        })
    };
    vec![
        Case {
            kind: TOPIC,
            needs: vec![],
            base: topic(),
            variants: vec![
                ("/DisplayName", json!("somebody else")),
                ("/DisplayName", Value::Null),
                ("/KmsMasterKeyId", json!("alias/other")),
                ("/KmsMasterKeyId", Value::Null),
                ("/Tags", other_tags("case")),
            ],
            fixed: vec![],
        },
        Case {
            kind: Kind::new("AWS::SNS::TopicPolicy"),
            needs: vec![(TOPIC, topic())],
            base: json!({
                "Topics": [need(0, "TopicArn")],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [publish("cloudwatch.amazonaws.com")],
                },
            }),
            variants: vec![("/PolicyDocument/Statement", json!([publish("events.amazonaws.com")]))],
            fixed: vec![("Topics", "the topic is the policy's id")],
        },
        Case {
            kind: Kind::new("AWS::SNS::Subscription"),
            needs: vec![(TOPIC, topic())],
            base: json!({
                "TopicArn": need(0, "TopicArn"),
                "Protocol": "email",
                "Endpoint": "on-call@example.com",
            }),
            variants: vec![],
            // `sns::subscription_attributes` shows that these are read and changed. A subscription by e-mail has attributes
            // once it is confirmed.
            fixed: ["FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"]
                .map(|attribute| (attribute, "nobody confirms a subscription on the local cloud"))
                .to_vec(),
        },
    ]
}
