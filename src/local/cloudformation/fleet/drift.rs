//! Drift of a stack set: that of the stacks of its instances
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-drift.html>).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::operations::{detect_drift, required, text};
use super::super::state::now;
use super::super::{CloudFormation, StackCaller};
use super::operation::{self, FleetWork};
use super::preferences::Preferences;
use super::records::{OperationRecord, StackSetRecord};
use super::{Answer, targets};

/// The action of such an operation.
pub(super) const ACTION: &str = "DETECT_DRIFT";

/// `DetectStackSetDrift`.
pub(super) fn detect(service: &Arc<CloudFormation>, caller: &StackCaller, form: &Value) -> Answer {
    let name = required(form, "StackSetName")?;
    let preferences = Preferences::read(form)?;
    operation::begin(service, caller, name, form, |set| {
        let here = targets::of_instances(set);
        Ok(OperationRecord::new(ACTION, text(form, "OperationId"), preferences, &here))
    })
}

impl FleetWork {
    /// Compares the stack of one instance with what is there.
    pub(super) async fn detect(
        &self,
        service: &Arc<CloudFormation>,
        caller: &StackCaller,
        stack: &str,
    ) -> Result<(), String> {
        let begun = detect_drift(service, caller, &json!({ "StackName": stack })).await;
        let answer = begun.map_err(|refusal| refusal.message)?.unwrap_or_default();
        let detection = answer["StackDriftDetectionId"].as_str().unwrap_or_default().to_owned();
        let found = loop {
            let seen = service.stack(&caller.place, stack, |stack| {
                let status = stack.drift_detections.get(&detection)?["DetectionStatus"].clone();
                (status != "DETECTION_IN_PROGRESS").then(|| stack.drift.clone())
            });
            match seen {
                None => return Err("the local cloud was emptied".to_owned()),
                Some(Some(found)) => break found,
                Some(None) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let key = (caller.place.account.clone(), caller.place.region.clone());
        let _ = service.set(&self.administrator, &self.set.id, |set| {
            if let Some(instance) = set.instances.get_mut(&key) {
                instance.drift = found;
            }
            Ok(())
        });
        Ok(())
    }
}

/// `StackSetDriftDetectionDetails` of an operation that ends.
pub(super) fn found(set: &StackSetRecord, operation: &OperationRecord) -> Value {
    let results: Vec<&str> = set
        .operations
        .iter()
        .filter(|one| one.id == operation.id)
        .flat_map(|one| one.results.iter().map(|result| result.status))
        .collect();
    let failed = results.iter().filter(|status| **status == "FAILED").count();
    let drifts = |status: &str| {
        let of = |instance: &&super::records::InstanceRecord| {
            instance.drift.as_ref().is_some_and(|(drift, _)| *drift == status)
        };
        set.instances.values().filter(of).count()
    };
    let (drifted, in_sync) = (drifts("DRIFTED"), drifts("IN_SYNC"));
    let detection = match failed {
        _ if operation.cancel.is_cancelled() => "STOPPED",
        0 => "COMPLETED",
        _ if failed < results.len() => "PARTIAL_SUCCESS",
        _ => "FAILED",
    };
    let drift = match (drifted, in_sync) {
        (0, 0) => "NOT_CHECKED",
        (0, _) => "IN_SYNC",
        _ => "DRIFTED",
    };
    json!({
        "DriftStatus": drift,
        "DriftDetectionStatus": detection,
        "LastDriftCheckTimestamp": now(),
        "TotalStackInstancesCount": set.instances.len(),
        "DriftedStackInstancesCount": drifted,
        "InSyncStackInstancesCount": in_sync,
        "InProgressStackInstancesCount": 0,
        "FailedStackInstancesCount": failed,
    })
}
