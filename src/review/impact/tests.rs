//! Facts match the changes that they are about, cover every type, and are in the documentation.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::{Action, Cause, Property, Severity};
use super::{impact, table};
use crate::diff::diff;
use crate::model::Tags;
use crate::resource::registry;
use crate::resource::s3::{
    Bucket, BucketEncryption, NotificationConfiguration, OwnershipControls, PublicAccessBlockConfiguration,
    VersioningConfiguration,
};

fn properties(before: &Value, after: &Value) -> Vec<Property> {
    let one = |change: crate::model::PropertyChange| Property {
        path: change.path,
        before: change.before,
        after: change.after,
        cause: Cause::Unknown,
        applied: None,
        forces_replacement: change.replaces,
    };
    diff(after, before, &[], &[]).0.into_iter().map(one).collect()
}

fn updated(kind: &str, before: &Value, after: &Value) -> Option<(Severity, String)> {
    impact(kind, Action::Update, &properties(before, after)).map(|impact| (impact.severity, impact.text))
}

/// The severity of a change and of going back.
fn both(kind: &str, one: &Value, other: &Value) -> (Option<Severity>, Option<Severity>) {
    let severity = |found: Option<(Severity, String)>| found.map(|(severity, _)| severity);
    (severity(updated(kind, one, other)), severity(updated(kind, other, one)))
}

const BUCKET: &str = "AWS::S3::Bucket";
const LOSS: Option<Severity> = Some(Severity::Interruption);
const NOTICE: Option<Severity> = Some(Severity::Notice);
const NOTHING: Option<Severity> = Some(Severity::None);

fn rules(rules: &Value) -> Value {
    json!({ "BucketName": "b", "LifecycleConfiguration": { "Rules": rules } })
}

