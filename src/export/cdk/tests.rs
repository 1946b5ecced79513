//! Tests of an export to the Cloud Development Kit. A test of the whole program synthesises the app.

use serde_json::json;

use super::*;
use crate::export::tests::{declared, few, read, worlds};
use crate::model::Guard;

#[test]
fn an_app_has_a_construct_for_each_resource() {
    let arn = "arn:aws:s3:::vod-work";
    let mut bucket = declared(
        "storage/work",
        "AWS::S3::Bucket",
        json!({
            "BucketName": "vod-work",
            "BucketEncryption": { "ServerSideEncryptionConfiguration": [
                { "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }] },
        }),
    );
    bucket.guard = Guard::Data;
    bucket.predicted =
        [("Arn".to_owned(), arn.to_owned()), ("BucketName".to_owned(), "vod-work".to_owned())].into();
    let mut policy = declared(
        "storage/work/policy",
        "AWS::S3::BucketPolicy",
        json!({
            "Bucket": { "Fn::GetAtt": ["storage/work", "BucketName", "vod-work"] },
            "PolicyDocument": { "Statement": [{
                "Resource": { "Fn::Join": ["", [{ "Fn::GetAtt": ["storage/work", "Arn", arn] }, "/*"]] },
            }] },
        }),
    );
    policy.after = ["storage/logs".into()].into();
    let logs = declared("storage/logs", "AWS::S3::Bucket", json!({ "BucketName": "vod-logs" }));
    let files = files(&few(vec![bucket, policy, logs]).stack()).unwrap();
    insta::assert_snapshot!(read(&files, "app.py").replace(env!("CARGO_PKG_VERSION"), "VERSION"), @"");
}

/// An intrinsic function that stays as JSON would synthesise too, but would not be code that a team can go on with.
#[test]
fn no_function_stays_as_json() {
    for world in worlds() {
        let app = read(&files(&world.stack()).unwrap(), "app.py");
        assert!(!app.contains("\"Ref\":") && !app.contains("\"Fn::"), "{}", world.scope.stack);
    }
}
