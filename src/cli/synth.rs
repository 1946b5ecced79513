//! `provision synth`: the stack as CloudFormation templates, offline.

use std::fs;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic as _, WrapErr as _};

use super::handlers::HandlersArgs;
use super::terminal::Terminal;
use crate::model::INLINE_TEMPLATE;
use crate::ops::{self, Template};
use crate::report;
use crate::report::out::{errln, out, outln};

/// Print the stack as CloudFormation templates, offline, with the same resources, names and properties.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The format of the templates.
    #[arg(long, value_enum, default_value_t = SynthFormat::Yaml)]
    format: SynthFormat,
    /// Write each template to a file in this directory; the default is stdout.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The id of the hosted zone of the stack's domain. AWS assigns it.
    #[arg(long, value_name = "ID")]
    zone_id: Option<String>,
    #[command(flatten)]
    handlers: HandlersArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum SynthFormat {
    Yaml,
    Json,
}

impl SynthFormat {
    const fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }

    fn render(self, template: &Template) -> String {
        match self {
            Self::Yaml => template.to_yaml(),
            Self::Json => template.to_json(),
        }
    }
}

/// Writes the templates in the order in which they are deployed.
///
/// # Errors
/// When the stack file cannot be used, a handler cannot be built, or a file cannot be written.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    args.handlers.choose();
    let templates = ops::synth(&args.stack, args.zone_id, &Terminal).await?;
    for long in templates.iter().filter_map(|template| long(template, args.format)) {
        errln!("{}", report::plain(&long));
    }
    match &args.out {
        Some(directory) => write(&templates, args.format, directory),
        None => {
            out!("{}", text(&templates, args.format));
            Ok(())
        }
    }
}

/// All templates as one text: a stream of YAML or JSON documents.
pub(super) fn text(templates: &[Template], format: SynthFormat) -> String {
    let separator = if format == SynthFormat::Yaml { "---\n" } else { "" };
    templates.iter().map(|template| format.render(template)).collect::<Vec<_>>().join(separator)
}

/// What to know of a template that no call takes as text.
fn long(template: &Template, format: SynthFormat) -> Option<String> {
    let bytes = format.render(template).len();
    (bytes > INLINE_TEMPLATE).then(|| {
        format!(
            "{} has {bytes} bytes, and a call takes {INLINE_TEMPLATE}: put it into a bucket, and give CloudFormation its URL \
             (`--template-url`)",
            template.name
        )
    })
}

fn write(templates: &[Template], format: SynthFormat, directory: &Path) -> miette::Result<()> {
    fs::create_dir_all(directory)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot make the directory {}", directory.display()))?;
    for template in templates {
        let path = directory.join(format!("{}.{}", template.name, format.extension()));
        fs::write(&path, format.render(template))
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
        let line = format!("{}: {} in {}", path.display(), template.name, template.region);
        outln!("{}", report::plain(&line));
    }
    Ok(())
}
