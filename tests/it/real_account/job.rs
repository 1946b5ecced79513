//! The main job: plan, apply and play, an empty plan, one change, and the removal.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::account::Account;
use super::limit;
use super::report::Report;

/// How long the removal may take. CloudFront deletes no distribution before all its edges have turned it off.
const REMOVAL: Duration = Duration::from_secs(45 * 60);
/// How long a command may take that changes nothing.
const READING: Duration = Duration::from_secs(5 * 60);

/// The exit codes that these steps expect.
const DONE: i32 = 0;
const CHANGES: i32 = 2;

/// Runs one command of the program, and notes how it went. Returns what it printed, if it ended with this code.
async fn step(
    account: &Account,
    report: &mut Report,
    arguments: &[&str],
    stack: &Path,
    limit: Duration,
    code: i32,
) -> Option<String> {
    let path = stack.to_str().expect("a temporary path is text");
    let (command, rest) = arguments.split_first().expect("a step has a command");
    let ran = limit::run(account.program(&[&[*command, path], rest].concat()), limit).await;
    let printed = ran.stdout.clone();
    report.step(arguments, &ran, code).then_some(printed)
}

/// Whether the account has nothing of the stacks. What a killed run left must be swept first; what is somebody else's must
/// not be touched.
pub(crate) async fn is_free(account: &Account, report: &mut Report) -> bool {
    let stack = account.stack_file(&account.stack(), "1d");
    let planned = step(account, report, &["plan"], &stack, READING, DONE).await;
    let Some(planned) = planned else { return false };
    let last = planned.lines().next_back().unwrap_or_default();
    let is_free = last.ends_with(" to create") && !last.contains(',');
    if !is_free {
        let name = account.stack();
        report.fault(format!(
            "something of stack {name} is there ({last}): if a run of this command left it, run `just aws-sweep` first"
        ));
    }
    is_free
}

/// The job. It ends at its first failure, or when its time is over; what it made is removed by the caller.
pub(crate) async fn run(account: &Account, report: &mut Report) {
    let end = Instant::now() + account.limit;
    let name = account.stack();
    let (stack, changed) = (account.stack_file(&name, "1d"), account.stack_file(&name, "3d"));
    // Viewers reach the CDN of an account only on AWS.
    let verify: &[&str] = if account.is_aws { &["--verify"] } else { &[] };
    let steps: [(Vec<&str>, &PathBuf, i32); 8] = [
        ([&["apply", "--yes"], verify].concat(), &stack, DONE),
        (vec!["plan", "--detailed-exitcode"], &stack, DONE),
        (vec!["apply", "--yes"], &stack, DONE),
        (vec!["plan", "--detailed-exitcode"], &changed, CHANGES),
        (vec!["apply", "--yes"], &changed, DONE),
        (vec!["plan", "--detailed-exitcode"], &changed, DONE),
        (vec!["outputs"], &changed, DONE),
        (vec!["history"], &changed, DONE),
    ];
    for (arguments, stack, code) in steps {
        let left = end.saturating_duration_since(Instant::now());
        if step(account, report, &arguments, stack, left, code).await.is_none() {
            return;
        }
    }
}

/// Removes the stack of this name, and sees that nothing is left. A removal that fails is tried once more.
pub(crate) async fn remove(account: &Account, name: &str, report: &mut Report) {
    let stack = account.stack_file(name, "1d");
    let teardown = ["teardown", "--yes"];
    if step(account, report, &teardown, &stack, REMOVAL, DONE).await.is_none()
        && step(account, report, &teardown, &stack, REMOVAL, DONE).await.is_none()
    {
        report.fault(format!("stack {name} is not removed: run `just aws-sweep`"));
    }
}
