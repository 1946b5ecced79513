//! Stack sets: one template in three accounts and two regions.

mod bundles;
mod operations;
mod organization;
mod places;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{Parameter, StackInstanceSummary, StackSetOperationPreferences};
use provision::aws::{Connection, Context};
use provision::model::Scope;
use serde_json::{Value, json};

use super::{Desk, client, queue};
use crate::support::{ACCOUNT, REGION};

const ACCOUNTS: [&str; 3] = [ACCOUNT, "222233334444", "333344445555"];
const REGIONS: [&str; 2] = [REGION, "eu-west-1"];
const SET: &str = "fleet";
const ADMINISTRATION: &str = "AWSCloudFormationStackSetAdministrationRole";
const EXECUTION: &str = "AWSCloudFormationStackSetExecutionRole";

fn strings(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// A context of another account and region.
async fn elsewhere(desk: &Desk, account: &str, region: &str) -> Context {
    let connection = Arc::new(Connection::to_local(desk.cloud.target(account), region).await);
    let scope = Scope { stack: "vod-case".into(), account: account.into(), region: region.into() };
    Context::new(connection, scope, region)
}

/// Makes a role that this principal may assume, and that may do everything.
async fn role(cx: &Context, name: &str, principal: Value) {
    let mut statement = json!({ "Effect": "Allow", "Action": "sts:AssumeRole" });
    statement["Principal"] = principal;
    let trust = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let call = cx.iam().create_role().role_name(name).assume_role_policy_document(trust.to_string());
    call.send().await.unwrap();
    let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [all] });
    let call = cx.iam().put_role_policy().role_name(name).policy_name("all");
    call.policy_document(policy.to_string()).send().await.unwrap();
}

/// Makes the roles of the self-managed model, for these targets.
async fn roles(desk: &Desk, accounts: &[&str]) {
    role(&desk.cx, ADMINISTRATION, json!({ "Service": "cloudformation.amazonaws.com" })).await;
    for account in accounts {
        role(&elsewhere(desk, account, REGION).await, EXECUTION, json!({ "AWS": ACCOUNT })).await;
    }
}

