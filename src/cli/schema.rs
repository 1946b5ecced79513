//! `provision schema`: the JSON Schema of the stack file, for editors.

use miette::IntoDiagnostic as _;

use crate::stack::config;

/// Print the JSON Schema of the stack file.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints the schema on stdout, as `docs/stack.schema.json` has it.
///
/// # Errors
/// When the schema cannot be written as JSON, which would be a defect.
pub async fn run(_: Args) -> miette::Result<()> {
    anstream::println!("{}", text()?);
    Ok(())
}

fn text() -> miette::Result<String> {
    serde_json::to_string_pretty(&config::schema()).into_diagnostic()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_published_schema_is_current() {
        let published = include_str!("../../docs/stack.schema.json");
        let current = super::text().unwrap();
        assert!(published.trim_end() == current, "run: cargo run -- schema > docs/stack.schema.json");
    }
}
