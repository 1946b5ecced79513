//! The CloudFormation engine: it carries out a plan by change sets, and does itself what no template can say.
//!
//! For each template, in order: it makes a change set, holds it against the plan, executes it, and follows its events. Then
//! the account is read again. What the plan says and CloudFormation did not do is done by the services' APIs: repairing
//! what somebody changed by hand, removing parts that somebody added, resources outside of every template. See
//! `docs/decisions/cloudformation-engine.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::board::Board;
use super::deployment::{Deployed, Deployment};
use super::ends::{Stopped, stop};
use super::gone;
use super::refusals;
use super::removal;
use super::rest::{agreed, ended, finish, observed, stopped, unread};
use super::stacks::Stacks;
use super::templates::stack_policy;
use super::{Judged, PlanEngine, Work};
use crate::aws::{Context, Error, Result};
use crate::cloudformation::Template;
use crate::deploy::{self, StackSeen};
use crate::execute::Outcome;
use crate::graph::Graph;
use crate::model::STACK_TAG;
use crate::ops::account::Account;
use crate::ops::error::Refused;
use crate::ops::ui::{Notice, Ui};
use crate::plan::Plan;
use crate::resource::Removal;
use crate::stack::config::{self, StackFile};

/// What to know of an interrupted run.
const GOES_ON: &str = "CloudFormation goes on with what it has begun; the next command waits for the end";

/// Carries out plans by CloudFormation.
pub(in crate::ops) struct CloudFormation {
    pub(super) role: Option<String>,
    tags: BTreeMap<String, String>,
    protected: bool,
    ui: Arc<dyn Ui>,
}

impl CloudFormation {
    pub(in crate::ops) fn new(file: &StackFile, ui: &Arc<dyn Ui>) -> Self {
        let mut tags = file.tags.clone();
        tags.insert(STACK_TAG.to_owned(), file.stack.to_string());
        let (role, protected) = (file.cloudformation.role.clone(), file.protected);
        Self { role, tags, protected, ui: Arc::clone(ui) }
    }

    /// The CloudFormation stacks as they are, once nothing works on them.
    pub(in crate::ops) async fn stacks(&self, account: &Account) -> Result<Stacks> {
        let waits = |seen: &StackSeen| {
            let text = format!(
                "CloudFormation works on {} ({}), for an earlier run or for somebody else: waiting for the end",
                seen.name, seen.status
            );
            self.ui.notice(Notice::Awaited(&text));
        };
        Stacks::look(&account.regions, &waits).await
    }

    /// The tags of its stacks.
    pub(in crate::ops) fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }

    /// The service role that it works as.
    pub(in crate::ops) fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Protects a stack as the stack file says, and what holds data against every update.
    pub(in crate::ops) async fn protect(
        &self,
        cx: &Context,
        graph: &Graph,
        template: &Template,
        seen: &StackSeen,
    ) -> Result<()> {
        if let Some(policy) = stack_policy(graph, template) {
            deploy::set_policy(cx, &seen.name, &policy).await?;
        }
        if seen.protected != self.protected {
            deploy::protect(cx, &seen.name, self.protected).await?;
        }
        Ok(())
    }

    async fn apply(&self, work: &Work<'_>) -> Outcome {
        let board = Board::new(work.plan, work.execution.events.clone());
        let deployed = Deployment { engine: self, work, board: &board }.deploy().await;
        if deployed.is_err() && board.failed().is_none() {
            work.ui.notice(Notice::Awaited(GOES_ON));
        }
        let (plan, state) = match observed(work.account, work.graph).await {
            Ok(seen) => seen,
            Err(error) => {
                let error = Error::unexpected("cloudformation:ExecuteChangeSet", unread(&error));
                board.fail(work.account.stack(), &board.open(), &[], &error);
                return ended(work, &board, Outcome::default());
            }
        };
        let rest = agreed(work.plan, &plan);
        let deployed = deployed.and_then(|deployed| match unmade(work, &rest, &deployed) {
            Some((number, error)) => Err(stop(&board, (work.account.stack(), &[number]), &error)),
            None => Ok(deployed),
        });
        match deployed {
            Ok(deployed) => {
                let mut outcome = finish(work, &board, &rest, &state).await;
                outcome.unsettled.extend(deployed.unprotected);
                ended(work, &board, outcome)
            }
            Err(Stopped) => {
                stopped(work.plan, &board, &rest, &state);
                ended(work, &board, Outcome { outputs: plan.outputs, ..Outcome::default() })
            }
        }
    }
}

/// The failure of a resource that CloudFormation was to create again, and did not, with the number of its step.
fn unmade(work: &Work<'_>, rest: &Plan, deployed: &Deployed) -> Option<(usize, Error)> {
    let step = gone::unmade(rest, &deployed.recreated, &|step| work.account.is_named(step))?;
    let number = work.plan.steps.iter().position(|one| one.address == step.address)?;
    let text = format!("somebody deleted {}, and CloudFormation did not create it again", step.address);
    let hint = "run `provision move STACK --to direct`, apply with `engine: direct`, and move back";
    Some((
        number,
        Error { hint: Some(hint.to_owned()), ..Error::unexpected("cloudformation:ExecuteChangeSet", text) },
    ))
}

impl PlanEngine for CloudFormation {
    fn kind(&self) -> config::Engine {
        config::Engine::Cloudformation
    }

    fn look<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, miette::Result<Stacks>> {
        async move { Ok(self.stacks(account).await?) }.boxed()
    }

    fn refuses<'a>(&'a self, judged: Judged<'a>) -> BoxFuture<'a, Option<Refused>> {
        async move { refusals::of(&judged) }.boxed()
    }

    fn carry_out<'a>(&'a self, work: Work<'a>) -> BoxFuture<'a, Outcome> {
        async move {
            match work.execution.removal {
                Removal::OnlyEmpty => self.apply(&work).await,
                Removal::WithContents => removal::remove(self, &work).await,
            }
        }
        .boxed()
    }
}
