//! Operations of stack sets: how one begins, runs beside the calls, and ends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::{Value, json};

use super::super::operations::{required, text};
use super::super::refusal::ApiRefusal;
use super::super::state::{StackPlace, now};
use super::super::{CloudFormation, StackCaller};
use super::records::{OperationRecord, StackSetRecord};
use super::{Answer, drift, refused};

/// What an operation waits for in a place that it does not come to.
const TOLERANCE: &str = "Cancelled since failure tolerance has exceeded";
const STOPPED: &str = "Cancelled since the operation was stopped";

/// An operation to run.
pub(super) struct FleetWork {
    pub(super) administrator: StackPlace,
    pub(super) set: StackSetRecord,
    pub(super) operation: OperationRecord,
}

/// Refuses an operation while another runs. Recorded:
/// <https://github.com/ansible-collections/community.aws/issues/103>.
pub(super) fn check_idle(set: &StackSetRecord) -> Result<(), ApiRefusal> {
    match set.running() {
        Some(_) => Err(refused(
            409,
            "OperationInProgressException",
            format!("Another Operation on StackSet {} is in progress", set.arn),
        )),
        None => Ok(()),
    }
}

/// Refuses an operation while another runs, and one whose id was used: the id is the token of a request that may be sent
/// again (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackInstances.html>).
pub(super) fn check_may_begin(set: &StackSetRecord, form: &Value) -> Result<(), ApiRefusal> {
    check_idle(set)?;
    let Some(id) = text(form, "OperationId") else { return Ok(()) };
    let starts = id.starts_with(|first: char| first.is_ascii_alphanumeric());
    let rest = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !(starts && rest && id.len() <= 128) {
        return Err(ApiRefusal::validation(format!(
            "1 validation error detected: Value '{id}' at 'operationId' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*"
        )));
    }
    match set.operations.iter().any(|operation| operation.id == id) {
        true => {
            Err(refused(409, "OperationIdAlreadyExistsException", format!("Operation {id} already exists")))
        }
        false => Ok(()),
    }
}

/// The refusal for an operation that a set has not.
pub(super) fn no_operation(id: &str) -> ApiRefusal {
    refused(404, "OperationNotFoundException", format!("Operation {id} not found"))
}

/// Begins an operation, and answers with its id.
pub(super) fn begin(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    name: &str,
    form: &Value,
    prepare: impl FnOnce(&mut StackSetRecord) -> Result<OperationRecord, ApiRefusal>,
) -> Answer {
    begin_in(service, &caller.place, name, form, prepare).map(|id| Some(json!({ "OperationId": id })))
}

/// The same, of a set in this place.
pub(super) fn begin_in(
    service: &Arc<CloudFormation>,
    administrator: &StackPlace,
    name: &str,
    form: &Value,
    prepare: impl FnOnce(&mut StackSetRecord) -> Result<OperationRecord, ApiRefusal>,
) -> Result<String, ApiRefusal> {
    let (set, operation) = service.set(administrator, name, |set| {
        check_may_begin(set, form)?;
        let operation = prepare(set)?;
        set.operations.push(operation.clone());
        for result in &operation.results {
            if let Some(instance) = set.instances.get_mut(&result.key) {
                instance.operation.clone_from(&operation.id);
                if operation.action != drift::ACTION {
                    instance.detailed = "PENDING";
                    instance.reason = None;
                }
            }
        }
        Ok((set.clone(), operation))
    })?;
    let id = operation.id.clone();
    let work = FleetWork { administrator: administrator.clone(), set, operation };
    let service = Arc::clone(service);
    tokio::spawn(async move { work.run(&service).await });
    Ok(id)
}

/// `StopStackSetOperation`: what is under way ends, and nothing else begins.
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

impl FleetWork {
    async fn run(&self, service: &Arc<CloudFormation>) {
        let mut by_region: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for result in &self.operation.results {
            by_region.entry(&result.key.1).or_default().push(&result.key.0);
        }
        let order = by_region.keys().map(|region| (*region).to_owned()).collect();
        let regions = self.operation.preferences.ordered(order);
        let mut failed = false;
        if self.operation.preferences.is_parallel {
            let all =
                regions.iter().map(|region| self.in_region(service, region, &by_region[region.as_str()]));
            failed = futures::future::join_all(all).await.contains(&false);
        } else {
            for region in &regions {
                failed = !self.in_region(service, region, &by_region[region.as_str()]).await;
                if failed || self.operation.cancel.is_cancelled() {
                    break;
                }
            }
        }
        self.end(service, failed);
    }

