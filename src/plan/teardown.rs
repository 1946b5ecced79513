//! The plan that removes a stack.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, Reason, Rules, Step, StepAction};
use crate::graph::Graph;
use crate::model::{Address, Guard, Kind, Known, Live, Ownership, Scope, Snapshot, is_part};

/// Splits a snapshot into the stack's resources and those that a teardown leaves alone: resources with another stack's
/// tags or untagged, and their parts.
#[must_use]
pub fn ours(scope: &Scope, graph: &Graph, mut snapshot: Snapshot) -> (Snapshot, Vec<Known>) {
    let mut left: Vec<Known> = Vec::new();
    for declaration in graph.in_order() {
        let address = &declaration.address;
        let Some(live) = snapshot.live.get(address) else { continue };
        let needed: BTreeSet<&Address> = graph.needs(address).collect();
        let within = |other: &Known| needed.contains(&other.address) && is_part(&live.id, &other.id);
        let inherits = live.ownership == Ownership::Inherited && left.iter().any(within);
        if live.ownership.is_of(&scope.stack) && !inherits {
            continue;
        }
        let (kind, region) = (declaration.kind.clone(), declaration.region.clone());
        left.push(Known { address: address.clone(), kind, region, id: live.id.clone() });
        snapshot.live.remove(address);
    }
    snapshot.orphans.retain(|orphan| orphan.live.ownership.is_of(&scope.stack));
    (snapshot, left)
}

/// The plan that deletes every observed resource: dependents first, along the graph backwards. Orphans have unknown
/// dependencies, so they are ordered by type, in parallel with the others.
#[must_use]
pub fn teardown(scope: &Scope, graph: &Graph, snapshot: &Snapshot, rules: &dyn Fn(&Kind) -> Rules) -> Plan {
    let mut steps: Vec<Step> = Vec::new();
    let mut done: BTreeMap<&Address, usize> = BTreeMap::new();
    let delete = |address: &Address, kind: &Kind, region: &str, live: &Live, needs: Vec<usize>| Step {
        address: address.clone(),
        kind: kind.clone(),
        region: region.to_owned(),
        action: StepAction::Delete { seen: Box::new(live.clone()), reason: Reason::Teardown },
        guard: Guard::None,
        needs,
    };
    let mut orphans: Vec<_> = snapshot.orphans.iter().collect();
    orphans.sort_by_key(|orphan| std::cmp::Reverse(rules(&orphan.kind).rank));
    for orphan in orphans {
        let rank = rules(&orphan.kind).rank;
        let needs = (0..steps.len()).filter(|number| rules(&steps[*number].kind).rank > rank).collect();
        steps.push(delete(&orphan.address, &orphan.kind, &orphan.region, &orphan.live, needs));
    }
    let former = steps.len();
    for declaration in graph.in_order().rev() {
        let Some(live) = snapshot.live.get(&declaration.address) else { continue };
        let resting = dependents(graph, &declaration.address, &|address| snapshot.live.contains_key(address));
        let mut needs: Vec<usize> = resting.iter().filter_map(|address| done.get(address).copied()).collect();
        let rank = rules(&declaration.kind).rank;
        needs.extend((0..former).filter(|number| rules(&steps[*number].kind).rank > rank));
        done.insert(&declaration.address, steps.len());
        steps.push(delete(&declaration.address, &declaration.kind, &declaration.region, live, needs));
    }
    let (unchanged, kept) = (Vec::new(), Vec::new());
    Plan { scope: scope.clone(), steps, unchanged, kept, outputs: BTreeMap::new() }
}

/// The live resources that depend on an address, directly or through resources that no longer exist.
fn dependents<'a>(
    graph: &'a Graph,
    address: &Address,
    live: &dyn Fn(&Address) -> bool,
) -> BTreeSet<&'a Address> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Address> = graph.dependents(address).collect();
    while let Some(next) = open.pop() {
        if live(next) {
            found.insert(next);
        } else {
            open.extend(graph.dependents(next));
        }
    }
    found
}
