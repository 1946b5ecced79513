//! The flow: look at the object, look for an earlier job, probe, create the job, record it.

use std::time::Duration;

use asset::metadata;
use asset::printable::plain;
use aws_sdk_mediaconvert::config::retry::RetryConfig;
use aws_sdk_mediaconvert::config::timeout::TimeoutConfig;
use aws_sdk_mediaconvert::operation::create_job::builders::CreateJobFluentBuilder;
use aws_sdk_mediaconvert::types::{
    AccelerationSettings, BillingTagsSource, JobSettings, JobTemplate, ProbeInputFile,
};
use futures::{StreamExt, stream};
use handler::{ApiError, api, chain};
use lambda_runtime::{Diagnostic, tracing};
use serde::Serialize;
use serde_json::{Value, json};

use crate::event::{Batch, Request, ResultCode, TaskResult, UnknownPayload, Upload};
use crate::job::{self, Destination, Summary, UnusableTemplate};
use crate::patience::until_taken;
use crate::probe::{self, Probed};
use crate::record::Record;
use crate::refusal;
use crate::settings::Settings;

/// The time limit for Probe out of the function's time, for all attempts together. The job is more important than a
/// fitting ladder.
const PROBE_TIME: Duration = Duration::from_secs(25);

/// Tasks of one batch invocation that are handled at the same time.
const TASKS_AT_ONCE: usize = 8;

/// How much less priority than a new upload a task of S3 Batch Operations has.
const BEHIND_UPLOADS: i32 = 10;
/// The least priority that MediaConvert takes.
const LEAST_PRIORITY: i32 = -50;

/// Handles submit's events.
#[derive(Debug, Clone)]
pub struct Submitter {
    settings: Settings,
    s3: aws_sdk_s3::Client,
    mediaconvert: aws_sdk_mediaconvert::Client,
}

/// How an upload was handled. All three outcomes are final: none is retried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// A job was created.
    Started {
        /// The asset id.
        asset: String,
        /// The job id.
        job: String,
    },
    /// This version already has a job with this template.
    Duplicate {
        /// The asset id.
        asset: String,
        /// That job's id.
        job: String,
    },
    /// There will never be a job for it.
    Refused {
        /// The reason.
        reason: String,
    },
}

/// A failure. It is returned to Lambda, which retries and then sends the event to the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// An API call failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// No job can be made from the template.
    #[error(transparent)]
    Template(#[from] UnusableTemplate),
    /// The payload is not for submit.
    #[error(transparent)]
    Payload(#[from] UnknownPayload),
    /// MediaConvert's response lacks a required value.
    #[error("{0} returned no {1}; retry, and if it happens again, contact AWS Support")]
    Empty(&'static str, &'static str),
}

impl SubmitError {
    fn result_code(&self) -> ResultCode {
        match self {
            Self::Api(error) if error.retriable => ResultCode::TemporaryFailure,
            _ => ResultCode::PermanentFailure,
        }
    }
}

impl From<SubmitError> for Diagnostic {
    fn from(error: SubmitError) -> Self {
        let error_type = match &error {
            SubmitError::Api(error) => error.code.clone(),
            SubmitError::Template(_) => "UnusableTemplate".to_owned(),
            SubmitError::Payload(_) => "UnknownPayload".to_owned(),
            SubmitError::Empty(..) => "InvalidResponse".to_owned(),
        };
        Self { error_type, error_message: chain(&error) }
    }
}

/// One source version with one revision of the template.
struct Encode<'a> {
    asset: &'a str,
    run: &'a str,
    version: &'a str,
    revision: i64,
}

impl Submitter {
    /// A submitter that calls AWS with these clients.
    #[must_use]
    pub fn new(
        settings: Settings,
        s3: aws_sdk_s3::Client,
        mediaconvert: aws_sdk_mediaconvert::Client,
    ) -> Self {
        Self { settings, s3, mediaconvert }
    }

