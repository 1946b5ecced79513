//! Cases of Amazon S3, and what only buckets do: hold data, and share their names with the whole world.

use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use provision::aws::{Connection, Context};
use provision::model::{Address, Contents, Kind, Mark, Scope};
use provision::resource::{Adapter, Removal, registry};
use serde_json::{Value, json};

use super::{Case, STACK, other_tags, tags};
use crate::support::Cloud;
use crate::support::quote::whole;

mod by_hand;

const BUCKET: Kind = Kind::new("AWS::S3::Bucket");

fn plain(name: &str) -> Value {
    json!({
        "BucketName": name,
        "BucketEncryption": encryption(true),
        "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
        },
        "Tags": tags("case"),
    })
}

fn encryption(blocking: bool) -> Value {
    let mut rule = json!({ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } });
    if blocking {
        rule["BlockedEncryptionTypes"] = json!({ "EncryptionType": ["SSE-C"] });
    }
    json!({ "ServerSideEncryptionConfiguration": [rule] })
}

fn lifecycle() -> Value {
    json!({ "Rules": [
        {
            "Id": "archive",
            "Status": "Enabled",
            "TagFilters": [{ "Key": "provision:published", "Value": "true" }],
            "Transitions": [{ "StorageClass": "GLACIER_IR", "TransitionInDays": 30 }],
        },
        {
            "Id": "tidy",
            "Status": "Enabled",
            "ExpiredObjectDeleteMarker": true,
            "NoncurrentVersionExpiration": { "NoncurrentDays": 30 },
            "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 7 },
        },
        {
            "Id": "work",
            "Status": "Enabled",
            "Prefix": "tmp/",
            "TagFilters": [{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }],
            "ObjectSizeGreaterThan": "1024",
            "ExpirationInDays": 7,
        },
    ] })
}

fn bucket() -> Value {
    let mut bucket = plain("vod-case-source");
    bucket["VersioningConfiguration"] = json!({ "Status": "Enabled" });
    bucket["LifecycleConfiguration"] = lifecycle();
    bucket["CorsConfiguration"] = json!({ "CorsRules": [{
        "AllowedHeaders": ["*"],
        "AllowedMethods": ["POST", "PUT"],
        "AllowedOrigins": ["https://app.example.com"],
        "ExposedHeaders": ["ETag"],
        "MaxAge": 3600,
    }] });
    bucket["NotificationConfiguration"] =
        json!({ "EventBridgeConfiguration": { "EventBridgeEnabled": true } });
    bucket["LoggingConfiguration"] = json!({
        "DestinationBucketName": "vod-case-logs",
        "LogFilePrefix": "s3/",
        "TargetObjectKeyFormat": { "PartitionedPrefix": { "PartitionDateSource": "EventTime" } },
    });
    bucket
}

/// A function that somebody wired to the bucket by hand.
fn hand_made(cx: &Context) -> Value {
    json!([{
        "Function": cx.scope.arn("lambda", "function:by-hand"),
        "Event": "s3:ObjectCreated:*",
        "Filter": { "S3Key": { "Rules": [{ "Name": "prefix", "Value": "in/" }] } },
    }])
}

/// What somebody who wants a copy of everything sets up by hand.
fn copied_elsewhere(cx: &Context) -> Value {
    json!({
        "Role": cx.scope.arn_in("", "iam", "role/vod-case-copier"),
        "Rules": [{
            "Id": "all",
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {},
            "Destination": { "Bucket": "arn:aws:s3:::somebody-s-copies", "Account": "999988887777" },
            "DeleteMarkerReplication": { "Status": "Disabled" },
        }],
    })
}

