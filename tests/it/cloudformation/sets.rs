//! Change sets: their states, what refuses them, and what becomes of the others when one is executed.

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, ExecutionStatus};
use serde_json::{Value, json};

use super::{Desk, queue, status};

fn topic(name: &str) -> Value {
    json!({ "Resources": { "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "TopicName": name } } } })
}

/// The code, the status and the message of a refused call.
macro_rules! refused {
    ($call:expr) => {{
        let error = $call.send().await.expect_err("it is refused");
        let status = error.raw_response().map(|raw| raw.status().as_u16()).unwrap();
        format!("{} {status}: {}", error.code().unwrap_or_default(), error.message().unwrap_or_default())
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_sets_one_is_executed_and_the_others_are_obsolete() {
    let desk = Desk::open("cfn-sets", "vod-case").await;
    let create = ChangeSetType::Create;
    let one = desk.propose("s", create.clone(), &topic("vod-case-a")).await.unwrap();
    let two = desk.propose("s", create.clone(), &topic("vod-case-b")).await.unwrap();
    let review =
        desk.client.describe_stacks().stack_name("s").send().await.unwrap().stacks.unwrap().remove(0);
    assert_eq!(
        (status(&review), review.stack_status_reason(), review.last_updated_time()),
        ("REVIEW_IN_PROGRESS", Some("User Initiated"), None)
    );
    assert_eq!(
        refused!(desk.client.get_template_summary().stack_name("s")),
        "ValidationError 400: GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks."
    );
    let made = desk.execute("s", &one).await;
    assert_eq!(status(&made), "CREATE_COMPLETE");
    let told = desk.told("s", "Topic").await;
    assert_eq!(
        told,
        ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS: Resource creation Initiated", "CREATE_COMPLETE"]
    );
    let other = desk.client.describe_change_set().change_set_name(&two).send().await.unwrap();
    assert_eq!(other.execution_status, Some(ExecutionStatus::Obsolete));
    let executed = desk.client.describe_change_set().change_set_name(&one).send().await.unwrap();
    assert_eq!(executed.execution_status, Some(ExecutionStatus::ExecuteComplete));
    assert_eq!(
        refused!(desk.client.execute_change_set().change_set_name(&two)),
        format!(
            "InvalidChangeSetStatus 400: ChangeSet [{two}] cannot be executed in its current status of [OBSOLETE]"
        )
    );
    let again = desk.client.create_change_set().stack_name("s").change_set_name("again");
    assert_eq!(
        refused!(again.change_set_type(create).template_body(topic("c").to_string())),
        "ValidationError 400: Stack [s] already exists and cannot be created again with the changeSet [again]."
    );

    desk.propose("s", ChangeSetType::Update, &topic("vod-case-a")).await.unwrap_err();
    let failed = desk.client.list_change_sets().stack_name("s").send().await.unwrap().summaries.unwrap();
    let failed =
        failed.iter().find(|set| set.execution_status == Some(ExecutionStatus::Unavailable)).unwrap();
    let id = failed.change_set_id().unwrap();
    assert_eq!(
        refused!(desk.client.execute_change_set().change_set_name(id)),
        format!(
            "InvalidChangeSetStatus 400: ChangeSet [{id}] cannot be executed in its current status of [FAILED]"
        )
    );
    desk.delete(&made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_told_in_aws_words() {
    let desk = Desk::open("cfn-missing", "vod-case").await;
    let client = &desk.client;
    assert_eq!(
        refused!(client.describe_stacks().stack_name("no")),
        "ValidationError 400: Stack with id no does not exist"
    );
    assert_eq!(
        refused!(client.get_template().stack_name("no")),
        "ValidationError 400: Stack with id no does not exist"
    );
    assert_eq!(
        refused!(client.describe_stack_events().stack_name("no")),
        "ValidationError 400: Stack [no] does not exist"
    );
    assert_eq!(
        refused!(client.describe_change_set().stack_name("no").change_set_name("set")),
        "ValidationError 400: Stack [no] does not exist"
    );
    // Deleting what is not there succeeds.
    client.delete_stack().stack_name("no").send().await.unwrap();
    let made = desk.deploy("s", ChangeSetType::Create, &topic("vod-case-t")).await;
    assert_eq!(
        refused!(client.describe_change_set().stack_name("s").change_set_name("nope")),
        "ChangeSetNotFound 404: ChangeSet [nope] does not exist"
    );
    assert_eq!(
        refused!(client.describe_stack_resource().stack_name("s").logical_resource_id("No")),
        "ValidationError 400: Resource No does not exist for stack s"
    );
    let deleted = desk.delete(&made).await;
    assert!(deleted.deletion_time().is_some());
    assert_eq!(
        refused!(client.describe_stacks().stack_name("s")),
        "ValidationError 400: Stack with id s does not exist"
    );
    let id = deleted.stack_id().unwrap();
    let update = client.update_stack().stack_name(id).template_body(topic("x").to_string());
    assert_eq!(
        refused!(update),
        format!("ValidationError 400: Stack:{id} is in DELETE_COMPLETE state and can not be updated.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_capabilities_and_roles_are_checked_first() {
    let desk = Desk::open("cfn-checked", "vod-case").await;
    let set = |template: &Value| {
        let call = desk
            .client
            .create_change_set()
            .stack_name("s")
            .change_set_name(format!("set-{}", super::number()));
        call.change_set_type(ChangeSetType::Create).template_body(template.to_string())
    };
    let role = json!({ "Resources": { "R": { "Type": "AWS::IAM::Role", "Properties": { "RoleName": "vod-case-r",
        "AssumeRolePolicyDocument": {} } } } });
    assert_eq!(
        refused!(set(&role)),
        "InsufficientCapabilitiesException 400: Requires capabilities : [CAPABILITY_NAMED_IAM]"
    );
    set(&role).capabilities(Capability::CapabilityNamedIam).send().await.unwrap();
    let arn = "arn:aws:iam::111122223333:role/nobody";
    assert_eq!(
        refused!(set(&topic("t")).role_arn(arn)),
        format!("ValidationError 400: Role {arn} is invalid or cannot be assumed")
    );
    assert_eq!(
        refused!(set(&json!({ "Resources": { "A": { "Type": "AWS::SNS::Topic", "DependsOn": "X" } } }))),
        "ValidationError 400: Template format error: Unresolved resource dependencies [X] in the Resources block of the \
         template"
    );
    let long =
        json!({ "Metadata": { "Long": "x".repeat(51_200) }, "Resources": queue("vod-case-q", json!({})) });
    assert!(refused!(set(&long)).ends_with(
        "at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200"
    ));
    let made = desk.deploy("long", ChangeSetType::Create, &long).await;
    assert_eq!(status(&made), "CREATE_COMPLETE");
    let kept = desk.client.get_template().stack_name("long").send().await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(kept.template_body().unwrap()).unwrap(), long);
    let same = desk.client.update_stack().stack_name("long").use_previous_template(true);
    assert_eq!(refused!(same), "ValidationError 400: No updates are to be performed.");
    let summary = desk.client.get_template_summary().stack_name("long").send().await.unwrap();
    let identifiers = &summary.resource_identifier_summaries()[0];
    assert_eq!(identifiers.resource_identifiers(), ["QueueUrl"]);
    // Nobody of another account sees the stack.
    let theirs = super::client(&desk.cloud, "999988887777", crate::support::REGION);
    assert!(theirs.describe_stacks().send().await.unwrap().stacks().is_empty());
}
