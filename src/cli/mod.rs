//! One file per command: parse, call, render.

mod apply;
mod bundle;
mod confirm;
mod converge;
mod diagnostics;
pub mod local;
mod outputs;
mod permissions;
mod plan;
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
    Sign(sign::Args),
    Bundle(bundle::Args),
    Synth(synth::Args),
    Permissions(permissions::Args),
    Local(local::Args),
    Validate(validate::Args),
    Schema(schema::Args),
}

/// Parses the command line, runs the command and says how it ended: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
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
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> miette::Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Plan(args) => plan::run(args).await.map(done),
        Command::Apply(args) => apply::run(args).await,
        Command::Verify(args) => verify::run(args).await.map(done),
        Command::Teardown(args) => teardown::run(args).await,
        Command::Outputs(args) => outputs::run(args).await.map(done),
        Command::Sign(args) => sign::run(args).await.map(done),
        Command::Bundle(args) => bundle::run(args).await.map(done),
        Command::Synth(args) => synth::run(args).await.map(done),
        Command::Permissions(args) => permissions::run(&args).map(done),
        Command::Local(args) => local::run(args).await.map(done),
        Command::Validate(args) => validate::run(args).await.map(done),
        Command::Schema(args) => schema::run(args).await.map(done),
    }
}
