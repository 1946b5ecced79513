//! Every part survives the SDK.

use serde_json::json;

use super::ReplicationConfiguration;

/// As somebody would make it who wants a copy of everything, in an account of theirs.
fn everything() -> serde_json::Value {
    json!({
        "Role": "arn:aws:iam::111122223333:role/copier",
        "Rules": [
            {
                "Id": "all",
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {},
                "Destination": {
                    "Bucket": "arn:aws:s3:::theirs",
                    "Account": "999988887777",
                    "StorageClass": "STANDARD_IA",
                    "AccessControlTranslation": { "Owner": "Destination" },
                    "EncryptionConfiguration": { "ReplicaKmsKeyID": "arn:aws:kms:eu-west-1:999988887777:key/k" },
                    "ReplicationTime": { "Status": "Enabled", "Time": { "Minutes": 15 } },
                    "Metrics": { "Status": "Enabled", "EventThreshold": { "Minutes": 15 } },
                },
                "DeleteMarkerReplication": { "Status": "Disabled" },
                "SourceSelectionCriteria": {
                    "SseKmsEncryptedObjects": { "Status": "Enabled" },
                    "ReplicaModifications": { "Status": "Enabled" },
                },
            },
            {
                "Id": "older",
                "Status": "Disabled",
                "Prefix": "in/",
                "Destination": { "Bucket": "arn:aws:s3:::theirs" },
            },
            {
                "Id": "some",
                "Status": "Enabled",
                "Priority": 2,
                "Filter": { "And": { "Prefix": "in/", "TagFilters": [{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }] } },
                "Destination": { "Bucket": "arn:aws:s3:::theirs", "Metrics": { "Status": "Disabled" } },
            },
            {
                "Id": "tagged",
                "Status": "Enabled",
                "Priority": 3,
                "Filter": { "TagFilter": { "Key": "a", "Value": "1" } },
                "Destination": { "Bucket": "arn:aws:s3:::theirs" },
            },
        ],
    })
}

#[test]
fn every_part_survives_the_sdk() {
    let declared: ReplicationConfiguration = serde_json::from_value(everything()).unwrap();
    let read = ReplicationConfiguration::from_sdk(&declared.to_sdk()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), everything());
}

#[test]
fn a_rule_that_leads_nowhere_is_an_error() {
    let declared: ReplicationConfiguration = serde_json::from_value(everything()).unwrap();
    let mut answered = declared.to_sdk();
    answered.rules[0].destination = None;
    let error = ReplicationConfiguration::from_sdk(&answered).unwrap_err();
    insta::assert_snapshot!(error, @"s3:GetReplicationConfiguration failed: the answer has no Rule.Destination");
}

#[test]
fn rules_in_another_order_are_the_same() {
    let declared: ReplicationConfiguration = serde_json::from_value(everything()).unwrap();
    let mut answered = declared.to_sdk();
    answered.rules.reverse();
    assert_eq!(ReplicationConfiguration::from_sdk(&answered).unwrap(), declared);
}
