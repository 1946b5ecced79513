//! The steps to take, in order: the diff of all declarations against all observed resources. Pure.
//!
//! A [`Plan`] is data. [`plan`] makes the account match, [`teardown()`] removes the stack, [`check`] refuses unsafe
//! steps, and [`crate::execute`] runs the plan. A replacement is two steps in the plan, so it is never a surprise
//! during execution.

mod build;
pub mod check;
mod teardown;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use build::{Rules, plan};
pub use teardown::{ours, teardown};

use crate::model::{Address, Changes, Guard, Kind, Known, Live, Outputs, Scope};

/// The action for one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StepAction {
    /// Create it.
    Create {
        /// The desired properties; references that are not known yet are left in them.
        desired: Value,
    },
    /// Change it in place.
    Update {
        /// The observed resource.
        seen: Box<Live>,
        /// The desired properties.
        desired: Value,
        /// What differs.
        changes: Changes,
    },
    /// Delete it.
    Delete {
        /// The observed resource.
        seen: Box<Live>,
        /// Why.
        reason: Reason,
    },
}

/// Why something is deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reason {
    /// The stack no longer declares it.
    Orphan,
    /// The stack never declared it: somebody added it to a resource of the stack.
    ByHand,
    /// It must be created again, because these changes cannot be made in place.
    Replacement(Changes),
    /// The whole stack is removed.
    Teardown,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The resource's place in the stack.
    pub address: Address,
    /// Its type.
    pub kind: Kind,
    /// The region where it is.
    pub region: String,
    /// The action.
    pub action: StepAction,
    /// What protects the resource against removal.
    pub guard: Guard,
    /// The numbers of the steps that must be completed first.
    pub needs: Vec<usize>,
}

/// All steps, in an order in which they can be executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The stack, account and region.
    pub scope: Scope,
    /// The steps; each needs only earlier ones.
    pub steps: Vec<Step>,
    /// The addresses that already match their declaration.
    pub unchanged: Vec<Address>,
    /// Resources that are no longer declared but stay, because they hold data.
    #[serde(default)]
    pub kept: Vec<Known>,
    /// The outputs of live resources that stay, for references of the steps.
    pub outputs: BTreeMap<Address, Outputs>,
}

/// How many resources a plan creates, changes, replaces, deletes and leaves. A replacement counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Created.
    pub create: usize,
    /// Changed in place.
    pub update: usize,
    /// Deleted and created again.
    pub replace: usize,
    /// Deleted.
    pub delete: usize,
    /// Left as they are.
    pub unchanged: usize,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The addresses that are deleted and created again.
    #[must_use]
    pub fn replaced(&self) -> BTreeSet<&Address> {
        let replaced =
            |step: &&Step| matches!(step.action, StepAction::Delete { reason: Reason::Replacement(_), .. });
        self.steps.iter().filter(replaced).map(|step| &step.address).collect()
    }

    /// The steps that are kept, in their order. A step needs those that are left of what it needed.
    #[must_use]
    pub fn only(&self, kept: &dyn Fn(&Step) -> bool) -> Self {
        let mut plan = Self { steps: Vec::new(), ..self.clone() };
        let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
        for (number, step) in self.steps.iter().enumerate().filter(|(_, step)| kept(step)) {
            let needs = step.needs.iter().filter_map(|need| numbers.get(need).copied()).collect();
            numbers.insert(number, plan.steps.len());
            plan.steps.push(Step { needs, ..step.clone() });
        }
        plan
    }

    /// The plan in numbers; a replacement counts once.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { unchanged: self.unchanged.len(), ..Totals::default() };
        for step in &self.steps {
            match &step.action {
                StepAction::Create { .. } => totals.create += 1,
                StepAction::Update { .. } => totals.update += 1,
                StepAction::Delete { reason: Reason::Replacement(_), .. } => totals.replace += 1,
                StepAction::Delete { .. } => totals.delete += 1,
            }
        }
        totals.create -= totals.replace;
        totals
    }
}
