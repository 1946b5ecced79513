//! The calls about stack sets.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::operations::{page, required, submitted, text, texts};
use super::super::refusal::ApiRefusal;
use super::super::template::StackTemplate;
use super::super::{CloudFormation, StackCaller};
use super::operation::{self, FleetWork};
use super::records::{InstanceRecord, OperationRecord, OperationResult, StackSetRecord};
use super::refused;

type Answer = Result<Option<Value>, ApiRefusal>;
type Key = (String, String);

/// How many items an answer has.
const PAGE: usize = 100;

/// Refuses what belongs to an organisation: the local cloud has none.
fn check_model(form: &Value) -> Result<(), ApiRefusal> {
    let by_unit = !form["DeploymentTargets"]["OrganizationalUnitIds"].is_null();
    if text(form, "PermissionModel") == Some("SERVICE_MANAGED") || by_unit {
        let message = "You must enable organizations access to operate a service managed stack set";
        return Err(ApiRefusal::validation(message));
    }
    Ok(())
}

/// Writes what a call says of a set into it.
async fn fill(
    service: &CloudFormation,
    caller: &StackCaller,
    set: &mut StackSetRecord,
    form: &Value,
) -> Result<(), ApiRefusal> {
    if let Some(template) = submitted::template_text(service, caller, form).await? {
        set.template = template;
    }
    let template = StackTemplate::read(&set.template, &|kind| service.is_known_type(kind))?;
    template.check_capabilities(&texts(form, "Capabilities"))?;
    let previous = set.parameters.clone();
    if let Some(Value::Array(parameters)) = form.get("Parameters") {
        let known = |key: &Value| {
            let all = previous.as_array().into_iter().flatten();
            all.clone().find(|one| one["ParameterKey"] == *key).cloned()
        };
        let kept = |one: &Value| match one["UsePreviousValue"].as_str() {
            Some("true") => known(&one["ParameterKey"]).unwrap_or_else(|| one.clone()),
            _ => one.clone(),
        };
        set.parameters = parameters.iter().map(kept).collect();
    }
    if let Some(Value::Array(tags)) = form.get("Tags") {
        let tag = |tag: &Value| {
            Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str().unwrap_or_default().to_owned()))
        };
        set.tags = tags.iter().filter_map(tag).collect::<BTreeMap<_, _>>();
    }
    set.capabilities = texts(form, "Capabilities").into_iter().map(str::to_owned).collect();
    if let Some(description) = text(form, "Description") {
        set.description = Some(description.to_owned());
    }
    if let Some(role) = text(form, "AdministrationRoleARN") {
        set.administration_role = role.to_owned();
    }
    if let Some(role) = text(form, "ExecutionRoleName") {
        set.execution_role = role.to_owned();
    }
    Ok(())
}

