//! Failures: what is rolled back, what stays, and how it is told.

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{ChangeSetType, Stack};
use serde_json::json;

use super::{Desk, is_timeout, log_group, queue, status, with};

fn reason(stack: &Stack) -> &str {
    stack.stack_status_reason().unwrap_or_default()
}

async fn is_there(desk: &Desk, queue: &str) -> bool {
    desk.cx.sqs().get_queue_url().queue_name(queue).send().await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_fails_is_rolled_back() {
    let desk = Desk::open("cfn-rollback", "vod-case").await;
    desk.cx.logs().create_log_group().log_group_name("/vod-case/there").send().await.unwrap();
    let mut logs = log_group("/vod-case/there", 1);
    logs["Logs"]["DependsOn"] = json!("Queue");
    let template = with(&[queue("vod-case-q", json!({})), logs]);
    let ended = desk.deploy("s", ChangeSetType::Create, &template).await;
    assert_eq!(status(&ended), "ROLLBACK_COMPLETE");
    let told = desk.told("s", "s").await;
    assert_eq!(
        told,
        [
            "REVIEW_IN_PROGRESS: User Initiated",
            "CREATE_IN_PROGRESS: User Initiated",
            "ROLLBACK_IN_PROGRESS: The following resource(s) failed to create: [Logs]. Rollback requested by user.",
            "ROLLBACK_COMPLETE",
        ]
    );
    let cause = desk.told("s", "Logs").await;
    assert!(
        cause[1].starts_with("CREATE_FAILED: Resource handler returned message: \"Resource of type"),
        "{cause:?}"
    );
    assert!(cause[1].ends_with("HandlerErrorCode: AlreadyExists)"), "{cause:?}");
    assert_eq!(desk.told("s", "Queue").await[3..], ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]);
    assert!(!is_there(&desk, "vod-case-q").await);
    // What was there already is not the stack's, and stays.
    let groups =
        desk.cx.logs().describe_log_groups().log_group_name_prefix("/vod-case/there").send().await.unwrap();
    assert_eq!(groups.log_groups().len(), 1);
    let error = desk.propose("s", ChangeSetType::Update, &template).await.unwrap_err();
    assert!(error.contains("is in ROLLBACK_COMPLETE state and can not be updated."), "{error}");
    assert_eq!(status(&desk.delete(&ended).await), "DELETE_COMPLETE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_property_and_a_bad_output_are_found_at_execution() {
    let desk = Desk::open("cfn-properties", "vod-case").await;
    let record =
        json!({ "Record": { "Type": "AWS::Route53::RecordSet", "Properties": { "Name": "a.example.com" } } });
    let ended = desk.deploy("s", ChangeSetType::Create, &with(&[record])).await;
    assert_eq!(status(&ended), "ROLLBACK_COMPLETE");
    assert_eq!(
        desk.told("s", "Record").await[1],
        "CREATE_FAILED: Property validation failure: [The property {/Type} is required]"
    );
    let mut template = with(&[queue("vod-case-q", json!({}))]);
    template["Outputs"] = json!({ "Bad": { "Value": { "Fn::GetAtt": ["Queue", "Nope"] } } });
    let ended = desk.deploy("t", ChangeSetType::Create, &template).await;
    assert_eq!(status(&ended), "ROLLBACK_COMPLETE");
    assert_eq!(
        desk.told("t", "t").await[2],
        "ROLLBACK_IN_PROGRESS: [Error] /Outputs/Bad/Value/Fn::GetAtt: Resource type AWS::SQS::Queue does not support \
         attribute {Nope}. Rollback requested by user."
    );
    assert_eq!(desk.told("t", "Queue").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_fails_goes_back_and_without_rollback_stays() {
    let desk = Desk::open("cfn-update", "vod-case").await;
    desk.cx.logs().create_log_group().log_group_name("/vod-case/there").send().await.unwrap();
    let before = with(&[queue("vod-case-q", json!({ "VisibilityTimeout": 30 }))]);
    let made = desk.deploy("s", ChangeSetType::Create, &before).await;
    assert_eq!(status(&made), "CREATE_COMPLETE");
    let mut logs = log_group("/vod-case/there", 1);
    logs["Logs"]["DependsOn"] = json!("Queue");
    let after = with(&[queue("vod-case-q", json!({ "VisibilityTimeout": 60 })), logs]);
    let ended = desk.deploy("s", ChangeSetType::Update, &after).await;
    assert_eq!(status(&ended), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(
        desk.told("s", "s").await[3..],
        [
            "UPDATE_IN_PROGRESS: User Initiated",
            "UPDATE_ROLLBACK_IN_PROGRESS: The following resource(s) failed to create: [Logs]. ",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE",
        ]
    );
    is_timeout(&desk, "30").await;

    let set = desk.propose("s", ChangeSetType::Update, &after).await.unwrap();
    desk.client.execute_change_set().change_set_name(&set).disable_rollback(true).send().await.unwrap();
    let ended = desk.ended("s").await;
    assert_eq!(
        (status(&ended), reason(&ended)),
        ("UPDATE_FAILED", "The following resource(s) failed to create: [Logs]. ")
    );
    is_timeout(&desk, "60").await;
    desk.client.rollback_stack().stack_name("s").send().await.unwrap();
    assert_eq!(status(&desk.ended("s").await), "UPDATE_ROLLBACK_COMPLETE");
    is_timeout(&desk, "30").await;
    desk.delete(&made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_cleans_up_and_a_custom_name_stands_in_the_way() {
    let desk = Desk::open("cfn-replace", "vod-case").await;
    let made = desk.deploy("s", ChangeSetType::Create, &with(&[queue("vod-case-one", json!({}))])).await;
    let set =
        desk.propose("s", ChangeSetType::Update, &with(&[queue("vod-case-two", json!({}))])).await.unwrap();
    let changes = desk.changes(&set).await;
    let change = changes[0].resource_change().unwrap();
    assert_eq!(change.replacement().unwrap().as_str(), "True");
    assert_eq!(change.policy_action().unwrap().as_str(), "ReplaceAndDelete");
    assert_eq!(status(&desk.execute("s", &set).await), "UPDATE_COMPLETE");
    assert_eq!(
        desk.told("s", "Queue").await[3..],
        [
            "UPDATE_IN_PROGRESS: Requested update requires the creation of a new physical resource; hence creating one.",
            "UPDATE_IN_PROGRESS: Resource creation Initiated",
            "UPDATE_COMPLETE",
            "DELETE_IN_PROGRESS",
            "DELETE_COMPLETE",
        ]
    );
    assert_eq!(desk.told("s", "s").await[4..], ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]);
    assert_eq!((is_there(&desk, "vod-case-one").await, is_there(&desk, "vod-case-two").await), (false, true));

    let role = |path: &str| {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": "lambda.amazonaws.com" } }] });
        with(&[
            json!({ "Role": { "Type": "AWS::IAM::Role", "Properties": { "RoleName": "vod-case-role", "Path": path,
            "AssumeRolePolicyDocument": trust } } }),
        ])
    };
    assert_eq!(status(&desk.deploy("r", ChangeSetType::Create, &role("/a/")).await), "CREATE_COMPLETE");
    assert_eq!(
        status(&desk.deploy("r", ChangeSetType::Update, &role("/b/")).await),
        "UPDATE_ROLLBACK_COMPLETE"
    );
    assert!(desk.told("r", "Role").await.contains(
        &"UPDATE_FAILED: CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename \
          vod-case-role and update the stack again."
            .to_owned()
    ));
    desk.delete(&made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_keeps_resources_and_protection_keeps_the_stack() {
    let desk = Desk::open("cfn-policy", "vod-case").await;
    let made = desk.deploy("s", ChangeSetType::Create, &with(&[queue("vod-case-q", json!({}))])).await;
    let policy = json!({ "Statement": [
        { "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": "LogicalResourceId/Queue" },
    ] });
    desk.client
        .set_stack_policy()
        .stack_name("s")
        .stack_policy_body(policy.to_string())
        .send()
        .await
        .unwrap();
    let other = with(&[queue("vod-case-r", json!({}))]);
    assert_eq!(status(&desk.deploy("s", ChangeSetType::Update, &other).await), "UPDATE_ROLLBACK_COMPLETE");
    assert!(desk.told("s", "Queue").await.contains(
        &"UPDATE_FAILED: Action denied by stack policy: Statement [#2] does not allow [Update:Replace] for resource \
          [LogicalResourceId/Queue];"
            .to_owned()
    ));
    let gone = with(&[log_group("/vod-case/new", 1)]);
    assert_eq!(status(&desk.deploy("s", ChangeSetType::Update, &gone).await), "UPDATE_ROLLBACK_COMPLETE");
    assert!(is_there(&desk, "vod-case-q").await);

    let protect =
        |on| desk.client.update_termination_protection().stack_name("s").enable_termination_protection(on);
    protect(true).send().await.unwrap();
    let error = desk.client.delete_stack().stack_name("s").send().await.unwrap_err();
    assert_eq!(error.message(), Some("Stack [s] cannot be deleted while TerminationProtection is enabled"));
    protect(false).send().await.unwrap();
    assert_eq!(status(&desk.delete(&made).await), "DELETE_COMPLETE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_bucket_is_not_deleted() {
    let desk = Desk::open("cfn-full", "vod-case").await;
    let bucket =
        json!({ "Bucket": { "Type": "AWS::S3::Bucket", "Properties": super::bucket("vod-case-full") } });
    let made =
        desk.deploy("s", ChangeSetType::Create, &with(&[bucket, queue("vod-case-q", json!({}))])).await;
    assert_eq!(status(&made), "CREATE_COMPLETE", "{:?}", desk.told("s", "Bucket").await);
    let put = desk.cx.s3().put_object().bucket("vod-case-full").key("a").body(b"a".to_vec().into());
    put.send().await.unwrap();
    let failed = desk.delete(&made).await;
    assert_eq!(
        (status(&failed), reason(&failed)),
        ("DELETE_FAILED", "The following resource(s) failed to delete: [Bucket]. ")
    );
    assert!(!is_there(&desk, "vod-case-q").await);
    let id = made.stack_id().unwrap();
    desk.client.delete_stack().stack_name(id).retain_resources("Bucket").send().await.unwrap();
    assert_eq!(status(&desk.ended(id).await), "DELETE_COMPLETE");
    assert_eq!(desk.told(id, "Bucket").await.last().unwrap(), "DELETE_SKIPPED");
    desk.cx.s3().head_bucket().bucket("vod-case-full").send().await.unwrap();
}

/// What a retained resource needs is deleted with the stack.
#[tokio::test(flavor = "multi_thread")]
async fn a_retained_resource_holds_nothing_back() {
    let desk = Desk::open("cfn-retained", "vod-case").await;
    let mut logs = log_group("/vod-case/kept", 1);
    logs["Logs"]["DependsOn"] = json!("Queue");
    logs["Logs"]["DeletionPolicy"] = json!("Retain");
    let made = desk.deploy("s", ChangeSetType::Create, &with(&[queue("vod-case-q", json!({})), logs])).await;
    assert_eq!(status(&made), "CREATE_COMPLETE");
    assert_eq!(status(&desk.delete(&made).await), "DELETE_COMPLETE");
    let id = made.stack_id().unwrap();
    assert_eq!(desk.told(id, "Logs").await.last().unwrap(), "DELETE_SKIPPED");
    assert_eq!(desk.told(id, "Queue").await[3..], ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]);
    assert!(!is_there(&desk, "vod-case-q").await);
    let kept =
        desk.cx.logs().describe_log_groups().log_group_name_prefix("/vod-case/kept").send().await.unwrap();
    assert_eq!(kept.log_groups().len(), 1);
}
