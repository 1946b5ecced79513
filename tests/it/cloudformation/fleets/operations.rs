//! Operations: their ids, how many run at once, what becomes of failures, and what an instance is set to.

use aws_sdk_cloudformation::types::{
    OperationResultFilter, Parameter, StackInstanceFilter, StackSetOperationPreferences,
};
use serde_json::json;

use super::{
    ACCOUNTS, Desk, REGIONS, SET, at_once, create, deploy, elsewhere, ended, instances, line, queue, roles,
    strings, succeeded, timeout, with_parameter, withdraw,
};

fn seconds(value: &str) -> Parameter {
    Parameter::builder().parameter_key("Seconds").parameter_value(value).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_named_by_its_caller_and_one_runs_at_a_time() {
    let desk = Desk::open("cfn-fleet-ids", "vod-case").await;
    roles(&desk, &ACCOUNTS[..2]).await;
    create(&desk, &with_parameter()).await;
    let make = |id: &str| {
        let call = desk.client.create_stack_instances().stack_set_name(SET).operation_id(id);
        call.set_accounts(strings(&ACCOUNTS[..2])).set_regions(strings(&REGIONS))
    };
    let update = |id: &str| {
        desk.client.update_stack_set().stack_set_name(SET).use_previous_template(true).operation_id(id)
    };
    assert_eq!(make("first").send().await.unwrap().operation_id.as_deref(), Some("first"));
    let while_it_runs = update("second").send().await.unwrap_err().into_service_error();
    assert!(while_it_runs.is_operation_in_progress_exception(), "{while_it_runs:?}");
    succeeded(&desk, Some("first".into())).await;
    let again = make("first").send().await.unwrap_err().into_service_error();
    assert!(again.is_operation_id_already_exists_exception(), "{again:?}");
    let again = update("first").send().await.unwrap_err().into_service_error();
    assert!(again.is_operation_id_already_exists_exception(), "{again:?}");
    let full = desk.client.delete_stack_set().stack_set_name(SET).send().await.unwrap_err();
    assert!(full.into_service_error().is_stack_set_not_empty_exception());

    // What is current is not made again: its stack stays as it is.
    succeeded(&desk, make("third").send().await.unwrap().operation_id).await;
    let nowhere = strings(&ACCOUNTS[2..]);
    let call = desk.client.update_stack_instances().stack_set_name(SET).set_accounts(nowhere.clone());
    let missing = call.set_regions(strings(&REGIONS)).send().await.unwrap_err().into_service_error();
    assert!(missing.is_stack_instance_not_found_exception(), "{missing:?}");
    let call = update("fourth").set_accounts(nowhere).set_regions(strings(&REGIONS));
    let missing = call.send().await.unwrap_err().into_service_error();
    assert!(missing.is_stack_instance_not_found_exception(), "{missing:?}");
    assert_eq!(withdraw(&desk, &ACCOUNTS[2..], false).await, ("SUCCEEDED".into(), Vec::new()));
    let gone = desk.client.stop_stack_set_operation().stack_set_name(SET).operation_id("first");
    assert!(gone.send().await.unwrap_err().into_service_error().is_invalid_operation_exception());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_names_its_resource_and_leaves_no_stack() {
    let desk = Desk::open("cfn-fleet-fails", "vod-case").await;
    roles(&desk, &ACCOUNTS).await;
    create(&desk, &with_parameter()).await;
    let mut in_the_way = Vec::new();
    for region in REGIONS {
        let cx = elsewhere(&desk, ACCOUNTS[1], region).await;
        let url = cx.sqs().create_queue().queue_name("vod-case-q").send().await.unwrap().queue_url.unwrap();
        in_the_way.push((cx, url));
    }
    // None may fail. In the soft mode all of a region begin nevertheless, and regions at once do not wait for each other.
    let preferences = StackSetOperationPreferences::builder()
        .region_concurrency_type("PARALLEL".into())
        .concurrency_mode("SOFT_FAILURE_TOLERANCE".into())
        .max_concurrent_count(3)
        .failure_tolerance_count(0)
        .build();
    let call = desk.client.create_stack_instances().stack_set_name(SET).operation_preferences(preferences);
    let call = call.set_accounts(strings(&ACCOUNTS)).set_regions(strings(&REGIONS));
    let first = call.send().await.unwrap().operation_id.unwrap();
    let (status, problems) = ended(&desk, &first).await;
    assert_eq!((status.as_str(), problems.len()), ("FAILED", 2), "{problems:?}");
    for (problem, region) in problems.iter().zip(REGIONS) {
        let begin = format!(
            "{} {region} FAILED: ResourceLogicalId:Queue, ResourceType:AWS::SQS::Queue, ResourceStatusReason:",
            ACCOUNTS[1]
        );
        assert!(problem.starts_with(&begin) && problem.contains("already exists"), "{problem}");
    }
    let filter = StackInstanceFilter::builder().name("DETAILED_STATUS".into()).values("FAILED").build();
    let call = desk.client.list_stack_instances().stack_set_name(SET).filters(filter);
    let failed = call.send().await.unwrap().summaries.unwrap();
    assert_eq!(failed.len(), 2);
    for instance in &failed {
        assert!(line(instance).ends_with("OUTDATED FAILED"), "{}", line(instance));
        assert_eq!(instance.stack_id(), None, "StackSets deletes what it could not make");
    }
    let filter =
        OperationResultFilter::builder().name("OPERATION_RESULT_STATUS".into()).values("FAILED").build();
    let call = desk.client.list_stack_set_operation_results().stack_set_name(SET).operation_id(&first);
    assert_eq!(call.filters(filter).send().await.unwrap().summaries.unwrap().len(), 2);

    for (cx, url) in in_the_way {
        cx.sqs().delete_queue().queue_url(url).send().await.unwrap();
    }
    let before = instances(&desk).await;
    succeeded(&desk, deploy(&desk, &ACCOUNTS).await).await;
    let after = instances(&desk).await;
    assert!(after.iter().all(|instance| line(instance).ends_with("CURRENT SUCCEEDED")), "{after:?}");
    let kept = before.iter().zip(&after).filter(|(before, after)| before.stack_id() == after.stack_id());
    assert_eq!(kept.count(), 4, "only what is outdated is made again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_keeps_its_own_parameters_through_updates_of_the_set() {
    let desk = Desk::open("cfn-fleet-values", "vod-case").await;
    let (account, [here, there]) = (ACCOUNTS[1], REGIONS);
    roles(&desk, &[account]).await;
    create(&desk, &with_parameter()).await;
    succeeded(&desk, deploy(&desk, &[account]).await).await;
    let own = |parameters: Vec<Parameter>| {
        let call = desk.client.update_stack_instances().stack_set_name(SET).accounts(account).regions(there);
        call.set_parameter_overrides(Some(parameters))
    };
    succeeded(&desk, own(vec![seconds("90")]).send().await.unwrap().operation_id).await;
    let call = desk.client.update_stack_set().stack_set_name(SET).use_previous_template(true);
    let call = call.parameters(seconds("60")).operation_preferences(at_once());
    succeeded(&desk, call.send().await.unwrap().operation_id).await;
    assert_eq!(timeout(&desk, account, here).await.as_deref(), Some("60"));
    assert_eq!(timeout(&desk, account, there).await.as_deref(), Some("90"));
    succeeded(&desk, own(Vec::new()).send().await.unwrap().operation_id).await;
    assert_eq!(timeout(&desk, account, there).await.as_deref(), Some("60"));

    // An update of one place leaves the others behind.
    let call = desk.client.update_stack_set().stack_set_name(SET).use_previous_template(true);
    let call = call.parameters(seconds("70")).accounts(account).regions(here);
    succeeded(&desk, call.send().await.unwrap().operation_id).await;
    let lines: Vec<String> = instances(&desk).await.iter().map(line).collect();
    assert_eq!(
        lines,
        [format!("{account} {here} CURRENT SUCCEEDED"), format!("{account} {there} OUTDATED SUCCEEDED")]
    );
    let unknown = desk.client.update_stack_set().stack_set_name(SET).use_previous_template(true);
    let unknown = unknown.parameters(Parameter::builder().parameter_key("Nope").parameter_value("1").build());
    let refused = unknown.send().await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("Parameters: [Nope] do not exist in the template"),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_cannot_be_deleted_is_inoperable_until_it_is_let_go() {
    let desk = Desk::open("cfn-fleet-stuck", "vod-case").await;
    let (account, region) = (ACCOUNTS[1], REGIONS[0]);
    roles(&desk, &[account]).await;
    let bucket = json!({ "Type": "AWS::S3::Bucket", "Properties": { "BucketName": "vod-case-full" } });
    create(&desk, &json!({ "Resources": { "Full": bucket } })).await;
    let place = || (strings(&[account]), strings(&[region]));
    let call = desk.client.create_stack_instances().stack_set_name(SET);
    let call = call.set_accounts(place().0).set_regions(place().1);
    succeeded(&desk, call.send().await.unwrap().operation_id).await;
    let cx = elsewhere(&desk, account, region).await;
    let put = cx.s3().put_object().bucket("vod-case-full").key("k").body(b"x".to_vec().into());
    put.send().await.unwrap();
    let delete = async |retain: bool| {
        let call = desk.client.delete_stack_instances().stack_set_name(SET).retain_stacks(retain);
        let call = call.set_accounts(place().0).set_regions(place().1);
        ended(&desk, &call.send().await.unwrap().operation_id.unwrap()).await
    };
    let (status, problems) = delete(false).await;
    assert_eq!(status, "FAILED");
    assert!(problems[0].contains("ResourceLogicalId:Full, ResourceType:AWS::S3::Bucket"), "{problems:?}");
    assert_eq!(line(&instances(&desk).await[0]), format!("{account} {region} INOPERABLE INOPERABLE"));
    // Updates leave it out.
    let other = json!({ "Resources": queue("vod-case-q", json!({})) });
    let call = desk.client.update_stack_set().stack_set_name(SET).template_body(other.to_string());
    succeeded(&desk, call.send().await.unwrap().operation_id).await;
    assert_eq!(timeout(&desk, account, region).await, None);
    assert_eq!(delete(true).await, ("SUCCEEDED".into(), Vec::new()));
    desk.client.delete_stack_set().stack_set_name(SET).send().await.unwrap();
}
