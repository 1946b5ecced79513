//! Stack sets: one template in three accounts and two regions.

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{Parameter, StackSetOperationPreferences};
use provision::aws::{Connection, Context};
use provision::model::Scope;
use serde_json::json;
use std::sync::Arc;

use super::{Desk, client, queue};
use crate::support::{ACCOUNT, REGION};

const ACCOUNTS: [&str; 3] = [ACCOUNT, "222233334444", "333344445555"];
const REGIONS: [&str; 2] = [REGION, "eu-west-1"];
const SET: &str = "fleet";

/// A context of another account and region.
async fn elsewhere(desk: &Desk, account: &str, region: &str) -> Context {
    let connection = Arc::new(Connection::to_local(desk.cloud.target(account), region).await);
    let scope = Scope { stack: "vod-case".into(), account: account.into(), region: region.into() };
    Context::new(connection, scope, region)
}

async fn role(cx: &Context, name: &str, principal: serde_json::Value) {
    let mut statement = json!({ "Effect": "Allow", "Action": "sts:AssumeRole" });
    statement["Principal"] = principal;
    let trust = json!({ "Version": "2012-10-17", "Statement": [statement] });
    cx.iam()
        .create_role()
        .role_name(name)
        .assume_role_policy_document(trust.to_string())
        .send()
        .await
        .unwrap();
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
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn timeout(desk: &Desk, account: &str, region: &str) -> Option<String> {
    let cx = elsewhere(desk, account, region).await;
    let url = cx.sqs().get_queue_url().queue_name("vod-case-q").send().await.ok()?.queue_url?;
    let name = aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout;
    let answer =
        cx.sqs().get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.ok()?;
    answer.attributes?.remove(&name)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_template_reaches_three_accounts_and_two_regions() {
    let desk = Desk::open("cfn-fleet", "vod-case").await;
    let template = json!({
        "Parameters": { "Seconds": { "Type": "Number", "Default": 30 } },
        "Resources": queue("vod-case-q", json!({ "VisibilityTimeout": { "Ref": "Seconds" } })),
    });
    let missing = desk.client.describe_stack_set().stack_set_name(SET).send().await.unwrap_err();
    assert_eq!(missing.message(), Some("StackSet fleet not found"));
    let make = || desk.client.create_stack_set().stack_set_name(SET).template_body(template.to_string());
    make().send().await.unwrap();
    assert!(make().send().await.unwrap_err().into_service_error().is_name_already_exists_exception());

    role(
        &desk.cx,
        "AWSCloudFormationStackSetAdministrationRole",
        json!({ "Service": "cloudformation.amazonaws.com" }),
    )
    .await;
    // One account lacks the role: the operation fails there, and is cancelled for those that come after.
    for account in [ACCOUNTS[0], ACCOUNTS[1]] {
        let cx = elsewhere(&desk, account, REGION).await;
        role(&cx, "AWSCloudFormationStackSetExecutionRole", json!({ "AWS": ACCOUNT })).await;
    }
    let create = |tolerance: i32| {
        let preferences = StackSetOperationPreferences::builder()
            .failure_tolerance_count(tolerance)
            .max_concurrent_count(3)
            .set_region_order(Some(REGIONS.map(str::to_owned).to_vec()))
            .build();
        let call =
            desk.client.create_stack_instances().stack_set_name(SET).operation_preferences(preferences);
        let accounts = ACCOUNTS.map(str::to_owned).to_vec();
        call.set_accounts(Some(accounts)).set_regions(Some(REGIONS.map(str::to_owned).to_vec()))
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

    let cx = elsewhere(&desk, ACCOUNTS[2], REGION).await;
    role(&cx, "AWSCloudFormationStackSetExecutionRole", json!({ "AWS": ACCOUNT })).await;
    let second = create(1).send().await.unwrap().operation_id.unwrap();
    assert_eq!(ended(&desk, &second).await, ("SUCCEEDED".into(), Vec::new()));
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
    let third = call.send().await.unwrap().operation_id.unwrap();
    assert_eq!(ended(&desk, &third).await, ("SUCCEEDED".into(), Vec::new()));
    assert_eq!(timeout(&desk, ACCOUNTS[2], REGIONS[1]).await.as_deref(), Some("60"));
    let instances =
        desk.client.list_stack_instances().stack_set_name(SET).send().await.unwrap().summaries.unwrap();
    assert_eq!(instances.len(), 6);
    assert!(instances.iter().all(|instance| instance.status().unwrap().as_str() == "CURRENT"));

    let full = desk.client.delete_stack_set().stack_set_name(SET).send().await.unwrap_err();
    assert_eq!(full.message(), Some("StackSet is not empty"));
    let call = desk.client.delete_stack_instances().stack_set_name(SET).retain_stacks(false);
    let call = call.set_accounts(Some(ACCOUNTS.map(str::to_owned).to_vec()));
    let last = call.set_regions(Some(REGIONS.map(str::to_owned).to_vec())).send().await.unwrap();
    assert_eq!(ended(&desk, &last.operation_id.unwrap()).await, ("SUCCEEDED".into(), Vec::new()));
    assert_eq!(timeout(&desk, ACCOUNTS[0], REGIONS[0]).await, None);
    desk.client.delete_stack_set().stack_set_name(SET).send().await.unwrap();
}
