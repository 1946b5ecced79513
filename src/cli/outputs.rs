//! `provision outputs`: the addresses and names that an app, a player and an operator need.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use miette::miette;
use serde::Serialize;

use super::format::Format;
use super::session::Session;
use crate::graph::Graph;
use crate::model::{Address, Outputs as Values};
use crate::observe;
use crate::report;
use crate::report::out::{out, outln};

/// Print where the stack's videos go in and come out, and what its parts are called.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// The one resource whose outputs names do not foretell.
const DISTRIBUTION: &str = "delivery/distribution";

/// What a stack is reached by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Outputs {
    /// The viewer's base address, without a trailing slash: assets play at `<playback>/assets/<asset>/index.m3u8`.
    pub(super) playback: String,
    pub(super) distribution: String,
    pub(super) source_bucket: String,
    pub(super) work_bucket: String,
    pub(super) output_bucket: String,
    pub(super) logs_bucket: String,
    pub(super) queue: String,
    pub(super) job_template: String,
    pub(super) submit_function: String,
    pub(super) publish_function: String,
    pub(super) dead_letter_queue: String,
}

/// Prints the outputs of an applied stack.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    let session = Session::open(&args.stack).await?;
    let graph = session.declare_unbuilt().await?;
    let outputs = Outputs::read(&session, &graph).await?;
    match args.format {
        Format::Human => outln!("{}", outputs.human()),
        Format::Json => out!("{}", report::json(&outputs)),
    }
    Ok(())
}

impl Outputs {
    /// The outputs of an applied stack. Names foretell all but the distribution's, so only that is looked up.
    pub(super) async fn read(session: &Session, graph: &Graph) -> miette::Result<Self> {
        let declared = graph.get(&Address::new(DISTRIBUTION));
        let live = match declared {
            Some(declaration) => observe::find(&session.regions, session.registry, declaration).await?,
            None => None,
        };
        Self::of(session, graph, live.map(|live| live.outputs).as_ref())
    }

    /// The same where what is live was seen or made a moment ago.
    pub(super) fn known(
        session: &Session,
        graph: &Graph,
        live: &BTreeMap<Address, Values>,
    ) -> miette::Result<Self> {
        Self::of(session, graph, live.get(&Address::new(DISTRIBUTION)))
    }

    fn of(session: &Session, graph: &Graph, distribution: Option<&Values>) -> miette::Result<Self> {
        let Some(distribution) = distribution else {
            return Err(miette!(
                help = "run `provision apply` first",
                "stack {} has no distribution yet",
                session.stack()
            ));
        };
        let assigned = |name: &str| distribution.get(name).cloned().unwrap_or_default();
        let id = assigned("Id");
        let named = |address: &str, attribute: &str| {
            predicted(graph, address).get(attribute).cloned().unwrap_or_default()
        };
        let playback = match (&session.local, &session.file.domain) {
            (Some(running), _) => running.viewer(&id),
            (None, Some(domain)) => format!("https://{}", domain.name),
            (None, None) => format!("https://{}", assigned("DomainName")),
        };
        Ok(Self {
            playback,
            distribution: id,
            source_bucket: named("storage/source", "BucketName"),
            work_bucket: named("storage/work", "BucketName"),
            output_bucket: named("storage/output", "BucketName"),
            logs_bucket: named("storage/logs", "BucketName"),
            queue: named("transcode/queue", "Arn"),
            job_template: named("transcode/template", "Name"),
            submit_function: named("handlers/submit", "FunctionName"),
            publish_function: named("handlers/publish", "FunctionName"),
            dead_letter_queue: named("handlers/dead-letters", "QueueUrl"),
        })
    }

    /// One aligned line each.
    pub(super) fn human(&self) -> String {
        let Self {
            playback,
            distribution,
            source_bucket,
            work_bucket,
            output_bucket,
            logs_bucket,
            queue,
            job_template,
            submit_function,
            publish_function,
            dead_letter_queue,
        } = self;
        let lines = [
            ("playback", playback),
            ("distribution", distribution),
            ("source bucket", source_bucket),
            ("work bucket", work_bucket),
            ("output bucket", output_bucket),
            ("logs bucket", logs_bucket),
            ("queue", queue),
            ("job template", job_template),
            ("submit function", submit_function),
            ("publish function", publish_function),
            ("dead letters", dead_letter_queue),
        ];
        let mut text = String::new();
        for (name, value) in lines {
            let _ = writeln!(text, "{name:<18}{value}");
        }
        text.trim_end().to_owned()
    }
}

/// What names foretell of a resource's outputs.
pub(super) fn predicted(graph: &Graph, address: &str) -> Values {
    graph.get(&Address::new(address)).map(|declaration| declaration.predicted.clone()).unwrap_or_default()
}
