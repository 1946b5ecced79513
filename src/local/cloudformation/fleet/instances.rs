//! The calls that make, change and delete the instances of a stack set.

use std::sync::Arc;

use serde_json::Value;

use super::super::operations::{required, text, texts};
use super::super::refusal::ApiRefusal;
use super::super::{CloudFormation, StackCaller};
use super::preferences::Preferences;
use super::records::{Key, OperationRecord, StackSetRecord};
use super::targets::{self, InstanceTarget};
use super::{Answer, operation, organization, refused};

/// Refuses a place that has no instance.
pub(super) fn check_exists(set: &StackSetRecord, key: &Key) -> Result<(), ApiRefusal> {
    if set.instances.contains_key(key) {
        return Ok(());
    }
    Err(missing(set, key))
}

/// The refusal for a place without an instance.
pub(super) fn missing(set: &StackSetRecord, (account, region): &Key) -> ApiRefusal {
    let message =
        format!("Stack instance for stack set {}, account {account} and region {region} not found", set.id);
    refused(404, "StackInstanceNotFoundException", message)
}

/// The places that a call names, as its set's model wants them named.
pub(super) async fn named(
    service: &CloudFormation,
    caller: &StackCaller,
    set: &StackSetRecord,
    form: &Value,
) -> Result<Vec<InstanceTarget>, ApiRefusal> {
    targets::check_model(set.is_service_managed(), form)?;
    let accounts = targets::accounts(form)?;
    if !set.is_service_managed() {
        let accounts: Vec<_> = accounts.into_iter().map(|account| (account, None)).collect();
        return Ok(targets::of_accounts(&accounts, form));
    }
    let organization = organization::operated(service, caller, form).await?;
    Ok(targets::of_accounts(&organization.targets(&form["DeploymentTargets"], &accounts)?, form))
}

/// What every call about instances begins with: its set, its preferences, and the places that it names.
async fn read<'a>(
    service: &CloudFormation,
    caller: &StackCaller,
    form: &'a Value,
) -> Result<(&'a str, Preferences, Vec<InstanceTarget>), ApiRefusal> {
    let name = required(form, "StackSetName")?;
    let preferences = Preferences::read(form)?;
    let set = service.set(&caller.place, name, |set| Ok(set.clone()))?;
    if texts(form, "Regions").is_empty() {
        required(form, "Regions")?;
    }
    let named = named(service, caller, &set, form).await?;
    if named.is_empty() && !set.is_service_managed() {
        return Err(ApiRefusal::validation("You must specify either Accounts or DeploymentTargets."));
    }
    Ok((name, preferences, named))
}

/// The units that a call names as a whole, with its regions.
fn whole_units(form: &Value) -> Vec<(String, String)> {
    let targets = &form["DeploymentTargets"];
    if text(targets, "AccountFilterType") == Some("INTERSECTION") {
        return Vec::new();
    }
    let regions = texts(form, "Regions");
    let units = texts(targets, "OrganizationalUnitIds").into_iter();
    units.flat_map(|unit| regions.iter().map(move |region| (unit.to_owned(), (*region).to_owned()))).collect()
}

fn record(
    action: &'static str,
    form: &Value,
    preferences: Preferences,
    here: &[InstanceTarget],
    set: &StackSetRecord,
) -> OperationRecord {
    let targets = if set.is_service_managed() { form["DeploymentTargets"].clone() } else { Value::Null };
    let operation = OperationRecord::new(action, text(form, "OperationId"), preferences, here);
    OperationRecord { deployment_targets: targets, ..operation }
}

