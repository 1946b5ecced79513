//! `provision schema`: the JSON Schemas of the stack file, for editors, and of results, for programs.

use miette::IntoDiagnostic as _;

use crate::report;
use crate::report::out::outln;
use crate::stack::config;

/// Print the JSON Schema of the stack file, or of a result as JSON.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The document to describe.
    #[arg(value_enum, default_value_t = Of::Stack)]
    of: Of,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Of {
    /// The stack file.
    Stack,
    /// The output of `provision plan --format json` for one stack. For several stacks it is an array of these.
    Plan,
    /// The output of `provision import --format json`.
    Import,
}

/// Prints the schema on stdout, as `docs/stack.schema.json`, `docs/plan.schema.json` and `docs/import.schema.json` have it.
///
/// # Errors
/// When the schema cannot be written as JSON, which would be a defect.
pub async fn run(args: Args) -> miette::Result<()> {
    outln!("{}", text(args.of)?);
    Ok(())
}

fn text(of: Of) -> miette::Result<String> {
    let schema = match of {
        Of::Stack => config::schema(),
        Of::Plan => report::json_schema(),
        Of::Import => report::import_schema(),
    };
    serde_json::to_string_pretty(&schema).into_diagnostic()
}

#[cfg(test)]
mod tests {
    use super::{Of, text};

    #[test]
    fn the_published_schemas_are_current() {
        let stack = include_str!("../../docs/stack.schema.json");
        assert!(stack.trim_end() == text(Of::Stack).unwrap(), "cargo run -- schema > docs/stack.schema.json");
        let plan = include_str!("../../docs/plan.schema.json");
        assert!(
            plan.trim_end() == text(Of::Plan).unwrap(),
            "cargo run -- schema plan > docs/plan.schema.json"
        );
        let import = include_str!("../../docs/import.schema.json");
        assert!(
            import.trim_end() == text(Of::Import).unwrap(),
            "cargo run -- schema import > docs/import.schema.json"
        );
    }
}
