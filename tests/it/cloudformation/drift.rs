//! Drift-aware change sets: what somebody changed is set back, and what somebody deleted is created again.

use aws_sdk_cloudformation::types::{ChangeSetType, ResourceChange, ResourceTargetDefinition};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use super::{Desk, is_timeout, log_group, queue, status, with};

const GROUP: &str = "/vod-case/logs";

fn timeout(seconds: u32) -> Value {
    queue("vod-case-q", json!({ "VisibilityTimeout": seconds }))
}

async fn by_hand(desk: &Desk, seconds: &str) {
    let url = desk.cx.sqs().get_queue_url().queue_name("vod-case-q").send().await.unwrap().queue_url.unwrap();
    let set = desk.cx.sqs().set_queue_attributes().queue_url(url);
    set.attributes(QueueAttributeName::VisibilityTimeout, seconds).send().await.unwrap();
    is_timeout(desk, seconds).await;
}

/// The only change of a set: its action, its resource, the drift of that.
async fn only(desk: &Desk, set: &str) -> (String, ResourceChange) {
    let changes = desk.changes(set).await;
    let [change] = &changes[..] else { panic!("{changes:#?}") };
    let change = change.resource_change().unwrap().clone();
    let drift = change.resource_drift_status().unwrap().as_str();
    let (action, logical) = (change.action().unwrap().as_str(), change.logical_resource_id().unwrap());
    (format!("{action} {logical} {drift}"), change)
}

fn target(change: &ResourceChange) -> &ResourceTargetDefinition {
    change.details()[0].target().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_is_set_back_or_accepted() {
    let desk = Desk::open("cfn-revert", "vod-case").await;
    let made = desk.deploy("s", ChangeSetType::Create, &with(&[timeout(30)])).await;
    by_hand(&desk, "99").await;
    // The template is the same: only a drift-aware set sees the difference.
    let nothing = desk.propose("s", ChangeSetType::Update, &with(&[timeout(30)])).await.unwrap_err();
    assert!(nothing.contains("didn't contain changes"), "{nothing}");
    let set = desk.propose_reverting("s", &with(&[timeout(30)])).await.unwrap();
    let (said, change) = only(&desk, &set).await;
    assert_eq!(said, "Modify Queue MODIFIED");
    let (target, drift) = (target(&change), target(&change).drift().unwrap());
    assert_eq!((target.before_value(), target.after_value()), (Some("99"), Some("30")));
    assert_eq!(target.before_value_from().unwrap().as_str(), "ACTUAL_STATE");
    assert_eq!((drift.previous_value(), drift.actual_value()), (Some("30"), Some("99")));
    let described = desk.client.describe_change_set().change_set_name(&set).send().await.unwrap();
    assert_eq!(described.stack_drift_status.unwrap().as_str(), "DRIFTED");
    assert_eq!(described.deployment_mode.unwrap().as_str(), "REVERT_DRIFT");
    assert_eq!(status(&desk.execute("s", &set).await), "UPDATE_COMPLETE");
    is_timeout(&desk, "30").await;

    // The new template says what somebody set by hand: nothing is changed.
    by_hand(&desk, "45").await;
    let told = desk.told("s", "Queue").await.len();
    let set = desk.propose_reverting("s", &with(&[timeout(45)])).await.unwrap();
    assert_eq!(only(&desk, &set).await.0, "SyncWithActual Queue MODIFIED");
    assert_eq!(status(&desk.execute("s", &set).await), "UPDATE_COMPLETE");
    assert_eq!(desk.told("s", "Queue").await.len(), told);
    let again = desk.propose_reverting("s", &with(&[timeout(45)])).await.unwrap_err();
    assert!(again.contains("didn't contain changes"), "{again}");

    // After a failure, it is as somebody left it, and the stack knows what was deployed.
    by_hand(&desk, "60").await;
    desk.cx.logs().create_log_group().log_group_name(GROUP).send().await.unwrap();
    let mut logs = log_group(GROUP, 1);
    logs["Logs"]["DependsOn"] = json!("Queue");
    let set = desk.propose_reverting("s", &with(&[timeout(15), logs])).await.unwrap();
    assert_eq!(status(&desk.execute("s", &set).await), "UPDATE_ROLLBACK_COMPLETE");
    is_timeout(&desk, "60").await;
    let same = desk.propose("s", ChangeSetType::Update, &with(&[timeout(45)])).await.unwrap_err();
    assert!(same.contains("didn't contain changes"), "{same}");
    desk.delete(&made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_deleted_is_created_again() {
    let desk = Desk::open("cfn-recreate", "vod-case").await;
    let groups = async || {
        let call = desk.cx.logs().describe_log_groups().log_group_name_prefix(GROUP).send().await.unwrap();
        call.log_groups().iter().map(|group| group.retention_in_days()).collect::<Vec<_>>()
    };
    let template = |days| with(&[timeout(30), log_group(GROUP, days)]);
    let made = desk.deploy("s", ChangeSetType::Create, &template(1)).await;
    desk.cx.logs().delete_log_group().log_group_name(GROUP).send().await.unwrap();
    let set = desk.propose_reverting("s", &template(3)).await.unwrap();
    assert_eq!(only(&desk, &set).await.0, "Add Logs DELETED");
    assert_eq!(status(&desk.execute("s", &set).await), "UPDATE_COMPLETE");
    assert_eq!(groups().await, [Some(3)]);

    // A failure deletes it again: so it was before the update.
    desk.cx.logs().delete_log_group().log_group_name(GROUP).send().await.unwrap();
    desk.cx.logs().create_log_group().log_group_name("/vod-case/there").send().await.unwrap();
    let mut other = log_group("/vod-case/there", 1);
    let mut other = json!({ "Other": other["Logs"].take() });
    other["Other"]["DependsOn"] = json!("Logs");
    let set = desk.propose_reverting("s", &with(&[timeout(30), log_group(GROUP, 5), other])).await.unwrap();
    assert_eq!(status(&desk.execute("s", &set).await), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(groups().await, [None; 0]);
    let set = desk.propose_reverting("s", &template(3)).await.unwrap();
    assert_eq!(status(&desk.execute("s", &set).await), "UPDATE_COMPLETE");
    assert_eq!(groups().await, [Some(3)]);
    assert_eq!(status(&desk.delete(&made).await), "DELETE_COMPLETE");
}