/// `CreateStackSet`.
pub(super) async fn create(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    check_model(form)?;
    if text(form, "TemplateBody").or(text(form, "TemplateURL")).is_none() {
        return Err(ApiRefusal::validation("Either Template URL or Template Body must be specified."));
    }
    let mut set = StackSetRecord::new(&caller.place, name, String::new());
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

/// The places that a call names: each account in each region.
fn places(form: &Value) -> Vec<Key> {
    let accounts = match texts(form, "Accounts") {
        none if none.is_empty() => texts(&form["DeploymentTargets"], "Accounts"),
        accounts => accounts,
    };
    let regions = texts(form, "Regions");
    let pairs = accounts
        .iter()
        .flat_map(|account| regions.iter().map(|region| ((*account).to_owned(), (*region).to_owned())));
    pairs.collect()
}

/// Refuses an operation while another runs.
fn check_idle(set: &StackSetRecord) -> Result<(), ApiRefusal> {
    match set.running() {
        Some(operation) => Err(refused(
            409,
            "OperationInProgressException",
            format!("Another Operation on StackSet {} is in progress: {}", set.arn, operation.id),
        )),
        None => Ok(()),
    }
}

/// Begins an operation, and answers with its id.
fn begin(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    name: &str,
    prepare: impl FnOnce(&mut StackSetRecord) -> Result<OperationRecord, ApiRefusal>,
) -> Answer {
    let (set, operation) = service.set(&caller.place, name, |set| {
        check_idle(set)?;
        let operation = prepare(set)?;
        set.operations.push(operation.clone());
        for result in &operation.results {
            let instance = set.instances.get_mut(&(result.account.clone(), result.region.clone()));
            if let Some(instance) = instance {
                instance.detailed = "PENDING";
                instance.operation.clone_from(&operation.id);
            }
        }
        Ok((set.clone(), operation))
    })?;
    let answer = json!({ "OperationId": operation.id });
    operation::begin(service, FleetWork { administrator: caller.place.clone(), set, operation });
    Ok(Some(answer))
}

/// `UpdateStackSet`: in the places that the call names, else in all.
pub(super) async fn update(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    check_model(form)?;
    let mut filled = service.set(&caller.place, name, |set| {
        check_idle(set)?;
        Ok(set.clone())
    })?;
    fill(service, caller, &mut filled, form).await?;
    begin(service, caller, name, |set| {
        let wanted = places(form);
        let everywhere: Vec<Key> = set.instances.keys().cloned().collect();
        if let Some((account, region)) = wanted.iter().find(|key| !set.instances.contains_key(*key)) {
            return Err(no_instance(set, account, region));
        }
        for instance in filled.instances.values_mut() {
            instance.status = "OUTDATED";
        }
        let operations = std::mem::take(&mut set.operations);
        *set = StackSetRecord { operations, ..filled };
        let here = if wanted.is_empty() { everywhere } else { wanted };
        Ok(OperationRecord::new("UPDATE", text(form, "OperationId"), &form["OperationPreferences"], &here))
    })
}

fn no_instance(set: &StackSetRecord, account: &str, region: &str) -> ApiRefusal {
    let message =
        format!("Stack instance for stack set {}, account {account} and region {region} not found", set.id);
    refused(404, "StackInstanceNotFoundException", message)
}

/// `DeleteStackSet`. What is not there is deleted.
pub(super) fn delete(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    let deleted = service.set(&caller.place, name, |set| {
        check_idle(set)?;
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

/// `DescribeStackSet`.
pub(super) fn describe(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    service.set(&caller.place, name, |set| Ok(Some(json!({ "StackSet": set.described() }))))
}

/// `ListStackSets`.
pub(super) fn list(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let wanted = text(form, "Status");
    service.sets(&caller.place, |sets| {
        let fitting = sets.iter().filter(|set| wanted.is_none_or(|wanted| wanted == set.status));
        let (found, next) =
            page(fitting.map(StackSetRecord::summary).collect(), text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "Summaries": found, "NextToken": next })))
    })
}

/// `CreateStackInstances`.
pub(super) async fn create_instances(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    form: &Value,
) -> Answer {
    let name = required(form, "StackSetName")?;
    check_model(form)?;
    let here = places(form);
    if here.is_empty() {
        return Err(ApiRefusal::validation("Accounts and Regions must be specified"));
    }
    begin(service, caller, name, |set| {
        let operation =
            OperationRecord::new("CREATE", text(form, "OperationId"), &form["OperationPreferences"], &here);
        for key in &here {
            let instance = set.instances.entry(key.clone()).or_default();
            instance.status = "OUTDATED";
            if !form["ParameterOverrides"].is_null() {
                instance.overrides = form["ParameterOverrides"].clone();
            }
        }
        Ok(operation)
    })
}

/// `DeleteStackInstances`.
pub(super) fn delete_instances(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    check_model(form)?;
    let retains = required(form, "RetainStacks")? == "true";
    let wanted = places(form);
    begin(service, caller, name, |set| {
        if let Some((account, region)) = wanted.iter().find(|key| !set.instances.contains_key(*key)) {
            return Err(no_instance(set, account, region));
        }
        let preferences = &form["OperationPreferences"];
        let operation = OperationRecord::new("DELETE", text(form, "OperationId"), preferences, &wanted);
        Ok(OperationRecord { retains: Some(retains), ..operation })
    })
}

/// `DescribeStackInstance`.
pub(super) fn describe_instance(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    let (account, region) = (required(form, "StackInstanceAccount")?, required(form, "StackInstanceRegion")?);
    service.set(&caller.place, name, |set| {
        let key = (account.to_owned(), region.to_owned());
        let found = set.instances.get(&key).ok_or_else(|| no_instance(set, account, region))?;
        Ok(Some(json!({ "StackInstance": set.instance(&key, found) })))
    })
}

/// `ListStackInstances`.
pub(super) fn list_instances(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    let (account, region) = (text(form, "StackInstanceAccount"), text(form, "StackInstanceRegion"));
    service.set(&caller.place, name, |set| {
        let fits = |(key, _): &(&Key, &InstanceRecord)| {
            account.is_none_or(|account| account == key.0) && region.is_none_or(|region| region == key.1)
        };
        let found = set.instances.iter().filter(fits).map(|(key, one)| {
            let mut shown = set.instance(key, one);
            shown.as_object_mut().map(|members| members.remove("ParameterOverrides"));
            shown
        });
        let (found, next) = page(found.collect(), text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "Summaries": found, "NextToken": next })))
    })
}

