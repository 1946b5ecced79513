//! What an operation of a stack set does in one place: it makes, changes or deletes the stack there, as the role that it has
//! in the account.
//!
//! A self-managed set goes by two roles: CloudFormation assumes the one of the administrator, and that one assumes the one
//! of the target account
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html>). A service-managed
//! set has a role in each account that CloudFormation makes by itself; here it is the account's own key.

use std::sync::Arc;

use aws_credential_types::Credentials;
use serde_json::{Value, json};

use super::super::operations::{begin_stack, begin_stack_update, delete_stack};
use super::super::refusal::ApiRefusal;
use super::super::state::{STACK, StackPlace, StackRecord, tag_list};
use super::super::{CloudFormation, StackCaller};
use super::drift;
use super::operation::FleetWork;
use super::records::InstanceRecord;
use crate::local::identifier::uuid;
use crate::local::like_aws::refusals::{Wish, grants, trusts};

impl FleetWork {
    /// Does the operation's work in one place; the reason if it fails.
    pub(super) async fn work(&self, service: &Arc<CloudFormation>, place: &StackPlace) -> Result<(), String> {
        let key = (place.account.clone(), place.region.clone());
        let known = self.set.instances.get(&key).cloned().unwrap_or_default();
        if self.operation.action == "CREATE" && known.status == "CURRENT" {
            return Ok(());
        }
        if self.operation.action == "DELETE"
            && (self.operation.retains == Some(true) || known.stack.is_none())
        {
            return Ok(());
        }
        let credentials = self.credentials(service, place).await?;
        let caller = StackCaller { place: place.clone(), credentials };
        match (self.operation.action, &known.stack) {
            (drift::ACTION, Some(stack)) => self.detect(service, &caller, stack).await,
            (drift::ACTION, None) => Err("the stack instance has no stack".to_owned()),
            ("DELETE", Some(stack)) => {
                delete_stack(service, &caller, stack).await.map_err(|refusal| refusal.message)?;
                ended(service, place, stack, "DELETE_COMPLETE").await
            }
            (_, Some(stack)) => self.change(service, &caller, stack, &known).await,
            (_, None) => self.make(service, &caller, &known).await,
        }
    }

    /// Makes the stack. If that fails, StackSets deletes it: the reason that was recorded says "Delete requested by user."
    /// (<https://github.com/awslabs/aws-well-architected-labs/issues/973>).
    async fn make(
        &self,
        service: &Arc<CloudFormation>,
        caller: &StackCaller,
        known: &InstanceRecord,
    ) -> Result<(), String> {
        let name = format!("StackSet-{}-{}", self.set.name, uuid());
        let mut form = self.form(&known.overrides);
        form["OnFailure"] = json!("DELETE");
        let template = Some(self.set.template.clone());
        let begun = begin_stack(service, caller, &name, &form, template).await;
        let id = begun.map_err(|refusal: ApiRefusal| refusal.message)?;
        // The instance has its stack as soon as there is one.
        self.note_stack(service, &caller.place, Some(&id));
        let made = ended(service, &caller.place, &id, "CREATE_COMPLETE").await;
        let is_gone = service.stack(&caller.place, &id, |stack| stack.is_deleted()).unwrap_or(true);
        if made.is_err() && is_gone {
            self.note_stack(service, &caller.place, None);
        }
        made
    }

    async fn change(
        &self,
        service: &Arc<CloudFormation>,
        caller: &StackCaller,
        stack: &str,
        known: &InstanceRecord,
    ) -> Result<(), String> {
        let template = Some(self.set.template.clone());
        match begin_stack_update(service, caller, stack, &self.form(&known.overrides), template).await {
            Err(refusal) if refusal.message == "No updates are to be performed." => Ok(()),
            Err(refusal) => Err(refusal.message),
            Ok(()) => ended(service, &caller.place, stack, "UPDATE_COMPLETE").await,
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
        json!({ "Parameters": parameters, "Capabilities": set.capabilities, "Tags": tag_list(&set.tags) })
    }

    /// The credentials that work in a place.
    async fn credentials(&self, service: &CloudFormation, place: &StackPlace) -> Result<Credentials, String> {
        if self.set.is_service_managed() {
            return Ok(service.secret.credentials(&place.account));
        }
        let (administrator, administration) = (&self.administrator, &self.set.administration_role);
        let short = administration.rsplit('/').next().unwrap_or(administration);
        let wish = Wish {
            service: "cloudformation.amazonaws.com",
            action: "sts:AssumeRole",
            source: &self.set.arn,
            account: &administrator.account,
        };
        let own = service.trust_of(administrator, short).await;
        let own = match own.is_some_and(|trust| grants(&trust, &wish)) {
            true => {
                let credentials = service.secret.credentials(&administrator.account);
                service.assumed(credentials, &administrator.region, administration).await
            }
            false => None,
        };
        let own = own.ok_or_else(|| {
            format!(
                "Account {} should have '{short}' role with trust relationship to CloudFormation service.",
                administrator.account
            )
        })?;
        let execution = &self.set.execution_role;
        let trust = service.trust_of(place, execution).await;
        let theirs = match trust.is_some_and(|trust| trusts(&trust, administration)) {
            true => {
                let arn = format!("arn:aws:iam::{}:role/{execution}", place.account);
                service.assumed(own, &place.region, &arn).await
            }
            false => None,
        };
        theirs.ok_or_else(|| {
            format!(
                "Account {} should have '{execution}' role with trust relationship to Role '{short}'.",
                place.account
            )
        })
    }
}

/// Waits for a stack's operation. The reason of a failure is the first resource's that failed, as recorded in
/// <https://github.com/aws/copilot-cli/issues/1364>.
async fn ended(
    service: &CloudFormation,
    place: &StackPlace,
    stack: &str,
    wanted: &str,
) -> Result<(), String> {
    const EMPTIED: &str = "the local cloud was emptied";
    let busy = service.stack(place, stack, |stack| Arc::clone(&stack.busy)).ok_or(EMPTIED)?;
    loop {
        drop(busy.lock().await);
        let seen = service.stack(place, stack, |stack| {
            (!stack.is_busy()).then(|| match stack.status == wanted {
                true => Ok(()),
                false => Err(failure(stack)),
            })
        });
        match seen.ok_or(EMPTIED)? {
            Some(end) => return end,
            None => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
}

/// Why a stack's last operation failed.
fn failure(stack: &StackRecord) -> String {
    let is_begin = |event: &super::super::state::StackEvent| {
        event.kind == STACK && event.reason.as_deref() == Some("User Initiated")
    };
    let begun = stack.events.iter().rposition(is_begin).unwrap_or(0);
    let failed =
        stack.events[begun..].iter().find(|event| event.kind != STACK && event.status.ends_with("_FAILED"));
    match failed {
        Some(event) => format!(
            "ResourceLogicalId:{}, ResourceType:{}, ResourceStatusReason:{}.",
            event.logical,
            event.kind,
            event.reason.as_deref().unwrap_or_default()
        ),
        None => stack.reason.clone().unwrap_or_else(|| format!("the stack is {}", stack.status)),
    }
}
