//! The state that a plan depends on, as digests, and what has changed since.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::model::{Address, Changes, Kind, Known, Live, Outputs};
use crate::plan::{Plan, Reason, Step, StepAction};

/// Everything that a plan depends on in addition to the declarations: its steps, their resources, and what it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFingerprint {
    steps: Vec<StepFingerprint>,
    unchanged: BTreeSet<Address>,
    kept: Vec<Known>,
    outputs: BTreeMap<Address, String>,
}

/// One step and the state it depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StepFingerprint {
    address: Address,
    kind: Kind,
    region: String,
    verb: Verb,
    /// The physical id of the observed resource.
    id: Option<String>,
    /// A digest of the whole step: the observed and the planned state.
    step: String,
    /// A digest of the planned state alone, if there is one.
    desired: Option<String>,
    /// A digest of each observed top-level property.
    seen: BTreeMap<String, String>,
    /// The top-level properties that differ from the declaration.
    differ: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verb {
    Create,
    Update,
    Replace,
    Delete,
}

/// One change of the state that a plan depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSince {
    /// Its address.
    pub address: Address,
    /// How it changed.
    pub how: String,
}

impl fmt::Display for ChangedSince {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.address, self.how)
    }
}

impl ChangedSince {
    /// Whether the plan's file changed, and not the account.
    #[must_use]
    pub fn is_of_the_file(&self) -> bool {
        self.how == REDECLARED
    }
}

impl PlanFingerprint {
    /// The fingerprint of this plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let Plan { scope: _, steps, unchanged, kept, outputs } = plan;
        let replaced = plan.replaced();
        let outputs = outputs.iter().map(|(address, outputs)| (address.clone(), digest_of_outputs(outputs)));
        // A replacement counts once: its second step depends on nothing else.
        let steps = steps.iter().filter(|step| {
            !(matches!(step.action, StepAction::Create { .. }) && replaced.contains(&step.address))
        });
        // The order of steps is not compared. It follows from the graph, and for former resources from the order of
        // discovery.
        let mut steps: Vec<StepFingerprint> = steps.map(step_fingerprint).collect();
        steps.sort_by(|one, other| (&one.address, &one.id).cmp(&(&other.address, &other.id)));
        let mut kept = kept.clone();
        kept.sort_by(|one, other| (&one.address, &one.id).cmp(&(&other.address, &other.id)));
        let unchanged = unchanged.iter().cloned().collect();
        Self { steps, unchanged, kept, outputs: outputs.collect() }
    }

    /// The changes since, by address. Empty if `now` is the same.
    #[must_use]
    pub fn changes_since(&self, now: &Self) -> Vec<ChangedSince> {
        let mut moved: BTreeMap<Address, String> = BTreeMap::new();
        let mut redeclared = BTreeSet::new();
        let addresses = self.steps.iter().chain(&now.steps).map(|mark| &mark.address);
        for address in addresses.collect::<BTreeSet<_>>() {
            let (then, now) = (self.at(address), now.at(address));
            if differ_in_the_planned_alone(&then, &now) {
                redeclared.insert(address.clone());
            } else if then != now {
                moved.insert(address.clone(), how(&then, &now));
            }
        }
        for (address, outputs) in &self.outputs {
            if now.outputs.get(address).is_some_and(|now| now != outputs) {
                moved.entry(address.clone()).or_insert_with(|| "it is a different resource now".to_owned());
            }
        }
        for kept in self.kept.iter().filter(|kept| !now.kept.contains(kept)) {
            moved.entry(kept.address.clone()).or_insert_with(|| "it holds no data any more".to_owned());
        }
        for kept in now.kept.iter().filter(|kept| !self.kept.contains(kept)) {
            moved.entry(kept.address.clone()).or_insert_with(|| "it holds data now, so it stays".to_owned());
        }
        let (then, now): (BTreeSet<_>, BTreeSet<_>) = (self.still(), now.still());
        for address in then.symmetric_difference(&now) {
            moved.entry((*address).clone()).or_insert_with(|| "it changed".to_owned());
        }
        // The planned state follows from the declarations and from what they refer to.
        let why = if moved.is_empty() { REDECLARED } else { REFERS };
        moved.extend(redeclared.into_iter().map(|address| (address, why.to_owned())));
        moved.into_iter().map(|(address, how)| ChangedSince { address, how }).collect()
    }

    /// The unchanged resources, and the live ones that stay.
    fn still(&self) -> BTreeSet<&Address> {
        self.unchanged.iter().chain(self.outputs.keys()).collect()
    }

    fn at(&self, address: &Address) -> Vec<&StepFingerprint> {
        self.steps.iter().filter(|mark| mark.address == *address).collect()
    }
}

