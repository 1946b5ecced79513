//! `provision outputs`: the addresses and names that an app, a player and an operator need.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::format::Format;
use super::name::NameArgs;
use super::terminal::Terminal;
use crate::ops::{self, DnsRecord, Outputs};
use crate::report;
use crate::report::out::{out, outln};

/// Print the playback address, the buckets, and the names of the stack's main resources.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    name: NameArgs,
}

/// Prints the outputs of an applied stack.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    args.name.choose();
    let outputs = ops::outputs(&args.stack, &Terminal::ui()).await?;
    match args.format {
        Format::Human => outln!("{}", human(&outputs)),
        Format::Json => out!("{}", report::json(&outputs)),
    }
    Ok(())
}

/// One aligned line each.
pub(super) fn human(outputs: &Outputs) -> String {
    let Outputs {
        playback,
        distribution,
        dns,
        source_bucket,
        work_bucket,
        output_bucket,
        logs_bucket,
        queue,
        job_template,
        submit_function,
        publish_function,
        dead_letter_queue,
        events_queue,
        events_topic,
    } = outputs;
    let none = String::new();
    // A CNAME cannot stand at the apex of a zone. Many providers have a record for it that acts as one.
    let dns = dns.as_ref().map(|DnsRecord { name, target }| {
        format!("{name} CNAME {target} (at the apex of a zone: ALIAS, for A and AAAA)")
    });
    let lines = [
        ("playback", playback),
        ("distribution", distribution),
        ("set in your DNS", dns.as_ref().unwrap_or(&none)),
        ("source bucket", source_bucket),
        ("work bucket", work_bucket),
        ("output bucket", output_bucket),
        ("logs bucket", logs_bucket.as_ref().unwrap_or(&none)),
        ("queue", queue),
        ("job template", job_template),
        ("submit function", submit_function),
        ("publish function", publish_function),
        ("dead letters", dead_letter_queue),
        ("events queue", events_queue.as_ref().unwrap_or(&none)),
        ("events topic", events_topic.as_ref().unwrap_or(&none)),
    ];
    let mut text = String::new();
    for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{name:<18}{}", report::plain(value));
    }
    text.trim_end().to_owned()
}
