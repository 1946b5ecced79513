//! Reads a plan and refuses what is not safe: what is not ours, and what would lose data. Pure.

use std::fmt;

use miette::Diagnostic;
use serde_json::Value;

use super::{Action, Plan, Reason};
use crate::model::{Address, Contents, Guard, Ownership, Scope};

/// What a run may do beyond what is always safe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leave {
    /// Take over resources that carry nobody's mark.
    pub adopt: bool,
    /// Remove what holds data (teardown).
    pub lose_data: bool,
}

/// One step that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something that is not ours is in the way.
    #[error("{address}: {id} exists, and {owner}")]
    NotOurs {
        /// The address.
        address: Address,
        /// What is in the way.
        id: String,
        /// Whose it is.
        owner: String,
        /// Whether `--adopt` may take it over.
        adoptable: bool,
    },
    /// A stack of this name lives in another region: it is that one's.
    #[error("{address}: {id} serves stack {stack} in {region}, and two stacks of one name cannot share it")]
    OtherRegion {
        /// The address.
        address: Address,
        /// What is that stack's.
        id: String,
        /// The name of both.
        stack: String,
        /// Where that one lives.
        region: String,
    },
    /// Data would be lost.
    #[error("{address}: {id} holds objects, and the plan would {verb} it")]
    HoldsData {
        /// The address.
        address: Address,
        /// What holds data.
        id: String,
        /// `delete` or `replace`.
        verb: &'static str,
    },
}

impl Diagnostic for Refusal {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(match self {
            Self::NotOurs { adoptable: true, .. } => {
                "if it is meant to be this stack's, run again with `--adopt`; else remove it or rename the stack"
            }
            Self::NotOurs { adoptable: false, .. } => {
                "it belongs to another stack: rename this one, or remove it there"
            }
            Self::OtherRegion { .. } => {
                "CloudFront and IAM names are global to an account: name this stack otherwise or, to move it, tear it down \
                 there first"
            }
            Self::HoldsData { .. } => {
                "move or delete its objects yourself first, or declare it again; apply never deletes data"
            }
        }))
    }
}

/// The refusals of a plan.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the plan is not safe, so none of it was done")]
pub struct Refused {
    /// All of them.
    #[related]
    pub refusals: Vec<Refusal>,
}

/// Passes the plan if every step is allowed.
///
/// # Errors
/// All refusals at once.
pub fn check(plan: &Plan, leave: Leave) -> Result<(), Refused> {
    let refusals: Vec<Refusal> = plan
        .steps
        .iter()
        .flat_map(|step| {
            let seen = match &step.action {
                Action::Create { .. } => return Vec::new(),
                Action::Update { seen, .. } | Action::Delete { seen, .. } => seen,
            };
            let mut found = Vec::new();
            if let Some(owner) = foreign(&seen.ownership, &plan.scope.stack, leave) {
                found.push(Refusal::NotOurs {
                    address: step.address.clone(),
                    id: seen.id.clone(),
                    owner,
                    adoptable: seen.ownership == Ownership::Unmarked
                        && matches!(step.action, Action::Update { .. }),
                });
            }
            if let Some(region) = elsewhere(&plan.scope, &seen.properties) {
                let (id, stack) = (seen.id.clone(), plan.scope.stack.clone());
                found.push(Refusal::OtherRegion { address: step.address.clone(), id, stack, region });
            }
            if let Action::Delete { reason, .. } = &step.action
                && step.guard == Guard::Data
                && seen.contents == Contents::Some
                && !leave.lose_data
            {
                let verb = if matches!(reason, Reason::Replacement(_)) { "replace" } else { "delete" };
                found.push(Refusal::HoldsData { address: step.address.clone(), id: seen.id.clone(), verb });
            }
            found
        })
        .collect();
    if refusals.is_empty() { Ok(()) } else { Err(Refused { refusals }) }
}

fn foreign(ownership: &Ownership, stack: &str, leave: Leave) -> Option<String> {
    match ownership {
        Ownership::Inherited => None,
        Ownership::Marked(mark) if mark.stack == stack => None,
        Ownership::Marked(mark) => Some(format!("belongs to {} of stack {}", mark.address, mark.stack)),
        Ownership::Unmarked if leave.adopt => None,
        Ownership::Unmarked => Some("was not made by this stack".to_owned()),
    }
}

/// The buckets of a stack, whose names end with its region.
const BUCKETS: [&str; 4] = ["source", "work", "output", "logs"];

/// The other region that something global (a distribution, a role) serves: it names the buckets of a stack of the same
/// name there and none of this stack's. Its mark says no region.
fn elsewhere(scope: &Scope, seen: &Value) -> Option<String> {
    let seen = seen.to_string();
    let Scope { stack, account, region: here } = scope;
    let mut other = None;
    for bucket in BUCKETS {
        let prefix = format!("{stack}-{bucket}-{account}-");
        for (at, _) in seen.match_indices(&prefix) {
            let rest = &seen[at + prefix.len()..];
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
            let region = &rest[..end.unwrap_or(rest.len())];
            if region == here {
                return None;
            }
            other = Some(region.to_owned());
        }
    }
    other
}
