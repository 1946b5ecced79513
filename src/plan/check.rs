//! Checks a plan and refuses unsafe steps: changes to resources that are not ours, and loss of data. Pure.

use std::fmt;

use miette::Diagnostic;

use super::{Plan, Reason, StepAction};
use crate::model::{Address, Contents, Guard, Live, Ownership, REGION_TAG, Scope, Tags};

/// The type of DNS records.
const RECORDS: &str = "AWS::Route53::RecordSet";

/// What a run may do in addition to what is always safe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Permits {
    /// Adopt untagged resources.
    pub adopt: bool,
    /// Change the DNS records of a name that moves here from another distribution, whoever owns them.
    pub move_name: bool,
    /// Delete resources that hold data (teardown).
    pub lose_data: bool,
}

/// One refused step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A resource that is not ours already exists.
    #[error("{address}: {id} exists, and {owner}")]
    NotOurs {
        /// The address.
        address: Address,
        /// The existing resource.
        id: String,
        /// Whom it belongs to.
        owner: String,
        /// True if `--adopt` may adopt it.
        adoptable: bool,
    },
    /// It belongs to a stack of this name in another region.
    #[error("{address}: {id} belongs to the stack of this name in {region}")]
    OtherRegion {
        /// The address.
        address: Address,
        /// The existing resource.
        id: String,
        /// The other stack's region.
        region: String,
    },
    /// Data would be lost.
    #[error("{address}: {id} holds objects, and the plan would {verb} it")]
    HoldsData {
        /// The address.
        address: Address,
        /// The resource that holds data.
        id: String,
        /// `delete` or `replace`.
        verb: &'static str,
    },
}

impl Refusal {
    /// The resource that the step is about.
    #[must_use]
    pub fn address(&self) -> &Address {
        match self {
            Self::NotOurs { address, .. }
            | Self::OtherRegion { address, .. }
            | Self::HoldsData { address, .. } => address,
        }
    }

    /// Why it is refused, for a list that names the resource itself.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::NotOurs { owner, .. } => owner.clone(),
            Self::OtherRegion { region, .. } => format!("belongs to the stack of this name in {region}"),
            Self::HoldsData { verb, .. } => format!("holds objects, and the plan would {verb} it"),
        }
    }
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
                "names in IAM and CloudFront are shared by all regions: rename this stack, or tear the other one down first"
            }
            Self::HoldsData { .. } => {
                "move or delete its objects yourself first, or declare it again; apply never deletes data"
            }
        }))
    }
}

/// The refusals of a plan.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the plan is not safe, so nothing was changed")]
pub struct UnsafePlan {
    /// All refused steps.
    #[related]
    pub refusals: Vec<Refusal>,
}

/// Finds another region in the names of the stack's resources in a text. It is passed in, because only the stack knows
/// its names.
pub type RegionIn = dyn Fn(&str, &Scope) -> Option<String>;

/// Accepts the plan if every step is allowed.
///
/// # Errors
/// All refusals at once.
pub fn check(plan: &Plan, permits: Permits, region_in: &RegionIn) -> Result<(), UnsafePlan> {
    let refusals: Vec<Refusal> = plan
        .steps
        .iter()
        .flat_map(|step| {
            let seen = match &step.action {
                StepAction::Create { .. } => return Vec::new(),
                StepAction::Update { seen, .. } | StepAction::Delete { seen, .. } => seen,
            };
            if let Some(region) = elsewhere(seen, &plan.scope, region_in) {
                let (address, id) = (step.address.clone(), seen.id.clone());
                return vec![Refusal::OtherRegion { address, id, region }];
            }
            let mut found = Vec::new();
            let moves = permits.move_name && step.kind.as_str() == RECORDS;
            if let Some(owner) = foreign(&seen.ownership, &plan.scope.stack, permits).filter(|_| !moves) {
                found.push(Refusal::NotOurs {
                    address: step.address.clone(),
                    id: seen.id.clone(),
                    owner,
                    adoptable: seen.ownership == Ownership::Unmarked,
                });
            }
            if let StepAction::Delete { reason, .. } = &step.action
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
    if refusals.is_empty() { Ok(()) } else { Err(UnsafePlan { refusals }) }
}

/// The region of the stack that created this, if it is a stack of the same name in another region. Old resources have
/// no region in their tags. They are recognized by the names of the stack's buckets in their properties: roles and
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
