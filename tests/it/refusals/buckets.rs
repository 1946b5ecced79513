//! S3's refusals.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLoggingStatus, CorsConfiguration,
    CorsRule, Event, ExpirationStatus, LambdaFunctionConfiguration, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter, LoggingEnabled, NotificationConfiguration, Tag, Tagging, Transition,
    TransitionStorageClass,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use serde_json::{Value, json};

use super::{Walk, bucket, policy};
use crate::support::ACCOUNT;

pub(super) async fn walk(walk: &mut Walk) {
    bucket(&walk.cx, "films").await;
    policies(walk).await;
    rules(walk).await;
    let s3 = walk.cx.s3().clone();
    let function = format!("arn:aws:lambda:{}:{ACCOUNT}:function:nobody", walk.cx.region());
    let notified = LambdaFunctionConfiguration::builder().lambda_function_arn(function);
    let notified = notified.events(Event::from("s3:ObjectCreated:*")).build().expect("it has both");
    let notified = NotificationConfiguration::builder().lambda_function_configurations(notified).build();
    refused!(
        walk,
        "a bucket's notification to a function that does not permit it",
        s3.put_bucket_notification_configuration().bucket("films").notification_configuration(notified)
    );
    let logs = |target: &str| {
        let to =
            LoggingEnabled::builder().target_bucket(target).target_prefix("").build().expect("it has both");
        let status = BucketLoggingStatus::builder().logging_enabled(to).build();
        s3.put_bucket_logging().bucket("films").bucket_logging_status(status)
    };
    refused!(walk, "access logs to an unknown bucket", logs("nowhere"));
    refused!(walk, "access logs to a bucket whose policy does not permit them", logs("films"));
    let cors = |method: &str, origin: &str| {
        let rule =
            CorsRule::builder().allowed_methods(method).allowed_origins(origin).build().expect("it has both");
        let rules = CorsConfiguration::builder().cors_rules(rule).build().expect("it has one");
        s3.put_bucket_cors().bucket("films").cors_configuration(rules)
    };
    refused!(walk, "a CORS rule with an unknown method", cors("PATCH", "*"));
    refused!(walk, "a CORS origin with two stars", cors("GET", "https://*.*.com"));
    let put = |key: &str| s3.put_object().bucket("films").key(key);
    refused!(walk, "a key of more than 1,024 bytes", put(&"k".repeat(1_025)));
    let tag = |key: &str| Tag::builder().key(key).value("v").build().expect("it has both");
    let tags = |tags: Vec<Tag>| {
        let tags = Tagging::builder().set_tag_set(Some(tags)).build().expect("it has a set");
        s3.put_bucket_tagging().bucket("films").tagging(tags)
    };
    refused!(walk, "a bucket's tags", tags(vec![tag("aws:x")]));
    refused!(
        walk,
        "more than 50 tags of a bucket",
        tags((0..51).map(|number| tag(&format!("k{number}"))).collect())
    );
}

async fn policies(walk: &mut Walk) {
    let s3 = walk.cx.s3().clone();
    let put = |change: &[(&str, Value)]| {
        let mut statement = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::films/*" });
        change.iter().for_each(|(key, value)| statement[*key] = value.clone());
        s3.put_bucket_policy().bucket("films").policy(policy(&statement))
    };
    put(&[]).send().await.expect("a sound policy is taken");
    refused!(walk, "a bucket policy that does not parse", put(&[("Action", json!("sqs:SendMessage"))]));
    refused!(walk, "a bucket policy for another bucket", put(&[("Resource", json!("arn:aws:s3:::other/*"))]));
    refused!(
        walk,
        "an action that applies to none of its resources",
        put(&[("Action", json!("s3:ListBucket"))])
    );
    let nobody = json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:role/nobody") });
    refused!(walk, "a bucket policy for an unknown principal", put(&[("Principal", nobody)]));
    let long = json!({ "StringEquals": { "aws:SourceArn": "x".repeat(20_480) } });
    refused!(walk, "a bucket policy of more than 20 KB", put(&[("Condition", long)]));
}

async fn rules(walk: &mut Walk) {
    let s3 = walk.cx.s3().clone();
    let rule = |id: &str| {
        let all = LifecycleRuleFilter::builder().prefix("").build();
        LifecycleRule::builder().id(id).status(ExpirationStatus::Enabled).filter(all)
    };
    let put = |rules: Vec<LifecycleRule>| {
        let rules =
            BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().expect("it has rules");
        s3.put_bucket_lifecycle_configuration().bucket("films").lifecycle_configuration(rules)
    };
    let after = |days| LifecycleExpiration::builder().days(days).build();
    let to = |days, class| Transition::builder().days(days).storage_class(class).build();
    let built =
        |rule: aws_sdk_s3::types::builders::LifecycleRuleBuilder| rule.build().expect("it has a status");
    put(vec![built(rule("a").expiration(after(1)))]).send().await.expect("a sound rule is taken");
    refused!(walk, "a lifecycle rule without an action", put(vec![built(rule("a"))]));
    let twice = vec![built(rule("a").expiration(after(1))), built(rule("a").expiration(after(2)))];
    refused!(walk, "two lifecycle rules of one id", put(twice));
    let early = rule("a").transitions(to(29, TransitionStorageClass::StandardIa));
    refused!(walk, "an infrequent-access transition before 30 days", put(vec![built(early)]));
    let order = rule("a").transitions(to(30, TransitionStorageClass::Glacier)).expiration(after(30));
    refused!(walk, "an expiration that is not after the transition", put(vec![built(order)]));
    let tag = Tag::builder().key("a").value("b").build().expect("it has both");
    let uploads = AbortIncompleteMultipartUpload::builder().days_after_initiation(1).build();
    let tagged = rule("a").filter(LifecycleRuleFilter::builder().tag(tag).build());
    let tagged = tagged.abort_incomplete_multipart_upload(uploads);
    refused!(walk, "a lifecycle rule with a tag for markers or unfinished uploads", put(vec![built(tagged)]));
}
