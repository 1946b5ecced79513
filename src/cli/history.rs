//! `provision history`: who changed a stack, when, how it ended, and with which code.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::format::Format;
use super::session::Session;
use crate::home::{Ending, Record};
use crate::model::Tally;
use crate::report;
use crate::report::out::{out, outln};

/// The version of the JSON form: it grows when a member changes its meaning or goes.
const FORMAT_VERSION: u32 = 1;
/// How many digits of a digest tell it from others.
const SHORT: usize = 12;

/// Show who applied what, when, and with which bundles.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// How many runs to show, newest first.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// A stack's history.
#[derive(Serialize)]
struct History {
    format_version: u32,
    stack: String,
    /// Newest first.
    runs: Vec<Entry>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Entry {
    began: Timestamp,
    /// Absent while it runs, and for good where it was killed.
    ended: Option<Timestamp>,
    by: String,
    command: String,
    state: State,
    /// Absent where nothing was noted of it.
    done: Option<Tally>,
    /// The SHA-256 of each deployed package, by handler.
    bundles: BTreeMap<String, String>,
    /// The digest of the saved plan that it carried out.
    plan: Option<String>,
    provision_version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Running,
    Complete,
    Failed,
    Interrupted,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        })
    }
}

/// Prints the history that the home bucket keeps.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    let session = Session::open(&args.stack).await?;
    let stack = session.stack();
    let (records, holder) =
        tokio::try_join!(session.home.history(stack, args.limit), session.home.holder(stack))?;
    let newest = records.first().map(|record| record.run.id.clone());
    let running = newest.filter(|_| holder.is_some());
    let runs: Vec<Entry> = records.iter().map(|record| entry(record, running.as_deref())).collect();
    match args.format {
        Format::Human if runs.is_empty() => outln!(
            "nothing is noted of stack {stack} in s3://{}: it was not applied yet, or its teardown was the account's last",
            session.home.bucket()
        ),
        Format::Human => out!("{}", human(&runs)),
        Format::Json => {
            let history = History { format_version: FORMAT_VERSION, stack: stack.to_owned(), runs };
            out!("{}", report::json(&history));
        }
    }
    Ok(())
}

/// What a run's last record tells of it; `running` is the run that may be under way.
fn entry(record: &Record, running: Option<&str>) -> Entry {
    let run = &record.run;
    let ended = run.ended.is_some() || record.complete;
    let state = match run.ended.map(|ended| ended.how) {
        Some(Ending::Complete) => State::Complete,
        Some(Ending::Failed) => State::Failed,
        Some(Ending::Interrupted) => State::Interrupted,
        None if record.complete => State::Complete,
        None if running == Some(run.id.as_str()) => State::Running,
        None => State::Interrupted,
    };
    Entry {
        began: run.began.unwrap_or(record.at),
        ended: ended.then_some(record.at),
        by: record.by.clone(),
        command: if run.command.is_empty() { "apply".to_owned() } else { run.command.clone() },
        state,
        done: run.ended.map(|ended| ended.tally),
        bundles: run.bundles.clone(),
        plan: run.plan.clone(),
        provision_version: record.version.clone(),
    }
}

/// A line each, in aligned columns.
fn human(runs: &[Entry]) -> String {
    let rows: Vec<[String; 7]> = runs.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn row(entry: &Entry) -> [String; 7] {
    let bundles = entry.bundles.iter().map(|(handler, digest)| format!("{handler} {}", short(digest)));
    [
        entry.began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        who(&entry.by).to_owned(),
        entry.command.clone(),
        entry.state.to_string(),
        entry.done.map_or_else(|| "-".to_owned(), |done| done.to_string()),
        format!("provision {}", entry.provision_version),
        bundles
            .chain(entry.plan.iter().map(|plan| format!("plan {}", short(plan))))
            .collect::<Vec<_>>()
            .join(", "),
    ]
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
    use super::*;
    use crate::home::{Ended, Run};

    fn record(by: &str, ended: Option<(Ending, Tally)>, plan: Option<&str>) -> Record {
        let bundles = BTreeMap::from([("submit".to_owned(), "0daff601731c5a52".to_owned())]);
        let mut run = Run::begin("apply", plan, bundles);
        run.began = Some("2026-11-23T07:00:00Z".parse().unwrap());
        run.ended = ended.map(|(how, tally)| Ended { how, tally });
        let mut record = Record::new("vod", by, false, Vec::new(), run, Vec::new());
        record.version = "0.1.0".into();
        record
    }

    #[test]
    fn a_line_says_who_did_what_and_how_it_ended() {
        let user = "arn:aws:iam::111122223333:user/reviewer";
        let role = "arn:aws:sts::111122223333:assumed-role/Deploy/run-7";
        let done = Tally { created: 34, failed: 1, ..Tally::default() };
        let running = record(role, None, None);
        let records = [
            running.clone(),
            record(user, Some((Ending::Failed, done)), Some("aaaabbbbccccdddd")),
            record("arn:aws:iam::111122223333:root", None, None),
        ];
        let entries: Vec<Entry> = records.iter().map(|one| entry(one, Some(&running.run.id))).collect();
        insta::assert_snapshot!(human(&entries), @"
        2026-11-23 07:00:00 UTC  Deploy/run-7  apply  running      -                     provision 0.1.0  submit 0daff601731c
        2026-11-23 07:00:00 UTC  reviewer      apply  failed       34 created, 1 failed  provision 0.1.0  submit 0daff601731c, plan aaaabbbbcccc
        2026-11-23 07:00:00 UTC  root          apply  interrupted  -                     provision 0.1.0  submit 0daff601731c
        ");
    }

    #[test]
    fn a_record_of_before_runs_were_noted_is_told_as_far_as_it_goes() {
        let at: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let record = Record { run: Run::default(), complete: true, at, ..record("a", None, None) };
        let entry = entry(&record, None);
        assert_eq!((entry.state, entry.began, entry.done), (State::Complete, at, None));
    }
}
