//! The batch job: create, find, read, follow, cancel.

use std::fmt;
use std::time::{Duration, Instant};

use aws_sdk_s3control::types::{
    JobDescriptor, JobManifest, JobManifestFieldName, JobManifestFormat, JobManifestLocation,
    JobManifestSpec, JobOperation, JobReport, JobReportFormat, JobReportScope, JobStatus,
    LambdaInvokeOperation, RequestedJobStatus,
};

use super::{Choice, Error, Library, Wanted};
use crate::aws::{self, Patience, Poll, SdkResult, until};
use crate::stack::library::REPORTS;

/// S3 runs jobs with a higher number first. A library can wait.
const PRIORITY: i32 = 10;
/// The codes of S3 Batch Operations for an unknown id.
const ABSENT: &[&str] = &["NotFoundException", "NoSuchJob", "NoSuchJobException"];

const DESCRIBE: &str = "s3:DescribeJob";
/// A batch job may wait for earlier jobs, and may have many tasks.
const PATIENCE: Patience = Patience {
    first: Duration::from_millis(300),
    longest: Duration::from_secs(15),
    limit: Duration::from_secs(14 * 24 * 3600),
};

/// How long S3 may not know a new job.
const REGISTERED: Duration = Duration::from_secs(120);

/// A job that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its id.
    pub id: String,
    /// The key of its manifest in the work bucket.
    pub manifest: String,
}

/// The state of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// S3 reads the manifest, or calls submit.
    Running,
    /// Every task has its result.
    Complete,
    /// S3 gave up, for these reasons.
    Failed(Vec<String>),
    /// Somebody cancelled it.
    Cancelled,
}

/// A job and its progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Its status, in AWS's word.
    pub status: String,
    /// The state that this status means.
    pub state: JobState,
    /// How many videos its manifest has. `None` while S3 reads it.
    pub total: Option<u64>,
    /// How many of them submit accepted.
    pub taken: u64,
    /// How many of them submit did not accept.
    pub failed: u64,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, taken, failed, .. } = self;
        match total {
            Some(total) => write!(f, "{taken} of {total} to MediaConvert")?,
            None => write!(f, "the manifest is being read")?,
        }
        if *failed > 0 { write!(f, ", {failed} not taken") } else { Ok(()) }
    }
}

impl Library {
    /// Starts the job for the chosen videos. For new videos, submit does not start a second encode if one is running.
    /// For videos that were submitted before and chosen again, it starts another.
    ///
    /// # Errors
    /// When the manifest cannot be uploaded, or when S3 refuses the job.
    pub async fn begin(&self, choice: &Choice) -> Result<Started, Error> {
        let (manifest, etag) = self.keep(choice).await?;
        let force = choice.wanted != Wanted::New;
        let call = self.cx.s3control().create_job().account_id(&self.cx.scope.account);
        let call = call
            .description(format!("{}{} videos", self.descriptions(), choice.counts.videos))
            .operation(JobOperation::builder().lambda_invoke(self.invoke(force)).build())
            .manifest(self.manifest(&manifest, etag)?)
            .report(self.report_wanted()?)
            .role_arn(&self.role)
            .priority(PRIORITY)
            .confirmation_required(false);
        let answer = call.send().await.named("s3:CreateJob")?;
        let none = || aws::Error::unexpected("s3:CreateJob", "the answer holds no job id");
        Ok(Started { id: answer.job_id.ok_or_else(none)?, manifest })
    }

    /// The start of every description of the stack's jobs. It distinguishes them from other jobs.
    fn descriptions(&self) -> String {
        format!("provision {}: ", self.cx.scope.stack)
    }

    /// Only schema 2.0 has arguments.
    fn invoke(&self, force: bool) -> LambdaInvokeOperation {
        let call =
            LambdaInvokeOperation::builder().function_arn(&self.submit).invocation_schema_version("2.0");
        if force { call.user_arguments("force", "true").build() } else { call.build() }
    }

