//! One job on its way: manifest, tasks, report.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_s3::primitives::ByteStream;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::super::identifier::uuid;
use super::{BatchOperations, Job};

/// Functions that run side by side.
const AT_ONCE: usize = 4;
/// How often a task is tried that fails for the moment.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);

/// An object of the manifest; its key is percent-encoded, as it stands there.
struct Task {
    bucket: String,
    key: String,
    version: Option<String>,
}

/// How a task ended.
struct Done {
    task: Task,
    succeeded: bool,
    code: String,
    message: String,
}

/// Runs a job to its end, or until it is cancelled.
pub(super) async fn run(service: Arc<BatchOperations>, job: Job) {
    service.update(&job.id, |job| job.status = "Preparing");
    let tasks = match tasks(&service, &job).await {
        Ok(tasks) => tasks,
        Err(failure) => {
            return service.update(&job.id, |job| (job.status, job.failure) = ("Failed", Some(failure)));
        }
    };
    service.update(&job.id, |job| (job.status, job.total) = ("Active", Some(tasks.len() as u64)));
    let running = stream::iter(tasks).map(|task| carry_out(&service, &job, task)).buffered(AT_ONCE);
    let mut running = Box::pin(running.take_until(job.cancel.cancelled()));
    let mut done = Vec::new();
    while let Some(one) = running.next().await {
        service.update(&job.id, |job| if one.succeeded { job.succeeded += 1 } else { job.failed += 1 });
        done.push(one);
    }
    let cancelled = job.cancel.is_cancelled();
    service.update(&job.id, |job| job.status = if cancelled { "Cancelling" } else { "Completing" });
    let ended = report(&service, &job, &done).await;
    service.update(&job.id, |job| match ended {
        Err(why) => (job.status, job.failure) = ("Failed", Some(("ReportNotWritten", why))),
        Ok(()) if cancelled => job.status = "Cancelled",
        Ok(()) => job.status = "Complete",
    });
}

/// The manifest's objects. It must be the one that was named: an ETag tells.
async fn tasks(service: &BatchOperations, job: &Job) -> Result<Vec<Task>, (&'static str, String)> {
    let unreadable = |why: String| ("ManifestUnreadable", why);
    let location = &job.asked.manifest.location;
    let place = location.object_arn.strip_prefix("arn:aws:s3:::").and_then(|place| place.split_once('/'));
    let (bucket, key) = place.ok_or_else(|| unreadable(format!("{} is no object", location.object_arn)))?;
    let found = service.clients.s3.get_object().bucket(bucket).key(key).send().await;
    let found = found.map_err(|error| unreadable(format!("{}", error.into_service_error())))?;
    let etag = found.e_tag().unwrap_or_default().trim_matches('"').to_owned();
    if etag != location.etag.trim_matches('"') {
        return Err(unreadable(format!("its ETag is {etag}, not {}", location.etag)));
    }
    let text = found.body.collect().await.map_err(|error| unreadable(error.to_string()))?.to_vec();
    let fields = &job.asked.manifest.spec.fields.member;
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
    let tasks = rows.records().map(|row| {
        let row = row.map_err(|error| unreadable(error.to_string()))?;
        let cell = |name: &str| {
            let at = fields.iter().position(|field| field == name)?;
            row.get(at).filter(|cell| !cell.is_empty()).map(str::to_owned)
        };
        let missing = || unreadable("a row lacks its bucket or its key".to_owned());
        Ok(Task {
            bucket: cell("Bucket").ok_or_else(missing)?,
            key: cell("Key").ok_or_else(missing)?,
            version: cell("VersionId"),
        })
    });
    tasks.collect()
}

/// Calls the function for one object until it says something final.
async fn carry_out(service: &BatchOperations, job: &Job, task: Task) -> Done {
    let mut last = (String::new(), String::new());
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(PAUSE * attempt).await;
        }
        match invoke(service, job, &task).await {
            Ok((code, message)) if code == "Succeeded" => {
                return Done { task, succeeded: true, code: String::new(), message };
            }
            Ok((code, message)) if code != "TemporaryFailure" => {
                return Done { task, succeeded: false, code, message };
            }
            Ok(temporary) => last = temporary,
            Err(why) => last = ("LambdaInvokeFailure".to_owned(), why),
        }
    }
    let (code, message) = last;
    Done { task, succeeded: false, code, message }
}

