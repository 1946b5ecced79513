//! An operation of a stack set, run beside the calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::operations::{begin_stack, begin_stack_update, delete_stack};
use super::super::state::{StackPlace, now};
use super::super::{CloudFormation, StackCaller};
use super::records::{OperationRecord, StackSetRecord};
use crate::local::identifier::uuid;

/// An operation to run.
pub(super) struct FleetWork {
    pub(super) administrator: StackPlace,
    pub(super) set: StackSetRecord,
    pub(super) operation: OperationRecord,
}

/// Runs an operation beside the call.
pub(super) fn begin(service: &Arc<CloudFormation>, work: FleetWork) {
    let service = Arc::clone(service);
    tokio::spawn(async move { work.run(&service).await });
}

impl FleetWork {
    async fn run(&self, service: &Arc<CloudFormation>) {
        let mut by_region: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for result in &self.operation.results {
            by_region.entry(&result.region).or_default().push(&result.account);
        }
        let mut failed = false;
        for region in self.regions(&by_region) {
            let accounts = &by_region[region.as_str()];
            let tolerated = self.operation.limit(
                "FailureToleranceCount",
                "FailureTolerancePercentage",
                accounts.len(),
                0,
            );
            // As on AWS by default, no more run at once than may still fail.
            let at_once =
                self.operation.limit("MaxConcurrentCount", "MaxConcurrentPercentage", accounts.len(), 1);
            let at_once = at_once.min(tolerated + 1);
            let mut failures = 0;
            let stop = self.operation.cancel.child_token();
            let mut work: Vec<BoxFuture<'_, bool>> = Vec::new();
            for account in accounts {
                work.push(self.unless(&stop, service, account, &region).boxed());
            }
            let mut ends = futures::stream::iter(work).buffer_unordered(at_once);
            while let Some(succeeded) = ends.next().await {
                failures += usize::from(!succeeded);
                if failures > tolerated {
                    failed = true;
                    // What is under way ends, and nothing else begins.
                    stop.cancel();
                }
            }
            if failed || self.operation.cancel.is_cancelled() {
                break;
            }
        }
        self.end(service, failed);
    }

    /// The regions in the order of the preferences, others after them.
    fn regions(&self, by_region: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
        let wanted = self.operation.preferences["RegionOrder"].as_array().into_iter().flatten();
        let mut order: Vec<String> = wanted.filter_map(Value::as_str).map(str::to_owned).collect();
        order.retain(|region| by_region.contains_key(region.as_str()));
        for region in by_region.keys() {
            if !order.iter().any(|known| known == region) {
                order.push((*region).to_owned());
            }
        }
        order
    }

    fn end(&self, service: &CloudFormation, failed: bool) {
        let stopped = self.operation.cancel.is_cancelled();
        let _ = service.set(&self.administrator, &self.set.id, |set| {
            if let Some(operation) = set.operation(&self.operation.id) {
                operation.status = match (stopped, failed) {
                    (true, _) => "STOPPED",
                    (_, true) => "FAILED",
                    _ => "SUCCEEDED",
                };
                operation.ended = Some(now());
                for result in &mut operation.results {
                    if matches!(result.status, "PENDING" | "RUNNING") {
                        result.status = "CANCELLED";
                        result.reason = Some("Cancelled since failure tolerance has exceeded".to_owned());
                    }
                }
            }
            for instance in set.instances.values_mut() {
                if instance.operation == self.operation.id
                    && matches!(instance.detailed, "PENDING" | "RUNNING")
                {
                    instance.detailed = "CANCELLED";
                }
            }
            Ok(())
        });
    }

    /// Works in one place unless the operation stops before; says whether nothing failed.
    async fn unless(
        &self,
        stop: &CancellationToken,
        service: &Arc<CloudFormation>,
        account: &str,
        region: &str,
    ) -> bool {
        stop.is_cancelled() || self.one(service, account, region).await
    }

    /// Works in one place, and says whether that succeeded.
    async fn one(&self, service: &Arc<CloudFormation>, account: &str, region: &str) -> bool {
        let place = StackPlace { account: account.to_owned(), region: region.to_owned() };
        self.note(service, &place, "RUNNING", None, None);
        match self.work(service, &place).await {
            Ok(stack) => {
                self.note(service, &place, "SUCCEEDED", None, stack);
                true
            }
            Err(reason) => {
                self.note(service, &place, "FAILED", Some(&reason), None);
                false
            }
        }
    }

