//! A bucket with the settings that the stack never declares: what somebody may set by hand, and a plan must see.

use provision::aws::Context;
use provision::model::Kind;
use serde_json::{Value, json};

use super::super::{Case, tags};
use super::{BUCKET, plain};

fn queue(name: &str) -> (Kind, Value) {
    let properties = json!({
        "QueueName": name,
        "MessageRetentionPeriod": 3600,
        "VisibilityTimeout": 30,
        "MaximumMessageSize": 1_048_576,
        "DelaySeconds": 0,
        "ReceiveMessageWaitTimeSeconds": 0,
        "SqsManagedSseEnabled": true,
        "Tags": tags("need"),
    });
    (Kind::new("AWS::SQS::Queue"), properties)
}

fn topic(name: &str) -> (Kind, Value) {
    (Kind::new("AWS::SNS::Topic"), json!({ "TopicName": name, "Tags": tags("need") }))
}

fn lifecycle() -> Value {
    json!({ "Rules": [{
        "Id": "dated",
        "Status": "Enabled",
        "TagFilters": [{ "Key": "a", "Value": "1" }],
        "ObjectSizeLessThan": "4096",
        "ExpirationDate": "2040-01-01T00:00:00Z",
        "Transitions": [{ "StorageClass": "GLACIER", "TransitionDate": "2039-01-01T00:00:00Z" }],
        "NoncurrentVersionTransitions": [
            { "StorageClass": "STANDARD_IA", "TransitionInDays": 30, "NewerNoncurrentVersions": 2 },
        ],
        "NoncurrentVersionExpiration": { "NoncurrentDays": 90, "NewerNoncurrentVersions": 3 },
    }] })
}

/// Somebody's function, queue and topic, each notified of other events. S3 tells one event of a key to one of them only.
fn notifications(cx: &Context) -> Value {
    let entry = |receiver: &str, arn: String, event: &str| {
        json!([{
            receiver: arn,
            "Event": event,
            "Filter": { "S3Key": { "Rules": [{ "Name": "prefix", "Value": "in/" }] } },
        }])
    };
    json!({
        "EventBridgeConfiguration": { "EventBridgeEnabled": true },
        "LambdaConfigurations": entry("Function", cx.scope.arn("lambda", "function:by-hand"), "s3:ObjectCreated:*"),
        "QueueConfigurations": entry("Queue", cx.scope.arn("sqs", "vod-case-queue"), "s3:ObjectTagging:*"),
        "TopicConfigurations": entry("Topic", cx.scope.arn("sns", "vod-case-topic"), "s3:LifecycleExpiration:*"),
    })
}

/// A copy of some objects with everything that S3 offers, and one of all others.
fn replication(cx: &Context) -> Value {
    let tags = json!([{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }]);
    json!({
        "Role": cx.scope.arn_in("", "iam", "role/vod-case-copier"),
        "Rules": [
            {
                "Id": "others",
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {},
                "Destination": { "Bucket": "arn:aws:s3:::somebody-s-copies", "Metrics": { "Status": "Disabled" } },
                "DeleteMarkerReplication": { "Status": "Disabled" },
            },
            {
                "Id": "some",
                "Status": "Enabled",
                "Priority": 2,
                "Filter": { "And": { "Prefix": "in/", "TagFilters": tags } },
                "Destination": {
                    "Bucket": "arn:aws:s3:::somebody-s-copies",
                    "Account": "999988887777",
                    "StorageClass": "STANDARD_IA",
                    "AccessControlTranslation": { "Owner": "Destination" },
                    "EncryptionConfiguration": { "ReplicaKmsKeyID": key("theirs") },
                    "ReplicationTime": { "Status": "Enabled", "Time": { "Minutes": 15 } },
                    "Metrics": { "Status": "Enabled", "EventThreshold": { "Minutes": 15 } },
                },
                "DeleteMarkerReplication": { "Status": "Disabled" },
                "SourceSelectionCriteria": {
                    "SseKmsEncryptedObjects": { "Status": "Enabled" },
                    "ReplicaModifications": { "Status": "Enabled" },
                },
            },
        ],
    })
}