/// The cases of this service.
pub(crate) fn cases(cx: &Context) -> Vec<Case> {
    let statement = |secure: &str| {
        json!({
            "Sid": "Tls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": ["arn:aws:s3:::vod-case-policed", "arn:aws:s3:::vod-case-policed/*"],
            "Condition": { "Bool": { "aws:SecureTransport": [secure] } },
        })
    };
    let policed = "vod-case-policed";
    vec![
        Case {
            kind: BUCKET,
            needs: vec![(BUCKET, plain("vod-case-logs"))],
            base: bucket(),
            variants: vec![
                ("/VersioningConfiguration", Value::Null),
                ("/BucketEncryption", encryption(false)),
                (
                    "/BucketEncryption/ServerSideEncryptionConfiguration/0",
                    json!({
                        "ServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/vod" },
                        "BucketKeyEnabled": true,
                    }),
                ),
                ("/OwnershipControls", Value::Null),
                ("/OwnershipControls/Rules/0/ObjectOwnership", json!("ObjectWriter")),
                ("/PublicAccessBlockConfiguration", Value::Null),
                ("/PublicAccessBlockConfiguration/BlockPublicAcls", json!(false)),
                ("/PublicAccessBlockConfiguration/BlockPublicPolicy", json!(false)),
                ("/PublicAccessBlockConfiguration/IgnorePublicAcls", json!(false)),
                ("/PublicAccessBlockConfiguration/RestrictPublicBuckets", json!(false)),
                ("/LifecycleConfiguration", Value::Null),
                ("/LifecycleConfiguration/Rules/0/Transitions/0/TransitionInDays", json!(90)),
                ("/LifecycleConfiguration/Rules/0/TagFilters/0/Value", json!("yes")),
                ("/LifecycleConfiguration/Rules/0/Status", json!("Disabled")),
                ("/LifecycleConfiguration/Rules/1/ExpiredObjectDeleteMarker", Value::Null),
                ("/LifecycleConfiguration/Rules/1/NoncurrentVersionExpiration/NoncurrentDays", json!(1)),
                ("/LifecycleConfiguration/Rules/1/AbortIncompleteMultipartUpload", Value::Null),
                (
                    "/LifecycleConfiguration/Rules/1/AbortIncompleteMultipartUpload/DaysAfterInitiation",
                    json!(1),
                ),
                ("/LifecycleConfiguration/Rules/2/Prefix", Value::Null),
                ("/LifecycleConfiguration/Rules/2/ObjectSizeGreaterThan", Value::Null),
                ("/LifecycleConfiguration/Rules/2/ExpirationInDays", json!(14)),
                ("/CorsConfiguration", Value::Null),
                ("/CorsConfiguration/CorsRules/0/Id", json!("uploads")),
                ("/CorsConfiguration/CorsRules/0/AllowedHeaders", Value::Null),
                ("/CorsConfiguration/CorsRules/0/AllowedMethods", json!(["PUT"])),
                ("/CorsConfiguration/CorsRules/0/ExposedHeaders", json!(["ETag", "Location"])),
                ("/CorsConfiguration/CorsRules/0/AllowedOrigins", json!(["https://other.example.com"])),
                ("/CorsConfiguration/CorsRules/0/MaxAge", json!(60)),
                ("/NotificationConfiguration", Value::Null),
                ("/NotificationConfiguration/LambdaConfigurations", hand_made(cx)),
                ("/LoggingConfiguration", Value::Null),
                ("/LoggingConfiguration/DestinationBucketName", json!("vod-case-other-logs")),
                ("/LoggingConfiguration/LogFilePrefix", json!("other/")),
                (
                    "/LoggingConfiguration/TargetObjectKeyFormat/PartitionedPrefix/PartitionDateSource",
                    json!("DeliveryTime"),
                ),
                ("/LoggingConfiguration/TargetObjectKeyFormat", Value::Null),
                ("/ReplicationConfiguration", copied_elsewhere(cx)),
                ("/Tags", other_tags("case")),
            ],
            fixed: vec![],
        },
        by_hand::case(cx),
        Case {
            kind: Kind::new("AWS::S3::BucketPolicy"),
            needs: vec![(BUCKET, plain(policed))],
            base: json!({
                "Bucket": policed,
                "PolicyDocument": { "Version": "2012-10-17", "Statement": [statement("false")] },
            }),
            variants: vec![("/PolicyDocument/Statement", json!([statement("true")]))],
            fixed: vec![],
        },
    ]
}

fn adapter() -> &'static dyn Adapter {
    registry().get(&BUCKET).expect("buckets are in the registry")
}

