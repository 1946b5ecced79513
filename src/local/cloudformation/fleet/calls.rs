//! The calls that make, change and delete a stack set.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::operations::{check_name, is_on, required, submitted, text, texts};
use super::super::parameters;
use super::super::refusal::ApiRefusal;
use super::super::template::StackTemplate;
use super::super::{CloudFormation, StackCaller};
use super::operation;
use super::preferences::Preferences;
use super::records::{AutoDeployment, OperationRecord, StackSetRecord};
use super::{Answer, instances, organization, refused, targets};

/// The set's parameters as text, for `UsePreviousValue`.
fn values(parameters: &Value) -> BTreeMap<String, String> {
    let pair = |one: &Value| {
        Some((one["ParameterKey"].as_str()?.to_owned(), one["ParameterValue"].as_str()?.to_owned()))
    };
    parameters.as_array().into_iter().flatten().filter_map(pair).collect()
}

/// Writes what a call says of a set into it.
async fn fill(
    service: &CloudFormation,
    caller: &StackCaller,
    set: &mut StackSetRecord,
    form: &Value,
) -> Result<(), ApiRefusal> {
    match submitted::template_text(service, caller, form).await? {
        Some(template) => set.template = template,
        None if is_on(form, "UsePreviousTemplate") && !set.template.is_empty() => {}
        None => {
            return Err(ApiRefusal::validation("Either Template URL or Template Body must be specified."));
        }
    }
    let template = StackTemplate::read(&set.template, &|kind| service.is_known_type(kind))?;
    template.check_capabilities(&texts(form, "Capabilities"))?;
    let previous = values(&set.parameters);
    // As for a stack: what a call leaves out gets the template's default.
    parameters::given(&template, &form["Parameters"], Some(&previous))?;
    let kept = |one: &Value| match one["UsePreviousValue"].as_str() {
        Some("true") => {
            let key = one["ParameterKey"].as_str().unwrap_or_default();
            json!({ "ParameterKey": key, "ParameterValue": previous.get(key) })
        }
        _ => one.clone(),
    };
    set.parameters = form["Parameters"].as_array().into_iter().flatten().map(kept).collect();
    match form.get("Tags") {
        None => {}
        Some(Value::Array(tags)) => {
            let tag = |tag: &Value| {
                let value = tag["Value"].as_str().unwrap_or_default().to_owned();
                Some((tag["Key"].as_str()?.to_owned(), value))
            };
            set.tags = tags.iter().filter_map(tag).collect();
        }
        // An empty list takes them away.
        Some(_) => set.tags.clear(),
    }
    set.capabilities = texts(form, "Capabilities").into_iter().map(str::to_owned).collect();
    if let Some(description) = text(form, "Description") {
        set.description = Some(description.to_owned());
    }
    Ok(())
}

/// The roles that a call names, else the default ones: a set does not keep its own for the next call.
fn set_roles(set: &mut StackSetRecord, caller: &StackCaller, form: &Value) -> Result<(), ApiRefusal> {
    let named = ["AdministrationRoleARN", "ExecutionRoleName"].map(|name| text(form, name));
    if set.is_service_managed() {
        return match named {
            [None, None] => Ok(()),
            _ => Err(ApiRefusal::validation(
                "AdministrationRoleARN and ExecutionRoleName cannot be specified for a SERVICE_MANAGED stack set",
            )),
        };
    }
    let default = StackSetRecord::new(&caller.place, "");
    let [administration, execution] = named;
    set.administration_role = administration.map_or(default.administration_role, str::to_owned);
    set.execution_role = execution.map_or(default.execution_role, str::to_owned);
    Ok(())
}