fn key(name: &str) -> String {
    format!("arn:aws:kms:ap-northeast-2:999988887777:key/{name}")
}

fn variants(cx: &Context) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        (
            "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm",
            json!("aws:kms:dsse"),
        ),
        (
            "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/KMSMasterKeyID",
            json!("alias/other"),
        ),
        ("/BucketEncryption/ServerSideEncryptionConfiguration/0/BucketKeyEnabled", Value::Null),
        ("/LifecycleConfiguration/Rules/0/Id", json!("renamed")),
        ("/LifecycleConfiguration/Rules/0/TagFilters/0/Key", json!("b")),
        ("/LifecycleConfiguration/Rules/0/ObjectSizeLessThan", Value::Null),
        ("/LifecycleConfiguration/Rules/0/ExpirationDate", json!("2041-01-01T00:00:00Z")),
        ("/LifecycleConfiguration/Rules/0/Transitions/0/StorageClass", json!("DEEP_ARCHIVE")),
        ("/LifecycleConfiguration/Rules/0/Transitions/0/TransitionDate", json!("2038-01-01T00:00:00Z")),
        ("/LifecycleConfiguration/Rules/0/NoncurrentVersionTransitions/0/StorageClass", json!("GLACIER_IR")),
        ("/LifecycleConfiguration/Rules/0/NoncurrentVersionTransitions/0/TransitionInDays", json!(60)),
        (
            "/LifecycleConfiguration/Rules/0/NoncurrentVersionTransitions/0/NewerNoncurrentVersions",
            Value::Null,
        ),
        ("/LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration/NewerNoncurrentVersions", Value::Null),
        ("/NotificationConfiguration/EventBridgeConfiguration", Value::Null),
        (
            "/NotificationConfiguration/LambdaConfigurations/0/Function",
            json!(cx.scope.arn("lambda", "function:other")),
        ),
        ("/NotificationConfiguration/LambdaConfigurations/0/Event", json!("s3:ObjectRemoved:*")),
        ("/NotificationConfiguration/LambdaConfigurations/0/Filter", Value::Null),
        ("/NotificationConfiguration/LambdaConfigurations/0/Filter/S3Key/Rules/0/Name", json!("suffix")),
        ("/NotificationConfiguration/LambdaConfigurations/0/Filter/S3Key/Rules/0/Value", json!("out/")),
        (
            "/NotificationConfiguration/QueueConfigurations/0/Queue",
            json!(cx.scope.arn("sqs", "vod-case-other")),
        ),
        ("/NotificationConfiguration/QueueConfigurations/0/Event", json!("s3:ObjectRemoved:*")),
        ("/NotificationConfiguration/QueueConfigurations/0/Filter", Value::Null),
        (
            "/NotificationConfiguration/TopicConfigurations/0/Topic",
            json!(cx.scope.arn("sns", "vod-case-other")),
        ),
        ("/NotificationConfiguration/TopicConfigurations/0/Event", json!("s3:ObjectRemoved:*")),
        ("/NotificationConfiguration/TopicConfigurations/0/Filter", Value::Null),
    ];
    all.extend(replication_variants(cx));
    all
}