    fn manifest(&self, key: &str, etag: String) -> aws::Result<JobManifest> {
        let spec = JobManifestSpec::builder()
            .format(JobManifestFormat::S3BatchOperationsCsv20180820)
            .fields(JobManifestFieldName::Bucket)
            .fields(JobManifestFieldName::Key)
            .build()
            .map_err(|error| incomplete(&error))?;
        let location = JobManifestLocation::builder()
            .object_arn(format!("arn:aws:s3:::{}/{key}", self.work))
            .e_tag(etag)
            .build()
            .map_err(|error| incomplete(&error))?;
        Ok(JobManifest::builder().spec(spec).location(location).build())
    }

    fn report_wanted(&self) -> aws::Result<JobReport> {
        Ok(JobReport::builder()
            .enabled(true)
            .bucket(format!("arn:aws:s3:::{}", self.work))
            .expected_bucket_owner(&self.cx.scope.account)
            // S3 appends the slash.
            .prefix(REPORTS.trim_end_matches('/'))
            .format(JobReportFormat::ReportCsv20180820)
            .report_scope(JobReportScope::AllTasks)
            .build())
    }

    /// The stack's newest job of the last 90 days. S3 keeps jobs that long.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn newest(&self) -> Result<Option<String>, Error> {
        let mut pages =
            self.cx.s3control().list_jobs().account_id(&self.cx.scope.account).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let jobs = page.named("s3:ListJobs")?.jobs.unwrap_or_default();
            let own = |description: &str| description.starts_with(&self.descriptions());
            found.extend(jobs.into_iter().filter(|job| job.description().is_some_and(own)));
        }
        let newest = found.into_iter().max_by_key(|job| job.creation_time().map(|time| time.as_nanos()));
        Ok(newest.and_then(|job| job.job_id))
    }

    /// The progress of a job of the stack.
    ///
    /// # Errors
    /// When it does not exist, belongs to another stack, or cannot be read.
    pub async fn look(&self, id: &str) -> Result<Job, Error> {
        let Some(job) = self.describe(id).await? else {
            return Err(Error::NoJob { job: id.to_owned(), region: self.cx.region().to_owned() });
        };
        if !job.description().unwrap_or_default().starts_with(&self.descriptions()) {
            return Err(Error::Foreign { job: id.to_owned(), stack: self.cx.scope.stack.clone() });
        }
        Ok(read(id, &job))
    }

    /// Waits until a job of the stack ends. The library's context reports what is awaited. S3 may not know a job for some
    /// seconds after it was made (S3 user guide, "Troubleshooting Batch Operations").
    ///
    /// # Errors
    /// When it cannot be read, or when the context is cancelled. The job then continues.
    pub async fn follow(&self, id: &str) -> Result<Job, Error> {
        let began = Instant::now();
        let known = || async {
            Ok(match self.describe(id).await? {
                None if began.elapsed() < REGISTERED => {
                    Poll::Pending("waiting until S3 knows the batch job".to_owned())
                }
                described => Poll::Done(described.is_some()),
            })
        };
        until(&self.cx, DESCRIBE, Patience::MINUTES, known).await?;
        self.look(id).await?;
        let look = || async {
            // The check above showed that the job is the stack's. Only the call can fail now.
            let job = self.describe(id).await?;
            let none = || aws::Error::unexpected(DESCRIBE, "the job is gone");
            let job = read(id, &job.ok_or_else(none)?);
            Ok(if job.state == JobState::Running { Poll::Pending(job.to_string()) } else { Poll::Done(job) })
        };
        Ok(until(&self.cx, DESCRIBE, PATIENCE, look).await?)
    }

    async fn describe(&self, id: &str) -> aws::Result<Option<JobDescriptor>> {
        let call = self.cx.s3control().describe_job().account_id(&self.cx.scope.account).job_id(id);
        Ok(call.send().await.unless(DESCRIBE, ABSENT)?.and_then(|answer| answer.job))
    }

    /// Cancels a job: S3 stops calling submit for its videos.
    ///
    /// # Errors
    /// When it belongs to another stack, or has ended.
    pub async fn cancel(&self, id: &str) -> Result<(), Error> {
        self.look(id).await?;
        let call = self.cx.s3control().update_job_status().account_id(&self.cx.scope.account).job_id(id);
        let call = call.requested_job_status(RequestedJobStatus::Cancelled);
        match call.send().await.unless("s3:UpdateJobStatus", &["JobStatusException"])? {
            Some(_) => Ok(()),
            // Read the status again: the job may have ended since the first read.
            None => Err(Error::Over { job: id.to_owned(), status: self.look(id).await?.status }),
        }
    }
}

