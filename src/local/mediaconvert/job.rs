//! The steps of one job: read the input from S3, probe it, transcode it, write the outputs to S3.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::super::error::tail;
use super::super::ffmpeg::Media;
use super::encode::{self, Plan};
use super::failure::Failure;
use super::members::object;
use super::naming::Object;
use super::package::{self, JobWarning, Packaged, Upload};
use super::settings::Settings;
use super::{MediaConvert, input, probe};

const UPLOADS_AT_ONCE: usize = 8;
/// The code of the warnings about an input that is damaged. AWS's choice among its codes is not known.
const DAMAGED_INPUT: u32 = 230_002;

/// Runs a job to its end. A cancellation drops the running work, which also ends the transcoder.
pub(super) async fn run(service: &MediaConvert, id: &str, cancel: CancellationToken) {
    service.emit(id, "PROGRESSING", Map::new());
    let work = service.place.work.join(id);
    let result = tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        result = transcode(service, id, &work) => Some(result),
    };
    // The whole directory is temporary: what cannot be removed now is removed with it.
    let _ = tokio::fs::remove_dir_all(&work).await;
    match result {
        Some(Ok(packaged)) => complete(service, id, &packaged),
        Some(Err(failure)) => fail(service, id, &failure),
        None => {}
    }
}

fn complete(service: &MediaConvert, id: &str, packaged: &Packaged) {
    let ended = {
        let mut state = service.state();
        let said: Vec<&str> = packaged.warnings.iter().map(|warning| warning.message.as_str()).collect();
        let members = json!({ "status": "COMPLETE", "outputGroupDetails": packaged.details, "jobPercentComplete": 100,
                              "messages": { "info": [], "warning": said }, "warnings": counted(packaged) });
        finish(&mut state, id, members)
    };
    if ended {
        let mut detail = object(json!({ "outputGroupDetails": packaged.event_details }));
        if !packaged.warnings.is_empty() {
            detail.insert("warnings".into(), counted(packaged));
        }
        service.emit(id, "COMPLETE", detail);
    }
}

/// The warnings by their code, as jobs and events count them.
fn counted(packaged: &Packaged) -> Value {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for warning in &packaged.warnings {
        *counts.entry(warning.code).or_default() += warning.count;
    }
    counts.into_iter().map(|(code, count)| json!({ "code": code, "count": count })).collect()
}

fn fail(service: &MediaConvert, id: &str, failure: &Failure) {
    let why = json!({ "errorCode": failure.code, "errorMessage": failure.message });
    let ended = {
        let mut state = service.state();
        let mut members = why.clone();
        members["status"] = "ERROR".into();
        finish(&mut state, id, members)
    };
    if ended {
        service.emit(id, "ERROR", object(why));
    }
}

fn finish(state: &mut super::state::State, id: &str, members: Value) -> bool {
    let open = state.progress(id, members);
    if let Some(job) = state.job_mut(id).filter(|_| open) {
        job.time("finishTime");
        job.value.remove("currentPhase");
    }
    open
}

async fn transcode(service: &MediaConvert, id: &str, work: &Path) -> Result<Packaged, Failure> {
    let settings: Value = {
        let state = service.state();
        state.job(id).and_then(|job| job.value.get("settings")).cloned().unwrap_or_default()
    };
    let settings: Settings =
        serde_json::from_value(settings).map_err(|error| Failure::new(1040, format!("settings: {error}")))?;
    let [source] = settings.inputs.as_slice() else {
        return Err(Failure::unsupported("one output of several inputs"));
    };
    tokio::fs::create_dir_all(work).await?;
    let uri = &source.file_input;
    let (file, media) = input::fetch(service, uri, work).await?;
    service.emit(
        id,
        "INPUT_INFORMATION",
        object(json!({ "inputDetails": [probe::input_details(uri, &media)] })),
    );

    service.state().progress(id, json!({ "currentPhase": "TRANSCODING" }));
    let plan = encode::plan(&settings, &media, &file, work)?;
    let complaints = encode(service, id, &plan, &media).await?;

    service.state().progress(id, json!({ "currentPhase": "UPLOADING", "jobPercentComplete": 95 }));
    let mut packaged = package::package(&settings, &media, &plan, work).await?;
    packaged.warnings.extend(complaints);
    upload(service, &packaged.uploads).await?;
    Ok(packaged)
}

