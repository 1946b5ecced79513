//! `provision import`: what exists of a stack, and what an apply with `--adopt` would make of it.

use std::path::PathBuf;

use super::format::Format;
use super::handlers::HandlersArgs;
use super::name::NameArgs;
use super::terminal::Terminal;
use crate::ops::{self, Imported};
use crate::report;
use crate::report::out::{self, errln, out};

/// Show what of the account `apply --adopt` would adopt under which address, and why not; changes nothing.
///
/// Resources are found by the names that the stack gives them, so no ids are needed. There is no state to import into: the
/// tags that `apply --adopt` sets make a resource the stack's.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The output format: `json` for programs (schema: `provision schema import`).
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    handlers: HandlersArgs,
    #[command(flatten)]
    name: NameArgs,
}

/// Prints what exists, and refuses what `apply --adopt` would refuse.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    args.name.choose();
    args.handlers.choose();
    let Imported { import, refused } = ops::import(&args.stack, &Terminal::ui()).await?;
    match args.format {
        Format::Json => out!("{}", report::json(&import)),
        Format::Human => out::import(&import),
    }
    if let Some(refused) = refused {
        return Err(refused);
    }
    if import.totals.adopt > 0 {
        let stack = ops::argument(&args.stack);
        errln!("nothing was changed; to adopt: provision apply {} --adopt", report::plain(&stack));
    } else {
        errln!("nothing was changed, and there is nothing to adopt");
    }
    Ok(())
}
