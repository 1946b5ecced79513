//! What is left of a plan when CloudFormation is done: it is executed by the services' APIs, and every step ends.

use std::collections::BTreeSet;

use super::Work;
use super::board::Board;
use crate::execute::{self, Execution, Outcome, StepEnding};
use crate::graph::Graph;
use crate::model::Address;
use crate::ops::account::Account;
use crate::ops::dependents::dependents;
use crate::ops::state::ObservedState;
use crate::plan::{self, Plan, StepAction};

/// What is live now, and the plan that is left.
pub(super) async fn observed(account: &Account, graph: &Graph) -> miette::Result<(Plan, ObservedState)> {
    let state = account.observe(graph).await?;
    let plan = plan::plan(account.scope(), graph, &state.snapshot, &|kind| account.rules(kind));
    Ok((plan, state))
}

/// The part of a new plan that is at the addresses of the agreed one.
pub(super) fn agreed(agreed: &Plan, now: &Plan) -> Plan {
    let addresses: BTreeSet<&Address> = agreed.steps.iter().map(|step| &step.address).collect();
    now.only(&|step| addresses.contains(&step.address))
}

/// Ends the steps of a run that did not go on. What the account shows as done is done, whatever failed beside it.
pub(super) fn stopped(agreed: &Plan, board: &Board<'_>, rest: &Plan, state: &ObservedState) {
    for number in board.open() {
        let step = &agreed.steps[number];
        if !rest.steps.iter().any(|left| left.address == step.address) {
            board.end(number, done(step, rest, &Outcome::default(), state));
        }
    }
    if let Some(failed) = board.failed() {
        board.skip_rest(&failed);
    }
}

/// What to say where CloudFormation is done and the account cannot be read afterwards.
pub(super) fn unread(error: &miette::Report) -> String {
    format!("CloudFormation is done, but the account could not be read completely afterwards: {error}")
}

/// Executes some steps by the services' APIs, and shows them as the agreed steps that they belong to. Returns the numbers of
/// these, and what it came to.
async fn carried(work: &Work<'_>, part: &Plan, state: &ObservedState) -> (Vec<usize>, Outcome) {
    let numbers: Vec<usize> = part.steps.iter().map(|step| number_of(work.plan, step)).collect();
    let (events, mut received) = tokio::sync::mpsc::unbounded_channel::<crate::model::Event>();
    let execution = Execution {
        regions: work.execution.regions,
        registry: work.execution.registry,
        events,
        cancel: work.execution.cancel.clone(),
        settle: work.execution.settle,
        stale: work.execution.stale,
        dependents: dependents(work.account.registry, work.graph, part, &state.snapshot.live),
        removal: work.execution.removal,
    };
    let shown = work.execution.events.clone();
    let forward = async {
        while let Some(event) = received.recv().await {
            let step = numbers[event.step];
            // If no one receives events any more, the work goes on.
            let _ = shown.send(crate::model::Event { step, ..event });
        }
    };
    let execute = async {
        let outcome = execute::execute(&execution, part).await;
        drop(execution);
        outcome
    };
    let (outcome, ()) = tokio::join!(execute, forward);
    (numbers, outcome)
}

/// Creates again what CloudFormation has and somebody deleted. CloudFormation cannot change what is not there, and later
/// templates may need it.
pub(super) async fn restore(work: &Work<'_>, board: &Board<'_>, missing: &Plan) -> bool {
    if missing.steps.is_empty() {
        return true;
    }
    let (numbers, outcome) = carried(work, missing, work.state).await;
    for (number, ending) in numbers.iter().zip(&outcome.endings) {
        if !matches!(ending, StepEnding::Interrupted) {
            board.end_told(*number, ending.clone());
        }
    }
    outcome.endings.iter().all(|ending| matches!(ending, StepEnding::Done(_)))
}

/// Executes what is left of a plan, and ends its steps on the board. Returns what the run came to, without endings.
pub(super) async fn finish(
    work: &Work<'_>,
    board: &Board<'_>,
    rest: &Plan,
    state: &ObservedState,
) -> Outcome {
    let (numbers, outcome) = carried(work, rest, state).await;
    for (number, step) in work.plan.steps.iter().enumerate() {
        let mut of_step = numbers.iter().zip(&outcome.endings).filter(|(mine, _)| **mine == number);
        let ending = match of_step.find(|(_, ending)| !matches!(ending, StepEnding::Done(_))) {
            Some((_, StepEnding::Interrupted)) => continue,
            Some((_, ending)) => ending.clone(),
            None => done(step, rest, &outcome, state),
        };
        // What the services' APIs were called for was told already.
        if numbers.contains(&number) {
            board.end_told(number, ending);
        } else {
            board.end(number, ending);
        }
    }
    outcome
}

/// The ending of a step that was carried out.
fn done(step: &plan::Step, rest: &Plan, outcome: &Outcome, state: &ObservedState) -> StepEnding {
    if matches!(step.action, StepAction::Delete { .. }) {
        return StepEnding::Done(None);
    }
    let made = rest.steps.iter().zip(&outcome.endings).find_map(|(one, ending)| match ending {
        StepEnding::Done(Some(id)) if one.address == step.address => Some(id.clone()),
        _ => None,
    });
    let live = || state.snapshot.live.get(&step.address).map(|live| live.id.clone());
    StepEnding::Done(made.or_else(live))
}

/// The number of the agreed step that a left one belongs to.
fn number_of(agreed: &Plan, step: &plan::Step) -> usize {
    let deletes = |step: &plan::Step| matches!(step.action, StepAction::Delete { .. });
    let at = |same: bool| {
        let fits =
            |one: &&plan::Step| one.address == step.address && (!same || deletes(one) == deletes(step));
        agreed.steps.iter().position(|one| fits(&one))
    };
    at(true).or_else(|| at(false)).unwrap_or_default()
}

/// The outcome, with the endings of the board.
pub(super) fn ended(work: &Work<'_>, board: &Board<'_>, outcome: Outcome) -> Outcome {
    let endings = board.endings();
    let all_done = endings.iter().all(|ending| matches!(ending, StepEnding::Done(_)));
    let interrupted = outcome.interrupted || work.execution.cancel.is_cancelled() && !all_done;
    Outcome { endings, interrupted, stacks: board.failed_stacks(), ..outcome }
}
