//! One file per command: parse, call, render.

mod apply;
mod bundle;
mod confirm;
mod converge;
mod diagnostics;
mod exit;
mod graph;
mod history;
pub mod local;
mod noted;
mod offline;
mod outputs;
mod plan;
mod saved;
pub mod schema;
mod session;
mod sign;
mod synth;
mod teardown;
pub mod validate;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Declares a video-on-demand service on AWS in code and makes the account match it.
#[derive(Debug, Parser)]
#[command(name = "provision", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    /// Show each API call: service, operation, time and result (twice: also what is awaited).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(visible_alias = "diff")]
    Plan(plan::Args),
    Apply(apply::Args),
    Verify(verify::Args),
    #[command(visible_alias = "destroy")]
    Teardown(teardown::Args),
    Outputs(outputs::Args),
    History(history::Args),
    Sign(sign::Args),
    Graph(graph::Args),
    Bundle(bundle::Args),
    Synth(synth::Args),
    Local(local::Args),
    Validate(validate::Args),
    Schema(schema::Args),
}

/// Parses the command line, runs the command and says how it ended, as `docs/exit-codes.md` lists.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // A closed stdout or stderr leaves nobody to tell.
            let _ = usage.print();
            return exit::code(if usage.use_stderr() { exit::FAILED } else { exit::DONE });
        }
    };
    diagnostics::install(cli.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(code) => code,
        Err(report) => {
            anstream::eprintln!("{report:?}");
            exit::code(exit::of(&report))
        }
    }
}

async fn run(command: Command) -> miette::Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Plan(args) => plan::run(args).await,
        Command::Apply(args) => apply::run(args).await,
        Command::Verify(args) => verify::run(args).await.map(done),
        Command::Teardown(args) => teardown::run(args).await,
        Command::Outputs(args) => outputs::run(args).await.map(done),
        Command::Graph(args) => graph::run(args).await.map(done),
        Command::History(args) => history::run(args).await.map(done),
        Command::Sign(args) => sign::run(args).await.map(done),
        Command::Bundle(args) => bundle::run(args).await.map(done),
        Command::Synth(args) => synth::run(args).await.map(done),
        Command::Local(args) => local::run(args).await.map(done),
        Command::Validate(args) => validate::run(args).await.map(done),
        Command::Schema(args) => schema::run(args).await.map(done),
    }
}
