//! What exists after a run, for its record: what is declared and was made, and former resources that were not deleted.

use std::collections::BTreeMap;

use serde_json::Value;

use super::account::Account;
use super::journal::Exists;
use super::state::ObservedState;
use crate::execute::{Outcome, StepEnding};
use crate::graph::Graph;
use crate::home::{Record, Recorded};
use crate::model::{Address, Known, Orphan, resolve};
use crate::plan::{Plan, Reason, StepAction};
use crate::resource::Registry;

/// What exists after an apply: declared resources, and former ones that are still there.
pub(super) fn exists(
    account: &Account,
    graph: &Graph,
    (plan, state, outcome): (&Plan, &ObservedState, &Outcome),
) -> Exists {
    let complete = outcome.endings.iter().all(|ending| matches!(ending, StepEnding::Done(_)));
    Exists { complete, resources: resources(account.registry, graph, (plan, state, outcome)) }
}

fn resources(
    registry: &Registry,
    graph: &Graph,
    (plan, state, outcome): (&Plan, &ObservedState, &Outcome),
) -> Vec<Recorded> {
    let mut ids: BTreeMap<_, _> =
        state.snapshot.live.iter().map(|(address, live)| (address.clone(), live.id.clone())).collect();
    for (step, ending) in plan.steps.iter().zip(&outcome.endings) {
        match (ending, &step.action) {
            (StepEnding::Done(Some(id)), _) => drop(ids.insert(step.address.clone(), id.clone())),
            // A former resource may be deleted at an address where another one is declared now.
            (StepEnding::Done(None), StepAction::Delete { seen, .. })
                if ids.get(&step.address) == Some(&seen.id) =>
            {
                drop(ids.remove(&step.address));
            }
            _ => {}
        }
    }
    let applied = state.record.as_ref().map(Record::applied).unwrap_or_default();
    let declared = graph.in_order().filter_map(|declaration| {
        let known = Known {
            address: declaration.address.clone(),
            kind: declaration.kind.clone(),
            region: declaration.region.clone(),
            id: ids.get(&declaration.address)?.clone(),
        };
        let properties = match undone(plan, outcome, &declaration.address) {
            // Ownership of these is recovered from what was applied, so references must be resolved.
            None if registry.get(&declaration.kind).is_some_and(|adapter| !adapter.shows_owner()) => {
                resolve(&declaration.properties, &|address| outcome.outputs.get(address).cloned())
            }
            None => declaration.properties.clone(),
            Some(seen) => applied.get(&declaration.address).unwrap_or(seen).clone(),
        };
        Some(Recorded { known, properties })
    });
    // Where both are at one address, the later counts for what was applied there.
    orphans_left(plan, state, outcome).into_iter().chain(declared).collect()
}

/// What was seen of a resource whose change was not carried out. It is not as declared, and the record must not make the next
/// plan say that somebody else changed it.
fn undone<'a>(plan: &'a Plan, outcome: &Outcome, address: &Address) -> Option<&'a Value> {
    plan.steps.iter().zip(&outcome.endings).find_map(|(step, ending)| match (&step.action, ending) {
        (_, StepEnding::Done(_))
        | (StepAction::Create { .. } | StepAction::Delete { reason: Reason::Orphan, .. }, _) => None,
        (StepAction::Update { seen, .. } | StepAction::Delete { seen, .. }, _) => {
            (step.address == *address).then_some(&seen.properties)
        }
    })
}

