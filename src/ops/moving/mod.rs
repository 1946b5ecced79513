//! Move: a stack changes its engine. Its resources stay as they are, and videos play throughout.
//!
//! To CloudFormation, its stacks import what is live. What CloudFormation cannot import stays outside, and the engine goes
//! on converging it by the services' APIs. To the direct engine, the CloudFormation stacks first retain every resource and
//! are then deleted. Each step can be repeated, so a move that was interrupted is finished by the same command. See
//! `docs/decisions/cloudformation-engine.md`.

mod release;
mod take;

use std::path::Path;
use std::sync::Arc;

use super::account::Account;
use super::converge::stopped_by;
use super::engine::{self, Stacks};
use super::error::{Refused, Unfinished};
use super::fleet::is_no_fleet;
use super::journal;
use super::session::Session;
use super::state::ObservedState;
use super::ui::{Notice, Question, Ui, Writing};
use crate::cloudformation::identifiers::{ResourceToImport, Takeover, takeover, to_import};
use crate::graph::Graph;
use crate::home::{Ended, Ending, Record, Run};
use crate::model::{Address, Kind, Live, Tally};
use crate::stack::config::Engine;

/// Why a move ends that another run may have gone on with.
const LOST: &str = "the stack's lock was lost: somebody took it over; the move is not finished";

/// What a move does with one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveStep {
    /// Its address.
    pub address: Address,
    /// Its type.
    pub kind: Kind,
    /// Its physical id.
    pub id: String,
    /// What is done.
    pub action: MoveAction,
}

/// What a move does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveAction {
    /// A CloudFormation stack takes it in, untouched.
    Import,
    /// No CloudFormation stack takes it in, for this reason.
    StayOutside(&'static str),
    /// A CloudFormation stack lets it go, untouched.
    Release,
}

/// A move that was carried out.
#[derive(Debug)]
pub struct Moved {
    /// The stack.
    pub stack: String,
    /// Whether there was anything to do. If only the record named the other engine, there is no step.
    pub moved: bool,
    /// What was done with each resource.
    pub steps: Vec<MoveStep>,
    /// How many changes a plan with the new engine has. None is expected.
    pub changes: usize,
    /// The engine that the stack file names.
    pub declared: Engine,
}

/// Everything a move is made from.
struct Move<'a> {
    account: &'a Account,
    graph: &'a Graph,
    state: &'a ObservedState,
    stacks: Stacks,
}

/// Moves the stack that the file at `path` declares to an engine. `agreed`: do not ask.
///
/// # Errors
/// When the stack is not as declared, CloudFormation refuses, or the move is not agreed to. Nothing is lost by an error in
/// the middle: the same command goes on from there.
pub async fn move_to(path: &Path, to: Engine, agreed: bool, ui: &Arc<dyn Ui>) -> miette::Result<Moved> {
    let mut session = Session::begin(path, ui).await?;
    is_no_fleet(&session.file, "move")?;
    session.account.by = session.caller().await?;
    // What is declared is read and planned as for the direct engine, whatever the file says.
    session.account.engine = Box::new(engine::Moving);
    let (declared, plan, state) = session.planned().await?;
    let cloudformation = engine::CloudFormation::new(&session.file, ui);
    let stacks = cloudformation.stacks(&session.account).await?;
    engine::accepts_move(session.account.scope(), &stacks)?;
    let account = &session.account;
    let moving = Move { account, graph: &declared.graph, state: &state, stacks };
    let steps = moving.steps(to);
    let (stack, named) = (account.stack().to_owned(), session.file.engine);
    if !plan.is_empty() && to == Engine::Cloudformation && !moving.stacks.any() {
        let message = format!("stack {stack} is not as declared, so it was not moved");
        return Err(Refused::new(message, "run `provision plan` and `provision apply` first").into());
    }
    let by = state.record.as_ref().and_then(|record| record.engine.as_deref());
    let is_recorded = by != Some(engine::MOVING)
        && (by == Some(Engine::Cloudformation.as_str())) == (to == Engine::Cloudformation);
    let stays = |step: &MoveStep| matches!(step.action, MoveAction::StayOutside(_));
    let is_there = moving.stacks.any() == (to == Engine::Cloudformation);
    if is_recorded && is_there && steps.iter().all(stays) {
        let changes = plan.steps.len();
        return Ok(Moved { stack, moved: false, steps: Vec::new(), changes, declared: named });
    }
    ui.notice(Notice::Move { to, steps: &steps });
    if !agreed && !ui.agrees(Question::Move { stack: &stack, to })? {
        return Err(Refused::plain("not moved; nothing was changed").into());
    }
    let writing = Writing::begin(ui.as_ref());
    account.store.ensure(writing.token()).await?;
    let lock = account.store.lock(&account.by, "move").await?;
    let (cancel, losing) = stopped_by(writing.token(), &lock.lost());
    let moved = async {
        // Under the lock, the account must still be as it was shown.
        let (_, now) = account.plan(&declared.graph).await?;
        let stacks = cloudformation.stacks(account).await?;
        let moving = Move { account, graph: &declared.graph, state: &now, stacks };
        if moving.steps(to) != steps {
            let message = "the account changed after the move was shown; nothing was changed";
            return Err(Refused::new(message, "run the command again").into());
        }
        let mut run = begun(&state);
        record(account, &state, run.clone(), engine::MOVING).await?;
        match to {
            Engine::Cloudformation => {
                if let Err(error) = take::take(&moving, &cloudformation, &cancel).await {
                    // If this fails, the same command goes on from here.
                    drop(undone(&moving, &cloudformation, run).await);
                    return Err(error);
                }
            }
            Engine::Direct => release::release(&moving, &cloudformation, &cancel).await?,
        }
        if lock.lost().is_cancelled() {
            return Err(Unfinished(LOST).into());
        }
        run.ended = Some(Ended { how: Ending::Complete, tally: Tally::default() });
        record(account, &state, run, to.as_str()).await
    };
    let mut moved: miette::Result<()> = moved.await;
    if moved.is_err() && cancel.is_cancelled() {
        let why = if lock.lost().is_cancelled() { LOST } else { "the move was interrupted" };
        moved = Err(Unfinished(why).into());
    }
    losing.abort();
    if let Err(error) = lock.release().await {
        ui.notice(Notice::LockNotReturned(&error));
    }
    moved?;
    session.account.engine = match to {
        Engine::Cloudformation => Box::new(cloudformation),
        Engine::Direct => Box::new(engine::Direct),
    };
    let (after, _) = session.account.plan(&declared.graph).await?;
    Ok(Moved { stack, moved: true, steps, changes: after.steps.len(), declared: named })
}

