//! The plan that makes the account match the declarations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Plan, Reason, Step, StepAction};
use crate::diff::diff;
use crate::graph::Graph;
use crate::model::{
    Address, Contents, Declaration, Kind, Known, Live, Orphan, Outputs, Ownership, Scope, Snapshot, is_part,
    resolve,
};

/// What planning needs to know about a type. The registry provides it, so planning does not depend on adapters.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Top-level properties that AWS cannot change in place.
    pub create_only: &'static [&'static str],
    /// Top-level properties that AWS never returns.
    pub write_only: &'static [&'static str],
    /// The type's rank. Orphans with unknown dependencies are deleted by rank, the highest first.
    pub rank: usize,
    /// Converts properties to the type's normal form. Resolved properties must be converted again: a set sorted by
    /// references may not be sorted by their values.
    pub normal: fn(&Value) -> Value,
}

/// The plan that makes the account match the declarations. Each step needs only earlier ones: replacements delete
/// before they create, and orphans are deleted last.
#[must_use]
pub fn plan(scope: &Scope, graph: &Graph, snapshot: &Snapshot, rules: &dyn Fn(&Kind) -> Rules) -> Plan {
    let mut building = Building {
        rules,
        outputs: BTreeMap::new(),
        steps: Vec::new(),
        unchanged: Vec::new(),
        last: BTreeMap::new(),
    };
    for declaration in graph.in_order() {
        building.resource(graph, declaration, snapshot.live.get(&declaration.address));
    }
    building.order_replacements(graph);
    let (kept, gone): (Vec<&Orphan>, Vec<&Orphan>) =
        snapshot.orphans.iter().partition(|orphan| stays(orphan, &snapshot.orphans));
    building.orphans(gone);
    let Building { steps, unchanged, outputs, .. } = building;
    Plan { scope: scope.clone(), steps, unchanged, kept: kept.into_iter().map(known).collect(), outputs }
}

/// True if an orphan stays: it holds data, or it is part of a resource that does (a bucket's policy).
fn stays(orphan: &Orphan, all: &[Orphan]) -> bool {
    let full = |one: &Orphan| one.live.contents == Contents::Some;
    let part = orphan.live.ownership == Ownership::Inherited;
    full(orphan) || part && all.iter().any(|one| full(one) && one.live.id == orphan.live.id)
}

fn known(orphan: &Orphan) -> Known {
    let Orphan { address, kind, region, live, by_hand: _ } = orphan.clone();
    Known { address, kind, region, id: live.id }
}

struct Building<'a> {
    rules: &'a dyn Fn(&Kind) -> Rules,
    outputs: BTreeMap<Address, Outputs>,
    steps: Vec<Step>,
    unchanged: Vec<Address>,
    /// The last step for each address.
    last: BTreeMap<Address, usize>,
}

