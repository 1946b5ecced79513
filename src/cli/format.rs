//! The two forms of a command's result: for people, and as JSON for programs.

use miette::IntoDiagnostic as _;
use serde::Serialize;

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

/// Prints a result for programs.
pub(super) fn print_json(result: &impl Serialize) -> miette::Result<()> {
    anstream::println!("{}", serde_json::to_string_pretty(result).into_diagnostic()?);
    Ok(())
}
