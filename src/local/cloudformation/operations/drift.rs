//! Drift: what the resources are, against what the template named. Properties that it does not name are not compared.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::drift;
use super::super::refusal::ApiRefusal;
use super::super::state::ResourceRecord;
use super::super::{CloudFormation, StackCaller};
use super::{Answer, page, required, text, texts};
use crate::local::identifier::uuid;

/// How many drifts an answer has.
const PAGE: usize = 100;

/// `DetectStackDrift`.
pub(in super::super) async fn detect(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    form: &Value,
) -> Answer {
    let name = required(form, "StackName")?;
    let wanted: Vec<String> = texts(form, "LogicalResourceIds").into_iter().map(str::to_owned).collect();
    let detection = uuid();
    let (id, role) = service.shelf(&caller.place, |shelf| {
        let stack = shelf.get_mut(name)?;
        let can = matches!(
            stack.status,
            "CREATE_COMPLETE"
                | "UPDATE_COMPLETE"
                | "UPDATE_ROLLBACK_COMPLETE"
                | "UPDATE_ROLLBACK_FAILED"
                | "IMPORT_COMPLETE"
                | "IMPORT_ROLLBACK_COMPLETE"
        );
        if !can {
            return Err(ApiRefusal::validation(format!(
                "Drift detection cannot be performed on stack [{}] while it is in {} state.",
                stack.id, stack.status
            )));
        }
        stack
            .drift_detections
            .insert(detection.clone(), json!({ "DetectionStatus": "DETECTION_IN_PROGRESS" }));
        Ok((stack.id.clone(), stack.role.clone()))
    })?;
    let as_role = service.handler_caller(caller, role.as_deref()).await;
    drift::begin(service, &caller.place, &id, as_role, wanted, detection.clone());
    Ok(Some(json!({ "StackDriftDetectionId": detection })))
}

/// `DescribeStackDriftDetectionStatus`.
pub(super) fn status(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let id = required(form, "StackDriftDetectionId")?;
    service.shelf(&caller.place, |shelf| {
        let found = shelf.stacks.iter().find_map(|stack| Some((stack, stack.drift_detections.get(id)?)));
        let refusal = || ApiRefusal::validation(format!("StackDriftDetectionId {id} does not exist"));
        let (stack, detection) = found.ok_or_else(refusal)?;
        let mut answer = detection.clone();
        answer["StackId"] = json!(stack.id);
        answer["StackDriftDetectionId"] = json!(id);
        Ok(Some(answer))
    })
}

/// `DescribeStackResourceDrifts`.
pub(super) fn describe(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackName")?;
    let wanted = texts(form, "StackResourceDriftStatusFilters");
    service.shelf(&caller.place, |shelf| {
        let stack = shelf.get(name)?;
        let fits = |drift: &&Value| {
            wanted.is_empty()
                || drift["StackResourceDriftStatus"].as_str().is_some_and(|status| wanted.contains(&status))
        };
        let drifts: Vec<Value> = stack
            .resources
            .values()
            .filter_map(|record| record.drift.as_ref())
            .filter(fits)
            .cloned()
            .collect();
        let (drifts, next) = page(drifts, text(form, "NextToken"), PAGE)?;
        Ok(Some(json!({ "StackResourceDrifts": drifts, "NextToken": next })))
    })
}

/// `DetectStackResourceDrift`.
pub(super) async fn detect_one(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let (name, logical) = (required(form, "StackName")?, required(form, "LogicalResourceId")?);
    let (id, record, role) = service.shelf(&caller.place, |shelf| {
        let stack = shelf.get(name)?;
        let found = stack.resources.get(logical).filter(|record| record.exists()).cloned();
        let record: ResourceRecord = found.ok_or_else(|| {
            ApiRefusal::validation(format!("Resource {logical} does not exist for stack {}", stack.name))
        })?;
        Ok((stack.id.clone(), record, stack.role.clone()))
    })?;
    let as_role = service.handler_caller(caller, role.as_deref()).await;
    let found = drift::of_resource(service, &as_role, &id, logical, &record).await;
    service.stack(&caller.place, &id, |stack| {
        if let Some(record) = stack.resources.get_mut(logical) {
            record.drift = Some(found.clone());
        }
    });
    Ok(Some(json!({ "StackResourceDrift": found })))
}
