//! Properties that the local cloud forgets: scripted answers show that each is written, read back and changed.

use serde_json::{Value, json};

use super::script::{Answer, called, play};
use super::{ok, replace};
use crate::model::Kind;
use crate::resource::{Removal, registry};

#[tokio::test]
async fn a_subscription_filter_keeps_what_it_selects_and_adds() {
    const PUT: &str = "PutSubscriptionFilter";
    const LIST: &str = "DescribeSubscriptionFilters";
    const ID: &str = "/aws/lambda/vod-submit:all";
    let plain = json!({
        "LogGroupName": "/aws/lambda/vod-submit", "FilterName": "all", "FilterPattern": "ERROR", "DestinationArn": "arn:d",
        "Distribution": "ByLogStream", "ApplyOnTransformedLogs": false,
    });
    let answered = json!({
        "logGroupName": "/aws/lambda/vod-submit", "filterName": "all", "filterPattern": "ERROR", "destinationArn": "arn:d",
        "distribution": "ByLogStream", "applyOnTransformedLogs": false,
    });
    let filters = registry().get(&Kind::new("AWS::Logs::SubscriptionFilter")).unwrap();
    for (property, member, value) in [
        ("ApplyOnTransformedLogs", "applyOnTransformedLogs", json!(true)),
        ("FieldSelectionCriteria", "fieldSelectionCriteria", json!("@aws.region = \"eu-west-1\"")),
        ("EmitSystemFields", "emitSystemFields", json!(["@aws.account", "@aws.region"])),
    ] {
        let (mut declared, mut live) = (plain.clone(), answered.clone());
        declared[property] = value.clone();
        live[member] = value.clone();
        let list = |filter: &Value| (LIST, Answer::Ok(json!({ "subscriptionFilters": [filter] })));
        let (cx, stage) = play(&[(PUT, ok()), list(&live), (PUT, ok()), list(&answered)]).await;

        replace(&cx, filters, ID, &plain, &declared).await.unwrap();
        let seen = filters.observe(&cx, ID).await.unwrap().unwrap();
        assert_eq!(seen.properties, declared, "{property} is read");
        replace(&cx, filters, ID, &declared, &plain).await.unwrap();
        assert_eq!(filters.observe(&cx, ID).await.unwrap().unwrap().properties, plain);

        assert_eq!(called(&stage), [PUT, LIST, PUT, LIST]);
        let bodies = stage.lock().unwrap().bodies.clone();
        let sent = |call: usize| serde_json::from_str::<Value>(&bodies[call]).unwrap()[member].clone();
        assert_eq!(sent(0), value, "{property} is written");
        assert!([Value::Null, json!(false)].contains(&sent(2)), "{property} is removed");
    }
}

const GROUP: &str = "/aws/lambda/vod-submit";
const PROTECT: &str = "PutLogGroupDeletionProtection";

#[tokio::test]
async fn a_log_group_that_somebody_protected_is_seen_and_can_be_deleted_again() {
    let found =
        json!({ "logGroupName": GROUP, "logGroupClass": "STANDARD", "deletionProtectionEnabled": true });
    let script = [
        ("DescribeLogGroups", Answer::Ok(json!({ "logGroups": [found] }))),
        ("ListTagsForResource", Answer::Ok(json!({ "tags": {} }))),
        (PROTECT, ok()),
    ];
    let (cx, stage) = play(&script).await;
    let groups = registry().get(&Kind::new("AWS::Logs::LogGroup")).unwrap();
    let seen = groups.observe(&cx, GROUP).await.unwrap().unwrap().properties;
    let declared = json!({
        "LogGroupName": GROUP, "LogGroupClass": "STANDARD", "DeletionProtectionEnabled": false, "Tags": [],
    });
    assert_ne!(seen, declared);
    replace(&cx, groups, GROUP, &seen, &declared).await.unwrap();
    called(&stage);
    let sent: Value = serde_json::from_str(stage.lock().unwrap().bodies.last().unwrap()).unwrap();
    assert_eq!(sent, json!({ "logGroupIdentifier": GROUP, "deletionProtectionEnabled": false }));
}

#[tokio::test]
async fn a_protected_log_group_goes_with_its_stack_and_stays_otherwise() {
    const DELETE: &str = "DeleteLogGroup";
    let protected =
        "Cannot delete log group with deletion protection enabled. Disable deletion protection first.";
    let refused = || (DELETE, Answer::Error("ValidationException", protected));
    let groups = registry().get(&Kind::new("AWS::Logs::LogGroup")).unwrap();
    let (cx, stage) = play(&[refused(), (PROTECT, ok()), (DELETE, ok())]).await;
    groups.delete(&cx, GROUP, Removal::WithContents).await.unwrap();
    assert_eq!(called(&stage), [DELETE, PROTECT, DELETE]);
    let (cx, stage) = play(&[refused()]).await;
    let kept = groups.delete(&cx, GROUP, Removal::OnlyEmpty).await.unwrap_err();
    assert!(kept.message.contains("--no-deletion-protection-enabled"), "{kept}");
    called(&stage);
}
