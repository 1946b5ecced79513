//! The engine of a fleet: it keeps the stack set, and CloudFormation makes the stacks.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{Judged, PlanEngine, Work, refusals};
use crate::execute::{self, Outcome};
use crate::model::Known;
use crate::ops::error::Refused;
use crate::ops::fleet;
use crate::ops::state::ObservedState;
use crate::resource::Resource as _;
use crate::resource::cloudformation::StackSet;
use crate::stack::config;

/// Keeps the stack set of a fleet.
pub(in crate::ops) struct FleetEngine;

impl PlanEngine for FleetEngine {
    fn kind(&self) -> config::Engine {
        config::Engine::Cloudformation
    }

    fn refuses<'a>(&'a self, judged: Judged<'a>) -> BoxFuture<'a, Option<Refused>> {
        async move {
            let Judged { account, state, plan, left_alone, .. } = judged;
            let removes = left_alone.is_some();
            refusals::of_move(state)
                .or_else(|| of_anothers_set(account.stack(), left_alone.unwrap_or_default()))
                .or_else(|| of_own_stack(account.stack(), state))
                .or_else(|| fleet::refuses(plan).filter(|_| !removes))
        }
        .boxed()
    }

    fn carry_out<'a>(&'a self, work: Work<'a>) -> BoxFuture<'a, Outcome> {
        async move { execute::execute(&work.execution, work.plan).await }.boxed()
    }
}

/// A stack of the fleet's name is in the stack set's account: its resources would be taken for leftovers of the fleet.
fn of_own_stack(stack: &str, state: &ObservedState) -> Option<Refused> {
    let others = state.snapshot.orphans.iter().filter(|orphan| orphan.kind != StackSet::KIND);
    let others = others.map(|orphan| orphan.address.as_str()).next()?;
    let message = format!("a stack {stack} that is no fleet is in this account and region: it has {others}");
    Some(Refused::new(message, "choose another `stack` for the fleet, or remove that stack first"))
}

/// A teardown would leave the set alone, and delete the record and the bundles that the set's targets need.
fn of_anothers_set(stack: &str, left_alone: &[Known]) -> Option<Refused> {
    let is_there = left_alone.iter().any(|known| known.kind == StackSet::KIND);
    let message = format!("the stack set {stack} is there without the fleet's tags, so it would stay");
    let help = "if it is the fleet's, run `provision apply --adopt` first, which gives it the tags";
    is_there.then(|| Refused::new(message, help))
}

/// The stack set of a fleet is there, and the stack file declares no fleet: the set would be taken for a leftover.
pub(super) fn of_fleet(stack: &str, state: &ObservedState) -> Option<Refused> {
    let is_fleet = state.snapshot.orphans.iter().any(|orphan| orphan.kind == StackSet::KIND);
    let message = format!("stack {stack} is a fleet, and the stack file has no `fleet`");
    let help = "write `fleet` again, or run `provision teardown` with it first: that deletes the stacks of its targets";
    is_fleet.then(|| Refused::new(message, help))
}