    /// Handles one invocation: returns the outcome of an event, or a batch's results.
    ///
    /// # Errors
    ///
    /// If an event's upload could not be handled. A batch always has a response, with a result for each task.
    pub async fn answer(&self, payload: Value) -> Result<Value, SubmitError> {
        let request = Request::parse(handler::event(payload))
            .inspect_err(|error| tracing::error!(error = chain(error), "not a payload of submit"))?;
        match request {
            Request::Created(upload) => self.handle(&upload).await.map(|outcome| json!(outcome)),
            Request::Batch(batch) => Ok(self.handle_batch(batch).await),
        }
    }

    async fn handle_batch(&self, batch: Batch) -> Value {
        let results = stream::iter(batch.uploads())
            .map(|(task, upload)| async move {
                let (result_code, result_string) = match upload {
                    Ok(upload) => result(self.handle_meant(upload).await),
                    Err(reason) => (ResultCode::PermanentFailure, reason),
                };
                TaskResult { task_id: task.to_owned(), result_code, result_string }
            })
            .buffered(TASKS_AT_ONCE)
            .collect()
            .await;
        json!(batch.answer(results))
    }

    /// Handles the object that a manifest means: its plus signs are spaces, unless only the literal key exists.
    async fn handle_meant(&self, mut upload: Upload) -> Result<Outcome, SubmitError> {
        if let Some(literal) = upload.literal_key.take() {
            let head = self.s3.head_object().bucket(&upload.bucket).key(&upload.key).send().await;
            match head.map_err(api("s3:HeadObject", upload.url())) {
                Err(error) if error.is_missing() => upload.key = literal,
                answered => drop(answered?),
            }
        }
        self.handle(&upload).await
    }

    /// Handles one upload and logs the outcome in one line.
    async fn handle(&self, upload: &Upload) -> Result<Outcome, SubmitError> {
        let asset = asset::id(&upload.bucket, &upload.key);
        let key = upload.key.as_str();
        let outcome = self.submit(upload, &asset).await;
        match &outcome {
            Ok(Outcome::Started { job, .. }) => tracing::info!(asset, key, job, "job started"),
            Ok(Outcome::Duplicate { job, .. }) => {
                tracing::info!(asset, key, job, "duplicate: this version has a job already");
            }
            Ok(Outcome::Refused { reason }) => tracing::warn!(asset, key, reason, "refused"),
            Err(error) => tracing::error!(asset, key, error = chain(error), "failed"),
        }
        outcome
    }

    async fn submit(&self, upload: &Upload, asset: &str) -> Result<Outcome, SubmitError> {
        if let Some(reason) = refusal::of_upload(upload, &self.settings) {
            return Ok(Outcome::Refused { reason });
        }
        let version = match self.look(upload).await? {
            Ok(version) => version,
            Err(reason) => return Ok(Outcome::Refused { reason }),
        };
        let template = self.template().await?;
        let revision = template.last_updated().map_or(0, |time| time.secs());
        let run = asset::run(&version, revision);
        let encode = Encode { asset, run: &run, version: &version, revision };
        // S3 may send a task again, so a batch job also has only one job per run.
        let answers = |record: &Record| upload.forced_by.is_none() || upload.forced_by == record.forced_by;
        match Record::read(&self.s3, &self.settings.work_bucket, asset, &run).await? {
            Some(Record { key: Some(key), .. }) if key != upload.key => {
                let reason = format!("the asset {asset} is that of another upload: {key:?}");
                return Ok(Outcome::Refused { reason });
            }
            Some(record) if answers(&record) => {
                return Ok(Outcome::Duplicate { asset: record.asset, job: record.job });
            }
            _ => {}
        }
        let source = match refusal::of_file(self.probe(&upload.url()).await?, &self.settings) {
            Ok(source) => source,
            Err(reason) => return Ok(Outcome::Refused { reason }),
        };
        let destination = Destination { bucket: &self.settings.work_bucket, asset, run: &run };
        let declared =
            template.settings().ok_or(SubmitError::Empty("mediaconvert:GetJobTemplate", "settings"))?;
        let settings = job::settings(declared, &upload.url(), source.as_ref(), destination)?;
        tracing::info!(asset, run, outputs = %Summary(&settings), "job made from the template");
        let job = self.create(upload, &encode, &template, settings).await?;
        self.remember(&encode, &job, upload).await;
        let asset = asset.to_owned();
        Ok(Outcome::Started { asset, job })
    }

