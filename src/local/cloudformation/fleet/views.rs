//! What is seen of stack sets, instances and operations.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::operations::{page, required, text};
use super::super::refusal::ApiRefusal;
use super::super::{CloudFormation, StackCaller};
use super::operation::no_operation;
use super::records::{InstanceRecord, Key, OperationResult, StackSetRecord};
use super::{Answer, instances};

/// How many items an answer has.
const PAGE: usize = 100;

/// One page of a list, as long as the call wants it.
fn listed(items: Vec<Value>, form: &Value) -> Answer {
    let size = text(form, "MaxResults").and_then(|size| size.parse().ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let (found, next) = page(items, text(form, "NextToken"), size)?;
    Ok(Some(json!({ "Summaries": found, "NextToken": next })))
}

/// The filters of a call: names and values.
fn filters<'a>(form: &'a Value, known: &[&str]) -> Result<Vec<(&'a str, &'a str)>, ApiRefusal> {
    let pair = |filter: &'a Value| {
        let (name, value) =
            (text(filter, "Name").unwrap_or_default(), text(filter, "Values").unwrap_or_default());
        if known.contains(&name) {
            return Ok((name, value));
        }
        Err(ApiRefusal::validation(format!(
            "1 validation error detected: Value '{name}' at 'filters.1.member.name' failed to satisfy constraint: Member \
             must satisfy enum value set: [{}]",
            known.join(", ")
        )))
    };
    form["Filters"].as_array().into_iter().flatten().map(pair).collect()
}

/// `DescribeStackSet`.
pub(super) fn set(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    service.set(&caller.place, name, |set| Ok(Some(json!({ "StackSet": set.described() }))))
}

/// `ListStackSets`.
pub(super) fn sets(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let wanted = text(form, "Status");
    service.sets(&caller.place, |sets| {
        let fitting = sets.iter().filter(|set| wanted.is_none_or(|wanted| wanted == set.status));
        listed(fitting.map(StackSetRecord::summary).collect(), form)
    })
}

/// `DescribeStackInstance`.
pub(super) fn instance(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    let (account, region) = (required(form, "StackInstanceAccount")?, required(form, "StackInstanceRegion")?);
    service.set(&caller.place, name, |set| {
        let key = (account.to_owned(), region.to_owned());
        let found = set.instances.get(&key).ok_or_else(|| instances::missing(set, &key))?;
        Ok(Some(json!({ "StackInstance": set.instance(&key, found) })))
    })
}

/// `ListStackInstances`.
pub(super) fn instances(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    let (account, region) = (text(form, "StackInstanceAccount"), text(form, "StackInstanceRegion"));
    let filters = filters(form, &["DETAILED_STATUS", "LAST_OPERATION_ID", "DRIFT_STATUS"])?;
    service.set(&caller.place, name, |set| {
        let fits = |(key, _): &(&Key, &InstanceRecord)| {
            account.is_none_or(|account| account == key.0) && region.is_none_or(|region| region == key.1)
        };
        let shown = set.instances.iter().filter(fits).map(|(key, one)| {
            let mut shown = set.instance(key, one);
            shown.as_object_mut().map(|members| members.remove("ParameterOverrides"));
            shown
        });
        let wanted = |shown: &Value| {
            filters.iter().all(|(name, value)| match *name {
                "DETAILED_STATUS" => shown["StackInstanceStatus"]["DetailedStatus"] == *value,
                "LAST_OPERATION_ID" => shown["LastOperationId"] == *value,
                _ => shown["DriftStatus"] == *value,
            })
        };
        listed(shown.filter(wanted).collect(), form)
    })
}

/// `DescribeStackSetOperation`.
pub(super) fn operation(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (name, id) = (required(form, "StackSetName")?, required(form, "OperationId")?);
    service.set(&caller.place, name, |set| {
        let operation = set.operation(id).cloned().ok_or_else(|| no_operation(id))?;
        Ok(Some(json!({ "StackSetOperation": set.operation_described(&operation) })))
    })
}

/// `ListStackSetOperations`: newest first.
pub(super) fn operations(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    const OF_ONE: [&str; 7] = [
        "StackSetId",
        "RetainStacks",
        "AdministrationRoleARN",
        "ExecutionRoleName",
        "AutoDeployment",
        "DeploymentTargets",
        "StackSetDriftDetectionDetails",
    ];
    let name = required(form, "StackSetName")?;
    service.set(&caller.place, name, |set| {
        let all = set.operations.iter().rev().map(|operation| {
            let mut shown = set.operation_described(operation);
            if let Some(members) = shown.as_object_mut() {
                members.retain(|member, _| !OF_ONE.contains(&member.as_str()));
            }
            shown
        });
        listed(all.collect(), form)
    })
}

/// `ListStackSetOperationResults`.
pub(super) fn results(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (name, id) = (required(form, "StackSetName")?, required(form, "OperationId")?);
    let filters = filters(form, &["OPERATION_RESULT_STATUS"])?;
    service.set(&caller.place, name, |set| {
        let operation = set.operation(id).ok_or_else(|| no_operation(id))?;
        let wanted =
            |result: &&OperationResult| filters.iter().all(|(_, status)| result.status == *status);
        let shown = |result: &OperationResult| {
            let (account, region) = &result.key;
            let gate = format!(
                "Function not found: arn:aws:lambda:{region}:{account}:function:AWSCloudFormationStackSetAccountGate"
            );
            json!({ "Account": account, "Region": region, "Status": result.status, "StatusReason": result.reason,
                "AccountGateResult": { "Status": "SKIPPED", "StatusReason": gate },
                "OrganizationalUnitId": result.unit.as_deref().unwrap_or_default() })
        };
        listed(operation.results.iter().filter(wanted).map(shown).collect(), form)
    })
}
