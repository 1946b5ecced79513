//! Cases of Amazon EventBridge.

use provision::aws::Context;
use provision::model::Kind;
use serde_json::{Value, json};

use super::{Case, other_tags, tags};

fn queue(name: &str) -> (Kind, Value) {
    let properties = json!({
        "QueueName": name,
        "MessageRetentionPeriod": 1_209_600,
        "VisibilityTimeout": 30,
        "MaximumMessageSize": 1_048_576,
        "DelaySeconds": 0,
        "ReceiveMessageWaitTimeSeconds": 0,
        "SqsManagedSseEnabled": true,
        "Tags": tags("need"),
    });
    (Kind::new("AWS::SQS::Queue"), properties)
}

/// The cases of this service.
pub(crate) fn cases(cx: &Context) -> Vec<Case> {
    let arn = |name: &str| cx.scope.arn("sqs", name);
    let pattern = json!({
        "detail": {
            "bucket": { "name": ["vod-case-source"] },
            "object": { "key": [{ "suffix": { "equals-ignore-case": ".mov" } }, { "suffix": { "equals-ignore-case": ".mp4" } }] },
        },
        "detail-type": ["Object Created"],
        "source": ["aws.s3"],
    });
    let target = json!({
        "Id": "submit",
        "Arn": arn("vod-case-target"),
        "DeadLetterConfig": { "Arn": arn("vod-case-dead") },
        "RetryPolicy": { "MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 8 },
    });
    let bare = |id: &str| json!({ "Id": id, "Arn": arn("vod-case-target") });
    let made = json!({
        "Id": "made",
        "Arn": arn("vod-case-target"),
        "InputTransformer": { "InputPathsMap": { "key": "$.detail.object.key" }, "InputTemplate": "{\"key\": <key>}" },
    });
    vec![Case {
        kind: Kind::new("AWS::Events::Rule"),
        needs: vec![queue("vod-case-target"), queue("vod-case-dead")],
        base: json!({
            "Name": "vod-case-upload",
            "EventBusName": "default",
            "Description": "Uploads",
            "EventPattern": pattern,
            "State": "ENABLED",
            "Targets": [made, target],
            "Tags": tags("case"),
        }),
        variants: vec![
            ("/Description", json!("Uploads of video")),
            ("/Description", Value::Null),
            ("/EventPattern/source", json!(["aws.mediaconvert"])),
            ("/ScheduleExpression", json!("rate(1 day)")),
            ("/State", json!("DISABLED")),
            ("/Targets", json!([])),
            ("/Targets", json!([bare("other"), target])),
            ("/Targets", json!([made])),
            ("/Targets/0/InputTransformer", Value::Null),
            ("/Targets/0/InputTransformer/InputPathsMap", json!({ "key": "$.detail.object.etag" })),
            ("/Targets/0/InputTransformer/InputTemplate", json!("{\"name\": <key>}")),
            ("/Targets/1/Id", json!("submit-again")),
            ("/Targets/1/Arn", json!(arn("vod-case-dead"))),
            ("/Targets/1/RoleArn", json!(cx.scope.arn_in("", "iam", "role/vod-case-by-hand"))),
            ("/Targets/1/DeadLetterConfig/Arn", json!(arn("vod-case-target"))),
            ("/Targets/1/DeadLetterConfig", Value::Null),
            ("/Targets/1/RetryPolicy/MaximumRetryAttempts", json!(0)),
            ("/Targets/1/RetryPolicy/MaximumEventAgeInSeconds", json!(60)),
            ("/Targets/1/RetryPolicy", Value::Null),
            ("/Targets/1/Input", json!("{}")),
            ("/Targets/1/InputPath", json!("$.detail")),
            ("/Tags", other_tags("case")),
        ],
        fixed: vec![],
    }]
}