/// Waits for an operation; returns its status with the results that are no success.
async fn ended(desk: &Desk, operation: &str) -> (String, Vec<String>) {
    loop {
        let call = desk.client.describe_stack_set_operation().stack_set_name(SET).operation_id(operation);
        let found = call.send().await.unwrap().stack_set_operation.unwrap();
        if found.end_timestamp.is_some() {
            let call =
                desk.client.list_stack_set_operation_results().stack_set_name(SET).operation_id(operation);
            let results = call.send().await.unwrap().summaries.unwrap();
            let failed = results.iter().filter(|result| result.status().unwrap().as_str() != "SUCCEEDED");
            let shown = failed.map(|result| {
                let status = result.status().unwrap().as_str();
                format!(
                    "{} {} {status}: {}",
                    result.account().unwrap(),
                    result.region().unwrap(),
                    result.status_reason().unwrap_or_default()
                )
            });
            return (found.status.unwrap().as_str().to_owned(), shown.collect());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits for an operation, all of which must succeed.
async fn succeeded(desk: &Desk, operation: Option<String>) {
    assert_eq!(ended(desk, &operation.unwrap()).await, ("SUCCEEDED".into(), Vec::new()));
}

/// Makes a set of this template.
async fn create(desk: &Desk, template: &Value) {
    let call = desk.client.create_stack_set().stack_set_name(SET).template_body(template.to_string());
    call.capabilities("CAPABILITY_NAMED_IAM".into()).send().await.unwrap();
}

/// Begins to make instances, in all regions at once, and whatever fails.
async fn deploy(desk: &Desk, accounts: &[&str]) -> Option<String> {
    let call = desk.client.create_stack_instances().stack_set_name(SET).operation_preferences(at_once());
    let call = call.set_accounts(strings(accounts)).set_regions(strings(&REGIONS));
    call.send().await.unwrap().operation_id
}

/// Preferences that let everything begin.
fn at_once() -> StackSetOperationPreferences {
    StackSetOperationPreferences::builder()
        .region_concurrency_type("PARALLEL".into())
        .concurrency_mode("SOFT_FAILURE_TOLERANCE".into())
        .max_concurrent_percentage(100)
        .failure_tolerance_percentage(100)
        .build()
}

/// Deletes the instances in all regions.
async fn withdraw(desk: &Desk, accounts: &[&str], retain: bool) -> (String, Vec<String>) {
    let call = desk.client.delete_stack_instances().stack_set_name(SET).retain_stacks(retain);
    let call = call.operation_preferences(at_once());
    let call = call.set_accounts(strings(accounts)).set_regions(strings(&REGIONS));
    ended(desk, &call.send().await.unwrap().operation_id.unwrap()).await
}

/// The instances.
async fn instances(desk: &Desk) -> Vec<StackInstanceSummary> {
    desk.client.list_stack_instances().stack_set_name(SET).send().await.unwrap().summaries.unwrap()
}

/// An instance as account, region, status and detailed status.
fn line(instance: &StackInstanceSummary) -> String {
    format!(
        "{} {} {} {}",
        instance.account().unwrap(),
        instance.region().unwrap(),
        instance.status().unwrap().as_str(),
        instance.stack_instance_status().unwrap().detailed_status().unwrap().as_str()
    )
}

async fn timeout(desk: &Desk, account: &str, region: &str) -> Option<String> {
    let cx = elsewhere(desk, account, region).await;
    let url = cx.sqs().get_queue_url().queue_name("vod-case-q").send().await.ok()?.queue_url?;
    let name = aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout;
    let answer =
        cx.sqs().get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.ok()?;
    answer.attributes?.remove(&name)
}

/// A queue whose timeout is a parameter.
fn with_parameter() -> Value {
    json!({
        "Parameters": { "Seconds": { "Type": "Number", "Default": 30 } },
        "Resources": queue("vod-case-q", json!({ "VisibilityTimeout": { "Ref": "Seconds" } })),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_template_reaches_three_accounts_and_two_regions() {
    let desk = Desk::open("cfn-fleet", "vod-case").await;
    let template = with_parameter();
    let missing = desk.client.describe_stack_set().stack_set_name(SET).send().await.unwrap_err();
    assert_eq!(missing.message(), Some("StackSet fleet not found"));
    create(&desk, &template).await;
    let again = desk.client.create_stack_set().stack_set_name(SET).template_body(template.to_string());
    assert!(again.send().await.unwrap_err().into_service_error().is_name_already_exists_exception());

    // One account lacks the role: the operation fails there, and is cancelled for those that come after.
    roles(&desk, &ACCOUNTS[..2]).await;
    let create = |tolerance: i32| {
        let preferences = StackSetOperationPreferences::builder()
            .failure_tolerance_count(tolerance)
            .max_concurrent_count(3)
            .set_region_order(strings(&REGIONS))
            .build();
        let call =
            desk.client.create_stack_instances().stack_set_name(SET).operation_preferences(preferences);
        call.set_accounts(strings(&ACCOUNTS)).set_regions(strings(&REGIONS))
    };
    let first = create(0).send().await.unwrap().operation_id.unwrap();
    let (status, problems) = ended(&desk, &first).await;
    assert_eq!(status, "FAILED", "{problems:?}");
    assert!(
        problems.iter().any(|problem| problem
            .starts_with("333344445555 ap-northeast-2 FAILED: Account 333344445555 should have")),
        "{problems:?}"
    );
    assert_eq!(
        problems.iter().filter(|problem| problem.contains("eu-west-1 CANCELLED")).count(),
        3,
        "{problems:?}"
    );

    role(&elsewhere(&desk, ACCOUNTS[2], REGION).await, EXECUTION, json!({ "AWS": ACCOUNT })).await;
    succeeded(&desk, create(1).send().await.unwrap().operation_id).await;
    for account in ACCOUNTS {
        for region in REGIONS {
            assert_eq!(timeout(&desk, account, region).await.as_deref(), Some("30"), "{account} {region}");
        }
    }
    let theirs = client(&desk.cloud, ACCOUNTS[1], "eu-west-1").describe_stacks().send().await.unwrap();
    assert!(theirs.stacks()[0].stack_name().unwrap().starts_with("StackSet-fleet-"));

    let seconds = Parameter::builder().parameter_key("Seconds").parameter_value("60").build();
    let call =
        desk.client.update_stack_set().stack_set_name(SET).use_previous_template(true).parameters(seconds);
    succeeded(&desk, call.send().await.unwrap().operation_id).await;
    assert_eq!(timeout(&desk, ACCOUNTS[2], REGIONS[1]).await.as_deref(), Some("60"));
    let instances = instances(&desk).await;
    assert_eq!(instances.len(), 6);
    assert!(instances.iter().all(|instance| line(instance).ends_with("CURRENT SUCCEEDED")), "{instances:?}");

    let full = desk.client.delete_stack_set().stack_set_name(SET).send().await.unwrap_err();
    assert_eq!(full.message(), Some("StackSet is not empty"));
    assert_eq!(withdraw(&desk, &ACCOUNTS, false).await, ("SUCCEEDED".into(), Vec::new()));
    assert_eq!(timeout(&desk, ACCOUNTS[0], REGIONS[0]).await, None);
    desk.client.delete_stack_set().stack_set_name(SET).send().await.unwrap();
}
