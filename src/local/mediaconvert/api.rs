//! The REST API: finds a request's operation, checks its input, and performs the operations on named resources.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::members::{object, page, tags_of, text};
use super::model::{Call, percent_decode};
use super::refusal::Refusal;
use super::state::{DEFAULT_QUEUE, Entry, State, StoredKind, Tags, name_of};
use super::{MediaConvert, jobs, now, probe, random, settings};

const LARGEST_BODY: usize = 4 << 20;

/// Answers one request to the API.
pub(in super::super) async fn handle(service: &Arc<MediaConvert>, request: Request) -> Response<Body> {
    let (status, code, body) = match answer(service, request).await {
        Ok((status, body)) => (status, None, body),
        Err(refusal) => (refusal.status, Some(refusal.code), json!({ "message": refusal.message })),
    };
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-amzn-requestid", format!("{:016x}", random()));
    if let Some(code) = code {
        response = response.header("x-amzn-errortype", code);
    }
    response.body(Body::from(body.to_string())).expect("the parts are constant")
}

async fn answer(service: &Arc<MediaConvert>, request: Request) -> Result<(StatusCode, Value), Refusal> {
    let (parts, body) = request.into_parts();
    let Some(call) = service.model.call(parts.method.as_str(), parts.uri.path()) else {
        return Err(Refusal::not_found(format!("there is no {} {}", parts.method, parts.uri.path())));
    };
    let body =
        axum::body::to_bytes(body, LARGEST_BODY).await.map_err(|error| Refusal::bad(error.to_string()))?;
    let body: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Refusal::bad(format!("the body is not JSON: {error}")))?
    };
    let Value::Object(mut input) = body else { return Err(Refusal::bad("the body is not an object")) };
    let pairs = query_pairs(parts.uri.query().unwrap_or_default());
    input.extend(service.model.query(&call.operation, &pairs));
    input.extend(call.path.clone());
    let input = Value::Object(input);
    service.model.check(&call.operation, &input).map_err(Refusal::bad)?;
    let success = StatusCode::from_u16(call.success).unwrap_or(StatusCode::OK);
    perform(service, &call, &input).await.map(|body| (success, body))
}

