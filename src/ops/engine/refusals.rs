//! What the CloudFormation engine refuses before anything is changed, each with what to do.

use std::collections::BTreeSet;

use super::Judged;
use super::fleet::of_fleet;
use super::freeing::freed;
use super::gone::Gone;
use super::stacks::{HeldStack, Stacks};
use crate::cloudformation::logical_id;
use crate::deploy::Phase;
use crate::graph::Graph;
use crate::model::{Known, Ownership, STACK_TAG, Scope};
use crate::ops::error::Refused;
use crate::ops::state::ObservedState;
use crate::plan::{Plan, Step};

/// How the change sets of this program begin.
pub(super) const SET_PREFIX: &str = "provision-";

/// Why CloudFormation cannot carry out a plan, if it cannot.
pub(super) fn of(judged: &Judged<'_>) -> Option<Refused> {
    let Judged { account, graph, state, plan, stacks, left_alone } = judged;
    let removes = left_alone.is_some();
    let is_named = |step: &Step| account.is_named(step);
    of_move(state)
        .or_else(|| of_fleet(account.stack(), state))
        .or_else(|| of_stacks(account.scope(), stacks, state, removes))
        .or_else(|| of_strangers(stacks, &known_ids(graph, state)))
        .or_else(|| of_foreign(stacks, left_alone.unwrap_or_default()))
        .or_else(|| of_freed(plan, graph, stacks, &is_named).filter(|_| !removes))
}

/// The logical ids of everything that the stack declares, has or had.
fn known_ids(graph: &Graph, state: &ObservedState) -> BTreeSet<String> {
    let declared = graph.in_order().map(|declaration| declaration.address.clone());
    let recorded = state.record.iter().flat_map(|record| record.known()).map(|known| known.address);
    let orphans = state.snapshot.orphans.iter().map(|orphan| orphan.address.clone());
    declared.chain(recorded).chain(orphans).map(|address| logical_id(&address)).collect()
}

/// Why these CloudFormation stacks cannot be worked on, if they cannot. `removes`: for a teardown.
fn of_stacks(scope: &Scope, stacks: &Stacks, state: &ObservedState, removes: bool) -> Option<Refused> {
    let one = stacks.iter().find_map(|held| of_stack(scope, held, removes));
    one.or_else(|| of_live(scope, stacks, state))
}

/// Passes if a stack with these CloudFormation stacks can be moved.
///
/// # Errors
/// The refusal, with what to do.
pub(in crate::ops) fn accepts_move(scope: &Scope, stacks: &Stacks) -> miette::Result<()> {
    match stacks.iter().find_map(|held| of_stack(scope, held, false)) {
        Some(refused) => Err(refused.into()),
        None => Ok(()),
    }
}

fn of_stack(scope: &Scope, held: &HeldStack, removes: bool) -> Option<Refused> {
    let (name, region, status) = (&held.seen.name, &held.seen.region, &held.seen.status);
    let ours = match held.phase() {
        // A stack in review has no resources and shows no tags yet.
        Phase::Review => held.in_review.iter().all(|set| set.starts_with(SET_PREFIX)),
        _ => held.seen.tags.get(STACK_TAG) == Some(&scope.stack),
    };
    if !ours {
        let message =
            format!("a CloudFormation stack {name} is in {region} already, and provision did not make it");
        return Some(Refused::new(
            message,
            "choose another `stack` in the stack file, or delete that one yourself",
        ));
    }
    let unfinished = match held.phase() {
        Phase::NotDeleted => true,
        Phase::NotCreated => status.to_string() != "ROLLBACK_COMPLETE",
        _ => false,
    };
    if unfinished && !removes {
        let why = if held.seen.reason.is_empty() { String::new() } else { format!(": {}", held.seen.reason) };
        let message = format!("the CloudFormation stack {name} in {region} is in {status}{why}");
        let help = "run `provision teardown` to remove what is left of it, then apply again; buckets that hold objects ask first";
        return Some(Refused::new(message, help));
    }
    None
}

