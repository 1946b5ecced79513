//! Reads a plan and refuses what is not safe: what is not ours, and what would lose data. Pure.

use std::fmt;

use miette::Diagnostic;

use super::{Action, Plan, Reason};
use crate::model::{Address, Contents, Guard, Live, Ownership, REGION_TAG, Scope, Tags};

/// What a run may do beyond what is always safe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Permits {
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
    /// It belongs to a stack of this name in another region.
    #[error("{address}: {id} belongs to the stack of this name in {region}")]
    OtherRegion {
        /// The address.
        address: Address,
        /// What is in the way.
        id: String,
        /// The other stack's region.
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
                "names in IAM and CloudFront hold in all regions: rename this stack, or tear the other one down first"
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

/// The other region of which names of the stack's own resources in a text speak, if they speak of one: only the stack knows
/// its names.
pub type RegionIn = dyn Fn(&str, &Scope) -> Option<String>;

/// Passes the plan if every step is allowed.
///
/// # Errors
/// All refusals at once.
pub fn check(plan: &Plan, permits: Permits, region_in: &RegionIn) -> Result<(), Refused> {
    let refusals: Vec<Refusal> = plan
        .steps
        .iter()
        .flat_map(|step| {
            let seen = match &step.action {
                Action::Create { .. } => return Vec::new(),
                Action::Update { seen, .. } | Action::Delete { seen, .. } => seen,
            };
            if let Some(region) = elsewhere(seen, &plan.scope, region_in) {
                let (address, id) = (step.address.clone(), seen.id.clone());
                return vec![Refusal::OtherRegion { address, id, region }];
            }
            let mut found = Vec::new();
            if let Some(owner) = foreign(&seen.ownership, &plan.scope.stack, permits) {
                found.push(Refusal::NotOurs {
                    address: step.address.clone(),
                    id: seen.id.clone(),
                    owner,
                    adoptable: seen.ownership == Ownership::Unmarked,
                });
            }
            if let Action::Delete { reason, .. } = &step.action
                && step.guard == Guard::Data
                && seen.contents == Contents::Some
                && !permits.lose_data
            {
                let verb = if matches!(reason, Reason::Replacement(_)) { "replace" } else { "delete" };
                found.push(Refusal::HoldsData { address: step.address.clone(), id: seen.id.clone(), verb });
            }
            found
        })
        .collect();
    if refusals.is_empty() { Ok(()) } else { Err(Refused { refusals }) }
}

/// The region of the stack that made this, if that is a stack of the same name in another region. Resources that were made
/// before tags named a region are recognised by the names of the stack's buckets in their properties: roles and
/// distributions, which are global, have them.
fn elsewhere(seen: &Live, scope: &Scope, region_in: &RegionIn) -> Option<String> {
    if !matches!(&seen.ownership, Ownership::Marked(mark) if mark.stack == scope.stack) {
        return None;
    }
    let tags: Option<Tags> =
        seen.properties.get("Tags").and_then(|tags| serde_json::from_value(tags.clone()).ok());
    let marked = tags.and_then(|tags| tags.get(REGION_TAG).map(str::to_owned));
    let region = marked.or_else(|| region_in(&seen.properties.to_string(), scope))?;
    (region != scope.region).then_some(region)
}

fn foreign(ownership: &Ownership, stack: &str, permits: Permits) -> Option<String> {
    match ownership {
        Ownership::Inherited => None,
        Ownership::Marked(mark) if mark.stack == stack => None,
        Ownership::Marked(mark) => Some(format!("belongs to {} of stack {}", mark.address, mark.stack)),
        Ownership::Unmarked if permits.adopt => None,
        Ownership::Unmarked => Some("was not made by this stack".to_owned()),
    }
}
