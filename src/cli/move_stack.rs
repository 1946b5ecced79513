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
use crate::stack::config::chosen_environment;

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
    let Moved { stack: name, moved, changes, declared, .. } =
        ops::move_to(&stack, to, yes, &Terminal::ui()).await?;
    if moved {
        outln!("moved: stack {name} is with {} now", named(to));
    } else {
        outln!("nothing to move: stack {name} is with {}", named(to));
    }
    if declared != to {
        let file = stack.display().to_string();
        outln!("{}", report::plain(&to_set(to, chosen_environment(), &file)));
    }
    if changes > 0 {
        let steps = if changes == 1 { "1 step".to_owned() } else { format!("{changes} steps") };
        outln!("a plan with that engine has {steps}: read it with `provision plan`");
        return Ok(exit::code(exit::PARTIAL));
    }
    Ok(exit::code(exit::DONE))
}

/// What to write in the stack file. Another environment of it is another stack, which did not move.
fn to_set(to: EngineKind, environment: Option<&str>, file: &str) -> String {
    match environment {
        Some(name) => format!("set `engine: {to}` in environment `{name}` of {file}"),
        None => format!("set `engine: {to}` in {file}"),
    }
}

/// An engine in a sentence.
pub(super) fn named(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Direct => "the direct engine",
        EngineKind::Cloudformation => "CloudFormation",
    }
}

/// What a move does: a line a resource, and how many of each.
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
    if !steps.is_empty() {
        lines.extend([String::new(), totals(steps)]);
    }
    lines.iter().map(|line| report::plain(line).into_owned()).collect::<Vec<_>>().join("\n")
}

/// How many resources a move does what with.
fn totals(steps: &[MoveStep]) -> String {
    let (mut import, mut release, mut outside) = (0, 0, 0);
    for step in steps {
        *match step.action {
            MoveAction::Import => &mut import,
            MoveAction::Release => &mut release,
            MoveAction::StayOutside(_) => &mut outside,
        } += 1;
    }
    report::counts(&[(import, "to import"), (release, "to release"), (outside, "to leave outside")])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn a_list_ends_with_counts() {
        let step = |name: &str, action| MoveStep {
            address: format!("storage/{name}").as_str().into(),
            kind: Kind::new("AWS::S3::Bucket"),
            id: format!("vod-{name}"),
            action,
        };
        let steps = [
            step("source", MoveAction::Import),
            step("work", MoveAction::Import),
            step("queue", MoveAction::StayOutside("CloudFormation cannot import its type")),
        ];
        insta::assert_snapshot!(text(EngineKind::Cloudformation, &steps), @"
        Move to CloudFormation: no resource is changed
          storage/source                   S3 Bucket                        vod-source import
          storage/work                     S3 Bucket                        vod-work import
          storage/queue                    S3 Bucket                        vod-queue stays outside: CloudFormation cannot import its type

        2 to import, 1 to leave outside
        ");
        assert_eq!(text(EngineKind::Direct, &[]).lines().count(), 1, "nothing is left to do");
    }

    /// Environments of a file are stacks of their own: to set the engine for all would break the others.
    #[test]
    fn where_to_set_the_engine() {
        let said = |environment| to_set(EngineKind::Direct, environment, "vod.yaml");
        assert_eq!(said(None), "set `engine: direct` in vod.yaml");
        assert_eq!(said(Some("staging")), "set `engine: direct` in environment `staging` of vod.yaml");
    }
}
