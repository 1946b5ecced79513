//! `DescribeChangeSet`, `DeleteChangeSet` and `ListChangeSets`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::actual;
use super::super::refusal::ApiRefusal;
use super::super::state::{ChangeSetRecord, Shelf, StackRecord, tag_list};
use super::super::{CloudFormation, StackCaller};
use super::{Answer, is_on, page, required, text};

/// How many changes an answer has.
const PAGE: usize = 100;

/// The stack of a change set: by the set's id, or by the stack and the set's name.
pub(super) fn stack_of<'a>(
    shelf: &'a mut Shelf,
    stack: Option<&str>,
    name: &str,
) -> Result<&'a mut StackRecord, ApiRefusal> {
    match stack {
        Some(stack) => shelf.get_mut(stack),
        None if name.starts_with("arn:") => {
            let has = |stack: &&mut StackRecord| stack.change_sets.iter().any(|set| set.id == name);
            shelf.stacks.iter_mut().find(has).ok_or_else(|| ApiRefusal::no_change_set(name))
        }
        None => Err(ApiRefusal::validation(
            "StackName must be specified if ChangeSetName is not specified as an ARN.",
        )),
    }
}

/// `DescribeChangeSet`.
pub(super) fn describe(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "ChangeSetName")?;
    service.shelf(&caller.place, |shelf| {
        let stack = stack_of(shelf, text(form, "StackName"), name)?;
        let set = stack.change_set(name).ok_or_else(|| ApiRefusal::no_change_set(name))?;
        let changes =
            if is_on(form, "IncludePropertyValues") { &set.changes_with_values } else { &set.changes };
        let (changes, next) = page(changes.clone(), text(form, "NextToken"), PAGE)?;
        let mut answer = summary(stack, set);
        answer["Changes"] = changes.into();
        answer["NextToken"] = next.into();
        if let Some(target) = &set.target {
            answer["Capabilities"] = json!(target.capabilities);
            answer["Tags"] = tag_list(&target.tags);
            // As on AWS: a value with NoEcho stands here in clear.
            let parameter = |(key, value)| json!({ "ParameterKey": key, "ParameterValue": value });
            let parameters: Vec<Value> = target.parameters.iter().map(parameter).collect();
            if !parameters.is_empty() {
                answer["Parameters"] = parameters.into();
            }
        }
        answer["NotificationARNs"] = json!([]);
        answer["RollbackConfiguration"] = json!({});
        answer["OnStackFailure"] = json!(set.on_failure);
        if let Some(found) = &set.actual {
            answer["DeploymentMode"] = json!("REVERT_DRIFT");
            answer["StackDriftStatus"] = json!(actual::stack_status(found));
        }
        Ok(Some(answer))
    })
}

fn summary(stack: &StackRecord, set: &ChangeSetRecord) -> Value {
    json!({
        "ChangeSetId": set.id,
        "ChangeSetName": set.name,
        "StackId": stack.id,
        "StackName": stack.name,
        "Status": set.status,
        "StatusReason": set.reason,
        "ExecutionStatus": set.execution,
        "CreationTime": set.created,
        "Description": set.description,
        "IncludeNestedStacks": false,
    })
}

/// `DeleteChangeSet`. As on AWS, a stack in review stays.
pub(super) fn delete(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "ChangeSetName")?;
    service.shelf(&caller.place, |shelf| {
        let stack = match stack_of(shelf, text(form, "StackName"), name) {
            Ok(stack) => stack,
            // Deleting what is not there succeeds, if it is named by its id.
            Err(refusal) if name.starts_with("arn:") && refusal.code == "ChangeSetNotFound" => {
                return Ok(Some(json!({})));
            }
            Err(refusal) => return Err(refusal),
        };
        if let Some(set) = stack.change_set(name).filter(|set| set.execution == "EXECUTE_IN_PROGRESS") {
            return Err(ApiRefusal::new(
                "InvalidChangeSetStatus",
                format!("ChangeSet [{}] cannot be deleted in its current status of [{}]", set.id, set.status),
            ));
        }
        stack.change_sets.retain(|set| set.name != name && set.id != name);
        Ok(Some(json!({})))
    })
}

/// `ListChangeSets`.
pub(super) fn list(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let stack = required(form, "StackName")?;
    service.shelf(&caller.place, |shelf| {
        let stack = shelf.get(stack)?;
        // One that was executed is listed no more.
        let sets = stack.change_sets.iter().filter(|set| set.execution != "EXECUTE_COMPLETE");
        let all = sets.map(|set| summary(stack, set)).collect();
        let (sets, next) = page(all, text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "Summaries": sets, "NextToken": next })))
    })
}
