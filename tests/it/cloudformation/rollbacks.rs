//! Rollbacks that fail: they are continued, and what cannot go back is skipped.

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{ChangeSetType, Stack};
use serde_json::json;

use super::{Desk, is_timeout, log_group, queue, status, with};

const GROUP: &str = "/vod-case/logs";

/// A stack whose log group somebody deleted before an update: neither it nor the rollback can change the group. The queue
/// went back.
async fn stuck(desk: &Desk) -> Stack {
    let template = |seconds: u32, days| {
        let mut logs = log_group(GROUP, days);
        logs["Logs"]["DependsOn"] = json!("Queue");
        with(&[queue("vod-case-q", json!({ "VisibilityTimeout": seconds })), logs])
    };
    let made = desk.deploy("s", ChangeSetType::Create, &template(30, 1)).await;
    desk.cx.logs().delete_log_group().log_group_name(GROUP).send().await.unwrap();
    let ended = desk.deploy("s", ChangeSetType::Update, &template(60, 3)).await;
    assert_eq!(status(&ended), "UPDATE_ROLLBACK_FAILED");
    is_timeout(desk, "30").await;
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_goes_on_when_its_cause_is_mended() {
    let desk = Desk::open("cfn-continue", "vod-case").await;
    let made = stuck(&desk).await;
    let update = desk.propose("s", ChangeSetType::Update, &with(&[log_group(GROUP, 5)])).await.unwrap_err();
    assert!(update.contains("is in UPDATE_ROLLBACK_FAILED state and can not be updated."), "{update}");
    // Nothing was mended: it fails again.
    desk.client.continue_update_rollback().stack_name("s").send().await.unwrap();
    assert_eq!(status(&desk.ended("s").await), "UPDATE_ROLLBACK_FAILED");
    desk.cx.logs().create_log_group().log_group_name(GROUP).send().await.unwrap();
    desk.client.continue_update_rollback().stack_name("s").send().await.unwrap();
    assert_eq!(status(&desk.ended("s").await), "UPDATE_ROLLBACK_COMPLETE");
    let groups = desk.cx.logs().describe_log_groups().log_group_name_prefix(GROUP).send().await.unwrap();
    assert_eq!(groups.log_groups()[0].retention_in_days(), Some(1), "as before the update");
    assert_eq!(status(&desk.delete(&made).await), "DELETE_COMPLETE");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_go_back_is_skipped() {
    let desk = Desk::open("cfn-skip", "vod-case").await;
    let made = stuck(&desk).await;
    // Only what failed can be skipped.
    let refused =
        desk.client.continue_update_rollback().stack_name("s").resources_to_skip("Queue").send().await;
    assert_eq!(
        refused.unwrap_err().message(),
        Some(
            "ResourcesToSkip can only be specified for resources in the UPDATE_FAILED state because the rollback failed."
        )
    );
    desk.client.continue_update_rollback().stack_name("s").resources_to_skip("Logs").send().await.unwrap();
    assert_eq!(status(&desk.ended("s").await), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(desk.told("s", "Logs").await.last().unwrap(), "UPDATE_COMPLETE");
    let again = desk.client.continue_update_rollback().stack_name("s").send().await.unwrap_err();
    assert!(again.message().unwrap().contains("is in UPDATE_ROLLBACK_COMPLETE state"), "{again:?}");
    assert_eq!(status(&desk.delete(&made).await), "DELETE_COMPLETE");
}
