//! The calls that begin a stack operation without a change set.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::refusal::ApiRefusal;
use super::super::run::{self, WorkKind, WorkOptions};
use super::super::state::StackRecord;
use super::super::{CloudFormation, StackCaller};
use super::{Answer, change_sets_begin, is_on, policies, required, submitted, text, texts};

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

/// `CreateStack`.
pub(super) async fn create(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    super::check_name("stackName", name)?;
    let template = submitted::template_text(service, caller, form).await?;
    let id = begin_stack(service, caller, name, form, template).await?;
    Ok(Some(json!({ "StackId": id })))
}

/// Begins to make a stack of this template as a call says. Returns its id.
pub(in super::super) async fn begin_stack(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    name: &str,
    form: &Value,
    template: Option<String>,
) -> Result<String, ApiRefusal> {
    let policy = policies::submitted(service, caller, form).await?;
    let role = text(form, "RoleARN").map(str::to_owned);
    submitted::check_role(service, caller, role.as_deref()).await?;
    let target = submitted::declared(service, form, template, None)?;
    if let Some(transform) = target.template.transforms().first() {
        return Err(ApiRefusal::validation(format!(
            "Transform {transform} failed with: the local cloud runs no macros."
        )));
    }
    let options = WorkOptions {
        disable_rollback: is_on(form, "DisableRollback") || text(form, "OnFailure") == Some("DO_NOTHING"),
        delete_on_failure: text(form, "OnFailure") == Some("DELETE"),
        retain_except_on_create: is_on(form, "RetainExceptOnCreate"),
        change_set: None,
    };
    let as_role = service.handler_caller(caller, role.as_deref()).await;
    let (id, work) = service.shelf(&caller.place, |shelf| {
        if let Some(found) = shelf.find(name) {
            let message = format!("Stack [{}] already exists", found.name);
            return Err(ApiRefusal::new("AlreadyExistsException", message));
        }
        let mut stack = StackRecord::new(&caller.place, name);
        stack.role = role;
        stack.is_protected = is_on(form, "EnableTerminationProtection");
        stack.policy = policy;
        let token = text(form, "ClientRequestToken").map(str::to_owned);
        let work = run::prepare(&caller.place, as_role, &mut stack, target, WorkKind::Create, options, token);
        stack.updated = None;
        let id = stack.id.clone();
        shelf.stacks.push(stack);
        Ok((id, work))
    })?;
    run::begin(service, work);
    Ok(id)
}

/// `UpdateStack`.
pub(super) async fn update(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    let template = submitted::template_text(service, caller, form).await?;
    begin_stack_update(service, caller, name, form, template).await?;
    let id = service.shelf(&caller.place, |shelf| shelf.get(name).map(|stack| stack.id.clone()))?;
    Ok(Some(json!({ "StackId": id })))
}

/// Begins to change a stack to this template as a call says.
pub(in super::super) async fn begin_stack_update(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    name: &str,
    form: &Value,
    template: Option<String>,
) -> Result<(), ApiRefusal> {
    let (before, before_role) = service.shelf(&caller.place, |shelf| {
        let stack = shelf.get(name)?;
        check_can_be_updated(stack, false)?;
        Ok((stack.declared.clone(), stack.role.clone()))
    })?;
    let role = text(form, "RoleARN").map(str::to_owned);
    submitted::check_role(service, caller, role.as_deref()).await?;
    let target = submitted::declared(service, form, template, before.as_ref())?;
    let role = role.or(before_role);
    let as_role = service.handler_caller(caller, role.as_deref()).await;
    let options = WorkOptions {
        disable_rollback: is_on(form, "DisableRollback"),
        retain_except_on_create: is_on(form, "RetainExceptOnCreate"),
        ..WorkOptions::default()
    };
    let work = service.shelf(&caller.place, |shelf| {
        let exports = shelf.exports();
        let stack = shelf.get_mut(name)?;
        check_can_be_updated(stack, false)?;
        let (changes, problem) = change_sets_begin::changes_of(service, caller, exports, stack, &target);
        if let Some(problem) = problem {
            return Err(ApiRefusal::validation(problem));
        }
        if changes.is_empty() && change_sets_begin::is_same_otherwise(stack.declared.as_ref(), &target) {
            return Err(ApiRefusal::validation("No updates are to be performed."));
        }
        stack.role = role;
        for set in &mut stack.change_sets {
            if set.execution == "AVAILABLE" {
                set.execution = "OBSOLETE";
            }
        }
        let token = text(form, "ClientRequestToken").map(str::to_owned);
        let work = run::prepare(&caller.place, as_role, stack, target, WorkKind::Update, options, token);
        Ok(work)
    })?;
    run::begin(service, work);
    Ok(())
}

