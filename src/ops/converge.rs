//! The protocol that makes a run safe: show, ask, lock, read again, compare, record, execute, record, unlock.
//!
//! [`converge`] carries it out, once, for every operation that changes a stack. An [`Operation`] says what is to be done; a
//! [`Ui`] shows and asks; a [`RunStore`](super::store::RunStore) keeps lock and record. The order is what matters:
//!
//! 1. The plan is shown and agreed to. Nothing has been written so far.
//! 2. The stack's lock is taken, and the account is read again. The run goes on only if the new plan equals the shown one.
//! 3. The begin is recorded before the first change, so a killed run is finished by the next one.
//! 4. A lost lock stops the run: calls in flight finish, no others start, and the record is left to the new holder.
//! 5. The end is recorded, and the lock is given back however the run ended.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::dependents::dependents;
use super::engine::Work;
use super::error::Refused;
use super::journal::{Exists, RunJournal, RunKind, former_plans};
use super::state::ObservedState;
use super::store::Lock;
use super::ui::{Notice, Question, Ui, Writing};
use crate::execute::{Execution, Outcome, STALE};
use crate::graph::Graph;
use crate::model::{Contents, Readiness};
use crate::plan::{Plan, Reason, StepAction};
use crate::resource::Removal;
use crate::review::Review;
use crate::saved::PlanFingerprint;

/// Something that changes a stack.
pub(super) trait Operation: Sync {
    /// The account that it changes.
    fn account(&self) -> &Account;
    /// What the stack declares.
    fn graph(&self) -> &Graph;
    /// How the lock, the record and history name it.
    fn kind(&self) -> RunKind<'_>;
    /// How much a deletion may take with it.
    fn removal(&self) -> Removal;
    /// Whether to wait until everything has stabilized.
    fn waits(&self) -> bool;
    /// The plan for the account as it is now.
    ///
    /// # Errors
    /// When the account cannot be read completely, or the plan is refused.
    async fn plan(&self) -> miette::Result<(Plan, ObservedState)>;
    /// Whether the plan is worth showing.
    fn is_shown(&self, plan: &Plan) -> bool;
    /// Refuses what the stack file forbids about a plan.
    ///
    /// # Errors
    /// The refusal.
    fn permits(&self, review: &Review) -> miette::Result<()>;
    /// What must be agreed to, in order.
    fn questions<'a>(&'a self, review: &'a Review, state: &ObservedState) -> Vec<Question<'a>>;
    /// What the refusal says if a person does not agree.
    fn declined(&self) -> Refused;
    /// Uploads what the first step needs.
    ///
    /// # Errors
    /// When an upload fails.
    async fn stage(&self) -> miette::Result<()>;
    /// What exists afterwards.
    fn exists(&self, plan: &Plan, state: &ObservedState, outcome: &Outcome) -> Exists;
}

/// How a run ended. What was done counts: an error after it hides nothing of it.
#[derive(Debug)]
pub struct RunOutcome {
    /// The plan that was carried out.
    pub plan: Plan,
    /// How each of its steps ended.
    pub outcome: Outcome,
    /// Whether the end could be recorded. If not, the next plan finds what was made by its tags.
    pub recorded: miette::Result<()>,
}

/// How a run ended, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// Everything was done, has stabilized and is recorded.
    Complete,
    /// Some of it was done. Running it again continues from there.
    Partial,
    /// It was interrupted, or lost its lock. Running it again continues from there.
    Interrupted,
}

impl RunOutcome {
    /// How it ended, in a word.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        match (&self.outcome, &self.recorded) {
            (outcome, Ok(())) if outcome.is_complete() => RunStatus::Complete,
            (Outcome { interrupted: true, .. }, _) => RunStatus::Interrupted,
            _ => RunStatus::Partial,
        }
    }
}

/// Carries out an operation. `shown` is its plan, which was read before. Returns how the run ended. If the plan is empty, it
/// returns `None`, asks nothing and writes nothing.
///
/// # Errors
/// When the operation is refused, not agreed to, or interrupted before its first change, or when the account changed after
/// the plan was shown. The stack was not changed then.
pub(super) async fn converge(
    operation: &impl Operation,
    (shown, state): (&Plan, &ObservedState),
    ui: &dyn Ui,
) -> miette::Result<Option<RunOutcome>> {
    let account = operation.account();
    let review = account.review(operation.graph(), shown, state);
    if operation.is_shown(shown) {
        ui.plan(&review);
    }
    if shown.is_empty() {
        return Ok(None);
    }
    operation.permits(&review)?;
    for question in operation.questions(&review, state) {
        if !ui.agrees(question)? {
            return Err(operation.declined().into());
        }
    }
    let writing = Writing::begin(ui);
    let lock = lock(account, operation.kind().command, state, &writing).await?;
    let result = under_lock(operation, (shown, state), &writing, (lock.as_ref(), ui)).await;
    if let Err(error) = lock.release().await {
        ui.notice(Notice::LockNotReturned(&error));
    }
    result.map(Some)
}