    /// The current version, or the reason why there is nothing to transcode.
    async fn look(&self, upload: &Upload) -> Result<Result<String, String>, SubmitError> {
        let read = || async {
            let head = self.s3.head_object().bucket(&upload.bucket).key(&upload.key).send().await;
            head.map_err(api("s3:HeadObject", upload.url()))
        };
        let head = match handler::existing(read).await {
            Ok(head) => head,
            Err(error) if error.is_deleted() => return Ok(Err("the object is no longer there".to_owned())),
            Err(error) => return Err(error.into()),
        };
        let size = head.content_length().and_then(|bytes| u64::try_from(bytes).ok());
        let size = size.ok_or(SubmitError::Empty("s3:HeadObject", "size"))?;
        if let Some(reason) = refusal::of_size(size, &self.settings) {
            return Ok(Err(reason));
        }
        let version = asset::version(head.version_id(), head.e_tag()).to_owned();
        match &upload.version {
            // MediaConvert would read the newer version under this version's name.
            Some(wanted) if head.version_id().is_some_and(|current| current != wanted) => Ok(Err(format!(
                "version {wanted} is not the current one ({version}), which has its own event"
            ))),
            _ => Ok(Ok(version)),
        }
    }

    /// Read for every upload, because its time of update is part of the run.
    async fn template(&self) -> Result<JobTemplate, SubmitError> {
        let name = &self.settings.job_template;
        self.mediaconvert
            .get_job_template()
            .name(name)
            .send()
            .await
            .map_err(api("mediaconvert:GetJobTemplate", name))?
            .job_template
            .ok_or(SubmitError::Empty("mediaconvert:GetJobTemplate", "template"))
    }

