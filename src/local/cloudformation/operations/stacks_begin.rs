//! The calls that begin a stack operation without a change set.

use std::sync::Arc;

use serde_json::Value;

use super::super::refusal::ApiRefusal;
use super::super::run;
use super::super::state::StackRecord;
use super::super::{CloudFormation, StackCaller};
use super::{Answer, required, text, texts};

/// Refuses an update of a stack that cannot be updated now.
pub(super) fn check_can_be_updated(stack: &StackRecord, is_import: bool) -> Result<(), ApiRefusal> {
    let can = match stack.status {
        "CREATE_COMPLETE"
        | "UPDATE_COMPLETE"
        | "UPDATE_ROLLBACK_COMPLETE"
        | "IMPORT_COMPLETE"
        | "IMPORT_ROLLBACK_COMPLETE" => true,
        // With rollback disabled, what failed can be repaired by another update.
        "CREATE_FAILED" | "UPDATE_FAILED" => !is_import,
        "REVIEW_IN_PROGRESS" => is_import,
        _ => false,
    };
    if can {
        return Ok(());
    }
    let message = format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status);
    Err(ApiRefusal::validation(message))
}

/// `DeleteStack`. What is not there is deleted.
pub(super) fn delete(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    let retain: Vec<String> = texts(form, "RetainResources").into_iter().map(str::to_owned).collect();
    let force = text(form, "DeletionMode") == Some("FORCE_DELETE_STACK");
    let work = service.shelf(&caller.place, |shelf| {
        let Some(stack) = shelf.find_mut(name).filter(|stack| !stack.is_deleted()) else { return Ok(None) };
        if stack.is_protected {
            return Err(ApiRefusal::validation(format!(
                "Stack [{}] cannot be deleted while TerminationProtection is enabled",
                stack.name
            )));
        }
        if (!retain.is_empty() || force) && stack.status != "DELETE_FAILED" {
            let what = if force { "FORCE_DELETE_STACK" } else { "the resources to retain" };
            return Err(ApiRefusal::validation(format!(
                "Invalid operation on stack [{}]. Specify {what} only if the stack is in the DELETE_FAILED state.",
                stack.id
            )));
        }
        if stack.status == "DELETE_IN_PROGRESS" {
            return Ok(None);
        }
        if stack.is_busy() && !matches!(stack.status, "CREATE_IN_PROGRESS" | "ROLLBACK_IN_PROGRESS") {
            let message = format!("Stack [{}] cannot be deleted while in status {}", stack.id, stack.status);
            return Err(ApiRefusal::validation(message));
        }
        Ok(Some(run::delete::prepare(service, caller, stack, retain, force, text(form, "ClientRequestToken"))))
    })?;
    if let Some(work) = work {
        run::delete::begin(service, work);
    }
    Ok(None)
}