    /// Works in the accounts of a region; false once more have failed than may. What is under way then ends, and nothing
    /// else begins.
    async fn in_region(&self, service: &Arc<CloudFormation>, region: &str, accounts: &[&str]) -> bool {
        let preferences = &self.operation.preferences;
        let tolerated = preferences.tolerated(accounts.len());
        let mut left: VecDeque<&str> = accounts.iter().copied().collect();
        let mut running = FuturesUnordered::new();
        let mut failures = 0;
        loop {
            while failures <= tolerated
                && !self.operation.cancel.is_cancelled()
                && running.len() < preferences.at_once(accounts.len(), failures)
            {
                let Some(account) = left.pop_front() else { break };
                running.push(self.one(service, account, region));
            }
            match running.next().await {
                None => return failures <= tolerated,
                Some(succeeded) => failures += usize::from(!succeeded),
            }
        }
    }

    fn end(&self, service: &CloudFormation, failed: bool) {
        let stopped = self.operation.cancel.is_cancelled();
        let _ = service.set(&self.administrator, &self.set.id, |set| {
            let found = (self.operation.action == drift::ACTION).then(|| drift::found(set, &self.operation));
            if found.is_some() {
                set.drift.clone_from(&found);
            }
            let id = &self.operation.id;
            for instance in set.instances.values_mut().filter(|instance| instance.operation == *id) {
                if matches!(instance.detailed, "PENDING" | "RUNNING") {
                    instance.detailed = "CANCELLED";
                    instance.reason = Some(if stopped { STOPPED } else { TOLERANCE }.to_owned());
                }
            }
            if let Some(operation) = set.operation(id) {
                operation.status = match (stopped, failed) {
                    (true, _) => "STOPPED",
                    (_, true) => "FAILED",
                    _ => "SUCCEEDED",
                };
                operation.ended = Some(now());
                operation.drift = found;
                for result in &mut operation.results {
                    if matches!(result.status, "PENDING" | "RUNNING") {
                        result.status = "CANCELLED";
                        result.reason = Some(if stopped { STOPPED } else { TOLERANCE }.to_owned());
                    }
                }
            }
            Ok(())
        });
    }

    /// Works in one place, and says whether that succeeded.
    async fn one(&self, service: &Arc<CloudFormation>, account: &str, region: &str) -> bool {
        let place = StackPlace { account: account.to_owned(), region: region.to_owned() };
        self.note(service, &place, "RUNNING", None);
        let done = self.work(service, &place).await;
        match &done {
            Ok(()) => self.note(service, &place, "SUCCEEDED", None),
            Err(reason) => self.note(service, &place, "FAILED", Some(reason)),
        }
        done.is_ok()
    }

    /// Writes down how far the work is in a place.
    fn note(&self, service: &CloudFormation, place: &StackPlace, status: &'static str, reason: Option<&str>) {
        let key = (place.account.clone(), place.region.clone());
        let action = self.operation.action;
        let _ = service.set(&self.administrator, &self.set.id, |set| {
            if let Some(operation) = set.operation(&self.operation.id)
                && let Some(result) = operation.results.iter_mut().find(|result| result.key == key)
            {
                result.status = status;
                result.reason = reason.map(str::to_owned);
            }
            if action == drift::ACTION {
                return Ok(());
            }
            if action == "DELETE" && status == "SUCCEEDED" {
                set.instances.remove(&key);
            } else if let Some(instance) = set.instances.get_mut(&key) {
                instance.reason = reason.map(str::to_owned);
                (instance.status, instance.detailed) = match (status, action) {
                    ("SUCCEEDED", _) => ("CURRENT", status),
                    ("FAILED", "DELETE") => ("INOPERABLE", "INOPERABLE"),
                    _ => ("OUTDATED", status),
                };
            }
            Ok(())
        });
    }

    /// Writes down which stack an instance has.
    pub(super) fn note_stack(&self, service: &CloudFormation, place: &StackPlace, stack: Option<&str>) {
        let key = (place.account.clone(), place.region.clone());
        let _ = service.set(&self.administrator, &self.set.id, |set| {
            if let Some(instance) = set.instances.get_mut(&key) {
                instance.stack = stack.map(str::to_owned);
            }
            Ok(())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::cloudformation::fleet::preferences::Preferences;

    #[test]
    fn an_id_is_used_once_and_one_operation_runs_at_a_time() {
        let place = StackPlace { account: "111122223333".into(), region: "eu-west-1".into() };
        let mut set = StackSetRecord::new(&place, "fleet");
        let begin = |set: &StackSetRecord, id: &str| {
            check_may_begin(set, &json!({ "OperationId": id })).map_err(|refusal| refusal.code)
        };
        assert_eq!(begin(&set, "not a token"), Err("ValidationError"));
        assert_eq!(begin(&set, "first"), Ok(()));
        let preferences = Preferences::read(&json!({})).unwrap();
        set.operations.push(OperationRecord::new("CREATE", Some("first"), preferences, &[]));
        assert_eq!(begin(&set, "second"), Err("OperationInProgressException"));
        set.operations[0].ended = Some(now());
        assert_eq!(begin(&set, "second"), Ok(()));
        assert_eq!(begin(&set, "first"), Err("OperationIdAlreadyExistsException"));
    }
}