/// What a call says of the permission model and of automatic deployment.
async fn model(
    service: &CloudFormation,
    caller: &StackCaller,
    before: Option<AutoDeployment>,
    form: &Value,
) -> Result<Option<AutoDeployment>, ApiRefusal> {
    let wanted = &form["AutoDeployment"];
    let is_managed = match text(form, "PermissionModel") {
        Some(model) => model == "SERVICE_MANAGED",
        None => before.is_some(),
    };
    if !is_managed {
        return match wanted.is_null() {
            true => Ok(None),
            false => {
                Err(ApiRefusal::validation("AutoDeployment cannot be specified for a SELF_MANAGED stack set"))
            }
        };
    }
    organization::operated(service, caller, form).await?;
    if wanted.is_null() {
        return Ok(Some(before.unwrap_or_default()));
    }
    let (is_enabled, retains) = (is_on(wanted, "Enabled"), is_on(wanted, "RetainStacksOnAccountRemoval"));
    if is_enabled == wanted["RetainStacksOnAccountRemoval"].is_null() {
        let message = match is_enabled {
            true => "RetainStacksOnAccountRemoval must be specified when AutoDeployment is enabled",
            false => "RetainStacksOnAccountRemoval cannot be specified when AutoDeployment is disabled",
        };
        return Err(ApiRefusal::validation(message));
    }
    Ok(Some(AutoDeployment { is_enabled, retains }))
}

/// Refuses what the local cloud has no part of.
fn check_execution(form: &Value) -> Result<(), ApiRefusal> {
    match is_on(&form["ManagedExecution"], "Active") {
        true => Err(ApiRefusal::validation("the local cloud does not queue operations (ManagedExecution)")),
        false => Ok(()),
    }
}

/// `CreateStackSet`.
pub(super) async fn create(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    check_name("stackSetName", name)?;
    check_execution(form)?;
    let mut set = StackSetRecord::new(&caller.place, name);
    set.auto_deployment = model(service, caller, None, form).await?;
    set_roles(&mut set, caller, form)?;
    fill(service, caller, &mut set, form).await?;
    let id = set.id.clone();
    service.sets(&caller.place, |sets| {
        if sets.iter().any(|other| other.is_active() && other.name == name) {
            let message = "The name provided already exists";
            return Err(refused(409, "NameAlreadyExistsException", message));
        }
        sets.push(set);
        Ok(Some(json!({ "StackSetId": id })))
    })
}

/// `UpdateStackSet`: in the places that the call names, else in all. The instances that it leaves are outdated.
pub(super) async fn update(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    let preferences = Preferences::read(form)?;
    check_execution(form)?;
    let mut filled = service.set(&caller.place, name, |set| {
        operation::check_may_begin(set, form)?;
        Ok(set.clone())
    })?;
    let names_targets = !form["DeploymentTargets"].is_null() || !form["Regions"].is_null();
    if names_targets && !form["AutoDeployment"].is_null() {
        // API reference, `UpdateStackSet`, `AutoDeployment`. The text is not recorded.
        let message = "You cannot specify DeploymentTargets or Regions together with AutoDeployment";
        return Err(ApiRefusal::validation(message));
    }
    filled.auto_deployment = model(service, caller, filled.auto_deployment, form).await?;
    set_roles(&mut filled, caller, form)?;
    fill(service, caller, &mut filled, form).await?;
    let named = instances::named(service, caller, &filled, form).await?;
    operation::begin(service, caller, name, form, |set| {
        if set.id != filled.id || set.operations.len() != filled.operations.len() {
            let message = "Another operation has been performed on this stack set since the request was made";
            return Err(refused(409, "StaleRequestException", message));
        }
        let everywhere = named.is_empty();
        let mut here = if everywhere { targets::of_instances(set) } else { named };
        for target in &here {
            instances::check_exists(set, &target.key)?;
        }
        here.retain(|target| set.instances[&target.key].status != "INOPERABLE");
        // Without a new template or parameters, only the named instances are concerned (API reference, `Accounts`).
        let changes =
            ["TemplateBody", "TemplateURL", "Parameters"].iter().any(|member| !form[*member].is_null());
        for (key, instance) in &mut filled.instances {
            let is_named = here.iter().any(|target| target.key == *key);
            if instance.status != "INOPERABLE" && (changes || is_named) {
                instance.status = "OUTDATED";
            }
        }
        *set = filled;
        Ok(OperationRecord::new("UPDATE", text(form, "OperationId"), preferences, &here))
    })
}

/// `DeleteStackSet`. What is not there is deleted.
pub(super) fn delete(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    let deleted = service.set(&caller.place, name, |set| {
        operation::check_idle(set)?;
        if !set.instances.is_empty() {
            return Err(refused(409, "StackSetNotEmptyException", "StackSet is not empty"));
        }
        set.status = "DELETED";
        Ok(())
    });
    match deleted {
        Err(refusal) if refusal.code != "StackSetNotFoundException" => Err(refusal),
        _ => Ok(Some(json!({}))),
    }
}
