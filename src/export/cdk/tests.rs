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
    insta::assert_snapshot!(read(&files, "app.py").replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r#"
    """The stack vod, exported by provision VERSION."""

    import aws_cdk as cdk
    from aws_cdk import (
        aws_s3,
    )
    from constructs import Construct


    class Vod(cdk.Stack):
        def __init__(self, scope: Construct) -> None:
            super().__init__(
                scope,
                "vod",
                env=cdk.Environment(account="111122223333", region="eu-west-1"),
                synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            )
            self.template_options.template_format_version = "2010-09-09"
            self.template_options.description = "vod, exported by provision VERSION"
            self.template_options.metadata = {
                "provision": {
                    "Stack": "vod",
                    "Account": "111122223333",
                    "Region": "eu-west-1",
                    "Version": "VERSION",
                },
            }

            storage_work = aws_s3.CfnBucket(
                self,
                "StorageWork",
                bucket_name="vod-work",
                bucket_encryption={
                    "serverSideEncryptionConfiguration": [
                        {
                            "serverSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
                        },
                    ],
                },
            )
            storage_work.override_logical_id("StorageWork")
            storage_work.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.RETAIN
            storage_work.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN
            storage_work.cfn_options.metadata = {
                "provision": {"Address": "storage/work"},
                "checkov": {
                    "skip": [
                        {
                            "id": "CKV_AWS_21",
                            "comment": "It holds files for days that can be made again from the versioned source bucket. Versioning would keep expired files.",
                        },
                    ],
                },
            }

            storage_logs = aws_s3.CfnBucket(
                self,
                "StorageLogs",
                bucket_name="vod-logs",
            )
            storage_logs.override_logical_id("StorageLogs")
            storage_logs.cfn_options.metadata = {
                "provision": {"Address": "storage/logs"},
                "checkov": {
                    "skip": [
                        {
                            "id": "CKV_AWS_18",
                            "comment": "It receives the access logs: if it logged to itself, each log would create another one.",
                        },
                        {
                            "id": "CKV_AWS_21",
                            "comment": "AWS writes each log once under a unique name, and only AWS's log services may write. Versioning would keep expired logs.",
                        },
                    ],
                },
            }

            storage_work_policy = aws_s3.CfnBucketPolicy(
                self,
                "StorageWorkPolicy",
                bucket=storage_work.ref,
                policy_document={
                    "Statement": [
                        {
                            "Resource": cdk.Fn.join(
                                "",
                                [storage_work.get_att("Arn").to_string(), "/*"],
                            ),
                        },
                    ],
                },
            )
            storage_work_policy.override_logical_id("StorageWorkPolicy")
            storage_work_policy.add_resource_dependency(storage_logs)
            storage_work_policy.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.RETAIN
            storage_work_policy.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN
            storage_work_policy.cfn_options.metadata = {"provision": {"Address": "storage/work/policy"}}


    app = cdk.App(analytics_reporting=False)
    Vod(app)
    app.synth()
    "#);
}

/// An intrinsic function that stays as JSON would synthesise too, but would not be code that a team can go on with.
#[test]
fn no_function_stays_as_json() {
    for world in worlds() {
        let app = read(&files(&world.stack()).unwrap(), "app.py");
        assert!(!app.contains("\"Ref\":") && !app.contains("\"Fn::"), "{}", world.scope.stack);
    }
}