fn replication_variants(cx: &Context) -> Vec<(&'static str, Value)> {
    let several = json!({ "Prefix": "x/", "TagFilters": [{ "Key": "c", "Value": "3" }] });
    vec![
        ("/ReplicationConfiguration/Role", json!(cx.scope.arn_in("", "iam", "role/vod-case-other"))),
        ("/ReplicationConfiguration/Rules/0/Id", json!("renamed")),
        ("/ReplicationConfiguration/Rules/0/Status", json!("Disabled")),
        ("/ReplicationConfiguration/Rules/0/Priority", json!(3)),
        ("/ReplicationConfiguration/Rules/0/Filter/Prefix", json!("in/")),
        ("/ReplicationConfiguration/Rules/0/Filter/TagFilter", json!({ "Key": "c", "Value": "3" })),
        ("/ReplicationConfiguration/Rules/0/Filter/And", several),
        ("/ReplicationConfiguration/Rules/0/Destination/Bucket", json!("arn:aws:s3:::more-copies")),
        ("/ReplicationConfiguration/Rules/0/Destination/Account", json!("999988887777")),
        ("/ReplicationConfiguration/Rules/0/Destination/StorageClass", json!("GLACIER_IR")),
        ("/ReplicationConfiguration/Rules/0/Destination/Metrics/Status", json!("Enabled")),
        ("/ReplicationConfiguration/Rules/0/DeleteMarkerReplication/Status", json!("Enabled")),
        (
            "/ReplicationConfiguration/Rules/0/SourceSelectionCriteria",
            json!({ "ReplicaModifications": { "Status": "Enabled" } }),
        ),
        ("/ReplicationConfiguration/Rules/1/Filter/And/Prefix", json!("out/")),
        ("/ReplicationConfiguration/Rules/1/Filter/And/TagFilters/0/Value", json!("2")),
        ("/ReplicationConfiguration/Rules/1/Destination/AccessControlTranslation", Value::Null),
        (
            "/ReplicationConfiguration/Rules/1/Destination/EncryptionConfiguration/ReplicaKmsKeyID",
            json!(key("other")),
        ),
        (
            "/ReplicationConfiguration/Rules/1/SourceSelectionCriteria/SseKmsEncryptedObjects/Status",
            json!("Disabled"),
        ),
        (
            "/ReplicationConfiguration/Rules/1/SourceSelectionCriteria/ReplicaModifications/Status",
            json!("Disabled"),
        ),
    ]
}

/// Members that S3 lets nobody change alone, or that have one value.
const FIXED: &[(&str, &str)] = &[
    (
        "VersioningConfiguration.Status",
        "suspended is the same as no configuration, and there is no third state",
    ),
    ("BlockedEncryptionTypes.EncryptionType", "S3 blocks SSE-C alone"),
    (
        "LifecycleConfiguration.TransitionDefaultMinimumObjectSize",
        "the emulator forgets it; its conversion has a unit test",
    ),
    ("EventBridgeConfiguration.EventBridgeEnabled", "it is true, or the configuration is absent"),
    ("AccessControlTranslation.Owner", "S3 has no other owner than the destination's"),
    ("ReplicationRule.Prefix", "S3 takes it only in the place of a filter; its conversion has a unit test"),
    (
        "ReplicationDestination.ReplicationTime",
        "S3 takes it only together with the metrics, as the base has it",
    ),
    ("ReplicationTime.Status", "it must be that of the metrics"),
    ("ReplicationTime.Time", "S3 takes 15 minutes and nothing else"),
    ("Metrics.EventThreshold", "S3 takes it only together with the replication time, as the base has it"),
    ("Minutes.Minutes", "S3 takes 15 minutes and nothing else"),
];

/// The case.
pub(super) fn case(cx: &Context) -> Case {
    let mut base = plain("vod-case-by-hand");
    base["VersioningConfiguration"] = json!({ "Status": "Enabled" });
    base["BucketEncryption"] = json!({ "ServerSideEncryptionConfiguration": [{
        "ServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/vod" },
        "BucketKeyEnabled": true,
    }] });
    base["LifecycleConfiguration"] = lifecycle();
    base["NotificationConfiguration"] = notifications(cx);
    base["ReplicationConfiguration"] = replication(cx);
    Case {
        kind: BUCKET,
        needs: vec![
            queue("vod-case-queue"),
            queue("vod-case-other"),
            topic("vod-case-topic"),
            topic("vod-case-other"),
        ],
        base,
        variants: variants(cx),
        fixed: FIXED.to_vec(),
    }
}
