//! Submit's input: an `Object Created` event, or tasks of S3 Batch Operations.
//!
//! We use our own types, because `aws_lambda_events` has no schema 2.0 of Batch Operations (`s3Bucket`,
//! `userArguments`). The payload's shape decides which of the two inputs it is.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html>

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One object to transcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The source bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The key with its plus signs taken literally, if a manifest's key has any.
    pub literal_key: Option<String>,
    /// The version that the event or the manifest names, if any.
    pub version: Option<String>,
    /// The batch job that forces a new job, even if one was already started for this version and template.
    pub forced_by: Option<String>,
}

impl Upload {
    /// The object's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

/// A payload, recognized by its shape.
#[derive(Debug)]
pub enum Request {
    /// EventBridge: one object was created.
    Created(Upload),
    /// S3 Batch Operations: a batch of tasks, each with its own result.
    Batch(Batch),
}

/// A payload that is neither of the two.
#[derive(Debug, thiserror::Error)]
#[error(
    "the payload is neither an EventBridge `Object Created` event nor an S3 Batch Operations invocation; check the rule or job that sent it"
)]
pub struct UnknownPayload(#[source] pub Option<serde_json::Error>);

impl Request {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// If it has neither shape.
    pub fn parse(payload: Value) -> Result<Self, UnknownPayload> {
        if payload.get("invocationSchemaVersion").is_some() {
            return serde_json::from_value(payload)
                .map(Self::Batch)
                .map_err(|error| UnknownPayload(Some(error)));
        }
        if payload["detail-type"] != "Object Created" {
            return Err(UnknownPayload(None));
        }
        let event: Created = serde_json::from_value(payload).map_err(|error| UnknownPayload(Some(error)))?;
        Ok(Self::Created(event.detail.into()))
    }
}

#[derive(Deserialize)]
struct Created {
    detail: CreatedDetail,
}

#[derive(Deserialize)]
struct CreatedDetail {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

/// The key is plain here: EventBridge does not encode it, unlike S3's own notifications.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Object {
    key: String,
    version_id: Option<String>,
}

impl From<CreatedDetail> for Upload {
    fn from(detail: CreatedDetail) -> Self {
        Self {
            bucket: detail.bucket.name,
            key: detail.object.key,
            literal_key: None,
            version: detail.object.version_id.filter(|id| !id.is_empty()),
            forced_by: None,
        }
    }
}

/// An invocation by S3 Batch Operations, schema 1.0 or 2.0.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    invocation_schema_version: String,
    invocation_id: String,
    job: BatchJob,
    tasks: Vec<Task>,
}

/// Schema 2.0 has arguments that the creator of the batch job chose; `force=true` is ours.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchJob {
    id: String,
    #[serde(default)]
    user_arguments: Option<std::collections::HashMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    task_id: String,
    s3_key: String,
    s3_version_id: Option<String>,
    /// Schema 1.0.
    s3_bucket_arn: Option<String>,
    /// Schema 2.0.
    s3_bucket: Option<String>,
}

impl Batch {
    /// Each task's id and the object it names, or the reason why there is none.
    pub fn uploads(&self) -> impl Iterator<Item = (&str, Result<Upload, String>)> {
        let arguments = self.job.user_arguments.as_ref();
        let force = arguments.is_some_and(|arguments| {
            arguments.get("force").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        });
        let forced_by = force.then_some(self.job.id.as_str());
        self.tasks.iter().map(move |task| (task.task_id.as_str(), task.upload(forced_by)))
    }

    /// The response: `results` in S3's format, with the ids that it sent.
    #[must_use]
    pub fn answer(self, results: Vec<TaskResult>) -> BatchAnswer {
        BatchAnswer {
            invocation_schema_version: self.invocation_schema_version,
            // A missing task would be a bug in submit, which a retry does not fix.
            treat_missing_keys_as: ResultCode::PermanentFailure,
            invocation_id: self.invocation_id,
            results,
        }
    }
}