fn incomplete(error: &aws_sdk_s3control::error::BuildError) -> aws::Error {
    aws::Error::unexpected("s3:CreateJob", error.to_string())
}

fn read(id: &str, job: &JobDescriptor) -> Job {
    let status = job.status().map_or("", JobStatus::as_str).to_owned();
    let reasons = || {
        let reasons = job.failure_reasons().iter();
        reasons.map(|why| {
            format!("{}: {}", why.failure_code().unwrap_or("?"), why.failure_reason().unwrap_or_default())
        })
    };
    let state = match job.status() {
        Some(JobStatus::Complete) => JobState::Complete,
        Some(JobStatus::Failed) => JobState::Failed(reasons().collect()),
        Some(JobStatus::Cancelled) => JobState::Cancelled,
        _ => JobState::Running,
    };
    let summary = job.progress_summary();
    let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    Job {
        id: id.to_owned(),
        status,
        state,
        total: count(summary.and_then(|summary| summary.total_number_of_tasks())),
        taken: count(summary.and_then(|summary| summary.number_of_tasks_succeeded())).unwrap_or(0),
        failed: count(summary.and_then(|summary| summary.number_of_tasks_failed())).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3control::types::{JobFailure, JobProgressSummary};

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::extract::State as Shared;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};

    use super::*;
    use crate::aws::fake_aws;

    /// S3 does not know the job at first.
    async fn slow(Shared(asked): Shared<Arc<AtomicUsize>>) -> Response {
        if asked.fetch_add(1, Ordering::Relaxed) < 2 {
            let unknown = "<ErrorResponse><Error><Code>NoSuchJobException</Code><Message>no</Message></Error></ErrorResponse>";
            return (StatusCode::NOT_FOUND, unknown).into_response();
        }
        "<DescribeJobResult><Job><JobId>j</JobId><Description>provision vod: 2 videos</Description>\
         <Status>Complete</Status></Job></DescribeJobResult>"
            .into_response()
    }

    #[tokio::test]
    async fn a_job_that_s3_does_not_know_yet_is_followed() {
        let answers = Router::new().fallback(slow).with_state(Arc::<AtomicUsize>::default());
        let name = String::new;
        let library = Library {
            cx: fake_aws::regions(answers).await.home(),
            source: name(),
            work: name(),
            output: name(),
            submit: name(),
            role: name(),
        };
        assert_eq!(library.follow("j").await.unwrap().state, JobState::Complete);
    }

    #[test]
    fn a_job_is_read_by_where_it_is_on_its_way() {
        let summary =
            JobProgressSummary::builder().total_number_of_tasks(5).number_of_tasks_failed(2).build();
        let failure = JobFailure::builder().failure_code("ManifestUnreadable").failure_reason("no").build();
        let job = |status| {
            let job = JobDescriptor::builder().status(status).progress_summary(summary.clone());
            read("j", &job.failure_reasons(failure.clone()).build())
        };
        assert_eq!(job(JobStatus::Completing).state, JobState::Running);
        assert_eq!(job(JobStatus::Failed).state, JobState::Failed(vec!["ManifestUnreadable: no".into()]));
        let complete = job(JobStatus::Complete);
        assert_eq!((complete.total, complete.taken, complete.failed), (Some(5), 0, 2));
        assert_eq!((complete.state, complete.status.as_str()), (JobState::Complete, "Complete"));
    }
}
