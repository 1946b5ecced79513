//! How an operation of CloudFormation ended, as the steps of the plan have it.

use super::board::{Board, plain_reason};
use crate::aws::{Class, Error, Result};
use crate::deploy::{OperationEnd, StackSeen};

/// Why a deployment did not go on. What failed is on the board.
pub(super) struct Stopped;

/// The stack of this name after an operation that succeeded. Otherwise its steps end on the board.
pub(super) fn succeeded(
    board: &Board<'_>,
    (name, numbers): (&str, &[usize]),
    end: Result<OperationEnd>,
) -> std::result::Result<StackSeen, Stopped> {
    match end {
        Ok(end) if end.is_success() => Ok(end.stack),
        Ok(end) => {
            board.fail(name, numbers, &end.causes, &failed(&end));
            Err(Stopped)
        }
        Err(error) => Err(stop(board, (name, numbers), &error)),
    }
}

/// Ends these steps of the stack of this name with an error, unless the run was interrupted.
pub(super) fn stop(board: &Board<'_>, (name, numbers): (&str, &[usize]), error: &Error) -> Stopped {
    if error.class != Class::Interrupted {
        board.fail(name, numbers, &[], error);
    }
    Stopped
}

/// What failed, by the oldest cause.
pub(in crate::ops) fn failed(end: &OperationEnd) -> Error {
    let stack = &end.stack;
    let why = match end.causes.first() {
        Some(cause) => format!("{}: {}", cause.logical_id, plain_reason(&cause.reason)),
        None if stack.reason.is_empty() => format!("it ended in {}", stack.status),
        None => stack.reason.clone(),
    };
    let text = format!("stack {} ended in {}: {why}", stack.name, stack.status);
    let hint = stack.status.is_rollback().then(|| {
        format!(
            "CloudFormation set back what it had done in {}: mend the cause, then run the command again",
            stack.name
        )
    });
    Error { hint, ..Error::unexpected("cloudformation:ExecuteChangeSet", text) }
}

/// A rollback that cannot go on by itself.
pub(super) fn stuck(end: &OperationEnd) -> Error {
    let ids: Vec<&str> = end.causes.iter().map(|cause| cause.logical_id.as_str()).collect();
    let (name, region, ids) = (&end.stack.name, &end.stack.region, ids.join(" "));
    let hint = format!(
        "mend what keeps these resources from going back and run the command again; or skip them, which leaves them as they \
         are: `aws cloudformation continue-update-rollback --stack-name {name} --region {region} --resources-to-skip {ids}`"
    );
    Error { hint: Some(hint), ..failed(end) }
}
