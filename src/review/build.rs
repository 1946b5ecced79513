//! Makes the review of a plan.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Action, Against, Cause, Change, FORMAT_VERSION, Kept, Property, Review, cause, impact, security,
};
use crate::graph::Graph;
use crate::model::{Address, Changes, Kind, Ownership, refs, resolve};
use crate::plan::{self, Plan, Reason, Rules, Step};

/// The properties as the last apply left them, by address, with references as they were declared.
pub type Applied = BTreeMap<Address, Value>;

/// Reviews a plan. `graph` is what it declares. `applied` is the record of the last apply, if there is one: it tells
/// changes of the account from changes of the declaration.
#[must_use]
pub fn review(
    plan: &Plan,
    graph: &Graph,
    against: Against,
    applied: Option<&Applied>,
    rules: &dyn Fn(&Kind) -> Rules,
) -> Review {
    let reviewing = Reviewing { plan, graph, applied, rules };
    let mut changes: Vec<Change> = plan.steps.iter().filter_map(|step| reviewing.step(step)).collect();
    sort(&mut changes);
    Review {
        format_version: FORMAT_VERSION,
        provision_version: env!("CARGO_PKG_VERSION").to_owned(),
        stack: plan.scope.stack.clone(),
        account: plan.scope.account.clone(),
        region: plan.scope.region.clone(),
        against,
        changes,
        kept: plan.kept.iter().map(kept).collect(),
        security: security::findings(plan),
        notes: torn_down(plan).map(str::to_owned).into_iter().collect(),
        targets: Vec::new(),
        totals: plan.totals(),
        saved: None,
    }
}

/// Sorts by concern: those that lose something first, and within each what is lost first.
fn sort(changes: &mut [Change]) {
    let mut gravest: BTreeMap<String, Action> = BTreeMap::new();
    for change in changes.iter() {
        let action = gravest.entry(change.concern().to_owned()).or_insert(change.action);
        *action = change.action.min(*action);
    }
    let losing = |change: &Change| gravest.get(change.concern()).copied().min(Some(Action::Update));
    let place = |change: &Change| {
        (losing(change), change.concern().to_owned(), change.action, change.address.clone())
    };
    changes.sort_by_cached_key(place);
}

/// The reason for all deletions of a teardown.
fn torn_down(plan: &Plan) -> Option<&'static str> {
    let teardown =
        |step: &Step| matches!(step.action, plan::StepAction::Delete { reason: Reason::Teardown, .. });
    plan.steps.iter().any(teardown).then_some("the whole stack is deleted")
}

fn kept(known: &crate::model::Known) -> Kept {
    Kept { address: known.address.to_string(), kind: known.kind.as_str().to_owned(), id: known.id.clone() }
}

/// What became of the resource that the last apply had at an address.
enum Former<'a> {
    /// There was none.
    Never,
    /// It exists under this id, but the declaration now means another one.
    Elsewhere(&'a str),
    /// Somebody deleted it.
    Gone,
}

struct Reviewing<'a> {
    plan: &'a Plan,
    graph: &'a Graph,
    applied: Option<&'a Applied>,
    rules: &'a dyn Fn(&Kind) -> Rules,
}

