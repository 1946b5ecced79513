//! `DescribeStacks`, `ListStacks` and `UpdateTerminationProtection`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::parameters;
use super::super::refusal::ApiRefusal;
use super::super::state::{StackRecord, tag_list};
use super::super::{CloudFormation, StackCaller};
use super::{Answer, is_on, page, required, text, texts};

/// How many stacks an answer has.
const PAGE: usize = 100;

/// `DescribeStacks`.
pub(super) fn describe(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    service.shelf(&caller.place, |shelf| {
        let found: Vec<Value> = match text(form, "StackName") {
            Some(name) => {
                let stack = shelf.find(name).ok_or_else(|| ApiRefusal::no_stack_with_id(name))?;
                vec![described(stack)]
            }
            None => shelf.stacks.iter().filter(|stack| !stack.is_deleted()).map(described).collect(),
        };
        let (stacks, next) = page(found, text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "Stacks": stacks, "NextToken": next })))
    })
}

fn described(stack: &StackRecord) -> Value {
    let declared = stack.declared.as_ref();
    let executed =
        stack.change_sets.iter().rev().find(|set| {
            matches!(set.execution, "EXECUTE_COMPLETE" | "EXECUTE_IN_PROGRESS" | "EXECUTE_FAILED")
        });
    let latest = executed.or(stack.change_sets.last()).map(|set| set.id.clone());
    let parameter = |(key, value): (&String, &String)| {
        let hidden = declared.is_some_and(|declared| parameters::is_hidden(&declared.template, key));
        json!({ "ParameterKey": key, "ParameterValue": if hidden { "****" } else { value.as_str() } })
    };
    let parameters: Option<Vec<Value>> =
        declared.map(|declared| declared.parameters.iter().map(parameter).collect());
    let drift = match &stack.drift {
        Some((status, at)) => json!({ "StackDriftStatus": status, "LastCheckTimestamp": at }),
        None => json!({ "StackDriftStatus": "NOT_CHECKED" }),
    };
    let capabilities = declared.map(|declared| declared.capabilities.clone()).filter(|all| !all.is_empty());
    json!({
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": latest,
        "Description": declared.and_then(|declared| declared.description()),
        "Parameters": parameters.filter(|all| !all.is_empty()),
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": [],
        "Capabilities": capabilities,
        "Outputs": Some(&stack.outputs).filter(|all| !all.is_empty()),
        "RoleARN": stack.role,
        "Tags": declared.map_or_else(|| json!([]), |declared| tag_list(&declared.tags)),
        "EnableTerminationProtection": if stack.is_deleted() { Value::Null } else { json!(stack.is_protected) },
        "DriftInformation": drift,
    })
}

/// `ListStacks`: deleted ones too, newest first.
pub(super) fn list(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let wanted = texts(form, "StackStatusFilter");
    service.shelf(&caller.place, |shelf| {
        let stacks = shelf.stacks.iter().rev();
        let fitting = stacks.filter(|stack| wanted.is_empty() || wanted.contains(&stack.status));
        let summary = |stack: &StackRecord| {
            json!({
                "StackId": stack.id,
                "StackName": stack.name,
                "TemplateDescription": stack.declared.as_ref().and_then(|declared| declared.description()),
                "CreationTime": stack.created,
                "LastUpdatedTime": stack.updated,
                "DeletionTime": stack.deleted,
                "StackStatus": stack.status,
                "StackStatusReason": stack.reason,
                "DriftInformation": { "StackDriftStatus": stack.drift.as_ref().map_or("NOT_CHECKED", |(status, _)| status) },
            })
        };
        let (stacks, next) = page(fitting.map(summary).collect(), text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "StackSummaries": stacks, "NextToken": next })))
    })
}

/// `UpdateTerminationProtection`.
pub(super) fn protect(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    service.shelf(&caller.place, |shelf| {
        let stack = shelf.get_mut(name)?;
        stack.is_protected = is_on(form, "EnableTerminationProtection");
        Ok(Some(json!({ "StackId": stack.id })))
    })
}
