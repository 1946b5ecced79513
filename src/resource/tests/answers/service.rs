//! An account whose services answer as a test says, member by member.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use super::{Refusal, model};
use crate::aws::{Regions, fake_aws};

/// How often one call may be repeated in one look. A list without end is an error, not a test without end.
const REPEATS: usize = 6;

/// What a service says to a call.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// An answer: its members, by the names in AWS's models.
    Answer(Value),
    /// A refusal.
    Refusal(Refusal),
    /// A body as it was recorded.
    Body(String),
}

/// What is said to a call.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reply {
    /// The call, such as `sqs:GetQueueAttributes`.
    pub(crate) call: String,
    /// A text in the request by which it is told from others of the same call.
    #[serde(default)]
    pub(crate) when: String,
    #[serde(flatten)]
    pub(crate) said: Said,
    /// How often it is said. After that the next answer to the same call is.
    #[serde(default = "always")]
    pub(crate) times: usize,
    /// Members that it could have as well: those that the models do not name.
    #[serde(default)]
    pub(crate) others: Value,
}

const fn always() -> usize {
    usize::MAX
}

impl Reply {
    /// What is always said to a call.
    pub(crate) fn new(call: &str, said: Said) -> Self {
        Self { call: call.to_owned(), when: String::new(), said, times: always(), others: Value::Null }
    }
}

#[derive(Default)]
struct Stage {
    answers: Vec<Reply>,
    asked: BTreeMap<usize, usize>,
    unanswered: Vec<String>,
}

/// An account that answers so.
pub(crate) struct Account {
    pub(crate) regions: Regions,
    stage: Arc<Mutex<Stage>>,
}

impl Account {
    pub(crate) async fn open() -> Self {
        let stage = Arc::<Mutex<Stage>>::default();
        let regions = fake_aws::regions(Router::new().fallback(service).with_state(Arc::clone(&stage))).await;
        Self { regions, stage }
    }

    /// From now on it answers so.
    pub(crate) fn says(&self, answers: &[Reply]) {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        *stage = Stage { answers: answers.to_vec(), ..Stage::default() };
    }

    /// How often each answer was asked for.
    pub(crate) fn asked(&self) -> Vec<usize> {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        (0..stage.answers.len()).map(|index| stage.asked.get(&index).copied().unwrap_or(0)).collect()
    }

    /// The calls that nothing was said to, and the answers that were not asked for.
    pub(crate) fn left(&self) -> (Vec<String>, Vec<String>) {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let unasked = stage.answers.iter().enumerate().filter(|(index, _)| !stage.asked.contains_key(index));
        (stage.unanswered.clone(), unasked.map(|(_, answer)| answer.call.clone()).collect())
    }
}

impl Stage {
    fn answer(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &str) -> Response<Body> {
        let call = model::call(method, uri, headers, body);
        let address = percent_decode_str(&uri.to_string()).decode_utf8_lossy().into_owned();
        let text = percent_decode_str(body).decode_utf8_lossy().into_owned();
        let asks = |when: &str| address.contains(when) || text.contains(when);
        let asked = |index: &usize| self.asked.get(index).copied().unwrap_or(0);
        let fits = |(index, answer): (usize, &Reply)| {
            let wanted = answer.call == call && asks(&answer.when) && asked(&index) < answer.times;
            wanted.then_some(index)
        };
        let found = self.answers.iter().enumerate().find_map(fits);
        let service = call.split_once(':').and_then(|(service, _)| model::services().get(service));
        let (Some(index), Some(service)) = (found, service) else {
            self.unanswered.push(format!("{call} {address} {text}"));
            return Response::builder().status(400).body(Body::empty()).unwrap();
        };
        let times = self.asked.entry(index).or_default();
        *times += 1;
        if *times > REPEATS {
            return Response::builder().status(400).body(Body::empty()).unwrap();
        }
        match &self.answers[index].said {
            Said::Body(text) => Response::new(text.clone().into()),
            Said::Refusal(refusal) => refusal.answer(service),
            Said::Answer(value) => {
                let operation = call.split_once(':').map(|(_, operation)| operation).unwrap();
                super::wire::answer(service, service.operation(operation), value)
            }
        }
    }
}

async fn service(
    State(stage): State<Arc<Mutex<Stage>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = String::from_utf8_lossy(&body);
    stage.lock().unwrap_or_else(PoisonError::into_inner).answer(&method, &uri, &headers, &body)
}
