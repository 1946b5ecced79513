//! Who may do more than before. Pure.
//!
//! Every step's properties before and after are compared by meaning: policies statement by statement ([`policy`]), what
//! else grants ([`grant`]), what opens a bucket ([`bucket`]) or what it serves ([`delivery`]), and what sends its contents
//! or news of them elsewhere ([`outlet`]). Where the comparison cannot tell, it says that something broadens: a reviewer
//! rather reads a line too many.

mod bucket;
mod condition;
mod delivery;
mod destinations;
mod exposure;
mod grant;
mod pattern;
mod policy;
mod show;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::{Broadening, Finding};
use crate::plan::{Action, Plan, Reason, Step};

/// Everything in a plan that lets somebody do more than before, sorted by address. Of a denial that goes or denies less
/// the finding holds the statement as it was, of everything else what will be; `origin` names what broadened.
#[must_use]
pub fn findings(plan: &Plan) -> Vec<Finding> {
    let mut found: Vec<Finding> = plan.steps.iter().flat_map(|step| of_step(plan, step)).collect();
    found.sort();
    found.dedup();
    found
}

fn of_step(plan: &Plan, step: &Step) -> Vec<Finding> {
    let Some(sides) = BeforeAfter::of(plan, step) else { return Vec::new() };
    let rules =
        [policy::findings, grant::findings, bucket::findings, delivery::findings, destinations::findings];
    rules.iter().flat_map(|rule| rule(&sides)).collect()
}

/// A resource before and after the plan.
struct BeforeAfter<'a> {
    address: &'a str,
    kind: &'a str,
    /// What is there; none where it is made.
    before: Option<&'a Value>,
    /// What will be there; none where it is removed.
    after: Option<&'a Value>,
    /// Whether what it is a policy of stays when it goes.
    subject_stays: bool,
}

impl<'a> BeforeAfter<'a> {
    /// The sides of a step; none for the create of a replacement, which its delete speaks for.
    fn of(plan: &'a Plan, step: &'a Step) -> Option<Self> {
        let (before, after) = match &step.action {
            Action::Create { .. } if plan.replaced().contains(&step.address) => return None,
            Action::Create { desired } => (None, Some(desired)),
            Action::Update { seen, desired, .. } => (Some(&seen.properties), Some(desired)),
            Action::Delete { seen, reason: Reason::Replacement(_) } => {
                (Some(&seen.properties), created(plan, step))
            }
            Action::Delete { seen, .. } => (Some(&seen.properties), None),
        };
        Some(Self {
            address: step.address.as_str(),
            kind: step.kind.as_str(),
            before,
            after,
            subject_stays: before.is_some_and(|before| subject_stays(plan, before)),
        })
    }

    /// A finding at this resource.
    fn finding(&self, broadening: Broadening, principal: &str, actions: &[&str], origin: String) -> Finding {
        Finding {
            address: self.address.to_owned(),
            broadening,
            principal: principal.to_owned(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            resources: vec![self.name()],
            conditions: Vec::new(),
            origin,
        }
    }

    /// What reviewers know the resource by: its name, or its address where AWS gives it none.
    fn name(&self) -> String {
        let named = ["RoleName", "BucketName", "FunctionName"].iter().find_map(|key| {
            let properties = self.after.or(self.before)?;
            properties.get(key).map(show::value)
        });
        named.unwrap_or_else(|| self.address.to_owned())
    }
}

fn created<'a>(plan: &'a Plan, step: &Step) -> Option<&'a Value> {
    plan.steps.iter().find_map(|other| match &other.action {
        Action::Create { desired } if other.address == step.address => Some(desired),
        _ => None,
    })
}

/// Whether what a policy belongs to (`Bucket`, `Queues`, `Topics`) is not removed by the same plan.
fn subject_stays(plan: &Plan, policy: &Value) -> bool {
    let subjects: Vec<&str> = ["Bucket", "Queues", "Topics"]
        .iter()
        .filter_map(|member| policy.get(member))
        .flat_map(|found| found.as_array().map_or_else(|| vec![found], |list| list.iter().collect()))
        .filter_map(Value::as_str)
        .collect();
    // A policy's own id may be that of what it belongs to.
    let removed = |step: &Step| match &step.action {
        Action::Delete { seen, .. } if !step.kind.as_str().ends_with("Policy") => subjects
            .iter()
            .any(|subject| seen.id == *subject || seen.outputs.values().any(|output| output == subject)),
        _ => false,
    };
    !plan.steps.iter().any(removed)
}