/// Why a planned state differs if something else moved, and if nothing did.
const REFERS: &str = "something that it refers to is a different resource now";
const REDECLARED: &str = "its declaration is not the one that the plan was made from: the file was altered";

/// Whether one step differs in its planned state and in nothing that was observed.
fn differ_in_the_planned_alone(then: &[&StepFingerprint], now: &[&StepFingerprint]) -> bool {
    let ([then], [now]) = (then, now) else { return false };
    let observed = |step: &StepFingerprint| (step.verb, step.id.clone(), step.seen.clone());
    then.desired != now.desired && observed(then) == observed(now)
}

/// Describes the change at an address. One address has several steps only if a former resource of another type is
/// deleted there.
fn how(then: &[&StepFingerprint], now: &[&StepFingerprint]) -> String {
    match (then, now) {
        ([then], [now]) => between(then, now),
        ([then], []) => match then.verb {
            Verb::Create => "it exists now, as declared".to_owned(),
            Verb::Update | Verb::Replace => "it matches the declaration now".to_owned(),
            Verb::Delete => "it is gone, or is kept now".to_owned(),
        },
        ([], [now]) => match now.verb {
            Verb::Create => "it is gone".to_owned(),
            Verb::Update | Verb::Replace => format!("it was changed: {}", names(&now.differ)),
            Verb::Delete => "it exists now, and did not before".to_owned(),
        },
        _ => "it changed".to_owned(),
    }
}

fn between(then: &StepFingerprint, now: &StepFingerprint) -> String {
    match (then.verb, now.verb) {
        (Verb::Create, Verb::Create) => REFERS.to_owned(),
        (Verb::Create, _) => "it exists now".to_owned(),
        (_, Verb::Create) => "it is gone".to_owned(),
        _ if then.id != now.id => "it is a different resource now".to_owned(),
        _ => {
            let all: BTreeSet<&String> = then.seen.keys().chain(now.seen.keys()).collect();
            let apart = all.into_iter().filter(|name| then.seen.get(*name) != now.seen.get(*name));
            let apart: BTreeSet<String> = apart.cloned().collect();
            if apart.is_empty() {
                "its owner, or whether it holds data, changed".to_owned()
            } else {
                format!("it was changed: {}", names(&apart))
            }
        }
    }
}

fn names(properties: &BTreeSet<String>) -> String {
    properties.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn step_fingerprint(step: &Step) -> StepFingerprint {
    // `needs` is ignored: it follows from the declarations, and the plan is bound to these.
    let Step { address, kind, region, action, guard, needs: _ } = step;
    let desired = match action {
        StepAction::Create { desired } | StepAction::Update { desired, .. } => Some(digest(desired)),
        StepAction::Delete { .. } => None,
    };
    let (verb, seen, differ) = match action {
        StepAction::Create { .. } => (Verb::Create, None, BTreeSet::new()),
        StepAction::Update { seen, changes, .. } => (Verb::Update, Some(seen), top_level(changes)),
        StepAction::Delete { seen, reason: Reason::Replacement(changes) } => {
            (Verb::Replace, Some(seen), top_level(changes))
        }
        StepAction::Delete { seen, .. } => (Verb::Delete, Some(seen), BTreeSet::new()),
    };
    StepFingerprint {
        address: address.clone(),
        kind: kind.clone(),
        region: region.clone(),
        verb,
        id: seen.map(|seen| seen.id.clone()),
        step: digest(&serde_json::json!([action, guard])),
        desired,
        seen: seen.map(|seen| properties(seen)).unwrap_or_default(),
        differ,
    }
}

fn top_level(changes: &Changes) -> BTreeSet<String> {
    changes.0.iter().map(|change| change.property().to_owned()).collect()
}

fn properties(seen: &Live) -> BTreeMap<String, String> {
    let properties = seen.properties.as_object().into_iter().flatten();
    properties.map(|(name, value)| (name.clone(), digest(value))).collect()
}

fn digest_of_outputs(outputs: &Outputs) -> String {
    digest(&serde_json::json!(outputs))
}

/// A digest of a value that does not depend on the order of its keys.
fn digest(value: &Value) -> String {
    hex::encode(Sha256::digest(sorted(value).to_string()))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, Value> =
                map.iter().map(|(key, inner)| (key, sorted(inner))).collect();
            sorted.into_iter().map(|(key, inner)| (key.clone(), inner)).collect()
        }
        Value::Array(list) => list.iter().map(sorted).collect(),
        scalar => scalar.clone(),
    }
}