async fn perform(service: &Arc<MediaConvert>, call: &Call, input: &Value) -> Result<Value, Refusal> {
    if let Some((verb, kind)) = named(&call.operation) {
        return match verb {
            "Create" => service.create(kind, input),
            "Get" => service.get(kind, input),
            "Update" => service.update(kind, input),
            "Delete" => service.delete(kind, input),
            _ => service.list(kind, input),
        };
    }
    match call.operation.as_str() {
        "CreateJob" => jobs::create(service, input),
        "GetJob" => jobs::get(service, input),
        "ListJobs" | "SearchJobs" => jobs::list(service, input),
        "CancelJob" => jobs::cancel(service, input),
        "Probe" => probe::probe(service, input).await,
        "DescribeEndpoints" => Ok(json!({ "endpoints": [{ "url": service.place.endpoint }] })),
        "GetPolicy" => {
            let allowed = json!({ "httpInputs": "ALLOWED", "httpsInputs": "ALLOWED", "s3Inputs": "ALLOWED" });
            Ok(json!({ "policy": allowed }))
        }
        "ListTagsForResource" => service.tags(text(input, "arn"), |_| {}),
        "TagResource" => {
            let new = tags_of(input);
            service.tags(text(input, "arn"), |tags| tags.extend(new)).map(|_| json!({}))
        }
        "UntagResource" => {
            let keys: Vec<&str> =
                input["tagKeys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let remove = |tags: &mut Tags| tags.retain(|key, _| !keys.contains(&key.as_str()));
            service.tags(text(input, "arn"), remove).map(|_| json!({}))
        }
        other => Err(Refusal::bad(format!("the local cloud does not have {other}"))),
    }
}

/// `CreateQueue` is `Create` of a queue, and so on.
fn named(operation: &str) -> Option<(&'static str, StoredKind)> {
    let (verb, rest) = ["Create", "Get", "Update", "Delete", "List"]
        .into_iter()
        .find_map(|verb| Some((verb, operation.strip_prefix(verb)?)))?;
    let kind = match rest {
        "Queue" | "Queues" => StoredKind::Queue,
        "JobTemplate" | "JobTemplates" => StoredKind::JobTemplate,
        "Preset" | "Presets" => StoredKind::Preset,
        _ => return None,
    };
    Some((verb, kind))
}

impl MediaConvert {
    fn create(&self, kind: StoredKind, input: &Value) -> Result<Value, Refusal> {
        let name = text(input, "name").to_owned();
        if name.is_empty() || name.contains(['/', ':']) {
            return Err(Refusal::bad("/name: Should be a name without slashes and colons"));
        }
        let mut state = self.state();
        if state.entry(kind, &name).is_some() {
            return Err(Refusal::conflict(format!("{} {name} already exists", kind.member())));
        }
        let defaults = match kind {
            StoredKind::Queue => json!({ "pricingPlan": "ON_DEMAND", "status": "ACTIVE" }),
            StoredKind::JobTemplate => json!({
                "accelerationSettings": { "mode": "DISABLED" },
                "hopDestinations": [],
                "priority": 0,
                "statusUpdateInterval": "SECONDS_60",
            }),
            StoredKind::Preset => json!({}),
        };
        let mut value = object(defaults);
        value.extend(object(input.clone()));
        value.remove("tags");
        value.insert("arn".into(), self.place.arn(kind.plural(), &name).into());
        value.insert("createdAt".into(), now().into());
        value.insert("lastUpdated".into(), now().into());
        value.insert("type".into(), "CUSTOM".into());
        self.check_entry(&state, kind, &mut value)?;
        let entry = Entry { value, tags: tags_of(input) };
        let shown = shown(&state, kind, &entry);
        state.entries.insert((kind, name), entry);
        Ok(json!({ kind.member(): shown }))
    }

    fn check_entry(
        &self,
        state: &State,
        kind: StoredKind,
        value: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        if kind == StoredKind::JobTemplate {
            settings::check(value.get("settings").unwrap_or(&Value::Null), false).map_err(Refusal::bad)?;
        }
        if let Some(queue) = value.get("queue").and_then(Value::as_str).map(str::to_owned) {
            value.insert("queue".into(), self.queue_arn(state, &queue)?.into());
        }
        Ok(())
    }

    /// The ARN of a queue given by name or ARN; the queue must exist.
    pub(super) fn queue_arn(&self, state: &State, queue: &str) -> Result<String, Refusal> {
        let arn = self.place.arn("queues", name_of(queue));
        let known =
            state.entry(StoredKind::Queue, queue).is_some() && (!queue.starts_with("arn:") || queue == arn);
        if known { Ok(arn) } else { Err(Refusal::not_found(format!("queue {queue} does not exist"))) }
    }

    fn get(&self, kind: StoredKind, input: &Value) -> Result<Value, Refusal> {
        let state = self.state();
        let entry = state.entry(kind, text(input, "name")).ok_or_else(|| absent(kind, input))?;
        Ok(json!({ kind.member(): shown(&state, kind, entry) }))
    }

    fn update(&self, kind: StoredKind, input: &Value) -> Result<Value, Refusal> {
        let mut state = self.state();
        let name = name_of(text(input, "name")).to_owned();
        let mut entry = state.entry(kind, &name).cloned().ok_or_else(|| absent(kind, input))?;
        let mut changes = object(input.clone());
        changes.remove("name");
        entry.value.extend(changes);
        entry.value.insert("lastUpdated".into(), now().into());
        self.check_entry(&state, kind, &mut entry.value)?;
        let shown = shown(&state, kind, &entry);
        state.entries.insert((kind, name), entry);
        drop(state);
        // The update may have resumed a queue.
        self.wake.notify_one();
        Ok(json!({ kind.member(): shown }))
    }

    fn delete(&self, kind: StoredKind, input: &Value) -> Result<Value, Refusal> {
        let mut state = self.state();
        let name = name_of(text(input, "name")).to_owned();
        let entry = state.entry(kind, &name).ok_or_else(|| absent(kind, input))?;
        if kind == StoredKind::Queue {
            if name == DEFAULT_QUEUE {
                return Err(Refusal::bad("You can't delete the default queue"));
            }
            let (waiting, running) = state.open_jobs(entry.value["arn"].as_str().unwrap_or_default());
            if waiting + running > 0 {
                return Err(Refusal::conflict(format!(
                    "Queue {name} has {} jobs that have not ended",
                    waiting + running
                )));
            }
        }
        state.entries.remove(&(kind, name));
        Ok(json!({}))
    }

    fn list(&self, kind: StoredKind, input: &Value) -> Result<Value, Refusal> {
        let state = self.state();
        let category = input["category"].as_str();
        let mut entries: Vec<&Entry> = state
            .entries
            .iter()
            .filter(|((of, _), entry)| {
                *of == kind
                    && category.is_none_or(|wanted| {
                        entry.value.get("category").and_then(Value::as_str) == Some(wanted)
                    })
            })
            .map(|(_, entry)| entry)
            .collect();
        if input["listBy"] == "CREATION_DATE" {
            entries.sort_by_key(|entry| entry.value["createdAt"].as_i64());
        }
        if input["order"] == "DESCENDING" {
            entries.reverse();
        }
        let items: Vec<Value> = entries.into_iter().map(|entry| shown(&state, kind, entry)).collect();
        page(items, kind.plural(), input)
    }

    fn tags(&self, arn: &str, change: impl FnOnce(&mut Tags)) -> Result<Value, Refusal> {
        let mut state = self.state();
        let State { entries, jobs, .. } = &mut *state;
        let entries = entries.values_mut().map(|entry| (&entry.value["arn"], &mut entry.tags));
        let jobs = jobs.iter_mut().map(|job| (&job.value["arn"], &mut job.tags));
        let tags = entries.chain(jobs).find(|(of, _)| *of == arn).map(|(_, tags)| tags);
        let tags = tags.ok_or_else(|| Refusal::not_found(format!("{arn} does not exist")))?;
        change(tags);
        Ok(json!({ "resourceTags": { "arn": arn, "tags": tags } }))
    }
}

/// A resource as a response shows it. Queues also include the number of their jobs.
fn shown(state: &State, kind: StoredKind, entry: &Entry) -> Value {
    let mut value = entry.value.clone();
    if kind == StoredKind::Queue {
        let (waiting, running) = state.open_jobs(value["arn"].as_str().unwrap_or_default());
        value.insert("submittedJobsCount".into(), waiting.into());
        value.insert("progressingJobsCount".into(), running.into());
    }
    Value::Object(value)
}

fn absent(kind: StoredKind, input: &Value) -> Refusal {
    Refusal::not_found(format!("{} {} does not exist", kind.member(), text(input, "name")))
}

fn query_pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter_map(|(key, value)| Some((key.to_owned(), percent_decode(&value.replace('+', " "))?)))
        .collect()
}
