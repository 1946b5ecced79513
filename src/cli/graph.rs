//! `provision graph`: the stack as a picture, painted with what a plan does.

use std::path::PathBuf;

use super::terminal::Terminal;
use crate::ops;
use crate::report::out::outln;
use crate::report::picture::Picture;

/// Draw the stack: what rests on what, painted with what apply would do.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The language of the picture; `mermaid` is drawn by GitHub, `dot` by Graphviz.
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
    /// Draw the declarations alone and ask no account.
    #[arg(long)]
    offline: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Mermaid,
    Dot,
    Svg,
}

/// Prints the picture.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    let picture =
        if args.offline { Picture::of(&ops::offline_graph(&args.stack)?) } else { planned(&args).await? };
    let text = match args.format {
        Format::Mermaid => picture.mermaid(),
        Format::Dot => picture.dot(),
        Format::Svg => picture.svg(),
    };
    outln!("{}", text.trim_end());
    Ok(())
}

async fn planned(args: &Args) -> miette::Result<Picture> {
    let planned = ops::plan(&args.stack, false, None, &Terminal::ui()).await?;
    Ok(Picture::of(&planned.graph).painted(&planned.review))
}