impl Reviewing<'_> {
    /// A step's change; none for the create of a replacement, which its delete stands for.
    fn step(&self, step: &Step) -> Option<Change> {
        let (action, id, reasons, properties) = match &step.action {
            plan::StepAction::Create { .. } if self.plan.replaced().contains(&step.address) => return None,
            plan::StepAction::Create { desired } => {
                (Action::Create, name(desired), self.missing(step), self.declared(step, desired))
            }
            plan::StepAction::Update { seen, desired, changes } => {
                let properties = self.differing(step, changes, desired, &seen.properties);
                (Action::Update, Some(seen.id.clone()), taken_over(&seen.ownership), properties)
            }
            plan::StepAction::Delete { seen, reason: Reason::Replacement(changes) } => {
                let desired = self.desired_anew(&step.address);
                let properties = self.differing(step, changes, desired, &seen.properties);
                let reasons = forced(changes).unwrap_or_else(|| self.taken_along(step));
                (Action::Replace, Some(seen.id.clone()), reasons, properties)
            }
            plan::StepAction::Delete { seen, reason } => {
                let reason = match reason {
                    // A note of the plan says it once.
                    Reason::Teardown => None,
                    Reason::ByHand => Some("not declared: added by hand"),
                    _ => Some("no longer declared"),
                };
                let reasons = reason.map(str::to_owned).into_iter().collect();
                (Action::Delete, Some(seen.id.clone()), reasons, Vec::new())
            }
        };
        let kind = step.kind.as_str();
        // A resource without a name that was only declared has its address as its id.
        let id = id.filter(|id| id != step.address.as_str());
        Some(Change {
            address: step.address.to_string(),
            kind: kind.to_owned(),
            region: step.region.clone(),
            action,
            id,
            reasons,
            needs: self.graph.needs(&step.address).map(Address::to_string).collect(),
            impact: impact(kind, action, &properties),
            properties,
        })
    }

    /// Why a resource is replaced whose own properties do not force that: it is a part of one that is replaced.
    fn taken_along(&self, step: &Step) -> Vec<String> {
        let replaced = self.plan.replaced();
        let wholes = self.graph.needs(&step.address).filter(|needed| replaced.contains(needed));
        wholes.map(|whole| format!("part of {whole}, which is replaced")).collect()
    }

    /// Why a resource is created that the last apply had created already.
    fn missing(&self, step: &Step) -> Vec<String> {
        match self.former(step) {
            Former::Never => Vec::new(),
            Former::Elsewhere(id) => vec![format!("it takes the place of {id}")],
            Former::Gone => vec!["missing from the account since the last apply".to_owned()],
        }
    }

    /// What became of what the last apply had at the address of a resource that is created now.
    fn former(&self, step: &Step) -> Former<'_> {
        if !self.applied.is_some_and(|applied| applied.contains_key(&step.address)) {
            return Former::Never;
        }
        // If the declaration now means another one, the former still exists, under the same address.
        let left = self.plan.steps.iter().find_map(|other| match &other.action {
            plan::StepAction::Delete { seen, reason: Reason::Orphan } => {
                ((&other.address, &other.kind) == (&step.address, &step.kind)).then_some(&seen.id)
            }
            _ => None,
        });
        left.map_or(Former::Gone, |id| Former::Elsewhere(id))
    }

    /// True if a value refers to a resource that somebody deleted and the plan creates again: that changed the value.
    fn lost(&self, value: Option<&Value>) -> bool {
        let referred = value.map(refs).unwrap_or_default();
        let made = |step: &&Step| matches!(step.action, plan::StepAction::Create { .. });
        self.plan.steps.iter().filter(made).any(|step| {
            referred.iter().any(|reference| reference.address == step.address)
                && matches!(self.former(step), Former::Gone)
        })
    }

    /// The properties of a new resource.
    fn declared(&self, step: &Step, desired: &Value) -> Vec<Property> {
        let write_only = (self.rules)(&step.kind).write_only;
        let members = desired.as_object().into_iter().flatten();
        let shown = members.filter(|(name, _)| !write_only.contains(&name.as_str()));
        shown
            .map(|(name, value)| Property {
                path: name.clone(),
                before: None,
                after: Some(value.clone()),
                cause: Cause::Unknown,
                applied: None,
                forces_replacement: false,
            })
            .collect()
    }

    /// The properties that differ, with who changed them.
    fn differing(&self, step: &Step, changes: &Changes, desired: &Value, seen: &Value) -> Vec<Property> {
        let rules = (self.rules)(&step.kind);
        let applied = self.applied.and_then(|applied| applied.get(&step.address)).map(|applied| {
            (rules.normal)(&resolve(applied, &|address| self.plan.outputs.get(address).cloned()))
        });
        let moves = applied.map(|applied| cause::Moves::of(desired, &applied, seen));
        let property = |change: &crate::model::PropertyChange| {
            let (cause, applied) = match &moves {
                Some(moves) => match moves.cause(&change.path) {
                    (Cause::Change, applied) if self.lost(change.after.as_ref()) => (Cause::Drift, applied),
                    found => found,
                },
                None => (Cause::Unknown, None),
            };
            Property {
                path: change.path.clone(),
                before: change.before.clone(),
                after: change.after.clone(),
                cause,
                applied,
                forces_replacement: change.replaces,
            }
        };
        changes.0.iter().map(property).collect()
    }

    /// The properties that a replaced resource will have.
    fn desired_anew(&self, address: &Address) -> &Value {
        let create = self.plan.steps.iter().find_map(|step| match &step.action {
            plan::StepAction::Create { desired } if step.address == *address => Some(desired),
            _ => None,
        });
        create.unwrap_or(&Value::Null)
    }
}

fn taken_over(ownership: &Ownership) -> Vec<String> {
    match ownership {
        Ownership::Unmarked => vec!["adopted: untagged".to_owned()],
        Ownership::Marked(_) | Ownership::Inherited => Vec::new(),
    }
}

/// What forces a replacement, if one of its own properties does.
fn forced(changes: &Changes) -> Option<Vec<String>> {
    let forced = changes.replacing().map(|change| format!("{} cannot change in place", change.path));
    Some(forced.collect()).filter(|forced: &Vec<String>| !forced.is_empty())
}

/// The name that a resource has or will have, if a property says it.
#[must_use]
pub fn name(desired: &Value) -> Option<String> {
    let named = |(key, value): (&String, &Value)| {
        key.ends_with("Name").then(|| value.as_str().map(str::to_owned)).flatten()
    };
    desired.as_object()?.iter().find_map(named)
}
