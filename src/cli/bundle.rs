//! `provision bundle`: the handlers as deterministic zips, with the digests Lambda will report.

use std::path::PathBuf;

use miette::IntoDiagnostic as _;
use unicode_width::UnicodeWidthStr as _;

use super::format::Format;
use super::handlers::HandlersArgs;
use super::terminal::Terminal;
use crate::model::printable::escaped_json;
use crate::ops::{self, Architecture, Bundle, Profile, host_architecture};
use crate::report;
use crate::report::out::{out, outln};

/// Build the handlers where they are stale and print their zips with their digests.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Architecture the functions run on; `host` is this machine's own
    #[arg(long, value_enum, default_value_t = Arch::Host)]
    arch: Arch,
    /// How to print the bundles
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Copy the zips to this directory, under the architecture: `--handlers DIR` takes them, and a build with
    /// `PROVISION_BUNDLES=DIR` puts them into the program
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    handlers: HandlersArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Arch {
    Arm64,
    #[value(name = "x86_64")]
    X86_64,
    Host,
}

impl Arch {
    fn resolve(self) -> miette::Result<Architecture> {
        match self {
            Self::Arm64 => Ok(Architecture::Arm64),
            Self::X86_64 => Ok(Architecture::X86_64),
            Self::Host => host_architecture(),
        }
    }
}

/// Bundles the handlers and prints what came out.
///
/// # Errors
///
/// When there are no handlers, or one cannot be built.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    args.handlers.choose();
    let mut bundles = ops::build(args.arch.resolve()?, Profile::Lambda, &Terminal).await?;
    if let Some(folder) = &args.out {
        bundles = ops::copy_bundles(&bundles, folder)?;
    }
    match args.format {
        Format::Human => out!("{}", human(&bundles)),
        Format::Json => {
            // Not as a report: a path that is no text cannot be written as JSON.
            let text = serde_json::to_string_pretty(&bundles).into_diagnostic()?;
            outln!("{}", escaped_json(&text));
        }
    }
    Ok(())
}

/// One line a bundle, in aligned columns.
pub(super) fn human(bundles: &[Bundle]) -> String {
    let rows: Vec<[String; 6]> = bundles.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            // Sizes align at their unit.
            if column == 2 { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(bundle: &Bundle) -> [String; 6] {
    let cells = [
        bundle.handler.clone(),
        bundle.architecture.to_string(),
        format!("{:.2} MB", bundle.size as f64 / 1e6),
        bundle.sha256_base64.clone(),
        if bundle.built { "built" } else { "fresh" }.to_owned(),
        bundle.zip.display().to_string(),
    ];
    cells.map(|cell| report::plain(&cell).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CodeOrigin;

    #[test]
    fn prints_aligned_lines() {
        let bundle = |handler: &str, size| Bundle {
            handler: handler.to_owned(),
            architecture: Architecture::Arm64,
            zip: format!("/cache/bundles/01ab/{handler}.zip").into(),
            sha256_base64: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned(),
            size,
            built: size > 5_000_000,
            origin: CodeOrigin { sources: "5b".to_owned(), toolchain: "rustc 1.95.0".to_owned() },
        };
        insta::assert_snapshot!(human(&[bundle("submit", 3_456_789), bundle("publish", 12_000_000)]), @"
        submit   arm64   3.46 MB  47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=  fresh  /cache/bundles/01ab/submit.zip
        publish  arm64  12.00 MB  47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=  built  /cache/bundles/01ab/publish.zip
        ");
    }
}
