//! Operations on a stack set: CloudFormation carries them out, this program waits for the end and says what failed.

use aws_sdk_cloudformation::types::{
    StackSetOperationResultStatus as ResultStatus, StackSetOperationResultSummary as ResultSummary,
    StackSetOperationStatus as Status,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::aws::{Context, Error, OrEmpty, Patience, Poll, Result, SdkResult, required, retry_while, until};

/// How often an operation is looked at, and for how long: each target takes minutes, and there may be hundreds.
const PATIENCE: Patience = Patience {
    first: std::time::Duration::from_millis(100),
    longest: std::time::Duration::from_secs(10),
    limit: std::time::Duration::from_hours(24),
};
/// Another operation runs, or has just begun, perhaps by this call, whose answer was lost.
const BUSY: &[&str] =
    &["OperationInProgressException", "OperationIdAlreadyExistsException", "StaleRequestException"];
/// How many failures an error names.
const NAMED: usize = 5;

/// The last operation on a stack set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LastOperation {
    /// Its id.
    pub id: String,
    /// What it did, in CloudFormation's words: `CREATE`, `UPDATE`, `DELETE`.
    pub action: String,
    /// How it ended, in CloudFormation's words, such as `SUCCEEDED`, or `RUNNING`.
    pub status: String,
    /// When it began.
    pub began: Option<Timestamp>,
}

impl LastOperation {
    fn is_running(&self) -> bool {
        ["RUNNING", "STOPPING", "QUEUED"].contains(&self.status.as_str())
    }
}

/// The last operation on the stack set with this name. None if there was none.
///
/// # Errors
/// When the call fails.
pub async fn last_operation(cx: &Context, name: &str) -> Result<Option<LastOperation>> {
    const CALL: &str = "cloudformation:ListStackSetOperations";
    let call = cx.cloudformation().list_stack_set_operations().stack_set_name(name).max_results(1);
    let Some(answer) = call.send().await.unless(CALL, &["StackSetNotFoundException"])? else {
        return Ok(None);
    };
    let Some(one) = answer.summaries.or_empty().into_iter().next() else { return Ok(None) };
    Ok(Some(LastOperation {
        id: required(one.operation_id, CALL, "OperationId")?,
        action: required(one.action, CALL, "Action")?.as_str().to_owned(),
        status: required(one.status, CALL, "Status")?.as_str().to_owned(),
        began: one.creation_timestamp.and_then(|time| Timestamp::from_second(time.secs()).ok()),
    }))
}

/// Waits until nothing works on the stack set.
pub(super) async fn idle(cx: &Context, name: &str) -> Result<()> {
    until(cx, "cloudformation:ListStackSetOperations", PATIENCE, || async {
        Ok(match last_operation(cx, name).await? {
            Some(last) if last.is_running() => {
                Poll::Pending(format!("waiting for another operation on the fleet ({})", last.action))
            }
            _ => Poll::Done(()),
        })
    })
    .await
}

/// Begins an operation by `call`, which returns its id, and waits for its end. An operation that somebody else began is awaited first.
///
/// # Errors
/// When a call fails, or the operation fails in more targets than it may. The error names the targets.
pub(super) async fn carry_out<F>(
    cx: &Context,
    name: &str,
    call: &'static str,
    begin: impl Fn() -> F,
) -> Result<()>
where
    F: Future<Output = Result<String>>,
{
    let awaited = "waiting for another operation on the fleet";
    // The list of operations is late, so one that runs may be missing in it.
    let id = retry_while(
        cx,
        PATIENCE,
        awaited,
        |error| error.is(BUSY),
        || async {
            idle(cx, name).await?;
            begin().await
        },
    );
    let id = id.await?;
    ended(cx, name, call, &id).await
}

/// Waits for the end of an operation.
async fn ended(cx: &Context, name: &str, begun_by: &'static str, id: &str) -> Result<()> {
    const CALL: &str = "cloudformation:DescribeStackSetOperation";
    let end = until(cx, CALL, PATIENCE, || async {
        let call = cx.cloudformation().describe_stack_set_operation().stack_set_name(name).operation_id(id);
        let (answer, results) = tokio::join!(call.send(), results(cx, name, id));
        let operation = required(answer.named(CALL)?.stack_set_operation, CALL, "StackSetOperation")?;
        let (status, results) = (required(operation.status, CALL, "Status")?, results?);
        Ok(match status {
            Status::Running | Status::Queued | Status::Stopping => Poll::Pending(progress(&results)),
            status => Poll::Done((status, operation.status_reason, results)),
        })
    });
    let (status, reason, results) = end.await?;
    // Within the tolerance, an operation succeeds although targets failed. They are not as declared all the same.
    let failures: Vec<String> = results.iter().filter_map(failure).collect();
    if status == Status::Succeeded && failures.is_empty() {
        return Ok(());
    }
    let cancelled = results.iter().filter(|one| one.status == Some(ResultStatus::Cancelled)).count();
    let mut text = format!("{} of {} targets failed", failures.len(), results.len());
    if cancelled > 0 {
        text.push_str(&format!(", {cancelled} not begun"));
    }
    for failure in failures.iter().take(NAMED) {
        text.push_str(&format!("\n{failure}"));
    }
    if failures.len() > NAMED {
        text.push_str(&format!("\nand {} more: `provision status` lists them", failures.len() - NAMED));
    }
    if failures.is_empty() {
        text.push_str(&format!("; the operation is {}", status.as_str()));
        if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
            text.push_str(&format!(": {reason}"));
        }
    }
    let mut error = Error::unexpected(begun_by, text);
    error.hint = Some(
        "mend the cause and run the command again: it goes on with the targets that are not current. A stack that cannot be \
         updated any more goes with its target: take it out of `fleet`, apply, and put it back"
            .to_owned(),
    );
    Err(error)
}

/// How an operation went in each target so far.
async fn results(cx: &Context, name: &str, id: &str) -> Result<Vec<ResultSummary>> {
    const CALL: &str = "cloudformation:ListStackSetOperationResults";
    let call = cx.cloudformation().list_stack_set_operation_results().stack_set_name(name).operation_id(id);
    call.into_paginator().items().send().try_collect().await.named(CALL)
}

fn progress(results: &[ResultSummary]) -> String {
    let done = results
        .iter()
        .filter(|one| !matches!(one.status, None | Some(ResultStatus::Pending | ResultStatus::Running)));
    let running: Vec<String> =
        results.iter().filter(|one| one.status == Some(ResultStatus::Running)).map(target).take(3).collect();
    let now = if running.is_empty() { String::new() } else { format!(", now {}", running.join(", ")) };
    format!("{} of {} targets done{now}", done.count(), results.len())
}

/// A target as people read it: `111122223333 in eu-west-1`.
fn target(one: &ResultSummary) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "?".to_owned());
    format!("{} in {}", part(&one.account), part(&one.region))
}

/// Why a target failed, if it did.
fn failure(one: &ResultSummary) -> Option<String> {
    let reason = one.status_reason.as_deref().unwrap_or("CloudFormation gives no reason");
    (one.status == Some(ResultStatus::Failed)).then(|| format!("{}: {reason}", target(one)))
}
