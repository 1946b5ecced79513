//! The stack's home bucket: what somebody puts into it decides nothing, nobody of another stack writes into it, and it goes with
//! its stack alone.

use std::io::{Cursor, Write as _};

use crate::support::root::Root;
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use provision::aws::Context;
use provision::model::bundle_key;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const STACK: &str = "stacks/local.yaml";
const HANDLERS: [&str; 2] = ["vod-local-submit", "vod-local-publish"];

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A package that no stack declares.
fn foreign_package() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).unwrap();
    zip.write_all(b"#!/bin/sh\nexit 7\n").unwrap();
    zip.finish().unwrap().into_inner()
}

async fn make_bucket(cx: &Context, name: &str) {
    let location = BucketLocationConstraint::from(cx.region());
    let location = CreateBucketConfiguration::builder().location_constraint(location).build();
    cx.s3().create_bucket().bucket(name).create_bucket_configuration(location).send().await.unwrap();
}

/// The digest of a function's code.
async fn code_of(cx: &Context, function: &str) -> String {
    use base64::Engine as _;
    let found = cx.lambda().get_function().function_name(function).send().await.unwrap();
    let digest = found.configuration.unwrap().code_sha256.unwrap();
    hex::encode(base64::engine::general_purpose::STANDARD.decode(digest).unwrap())
}

