//! What a plan of a stack set does in its targets: its template's resources, and the targets themselves. Pure.

use crate::cloudformation::plain;
use crate::graph::Graph;
use crate::model::{Contents, Scope};
use crate::ops::error::Refused;
use crate::ops::offline::Comparison;
use crate::plan::{Plan, Step, StepAction};
use crate::resource::Resource as _;
use crate::resource::cloudformation::{InstancesGroup, StackSet, current, placed};
use crate::review::{Action, Against, Impact, Review, Severity, TargetAction, TargetChange};

/// The properties of a stack set that a review shows in another way.
const EXPANDED: [&str; 3] = ["TemplateBody", "StackInstancesGroup", "OperationPreferences"];

/// The set's properties before and after a step.
struct Sides {
    before: Option<StackSet>,
    after: Option<StackSet>,
}

impl Sides {
    fn of(step: &Step) -> Option<Self> {
        if step.kind != StackSet::KIND {
            return None;
        }
        let read = |value: &serde_json::Value| serde_json::from_value(value.clone()).ok();
        Some(match &step.action {
            StepAction::Create { desired } => Self { before: None, after: read(desired) },
            StepAction::Update { seen, desired, .. } => {
                Self { before: read(&seen.properties), after: read(desired) }
            }
            StepAction::Delete { seen, .. } => Self { before: read(&seen.properties), after: None },
        })
    }

    /// What becomes of the template's resources in every target. `None` if the template stays, or goes.
    fn resources(&self, scope: &Scope) -> Option<Review> {
        let after = self.after.as_ref()?;
        let graph = |set: &StackSet| {
            let body = serde_json::from_str(&set.template_body).unwrap_or_default();
            Graph::new(plain(&body, &scope.region)).unwrap_or_default()
        };
        if self.before.as_ref().is_some_and(|before| before.template_body == after.template_body) {
            return None;
        }
        let base = self.before.as_ref().map(graph).unwrap_or_default();
        let head = graph(after);
        let compared = Comparison { scope, head: &head, base: &base, guarded: Contents::Some };
        Some(compared.review(Against::Account))
    }

    /// What becomes of each target.
    fn targets(&self) -> Vec<TargetChange> {
        let groups = |set: &Option<StackSet>| {
            set.as_ref().map(|set| set.stack_instances_group.clone()).unwrap_or_default()
        };
        let (before, after) = (groups(&self.before), groups(&self.after));
        let (there, wanted, current) = (placed(&before), placed(&after), current(&before));
        let is_updated = match (&self.before, &self.after) {
            (Some(before), Some(after)) => bare(before) != bare(after),
            _ => false,
        };
        let target = |(name, region): &(String, String), action| TargetChange {
            target: name.clone(),
            region: region.clone(),
            action,
        };
        let gone = there.difference(&wanted).map(|place| target(place, TargetAction::Remove));
        let kept = current.intersection(&wanted).filter(|_| is_updated);
        let kept = kept.map(|place| target(place, TargetAction::Update));
        let new = wanted.difference(&current).map(|place| target(place, TargetAction::Deploy));
        gone.chain(kept).chain(new).collect()
    }
}

/// A set without what each operation gets anew: its targets and preferences.
fn bare(set: &StackSet) -> StackSet {
    let stack_instances_group: Vec<InstancesGroup> = Vec::new();
    StackSet { stack_instances_group, operation_preferences: None, ..set.clone() }
}

/// Adds to the review of a plan with a stack set what the plan does in its targets.
pub(in crate::ops) fn expand(review: &mut Review, plan: &Plan) {
    for step in &plan.steps {
        let Some(sides) = Sides::of(step) else { continue };
        for change in review.changes.iter_mut().filter(|change| change.address == step.address.as_str()) {
            change.properties.retain(|property| {
                let name = property.path.split(['.', '[']).next().unwrap_or_default();
                !EXPANDED.contains(&name)
            });
        }
        review.targets.extend(sides.targets());
        if sides.after.is_none() {
            review.notes.push(
                "the stacks of all targets are deleted; their buckets stay in the accounts, with everything in them".to_owned(),
            );
        } else if review.targets.iter().any(|target| target.action == TargetAction::Remove) {
            let own = review.changes.iter_mut().filter(|change| change.address == step.address.as_str());
            let text = "Nothing is served any more from the targets that are removed. Their buckets stay.";
            own.for_each(|change| {
                change.impact = Some(Impact { severity: Severity::Interruption, text: text.to_owned() });
            });
            review.notes.push(
                "the buckets of a target that is removed stay in its account, with everything in them"
                    .to_owned(),
            );
        }
        let Some(inner) = sides.resources(&plan.scope) else { continue };
        review.notes.push("each resource is in every target".to_owned());
        review.changes.extend(inner.changes);
        review.kept.extend(inner.kept);
        review.security.extend(inner.security);
        review.totals.create += inner.totals.create;
        review.totals.update += inner.totals.update;
        review.totals.replace += inner.totals.replace;
        review.totals.delete += inner.totals.delete;
        review.totals.unchanged += inner.totals.unchanged;
    }
}

/// Why CloudFormation cannot make the resources of a new template, if it cannot: it makes a new one before it deletes the
/// old one, and a name can only be there once.
pub(in crate::ops) fn refuses(plan: &Plan) -> Option<Refused> {
    let inner = plan.steps.iter().filter_map(|step| Sides::of(step)?.resources(&plan.scope));
    let replaced: Vec<String> = inner
        .flat_map(|review| review.changes)
        .filter(|change| change.action == Action::Replace && change.id.is_some())
        .map(|change| format!("{}: {}", change.address, change.reasons.join(", ")))
        .collect();
    if replaced.is_empty() {
        return None;
    }
    let message =
        format!("CloudFormation cannot replace a resource that has a name:\n{}", replaced.join("\n"));
    Some(Refused::new(
        message,
        "undo this change, or declare a fleet of another name and move the videos to it",
    ))
}
