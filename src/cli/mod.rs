//! One file per command: parse, call, render.

mod access;
mod apply;
mod asset;
mod bundle;
mod change_set;
mod completions;
mod confirm;
mod diagnostics;
mod environment;
mod exit;
mod export;
mod format;
mod graph;
mod handlers;
mod history;
mod import;
mod interrupt;
mod library;
pub mod local;
mod man;
mod move_stack;
mod name;
mod outputs;
mod permissions;
mod plan;
mod run_report;
pub mod schema;
mod sign;
mod status;
mod summary;
mod synth;
mod teardown;
mod terminal;
pub mod validate;
mod verify;
mod version;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::model::VERSION;
use crate::ops::{self, IncludedFolder};
use crate::report::out::{self, errln};
use crate::stack::config::{FleetTarget, choose_environment};

/// Declares a video-on-demand service on AWS in code and makes the account match it.
#[derive(Debug, Parser)]
#[command(name = "provision", version = VERSION, long_version = version::long())]
#[command(propagate_version = true, arg_required_else_help = true)]
struct Cli {
    /// Show each API call: service, operation, time and result; -vv also shows waits.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    verbose: u8,
    #[command(flatten)]
    access: access::Options,
    /// The environment to use, of a stack file that has `environments`.
    #[arg(long = "env", global = true, value_name = "NAME", help_heading = "Global options")]
    environment: Option<String>,
    /// The target of a fleet to work with, for outputs, verify, sign, library, asset and permissions.
    #[arg(long, global = true, value_name = "ACCOUNT/REGION", help_heading = "Global options")]
    target: Option<FleetTarget>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(visible_alias = "diff")]
    Plan(plan::Args),
    Import(import::Args),
    Apply(apply::Args),
    Verify(verify::Args),
    #[command(visible_alias = "destroy")]
    Teardown(teardown::Args),
    Move(move_stack::Args),
    Outputs(outputs::Args),
    Status(status::Args),
    History(history::Args),
    Sign(sign::Args),
    Library(library::Args),
    Asset(asset::Args),
    Graph(graph::Args),
    Bundle(bundle::Args),
    Synth(synth::Args),
    Export(export::Args),
    Permissions(permissions::Args),
    Local(local::Args),
    Validate(validate::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// Whether it can work with one target of a fleet.
    const fn works_with_a_target(&self) -> bool {
        matches!(
            self,
            Self::Outputs(_)
                | Self::Verify(_)
                | Self::Sign(_)
                | Self::Library(_)
                | Self::Asset(_)
                | Self::Permissions(_)
        )
    }
}

/// Parses the command line, runs the command and says how it ended, as `docs/exit-codes.md` lists. `included` are the handlers
/// that the program carries.
pub fn main(included: &'static [IncludedFolder]) -> ExitCode {
    ops::carry(included);
    if let Err(error) = environment::without_empty() {
        errln!(
            "cannot start without the empty variables of AWS: {error}; unset them, then run the command again"
        );
        return exit::code(exit::FAILED);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            out::usage(&usage);
            return exit::code(if usage.use_stderr() { exit::FAILED } else { exit::DONE });
        }
    };
    if let Err(usage) = access::choose(cli.access) {
        out::usage(&usage);
        return exit::code(exit::FAILED);
    }
    diagnostics::install(cli.verbose);
    if let Some(target) = cli.target {
        if !cli.command.works_with_a_target() {
            errln!("`--target` is for outputs, verify, sign, library, asset and permissions: leave it out");
            return exit::code(exit::FAILED);
        }
        ops::use_target(target);
    }
    if let Some(name) = &cli.environment {
        choose_environment(name);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            errln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(run(cli.command)) {
        Ok(code) => code,
        Err(report) => {
            out::report(&report);
            exit::code(exit::of(&report))
        }
    };
    summary::print();
    match out::lost() {
        None => code,
        Some(error) => {
            errln!("the results could not be written to stdout: {error}");
            exit::unwritten(code)
        }
    }
}

