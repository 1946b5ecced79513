//! The event that a job ended.
//!
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_event_list.html>

use std::collections::HashMap;

use asset::{State, Warning, metadata};
use serde::{Deserialize, Deserializer};

use super::request::UnknownPayload;

/// A job that submit started, and its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The job id.
    pub id: String,
    /// The asset id.
    pub asset: String,
    /// The run.
    pub run: String,
    /// The source bucket.
    pub bucket: String,
    /// The source key.
    pub key: String,
    /// The source version.
    pub version: String,
    /// The job template's time of last update, in epoch seconds.
    pub revision: i64,
    /// How long the encode is at least, in seconds, as far as submit knew it.
    pub expected: Option<f64>,
    /// The account, which is hidden from viewers.
    pub account: Option<String>,
    /// When it ended (RFC 3339).
    pub ended: String,
    /// The result.
    pub end: End,
}

/// The result of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// Every output was written.
    Complete {
        /// Length of the longest output, in seconds.
        duration: Option<f64>,
        /// MediaConvert's warnings.
        warnings: Vec<Warning>,
    },
    /// The outputs were not all written: the job failed or was canceled.
    Failed {
        /// [`State::Error`] or [`State::Canceled`].
        state: State,
        /// MediaConvert's error code.
        code: Option<i64>,
        /// MediaConvert's message.
        message: String,
    },
}

/// An object of the source bucket, and its asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Original<'a> {
    /// The asset id.
    pub asset: &'a str,
    /// The source bucket.
    pub bucket: &'a str,
    /// The source key.
    pub key: &'a str,
}

/// The event's detail.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Detail {
    status: String,
    timestamp: i64,
    job_id: String,
    account_id: Option<String>,
    #[serde(default, deserialize_with = "or_none")]
    user_metadata: HashMap<String, String>,
    #[serde(default, deserialize_with = "or_none")]
    output_group_details: Vec<GroupDetail>,
    #[serde(default, deserialize_with = "or_none")]
    warnings: Vec<Warning>,
    error_code: Option<i64>,
    error_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupDetail {
    #[serde(default, deserialize_with = "or_none")]
    output_details: Vec<OutputDetail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputDetail {
    duration_in_ms: Option<f64>,
}

/// Reads a value that may be null or absent.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Job {
    /// The object that it encoded.
    #[must_use]
    pub fn original(&self) -> Original<'_> {
        Original { asset: &self.asset, bucket: &self.bucket, key: &self.key }
    }

    /// Reads an event's detail. Returns `None` if submit did not start the job; publish then ignores it.
    ///
    /// The values in `UserMetadata` must match (the asset is a function of bucket and key). So a job that somebody else
    /// created in this queue cannot write to another asset's place.
    ///
    /// # Errors
    ///
    /// If the job has not ended.
    pub(crate) fn parse(detail: Detail) -> Result<Option<Self>, UnknownPayload> {
        let end = detail.end()?;
        Ok(detail.into_job(end))
    }
}

impl Detail {
    fn end(&self) -> Result<End, UnknownPayload> {
        let failed = |state, message: &str| End::Failed {
            state,
            code: self.error_code,
            message: self.error_message.clone().unwrap_or_else(|| message.into()),
        };
        match self.status.as_str() {
            "COMPLETE" => Ok(End::Complete { duration: self.duration(), warnings: self.warnings.clone() }),
            "ERROR" => Ok(failed(State::Error, "MediaConvert gave no reason")),
            "CANCELED" => Ok(failed(State::Canceled, "the job was canceled")),
            _ => Err(UnknownPayload(None)),
        }
    }

    fn duration(&self) -> Option<f64> {
        self.output_group_details
            .iter()
            .flat_map(|group| &group.output_details)
            .filter_map(|output| output.duration_in_ms)
            .reduce(f64::max)
            .map(|millis| millis / 1000.0)
    }

    fn into_job(mut self, end: End) -> Option<Job> {
        let key = metadata::key(&self.user_metadata)?;
        let mut take = |name| self.user_metadata.remove(name);
        let (asset, bucket, version) =
            (take(metadata::ASSET)?, take(metadata::BUCKET)?, take(metadata::VERSION)?);
        let revision = take(metadata::REVISION)?.parse().ok()?;
        let expected = take(metadata::LENGTH).as_deref().and_then(metadata::seconds);
        let job = Job {
            run: asset::run(&version, revision),
            asset,
            bucket,
            key,
            version,
            revision,
            expected,
            id: self.job_id,
            account: self.account_id,
            ended: handler::rfc3339(self.timestamp),
            end,
        };
        let fits = job.asset == asset::id(&job.bucket, &job.key);
        fits.then_some(job)
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::Request;
    use super::*;

    fn parse(event: &str) -> Result<Option<Job>, UnknownPayload> {
        Ok(match Request::parse(serde_json::from_str(event).unwrap())? {
            Request::Ended(job) => Some(*job),
            _ => None,
        })
    }

    #[test]
    fn a_complete_event_gives_the_upload_and_the_duration() {
        let job = parse(include_str!("../tests/fixtures/complete.json")).unwrap().unwrap();
        assert_eq!((job.id.as_str(), job.key.as_str()), ("1671476818694-phptj0", "films/holiday.mp4"));
        assert_eq!(job.ended, "2022-12-19T19:07:12.124Z");
        let warnings = vec![Warning { code: 230_005, count: 1 }];
        assert_eq!(job.end, End::Complete { duration: Some(30.041), warnings });
    }

    #[test]
    fn error_and_canceled_events_give_the_reason() {
        let end = |event| parse(event).unwrap().unwrap().end;
        let error = End::Failed {
            state: State::Error,
            code: Some(1040),
            message: "Unable to open input file [s3://source/films/holiday.mp4]".into(),
        };
        assert_eq!(end(include_str!("../tests/fixtures/error.json")), error);
        let canceled =
            End::Failed { state: State::Canceled, code: None, message: "the job was canceled".into() };
        assert_eq!(end(include_str!("../tests/fixtures/canceled.json")), canceled);
    }

    #[test]
    fn jobs_of_others_and_metadata_that_does_not_fit_are_not_ours() {
        let event = include_str!("../tests/fixtures/complete.json");
        assert!(parse(&event.replace("\"asset\"", "\"other\"")).unwrap().is_none());
        assert!(parse(&event.replace("films/holiday", "films/other")).unwrap().is_none());
        assert!(parse(&event.replace("COMPLETE", "PROGRESSING")).is_err());
        assert!(parse("{}").is_err());
    }
}