async fn put(cx: &Context, bucket: &str, key: &str) {
    let body = ByteStream::from_static(b"x");
    cx.s3().put_object().bucket(bucket).key(key).body(body).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_hold_data_and_share_their_names_with_the_world() {
    let cloud = Cloud::lenient("s3").await;
    let (cx, sweep) = (cloud.context(STACK).await, cloud.context("vod-sweep").await);
    tokio::join!(
        a_name_that_another_account_has_is_a_clear_error(&cloud, &cx),
        a_bucket_that_is_there_after_all_is_finished_if_ours_and_left_alone_if_not(&cx),
        contents_from_before_versions_and_after_go_as_well(&cx),
        versions_and_copies_that_were_turned_on_by_hand_go_together(&cx),
        the_sweep_finds_the_stacks_buckets_and_no_others(&sweep),
    );
    // By itself, since it counts calls.
    a_bucket_goes_with_its_contents_only_when_told_so(&cx).await;
}

async fn a_bucket_goes_with_its_contents_only_when_told_so(cx: &Context) {
    let mut declared = plain("vod-case-full");
    declared["VersioningConfiguration"] = json!({ "Status": "Enabled" });
    let name = adapter().create(cx, &declared).await.unwrap().id;
    let empty = adapter().observe(cx, &name).await.unwrap().unwrap();
    assert_eq!(empty.contents, Contents::Empty);

    for key in ["half", "half+ done 100%25"] {
        cx.s3().create_multipart_upload().bucket(&name).key(key).send().await.unwrap();
    }
    let unfinished = adapter().observe(cx, &name).await.unwrap().unwrap();
    assert_eq!(unfinished.contents, Contents::Some, "an unfinished upload is data");
    for key in ["a", "a", "b/ä &<>", "c", "d+e 100%", "f%20+ g"] {
        put(cx, &name, key).await;
    }
    let odd = adapter().observe(cx, &name).await.unwrap().unwrap();
    assert_eq!(odd.contents, Contents::Some);
    cx.s3().delete_object().bucket(&name).key("c").send().await.unwrap();

    let refused = adapter().delete(cx, &name, Removal::OnlyEmpty).await.unwrap_err();
    assert!(refused.is(&["BucketNotEmpty"]), "{refused}");
    insta::assert_snapshot!(whole(&refused.to_string()), @"s3:DeleteBucket failed with BucketNotEmpty: vod-case-full holds objects, old versions or delete markers, and stays as it is: only `teardown` takes them along (request <id>)");
    let before = cx.connection().calls().count();
    adapter().delete(cx, &name, Removal::WithContents).await.unwrap();
    let calls = cx.connection().calls().list().split_off(before);
    let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    assert!(operations.contains(&"AbortMultipartUpload"), "{operations:?}");
    assert_eq!(operations.iter().filter(|name| **name == "DeleteObjects").count(), 1, "{operations:?}");
    assert!(adapter().observe(cx, &name).await.unwrap().is_none());
}

async fn contents_from_before_versions_and_after_go_as_well(cx: &Context) {
    let name = adapter().create(cx, &plain("vod-case-mixed")).await.unwrap().id;
    put(cx, &name, "a").await;
    for status in [BucketVersioningStatus::Enabled, BucketVersioningStatus::Suspended] {
        let versioning = VersioningConfiguration::builder().status(status).build();
        let call = cx.s3().put_bucket_versioning().bucket(&name).versioning_configuration(versioning);
        call.send().await.unwrap();
        put(cx, &name, "a").await;
        put(cx, &name, "b").await;
    }
    let suspended = adapter().observe(cx, &name).await.unwrap().unwrap();
    assert_eq!(suspended.properties, plain(&name), "a bucket that stopped keeping versions is as declared");
    adapter().delete(cx, &name, Removal::WithContents).await.unwrap();
    assert!(adapter().observe(cx, &name).await.unwrap().is_none());
}

/// S3 does not let go of versions while something is copied; and it copies nothing without them.
async fn versions_and_copies_that_were_turned_on_by_hand_go_together(cx: &Context) {
    let declared = plain("vod-case-copied");
    let name = adapter().create(cx, &declared).await.unwrap().id;
    let mut copied = declared.clone();
    copied["VersioningConfiguration"] = json!({ "Status": "Enabled" });
    copied["ReplicationConfiguration"] = copied_elsewhere(cx);
    for (from, to) in [(&declared, &copied), (&copied, &declared)] {
        let seen = adapter().observe(cx, &name).await.unwrap().unwrap();
        assert_eq!(&seen.properties, from);
        let changes = provision::diff::diff(to, &seen.properties, adapter().create_only(), &[]);
        adapter().update(cx, &seen, to, &changes).await.unwrap();
        let seen = adapter().observe(cx, &name).await.unwrap().unwrap();
        assert_eq!(&seen.properties, to);
    }
    adapter().delete(cx, &name, Removal::OnlyEmpty).await.unwrap();
}

async fn a_name_that_another_account_has_is_a_clear_error(cloud: &Cloud, cx: &Context) {
    let account = "999988887777";
    let scope = Scope { account: account.to_owned(), ..cx.scope.clone() };
    let connection = Arc::new(Connection::to_local(cloud.target(account), cx.region()).await);
    let theirs = Context::new(connection, scope, cx.region());
    let declared = plain("vod-case-taken");
    let name = adapter().create(&theirs, &declared).await.unwrap().id;

    for error in
        [adapter().create(cx, &declared).await.unwrap_err(), adapter().observe(cx, &name).await.unwrap_err()]
    {
        assert!(error.is(&["BucketAlreadyExists"]), "{error}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(error.message, @"another AWS account has a bucket vod-case-taken, and no two buckets may share a name: choose another `stack` in the stack file");
        }
    }
    adapter().delete(&theirs, &name, Removal::OnlyEmpty).await.unwrap();
}

async fn a_bucket_that_is_there_after_all_is_finished_if_ours_and_left_alone_if_not(cx: &Context) {
    let declared = bucket_without_logs("vod-case-lost");
    let first = adapter().create(cx, &declared).await.unwrap();
    let bare = plain("vod-case-lost");
    let seen = adapter().observe(cx, &first.id).await.unwrap().unwrap();
    let changes = provision::diff::diff(&bare, &seen.properties, adapter().create_only(), &[]);
    adapter().update(cx, &seen, &bare, &changes).await.unwrap();
    let again = adapter().create(cx, &declared).await.unwrap();
    assert_eq!(again, first);
    let seen = adapter().observe(cx, &first.id).await.unwrap().unwrap();
    assert_eq!(seen.properties, declared, "the second create finishes what is missing");

    let mut elsewhere = declared.clone();
    elsewhere["Tags"] = tags("another/address");
    let refused = adapter().create(cx, &elsewhere).await.unwrap_err();
    insta::assert_snapshot!(whole(&refused.to_string()), @"s3:CreateBucket failed with BucketAlreadyOwnedByYou: a bucket vod-case-lost has appeared in this account since the plan was made: plan again to see whose it is");
    adapter().delete(cx, &first.id, Removal::OnlyEmpty).await.unwrap();
}

fn bucket_without_logs(name: &str) -> Value {
    let mut declared = bucket();
    declared["BucketName"] = json!(name);
    declared.as_object_mut().unwrap().remove("LoggingConfiguration");
    declared
}

async fn the_sweep_finds_the_stacks_buckets_and_no_others(cx: &Context) {
    let mark = |stack: &str| Mark { stack: stack.to_owned(), address: Address::new("storage/source") };
    let marked = |name: &str, stack: &str| {
        let mut declared = plain(name);
        let tags = mark(stack).tags().map(|(key, value)| json!({ "Key": key, "Value": value }));
        declared["Tags"] = json!(tags);
        declared
    };
    let ours = marked("vod-sweep-source", "vod-sweep");
    let others = marked("vod-sweep-staging-source", "vod-sweep-staging");
    for declared in [&ours, &others] {
        adapter().create(cx, declared).await.unwrap();
    }
    let found = adapter().list_owned(cx).await.unwrap();
    assert_eq!(found, [("vod-sweep-source".to_owned(), mark("vod-sweep"))]);
    for declared in [&ours, &others] {
        let name = declared["BucketName"].as_str().unwrap();
        adapter().delete(cx, name, Removal::OnlyEmpty).await.unwrap();
    }
}
