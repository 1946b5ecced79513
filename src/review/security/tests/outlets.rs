//! What goes elsewhere by itself, and addresses that lead in.

use serde_json::{Value, json};

use super::*;

const BUCKET: &str = "AWS::S3::Bucket";
const SUBSCRIPTION: &str = "AWS::SNS::Subscription";
const FILTER: &str = "AWS::Logs::SubscriptionFilter";
const URL: &str = "AWS::Lambda::Url";
const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

fn copied(rules: &Value) -> Value {
    json!({ "BucketName": "b", "ReplicationConfiguration": { "Role": "arn:r", "Rules": rules } })
}

fn rule(status: &str) -> Value {
    json!({
        "Id": "all", "Status": status, "Priority": 1, "Filter": {},
        "Destination": { "Bucket": "arn:aws:s3:::theirs", "Account": "999988887777" },
    })
}

#[test]
fn a_bucket_is_copied_elsewhere() {
    let none = json!({ "BucketName": "b" });
    let all = copied(&json!([rule("Enabled")]));
    let origin = "ReplicationConfiguration.Rules[all]: new";
    broadens(BUCKET, &none, &all, Broadening::Sent, origin);
    broadens(BUCKET, &copied(&json!([rule("Disabled")])), &all, Broadening::Sent, origin);
    let found = updated(BUCKET, &none, &all);
    assert_eq!(found[0].principal, "arn:aws:s3:::theirs of account 999988887777");
    let mut elsewhere = rule("Enabled");
    elsewhere["Destination"]["Bucket"] = json!("arn:aws:s3:::others");
    assert_eq!(updated(BUCKET, &all, &copied(&json!([elsewhere]))).len(), 1);
    let mut renamed = rule("Enabled");
    renamed["Id"] = json!("everything");
    assert_eq!(updated(BUCKET, &all, &copied(&json!([renamed]))), []);
    assert_eq!(deleted(BUCKET, &all), []);
}

/// The query strings of private playback hold signatures, and so may cookies.
#[test]
fn what_viewers_ask_for_is_recorded_elsewhere() {
    let config = |logging: Value, stream: Value| {
        json!({ "DistributionConfig": {
            "Enabled": true, "Origins": [], "Logging": logging,
            "CacheBehaviors": [{ "PathPattern": "*.m3u8", "RealtimeLogConfigArn": stream }],
            "DefaultCacheBehavior": { "TargetOriginId": "output" },
        } })
    };
    let none = config(Value::Null, Value::Null);
    let bucket = json!({ "Bucket": "theirs.s3.amazonaws.com", "IncludeCookies": false });
    let cookies = json!({ "IncludeCookies": true });
    for (with, who, origin) in [
        (config(bucket, Value::Null), "theirs.s3.amazonaws.com", "Logging.Bucket"),
        (config(cookies, Value::Null), "readers of its access logs", "Logging.IncludeCookies"),
        (config(Value::Null, json!("arn:r")), "arn:r", "CacheBehavior[*.m3u8].RealtimeLogConfigArn"),
    ] {
        broadens(DISTRIBUTION, &none, &with, Broadening::Sent, &format!("DistributionConfig.{origin}: new"));
        assert_eq!(updated(DISTRIBUTION, &none, &with)[0].principal, who);
        assert_eq!(updated(DISTRIBUTION, &with, &none), []);
    }
}

fn subscribed(endpoint: &str) -> Value {
    json!({ "TopicArn": "arn:t", "Protocol": "email", "Endpoint": endpoint })
}

#[test]
fn somebody_else_is_told() {
    let found = created(SUBSCRIPTION, &subscribed("a@example.com"));
    assert_eq!((found.len(), found[0].principal.as_str()), (1, "a@example.com"));
    assert_eq!(
        (found[0].broadening, found[0].resources.as_slice()),
        (Broadening::Sent, &["arn:t".to_owned()][..])
    );
    let found = updated(SUBSCRIPTION, &subscribed("a@example.com"), &subscribed("b@example.com"));
    let origins: Vec<_> = found.iter().map(|one| one.origin.as_str()).collect();
    assert_eq!(origins, ["Endpoint: a@example.com gives way to b@example.com"]);
    assert_eq!(updated(SUBSCRIPTION, &subscribed("a@example.com"), &subscribed("A@Example.com")), []);
    let hook = |path: &str| json!({ "TopicArn": "arn:t", "Protocol": "https", "Endpoint": format!("https://hooks/{path}") });
    assert_eq!(updated(SUBSCRIPTION, &hook("a"), &hook("A")).len(), 1, "paths have case");
    assert_eq!(deleted(SUBSCRIPTION, &subscribed("a@example.com")), []);
}

#[test]
fn logs_are_sent_elsewhere() {
    let filter = |to: &str, pattern: &str| json!({ "LogGroupName": "g", "FilterName": "f", "FilterPattern": pattern, "DestinationArn": to });
    let found = created(FILTER, &filter("arn:d", ""));
    assert_eq!((found.len(), found[0].principal.as_str()), (1, "arn:d"));
    assert_eq!(updated(FILTER, &filter("arn:d", "x"), &filter("arn:d", "")).len(), 1);
    assert_eq!(updated(FILTER, &filter("arn:d", "ERROR"), &filter("arn:d", "error")).len(), 1);
    assert_eq!(updated(FILTER, &filter("arn:d:function:a", ""), &filter("arn:d:function:A", "")).len(), 1);
    assert_eq!(updated(FILTER, &filter("arn:d", ""), &filter("arn:d", "")), []);
    assert_eq!(deleted(FILTER, &filter("arn:d", "")), []);
}

#[test]
fn a_function_gets_an_address() {
    let url =
        |auth: &str| json!({ "TargetFunctionArn": "arn:f", "AuthType": auth, "InvokeMode": "BUFFERED" });
    broadens(URL, &url("AWS_IAM"), &url("NONE"), Broadening::Invoke, "AuthType: AWS_IAM gives way to NONE");
    assert_eq!(created(URL, &url("NONE"))[0].principal, "*");
    assert_eq!(created(URL, &url("AWS_IAM"))[0].principal, "whoever a policy allows it");
    assert_eq!(deleted(URL, &url("NONE")), []);
}
