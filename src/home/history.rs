//! The history of a stack: the former versions of its record.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::record::KEY;
use super::versions::Marker;
use super::{Home, Record};
use crate::aws::{OrEmpty as _, Result};

/// How many records are read in parallel.
const READS: usize = 16;

/// How many former records are tried until one can be read.
const TRIED: usize = 16;

impl Home {
    /// The last record of each run of the stack, newest first, at most `limit` of them. The history ends with the stack: a
    /// teardown removes the bucket.
    ///
    /// # Errors
    /// When the versions cannot be listed or read, or when a newer program wrote one.
    pub async fn history(&self, limit: usize) -> Result<Vec<Record>> {
        // A run writes one record when it begins and one when it ends. The oldest run may have only one of them in this
        // range.
        let enough = limit.saturating_mul(2).saturating_add(1);
        let mut runs = last_of_each_run(self.records(enough, Record::without_resources).await?);
        runs.truncate(limit);
        Ok(runs)
    }

    /// The stack's newest record, even if somebody deleted the current version.
    ///
    /// # Errors
    /// When it cannot be listed or read, or when a newer program wrote it.
    pub async fn last_record(&self) -> Result<Option<Record>> {
        Ok(self.records(TRIED, |record| record).await?.into_iter().next())
    }

    /// The newest versions of the record, newest first. `part` is what is kept of each.
    async fn records(&self, most: usize, part: impl Fn(Record) -> Record) -> Result<Vec<Record>> {
        let mut versions = Vec::new();
        let mut next = Some(Marker::default());
        while let Some(at) = next.take().filter(|_| versions.len() < most) {
            let (page, following) = self.versions(at).await?;
            versions.extend(page);
            next = following;
        }
        versions.truncate(most);
        let part = &part;
        let reads = versions.into_iter().map(|version| async move { Ok(self.one(version).await?.map(part)) });
        let records: Vec<Option<Record>> = stream::iter(reads).buffered(READS).try_collect().await?;
        let mut records: Vec<Record> = records.into_iter().flatten().collect();
        records.sort_by_key(|record| std::cmp::Reverse(record.at));
        Ok(records)
    }

    /// A version of a record, unless it has expired since it was listed. A broken version is skipped: it cannot be
    /// repaired, and it must not block the stack.
    async fn one(&self, version: Option<String>) -> Result<Option<Record>> {
        let place =
            format!("s3://{}/{KEY} (version {})", self.bucket(), version.as_deref().unwrap_or("null"));
        let Some(object) = self.get_version(KEY, version).await? else { return Ok(None) };
        match Record::read(&place, &object.text) {
            Ok(record) => Ok(Some(record)),
            Err(newer) if Record::is_newer(&object.text) => Err(newer),
            Err(broken) => {
                tracing::warn!("skipped: {broken}");
                Ok(None)
            }
        }
    }

    /// A page of the version ids of the record, the newest first.
    async fn versions(&self, at: Marker) -> Result<(Vec<Option<String>>, Option<Marker>)> {
        let Some((page, next)) = self.version_page(KEY, at).await? else { return Ok((Vec::new(), None)) };
        let versions = page.versions.or_empty().into_iter();
        let versions = versions.filter(|version| version.key.as_deref() == Some(KEY));
        Ok((versions.map(|version| version.version_id).collect(), next))
    }
}

/// Leaves out a run's first record if the record of its end exists too.
fn last_of_each_run(newest_first: Vec<Record>) -> Vec<Record> {
    let mut runs: Vec<Record> = Vec::new();
    for record in newest_first {
        let begin = record.run.ended.is_none() && !record.complete;
        let same = runs.last().is_some_and(|later| later.run.id == record.run.id && later.by == record.by);
        if !(begin && same) {
            runs.push(record);
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::{Ended, Ending, Run};
    use crate::model::Tally;

    fn record(id: &str, ended: Option<Ending>) -> Record {
        let ended = ended.map(|how| Ended { how, tally: Tally::default() });
        let run = Run { id: id.to_owned(), ended, ..Run::default() };
        let complete = ended.is_some_and(|ended| ended.how == Ending::Complete);
        Record::new("vod", "arn:aws:iam::111122223333:user/one", complete, Vec::new(), run, Vec::new())
    }

    #[test]
    fn a_run_is_told_once_however_it_ended() {
        let newest_first = vec![
            record("4", None),
            record("3", Some(Ending::Failed)),
            record("3", None),
            record("2", None),
            record("1", Some(Ending::Complete)),
            record("1", None),
        ];
        let runs = last_of_each_run(newest_first);
        let told: Vec<_> = runs.iter().map(|one| (one.run.id.as_str(), one.run.ended.is_some())).collect();
        assert_eq!(told, [("4", false), ("3", true), ("2", false), ("1", true)]);
    }

    #[test]
    fn records_of_before_runs_were_noted_are_read_and_paired() {
        let old = |complete: bool| {
            let text = format!(
                r#"{{"format":1,"version":"0.1.0","stack":"vod","by":"a","at":"2026-11-01T00:00:00Z","complete":{complete},"resources":[]}}"#
            );
            Record::read("s3://home/record.json", &text).unwrap()
        };
        assert_eq!(last_of_each_run(vec![old(true), old(false), old(true), old(false)]).len(), 2);
    }
}
