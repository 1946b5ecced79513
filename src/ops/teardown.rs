//! Teardown: removes a stack with everything in it, and proves that nothing is left.

use std::path::Path;
use std::sync::Arc;

use super::account::Account;
use super::converge::{self, Operation, RunOutcome, RunStatus};
use super::engine::Judged;
use super::error::Refused;
use super::ghosts::{PATIENCE, without_ghosts};
use super::journal::{self, Exists, RunKind};
use super::session::Session;
use super::state::ObservedState;
use super::ui::{Notice, Question, Ui, Writing};
use crate::execute::Outcome;
use crate::graph::Graph;
use crate::model::{Known, Snapshot};
use crate::observe::{self, OrphanSource};
use crate::plan;
use crate::plan::check::{Permits, check};
use crate::plan::{Plan, StepAction};
use crate::resource::cloudformation::StackSet;
use crate::resource::{Removal, Resource as _};
use crate::review::Review;
use crate::stack::names;

/// A teardown that was carried out.
pub struct TornDown {
    /// How it ended; `None` where nothing of the stack was there.
    pub run: Option<RunOutcome>,
    /// What the audit found afterwards. `None` where the run did not end, so that there was no audit.
    pub left: Option<Vec<Known>>,
    /// The session that it was done in.
    pub session: Session,
}

/// Removes the stack that the file at `path` declares, and audits that it is gone. `agreed`: do not ask.
///
/// # Errors
/// When the stack is protected, the account cannot be read completely, the plan is refused or not agreed to. The stack was not
/// changed then.
pub async fn teardown(path: &Path, agreed: bool, ui: &Arc<dyn Ui>) -> miette::Result<TornDown> {
    let reads = async |session: &Session| {
        refuse_protected(session)?;
        let graph = session.declare_unbuilt().await?;
        let (plan, state, foreign) = accepted(&session.account, &graph).await?;
        Ok((graph, plan, state, foreign))
    };
    let (session, (graph, plan, state, foreign)) = Session::open_and(path, ui, reads).await?;
    session.counts(plan.steps.len());
    for known in &foreign {
        ui.notice(Notice::LeftAlone(known));
    }
    let operation = Teardown { account: &session.account, graph: &graph, agreed };
    let (run, left) = carry_out(&operation, (&plan, &state), ui.as_ref()).await?;
    Ok(TornDown { run, left, session })
}

/// Carries out a planned teardown. Returns how the run ended, and what is left after it.
pub(super) async fn carry_out(
    operation: &Teardown<'_>,
    planned: (&Plan, &ObservedState),
    ui: &dyn Ui,
) -> miette::Result<(Option<RunOutcome>, Option<Vec<Known>>)> {
    let run = converge::converge(operation, planned, ui).await?;
    let left = match &run {
        Some(run) if run.status() != RunStatus::Complete => None,
        run => Some(conclude(operation, run.as_ref(), ui).await?),
    };
    Ok((run, left))
}

/// Audits that nothing of the stack is left, and then removes its store. Both happen under the stack's lock, so that no other
/// run makes the stack again in between. Returns what is left. Without a store there is no lock, and nothing to remove.
async fn conclude(
    operation: &Teardown<'_>,
    run: Option<&RunOutcome>,
    ui: &dyn Ui,
) -> miette::Result<Vec<Known>> {
    let account = operation.account;
    // An interrupt lets this finish: a lock that is held when the program ends blocks the next run. It takes seconds, and at
    // most the patience for what AWS still shows.
    let _writing = Writing::begin(ui);
    let Some(lock) = account.store.lock_if_made(&account.by, "teardown").await? else {
        return remaining(operation, run, ui).await;
    };
    let left = remaining(operation, run, ui).await;
    let lost = lock.lost().is_cancelled();
    if left.as_ref().is_ok_and(Vec::is_empty) && !lost {
        account.store.remove(lock).await?;
        return left;
    }
    if let Err(error) = lock.release().await {
        ui.notice(Notice::LockNotReturned(&error));
    }
    if lost {
        let message = "the stack's lock was lost during the audit, so the stack's home bucket stays";
        return Err(Refused::new(message, "look at `provision history`, then run the command again").into());
    }
    left
}

/// What the audit finds, without what the run deleted and AWS still shows for some seconds.
async fn remaining(
    operation: &Teardown<'_>,
    run: Option<&RunOutcome>,
    ui: &dyn Ui,
) -> miette::Result<Vec<Known>> {
    let Account { regions, registry, .. } = operation.account;
    let left = audit(operation.account, operation.graph).await?;
    let deleted = run.into_iter().flat_map(|run| deleted(&run.plan)).collect();
    Ok(without_ghosts((regions, registry), left, &deleted, PATIENCE, ui).await?)
}