/// Begins to delete a stack.
pub(in super::super) async fn delete_stack(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    stack: &str,
) -> Result<(), ApiRefusal> {
    delete(service, caller, &json!({ "StackName": stack })).await.map(drop)
}

/// `DeleteStack`. What is not there is deleted.
pub(super) async fn delete(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    let retain: Vec<String> = texts(form, "RetainResources").into_iter().map(str::to_owned).collect();
    let force = text(form, "DeletionMode") == Some("FORCE_DELETE_STACK");
    let role = text(form, "RoleARN").map(str::to_owned);
    submitted::check_role(service, caller, role.as_deref()).await?;
    let own = service.shelf(&caller.place, |shelf| shelf.find(name).and_then(|stack| stack.role.clone()));
    let as_role = service.handler_caller(caller, role.or(own).as_deref()).await;
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
        if stack.is_busy() && stack.status != "CREATE_IN_PROGRESS" {
            let message = format!("Stack [{}] cannot be deleted while in status {}", stack.id, stack.status);
            return Err(ApiRefusal::validation(message));
        }
        let token = text(form, "ClientRequestToken");
        Ok(Some(run::delete::prepare(&caller.place, as_role, stack, retain, force, token)))
    })?;
    if let Some(work) = work {
        run::delete::begin(service, work);
    }
    Ok(None)
}

/// `CancelUpdateStack`.
pub(super) fn cancel(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    service.shelf(&caller.place, |shelf| {
        let stack = shelf.get_mut(name)?;
        if stack.status != "UPDATE_IN_PROGRESS" {
            return Err(ApiRefusal::validation(
                "CancelUpdateStack cannot be called from current stack status",
            ));
        }
        stack.cancel.cancel();
        Ok(None)
    })
}

/// `ContinueUpdateRollback`.
pub(super) async fn continue_rollback(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    form: &Value,
) -> Answer {
    let skip: Vec<String> = texts(form, "ResourcesToSkip").into_iter().map(str::to_owned).collect();
    let begun = begin_rollback(service, caller, form, |stack| {
        if stack.status != "UPDATE_ROLLBACK_FAILED" {
            return Err(ApiRefusal::validation(format!(
                "Stack:{} is in {} state and can not be rolled back.",
                stack.id, stack.status
            )));
        }
        let can_be_skipped = |name: &&String| {
            stack.resources.get(*name).is_some_and(|record| record.status == "UPDATE_FAILED")
        };
        match skip.iter().find(|name| !can_be_skipped(name)) {
            Some(_) => Err(ApiRefusal::validation(
                "ResourcesToSkip can only be specified for resources in the UPDATE_FAILED state because the rollback failed.",
            )),
            None => Ok(()),
        }
    });
    let (place, id, as_role) = begun.await?;
    run::rollback::begin(
        service,
        place,
        id,
        as_role,
        skip.iter().cloned().collect(),
        text(form, "ClientRequestToken"),
    );
    Ok(Some(json!({})))
}

/// `RollbackStack`: for what failed while rollback was disabled.
pub(super) async fn rollback(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let begun = begin_rollback(service, caller, form, |stack| match stack.status {
        "CREATE_FAILED" | "UPDATE_FAILED" => Ok(()),
        status => Err(ApiRefusal::validation(format!(
            "Stack [{}] cannot be rolled back from its current status of {status}",
            stack.name
        ))),
    });
    let (place, id, as_role) = begun.await?;
    let answer = json!({ "StackId": id });
    run::rollback::begin(
        service,
        place,
        id,
        as_role,
        std::collections::BTreeSet::new(),
        text(form, "ClientRequestToken"),
    );
    Ok(Some(answer))
}

type Begun = (super::super::state::StackPlace, String, super::super::HandlerCaller);

async fn begin_rollback(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    form: &Value,
    check: impl FnOnce(&StackRecord) -> Result<(), ApiRefusal>,
) -> Result<Begun, ApiRefusal> {
    let name = required(form, "StackName")?;
    let role = text(form, "RoleARN").map(str::to_owned);
    submitted::check_role(service, caller, role.as_deref()).await?;
    let (id, own) = service.shelf(&caller.place, |shelf| {
        let stack = shelf.get(name)?;
        check(stack)?;
        Ok((stack.id.clone(), stack.role.clone()))
    })?;
    let as_role = service.handler_caller(caller, role.or(own).as_deref()).await;
    Ok((caller.place.clone(), id, as_role))
}