impl Move<'_> {
    /// What is done with each live resource.
    fn steps(&self, to: Engine) -> Vec<MoveStep> {
        let live = self.graph.in_order().filter_map(|declaration| {
            let live = self.state.snapshot.live.get(&declaration.address)?;
            let held = self.stacks.holder(&declaration.address).is_some();
            let action = match (to, held) {
                (Engine::Direct, true) => MoveAction::Release,
                (Engine::Direct, false) | (Engine::Cloudformation, true) => return None,
                (Engine::Cloudformation, false) => {
                    match importable(&declaration.address, &declaration.kind, live) {
                        Ok(_) => MoveAction::Import,
                        Err(why) => MoveAction::StayOutside(why),
                    }
                }
            };
            let (address, kind, id) =
                (declaration.address.clone(), declaration.kind.clone(), live.id.clone());
            Some(MoveStep { address, kind, id, action })
        });
        live.collect()
    }
}

/// How CloudFormation finds a live resource that it imports, or why it imports none of its type. A change set with a single
/// type that cannot be imported is refused as a whole. So types that the user guide does not list stay outside.
fn importable(address: &Address, kind: &Kind, live: &Live) -> Result<ResourceToImport, &'static str> {
    match takeover(kind) {
        Some(Takeover::Import(_)) => {
            to_import(address, kind, live).ok_or("AWS has not given it the id yet that an import needs")
        }
        Some(Takeover::ImportBySchema(..)) => {
            Err("CloudFormation's guide does not list its type for imports")
        }
        Some(Takeover::Create(_)) | None => Err("CloudFormation cannot import its type"),
    }
}

/// After a move to CloudFormation that failed before any stack had anything: the stack is with its former engine.
async fn undone(
    moving: &Move<'_>,
    cloudformation: &engine::CloudFormation,
    mut run: Run,
) -> miette::Result<()> {
    let Move { account, state, .. } = moving;
    let stacks = cloudformation.stacks(account).await?;
    if stacks.iter().next().is_some() {
        return Ok(());
    }
    let former = state.record.as_ref().and_then(|record| record.engine.clone());
    let former =
        former.filter(|engine| engine != engine::MOVING).unwrap_or_else(|| Engine::Direct.to_string());
    run.ended = Some(Ended { how: Ending::Failed, tally: Tally::default() });
    record(account, state, run, &former).await
}

/// The move as a run. The functions keep their code.
fn begun(state: &ObservedState) -> Run {
    let former = state.record.as_ref().map(|record| &record.run);
    let bundles = former.map(|run| run.bundles.clone()).unwrap_or_default();
    let origins = former.map(|run| run.origins.clone()).unwrap_or_default();
    Run { origins, ..Run::begin("move", None, bundles) }
}

/// Records the engine that has the stack from now on.
async fn record(account: &Account, state: &ObservedState, run: Run, engine: &str) -> miette::Result<()> {
    let former = state.record.clone();
    let plans = former.as_ref().map(|one| one.plans.clone()).unwrap_or_default();
    let complete = former.as_ref().is_some_and(|one| one.complete);
    let mut record = Record::new(account.stack(), &account.by, complete, journal::former(state), run, plans);
    record.established = former.as_ref().is_some_and(|one| one.established);
    record.begun = former.map(|one| one.begun).unwrap_or_default();
    record.engine = Some(engine.to_owned());
    Ok(account.store.put_record(&record).await?)
}
