//! What is to be seen of a stack: events, resources, template.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::refusal::ApiRefusal;
use super::super::state::{ResourceRecord, StackEvent, StackRecord};
use super::super::{CloudFormation, StackCaller};
use super::{Answer, page, required, text};

/// How many events or resources an answer has.
const PAGE: usize = 100;

/// `DescribeStackEvents`: newest first.
pub(super) fn events(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    service.shelf(&caller.place, |shelf| {
        let stack = shelf.get(name)?;
        let all = stack.events.iter().rev().map(|event| shown(stack, event)).collect();
        let (events, next) = page(all, text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "StackEvents": events, "NextToken": next })))
    })
}

fn shown(stack: &StackRecord, event: &StackEvent) -> Value {
    json!({
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical,
        "PhysicalResourceId": event.physical,
        "ResourceType": event.kind,
        "Timestamp": event.at,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceProperties": event.properties,
        "ClientRequestToken": event.token,
    })
}

fn drift(record: &ResourceRecord, at: bool) -> Value {
    match &record.drift {
        Some(found) => {
            let mut drift = json!({ "StackResourceDriftStatus": found["StackResourceDriftStatus"] });
            if at {
                drift["LastCheckTimestamp"] = found["Timestamp"].clone();
            }
            drift
        }
        None => json!({ "StackResourceDriftStatus": "NOT_CHECKED" }),
    }
}

/// A resource as each of the operations shows it: `time` is the name of the time of its last change.
fn resource_of(stack: &StackRecord, logical: &str, record: &ResourceRecord, time: &str) -> Value {
    let mut shown = json!({
        "LogicalResourceId": logical,
        "PhysicalResourceId": record.physical_id(),
        "ResourceType": record.kind,
        "ResourceStatus": record.status,
        "ResourceStatusReason": record.reason,
        "DriftInformation": drift(record, true),
    });
    shown[time] = json!(record.at);
    if time != "LastUpdatedTimestamp" || stack.name.is_empty() {
        shown["StackId"] = json!(stack.id);
        shown["StackName"] = json!(stack.name);
    }
    shown
}

/// `DescribeStackResource`.
pub(super) fn resource(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (name, logical) = (required(form, "StackName")?, required(form, "LogicalResourceId")?);
    service.shelf(&caller.place, |shelf| {
        let stack = shelf
            .find(name)
            .ok_or_else(|| ApiRefusal::validation(format!("Stack '{name}' does not exist")))?;
        let record = stack.resources.get(logical).ok_or_else(|| {
            ApiRefusal::validation(format!("Resource {logical} does not exist for stack {}", stack.name))
        })?;
        let mut shown = resource_of(stack, logical, record, "LastUpdatedTimestamp");
        shown["StackId"] = json!(stack.id);
        shown["StackName"] = json!(stack.name);
        let metadata = &record.body["Metadata"];
        shown["Metadata"] = if metadata.is_null() { json!("{}") } else { json!(metadata.to_string()) };
        Ok(Some(json!({ "StackResourceDetail": shown })))
    })
}

/// `DescribeStackResources`: by stack, or by the physical id of one of its resources.
pub(super) fn resources(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    service.shelf(&caller.place, |shelf| {
        let stack = match (text(form, "StackName"), text(form, "PhysicalResourceId")) {
            (Some(name), _) => shelf.find(name).ok_or_else(|| ApiRefusal::no_stack_with_id(name))?,
            (None, Some(physical)) => {
                let has = |stack: &&StackRecord| {
                    !stack.is_deleted()
                        && stack
                            .resources
                            .values()
                            .any(|record| record.exists() && record.physical_id() == Some(physical))
                };
                let message = format!("Stack for {physical} does not exist");
                shelf.stacks.iter().find(has).ok_or_else(|| ApiRefusal::validation(message))?
            }
            (None, None) => {
                return Err(ApiRefusal::validation("StackName or PhysicalResourceId must be specified"));
            }
        };
        let wanted = text(form, "LogicalResourceId");
        let fits = |(logical, _): &(&String, &ResourceRecord)| {
            wanted.is_none_or(|wanted| wanted == logical.as_str())
        };
        let shown =
            |(logical, record): (&String, &ResourceRecord)| resource_of(stack, logical, record, "Timestamp");
        let found: Vec<Value> = stack.resources.iter().filter(fits).map(shown).collect();
        match wanted {
            Some(logical) if found.is_empty() => Err(ApiRefusal::validation(format!(
                "Resource {logical} does not exist for stack {}",
                stack.name
            ))),
            _ => Ok(Some(json!({ "StackResources": found.into_iter().take(PAGE).collect::<Vec<_>>() }))),
        }
    })
}

/// `ListStackResources`.
pub(super) fn resource_list(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    service.shelf(&caller.place, |shelf| {
        let stack = shelf.find(name).ok_or_else(|| ApiRefusal::no_stack_with_id(name))?;
        let shown = |(logical, record): (&String, &ResourceRecord)| {
            resource_of(stack, logical, record, "LastUpdatedTimestamp")
        };
        let (found, next) = page(stack.resources.iter().map(shown).collect(), text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "StackResourceSummaries": found, "NextToken": next })))
    })
}

/// `GetTemplate`: of the stack, or of a change set.
pub(super) fn template(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (stack, set) = (text(form, "StackName"), text(form, "ChangeSetName"));
    service.shelf(&caller.place, |shelf| {
        let declared = match (stack, set) {
            (stack, Some(set)) => {
                let stack = super::change_sets::stack_of(shelf, stack, set)?;
                let found = stack.change_set(set).ok_or_else(|| ApiRefusal::no_change_set(set))?;
                found.target.clone()
            }
            (Some(name), None) => {
                let stack = shelf.find(name).ok_or_else(|| ApiRefusal::no_stack_with_id(name))?;
                stack.declared.clone()
            }
            (None, None) => return Err(ApiRefusal::validation("StackName or ChangeSetName is required")),
        };
        let text = declared.map(|declared| declared.template.text).unwrap_or_default();
        Ok(Some(json!({ "TemplateBody": text, "StagesAvailable": ["Original", "Processed"] })))
    })
}
