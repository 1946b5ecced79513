//! `provision plan`: what apply would do.

use std::path::PathBuf;

use super::saved;
use super::session::Session;
use crate::plan::check::{Leave, check};
use crate::{plan, report};

/// Show what apply would do, property by property; changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// Plan to take over resources in the way that carry nobody's mark.
    #[arg(long)]
    adopt: bool,
    /// Save the plan, so that `apply FILE` carries out exactly this.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Prints the plan, and refuses like apply what is not safe.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    let session = Session::open(&args.stack).await?;
    let (graph, bundles) = session.declare().await?;
    let survey = session.survey(&graph).await?;
    let plan = plan::plan(session.regions.scope(), &graph, &survey.snapshot, &|kind| session.rules(kind));
    anstream::print!("{}", report::plan(&plan));
    session.close(graph.len());
    check(&plan, Leave { adopt: args.adopt, lose_data: false })?;
    match &args.out {
        Some(out) => saved::save(out, &session, (&graph, &bundles), &plan, args.adopt),
        None => Ok(()),
    }
}