#[test]
fn whatever_may_delete_objects_sooner_is_grave() {
    let rule = |members: Value| {
        let mut rule = json!({ "Id": "r", "Status": "Enabled", "Prefix": "a/", "ExpirationInDays": 30 });
        rule.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        rule.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        rules(&json!([rule]))
    };
    let now = rule(json!({}));
    for (sooner, back) in [
        (json!({ "ExpirationInDays": 7 }), NOTICE),
        (json!({ "Prefix": null }), NOTICE),
        (json!({ "Prefix": "b/" }), LOSS),
        (json!({ "NoncurrentVersionExpiration": { "NoncurrentDays": 1 } }), NOTICE),
        (json!({ "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 1 } }), NOTICE),
        (json!({ "Transitions": [{ "StorageClass": "DEEP_ARCHIVE", "TransitionInDays": 1 }] }), NOTICE),
    ] {
        assert_eq!(both(BUCKET, &now, &rule(sooner.clone())), (LOSS, back), "{sooner}");
    }
    assert_eq!(both(BUCKET, &rule(json!({ "Status": "Disabled" })), &now), (LOSS, NOTICE));
    let versions = |count: Value| {
        rule(
            json!({ "NoncurrentVersionExpiration": { "NoncurrentDays": 9, "NewerNoncurrentVersions": count } }),
        )
    };
    assert_eq!(both(BUCKET, &versions(json!(5)), &versions(json!(2))), (LOSS, NOTICE));
}

#[test]
fn a_rule_that_comes_or_goes() {
    let none = json!({ "BucketName": "b" });
    let expire = rules(&json!([{ "Id": "r", "Status": "Enabled", "Prefix": "a/", "ExpirationInDays": 30 }]));
    assert_eq!(both(BUCKET, &none, &expire), (LOSS, NOTICE));
    let disabled = rules(&json!([{ "Id": "r", "Status": "Disabled", "Prefix": "a/" }]));
    assert_eq!(both(BUCKET, &none, &disabled), (NOTICE, NOTICE));
    let archive = json!([{ "StorageClass": "GLACIER_IR", "TransitionInDays": 30 }]);
    let archive =
        rules(&json!([{ "Id": "r", "Status": "Enabled", "TagFilters": [], "Transitions": archive }]));
    assert_eq!(both(BUCKET, &none, &archive), (NOTICE, NOTICE));
}

#[test]
fn uploads_that_start_nothing_are_grave() {
    let on = json!({ "NotificationConfiguration": { "EventBridgeConfiguration": { "EventBridgeEnabled": true } } });
    assert_eq!(both(BUCKET, &on, &json!({})), (LOSS, NOTICE));
    // The facts do not know which bucket it is, so they are true for all.
    insta::assert_snapshot!(updated(BUCKET, &on, &json!({})).unwrap().1, @"EventBridge no longer gets this bucket's events. If it is the source bucket, uploads are no longer transcoded. The receivers or the events of notifications change.");
    let rule = |state: &str| json!({ "Name": "r", "State": state });
    assert_eq!(both("AWS::Events::Rule", &rule("ENABLED"), &rule("DISABLED")), (LOSS, NOTICE));
    let queue = |status: &str| json!({ "Name": "q", "Status": status });
    assert_eq!(both("AWS::MediaConvert::Queue", &queue("ACTIVE"), &queue("PAUSED")), (LOSS, NOTICE));
}

#[test]
fn a_wildcard_takes_nothing_from_those_that_it_stands_for() {
    let headers = "AWS::CloudFront::ResponseHeadersPolicy";
    let cors = |list: &str, items: Value| {
        let cors = json!({ list: { "Items": items } });
        json!({ "ResponseHeadersPolicyConfig": { "CorsConfig": cors } })
    };
    let change =
        |list: &str, before: Value, after: Value| both(headers, &cors(list, before), &cors(list, after));
    let (allow, origins) = ("AccessControlAllowHeaders", "AccessControlAllowOrigins");
    assert_eq!(change(allow, json!(["Range"]), json!(["*"])), (NOTICE, LOSS));
    assert_eq!(change(allow, json!(["Authorization", "Range"]), json!(["*"])), (LOSS, LOSS));
    assert_eq!(change(allow, json!(["range"]), json!(["Range"])), (NOTICE, NOTICE));
    assert_eq!(change(origins, json!(["https://a.example.com"]), json!(["*"])), (NOTICE, LOSS));
    assert_eq!(
        change(origins, json!(["https://a.example.com"]), json!(["https://*.example.com"])),
        (NOTICE, LOSS)
    );
    let methods = change("AccessControlAllowMethods", json!(["GET", "HEAD"]), json!(["ALL"]));
    assert_eq!(methods, (NOTICE, LOSS));
    let upload = |member: &str, items: Value| json!({ "BucketName": "b", "CorsConfiguration": { "CorsRules": [{ "Id": "r", member: items }] } });
    // S3 repeats the headers that a browser asks for, so its `*` stands for all of them.
    let all = (&upload("AllowedHeaders", json!(["Authorization"])), &upload("AllowedHeaders", json!(["*"])));
    assert_eq!(both(BUCKET, all.0, all.1), (NOTICE, LOSS));
}

#[test]
fn delivery() {
    const CDN: &str = "AWS::CloudFront::Distribution";
    let behavior = |keys: Value| json!({ "DistributionConfig": { "DefaultCacheBehavior": { "TargetOriginId": "o", "TrustedKeyGroups": keys } } });
    assert_eq!(both(CDN, &behavior(Value::Null), &behavior(json!(["k"]))), (LOSS, NOTICE));
    assert_eq!(both(CDN, &behavior(json!(["k", "l"])), &behavior(json!(["k"]))), (LOSS, NOTICE));
    for (member, attached) in [
        ("TrustedSigners", json!(["self"])),
        ("FunctionAssociations", json!([{ "EventType": "viewer-request", "FunctionARN": "arn:f" }])),
    ] {
        let with =
            |list: &Value| json!({ "DistributionConfig": { "DefaultCacheBehavior": { member: list } } });
        assert_eq!(both(CDN, &with(&Value::Null), &with(&attached)), (NOTICE, LOSS), "{member}");
    }
    let logs = json!({ "Logging": { "Bucket": "theirs.s3.amazonaws.com", "IncludeCookies": false } });
    let realtime = json!({ "DefaultCacheBehavior": { "RealtimeLogConfigArn": "arn:r" } });
    let mut ends = BTreeSet::new();
    for config in [logs, realtime] {
        let (with, without) = (
            json!({ "DistributionConfig": config }),
            json!({ "DistributionConfig": { "DefaultCacheBehavior": {} } }),
        );
        let (severity, text) = updated(CDN, &with, &without).unwrap();
        assert_eq!(severity, Severity::Notice);
        ends.insert(text);
    }
    insta::assert_snapshot!(ends.into_iter().collect::<Vec<_>>().join("\n"), @"Requests are no longer logged there. Viewers notice nothing. The change takes minutes to reach all edge locations. Until then, they use the former configuration.");
    let places = |list: Value| {
        json!({ "DistributionConfig": { "Restrictions": { "GeoRestriction": {
        "RestrictionType": "whitelist", "Locations": list
    } } } })
    };
    let everywhere = json!({ "DistributionConfig": {} });
    assert_eq!(both(CDN, &everywhere, &places(json!(["KR"]))), (LOSS, NOTICE));
    assert_eq!(both(CDN, &places(json!(["KR", "JP"])), &places(json!(["KR"]))), (LOSS, LOSS));
    let comment = |text: &str| json!({ "DistributionConfig": { "Comment": text } });
    insta::assert_debug_snapshot!(updated(CDN, &comment("a"), &comment("b")), @r#"
    Some(
        (
            Notice,
            "The change takes minutes to reach all edge locations. Until then, they use the former configuration.",
        ),
    )
    "#);
    let named = |list: Value| json!({ "DistributionConfig": { "Aliases": list } });
    assert_eq!(both(CDN, &named(json!(["a"])), &named(json!(["a", "b"]))), (NOTICE, LOSS));
    let keys = |list: Value| json!({ "KeyGroupConfig": { "Items": list } });
    assert_eq!(
        both("AWS::CloudFront::KeyGroup", &keys(json!(["a", "b"])), &keys(json!(["a"]))),
        (LOSS, NOTICE)
    );
}

#[test]
fn functions_logs_and_messages() {
    let function = |members: Value| {
        let mut function = json!({ "FunctionName": "f", "Timeout": 60 });
        function.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        function
    };
    let code = function(json!({ "Code": { "S3Key": "b" } }));
    let (severity, text) =
        updated("AWS::Lambda::Function", &function(json!({ "Code": { "S3Key": "a" } })), &code).unwrap();
    assert_eq!(severity, Severity::Notice);
    insta::assert_snapshot!(text, @"New invocations run the new code once the update is done. Running invocations finish with the old code. It runs as before during the update, then with cold starts in new environments.");
    let throttled = function(json!({ "ReservedConcurrentExecutions": 0 }));
    assert_eq!(both("AWS::Lambda::Function", &function(json!({})), &throttled), (LOSS, NOTICE));
    let log = |days: Value| json!({ "LogGroupName": "l", "RetentionInDays": days });
    assert_eq!(both("AWS::Logs::LogGroup", &log(Value::Null), &log(json!(30))), (LOSS, NOTHING));
    assert_eq!(both("AWS::Logs::LogGroup", &log(json!(90)), &log(json!(30))), (LOSS, NOTHING));
    let queue = |seconds: u32| json!({ "QueueName": "q", "MessageRetentionPeriod": seconds });
    assert_eq!(both("AWS::SQS::Queue", &queue(1_209_600), &queue(60)), (LOSS, NOTICE));
}

#[test]
fn tags_are_nothing() {
    let tagged = |value: &str| json!({ "Tags": [{ "Key": "team", "Value": value }] });
    for adapter in registry().iter() {
        assert_eq!(updated(adapter.kind().as_str(), &tagged("a"), &tagged("b")), None);
    }
}

#[test]
fn every_type_has_something_to_say_of_every_action() {
    for adapter in registry().iter() {
        let kind = adapter.kind();
        let update = updated(kind.as_str(), &json!({ "Other": 1 }), &json!({ "Other": 2 }));
        // A bucket has no fact for all of its settings: the next test wants one for each.
        assert!(update.is_some() || kind.as_str() == BUCKET, "{kind}");
        for action in [Action::Delete, Action::Replace] {
            assert!(impact(kind.as_str(), action, &[]).is_some(), "{kind} {action:?}");
        }
    }
}

/// A bucket with every setting. A new one breaks the build here, so that its facts are not forgotten.
fn bucket_with_everything() -> Bucket {
    fn part<T: serde::de::DeserializeOwned>(value: Value) -> Option<T> {
        Some(serde_json::from_value(value).unwrap())
    }
    Bucket {
        bucket_name: "b".into(),
        versioning_configuration: VersioningConfiguration::ENABLED,
        bucket_encryption: BucketEncryption::sse_s3(),
        ownership_controls: Some(OwnershipControls::bucket_owner_enforced()),
        public_access_block_configuration: Some(PublicAccessBlockConfiguration::ALL),
        lifecycle_configuration: part(
            json!({ "Rules": [{ "Id": "r", "Status": "Enabled", "ExpirationInDays": 3 }] }),
        ),
        cors_configuration: part(
            json!({ "CorsRules": [{ "AllowedMethods": ["PUT"], "AllowedOrigins": ["*"] }] }),
        ),
        notification_configuration: Some(NotificationConfiguration::event_bridge()),
        logging_configuration: part(json!({ "DestinationBucketName": "logs", "LogFilePrefix": "s3/" })),
        replication_configuration: part(json!({ "Role": "arn:r", "Rules": [
            { "Id": "all", "Status": "Enabled", "Destination": { "Bucket": "arn:aws:s3:::theirs" } }
        ] })),
        tags: Tags::default(),
    }
}

#[test]
fn every_setting_of_a_bucket_has_a_fact() {
    let full = serde_json::to_value(bucket_with_everything()).unwrap();
    let settings =
        full.as_object().unwrap().keys().filter(|name| !["BucketName", "Tags"].contains(&name.as_str()));
    let mut without_fact = Vec::new();
    for name in settings {
        let mut less = full.clone();
        less.as_object_mut().unwrap().remove(name);
        for (before, after, what) in [(&less, &full, "added"), (&full, &less, "removed")] {
            if updated(BUCKET, before, after).is_none() {
                without_fact.push(format!("{name} {what}"));
            }
        }
    }
    assert!(without_fact.is_empty(), "add rows, if only of severity none: {without_fact:?}");
}

#[test]
fn rows_are_about_known_types_and_distinct() {
    let kinds: BTreeSet<String> = registry().iter().map(|adapter| adapter.kind().to_string()).collect();
    let mut seen = BTreeSet::new();
    for row in table::rows() {
        assert!(kinds.contains(row.kind), "{}", row.kind);
        assert!(row.text.ends_with('.') && row.source.ends_with(".html"), "{}", row.text);
        assert!(seen.insert(line(row)), "{}", line(row));
    }
}

fn line(row: &super::Row) -> String {
    let kind = row.kind.trim_start_matches("AWS::").replace("::", " ");
    let actions: Vec<String> = row.on.iter().map(|action| format!("{action:?}").to_lowercase()).collect();
    let property =
        if row.path.is_empty() { "".to_owned() } else { format!("`{}` {}", row.path, row.when.words()) };
    let severity = format!("{:?}", row.severity).to_lowercase();
    let page = row.source.rsplit('/').next().unwrap_or_default().trim_end_matches(".html");
    let link = format!("[{page}](https://docs.aws.amazon.com/{})", row.source);
    format!("| {kind} | {} | {property} | {severity} | {} | {link} |", actions.join(", "), row.text)
}

#[test]
fn the_documentation_holds_the_same_table() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/impact.md");
    let text = std::fs::read_to_string(path).unwrap();
    let documented: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("| ---")).skip(1).collect();
    let mut expected = String::new();
    for row in table::rows() {
        writeln!(expected, "{}", line(row)).unwrap();
    }
    let documented =
        documented.into_iter().take_while(|line| line.starts_with('|')).collect::<Vec<_>>().join("\n");
    assert_eq!(
        documented,
        expected.trim_end(),
        "docs/impact.md has another table; this is what the code holds:\n{expected}"
    );
}