/// The ids of what a plan deletes.
fn deleted(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.steps.iter().filter_map(|step| match &step.action {
        StepAction::Delete { seen, .. } => Some(seen.id.as_str()),
        _ => None,
    })
}

fn refuse_protected(session: &Session) -> miette::Result<()> {
    if !session.file.protected {
        return Ok(());
    }
    let message =
        format!("stack {} is protected, so teardown is refused; nothing was changed", session.stack());
    Err(Refused::new(message, "set `protected: false`, apply that, and run teardown again").into())
}

/// A teardown's plan, what was observed for it, and what it leaves alone.
pub(super) async fn plan(
    account: &Account,
    graph: &Graph,
) -> miette::Result<(Plan, ObservedState, Vec<Known>)> {
    let ObservedState { snapshot, record } = ObservedState::read(account, graph).await?;
    let (snapshot, left) = plan::ours(account.scope(), graph, snapshot);
    let state = ObservedState { snapshot, record };
    let plan = plan::teardown(account.scope(), graph, &state.snapshot, &|kind| account.rules(kind));
    check(&plan, Permits { adopt: false, lose_data: true, ..Permits::default() }, &names::region_in)?;
    Ok((plan, state, left))
}

/// The same, if the stack's engine can carry it out.
async fn accepted(account: &Account, graph: &Graph) -> miette::Result<(Plan, ObservedState, Vec<Known>)> {
    let (planned, stacks) = tokio::join!(plan(account, graph), account.engine.look(account));
    let stacks = stacks?;
    let (plan, state, left) = if stacks.waited { plan(account, graph).await? } else { planned? };
    let judged =
        Judged { account, graph, state: &state, plan: &plan, stacks: &stacks, left_alone: Some(&left) };
    match account.engine.refuses(judged).await {
        Some(refused) => Err(refused.into()),
        None => Ok((plan, state, left)),
    }
}

/// Removing everything that is the stack's.
pub(super) struct Teardown<'a> {
    pub(super) account: &'a Account,
    pub(super) graph: &'a Graph,
    pub(super) agreed: bool,
}

impl Operation for Teardown<'_> {
    fn account(&self) -> &Account {
        self.account
    }

    fn graph(&self) -> &Graph {
        self.graph
    }

    fn kind(&self) -> RunKind<'_> {
        RunKind { command: "teardown", saved: None, packages: &[] }
    }

    fn removal(&self) -> Removal {
        Removal::WithContents
    }

    fn waits(&self) -> bool {
        false
    }

    async fn plan(&self) -> miette::Result<(Plan, ObservedState)> {
        let (plan, state, _) = accepted(self.account, self.graph).await?;
        Ok((plan, state))
    }

    fn is_shown(&self, plan: &Plan) -> bool {
        !plan.is_empty()
    }

    fn permits(&self, _: &Review) -> miette::Result<()> {
        Ok(())
    }

    fn questions<'a>(&'a self, review: &'a Review, _: &ObservedState) -> Vec<Question<'a>> {
        let (stack, targets) = (&review.stack, review.targets.len());
        let is_fleet = review.changes.iter().any(|change| change.kind == StackSet::KIND.as_str());
        let question =
            if is_fleet { Question::TeardownFleet { stack, targets } } else { Question::Teardown { stack } };
        if self.agreed { Vec::new() } else { vec![question] }
    }

    fn declined(&self) -> Refused {
        Refused::plain("not removed; nothing was changed")
    }

    async fn stage(&self) -> miette::Result<()> {
        Ok(())
    }

    /// Only the audit shows what is left. Until then everything may be there.
    fn exists(&self, _: &Plan, state: &ObservedState, _: &Outcome) -> Exists {
        Exists { complete: false, resources: journal::former(state) }
    }
}

/// What is still there of the stack: declared resources, and everything with the stack's tags.
async fn audit(account: &Account, graph: &Graph) -> miette::Result<Vec<Known>> {
    let (regions, registry) = (account.regions.read_pass(), account.registry);
    let declared = observe::declared(&regions, registry, graph);
    let (live, tagged) =
        tokio::join!(declared, observe::remembered(&regions, registry, graph, OrphanSource::Sweep(&[])));
    let live = live?;
    let orphans = observe::orphans(&regions, registry, graph, &live, tagged?).await?;
    let snapshot = Snapshot { live, orphans };
    let (Snapshot { live, orphans }, _) = plan::ours(account.scope(), graph, snapshot);
    let declared = graph.in_order().filter_map(|declaration| {
        let live = live.get(&declaration.address)?;
        Some(Known {
            address: declaration.address.clone(),
            kind: declaration.kind.clone(),
            region: declaration.region.clone(),
            id: live.id.clone(),
        })
    });
    let tagged = orphans.into_iter().map(|orphan| Known {
        address: orphan.address,
        kind: orphan.kind,
        region: orphan.region,
        id: orphan.live.id,
    });
    Ok(declared.chain(tagged).collect())
}
