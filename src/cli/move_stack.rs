//! `provision move`: changes the engine of a stack. Its resources stay as they are.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::exit;
use super::handlers::HandlersArgs;
use super::name::NameArgs;
use super::terminal::Terminal;
use crate::ops::{self, EngineKind, MoveAction, MoveStep, Moved};
use crate::report;
use crate::report::out::outln;

/// Move the stack to another engine. Its resources stay as they are.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The engine that has the stack from then on.
    #[arg(long, value_name = "ENGINE")]
    to: Target,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    handlers: HandlersArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    /// The services' APIs.
    Direct,
    /// CloudFormation.
    Cloudformation,
}

/// Moves the stack. Exit codes are those of `docs/exit-codes.md`.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    let Args { stack, to, yes, name, handlers } = args;
    name.choose();
    handlers.choose();
    let to = match to {
        Target::Direct => EngineKind::Direct,
        Target::Cloudformation => EngineKind::Cloudformation,
    };
    let Moved { stack: name, moved, changes, .. } = ops::move_to(&stack, to, yes, &Terminal::ui()).await?;
    if moved {
        outln!("moved: stack {name} is with {} now", named(to));
    } else {
        outln!("nothing to move: stack {name} is with {}", named(to));
    }
    outln!("set `engine: {to}` in {}", report::plain(&stack.display().to_string()));
    if changes > 0 {
        outln!("a plan with that engine has {changes} steps: read it with `provision plan`");
        return Ok(exit::code(exit::PARTIAL));
    }
    Ok(exit::code(exit::DONE))
}

/// An engine in a sentence.
pub(super) fn named(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Direct => "the direct engine",
        EngineKind::Cloudformation => "CloudFormation",
    }
}

/// What a move does, a line a resource.
pub(super) fn text(to: EngineKind, steps: &[MoveStep]) -> String {
    let mut lines = vec![format!("Move to {}: no resource is changed", named(to))];
    lines.extend(steps.iter().map(|MoveStep { address, kind, id, action }| {
        let what = match action {
            MoveAction::Import => "import".to_owned(),
            MoveAction::Release => "release".to_owned(),
            MoveAction::StayOutside(why) => format!("stays outside: {why}"),
        };
        format!("  {address:<32} {:<32} {id} {what}", kind.short())
    }));
    lines.iter().map(|line| report::plain(line).into_owned()).collect::<Vec<_>>().join("\n")
}