impl Task {
    fn upload(&self, forced_by: Option<&str>) -> Result<Upload, String> {
        let arn_name = || self.s3_bucket_arn.as_deref()?.rsplit(':').next();
        let bucket = self.s3_bucket.as_deref().or_else(arn_name).ok_or("the task names no bucket")?;
        let decode = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8().map(Cow::into_owned);
            decoded.map_err(|_| format!("the key {:?} is not UTF-8 once decoded", self.s3_key))
        };
        // In S3's inventories, and in the examples of its documentation, a plus sign is a space. In a manifest written
        // by hand it may be a plus sign.
        let literal = self.s3_key.contains('+').then(|| decode(&self.s3_key));
        Ok(Upload {
            bucket: bucket.to_owned(),
            key: decode(&self.s3_key.replace('+', " "))?,
            literal_key: literal.transpose()?,
            version: self.s3_version_id.clone().filter(|id| !id.is_empty()),
            forced_by: forced_by.map(ToOwned::to_owned),
        })
    }
}

/// The result of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ResultCode {
    /// Done.
    Succeeded,
    /// S3 retries the task.
    TemporaryFailure,
    /// S3 does not retry it; the completion report shows the reason.
    PermanentFailure,
}

/// The result of one task.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskResult {
    /// The id that S3 sent.
    pub task_id: String,
    /// Whether it succeeded.
    pub result_code: ResultCode,
    /// The text for the completion report.
    pub result_string: String,
}

/// The response for S3 Batch Operations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    invocation_schema_version: String,
    treat_missing_keys_as: ResultCode,
    invocation_id: String,
    results: Vec<TaskResult>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uploads(payload: &str) -> Vec<(String, Result<Upload, String>)> {
        match Request::parse(serde_json::from_str(payload).unwrap()).unwrap() {
            Request::Created(upload) => vec![(String::new(), Ok(upload))],
            Request::Batch(batch) => batch.uploads().map(|(id, upload)| (id.to_owned(), upload)).collect(),
        }
    }

    fn upload(key: &str, version: Option<&str>) -> Upload {
        Upload {
            bucket: "amzn-s3-demo-bucket".into(),
            key: key.into(),
            literal_key: None,
            version: version.map(Into::into),
            forced_by: None,
        }
    }

    #[test]
    fn an_object_created_event_keeps_its_key_as_it_is() {
        let [(_, created)] = &uploads(include_str!("../tests/fixtures/object-created.json"))[..] else {
            panic!("one upload")
        };
        let expected = upload("films/한 여름 100%+1.mp4", Some("IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"));
        assert_eq!(created.as_ref().unwrap(), &expected);
    }

    #[test]
    fn batch_1_0_names_the_bucket_by_arn_and_encodes_the_key() {
        let uploads = uploads(include_str!("../tests/fixtures/batch-1.0.json"));
        assert_eq!(uploads[0].0, "dGFza2lkZ29lc2hlcmUK");
        let expected =
            Upload { literal_key: Some("films/a b+c.mp4".into()), ..upload("films/a b c.mp4", Some("v1")) };
        assert_eq!(uploads[0].1.as_ref().unwrap(), &expected);
    }

    #[test]
    fn batch_2_0_names_the_bucket_and_carries_arguments() {
        let uploads = uploads(include_str!("../tests/fixtures/batch-2.0.json"));
        let expected = Upload {
            literal_key: Some("films/a b+c.mp4".into()),
            forced_by: Some("f3cc4f60-61f6-4a2b-8a21-d07600c373ce".into()),
            ..upload("films/a b c.mp4", None)
        };
        assert_eq!(uploads[0].1.as_ref().unwrap(), &expected);
        assert_eq!(uploads[1].1.as_ref().unwrap_err(), "the key \"%FF.mp4\" is not UTF-8 once decoded");
    }

    #[test]
    fn anything_else_is_refused() {
        for payload in [
            "{}",
            "[]",
            r#"{"detail-type":"Object Deleted","detail":{}}"#,
            r#"{"detail-type":"Object Created"}"#,
        ] {
            assert!(Request::parse(serde_json::from_str(payload).unwrap()).is_err(), "{payload}");
        }
    }
}
