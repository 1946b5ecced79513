//! The XML of S3's control plane, as the API reference writes it.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Job;

const CSV: &str = "S3BatchOperations_CSV_20180820";

/// `CreateJobRequest`, as far as this service knows jobs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateJob {
    pub(super) client_request_token: String,
    pub(super) description: Option<String>,
    pub(super) priority: i32,
    pub(super) role_arn: String,
    pub(super) operation: Operation,
    pub(super) manifest: Manifest,
    pub(super) report: Report,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Operation {
    pub(super) lambda_invoke: LambdaInvoke,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LambdaInvoke {
    pub(super) function_arn: String,
    pub(super) invocation_schema_version: Option<String>,
    #[serde(default)]
    pub(super) user_arguments: Arguments,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Arguments {
    #[serde(default)]
    pub(super) entry: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Argument {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Manifest {
    pub(super) spec: Spec,
    pub(super) location: Location,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Spec {
    pub(super) format: String,
    pub(super) fields: Fields,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Fields {
    pub(super) member: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Location {
    pub(super) object_arn: String,
    #[serde(rename = "ETag")]
    pub(super) etag: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Report {
    pub(super) enabled: bool,
    pub(super) bucket: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) report_scope: Option<String>,
}

impl CreateJob {
    /// Reads a request.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(body).map_err(|error| Refusal::bad(error.to_string()))?;
        quick_xml::de::from_str(text).map_err(|error| Refusal::bad(format!("the request: {error}")))
    }

    /// Refuses what AWS refuses, or what this service does not do.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let schema = self.operation.lambda_invoke.invocation_schema_version.as_deref().unwrap_or("1.0");
        let arguments = &self.operation.lambda_invoke.user_arguments.entry;
        if self.manifest.spec.format != CSV {
            return Err(Refusal::bad(format!("the local cloud reads manifests of format {CSV} only")));
        }
        if !["Bucket", "Key"]
            .iter()
            .all(|field| self.manifest.spec.fields.member.iter().any(|has| has == field))
        {
            return Err(Refusal::bad("a manifest must have the fields Bucket and Key"));
        }
        if schema != "2.0" && !arguments.is_empty() {
            return Err(Refusal::bad("UserArguments need InvocationSchemaVersion 2.0"));
        }
        if self.report.enabled && self.report.bucket.is_none() {
            return Err(Refusal::bad("a report needs a bucket"));
        }
        Ok(())
    }
}

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    pub(super) fn body(self) -> String {
        let error = ErrorBody { code: self.code, message: self.message };
        xml("ErrorResponse", &ErrorResponse { error })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorResponse {
    error: ErrorBody,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody {
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created<'a> {
    job_id: &'a str,
}

/// `CreateJobResult`.
pub(super) fn created(id: &str) -> String {
    xml("CreateJobResult", &Created { job_id: id })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Updated<'a> {
    job_id: &'a str,
    status: &'a str,
}

/// `UpdateJobStatusResult`.
pub(super) fn updated(id: &str, status: &str) -> String {
    xml("UpdateJobStatusResult", &Updated { job_id: id, status })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Descriptor<'a> {
    job_id: &'a str,
    description: Option<&'a str>,
    priority: i32,
    status: &'a str,
    creation_time: &'a str,
    progress_summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reasons: Option<Members<Failure<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    total_number_of_tasks: Option<u64>,
    number_of_tasks_succeeded: u64,
    number_of_tasks_failed: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failure<'a> {
    failure_code: &'a str,
    failure_reason: &'a str,
}

#[derive(Serialize)]
struct Members<T> {
    member: Vec<T>,
}

impl Job {
    fn descriptor(&self) -> Descriptor<'_> {
        Descriptor {
            job_id: &self.id,
            description: self.asked.description.as_deref(),
            priority: self.asked.priority,
            status: self.status,
            creation_time: &self.created,
            progress_summary: Summary {
                total_number_of_tasks: self.total,
                number_of_tasks_succeeded: self.succeeded,
                number_of_tasks_failed: self.failed,
            },
            role_arn: None,
            failure_reasons: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    job: Descriptor<'a>,
}

/// `DescribeJobResult`.
pub(super) fn described(job: &Job) -> String {
    let failure = |(code, reason): &'_ (&'static str, String)| (*code, reason.clone());
    let failure = job.failure.as_ref().map(failure);
    let failure_reasons = failure.as_ref().map(|(failure_code, failure_reason)| Members {
        member: vec![Failure { failure_code, failure_reason }],
    });
    let job = Descriptor { role_arn: Some(&job.asked.role_arn), failure_reasons, ..job.descriptor() };
    xml("DescribeJobResult", &Described { job })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    jobs: Members<Descriptor<'a>>,
}

/// `ListJobsResult`, in one page.
pub(super) fn listed(jobs: &[Job]) -> String {
    xml("ListJobsResult", &Listed { jobs: Members { member: jobs.iter().map(Job::descriptor).collect() } })
}

fn xml(root: &str, value: &impl Serialize) -> String {
    quick_xml::se::to_string_with_root(root, value).expect("plain data")
}