/// Why a stack that is being moved is left alone, if it is one.
pub(super) fn of_move(state: &ObservedState) -> Option<Refused> {
    let engine = state.record.as_ref().and_then(|record| record.engine.as_deref());
    (engine == Some(super::MOVING)).then(|| {
        let message = "the stack is being moved to another engine, and the move is not finished";
        Refused::new(message, "run the `provision move` again that was interrupted")
    })
}

/// Resources that somebody else added to the CloudFormation stacks: a deletion or an update would delete them. `known` are
/// the logical ids that the stack declares or ever declared.
fn of_strangers(stacks: &Stacks, known: &BTreeSet<String>) -> Option<Refused> {
    let theirs = |held: &HeldStack| held.members.keys().find(|id| !known.contains(*id)).cloned();
    let (held, logical_id) = stacks.iter().find_map(|held| Some((held, theirs(held)?)))?;
    let (name, region) = (&held.seen.name, &held.seen.region);
    let message = format!(
        "the CloudFormation stack {name} in {region} has a resource {logical_id} that this stack does not declare: somebody \
         else added it, and it would be deleted"
    );
    let help =
        format!("take {logical_id} out of that stack first, with `DeletionPolicy: Retain` if it is to stay");
    Some(Refused::new(message, help))
}

/// Resources that do not belong to the stack any more, but are in its CloudFormation stacks: deleting these would delete them.
fn of_foreign(stacks: &Stacks, left: &[Known]) -> Option<Refused> {
    let known = left.iter().find(|known| stacks.holder(&known.address).is_some())?;
    let message = format!(
        "{} ({}) has no tags of this stack any more, and its CloudFormation stack would delete it",
        known.address, known.id
    );
    let help = "tag it again (`provision:stack` and `provision:address`), or take it out of that stack with \
                `DeletionPolicy: Retain`";
    Some(Refused::new(message, help))
}

/// What lives with the stack's mark although CloudFormation has no stack of it.
fn of_live(scope: &Scope, stacks: &Stacks, state: &ObservedState) -> Option<Refused> {
    let by_us = |record: &crate::home::Record| record.engine.as_deref() == Some(super::CLOUDFORMATION);
    if stacks.any() || state.record.as_ref().is_some_and(by_us) {
        return None;
    }
    let marked = state.snapshot.live.values().filter(|live| matches!(live.ownership, Ownership::Marked(_)));
    let marked = marked.count();
    (marked > 0).then(|| {
        let stack = &scope.stack;
        let message = format!(
            "{marked} resources of stack {stack} are there, and CloudFormation manages none of them: another engine made them"
        );
        let help = "run `provision move STACK --to cloudformation`, or set `engine: direct`";
        Refused::new(message, help)
    })
}

/// Resources that CloudFormation would have to let go of before it creates them again, although its stack has nothing else:
/// a template without resources is refused. `is_named` says whether a resource has a name of its own.
fn of_freed(
    plan: &Plan,
    graph: &Graph,
    stacks: &Stacks,
    is_named: &dyn Fn(&Step) -> bool,
) -> Option<Refused> {
    let gone = Gone::of(plan, stacks, is_named);
    let (held, address) = stacks.iter().find_map(|held| {
        let freed = freed((plan, &gone), graph, held, is_named);
        let all = held.members.keys().all(|logical_id| freed.contains_key(logical_id));
        freed.into_values().next().filter(|_| all).map(|address| (held, address))
    })?;
    let (name, region) = (&held.seen.name, &held.seen.region);
    let message = format!(
        "CloudFormation cannot create {address} again: it must leave the CloudFormation stack {name} in {region} before, and \
         that stack has nothing else"
    );
    let help = "run `provision move STACK --to direct`, apply with `engine: direct`, and move back";
    Some(Refused::new(message, help))
}

#[cfg(test)]
mod tests;
