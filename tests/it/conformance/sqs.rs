//! Cases of Amazon SQS.

use provision::aws::Context;
use provision::model::Kind;
use serde_json::{Value, json};

use super::{Case, need, other_tags, tags};

const QUEUE: Kind = Kind::new("AWS::SQS::Queue");

fn queue() -> Value {
    json!({
        "QueueName": "vod-case-queue",
        "MessageRetentionPeriod": 1_209_600,
        "VisibilityTimeout": 30,
        "MaximumMessageSize": 1_048_576,
        "DelaySeconds": 0,
        "ReceiveMessageWaitTimeSeconds": 0,
        "SqsManagedSseEnabled": true,
        "Tags": tags("case"),
    })
}

/// The cases of this service.
pub(crate) fn cases(cx: &Context) -> Vec<Case> {
    let statement = |service: &str| {
        json!({
            "Sid": "Send",
            "Effect": "Allow",
            "Principal": { "Service": [service] },
            "Action": ["sqs:SendMessage"],
            "Resource": [cx.scope.arn("sqs", "vod-case-queue")],
        })
    };
    let mut keyed = queue();
    keyed["SqsManagedSseEnabled"] = json!(false);
    keyed["KmsMasterKeyId"] = json!("alias/vod-case");
    let mut others = queue();
    others["QueueName"] = json!("vod-case-others");
    let moved = json!({
        "deadLetterTargetArn": cx.scope.arn("sqs", "vod-case-others"),
        "maxReceiveCount": 3,
    });
    vec![
        Case {
            kind: QUEUE,
            needs: vec![(QUEUE, others)],
            base: keyed,
            variants: vec![
                ("/MessageRetentionPeriod", json!(3600)),
                ("/VisibilityTimeout", json!(60)),
                ("/MaximumMessageSize", json!(1024)),
                ("/DelaySeconds", json!(5)),
                ("/ReceiveMessageWaitTimeSeconds", json!(20)),
                ("/RedrivePolicy", moved),
                ("/RedriveAllowPolicy", json!({ "redrivePermission": "denyAll" })),
                ("/KmsMasterKeyId", json!("alias/other")),
                ("/KmsMasterKeyId", Value::Null),
                ("/Tags", other_tags("case")),
            ],
            // `resource::sqs::queue` shows that it is read, and that both kinds of encryption are changed by one call.
            fixed: vec![("SqsManagedSseEnabled", "a queue with a KMS key has no other encryption")],
        },
        Case {
            kind: Kind::new("AWS::SQS::QueuePolicy"),
            needs: vec![(QUEUE, queue())],
            base: json!({
                "Queues": [need(0, "QueueUrl")],
                "PolicyDocument": { "Version": "2012-10-17", "Statement": [statement("events.amazonaws.com")] },
            }),
            variants: vec![("/PolicyDocument/Statement", json!([statement("sns.amazonaws.com")]))],
            fixed: vec![],
        },
    ]
}