async fn object(cx: &Context, bucket: &str, key: &str) -> Vec<u8> {
    let found = cx.s3().get_object().bucket(bucket).key(key).send().await.unwrap();
    found.body.collect().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_somebody_replaced_never_becomes_code_and_is_uploaded_again() {
    let cloud = Cloud::start("bundle-swapped").await;
    cloud.provision(&["apply", STACK, "--yes"], 0);
    let cx = cloud.context("vod-local").await;
    let home = cx.scope.home_bucket();
    let mut digests = Vec::new();
    for handler in HANDLERS {
        digests.push(code_of(&cx, handler).await);
    }
    let swap_and_undo = async || {
        // One function is to be made, the other one is to get its code back.
        cx.lambda().delete_function().function_name(HANDLERS[0]).send().await.unwrap();
        let by_hand = cx.lambda().update_function_code().function_name(HANDLERS[1]);
        by_hand.zip_file(foreign_package().into()).send().await.unwrap();
    };
    let swap = async || {
        for digest in &digests {
            let put = cx.s3().put_object().bucket(&home).key(bundle_key(digest));
            put.body(foreign_package().into()).send().await.unwrap();
        }
    };
    let healed = async || {
        for (handler, digest) in HANDLERS.iter().zip(&digests) {
            assert_eq!(code_of(&cx, handler).await, *digest, "{handler} has foreign code");
            assert_eq!(sha256(&object(&cx, &home, &bundle_key(digest)).await), *digest, "{handler}");
        }
    };
    swap_and_undo().await;
    swap().await;
    cloud.provision(&["apply", STACK, "--yes", "--allow-broadening"], 0);
    healed().await;

    // A saved plan carries its packages.
    swap_and_undo().await;
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan");
    cloud.provision(&["plan", STACK, "--out", plan.to_str().unwrap()], 0);
    swap().await;
    cloud.provision(&["apply", plan.to_str().unwrap(), "--yes", "--allow-broadening"], 0);
    healed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_somebody_wrote_into_the_record_deletes_nothing() {
    let cloud = Cloud::start("record-forged").await;
    cloud.provision(&["apply", STACK, "--yes"], 0);
    let cx = cloud.context("vod-local").await;
    let theirs = "other-teams-bucket";
    make_bucket(&cx, theirs).await;
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{theirs}/*"),
    }]});
    cx.s3().put_bucket_policy().bucket(theirs).policy(policy.to_string()).send().await.unwrap();

    let (home, key) = (cx.scope.home_bucket(), "record.json");
    let mut record: Value = serde_json::from_slice(&object(&cx, &home, key).await).unwrap();
    let line = |address: &str, kind: &str| json!({ "address": address, "kind": kind, "region": REGION, "id": theirs, "properties": {} });
    let forged =
        [line("storage/old", "AWS::S3::Bucket"), line("storage/old/policy", "AWS::S3::BucketPolicy")];
    record["resources"].as_array_mut().unwrap().extend(forged);
    let body = ByteStream::from(record.to_string().into_bytes());
    cx.s3().put_object().bucket(&home).key(key).body(body).send().await.unwrap();

    let (planned, _) = cloud.provision(&["plan", STACK], 0);
    assert!(planned.contains("nothing to do: all ") && !planned.contains(theirs), "{planned}");
    // An apply that has something to do, and a teardown, leave it alone as well.
    let changed = StackFile::new(&[("log_retention: 1d", "log_retention: 3d")]);
    let (applied, _) = cloud.provision(&["apply", changed.path(), "--yes"], 0);
    assert!(applied.contains("changed") && !applied.contains(theirs), "{applied}");
    let (down, _) = cloud.provision(&["teardown", changed.path(), "--yes"], 0);
    assert!(!down.contains(theirs), "{down}");
    let left = cx.s3().get_bucket_policy().bucket(theirs).send().await.expect("their policy is there");
    assert!(left.policy().unwrap().contains("s3:GetObject"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teardown_removes_its_own_home_and_no_other_stacks() {
    let cloud = Cloud::start("two-homes").await;
    let staging = StackFile::new(&[("stack: vod-local", "stack: vod-local-staging")]);
    cloud.provision(&["apply", STACK, "--yes"], 0);
    cloud.provision(&["apply", staging.path(), "--yes"], 0);
    let cx = cloud.context("vod-local").await;
    let (gone, _) = cloud.provision(&["teardown", STACK, "--yes"], 0);
    assert!(gone.ends_with("audit: nothing of stack vod-local is left\n"), "{gone}");
    let buckets = async || {
        let listed = cx.s3().list_buckets().send().await.unwrap();
        let names = listed.buckets().iter().filter_map(|bucket| bucket.name().map(str::to_owned));
        names.filter(|name| name.starts_with("provision-")).collect::<Vec<_>>()
    };
    assert_eq!(buckets().await, [format!("provision-{ACCOUNT}-{REGION}-vod-local-staging")]);
    let (nothing, _) = cloud.provision(&["plan", staging.path()], 0);
    assert!(nothing.contains("nothing to do: all "), "{nothing}");
    let (told, _) = cloud.provision(&["history", staging.path()], 0);
    assert!(told.contains("  apply  complete  "), "{told}");

    // Once more: there is nothing, and nothing is made or written.
    let (nothing, calls) = cloud.provision(&["-v", "teardown", STACK, "--yes"], 0);
    assert!(nothing.starts_with("nothing of stack vod-local is there\n"), "{nothing}");
    assert_eq!(crate::support::calls::mutating(&calls), Vec::<&str>::new());
    cloud.provision(&["teardown", staging.path(), "--yes"], 0);
    assert_eq!(buckets().await, Vec::<String>::new());
}

/// The audit's case: two stacks of one account and region, and a role that may apply or tear down only one of them.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_change_one_stack_cannot_write_what_another_one_reads() {
    let cloud = Cloud::enforcing("homes-apart").await;
    let root = Root::of(&cloud).await;
    let (vod, staging) = ("stack: vod", "stack: vod-staging");
    for (attacker, victim) in [(vod, staging), (staging, vod)] {
        let [attacker, victim] = [attacker, victim].map(|name| StackFile::new(&[("stack: vod-local", name)]));
        let cx = cloud.context(&victim.name()).await;
        let home = cx.scope.home_bucket();
        make_bucket(&cx, &home).await;
        let keys = ["lock.json", "record.json", "bundle/00.zip"];
        for key in keys {
            cx.s3().put_object().bucket(&home).key(key).body(b"theirs".to_vec().into()).send().await.unwrap();
        }
        for command in ["apply", "teardown"] {
            let name = format!("{}-{command}", attacker.name());
            let s3 = root.s3_as(&root.role(&name, &attacker, &[command]).await).await;
            for key in keys {
                let put = s3.put_object().bucket(&home).key(key).body(b"mine".to_vec().into());
                assert_eq!(refusal(put.send().await), "AccessDenied", "{name} puts {key}");
                let delete = s3.delete_object().bucket(&home).key(key);
                assert_eq!(refusal(delete.send().await), "AccessDenied", "{name} deletes {key}");
                let get = s3.get_object().bucket(&home).key(key);
                assert_eq!(refusal(get.send().await), "AccessDenied", "{name} reads {key}");
            }
            let policy = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": format!("arn:aws:s3:::{home}/*"),
            }]});
            let policy = s3.put_bucket_policy().bucket(&home).policy(policy.to_string());
            assert_eq!(refusal(policy.send().await), "AccessDenied", "{name}");
            assert_eq!(
                refusal(s3.delete_bucket_policy().bucket(&home).send().await),
                "AccessDenied",
                "{name}"
            );
            assert_eq!(
                refusal(s3.delete_bucket_lifecycle().bucket(&home).send().await),
                "AccessDenied",
                "{name}"
            );
            assert_eq!(refusal(s3.delete_bucket().bucket(&home).send().await), "AccessDenied", "{name}");
            // The same calls are allowed where they belong.
            let own = cloud.context(&attacker.name()).await.scope.home_bucket();
            let put = s3.put_object().bucket(&own).key("lock.json").body(b"mine".to_vec().into());
            assert_eq!(refusal(put.send().await), "NoSuchBucket", "{name} in its own home");
        }
        for key in keys {
            assert_eq!(object(&cx, &home, key).await, b"theirs");
            cx.s3().delete_object().bucket(&home).key(key).send().await.unwrap();
        }
        cx.s3().delete_bucket().bucket(&home).send().await.unwrap();
    }
}

/// The code of the error with which a call was refused.
fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(answer: Result<T, E>) -> String {
    let error = answer.expect_err("the call is refused");
    error.code().unwrap_or_else(|| panic!("{error:?}")).to_owned()
}
