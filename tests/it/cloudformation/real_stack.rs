//! The template of the local stack, through a stack's life.

use aws_sdk_cloudformation::types::ChangeSetType;
use provision::cloudformation::synth;
use provision::graph::Graph;
use provision::model::Scope;
use provision::stack;
use provision::stack::handlers::PackageDigests;
use serde_json::{Value, json};

use super::{Desk, status};
use crate::conformance::{package_digests, upload_packages};
use crate::judges::stacks;
use crate::support::{ACCOUNT, REGION};

/// The template of `stacks/local.yaml`, for handlers that are stubs.
fn template() -> Value {
    let file = stacks::file("local");
    let [submit, publish] = package_digests();
    let scope = Scope { stack: file.stack.to_string(), account: ACCOUNT.into(), region: REGION.into() };
    let declared = stack::declare(&file, &PackageDigests { submit, publish }, None);
    synth(&scope, &Graph::new(declared).unwrap()).unwrap().remove(0).body
}

fn count(template: &Value) -> usize {
    template["Resources"].as_object().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_stack_lives_its_life() {
    let desk = Desk::open("cfn-life", "vod-local").await;
    upload_packages(&desk.cx).await;
    let template = template();
    let set = desk.propose("vod", ChangeSetType::Create, &template).await.unwrap();
    let changes = desk.changes(&set).await;
    assert_eq!(changes.len(), count(&template));
    let made = desk.execute("vod", &set).await;
    assert_eq!(status(&made), "CREATE_COMPLETE", "{:#?}", desk.told("vod", "vod").await);

    let reason = desk.propose("vod", ChangeSetType::Update, &template).await.unwrap_err();
    assert_eq!(
        reason,
        "The submitted information didn't contain changes. Submit different information to create a change set."
    );

    let mut changed = template.clone();
    let queue = changed["Resources"].as_object_mut().unwrap();
    let (logical, queue) = queue.iter_mut().find(|(_, body)| body["Type"] == "AWS::SQS::Queue").unwrap();
    let logical = logical.clone();
    queue["Properties"]["VisibilityTimeout"] = json!(77);
    let set = desk.propose("vod", ChangeSetType::Update, &changed).await.unwrap();
    let changes = desk.changes(&set).await;
    let [change] = &changes[..] else { panic!("{changes:#?}") };
    let change = change.resource_change().unwrap();
    assert_eq!(change.logical_resource_id(), Some(logical.as_str()));
    let target = change.details()[0].target().unwrap();
    assert_eq!((target.path(), target.after_value()), (Some("/Properties/VisibilityTimeout"), Some("77")));
    let updated = desk.execute("vod", &set).await;
    assert_eq!(status(&updated), "UPDATE_COMPLETE");
    assert_eq!(
        desk.told("vod", &logical).await[2..],
        ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    );

    let deleted = desk.delete(&updated).await;
    assert_eq!(
        status(&deleted),
        "DELETE_COMPLETE",
        "{:#?}",
        desk.told(updated.stack_id().unwrap(), "vod").await
    );
}