/// Orphans that are still there because their deletion failed or was not tried. Undeclared parts are excluded: if recorded, the
/// next plan would take them for resources that used to be declared.
fn orphans_left(plan: &Plan, state: &ObservedState, outcome: &Outcome) -> Vec<Recorded> {
    let left = |orphan: &&Orphan| {
        let mut steps = plan.steps.iter().zip(&outcome.endings);
        !steps.any(|(step, ending)| {
            matches!(&step.action, StepAction::Delete { seen, .. } if seen.id == orphan.live.id && step.kind == orphan.kind)
                && matches!(ending, StepEnding::Done(_))
        })
    };
    let orphans = state.snapshot.orphans.iter().filter(|orphan| !orphan.by_hand).filter(left);
    orphans
        .map(|orphan| Recorded {
            known: Known {
                address: orphan.address.clone(),
                kind: orphan.kind.clone(),
                region: orphan.region.clone(),
                id: orphan.live.id.clone(),
            },
            properties: orphan.live.properties.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::model::{Contents, Declaration, Guard, Kind, Live, Outputs, Ownership, Readiness, Snapshot};
    use crate::plan::{self, Rules};
    use crate::resource::registry;

    fn live(id: &str, ownership: Ownership) -> Live {
        Live {
            id: id.into(),
            properties: json!({ "Name": id }),
            outputs: Outputs::new(),
            ownership,
            readiness: Readiness::Ready,
            contents: Contents::Nothing,
        }
    }

    /// If recorded, the next plan would call it "no longer declared", and delete it only after everything else.
    #[test]
    fn what_somebody_added_is_not_remembered_as_the_stacks() {
        let part = Orphan {
            address: "handlers/submit/permission/by-hand".into(),
            kind: Kind::new("AWS::Test::Thing"),
            region: "eu-west-1".into(),
            live: live("by-hand", Ownership::Inherited),
            by_hand: true,
        };
        let snapshot = Snapshot { orphans: vec![part], ..Snapshot::default() };
        let scope = crate::model::Scope {
            stack: "vod".into(),
            account: "111122223333".into(),
            region: "eu-west-1".into(),
        };
        let graph = Graph::new([]).unwrap();
        let rules = |_: &Kind| Rules { create_only: &[], write_only: &[], rank: 0, normal: Value::clone };
        let plan = plan::plan(&scope, &graph, &snapshot, &rules);
        let outcome = Outcome { endings: vec![StepEnding::Interrupted], ..Outcome::default() };
        assert_eq!(
            resources(registry(), &graph, (&plan, &ObservedState { snapshot, record: None }, &outcome)),
            []
        );
    }

    /// A certificate of another name: the former one is an orphan at the address of the new one.
    #[test]
    fn what_takes_the_address_of_something_former_is_remembered() {
        let (kind, region) = (Kind::new("AWS::Test::Thing"), "eu-west-1".to_owned());
        let certificate = Declaration {
            address: "delivery/certificate".into(),
            kind: kind.clone(),
            region: region.clone(),
            properties: json!({ "Name": "new" }),
            predicted: Outputs::new(),
            after: BTreeSet::new(),
            guard: Guard::None,
        };
        let address = certificate.address.clone();
        let former = Orphan {
            address,
            kind,
            region: region.clone(),
            live: live("old", Ownership::Inherited),
            by_hand: false,
        };
        let snapshot = Snapshot { orphans: vec![former], ..Snapshot::default() };
        let scope = crate::model::Scope { stack: "vod".into(), account: "111122223333".into(), region };
        let graph = Graph::new([certificate]).unwrap();
        let rules = |_: &Kind| Rules { create_only: &[], write_only: &[], rank: 0, normal: Value::clone };
        let plan = plan::plan(&scope, &graph, &snapshot, &rules);
        let state = ObservedState { snapshot, record: None };
        let ended = |deleted: StepEnding| {
            let endings = vec![StepEnding::Done(Some("new".into())), deleted];
            let outcome = Outcome { endings, ..Outcome::default() };
            let existing = resources(registry(), &graph, (&plan, &state, &outcome));
            existing.into_iter().map(|one| (one.known.id, one.properties)).collect::<Vec<_>>()
        };
        let new = ("new".to_owned(), json!({ "Name": "new" }));
        assert_eq!(ended(StepEnding::Done(None)), std::slice::from_ref(&new));
        assert_eq!(ended(StepEnding::Interrupted), [("old".to_owned(), json!({ "Name": "old" })), new]);
    }
}
