//! The engines: what carries out a plan that was agreed to. Plans are the same for all of them.
//!
//! [`Direct`] calls the services' APIs. [`cloudformation::CloudFormation`] has CloudFormation do it by change sets, and does
//! itself what no template can say. An engine also says which stacks it cannot work on.

mod board;
mod cloudformation;
mod deployment;
mod ends;
mod fleet;
mod freeing;
mod gone;
mod moving;
mod names;
mod refusals;
mod removal;
mod rest;
mod stacks;
mod templates;
pub(super) mod verdict;

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

pub(super) use self::cloudformation::CloudFormation;
pub(super) use self::deployment::forget;
pub(super) use self::ends::failed;
pub(super) use self::fleet::FleetEngine;
pub(super) use self::moving::Moving;
pub(super) use self::refusals::accepts_move;
pub(super) use self::stacks::{HeldStack, Stacks};
pub(super) use self::templates::{parameters, put_text, set_name, template_text};
use super::account::Account;
use super::error::Refused;
use super::state::ObservedState;
use super::ui::Ui;
use crate::deploy;
use crate::execute::{self, Execution, Outcome};
use crate::graph::Graph;
use crate::model::{Known, Ownership, STACK_TAG};
use crate::plan::Plan;
use crate::stack::config::{self, StackFile};

/// A plan to be carried out, and what it was made from.
pub(super) struct Work<'a> {
    /// The account.
    pub(super) account: &'a Account,
    /// What is declared.
    pub(super) graph: &'a Graph,
    /// The plan that was agreed to.
    pub(super) plan: &'a Plan,
    /// What was seen for it.
    pub(super) state: &'a ObservedState,
    /// How its steps are executed.
    pub(super) execution: Execution<'a>,
    /// Hears of what is worth knowing.
    pub(super) ui: &'a dyn Ui,
}

/// A stack as it was seen, and what is to be done with it.
pub(super) struct Judged<'a> {
    /// The account.
    pub(super) account: &'a Account,
    /// What is declared.
    pub(super) graph: &'a Graph,
    /// What was seen.
    pub(super) state: &'a ObservedState,
    /// The plan of it.
    pub(super) plan: &'a Plan,
    /// What the engine keeps in the account.
    pub(super) stacks: &'a Stacks,
    /// What a teardown leaves alone, because it does not belong to the stack. `None` for an apply.
    pub(super) left_alone: Option<&'a [Known]>,
}

/// What carries out plans.
pub(super) trait PlanEngine: Send + Sync {
    /// Which one it is.
    fn kind(&self) -> config::Engine;

    /// What it keeps in the account beside the stack's resources. If something works on that, it waits for the end.
    fn look<'a>(&'a self, _: &'a Account) -> BoxFuture<'a, miette::Result<Stacks>> {
        async { Ok(Stacks::default()) }.boxed()
    }

    /// Why it cannot carry out this plan of the stack as it is, if it cannot.
    fn refuses<'a>(&'a self, _: Judged<'a>) -> BoxFuture<'a, Option<Refused>> {
        async { None }.boxed()
    }

    /// Carries out the plan. Failures are in the outcome.
    fn carry_out<'a>(&'a self, work: Work<'a>) -> BoxFuture<'a, Outcome>;
}

/// The engine that a stack file asks for.
pub(super) fn of(file: &StackFile, ui: &Arc<dyn Ui>) -> Box<dyn PlanEngine> {
    match file.engine {
        _ if file.fleet.is_some() => Box::new(FleetEngine),
        config::Engine::Direct => Box::new(Direct),
        config::Engine::Cloudformation => Box::new(CloudFormation::new(file, ui)),
    }
}

/// The engine that calls the services' APIs, in parallel along the graph.
pub(super) struct Direct;

impl PlanEngine for Direct {
    fn kind(&self) -> config::Engine {
        config::Engine::Direct
    }

    fn refuses<'a>(&'a self, judged: Judged<'a>) -> BoxFuture<'a, Option<Refused>> {
        async move {
            let Judged { account, state, .. } = judged;
            let unfit = refusals::of_move(state).or_else(|| fleet::of_fleet(account.stack(), state));
            if unfit.is_some() {
                return unfit;
            }
            let held = match &state.record {
                Some(record) => record.engine.as_deref() == Some(CLOUDFORMATION),
                // The record is lost: CloudFormation itself knows.
                None => is_marked(state) && is_held(account).await,
            };
            if !held || !is_marked(state) {
                return None;
            }
            let stack = account.stack();
            let message =
                format!("CloudFormation manages stack {stack}, and the stack file says `engine: direct`");
            let help = "set `engine: cloudformation`, or run `provision move STACK --to direct` first";
            Some(Refused::new(message, help))
        }
        .boxed()
    }

    fn carry_out<'a>(&'a self, work: Work<'a>) -> BoxFuture<'a, Outcome> {
        async move { execute::execute(&work.execution, work.plan).await }.boxed()
    }
}

/// How records name the engine.
pub(super) const CLOUDFORMATION: &str = "cloudformation";
/// How records name it while a stack is moved: neither engine works on it until the move is finished.
pub(super) const MOVING: &str = "moving";

/// Whether anything live has the stack's mark.
fn is_marked(state: &ObservedState) -> bool {
    state.snapshot.live.values().any(|live| matches!(live.ownership, Ownership::Marked(_)))
        || !state.snapshot.orphans.is_empty()
}

/// Whether CloudFormation has the stack. Who may not ask it is not kept from working: the record says it as a rule.
async fn is_held(account: &Account) -> bool {
    let seen = deploy::look(&account.regions.home(), account.stack()).await;
    let seen = seen.ok().flatten();
    seen.is_some_and(|seen| seen.tags.get(STACK_TAG).is_some_and(|stack| stack == account.stack()))
}
