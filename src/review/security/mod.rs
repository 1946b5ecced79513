//! Who may do more than before. Pure.
//!
//! Every step's properties before and after are compared by meaning: policies statement by statement ([`policy`]), what
//! else grants ([`grant`]), what opens a bucket ([`bucket`]) or its delivery ([`delivery`], [`behavior`]), and what
//! sends its contents or news of them elsewhere ([`destinations`]). If the comparison cannot tell, it says that
//! something broadens: one line too many does less harm than one too few.
//!
//! Each rule names the properties that it reads in a table at its head. [`property_paths`] adds these tables up, and the
//! judges hold them to AWS's schemas.

mod behavior;
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

use super::path::{PropertyPath, entries};
use super::{Broadening, Finding};
use crate::plan::{Plan, Reason, Step, StepAction};

/// The properties that a rule reads: a constant each, and all of them as `PROPERTIES`.
macro_rules! properties {
    ($($kind:literal { $($name:ident = $path:literal;)+ })+) => {
        $($(const $name: PropertyPath = PropertyPath::new($kind, $path);)+)+
        pub(super) const PROPERTIES: &[PropertyPath] = &[$($($name,)+)+];
    };
}
use properties;

/// The properties that name a resource.
const NAMES: [PropertyPath; 4] = [
    PropertyPath::new("AWS::IAM::Role", "RoleName"),
    PropertyPath::new("AWS::S3::Bucket", "BucketName"),
    PropertyPath::new("AWS::Lambda::Function", "FunctionName"),
    PropertyPath::new("AWS::Lambda::Permission", "FunctionName"),
];

/// What the resources of a type are policies of.
const SUBJECTS: [PropertyPath; 3] = [
    PropertyPath::new("AWS::S3::BucketPolicy", "Bucket"),
    PropertyPath::new("AWS::SQS::QueuePolicy", "Queues"),
    PropertyPath::new("AWS::SNS::TopicPolicy", "Topics"),
];

/// All properties that the rules read.
pub(super) fn property_paths() -> impl Iterator<Item = PropertyPath> {
    let tables: [&[PropertyPath]; 8] = [
        &NAMES,
        &SUBJECTS,
        policy::PROPERTIES,
        grant::PROPERTIES,
        bucket::PROPERTIES,
        delivery::PROPERTIES,
        behavior::PROPERTIES,
        destinations::PROPERTIES,
    ];
    tables.into_iter().flatten().copied()
}

/// Everything in a plan that lets somebody do more than before, sorted by address. For a denial that is removed or
/// denies less, the finding holds the statement as it was; for everything else, as it will be. `origin` names what
/// broadened.
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
    /// What is there; none if it is created.
    before: Option<&'a Value>,
    /// What will be there; none if it is removed.
    after: Option<&'a Value>,
    /// Whether it is a policy of something that stays when the policy is removed.
    subject_stays: bool,
}

impl<'a> BeforeAfter<'a> {
    /// The sides of a step; none for the create of a replacement, which its delete stands for.
    fn of(plan: &'a Plan, step: &'a Step) -> Option<Self> {
        let (before, after) = match &step.action {
            StepAction::Create { .. } if plan.replaced().contains(&step.address) => return None,
            StepAction::Create { desired } => (None, Some(desired)),
            StepAction::Update { seen, desired, .. } => (Some(&seen.properties), Some(desired)),
            StepAction::Delete { seen, reason: Reason::Replacement(_) } => {
                (Some(&seen.properties), created(plan, step))
            }
            StepAction::Delete { seen, .. } => (Some(&seen.properties), None),
        };
        Some(Self {
            address: step.address.as_str(),
            kind: step.kind.as_str(),
            before,
            after,
            subject_stays: before.is_some_and(|before| subject_stays(plan, step.kind.as_str(), before)),
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

    /// What reviewers call the resource: its name, or its address if AWS gives it none.
    fn name(&self) -> String {
        let property = NAMES.iter().find(|property| property.kind == self.kind);
        let named = property.and_then(|property| Some(property.of(self.after.or(self.before)?)));
        named.filter(|name| !name.is_null()).map_or_else(|| self.address.to_owned(), show::value)
    }
}

fn created<'a>(plan: &'a Plan, step: &Step) -> Option<&'a Value> {
    plan.steps.iter().find_map(|other| match &other.action {
        StepAction::Create { desired } if other.address == step.address => Some(desired),
        _ => None,
    })
}

/// Whether what a policy belongs to is not removed by the same plan. False for what is not a resource's policy.
fn subject_stays(plan: &Plan, kind: &str, policy: &Value) -> bool {
    let of = |kind: &str| SUBJECTS.iter().find(|subject| subject.kind == kind);
    // Of an unknown kind of policy, one line too many does less harm than one too few.
    let Some(subject) = of(kind) else { return kind.ends_with("Policy") };
    let subjects: Vec<&str> = match subject.of(policy) {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    // A policy's own id may be that of what it belongs to.
    let removed = |step: &Step| match &step.action {
        StepAction::Delete { seen, .. } if of(step.kind.as_str()).is_none() => subjects
            .iter()
            .any(|subject| seen.id == *subject || seen.outputs.values().any(|output| output == subject)),
        _ => false,
    };
    !plan.steps.iter().any(removed)
}
