//! The record of a stack's last apply, and of the run that wrote it.

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Home;
use crate::aws::{Error, Result, SdkResult};
use crate::model::{Address, CodeOrigin, Known, Tally, VERSION};

const FORMAT: u32 = 1;
/// How many saved plans a record remembers as applied.
const PLANS: usize = 100;

/// The last apply of a stack: its declarations, who applied it, and what may exist because of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The format's version.
    pub format: u32,
    /// The version of this program that wrote it, with its commit.
    pub version: String,
    /// The stack.
    pub stack: String,
    /// Who applied: the caller's ARN.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Whether the apply ran to its end. A record is also written before the first change, so that an interrupted apply
    /// leaves nothing unknown.
    pub complete: bool,
    /// Whether any apply of the stack ran to its end. If so, the stack's access was approved once.
    #[serde(default)]
    pub established: bool,
    /// The resources that were declared or are still known to exist.
    pub resources: Vec<Recorded>,
    /// Resources that a run began to create and that carry no ownership tag. If the run is killed, only this list leads
    /// to them.
    #[serde(default)]
    pub begun: Vec<Known>,
    /// The engine that carried out the run: `direct` or `cloudformation`. Old records name none: it was `direct`.
    #[serde(default)]
    pub engine: Option<String>,
    /// The run that wrote it.
    #[serde(default)]
    pub run: Run,
    /// The saved plans that were applied to the stack so far. The newest is last.
    #[serde(default)]
    pub plans: Vec<AppliedPlan>,
}

/// A run of `apply` or `teardown`. It writes a record when it begins and one when it ends, both with these fields. Old
/// records, written before runs were recorded, have none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The unique id of the run.
    pub id: String,
    /// The command: `apply` or `teardown`.
    pub command: String,
    /// When it began.
    pub began: Option<Timestamp>,
    /// The digest of the saved plan that it applied, if it applied one.
    pub plan: Option<String>,
    /// The SHA-256 of each deployed package, by handler.
    pub bundles: BTreeMap<String, String>,
    /// What each package was built from, by handler.
    #[serde(default)]
    pub origins: BTreeMap<String, CodeOrigin>,
    /// How it ended. `None` while it runs.
    pub ended: Option<Ended>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// In a word.
    pub how: Ending,
    /// In numbers.
    pub tally: Tally,
}

/// How a run ended, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All steps were done and have settled.
    Complete,
    /// Something failed.
    Failed,
    /// It was interrupted, or lost its lock.
    Interrupted,
}

/// A saved plan that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedPlan {
    /// Its digest.
    pub digest: String,
    /// When its apply began.
    pub at: Timestamp,
    /// Who applied it: the caller's ARN.
    pub by: String,
}

impl Run {
    /// A run that begins now.
    #[must_use]
    pub fn begin(command: &str, plan: Option<&str>, bundles: BTreeMap<String, String>) -> Self {
        let now = Timestamp::now();
        Self {
            id: format!("{}-{}", std::process::id(), now.as_nanosecond()),
            command: command.to_owned(),
            began: Some(now),
            plan: plan.map(str::to_owned),
            bundles,
            origins: BTreeMap::new(),
            ended: None,
        }
    }
}

/// One resource of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its address, type and id.
    #[serde(flatten)]
    pub known: Known,
    /// Its applied properties.
    pub properties: Value,
}

impl Record {
    /// A record with the current time.
    #[must_use]
    pub fn new(
        stack: &str,
        by: &str,
        complete: bool,
        resources: Vec<Recorded>,
        run: Run,
        mut plans: Vec<AppliedPlan>,
    ) -> Self {
        let version = VERSION.to_owned();
        let (stack, by) = (stack.to_owned(), by.to_owned());
        drop(plans.drain(..plans.len().saturating_sub(PLANS)));
        let (at, established, begun) = (Timestamp::now(), complete, Vec::new());
        let engine = None;
        Self {
            format: FORMAT,
            version,
            stack,
            by,
            at,
            complete,
            established,
            resources,
            begun,
            engine,
            run,
            plans,
        }
    }

    /// Parses the record in an object's text. Messages use `place` as its name.
    pub(super) fn read(place: &str, text: &str) -> Result<Self> {
        if Self::is_newer(text) {
            let loose = serde_json::from_str::<Value>(text).unwrap_or_default();
            let version = loose["version"].as_str().unwrap_or("of a later version");
            let message =
                format!("{place} was written by provision {version}: use that version or a later one");
            return Err(Error::unexpected("s3:GetObject", message));
        }
        serde_json::from_str(text).map_err(|error| {
            let message = format!(
                "{place} is not a record ({error}): delete it, or restore a former version; without a record, the \
                 stack's resources are found by their tags"
            );
            Error::unexpected("s3:GetObject", message)
        })
    }

    /// Whether a newer program wrote it. Such a record may have another form, so its format number is checked before
    /// anything else is read.
    pub(super) fn is_newer(text: &str) -> bool {
        let loose = serde_json::from_str::<Value>(text).unwrap_or_default();
        loose["format"].as_u64().is_some_and(|format| format > u64::from(FORMAT))
    }

    /// What it says about the run alone. A whole record takes about a megabyte.
    #[must_use]
    pub(super) fn without_resources(self) -> Self {
        Self { resources: Vec::new(), begun: Vec::new(), plans: Vec::new(), ..self }
    }

    /// All resources that it names.
    #[must_use]
    pub fn known(&self) -> Vec<Known> {
        let resources = self.resources.iter().map(|recorded| &recorded.known);
        resources.chain(&self.begun).cloned().collect()
    }

    /// The declared resources with their applied properties.
    pub fn resources(&self) -> impl Iterator<Item = (Known, Value)> {
        self.resources.iter().map(|recorded| (recorded.known.clone(), recorded.properties.clone()))
    }

    /// The applied properties by address. They distinguish drift from change.
    #[must_use]
    pub fn applied(&self) -> BTreeMap<Address, Value> {
        let pairs = self
            .resources
            .iter()
            .map(|recorded| (recorded.known.address.clone(), recorded.properties.clone()));
        pairs.collect()
    }
}

/// The key of the record in the home bucket.
pub(super) const KEY: &str = "record.json";

impl Home {
    /// The stack's record, if it has one that this version can read.
    ///
    /// # Errors
    /// When it cannot be read, or when a newer program wrote it.
    pub async fn record(&self) -> Result<Option<Record>> {
        let Some(object) = self.get(KEY).await? else { return Ok(None) };
        Record::read(&format!("s3://{}/{KEY}", self.bucket()), &object.text).map(Some)
    }

    /// Writes the stack's record.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn put_record(&self, record: &Record) -> Result<()> {
        let text = serde_json::to_vec(record)
            .map_err(|error| Error::unexpected("s3:PutObject", format!("the record as JSON: {error}")))?;
        let put = self.cx.s3().put_object().bucket(self.bucket()).key(KEY);
        let put = put.expected_bucket_owner(&self.cx.scope.account).content_type("application/json");
        put.body(ByteStream::from(text)).send().await.named("s3:PutObject").map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Record::read("s3://home/record.json", text).unwrap_err().to_string()
    }

    #[test]
    fn a_record_that_cannot_be_read_says_what_to_do() {
        let newer = said(r#"{"format":2,"version":"3.0.0","stacks":["of another form"]}"#);
        assert!(newer.contains("was written by provision 3.0.0: use that version or a later one"), "{newer}");
        for broken in ["", "{", "[]", r#"{"format":1}"#] {
            let said = said(broken);
            assert!(said.contains("is not a record") && said.contains("delete it"), "{said}");
        }
    }
}