impl Building<'_> {
    fn resource(&mut self, graph: &Graph, declaration: &Declaration, live: Option<&Live>) {
        let rules = (self.rules)(&declaration.kind);
        let desired = resolve(&declaration.properties, &|address| self.outputs.get(address).cloned());
        let desired = (rules.normal)(&desired);
        let Some(live) = live else {
            return self.step(graph, declaration, StepAction::Create { desired });
        };
        let changes = diff(&desired, &live.properties, rules.create_only, rules.write_only);
        let goes = changes.replacing().next().is_some() || self.goes_with_its_whole(graph, declaration, live);
        if changes.is_empty() && !goes {
            self.outputs.insert(declaration.address.clone(), live.outputs.clone());
            return self.unchanged.push(declaration.address.clone());
        }
        let seen = Box::new(live.clone());
        if goes {
            self.step(graph, declaration, StepAction::Delete { seen, reason: Reason::Replacement(changes) });
            return self.step(graph, declaration, StepAction::Create { desired });
        }
        self.outputs.insert(declaration.address.clone(), live.outputs.clone());
        self.step(graph, declaration, StepAction::Update { seen, desired, changes });
    }

    /// True if its parent is replaced, which also deletes this part.
    fn goes_with_its_whole(&self, graph: &Graph, declaration: &Declaration, live: &Live) -> bool {
        let whole = |step: &Step| match &step.action {
            StepAction::Delete { seen, .. } => is_part(&live.id, &seen.id),
            StepAction::Create { .. } | StepAction::Update { .. } => false,
        };
        let needed: BTreeSet<&Address> = graph.needs(&declaration.address).collect();
        live.ownership == Ownership::Inherited
            && self.steps.iter().any(|step| needed.contains(&step.address) && whole(step))
    }

    fn step(&mut self, graph: &Graph, declaration: &Declaration, action: StepAction) {
        let needed = graph.needs(&declaration.address).chain([&declaration.address]);
        let needs = needed.filter_map(|address| self.last.get(address).copied()).collect();
        self.last.insert(declaration.address.clone(), self.steps.len());
        self.steps.push(Step {
            address: declaration.address.clone(),
            kind: declaration.kind.clone(),
            region: declaration.region.clone(),
            action,
            guard: declaration.guard,
            needs,
        });
    }

    /// The replaced dependents of a replaced resource must be deleted first: their deletes move before its own.
    fn order_replacements(&mut self, graph: &Graph) {
        let deletes: BTreeMap<Address, usize> = self
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| matches!(step.action, StepAction::Delete { .. }))
            .map(|(number, step)| (step.address.clone(), number))
            .collect();
        let resting = deletes.iter().flat_map(|(address, needed)| {
            let dependents = graph.dependents(address).filter_map(|dependent| deletes.get(dependent));
            dependents.map(|dependent| (*needed, *dependent))
        });
        let resting: Vec<(usize, usize)> = resting.collect();
        // The dependent's delete does not wait for any create; the delete of the resource it needs waits for the
        // dependent's.
        for (_, dependent) in &resting {
            self.steps[*dependent].needs.clear();
        }
        for (needed, dependent) in &resting {
            self.steps[*needed].needs.push(*dependent);
        }
        if !resting.is_empty() {
            self.sort();
        }
    }

    /// Sorts the steps so that each needs only earlier ones.
    fn sort(&mut self) {
        let mut order: Vec<usize> = Vec::new();
        let mut placed = BTreeSet::new();
        while order.len() < self.steps.len() {
            let ready = (0..self.steps.len()).find(|number| {
                !placed.contains(number) && self.steps[*number].needs.iter().all(|need| placed.contains(need))
            });
            // Needs cannot form a circle: deletes only wait for deletes, and those follow the graph backwards.
            let Some(ready) = ready else { break };
            placed.insert(ready);
            order.push(ready);
        }
        let place: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let mut steps: Vec<Step> = order.iter().map(|old| self.steps[*old].clone()).collect();
        for need in steps.iter_mut().flat_map(|step| &mut step.needs) {
            *need = place[need];
        }
        self.steps = steps;
    }

    fn orphans(&mut self, mut by_rank: Vec<&Orphan>) {
        // Everything else comes first: an orphan may be free only after an update (a distribution that stops using a
        // policy). Orphans are deleted in the order of their types, dependents first.
        let before = self.steps.len();
        by_rank.sort_by_key(|orphan| std::cmp::Reverse((self.rules)(&orphan.kind).rank));
        let ranks: Vec<usize> = by_rank.iter().map(|orphan| (self.rules)(&orphan.kind).rank).collect();
        for (index, orphan) in by_rank.into_iter().enumerate() {
            let later = (0..index).filter(|other| ranks[*other] > ranks[index]).map(|other| before + other);
            let reason = if orphan.by_hand { Reason::ByHand } else { Reason::Orphan };
            // A part that was added by hand has no dependents in the stack, and may be a security hole. It is removed
            // even if other steps fail.
            let needs = if orphan.by_hand { Vec::new() } else { (0..before).chain(later).collect() };
            self.steps.push(Step {
                address: orphan.address.clone(),
                kind: orphan.kind.clone(),
                region: orphan.region.clone(),
                action: StepAction::Delete { seen: Box::new(orphan.live.clone()), reason },
                guard: crate::model::Guard::Data,
                needs,
            });
        }
    }
}