/// `CreateStackInstances`. Instances that are there and current stay as they are.
pub(super) async fn create(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (name, preferences, here) = read(service, caller, form).await?;
    operation::begin(service, caller, name, form, |set| {
        set.units.extend(whole_units(form));
        for target in &here {
            let instance = set.instances.entry(target.key.clone()).or_default();
            instance.unit.clone_from(&target.unit);
            let overrides = &form["ParameterOverrides"];
            if !overrides.is_null() && *overrides != instance.overrides {
                instance.overrides = overrides.clone();
                instance.status = "OUTDATED";
            }
            if instance.status != "CURRENT" {
                instance.status = "OUTDATED";
            }
        }
        Ok(record("CREATE", form, preferences, &here, set))
    })
}

/// `UpdateStackInstances`: a list of parameters takes the place of the one before, and without a list all stay.
pub(super) async fn update(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (name, preferences, mut here) = read(service, caller, form).await?;
    operation::begin(service, caller, name, form, |set| {
        for target in &here {
            check_exists(set, &target.key)?;
        }
        here.retain(|target| set.instances[&target.key].status != "INOPERABLE");
        for target in &here {
            let Some(instance) = set.instances.get_mut(&target.key) else { continue };
            if let Some(list) = form.get("ParameterOverrides") {
                instance.overrides = overridden(&instance.overrides, list)?;
            }
            instance.status = "OUTDATED";
        }
        Ok(record("UPDATE", form, preferences, &here, set))
    })
}

/// The new overrides: those of the list, with the values before where it says so.
fn overridden(before: &Value, list: &Value) -> Result<Value, ApiRefusal> {
    let before = |key: &Value| {
        let mut all = before.as_array().into_iter().flatten();
        all.find(|one| one["ParameterKey"] == *key).cloned()
    };
    let one = |one: &Value| match one["UsePreviousValue"].as_str() {
        Some("true") => before(&one["ParameterKey"]).ok_or_else(|| {
            let key = one["ParameterKey"].as_str().unwrap_or_default();
            ApiRefusal::validation(format!("Invalid input for parameter key {key}. It is not overridden."))
        }),
        _ => Ok(one.clone()),
    };
    list.as_array().into_iter().flatten().map(one).collect()
}

/// `DeleteStackInstances`. Where there is none, nothing is to do: the operation succeeds
/// (<https://github.com/aws/copilot-cli/pull/5060>).
pub(super) async fn delete(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let retains = required(form, "RetainStacks")? == "true";
    let (name, preferences, mut here) = read(service, caller, form).await?;
    operation::begin(service, caller, name, form, |set| {
        here.retain(|target| set.instances.contains_key(&target.key));
        if text(&form["DeploymentTargets"], "AccountFilterType").is_none_or(|filter| filter != "DIFFERENCE") {
            let units = whole_units(form);
            set.units.retain(|unit| !units.contains(unit));
            // Accounts that have left a unit may still have its stacks.
            here.extend(targets::of_instances(set).into_iter().filter(|target| {
                let unit = target.unit.clone().map(|unit| (unit, target.key.1.clone()));
                unit.is_some_and(|unit| units.contains(&unit))
            }));
        }
        here.sort_by(|one, other| one.key.cmp(&other.key));
        here.dedup_by(|one, other| one.key == other.key);
        Ok(OperationRecord { retains: Some(retains), ..record("DELETE", form, preferences, &here, set) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_of_overrides_takes_the_place_of_the_one_before() {
        let before = json!([{ "ParameterKey": "A", "ParameterValue": "1" }, { "ParameterKey": "B", "ParameterValue": "2" }]);
        let list = json!([{ "ParameterKey": "A", "UsePreviousValue": "true" }, { "ParameterKey": "C", "ParameterValue": "3" }]);
        assert_eq!(
            overridden(&before, &list).unwrap(),
            json!([{ "ParameterKey": "A", "ParameterValue": "1" }, { "ParameterKey": "C", "ParameterValue": "3" }])
        );
        let unknown = json!([{ "ParameterKey": "D", "UsePreviousValue": "true" }]);
        assert!(overridden(&before, &unknown).unwrap_err().message.contains("parameter key D"));
        assert_eq!(overridden(&before, &json!("")).unwrap(), json!([]), "an empty list");
    }
}
