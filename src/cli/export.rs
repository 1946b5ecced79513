//! `provision export`: an applied stack as the configuration of another tool.

use std::path::PathBuf;

use super::handlers::HandlersArgs;
use super::name::NameArgs;
use super::terminal::Terminal;
use crate::ops::{self, ExportTarget, Exported};
use crate::report;
use crate::report::out::outln;

/// Write an applied stack as the configuration of another tool, with what takes over the live resources. Changes nothing in
/// the account.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The tool that takes over.
    #[arg(long, value_enum, value_name = "TOOL")]
    to: ExportTarget,
    /// The directory to write to. It must be empty or not exist.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    handlers: HandlersArgs,
    #[command(flatten)]
    name: NameArgs,
}

/// Writes the files and says where to begin.
///
/// # Errors
/// When the stack is not as declared, or cannot be exported.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    args.handlers.choose();
    args.name.choose();
    let exported = ops::export(&args.stack, args.to, &args.directory, &Terminal::ui()).await?;
    outln!("{}", human(&exported));
    Ok(())
}

/// The files, and where to begin.
pub(super) fn human(exported: &Exported) -> String {
    let Exported { readme, files, resources } = exported;
    let files = files.iter().map(|file| format!("{}\n", report::plain(&file.display().to_string())));
    let readme = readme.display().to_string();
    format!(
        "{}\n{resources} resources exported; read {} first",
        files.collect::<String>(),
        report::plain(&readme)
    )
}
