//! History: who changed a stack, when, how it ended, and with which code.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::session::Session;
use super::ui::Ui;
use crate::home::{Ending, Home, Record};
use crate::model::{CodeOrigin, Tally};

/// A stack's history, as the home bucket keeps it.
pub struct StackHistory {
    /// The stack.
    pub stack: String,
    /// The home bucket.
    pub bucket: String,
    /// Its runs, newest first.
    pub runs: Vec<HistoryEntry>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// When it began.
    pub began: Timestamp,
    /// When it ended; absent while it runs, and for good where it was killed.
    pub ended: Option<Timestamp>,
    /// Who ran it: the caller's ARN.
    pub by: String,
    /// `apply` or `teardown`.
    pub command: String,
    /// How it went.
    pub state: RunState,
    /// What was done, in numbers; absent where that was not recorded.
    pub done: Option<Tally>,
    /// The SHA-256 of each deployed package, by handler.
    pub bundles: BTreeMap<String, String>,
    /// What each package was built from, by handler; absent where that was not recorded.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub origins: BTreeMap<String, CodeOrigin>,
    /// The digest of the saved plan that it carried out.
    pub plan: Option<String>,
    /// The version of this program, with its commit.
    pub provision_version: String,
}

/// How a run went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It holds the lock now.
    Running,
    /// Everything was done.
    Complete,
    /// Something failed.
    Failed,
    /// It was interrupted or killed.
    Interrupted,
}

/// The newest `limit` runs of the stack that the file at `path` declares.
///
/// # Errors
/// When the stack file cannot be used, or the records cannot be read.
pub async fn history(path: &Path, limit: usize, ui: &Arc<dyn Ui>) -> miette::Result<StackHistory> {
    let session = Session::open(path, ui).await?;
    let (home, stack) = (Home::new(session.account.regions.home()), session.stack());
    let (records, holder) = tokio::try_join!(home.history(limit), home.holder())?;
    let newest = records.first().map(|record| record.run.id.clone());
    let running = newest.filter(|_| holder.is_some());
    let runs = records.iter().map(|record| entry(record, running.as_deref())).collect();
    Ok(StackHistory { stack: stack.to_owned(), bucket: home.bucket().to_owned(), runs })
}

/// A run as its last record describes it; `running` is the id of the run that holds the lock.
fn entry(record: &Record, running: Option<&str>) -> HistoryEntry {
    let run = &record.run;
    let ended = run.ended.is_some() || record.complete;
    let state = match run.ended.map(|ended| ended.how) {
        Some(Ending::Complete) => RunState::Complete,
        Some(Ending::Failed) => RunState::Failed,
        Some(Ending::Interrupted) => RunState::Interrupted,
        None if record.complete => RunState::Complete,
        None if running == Some(run.id.as_str()) => RunState::Running,
        None => RunState::Interrupted,
    };
    HistoryEntry {
        began: run.began.unwrap_or(record.at),
        ended: ended.then_some(record.at),
        by: record.by.clone(),
        command: if run.command.is_empty() { "apply".to_owned() } else { run.command.clone() },
        state,
        done: run.ended.map(|ended| ended.tally),
        bundles: run.bundles.clone(),
        origins: run.origins.clone(),
        plan: run.plan.clone(),
        provision_version: record.version.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::{Ended, Run};

    fn record(ended: Option<Ending>) -> Record {
        let mut run = Run::begin("apply", None, BTreeMap::new());
        run.began = Some("2026-11-23T07:00:00Z".parse().unwrap());
        run.ended = ended.map(|how| Ended { how, tally: Tally::default() });
        Record::new("vod", "arn:aws:iam::111122223333:root", false, Vec::new(), run, Vec::new())
    }

    #[test]
    fn a_run_without_an_end_is_running_while_the_lock_is_held_and_else_interrupted() {
        let running = record(None);
        let state = |record: &Record| entry(record, Some(&running.run.id)).state;
        assert_eq!(state(&running), RunState::Running);
        assert_eq!(state(&record(Some(Ending::Failed))), RunState::Failed);
        assert_eq!(state(&record(Some(Ending::Complete))), RunState::Complete);
        assert_eq!(state(&record(None)), RunState::Interrupted, "another run");
    }

    #[test]
    fn a_record_from_before_runs_were_recorded_is_read_as_far_as_it_goes() {
        let at: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let record = Record { run: Run::default(), complete: true, at, ..record(None) };
        let entry = entry(&record, None);
        assert_eq!((entry.state, entry.began, entry.done), (RunState::Complete, at, None));
    }
}
