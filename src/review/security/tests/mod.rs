//! Each rule in both directions: what broadens is found; what narrows or stays is not.

mod outlets;
mod policies;
mod random;
mod roles;
mod settings;
mod whole;

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{Broadening, Finding};
use super::findings;
use crate::model::{Address, Changes, Contents, Guard, Kind, Live, Mark, Ownership, Readiness, Scope};
use crate::plan::{Plan, Reason, Step, StepAction};

fn live(id: &str, properties: Value) -> Box<Live> {
    Box::new(Live {
        id: id.into(),
        properties,
        outputs: BTreeMap::new(),
        ownership: Ownership::Marked(Mark { stack: "vod".into(), address: "any/thing".into() }),
        readiness: Readiness::Ready,
        contents: Contents::Nothing,
    })
}

fn step(address: &str, kind: &'static str, action: StepAction) -> Step {
    Step {
        address: Address::new(address),
        kind: Kind::new(kind),
        region: "eu-west-1".into(),
        action,
        guard: Guard::None,
        needs: Vec::new(),
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        scope: Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() },
        steps,
        unchanged: Vec::new(),
        kept: Vec::new(),
        outputs: BTreeMap::new(),
    }
}

fn updated(kind: &'static str, before: &Value, after: &Value) -> Vec<Finding> {
    let action = StepAction::Update {
        seen: live("id", before.clone()),
        desired: after.clone(),
        changes: Changes::default(),
    };
    findings(&plan(vec![step("any/thing", kind, action)]))
}

fn created(kind: &'static str, after: &Value) -> Vec<Finding> {
    findings(&plan(vec![step("any/thing", kind, StepAction::Create { desired: after.clone() })]))
}

fn deleted(kind: &'static str, before: &Value) -> Vec<Finding> {
    let action = StepAction::Delete { seen: live("id", before.clone()), reason: Reason::Orphan };
    findings(&plan(vec![step("any/thing", kind, action)]))
}

/// A finding as a line: how, who, what, and where it comes from.
fn line(finding: &Finding) -> String {
    let Finding { broadening, principal, actions, origin, .. } = finding;
    format!("{broadening:?} | {principal} | {} | {origin}", actions.join(", "))
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The finding of a change to a state that allows more. Changing back and staying there find nothing.
fn broadens(kind: &'static str, narrow: &Value, wide: &Value) -> String {
    let found = updated(kind, narrow, wide);
    assert_eq!(found.len(), 1, "from {narrow} to {wide}: {found:?}");
    assert_eq!(updated(kind, wide, narrow), [], "from {wide} back to {narrow}");
    assert_eq!(updated(kind, wide, wide), [], "staying {wide}");
    line(&found[0])
}
