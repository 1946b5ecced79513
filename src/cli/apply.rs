//! `provision apply`: plans, shows, asks, converges, and shows what the stack is reached by.

use std::path::PathBuf;
use std::process::ExitCode;

use miette::miette;

use super::handlers::HandlersArgs;
use super::name::NameArgs;
use super::terminal::Terminal;
use super::{exit, outputs, run_report, status, verify};
use crate::ops::{
    ApplyOptions, ApplyRequest, FleetStatus, NameMove, PlanDigest, PlannedApply, RunStatus, Session,
    apply_before_name, need_key, verify_applied,
};
use crate::report::out::{out, outln};

/// Make the account match the stack file, or carry out a saved plan.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file, or a plan that `plan --out` wrote.
    #[arg(value_name = "STACK|PLAN")]
    stack: PathBuf,
    /// Apply only the saved plan that was reviewed: `sha256:…`, as `plan --out` prints it. Any other file is refused.
    #[arg(long, value_name = "DIGEST")]
    digest: Option<PlanDigest>,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
    /// Do not wait until the distribution has reached every edge.
    #[arg(long)]
    no_wait: bool,
    /// Afterwards upload a clip and play what is published.
    #[arg(long)]
    verify: bool,
    /// The private half of one of the viewers' keys. `--verify` needs it if the stack plays nothing unsigned.
    #[arg(long, value_name = "FILE", requires = "verify")]
    key: Option<PathBuf>,
    /// Adopt existing untagged resources that have the same name.
    #[arg(long)]
    adopt: bool,
    /// Take the stack's name from another distribution that has it, without a gap: first everything but the name is applied,
    /// then the name moves in one step. Each part is shown and asked for.
    #[arg(long, conflicts_with_all = ["no_wait", "digest"])]
    move_name: bool,
    /// Approve changes that grant more access (`--yes` does not).
    #[arg(long)]
    allow_broadening: bool,
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    handlers: HandlersArgs,
}

/// Converges the stack. Exit codes are those of `docs/exit-codes.md`.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    let Args { stack, digest, yes, no_wait, verify: verifies, key, adopt, move_name, .. } = args;
    let Args { allow_broadening, name, handlers, .. } = args;
    name.choose();
    handlers.choose();
    let taken = if move_name { NameMove::Take } else { NameMove::No };
    let request = ApplyRequest { path: &stack, adopt, digest, name: taken };
    let options = ApplyOptions { no_wait, agreed: yes, broadening_agreed: allow_broadening };
    let ui = Terminal::ui();
    let accepts = |session: &Session| match (verifies, &session.file.fleet) {
        (false, _) => Ok(()),
        (true, None) => need_key(session, key.as_deref()),
        (true, Some(_)) => {
            let help = "leave it out, and verify a target with credentials of its account";
            Err(miette!(help = help, "`--verify` works with one stack, and {} is a fleet", session.stack()))
        }
    };
    if move_name
        && let Some(applied) = apply_before_name(request, options, &ui, accepts).await?
        && let Some(run) = &applied.run
    {
        run_report::print(run);
        if run.status() != RunStatus::Complete {
            return Ok(exit::code(exit::of_run(run.status())));
        }
    }
    let planned = PlannedApply::open(request, options, &ui, accepts);
    let applied = planned.await?.carry_out().await?;
    if let Some(run) = &applied.run {
        run_report::print(run);
        if run.status() != RunStatus::Complete {
            return Ok(exit::code(exit::of_run(run.status())));
        }
    }
    if applied.session.file.fleet.is_some() {
        out!("\n{}", status::human(&FleetStatus::read(&applied.session).await?));
        return Ok(ExitCode::SUCCESS);
    }
    outln!("\n{}", outputs::human(&applied.outputs()?));
    if verifies {
        verify::print(&verify_applied(&applied, key.as_deref(), &mut verify::progress).await?);
    }
    Ok(ExitCode::SUCCESS)
}
