//! The CloudFormation engine: it carries out a plan by change sets, and does itself what no template can say.
//!
//! For each template, in order: it makes a change set, holds it against the plan, executes it, and follows its events. Then
//! the account is read again. What the plan says and CloudFormation did not do is done by the services' APIs: repairing
//! what somebody changed by hand, removing parts that somebody added, resources outside of every template. See
//! `docs/decisions/cloudformation-engine.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::board::Board;
use super::deployment::Deployment;
use super::ends::Stopped;
use super::refusals;
use super::removal;
use super::rest::{ended, finish, observed, unread};
use super::stacks::Stacks;
use super::templates::stack_policy;
use super::{PlanEngine, Work};
use crate::aws::{Context, Error, Result};
use crate::cloudformation::{Template, logical_id};
use crate::deploy::{self, StackSeen};
use crate::execute::Outcome;
use crate::graph::Graph;
use crate::model::{Address, Known, STACK_TAG};
use crate::ops::account::Account;
use crate::ops::state::ObservedState;
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
        let deployment = Deployment::new(self, work, &board);
        if let Err(Stopped) = deployment.deploy().await {
            match board.failed() {
                Some(failed) => board.skip_rest(&failed),
                None => work.ui.notice(Notice::Awaited(GOES_ON)),
            }
            return ended(work, &board, Outcome { outputs: work.plan.outputs.clone(), ..Outcome::default() });
        }
        let unprotected = deployment.into_unprotected();
        match observed(work.account, work.graph).await {
            Ok((plan, state)) => {
                let agreed: BTreeSet<&Address> = work.plan.steps.iter().map(|step| &step.address).collect();
                let rest = plan.only(&|step| agreed.contains(&step.address));
                let mut outcome = finish(work, &board, &rest, &state).await;
                outcome.unsettled.extend(unprotected);
                ended(work, &board, outcome)
            }
            Err(error) => {
                let error = Error::unexpected("cloudformation:ExecuteChangeSet", unread(&error));
                board.fail(&board.at(&|_| true).collect::<Vec<_>>(), &[], &error);
                ended(work, &board, Outcome::default())
            }
        }
    }
}

impl PlanEngine for CloudFormation {
    fn kind(&self) -> config::Engine {
        config::Engine::Cloudformation
    }

    fn look<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, miette::Result<Stacks>> {
        async move { Ok(self.stacks(account).await?) }.boxed()
    }

    fn accepts<'a>(
        &'a self,
        account: &'a Account,
        stacks: &'a Stacks,
        (state, plan): (&'a ObservedState, &'a Plan),
        removes: bool,
    ) -> BoxFuture<'a, miette::Result<()>> {
        async move {
            if let Some(refused) = refusals::of_move(state) {
                return Err(refused.into());
            }
            if let Some(refused) = refusals::of_stacks(account.scope(), stacks, state, removes) {
                return Err(refused.into());
            }
            if let Some(refused) = refusals::of_strangers(stacks, &known_ids(state, plan)) {
                return Err(refused.into());
            }
            let is_named = |address: &Address| {
                let step = plan.steps.iter().find(|step| step.address == *address);
                step.is_some_and(|step| account.is_named(step))
            };
            match refusals::of_replacements(plan, stacks, &is_named).filter(|_| !removes) {
                Some(refused) => Err(refused.into()),
                None => Ok(()),
            }
        }
        .boxed()
    }

    fn leaves(&self, stacks: &Stacks, left: &[Known]) -> miette::Result<()> {
        match refusals::of_foreign(stacks, left) {
            Some(refused) => Err(refused.into()),
            None => Ok(()),
        }
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

/// The logical ids of everything that the stack declares, has or had.
fn known_ids(state: &ObservedState, plan: &Plan) -> BTreeSet<String> {
    let recorded = state.record.iter().flat_map(|record| record.known());
    let seen = state.snapshot.live.keys().chain(state.snapshot.orphans.iter().map(|orphan| &orphan.address));
    let planned = plan.steps.iter().map(|step| &step.address).chain(&plan.unchanged);
    let planned = planned.chain(plan.kept.iter().map(|known| &known.address));
    let ids = seen.chain(planned).map(logical_id).collect::<Vec<_>>();
    ids.into_iter().chain(recorded.map(|known| logical_id(&known.address))).collect()
}