fn no_operation(id: &str) -> ApiRefusal {
    refused(404, "OperationNotFoundException", format!("Operation {id} not found"))
}

/// `DescribeStackSetOperation`.
pub(super) fn describe_operation(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    form: &Value,
) -> Answer {
    let (name, id) = (required(form, "StackSetName")?, required(form, "OperationId")?);
    service.set(&caller.place, name, |set| {
        let operation = set.operation(id).cloned().ok_or_else(|| no_operation(id))?;
        Ok(Some(json!({ "StackSetOperation": set.operation_described(&operation) })))
    })
}

/// `ListStackSetOperations`: newest first.
pub(super) fn list_operations(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    service.set(&caller.place, name, |set| {
        let all = set.operations.iter().rev().map(|operation| {
            let mut shown = set.operation_described(operation);
            if let Some(members) = shown.as_object_mut() {
                for member in ["StackSetId", "RetainStacks", "AdministrationRoleARN", "ExecutionRoleName"] {
                    members.remove(member);
                }
            }
            shown
        });
        let (found, next) = page(all.collect(), text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "Summaries": found, "NextToken": next })))
    })
}

/// `ListStackSetOperationResults`.
pub(super) fn list_results(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (name, id) = (required(form, "StackSetName")?, required(form, "OperationId")?);
    service.set(&caller.place, name, |set| {
        let operation = set.operation(id).ok_or_else(|| no_operation(id))?;
        let shown = |result: &OperationResult| {
            json!({ "Account": result.account, "Region": result.region, "Status": result.status,
                "StatusReason": result.reason, "AccountGateResult": { "Status": "SKIPPED" }, "OrganizationalUnitId": "" })
        };
        let all = operation.results.iter().map(shown).collect();
        let (found, next) = page(all, text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "Summaries": found, "NextToken": next })))
    })
}

/// `StopStackSetOperation`.
pub(super) fn stop(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (name, id) = (required(form, "StackSetName")?, required(form, "OperationId")?);
    service.set(&caller.place, name, |set| {
        let operation = set.operation(id).ok_or_else(|| no_operation(id))?;
        if operation.ended.is_some() {
            let message = format!("Operation {id} is not in progress");
            return Err(refused(400, "InvalidOperationException", message));
        }
        operation.status = "STOPPING";
        operation.cancel.cancel();
        Ok(Some(json!({})))
    })
}