    async fn work(
        &self,
        service: &Arc<CloudFormation>,
        place: &StackPlace,
    ) -> Result<Option<String>, String> {
        self.check_roles(service, place).await?;
        let credentials = service.secret.credentials(&place.account);
        let caller = StackCaller { place: place.clone(), credentials };
        let key = (place.account.clone(), place.region.clone());
        let known = self.set.instances.get(&key).cloned().unwrap_or_default();
        if self.operation.action == "DELETE" {
            return match known.stack.filter(|_| self.operation.retains != Some(true)) {
                Some(stack) => {
                    ended(service, place, &stack, delete_stack(service, &caller, &stack).await).await
                }
                None => Ok(None),
            };
        }
        let form = self.form(&known.overrides);
        match known.stack {
            Some(stack) => match begin_stack_update(service, &caller, &stack, &form).await {
                Err(refusal) if refusal.message == "No updates are to be performed." => Ok(Some(stack)),
                begun => ended(service, place, &stack, begun).await,
            },
            None => {
                let name = format!("StackSet-{}-{}", self.set.name, uuid());
                let id =
                    begin_stack(service, &caller, &name, &form).await.map_err(|refusal| refusal.message)?;
                // The instance has its stack as soon as there is one.
                self.note(service, place, "RUNNING", None, Some(id.clone()));
                ended(service, place, &id, Ok(())).await
            }
        }
    }

    /// The call that makes or changes an instance's stack.
    fn form(&self, overrides: &Value) -> Value {
        let set = &self.set;
        let own = set.parameters.as_array().into_iter().flatten();
        let overridden: Vec<&Value> = overrides.as_array().into_iter().flatten().collect();
        let kept =
            own.filter(|one| !overridden.iter().any(|other| other["ParameterKey"] == one["ParameterKey"]));
        let parameters: Vec<Value> = kept.chain(overridden.iter().copied()).cloned().collect();
        json!({
            "TemplateBody": set.template,
            "Parameters": parameters,
            "Capabilities": set.capabilities,
            "Tags": super::super::state::tag_list(&set.tags),
        })
    }

    /// The roles of the self-managed model: without them, StackSets may do nothing in the account.
    async fn check_roles(&self, service: &CloudFormation, place: &StackPlace) -> Result<(), String> {
        let name = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let administration = name(&self.set.administration_role);
        let own = service.trust_of(&self.administrator, &administration).await;
        if !own.is_some_and(|trust| trust.contains("cloudformation.amazonaws.com")) {
            return Err(format!(
                "Account {} should have '{administration}' role with trust relationship to CloudFormation service.",
                self.administrator.account
            ));
        }
        let trust = service.trust_of(place, &self.set.execution_role).await;
        if trust.is_some_and(|trust| trust.contains(&self.administrator.account)) {
            return Ok(());
        }
        Err(format!(
            "Account {} should have '{}' role with trust relationship to Role '{administration}'.",
            place.account, self.set.execution_role
        ))
    }

    /// Writes down how far the work is in a place.
    fn note(
        &self,
        service: &CloudFormation,
        place: &StackPlace,
        status: &'static str,
        reason: Option<&str>,
        stack: Option<String>,
    ) {
        let key = (place.account.clone(), place.region.clone());
        let is_gone = self.operation.action == "DELETE" && status == "SUCCEEDED";
        let _ = service.set(&self.administrator, &self.set.id, |set| {
            if let Some(operation) = set.operation(&self.operation.id) {
                let here = |result: &&mut super::records::OperationResult| {
                    result.account == place.account && result.region == place.region
                };
                if let Some(result) = operation.results.iter_mut().find(here) {
                    result.status = status;
                    result.reason = reason.map(str::to_owned);
                }
            }
            if is_gone {
                set.instances.remove(&key);
            } else if let Some(instance) = set.instances.get_mut(&key) {
                instance.detailed = status;
                instance.reason = reason.map(str::to_owned);
                instance.stack = stack.or(instance.stack.take());
                instance.status = match (status, self.operation.action) {
                    ("SUCCEEDED", _) => "CURRENT",
                    ("FAILED", "DELETE") => "INOPERABLE",
                    _ => "OUTDATED",
                };
            }
            Ok(())
        });
    }
}

/// Waits for a stack's operation. The reason of a failure is the stack's.
async fn ended(
    service: &CloudFormation,
    place: &StackPlace,
    stack: &str,
    begun: Result<(), super::super::refusal::ApiRefusal>,
) -> Result<Option<String>, String> {
    begun.map_err(|refusal| refusal.message)?;
    let busy = service.stack(place, stack, |stack| Arc::clone(&stack.busy));
    loop {
        let Some(busy) = &busy else { return Err("the local cloud was emptied".to_owned()) };
        drop(busy.lock().await);
        let seen = service.stack(place, stack, |stack| (stack.status, stack.reason.clone(), stack.is_busy()));
        match seen {
            Some((_, _, true)) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            Some(("CREATE_COMPLETE" | "UPDATE_COMPLETE" | "DELETE_COMPLETE", ..)) => {
                return Ok(Some(stack.to_owned()));
            }
            Some((status, reason, _)) => {
                let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
                return Err(format!("ResourceLogicalId:{stack}, the stack is {status}{reason}"));
            }
            None => return Err("the local cloud was emptied".to_owned()),
        }
    }
}
