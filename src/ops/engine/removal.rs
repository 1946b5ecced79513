//! Teardown by CloudFormation: its stacks are deleted, and what they retain is removed by the services' APIs.
//!
//! Buckets are retained by every template, because CloudFormation cannot delete one with objects in it. So they go last,
//! with everything in them, when nothing writes into them any more.

use super::Work;
use super::board::Board;
use super::cloudformation::CloudFormation;
use super::deployment::quiet;
use super::ends::{Stopped, failed, stop, succeeded};
use super::rest::{agreed, ended, finish, stopped, unread};
use super::stacks::HeldStack;
use super::templates::set_name;
use crate::aws::{Context, Error, Result};
use crate::deploy::{self, Deletion, OperationEnd, Phase};
use crate::execute::{Outcome, StepEnding};
use crate::ops::teardown;

/// Removes everything of a stack.
pub(super) async fn remove(engine: &CloudFormation, work: &Work<'_>) -> Outcome {
    let board = Board::new(work.plan, work.execution.events.clone());
    let deleted = delete_all(engine, work, &board).await;
    let (rest, state) = match teardown::plan(work.account, work.graph).await {
        Ok((now, state, _)) => (agreed(work.plan, &now), state),
        Err(error) => {
            let error = Error::unexpected("cloudformation:DeleteStack", unread(&error));
            board.fail(work.account.stack(), &board.open(), &[], &error);
            return ended(work, &board, Outcome::default());
        }
    };
    let Ok(undeleted) = deleted else {
        stopped(work.plan, &board, &rest, &state);
        return ended(work, &board, Outcome::default());
    };
    let outcome = finish(work, &board, &rest, &state).await;
    let outcome = ended(work, &board, outcome);
    if outcome.endings.iter().all(|ending| matches!(ending, StepEnding::Done(_))) {
        return retained(engine, work, &undeleted, outcome).await;
    }
    outcome
}

/// Deletes all CloudFormation stacks, the last one first. Returns those whose deletion failed.
async fn delete_all(
    engine: &CloudFormation,
    work: &Work<'_>,
    board: &Board<'_>,
) -> std::result::Result<Vec<HeldStack>, Stopped> {
    let stacks = engine.stacks(work.account).await;
    let stacks = stacks.map_err(|error| stop(board, (work.account.stack(), &[]), &error))?;
    let mut undeleted = Vec::new();
    for held in stacks.iter().rev() {
        let numbers: Vec<usize> = board.at(&|address| held.has(address)).collect();
        let cx = quiet(work, &held.seen.region);
        match delete(&cx, held, engine.role.as_deref(), board).await {
            Ok(end) if end.stack.status.phase() == Phase::NotDeleted => undeleted.push(held.clone()),
            end => drop(succeeded(board, (&held.seen.name, &numbers), end)?),
        }
    }
    Ok(undeleted)
}

/// Deletes a CloudFormation stack and waits for the end.
pub(super) async fn delete(
    cx: &Context,
    held: &HeldStack,
    role: Option<&str>,
    board: &Board<'_>,
) -> Result<OperationEnd> {
    if held.seen.protected {
        deploy::protect(cx, &held.seen.name, false).await?;
    }
    let since = deploy::newest(cx, &held.seen.id).await?;
    let how = Deletion { role, retain: Vec::new(), token: set_name() };
    deploy::delete(cx, &held.seen.id, how).await?;
    deploy::follow(cx, &held.seen.id, &since, &|progress| board.hear(progress)).await
}

/// Deletes the stacks that could not be deleted before. Their resources are gone now, so CloudFormation lets them go.
async fn retained(
    engine: &CloudFormation,
    work: &Work<'_>,
    undeleted: &[HeldStack],
    mut outcome: Outcome,
) -> Outcome {
    for held in undeleted {
        let cx = quiet(work, &held.seen.region);
        let gone = async {
            let members = deploy::members(&cx, &held.seen.id).await?;
            let left = members.into_iter().filter(|member| member.status == "DELETE_FAILED");
            let retain = left.map(|member| member.logical_id).collect();
            let since = deploy::newest(&cx, &held.seen.id).await?;
            let how = Deletion { role: engine.role.as_deref(), retain, token: set_name() };
            deploy::delete(&cx, &held.seen.id, how).await?;
            let end = deploy::follow(&cx, &held.seen.id, &since, &|_| {}).await?;
            if end.is_success() { Ok(()) } else { Err(failed(&end)) }
        };
        if let Err(error) = gone.await {
            outcome.stacks.push((held.seen.name.clone(), error));
        }
    }
    outcome
}
