//! What is sent elsewhere, and addresses that lead in.

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
    let new = [none, copied(&json!([rule("Disabled")]))].map(|before| broadens(BUCKET, &before, &all));
    insta::assert_snapshot!(new.join("\n"), @r"
    Sent | arn:aws:s3:::theirs of account 999988887777 | copies of new objects | ReplicationConfiguration.Rules[all]: new
    Sent | arn:aws:s3:::theirs of account 999988887777 | copies of new objects | ReplicationConfiguration.Rules[all]: new
    ");
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
fn viewers_requests_are_logged_elsewhere() {
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
    let with =
        [config(bucket, Value::Null), config(cookies, Value::Null), config(Value::Null, json!("arn:r"))];
    insta::assert_snapshot!(with.map(|with| broadens(DISTRIBUTION, &none, &with)).join("\n"), @r"
    Sent | theirs.s3.amazonaws.com | logs of viewers' requests | DistributionConfig.Logging.Bucket: new
    Sent | readers of its access logs | viewers' cookies | DistributionConfig.Logging.IncludeCookies: new
    Sent | arn:r | logs of viewers' requests | DistributionConfig.CacheBehaviors[*.m3u8].RealtimeLogConfigArn: new
    ");
}

fn subscribed(endpoint: &str) -> Value {
    json!({ "TopicArn": "arn:t", "Protocol": "email", "Endpoint": endpoint })
}

#[test]
fn somebody_else_is_told() {
    let new = created(SUBSCRIPTION, &subscribed("a@example.com"));
    assert_eq!(new[0].resources, ["arn:t"]);
    let other = updated(SUBSCRIPTION, &subscribed("a@example.com"), &subscribed("b@example.com"));
    insta::assert_snapshot!([new, other].map(|found| lines(&found)).join("\n"), @r"
    Sent | a@example.com | messages published to the topic | Endpoint: new
    Sent | b@example.com | messages published to the topic | Endpoint: a@example.com → b@example.com
    ");
    assert_eq!(updated(SUBSCRIPTION, &subscribed("a@example.com"), &subscribed("A@Example.com")), []);
    let hook = |path: &str| json!({ "TopicArn": "arn:t", "Protocol": "https", "Endpoint": format!("https://hooks/{path}") });
    assert_eq!(updated(SUBSCRIPTION, &hook("a"), &hook("A")).len(), 1, "paths have case");
    assert_eq!(deleted(SUBSCRIPTION, &subscribed("a@example.com")), []);
}

#[test]
fn logs_are_sent_elsewhere() {
    let filter = |to: &str, pattern: &str| json!({ "LogGroupName": "g", "FilterName": "f", "FilterPattern": pattern, "DestinationArn": to });
    let new = created(FILTER, &filter("arn:d", ""));
    let more = updated(FILTER, &filter("arn:d", "x"), &filter("arn:d", ""));
    insta::assert_snapshot!([new, more].map(|found| lines(&found)).join("\n"), @r"
    Sent | arn:d | log events | DestinationArn: new
    Sent | arn:d | log events | FilterPattern: x →
    ");
    assert_eq!(updated(FILTER, &filter("arn:d", "ERROR"), &filter("arn:d", "error")).len(), 1);
    assert_eq!(updated(FILTER, &filter("arn:d:function:a", ""), &filter("arn:d:function:A", "")).len(), 1);
    assert_eq!(updated(FILTER, &filter("arn:d", ""), &filter("arn:d", "")), []);
    assert_eq!(deleted(FILTER, &filter("arn:d", "")), []);
}

#[test]
fn a_function_gets_an_address() {
    let url =
        |auth: &str| json!({ "TargetFunctionArn": "arn:f", "AuthType": auth, "InvokeMode": "BUFFERED" });
    let opened = broadens(URL, &url("AWS_IAM"), &url("NONE"));
    let [open, closed] = ["NONE", "AWS_IAM"].map(|auth| lines(&created(URL, &url(auth))));
    insta::assert_snapshot!([opened, open, closed].join("\n"), @r"
    Invoke | * | lambda:InvokeFunctionUrl | AuthType: AWS_IAM → NONE
    Invoke | * | lambda:InvokeFunctionUrl | AuthType: new
    Invoke | anyone whom a policy allows it | lambda:InvokeFunctionUrl | AuthType: new
    ");
    assert_eq!(deleted(URL, &url("NONE")), []);
}
