//! The flow: look at the object, look for an earlier job, probe, create the job, record it. A refusal is told to publish.

use std::collections::HashMap;
use std::time::Duration;

use asset::event::{Refusal, UPLOAD_REFUSED, submit_source};
use asset::metadata;
use aws_sdk_mediaconvert::config::retry::RetryConfig;
use aws_sdk_mediaconvert::config::timeout::TimeoutConfig;
use aws_sdk_mediaconvert::operation::create_job::builders::CreateJobFluentBuilder;
use aws_sdk_mediaconvert::types::{
    AccelerationSettings, BillingTagsSource, JobSettings, JobTemplate, ProbeInputFile,
};
use futures::{StreamExt, stream};
use handler::{ApiError, Bus, DEFAULT_BUS, api, chain};
use lambda_runtime::tracing;
use serde_json::{Value, json};

use crate::event::{Batch, Request, ResultCode, TaskResult, Upload};
use crate::job::{self, Destination, Summary};
use crate::outcome::{Not, Outcome, SubmitError, result};
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
    bus: Bus,
}

/// One source version with one revision of the template.
struct Encode<'a> {
    asset: &'a str,
    run: &'a str,
    version: &'a str,
    revision: i64,
    /// The source's length in seconds, if it is known.
    length: Option<f64>,
}

impl Submitter {
    /// A submitter that calls AWS with these clients.
    #[must_use]
    pub fn new(
        settings: Settings,
        s3: aws_sdk_s3::Client,
        mediaconvert: aws_sdk_mediaconvert::Client,
        events: aws_sdk_eventbridge::Client,
    ) -> Self {
        // The rule that tells publish is on this bus, whatever bus the app listens to.
        let bus = Bus::new(events, DEFAULT_BUS, submit_source(&settings.stack));
        Self { settings, s3, mediaconvert, bus }
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
        let outcome = match self.submit(upload, &asset).await {
            Ok(Err(not)) => self.turn_away(upload, &asset, not).await,
            Ok(Ok(outcome)) => Ok(outcome),
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(Outcome::Started { job, .. }) => tracing::info!(asset, key, job, "job started"),
            Ok(Outcome::Duplicate { job, .. }) => {
                tracing::info!(asset, key, job, "duplicate: this version has a job already");
            }
            Ok(Outcome::Refused { reason }) => tracing::warn!(asset, key, reason, "refused"),
            Ok(Outcome::Ignored { reason }) => tracing::info!(asset, key, reason, "ignored"),
            Err(error) => tracing::error!(asset, key, error = chain(error), "failed"),
        }
        outcome
    }

    /// Tells publish of a refusal, so that it is written down and the app hears of it. If that fails, the upload is
    /// handled again.
    async fn turn_away(&self, upload: &Upload, asset: &str, not: Not) -> Result<Outcome, SubmitError> {
        let (version, reason, taken) = match not {
            Not::Refused { version, reason, taken } => (version, reason, taken),
            Not::Ignored(reason) => return Ok(Outcome::Ignored { reason }),
        };
        let refusal = Refusal {
            asset: asset.to_owned(),
            bucket: upload.bucket.clone(),
            key: upload.key.clone(),
            version,
            reason,
            taken,
            time: handler::now(),
        };
        self.bus.put(UPLOAD_REFUSED, &refusal).await?;
        Ok(Outcome::Refused { reason: refusal.reason })
    }

    async fn submit(&self, upload: &Upload, asset: &str) -> Result<Result<Outcome, Not>, SubmitError> {
        let version = match self.look(upload).await? {
            Ok(version) => version,
            Err(not) => return Ok(Err(not)),
        };
        let refused = |reason| Ok(Err(Not::Refused { version: version.clone(), reason, taken: false }));
        let template = self.template().await?;
        let revision = template.last_updated().map_or(0, |time| time.secs());
        let run = asset::run(&version, revision);
        // S3 may send a task again, so a batch job also has only one job per run.
        let answers = |record: &Record| upload.forced_by.is_none() || upload.forced_by == record.forced_by;
        match Record::read(&self.s3, &self.settings.work_bucket, asset, &run).await? {
            Some(Record { key: Some(key), .. }) if key != upload.key => {
                let reason = format!("the asset {asset} is that of another upload: {key:?}");
                return Ok(Err(Not::Refused { version, reason, taken: true }));
            }
            Some(record) if answers(&record) => {
                return Ok(Ok(Outcome::Duplicate { asset: record.asset, job: record.job }));
            }
            _ => {}
        }
        let probed = self.probe(&upload.url()).await?;
        if let Some(reason) = refusal::of_name(&upload.key, &probed) {
            return refused(reason);
        }
        let source = match refusal::of_file(probed, &self.settings) {
            Ok(source) => source,
            Err(reason) => return refused(reason),
        };
        let destination = Destination { bucket: &self.settings.work_bucket, asset, run: &run };
        let declared =
            template.settings().ok_or(SubmitError::Empty("mediaconvert:GetJobTemplate", "settings"))?;
        let settings = job::settings(declared, &upload.url(), source.as_ref(), destination)?;
        let length = source.as_ref().and_then(|source| source.expected);
        let encode = Encode { asset, run: &run, version: &version, revision, length };
        tracing::info!(asset, run, outputs = %Summary(&settings), "job made from the template");
        let job = self.create(upload, &encode, &template, settings).await?;
        self.remember(&encode, &job, upload).await;
        let asset = asset.to_owned();
        Ok(Ok(Outcome::Started { asset, job }))
    }

    /// The current version, or the reason why there is nothing to transcode.
    async fn look(&self, upload: &Upload) -> Result<Result<String, Not>, SubmitError> {
        let read = || async {
            let head = self.s3.head_object().bucket(&upload.bucket).key(&upload.key).send().await;
            head.map_err(api("s3:HeadObject", upload.url()))
        };
        let head = match handler::existing(read).await {
            Ok(head) => head,
            Err(error) if error.is_deleted() => {
                return Ok(Err(Not::Ignored("the object is no longer there".to_owned())));
            }
            Err(error) => return Err(error.into()),
        };
        let size = head.content_length().and_then(|bytes| u64::try_from(bytes).ok());
        let size = size.ok_or(SubmitError::Empty("s3:HeadObject", "size"))?;
        let version = asset::version(head.version_id(), head.e_tag()).to_owned();
        // MediaConvert would read the newer version under this version's name.
        let newer = |wanted: &&String| head.version_id().is_some_and(|current| current != wanted.as_str());
        if let Some(wanted) = upload.version.as_ref().filter(newer) {
            let reason =
                format!("version {wanted} is not the current one ({version}), which has its own event");
            return Ok(Err(Not::Ignored(reason)));
        }
        if size == 0 && upload.key.ends_with('/') {
            return Ok(Err(Not::Ignored("the object is a folder that a console made".to_owned())));
        }
        Ok(match refusal::of_size(size, &self.settings) {
            Some(reason) => Err(Not::Refused { version, reason, taken: false }),
            None => Ok(version),
        })
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
        let mut metadata: HashMap<_, _> = others.into_iter().chain(metadata::carry(&upload.key)).collect();
        let length = encode.length.and_then(metadata::length).filter(|_| metadata.len() < metadata::MOST);
        metadata.extend(length.map(|length| (metadata::LENGTH.to_owned(), length)));
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