    /// The result of Probe. A file that it cannot read, or not in time, is left to the encoder, and the encoder's
    /// result is reported.
    async fn probe(&self, url: &str) -> Result<Probed, SubmitError> {
        let file = ProbeInputFile::builder().file_url(url).build();
        let time = TimeoutConfig::builder().operation_timeout(PROBE_TIME).build();
        let patience = aws_sdk_mediaconvert::config::Builder::new().timeout_config(time);
        let probe = self.mediaconvert.probe().input_files(file).customize().config_override(patience);
        match probe.send().await.map_err(api("mediaconvert:Probe", url)) {
            Ok(probed) => Ok(probe::read(probed.probe_results())),
            Err(error) if is_unreadable(&error) => {
                tracing::warn!(error = chain(&error), "not probed: the whole ladder is used");
                Ok(Probed::Unknown)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Creates the job, as soon as MediaConvert takes it.
    async fn create(
        &self,
        upload: &Upload,
        encode: &Encode<'_>,
        template: &JobTemplate,
        settings: JobSettings,
    ) -> Result<String, SubmitError> {
        let call = self.job(upload, encode, template, settings);
        let create = || async {
            // The wait decides about repetition. The SDK's own would use up its allowance in a long burst.
            let once = aws_sdk_mediaconvert::config::Builder::new().retry_config(RetryConfig::disabled());
            let created = call.clone().customize().config_override(once).send().await;
            created.map_err(api("mediaconvert:CreateJob", &self.settings.queue))
        };
        let job = until_taken(create).await?.job.and_then(|job| job.id);
        job.ok_or(SubmitError::Empty("mediaconvert:CreateJob", "job id"))
    }

    /// The call. It names no template: what the template declares beside the settings is sent, too.
    fn job(
        &self,
        upload: &Upload,
        encode: &Encode<'_>,
        template: &JobTemplate,
        settings: JobSettings,
    ) -> CreateJobFluentBuilder {
        let others = [
            (metadata::ASSET, encode.asset),
            (metadata::BUCKET, &upload.bucket),
            (metadata::VERSION, encode.version),
            (metadata::REVISION, &encode.revision.to_string()),
        ];
        let others = others.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let metadata = others.into_iter().chain(metadata::carry(&upload.key)).collect();
        let forced_by = upload.forced_by.as_deref();
        let token = asset::client_token(&upload.bucket, &upload.key, encode.run, forced_by);
        let acceleration = AccelerationSettings::builder().mode(self.settings.acceleration.clone()).build();
        self.mediaconvert
            .create_job()
            .queue(&self.settings.queue)
            .role(&self.settings.role)
            .settings(settings)
            .set_user_metadata(Some(metadata))
            .acceleration_settings(acceleration)
            .set_status_update_interval(template.status_update_interval().cloned())
            .priority(priority(template, upload))
            .set_hop_destinations(template.hop_destinations.clone())
            // The queue's tags are used for cost allocation, so jobs need no tags.
            .billing_tags_source(BillingTagsSource::Queue)
            .client_request_token(token)
    }

    /// Writes the record. If it is missing, a late duplicate costs a second encode. An error here would always cause
    /// one.
    async fn remember(&self, encode: &Encode<'_>, job: &str, upload: &Upload) {
        let record = Record {
            job: job.to_owned(),
            asset: encode.asset.to_owned(),
            key: Some(upload.key.clone()),
            run: encode.run.to_owned(),
            started: handler::now(),
            forced_by: upload.forced_by.clone(),
        };
        if let Err(error) = record.write(&self.s3, &self.settings.work_bucket).await {
            tracing::warn!(
                asset = encode.asset,
                job,
                error = chain(&error),
                "the job's record was not written"
            );
        }
    }
}

/// The template's priority. Tasks of S3 Batch Operations have less: a library of thousands does not hold up new uploads.
fn priority(template: &JobTemplate, upload: &Upload) -> i32 {
    // absent is 0: MediaConvert's default
    let declared = template.priority().unwrap_or(0);
    if upload.batch { (declared - BEHIND_UPLOADS).max(LEAST_PRIORITY) } else { declared }
}

/// True if Probe's error is about the file: a retry would not help, and no permission is missing.
fn is_unreadable(error: &ApiError) -> bool {
    error.code == "TimedOut" || (matches!(error.status, Some(400 | 404 | 422)) && !error.retriable)
}

/// A task's result in the format of S3 Batch Operations. Its text is one line, whatever the key is.
fn result(outcome: Result<Outcome, SubmitError>) -> (ResultCode, String) {
    let (code, text) = match outcome {
        Ok(Outcome::Started { job, .. }) => (ResultCode::Succeeded, format!("job {job} started")),
        Ok(Outcome::Duplicate { job, .. }) => (ResultCode::Succeeded, format!("already given to job {job}")),
        Ok(Outcome::Refused { reason }) => (ResultCode::PermanentFailure, reason),
        Err(error) => (error.result_code(), chain(&error)),
    };
    (code, plain(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_probe_takes_too_long_for_is_left_to_the_encoder() {
        let answered = |status, code: &str, retriable| ApiError {
            operation: "mediaconvert:Probe",
            subject: "s3://source/long.mxf".into(),
            code: code.into(),
            message: String::new(),
            status,
            retriable,
            delete_marker: false,
        };
        assert!(is_unreadable(&answered(None, "TimedOut", true)));
        assert!(is_unreadable(&answered(Some(422), "UnprocessableEntityException", false)));
        assert!(!is_unreadable(&answered(None, "Unreachable", true)));
        assert!(!is_unreadable(&answered(Some(400), "ThrottlingException", true)));
        assert!(!is_unreadable(&answered(Some(403), "ForbiddenException", false)));
    }
}