/// Runs ffmpeg, and records its progress. Returns what it complained of, if it went on nevertheless.
async fn encode(
    service: &MediaConvert,
    id: &str,
    plan: &Plan,
    media: &Media,
) -> Result<Option<JobWarning>, Failure> {
    let mut child = Command::new(service.ffmpeg.path())
        .args(&plan.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(output), Some(mut errors)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Failure::new(1999, "ffmpeg has no output"));
    };
    let mut said = String::new();
    let mut lines = BufReader::new(output).lines();
    let interval = status_interval(service, id);
    let follow = async {
        let mut told = Instant::now();
        while let Ok(Some(line)) = lines.next_line().await {
            let Some(percent) = percent(&line, media) else { continue };
            service.state().progress(id, json!({ "jobPercentComplete": percent }));
            if told.elapsed() >= interval {
                told = Instant::now();
                service.emit(id, "STATUS_UPDATE", status_update(percent));
            }
        }
    };
    // Read both pipes at once, so that neither fills up and stops the transcoder.
    let (_, _) = tokio::join!(follow, errors.read_to_string(&mut said));
    let status = child.wait().await?;
    if status.success() {
        let count = said.lines().count();
        let message = format!("the input could not be decoded completely: {}", tail(&said, 1));
        return Ok((count > 0).then_some(JobWarning { code: DAMAGED_INPUT, count, message }));
    }
    Err(Failure::new(1040, format!("Unable to transcode the input: {}", tail(&said, 3))))
}

fn percent(line: &str, media: &Media) -> Option<u64> {
    let done: f64 = line.strip_prefix("out_time_us=")?.parse().ok()?;
    let whole = media.duration.filter(|seconds| *seconds > 0.0)?;
    Some((done / 1e4 / whole * 0.94).clamp(0.0, 94.0) as u64)
}

fn status_interval(service: &MediaConvert, id: &str) -> Duration {
    let state = service.state();
    let named = state.job(id).and_then(|job| job.value.get("statusUpdateInterval")?.as_str());
    let seconds = named.and_then(|name| name.strip_prefix("SECONDS_")?.parse().ok()).unwrap_or(60);
    Duration::from_secs(seconds)
}

fn status_update(percent: u64) -> Map<String, Value> {
    let phase = |status: &str, percent: u64| json!({ "status": status, "percentComplete": percent });
    let phases = json!({ "PROBING": phase("COMPLETE", 100), "TRANSCODING": phase("PROGRESSING", percent),
                         "UPLOADING": phase("PENDING", 0) });
    object(json!({ "jobProgress": { "phaseProgress": phases, "jobPercentComplete": percent,
                                    "currentPhase": "TRANSCODING", "retryCount": 0 } }))
}

/// Puts everything into S3: segments in parallel, then the playlists in order, the multivariant playlist last.
async fn upload(service: &MediaConvert, uploads: &[Upload]) -> Result<(), Failure> {
    let (playlists, files): (Vec<Upload>, Vec<Upload>) =
        uploads.iter().cloned().partition(Upload::is_playlist);
    stream::iter(files)
        .map(|upload| async move { put(service, &upload).await })
        .buffer_unordered(UPLOADS_AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    for playlist in playlists {
        put(service, &playlist).await?;
    }
    Ok(())
}

async fn put(service: &MediaConvert, upload: &Upload) -> Result<(), Failure> {
    let Object { bucket, key } = &upload.object;
    let body = aws_sdk_s3::primitives::ByteStream::from_path(&upload.file).await;
    let body = body.map_err(|error| Failure::new(1999, error.to_string()))?;
    let put = service.clients.s3.put_object().bucket(bucket).key(key).content_type(upload.content_type);
    put.body(body).send().await.map(|_| ()).map_err(|error| {
        let why = error.into_service_error();
        Failure::new(1404, format!("Unable to write to output file [{}]: [{why}]", upload.object.uri()))
    })
}
