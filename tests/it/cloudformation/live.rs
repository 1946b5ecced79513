//! What is live: drift of it, and its import.

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{ChangeSetType, ResourceToImport};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use super::{Desk, queue, status};

fn template(resources: Value) -> Value {
    serde_json::Map::from_iter([("Resources".to_owned(), resources)]).into()
}

/// Detects drift and returns each resource's status with its differences.
async fn drift(desk: &Desk, stack: &str) -> (String, Vec<String>) {
    let id = desk
        .client
        .detect_stack_drift()
        .stack_name(stack)
        .send()
        .await
        .unwrap()
        .stack_drift_detection_id
        .unwrap();
    let found = loop {
        let call = desk.client.describe_stack_drift_detection_status().stack_drift_detection_id(&id);
        let answer = call.send().await.unwrap();
        if answer.detection_status().unwrap().as_str() != "DETECTION_IN_PROGRESS" {
            break answer.stack_drift_status.unwrap().as_str().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let drifts = desk.client.describe_stack_resource_drifts().stack_name(stack).send().await.unwrap();
    let shown = drifts.stack_resource_drifts().iter().map(|drift| {
        let differences = drift.property_differences().iter().map(|difference| {
            let path = difference.property_path().unwrap();
            format!("{path} {} {}", difference.expected_value().unwrap(), difference.actual_value().unwrap())
        });
        let differences: Vec<String> = differences.collect();
        format!("{}: {}", drift.stack_resource_drift_status().unwrap().as_str(), differences.join(", "))
    });
    (found, shown.collect())
}

async fn set_attribute(desk: &Desk, name: QueueAttributeName, value: &str) {
    let url = desk.cx.sqs().get_queue_url().queue_name("vod-case-q").send().await.unwrap().queue_url.unwrap();
    desk.cx.sqs().set_queue_attributes().queue_url(url).attributes(name, value).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_of_what_the_template_names() {
    let desk = Desk::open("cfn-drift", "vod-case").await;
    let declared = template(queue("vod-case-q", json!({ "VisibilityTimeout": 30 })));
    let made = desk.deploy("s", ChangeSetType::Create, &declared).await;
    assert_eq!(drift(&desk, "s").await, ("IN_SYNC".into(), vec!["IN_SYNC: ".into()]));
    set_attribute(&desk, QueueAttributeName::DelaySeconds, "7").await;
    assert_eq!(drift(&desk, "s").await.0, "IN_SYNC");
    set_attribute(&desk, QueueAttributeName::VisibilityTimeout, "99").await;
    let modified = vec!["MODIFIED: /VisibilityTimeout 30 99".to_owned()];
    assert_eq!(drift(&desk, "s").await, ("DRIFTED".into(), modified));
    let url = desk.cx.sqs().get_queue_url().queue_name("vod-case-q").send().await.unwrap().queue_url.unwrap();
    desk.cx.sqs().delete_queue().queue_url(url).send().await.unwrap();
    assert_eq!(drift(&desk, "s").await, ("DRIFTED".into(), vec!["DELETED: ".to_owned()]));
    assert_eq!(status(&desk.delete(&made).await), "DELETE_COMPLETE");
}

fn import(logical: &str, kind: &str, identifiers: &[(&str, &str)]) -> ResourceToImport {
    let mut one = ResourceToImport::builder().logical_resource_id(logical).resource_type(kind);
    for (name, value) in identifiers {
        one = one.resource_identifier(*name, *value);
    }
    one.build()
}

/// Makes an import set; the reason where it failed, the message where it was refused.
async fn propose(
    desk: &Desk,
    stack: &str,
    template: &Value,
    resource: ResourceToImport,
) -> Result<String, String> {
    let name = format!("import-{}", super::number());
    let call = desk.client.create_change_set().stack_name(stack).change_set_name(name);
    let call = call.change_set_type(ChangeSetType::Import).template_body(template.to_string());
    let made = call.resources_to_import(resource).send().await;
    let id = made.map_err(|error| error.message().unwrap_or_default().to_owned())?.id.unwrap();
    let set = desk.client.describe_change_set().change_set_name(&id).send().await.unwrap();
    match set.status.unwrap().as_str() {
        "CREATE_COMPLETE" => Ok(id),
        _ => Err(set.status_reason.unwrap_or_default()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_imported_without_being_touched() {
    let desk = Desk::open("cfn-import", "vod-case").await;
    let url = desk
        .cx
        .sqs()
        .create_queue()
        .queue_name("vod-case-q")
        .attributes(QueueAttributeName::DelaySeconds, "7");
    let url = url.send().await.unwrap().queue_url.unwrap();
    let queue = |policy: Option<&str>| {
        let mut resources = queue("vod-case-q", json!({ "VisibilityTimeout": 45 }));
        if let Some(policy) = policy {
            resources["Queue"]["DeletionPolicy"] = json!(policy);
        }
        template(resources)
    };
    let resource = || import("Queue", "AWS::SQS::Queue", &[("QueueUrl", url.as_str())]);
    assert_eq!(
        propose(&desk, "s", &queue(None), resource()).await.unwrap_err(),
        "The following resources to import [Queue] must have DeletionPolicy attribute specified in the template."
    );
    let wrong = import("Queue", "AWS::SQS::Queue", &[("QueueName", "vod-case-q")]);
    assert!(
        propose(&desk, "s", &queue(Some("Retain")), wrong)
            .await
            .unwrap_err()
            .contains("identified by [QueueUrl]")
    );
    let set = propose(&desk, "s", &queue(Some("Retain")), resource()).await.unwrap();
    let changes = desk.changes(&set).await;
    assert_eq!(changes[0].resource_change().unwrap().action().unwrap().as_str(), "Import");
    let imported = desk.execute("s", &set).await;
    assert_eq!(status(&imported), "IMPORT_COMPLETE", "{:?}", desk.told("s", "Queue").await);
    // The template says 45; the import changes nothing.
    assert_eq!(
        drift(&desk, "s").await,
        ("DRIFTED".into(), vec!["MODIFIED: /VisibilityTimeout 45 30".to_owned()])
    );
    assert_eq!(
        propose(&desk, "t", &queue(Some("Retain")), resource()).await.unwrap_err(),
        "Resources [Queue] passed in ResourceToImport are already in a stack and cannot be imported."
    );
    assert_eq!(status(&desk.delete(&imported).await), "DELETE_COMPLETE");
    desk.cx.sqs().get_queue_url().queue_name("vod-case-q").send().await.expect("it was retained");

    let policy = json!({ "P": { "Type": "AWS::SQS::QueuePolicy", "DeletionPolicy": "Retain", "Properties": {
        "Queues": [url], "PolicyDocument": {} } } });
    assert_eq!(
        propose(&desk, "u", &template(policy), import("P", "AWS::SQS::QueuePolicy", &[("Id", "x")]))
            .await
            .unwrap_err(),
        "ResourceTypes [AWS::SQS::QueuePolicy] are not supported for Import"
    );
    let missing = import("Queue", "AWS::SQS::Queue", &[("QueueUrl", "http://127.0.0.1/no")]);
    let set = propose(&desk, "v", &queue(Some("Retain")), missing).await.unwrap();
    let failed = desk.execute("v", &set).await;
    assert_eq!(status(&failed), "IMPORT_ROLLBACK_COMPLETE");
    assert!(desk.told("v", "Queue").await[1].starts_with("IMPORT_FAILED: "));
}
