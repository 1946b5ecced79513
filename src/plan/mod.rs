//! What has to be done, in order: the diff of everything declared against everything seen. Pure.
//!
//! A [`Plan`] is data. [`plan`] converges, [`teardown()`] removes; [`check`] refuses what is not safe; [`crate::execute`]
//! carries it out. Replacement is two steps here, never a surprise there.

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

/// What is to be done with one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Make it.
    Create {
        /// The desired properties; references that AWS has yet to answer stand in them.
        desired: Value,
    },
    /// Change it in place.
    Update {
        /// What is there.
        seen: Box<Live>,
        /// The desired properties.
        desired: Value,
        /// What differs.
        changes: Changes,
    },
    /// Remove it.
    Delete {
        /// What is there.
        seen: Box<Live>,
        /// Why.
        reason: Reason,
    },
}

/// Why something is removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reason {
    /// The stack declares it no longer.
    Orphan,
    /// The stack never declared it: somebody added it to a resource of the stack.
    ByHand,
    /// It must be made anew, since these changes cannot be made in place.
    Replacement(Changes),
    /// The whole stack goes.
    Teardown,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The resource's place in the stack.
    pub address: Address,
    /// Its type.
    pub kind: Kind,
    /// Where it lives.
    pub region: String,
    /// What is to be done.
    pub action: Action,
    /// What stands between the resource and its removal.
    pub guard: Guard,
    /// The numbers of the steps that must be done first.
    pub needs: Vec<usize>,
}

/// Everything that has to be done, in an order in which it can be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The stack, account and region.
    pub scope: Scope,
    /// The steps; each needs only earlier ones.
    pub steps: Vec<Step>,
    /// What is as declared.
    pub unchanged: Vec<Address>,
    /// What is no longer declared and stays nevertheless, since it holds data.
    #[serde(default)]
    pub kept: Vec<Known>,
    /// The outputs of what is live and stays, for references of the steps.
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

    /// The addresses that are removed to be made anew.
    #[must_use]
    pub fn replaced(&self) -> BTreeSet<&Address> {
        let replaced =
            |step: &&Step| matches!(step.action, Action::Delete { reason: Reason::Replacement(_), .. });
        self.steps.iter().filter(replaced).map(|step| &step.address).collect()
    }

    /// The plan in numbers; a replacement counts once.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { unchanged: self.unchanged.len(), ..Totals::default() };
        for step in &self.steps {
            match &step.action {
                Action::Create { .. } => totals.create += 1,
                Action::Update { .. } => totals.update += 1,
                Action::Delete { reason: Reason::Replacement(_), .. } => totals.replace += 1,
                Action::Delete { .. } => totals.delete += 1,
            }
        }
        totals.create -= totals.replace;
        totals
    }
}