/// Makes the store as declared and takes the stack's lock. A store that holds a record is there already, so both are done
/// at the same time.
async fn lock(
    account: &Account,
    command: &str,
    state: &ObservedState,
    writing: &Writing,
) -> miette::Result<Box<dyn Lock>> {
    let ensured = account.store.ensure(writing.token());
    let taken = account.store.lock(&account.by, command);
    if state.record.is_none() {
        ensured.await?;
        return Ok(taken.await?);
    }
    match tokio::join!(ensured, taken) {
        (Ok(()), taken) => Ok(taken?),
        (Err(error), Ok(lock)) => {
            // The run ends here, and this error is what is reported. A lock that cannot be given back expires.
            let _ = lock.release().await;
            Err(error)
        }
        (Err(error), Err(_)) => Err(error),
    }
}

/// The part of the protocol that holds the stack's lock. What the first step needs is uploaded while the account is read
/// again: an upload changes nothing of the stack.
async fn under_lock(
    operation: &impl Operation,
    (shown, seen): (&Plan, &ObservedState),
    writing: &Writing,
    (lock, ui): (&dyn Lock, &dyn Ui),
) -> miette::Result<RunOutcome> {
    let (account, lost) = (operation.account(), lock.lost());
    let reads = async {
        // Boxed, because together they would be too large for a thread's stack.
        let (plan, stage) = (Box::pin(operation.plan()), Box::pin(operation.stage()));
        Ok(tokio::join!(plan, stage, Box::pin(former_plans(account, seen))))
    };
    let (planned, staged, former) = writing.unless(reads).await?;
    let (plan, state) = planned?;
    unchanged_since(shown, &plan)?;
    staged?;
    let journal = RunJournal::prepare(account, (&state, &plan), operation.kind(), former?).await?;
    // No read stands between this and the first write: it would be one more moment to lose the lock in.
    still_held(&lost)?;
    journal.begin(account, &state).await?;
    let outcome = execute(operation, (&plan, &state), (writing, &lost), ui).await;
    // Whoever took over a lost lock writes the record now.
    let recorded = if lost.is_cancelled() {
        Ok(())
    } else {
        journal.end(account, (&plan, &outcome), operation.exists(&plan, &state, &outcome)).await
    };
    Ok(RunOutcome { plan, outcome, recorded })
}

/// Passes if the account still asks for exactly what was shown. Two changes do not count: a distribution that reached the edges
/// meanwhile, and an upload into a bucket whose settings change, or which a teardown removes with everything in it.
fn unchanged_since(shown: &Plan, now: &Plan) -> miette::Result<()> {
    let then = PlanFingerprint::of(&without_volatile(shown));
    let changes = then.changes_since(&PlanFingerprint::of(&without_volatile(now)));
    if changes.is_empty() {
        return Ok(());
    }
    let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
    let message =
        format!("the account changed after the plan was shown; nothing was changed\n{}", changes.join("\n"));
    Err(Refused::new(message, "read the new plan and apply that").into())
}

/// The part of a plan that is agreed to: without what goes on changing by itself and does not matter.
pub(super) fn without_volatile(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        match &mut step.action {
            StepAction::Update { seen, .. } => {
                (seen.readiness, seen.contents) = (Readiness::Ready, Contents::Nothing);
            }
            StepAction::Delete { seen, reason } => {
                seen.readiness = Readiness::Ready;
                if *reason == Reason::Teardown {
                    seen.contents = Contents::Nothing;
                }
            }
            StepAction::Create { .. } => {}
        }
    }
    plan
}

/// Passes while the stack's lock is held. Whoever took over a lost one writes now, the record too.
fn still_held(lost: &CancellationToken) -> miette::Result<()> {
    if !lost.is_cancelled() {
        return Ok(());
    }
    let message = "the stack's lock was lost: somebody took it over, or it could not be renewed in time; nothing was changed";
    Err(Refused::new(message, "run the command again").into())
}

/// Cancelled by an interrupt and by the loss of the lock; at once if the lock is lost already.
pub(super) fn stopped_by(
    interrupt: &CancellationToken,
    lost: &CancellationToken,
) -> (CancellationToken, AbortHandle) {
    let stop = interrupt.child_token();
    if lost.is_cancelled() {
        stop.cancel();
    }
    let (lost, stopping) = (lost.clone(), stop.clone());
    let losing = tokio::spawn(async move {
        lost.cancelled().await;
        stopping.cancel();
    });
    (stop, losing.abort_handle())
}

/// Executes the plan. An interrupt or the loss of the lock lets the calls in flight finish and starts no others.
async fn execute(
    operation: &impl Operation,
    (plan, state): (&Plan, &ObservedState),
    (writing, lost): (&Writing, &CancellationToken),
    ui: &dyn Ui,
) -> Outcome {
    let (cancel, losing) = stopped_by(writing.token(), lost);
    let (events, received) = tokio::sync::mpsc::unbounded_channel();
    let progress = tokio::spawn(ui.progress(plan, received));
    let account = operation.account();
    let execution = Execution {
        regions: &account.regions,
        registry: account.registry,
        events,
        cancel,
        settle: operation.waits(),
        stale: account.regions.connection().pace().map_or(Duration::ZERO, |pace| STALE / pace),
        dependents: dependents(account.registry, operation.graph(), plan, &state.snapshot.live),
        removal: operation.removal(),
    };
    let graph = operation.graph();
    let work = Work { account, graph, plan, state, execution, ui };
    let outcome = account.engine.carry_out(work).await;
    // A display that panicked has nothing more to show; the outcome is reported all the same.
    let _ = progress.await;
    losing.abort();
    if lost.is_cancelled() {
        ui.notice(Notice::LockLost);
    }
    outcome
}

#[cfg(test)]
mod tests;
