//! `provision history`: who changed a stack, when, how it ended, and with which code.

use std::path::PathBuf;

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::format::Format;
use super::name::NameArgs;
use super::terminal::Terminal;
use crate::ops::{self, HistoryEntry, RunState, StackHistory};
use crate::report;
use crate::report::out::{out, outln};

/// The version of the JSON form: it grows when a member changes its meaning or goes.
const FORMAT_VERSION: u32 = 1;
/// How many digits of a digest tell it from others.
const SHORT: usize = 12;

/// Show who applied the stack, when, with which bundles, and how it ended.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// How many runs to show, newest first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    name: NameArgs,
}

/// A stack's history.
#[derive(Serialize)]
struct History {
    format_version: u32,
    stack: String,
    /// Newest first.
    runs: Vec<HistoryEntry>,
}

/// Prints the history that the home bucket keeps.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    args.name.choose();
    let StackHistory { stack, bucket, runs } = ops::history(&args.stack, args.limit, &Terminal::ui()).await?;
    match args.format {
        Format::Human if runs.is_empty() => outln!(
            "no history for stack {stack} in s3://{bucket}: it was not applied yet, or a teardown removed it with \
             its history"
        ),
        Format::Human => out!("{}", human(&runs)),
        Format::Json => {
            out!("{}", report::json(&History { format_version: FORMAT_VERSION, stack, runs }));
        }
    }
    Ok(())
}

const fn state(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Complete => "complete",
        RunState::Failed => "failed",
        RunState::Interrupted => "interrupted",
    }
}

/// A line each, in aligned columns.
pub(super) fn human(runs: &[HistoryEntry]) -> String {
    let rows: Vec<[String; 7]> = runs.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn row(entry: &HistoryEntry) -> [String; 7] {
    let bundles = entry.bundles.iter().map(|(handler, digest)| format!("{handler} {}", short(digest)));
    let cells = [
        entry.began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        who(&entry.by).to_owned(),
        entry.command.clone(),
        state(entry.state).to_owned(),
        entry.done.map_or_else(|| "-".to_owned(), |done| done.to_string()),
        format!("provision {}", entry.provision_version),
        bundles
            .chain(entry.plan.iter().map(|plan| format!("plan {}", short(plan))))
            .collect::<Vec<_>>()
            .join(", "),
    ];
    // Whoever can write the record chose these words.
    cells.map(|cell| report::plain(&cell).into_owned())
}

fn short(digest: &str) -> &str {
    digest.get(..SHORT).unwrap_or(digest)
}

/// The name in a caller's ARN: a user's, or a role's with its session's.
fn who(arn: &str) -> &str {
    let name = arn.rsplit(':').next().unwrap_or(arn);
    name.strip_prefix("user/").or_else(|| name.strip_prefix("assumed-role/")).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Tally;

    #[test]
    fn a_line_says_who_did_what_and_how_it_ended() {
        let run = |by: &str, state, done, plan: Option<&str>| HistoryEntry {
            began: "2026-11-23T07:00:00Z".parse().unwrap(),
            ended: None,
            by: by.to_owned(),
            command: "apply".to_owned(),
            state,
            done,
            bundles: BTreeMap::from([("submit".to_owned(), "0daff601731c5a52".to_owned())]),
            origins: BTreeMap::new(),
            plan: plan.map(str::to_owned),
            provision_version: "0.1.0".to_owned(),
        };
        let user = "arn:aws:iam::111122223333:user/reviewer";
        let role = "arn:aws:sts::111122223333:assumed-role/Deploy/run-7";
        let done = Tally { created: 34, failed: 1, ..Tally::default() };
        let runs = [
            run(role, RunState::Running, None, None),
            run(user, RunState::Failed, Some(done), Some("aaaabbbbccccdddd")),
            run("arn:aws:iam::111122223333:root", RunState::Interrupted, None, None),
        ];
        insta::assert_snapshot!(human(&runs), @"
        2026-11-23 07:00:00 UTC  Deploy/run-7  apply  running      -                     provision 0.1.0  submit 0daff601731c
        2026-11-23 07:00:00 UTC  reviewer      apply  failed       34 created, 1 failed  provision 0.1.0  submit 0daff601731c, plan aaaabbbbcccc
        2026-11-23 07:00:00 UTC  root          apply  interrupted  -                     provision 0.1.0  submit 0daff601731c
        ");
    }
}