/// One call: the result's code and text.
async fn invoke(service: &BatchOperations, job: &Job, task: &Task) -> Result<(String, String), String> {
    let wanted = &job.asked.operation.lambda_invoke;
    let arguments = wanted.user_arguments.entry.iter();
    let arguments: serde_json::Map<String, Value> =
        arguments.map(|one| (one.key.clone(), Value::String(one.value.clone()))).collect();
    let schema = wanted.invocation_schema_version.as_deref().unwrap_or("1.0");
    let id = uuid();
    let mut described = json!({ "taskId": id, "s3Key": task.key, "s3VersionId": task.version });
    let mut about = json!({ "id": job.id });
    if schema == "2.0" {
        described["s3Bucket"] = json!(task.bucket);
        about["userArguments"] = Value::Object(arguments);
    } else {
        described["s3BucketArn"] = json!(format!("arn:aws:s3:::{}", task.bucket));
    }
    let payload = json!({
        "invocationSchemaVersion": schema, "invocationId": uuid(), "job": about, "tasks": [described],
    });
    let call = service.clients.lambda.invoke().function_name(&wanted.function_arn);
    let answer = call.payload(Blob::new(payload.to_string())).send().await;
    let answer = answer.map_err(|error| error.into_service_error().to_string())?;
    let text = answer.payload().map(|payload| String::from_utf8_lossy(payload.as_ref()).into_owned());
    let text = text.unwrap_or_default();
    if let Some(error) = answer.function_error() {
        return Err(format!("{error}: {text}"));
    }
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
    let result = &value["results"][0];
    let word = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
    // A result that is missing is what the function said it means.
    let code = match word("resultCode") {
        code if result["taskId"] == *id && !code.is_empty() => code,
        _ => value["treatMissingKeysAs"].as_str().unwrap_or("TemporaryFailure").to_owned(),
    };
    Ok((code, word("resultString")))
}

/// Writes the completion report: a part for what succeeded, one for what failed, and their table of contents.
async fn report(service: &BatchOperations, job: &Job, done: &[Done]) -> Result<(), String> {
    let wanted = &job.asked.report;
    let bucket = wanted.bucket.as_deref().and_then(|arn| arn.strip_prefix("arn:aws:s3:::"));
    let Some(bucket) = bucket.filter(|_| wanted.enabled && !done.is_empty()) else { return Ok(()) };
    let prefix = wanted.prefix.as_deref().map(|prefix| format!("{prefix}/")).unwrap_or_default();
    let folder = format!("{prefix}job-{}", job.id);
    let put = |key: String, body: Vec<u8>| async move {
        let put = service.clients.s3.put_object().bucket(bucket).key(key).body(ByteStream::from(body));
        put.send().await.map(drop).map_err(|error| error.into_service_error().to_string())
    };
    let mut parts = Vec::new();
    for (status, succeeded) in [("succeeded", true), ("failed", false)] {
        let rows: Vec<&Done> = done.iter().filter(|one| one.succeeded == succeeded).collect();
        let unwanted = succeeded && wanted.report_scope.as_deref() == Some("FailedTasksOnly");
        if rows.is_empty() || unwanted {
            continue;
        }
        let key = format!("{folder}/results/{}.csv", uuid());
        put(key.clone(), table(status, &rows)?).await?;
        parts.push(json!({ "TaskExecutionStatus": status, "Bucket": bucket, "Key": key }));
    }
    let contents = json!({
        "Format": "Report_CSV_20180820",
        "ReportCreationDate": jiff::Timestamp::now().to_string(),
        "Results": parts,
        "ReportSchema": "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage",
    });
    put(format!("{folder}/manifest.json"), contents.to_string().into_bytes()).await
}

fn table(status: &str, rows: &[&Done]) -> Result<Vec<u8>, String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for Done { task, code, message, .. } in rows {
        let version = task.version.as_deref().unwrap_or_default();
        let row = [&task.bucket, &task.key, version, status, code, "200", message];
        table.write_record(row).map_err(|error| error.to_string())?;
    }
    table.into_inner().map_err(|error| error.to_string())
}
