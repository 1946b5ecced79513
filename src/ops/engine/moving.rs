//! The engine of a stack that is being moved. It takes part in no run: a move reads what is declared and live through it.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{PlanEngine, Work};
use crate::execute::{Outcome, StepEnding};
use crate::stack::config;

/// Accepts every stack, and carries out nothing.
pub(in crate::ops) struct Moving;

impl PlanEngine for Moving {
    fn kind(&self) -> config::Engine {
        config::Engine::Direct
    }

    fn carry_out<'a>(&'a self, work: Work<'a>) -> BoxFuture<'a, Outcome> {
        let endings = vec![StepEnding::Interrupted; work.plan.steps.len()];
        async { Outcome { endings, interrupted: true, ..Outcome::default() } }.boxed()
    }
}
