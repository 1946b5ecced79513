//! The operations on jobs.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::members::{object, page, tags_of, text};
use super::merge::Merge;
use super::metadata;
use super::refusal::Refusal;
use super::settings;
use super::state::{DEFAULT_QUEUE, Job, State, StoredKind};
use super::{MediaConvert, now, random};

/// Accepts a job: merges its settings over the template's and checks the result. The same token returns the same job.
pub(super) fn create(service: &Arc<MediaConvert>, input: &Value) -> Result<Value, Refusal> {
    if !service.takes_a_job() {
        return Err(Refusal::too_many());
    }
    let mut state = service.state();
    let token = text(input, "clientRequestToken").to_owned();
    if let Some(job) = state.tokens.get(&token).and_then(|id| state.job(id)) {
        return Ok(json!({ "job": job.value }));
    }
    let job = accept(service, &state, input)?;
    let answer = json!({ "job": job.value });
    if !token.is_empty() {
        state.tokens.insert(token, job.id().to_owned());
    }
    state.jobs.push(job);
    drop(state);
    service.wake.notify_one();
    Ok(answer)
}

fn accept(service: &MediaConvert, state: &State, input: &Value) -> Result<Job, Refusal> {
    metadata::check(&input["userMetadata"])?;
    let template = match input["jobTemplate"].as_str() {
        Some(name) => {
            let found = state.entry(StoredKind::JobTemplate, name);
            let found =
                found.ok_or_else(|| Refusal::not_found(format!("job template {name} does not exist")))?;
            Value::Object(found.value.clone())
        }
        None => json!({}),
    };
    let mut settings = service.merge().over(&template["settings"], &input["settings"]);
    apply_presets(state, &mut settings)?;
    settings::check(&settings, true).map_err(Refusal::bad)?;
    serde_json::from_value::<settings::Settings>(settings.clone())
        .map_err(|error| Refusal::bad(format!("/settings: {error}")))?;
    let either = |member: &str, default: Value| {
        [input, &template]
            .into_iter()
            .map(|from| &from[member])
            .find(|value| !value.is_null())
            .cloned()
            .unwrap_or(default)
    };
    let queue = either("queue", DEFAULT_QUEUE.into());
    let id = job_id();
    let mut value = object(json!({
        "id": id,
        "arn": service.place.arn("jobs", &id),
        "createdAt": now(),
        "status": "SUBMITTED",
        "queue": service.queue_arn(state, queue.as_str().unwrap_or_default())?,
        "role": input["role"],
        "settings": settings,
        "priority": either("priority", 0.into()),
        "accelerationSettings": either("accelerationSettings", json!({ "mode": "DISABLED" })),
        "accelerationStatus": "NOT_APPLICABLE",
        "statusUpdateInterval": either("statusUpdateInterval", "SECONDS_60".into()),
        "userMetadata": either("userMetadata", json!({})),
        "messages": { "info": [], "warning": [] },
        "timing": { "submitTime": now() },
    }));
    for member in ["clientRequestToken", "billingTagsSource"] {
        if let Some(given) = input.get(member).filter(|given| !given.is_null()) {
            value.insert(member.into(), given.clone());
        }
    }
    if let Some(arn) = template.get("arn") {
        value.insert("jobTemplate".into(), arn.clone());
    }
    Ok(Job { value, tags: tags_of(input), cancel: CancellationToken::new() })
}

/// Applies presets: an output that names a preset gets the preset's settings under its own.
fn apply_presets(state: &State, settings: &mut Value) -> Result<(), Refusal> {
    let groups = settings["outputGroups"].as_array_mut().into_iter().flatten();
    for output in groups.filter_map(|group| group["outputs"].as_array_mut()).flatten() {
        let Some(name) = output["preset"].as_str() else { continue };
        let preset = state.entry(StoredKind::Preset, name);
        let preset = preset.ok_or_else(|| Refusal::not_found(format!("preset {name} does not exist")))?;
        let mut merged = Merge::default().over(preset.value.get("settings").unwrap_or(&Value::Null), output);
        merged.as_object_mut().map(|members| members.remove("preset"));
        *output = merged;
    }
    Ok(())
}

/// MediaConvert's format: the time in milliseconds and six letters.
fn job_id() -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut number = random();
    let mut letter = || {
        let index = number % LETTERS.len() as u64;
        number /= LETTERS.len() as u64;
        char::from(LETTERS[index as usize])
    };
    let suffix: String = (0..6).map(|_| letter()).collect();
    format!("{}-{suffix}", jiff::Timestamp::now().as_millisecond())
}

/// Returns one job.
pub(super) fn get(service: &MediaConvert, input: &Value) -> Result<Value, Refusal> {
    let state = service.state();
    let job = state.job(text(input, "id")).ok_or_else(|| absent(input))?;
    Ok(json!({ "job": job.value }))
}

/// Lists jobs by queue, status and input, the newest first unless requested otherwise.
pub(super) fn list(service: &MediaConvert, input: &Value) -> Result<Value, Refusal> {
    let state = service.state();
    let queue = match input["queue"].as_str() {
        Some(queue) => Some(service.queue_arn(&state, queue)?),
        None => None,
    };
    let matches = |job: &&Job| {
        queue.as_deref().is_none_or(|queue| job.queue() == queue)
            && input["status"].as_str().is_none_or(|status| job.status() == status)
            && input["inputFile"].as_str().is_none_or(|part| {
                job.value["settings"]["inputs"][0]["fileInput"]
                    .as_str()
                    .is_some_and(|file| file.contains(part))
            })
    };
    let mut jobs: Vec<Value> =
        state.jobs.iter().filter(matches).map(|job| Value::Object(job.value.clone())).collect();
    if input["order"] != "ASCENDING" {
        jobs.reverse();
    }
    page(jobs, "jobs", input)
}

/// Cancels a job that has not ended.
pub(super) fn cancel(service: &MediaConvert, input: &Value) -> Result<Value, Refusal> {
    let id = text(input, "id");
    let mut state = service.state();
    let job = state.job_mut(id).ok_or_else(|| absent(input))?;
    if !job.is_open() {
        return Err(Refusal::conflict(format!("Job {id} can't be canceled: it is {}", job.status())));
    }
    job.value.insert("status".into(), "CANCELED".into());
    job.time("finishTime");
    job.cancel.cancel();
    drop(state);
    service.emit(id, "CANCELED", serde_json::Map::new());
    Ok(json!({}))
}

fn absent(input: &Value) -> Refusal {
    Refusal::not_found(format!("job {} does not exist", text(input, "id")))
}
