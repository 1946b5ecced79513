//! Services that answer from a script.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::aws::{Context, Regions, fake_aws};

/// An operation, and what the service answers when it is called.
pub(super) type Line = (&'static str, Answer);

/// One answer, in the form of any of AWS's protocols.
#[derive(Clone)]
pub(super) enum Answer {
    Ok(Value),
    /// Headers alone, as S3 answers a HEAD.
    Headers(&'static [(&'static str, &'static str)]),
    Error(&'static str, &'static str),
}

/// What is left of the script, what was called, and with what.
#[derive(Default)]
pub(super) struct Play {
    script: Vec<Line>,
    pub(super) called: Vec<String>,
    pub(super) bodies: Vec<String>,
}

pub(super) type Stage = Arc<Mutex<Play>>;

/// The operation that a request asks for: JSON protocols say it in a header, the query protocol in the body, and REST by
/// method and path.
fn operation(method: &Method, uri: &Uri, headers: &HeaderMap, body: &str) -> String {
    if let Some(target) = headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let of_s3 = |pair: &&str| ["versions", "uploads", "delete"].contains(&pair.trim_end_matches('='));
    let sub = uri.query().and_then(|query| query.split('&').find(of_s3)).map(|pair| format!("?{pair}"));
    let rest = || format!("{method} {}{}", uri.path().trim_end_matches('/'), sub.unwrap_or_default());
    action.map_or_else(rest, str::to_owned)
}

fn answered(answer: Answer, operation: &str, headers: &HeaderMap) -> Response {
    // Operations of the query protocol have bare names without being in a header, those of S3 are paths of buckets.
    let xml = !headers.contains_key("x-amz-target") && !operation.contains(" /20");
    match answer {
        Answer::Headers(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            pairs.collect::<HeaderMap>().into_response()
        }
        Answer::Ok(Value::String(text)) => (StatusCode::OK, [("etag", "one")], text).into_response(),
        Answer::Ok(_) if xml => StatusCode::OK.into_response(),
        Answer::Ok(body) => (StatusCode::OK, body.to_string()).into_response(),
        Answer::Error(code, message) if xml => {
            let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
            let text = if operation.contains('/') {
                error
            } else {
                format!("<ErrorResponse>{error}</ErrorResponse>")
            };
            (StatusCode::CONFLICT, text).into_response()
        }
        Answer::Error(code, message) => {
            let body = json!({ "__type": code, "message": message }).to_string();
            let headers =
                [("x-amzn-errortype", code.to_owned()), ("x-amzn-query-error", format!("{code};Sender"))];
            (StatusCode::BAD_REQUEST, headers, body).into_response()
        }
    }
}

async fn service(
    State(stage): State<Stage>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8_lossy(&body);
    let called = operation(&method, &uri, &headers, &body);
    let mut play = stage.lock().unwrap();
    play.called.push(called.clone());
    play.bodies.push(body.to_string());
    let line = play.script.iter().position(|(operation, _)| *operation == called);
    let Some(line) = line else {
        return answered(Answer::Error("Unscripted", "the script says nothing of this"), &called, &headers);
    };
    answered(play.script.remove(line).1, &called, &headers)
}

/// The regions of an account whose services answer from the script.
pub(super) async fn stage(script: &[Line]) -> (Regions, Stage) {
    let stage = Arc::new(Mutex::new(Play { script: script.to_vec(), ..Play::default() }));
    let regions = fake_aws::regions(Router::new().fallback(service).with_state(Arc::clone(&stage))).await;
    (regions, stage)
}

/// A context of that account.
pub(super) async fn play(script: &[Line]) -> (Context, Stage) {
    let (regions, stage) = stage(script).await;
    (regions.home(), stage)
}

/// What was called, once the whole script was played.
pub(super) fn called(stage: &Stage) -> Vec<String> {
    let play = stage.lock().unwrap();
    let left: Vec<_> = play.script.iter().map(|(operation, _)| *operation).collect();
    assert!(left.is_empty(), "{left:?} were not called, but {:?}", play.called);
    play.called.clone()
}
