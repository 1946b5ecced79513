//! `provision graph`: the dependency graph of a stack as a picture, marked with what apply would do.

use std::path::PathBuf;

use super::handlers::HandlersArgs;
use super::terminal::Terminal;
use crate::ops;
use crate::report::out::outln;
use crate::report::picture::Picture;

/// Draw the dependency graph of a stack, with the flow of a video through it.
///
/// Resources are grouped by concern and marked with what apply would do to them. Thick arrows show the flow of a video,
/// from left to right. A thin arrow points from a resource to one that it needs. Needs that others imply are left out.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The format: `mermaid` for Markdown on GitHub, `dot` for Graphviz, `svg` for a browser.
    #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid)]
    format: GraphFormat,
    /// Draw what the stack file declares, without an account.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    handlers: HandlersArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum GraphFormat {
    Mermaid,
    Dot,
    Svg,
}

/// Prints the picture.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    args.handlers.choose();
    let picture =
        if args.offline { Picture::of(&ops::offline_graph(&args.stack)?) } else { planned(&args).await? };
    let text = match args.format {
        GraphFormat::Mermaid => picture.mermaid(),
        GraphFormat::Dot => picture.dot(),
        GraphFormat::Svg => picture.svg(),
    };
    outln!("{}", text.trim_end());
    Ok(())
}

async fn planned(args: &Args) -> miette::Result<Picture> {
    let planned = ops::plan(&args.stack, ops::PlanWishes::default(), None, &Terminal::ui()).await?;
    Ok(Picture::of(&planned.graph).painted(&planned.review))
}
