//! `provision teardown`: plans the removal, shows, asks, removes, and proves that nothing is left.

use std::path::PathBuf;
use std::process::ExitCode;

use super::name::NameArgs;
use super::terminal::Terminal;
use super::{exit, run_report};
use crate::model::Known;
use crate::ops::{self, RunStatus, TornDown};
use crate::report;
use crate::report::out::outln;

/// Delete the stack with everything in it: objects, versions, logs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    name: NameArgs,
}

/// Removes the stack and audits that it is gone. Exit codes are those of `docs/exit-codes.md`.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    args.name.choose();
    let TornDown { run, left, session } = ops::teardown(&args.stack, args.yes, &Terminal::ui()).await?;
    match &run {
        Some(run) => run_report::print(run),
        None => outln!("nothing of stack {} is there", session.stack()),
    }
    let status = run.as_ref().map_or(RunStatus::Complete, ops::RunOutcome::status);
    let Some(left) = left else { return Ok(exit::code(exit::of_run(status))) };
    if left.is_empty() {
        outln!("audit: nothing of stack {} is left", session.stack());
        if session.file.fleet.is_some() {
            outln!("the buckets of its targets stay in their accounts, with everything in them");
        }
        return Ok(exit::code(exit::DONE));
    }
    outln!("audit: these are left:");
    for known in &left {
        outln!("{}", remaining(known));
    }
    Ok(exit::code(exit::PARTIAL))
}

/// The line of a resource that is left.
pub(super) fn remaining(known: &Known) -> String {
    let Known { address, kind, id, .. } = known;
    report::plain(&format!("  {address:<32} {:<32} {id}", kind.short())).into_owned()
}