async fn run(command: Command) -> miette::Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Plan(args) => plan::run(args).await,
        Command::Import(args) => import::run(args).await.map(done),
        Command::Apply(args) => apply::run(args).await,
        Command::Verify(args) => verify::run(args).await.map(done),
        Command::Teardown(args) => teardown::run(args).await,
        Command::Move(args) => move_stack::run(args).await,
        Command::Outputs(args) => outputs::run(args).await.map(done),
        Command::Graph(args) => graph::run(args).await.map(done),
        Command::Status(args) => status::run(args).await,
        Command::History(args) => history::run(args).await.map(done),
        Command::Library(args) => library::run(args).await,
        Command::Asset(args) => asset::run(args).await,
        Command::Sign(args) => sign::run(args).await.map(done),
        Command::Bundle(args) => bundle::run(args).await.map(done),
        Command::Synth(args) => synth::run(args).await.map(done),
        Command::Export(args) => export::run(args).await.map(done),
        Command::Permissions(args) => permissions::run(&args).map(done),
        Command::Local(args) => local::run(args).await,
        Command::Validate(args) => validate::run(args).await.map(done),
        Command::Schema(args) => schema::run(args).await.map(done),
        Command::Completions(args) => {
            completions::run(&args);
            Ok(done(()))
        }
        Command::Man(args) => man::run(&args).map(done),
    }
}

#[cfg(test)]
mod tests {
    mod hostile;

    use std::path::Path;

    use super::*;

    /// The `provision` commands in the fenced blocks of a page, without what the shell does with them.
    fn commands(page: &str) -> Vec<Vec<String>> {
        let fenced = page.split("```").skip(1).step_by(2).flat_map(str::lines);
        let command = |line: &str| {
            let line = line
                .trim_start()
                .trim_start_matches("- ")
                .trim_start_matches("run: ")
                .trim_start_matches("$ ");
            let rest = line.strip_prefix("provision ").or_else(|| line.strip_prefix("cargo run -- "))?;
            let end = [" > ", " >> ", " | ", "  #", " # "].iter().filter_map(|mark| rest.find(mark)).min();
            let words = rest[..end.unwrap_or(rest.len())].split_whitespace();
            // The digest of a plan that does not exist yet.
            let digest = || format!("sha256:{}", "0".repeat(64));
            let words = words.map(|word| match word.trim_matches(['"', '\'']) {
                "$DIGEST" | "sha256:…" => digest(),
                // The number of a pull request.
                word => word.replace("$NUMBER", "7"),
            });
            Some(std::iter::once("provision".to_owned()).chain(words).collect())
        };
        fenced.filter_map(command).collect()
    }

    /// The help of every command that has options of its own.
    fn helps(command: &mut clap::Command) -> Vec<String> {
        let own = command.render_help().to_string();
        let commands = command.get_subcommands_mut().filter(|command| command.get_name() != "help");
        let nested: Vec<String> = commands.flat_map(helps).collect();
        if nested.is_empty() { vec![own] } else { nested }
    }

    #[test]
    fn global_options_come_after_those_of_the_command() {
        let mut command = <Cli as clap::CommandFactory>::command();
        command.build();
        let helps = helps(&mut command);
        assert!(helps.len() > 15, "only {} commands have options", helps.len());
        for help in &helps {
            let (own, global) = help.split_once("\nGlobal options:\n").unwrap_or_else(|| panic!("{help}"));
            assert!(!own.contains("--verbose") && global.trim_start().starts_with("-v, --verbose"), "{help}");
            assert!(own.contains("--help") && !global.contains("\n  -h"), "{help}");
        }
    }

    #[test]
    fn every_command_that_is_documented_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
        let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
        let mut count = 0;
        for page in pages.chain([root.join("README.md")]) {
            for command in commands(&std::fs::read_to_string(&page).unwrap()) {
                let parsed = Cli::try_parse_from(&command);
                assert!(parsed.is_ok(), "{}: {command:?}: {}", page.display(), parsed.unwrap_err());
                count += 1;
            }
        }
        assert!(count > 20, "only {count} commands were found");
    }
}
