//! Stack sets: one template in many accounts and regions.
//!
//! A set is in the account and region of its administrator. An operation goes through the regions in their order, in each
//! through the accounts, as many at once as it may, and ends when more fail than it tolerates
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html>). Instances are stacks of the
//! target account, made by that account's execution role, or by the role that a service-managed set has there.

mod auto;
pub(super) mod calls;
mod drift;
mod instances;
mod operation;
mod organization;
mod preferences;
mod records;
mod targets;
mod views;
mod work;

use std::sync::{Arc, PoisonError};

use serde_json::Value;

use super::refusal::ApiRefusal;
use super::state::StackPlace;
use super::{CloudFormation, StackCaller};
pub(in crate::local) use auto::organization_changed;
pub(super) use records::StackSetRecord;

/// The roles of the self-managed model, by their default names.
const ADMINISTRATION_ROLE: &str = "AWSCloudFormationStackSetAdministrationRole";
const EXECUTION_ROLE: &str = "AWSCloudFormationStackSetExecutionRole";

type Answer = Result<Option<Value>, ApiRefusal>;

impl CloudFormation {
    /// Works with the stack sets of a place.
    fn sets<T>(&self, place: &StackPlace, work: impl FnOnce(&mut Vec<StackSetRecord>) -> T) -> T {
        let mut sets = self.stack_sets.lock().unwrap_or_else(PoisonError::into_inner);
        work(sets.entry(place.clone()).or_default())
    }

    /// Works with a stack set that exists, by its name or id.
    fn set<T>(
        &self,
        place: &StackPlace,
        name: &str,
        work: impl FnOnce(&mut StackSetRecord) -> Result<T, ApiRefusal>,
    ) -> Result<T, ApiRefusal> {
        self.sets(place, |sets| {
            let found = sets.iter_mut().find(|set| set.is_active() && (set.name == name || set.id == name));
            work(found.ok_or_else(|| {
                refused(404, "StackSetNotFoundException", format!("StackSet {name} not found"))
            })?)
        })
    }
}

/// A refusal with another status than 400.
fn refused(status: u16, code: &'static str, message: impl Into<String>) -> ApiRefusal {
    let status = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    ApiRefusal { status, ..ApiRefusal::new(code, message) }
}

/// Answers a call about stack sets; `None` if it is about something else.
pub(super) async fn answer(
    service: &Arc<CloudFormation>,
    caller: &StackCaller,
    operation: &str,
    form: &Value,
) -> Option<Answer> {
    Some(match operation {
        "CreateStackSet" => calls::create(service, caller, form).await,
        "UpdateStackSet" => calls::update(service, caller, form).await,
        "DeleteStackSet" => calls::delete(service, caller, form),
        "DetectStackSetDrift" => drift::detect(service, caller, form),
        "CreateStackInstances" => instances::create(service, caller, form).await,
        "UpdateStackInstances" => instances::update(service, caller, form).await,
        "DeleteStackInstances" => instances::delete(service, caller, form).await,
        "StopStackSetOperation" => operation::stop(service, caller, form),
        "DescribeStackSet" => views::set(service, caller, form),
        "ListStackSets" => views::sets(service, caller, form),
        "DescribeStackInstance" => views::instance(service, caller, form),
        "ListStackInstances" => views::instances(service, caller, form),
        "DescribeStackSetOperation" => views::operation(service, caller, form),
        "ListStackSetOperations" => views::operations(service, caller, form),
        "ListStackSetOperationResults" => views::results(service, caller, form),
        "ActivateOrganizationsAccess" => organization::activate(service, caller).await,
        "DeactivateOrganizationsAccess" => organization::deactivate(service, caller).await,
        "DescribeOrganizationsAccess" => organization::describe(service, caller).await,
        _ => return None,
    })
}
