//! `--like-aws`: the local cloud refuses what AWS refuses, and is as slow, as forgetful and as limited as AWS.
//!
//! [`Played::answer`] stands between the callers and the services. A call meets, in this order:
//!
//! 1. [`limits`]: how many calls a second AWS takes;
//! 2. [`waits`]: what comes too early;
//! 3. [`refusals`]: what AWS refuses and the emulator takes;
//! 4. [`lag`]: reads that are answered as before the last change;
//! 5. the service itself, into whose answer [`waits`] writes what still takes time.
//!
//! Every rule has its source. `docs/local-cloud.md` has the tables.

mod answered;
mod dice;
mod lag;
mod limits;
pub(super) mod refusals;
mod table;
mod waits;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::answer;
use super::gateway::Gateway;
use super::operation::ServiceCall;
use super::signature::Claim;
pub use table::rules_as_markdown;

use answered::Answered;
use dice::Dice;
use lag::Lags;
use limits::Limits;
use waits::Waits;

/// That the local cloud plays AWS, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LikeAws {
    /// How many times faster than on AWS the time goes, from 1: it divides durations and multiplies rates.
    pub pace: u32,
    /// Chooses the durations: the same seed chooses the same ones.
    pub seed: u64,
}

impl Default for LikeAws {
    fn default() -> Self {
        Self { pace: 1, seed: 1 }
    }
}

impl LikeAws {
    /// It as arguments of `local serve`.
    pub(super) fn arguments(&self) -> [String; 5] {
        let number = |number: u64| number.to_string();
        ["--like-aws".into(), "--pace".into(), number(self.pace.into()), "--seed".into(), number(self.seed)]
    }
}

impl LikeAws {
    /// How long after it was switched on for a bucket S3 begins to send its events to EventBridge.
    pub(super) fn events_after(self) -> Duration {
        let (least, _) = waits::EVENTS.seconds;
        Duration::from_secs(least) / self.pace.max(1)
    }
}

impl fmt::Display for LikeAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on, pace {}, seed {}", self.pace, self.seed)
    }
}

/// A refusal, as AWS words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) code: String,
    pub(super) message: String,
}

impl Refused {
    /// A refusal with this status, for example 400.
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, code: code.to_owned(), message: message.into() }
    }

    fn answer(&self, parts: &Parts) -> Response<Body> {
        answer::error(parts, self.status, &self.code, &self.message)
    }
}

/// What comes instead of a service's answer.
#[derive(Debug, Clone)]
enum Instead {
    Refused(Refused),
    Answered(Answered),
}

/// AWS as it is played: its clock, and what it remembers.
pub(super) struct Played {
    settings: LikeAws,
    began: Instant,
    /// The account's quotas.
    pub(super) quotas: refusals::Quotas,
    memory: Mutex<Memory>,
}

/// What was called, asked and begun so far.
#[derive(Default)]
struct Memory {
    limits: Limits,
    waits: Waits,
    lags: Lags,
}

impl Played {
    /// One that has seen nothing yet.
    pub(super) fn new(settings: LikeAws) -> Self {
        let quotas = refusals::Quotas::default();
        Self { settings, began: Instant::now(), quotas, memory: Mutex::default() }
    }

    /// Forgets everything, as the services do.
    pub(super) fn reset(&self) {
        self.quotas.reset();
        self.remember(|memory| *memory = Memory::default());
    }

    /// Throttles the next calls, as many as `calls`, of the services that have a limit.
    pub(super) fn throttle(&self, calls: usize) {
        self.remember(|memory| memory.limits.due = calls);
    }

    fn remember<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The time on AWS's clock: `pace` times faster than ours.
    fn now(&self) -> Duration {
        self.began.elapsed() * self.settings.pace.max(1)
    }

    /// Answers a call as AWS would.
    pub(super) async fn answer(&self, gateway: &Gateway, claim: &Claim, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let (call, body) = match ServiceCall::read(claim, &parts, body).await {
            Ok(read) => read,
            Err(why) => return answer::text(StatusCode::BAD_REQUEST, &why.to_string()),
        };
        match self.instead(gateway, &call).await {
            Some(instead) => {
                // A caller that is still sending would not read the answer.
                let _ = body.collect().await;
                match instead {
                    Instead::Refused(refused) => refused.answer(&parts),
                    Instead::Answered(answered) => answered.into_response(),
                }
            }
            None => {
                let response = gateway.serve(claim, Request::from_parts(parts, body)).await;
                if call.is("s3", &["GetObject"]) {
                    return response;
                }
                match Answered::read(response).await {
                    Ok(answered) => self.noted(&call, answered).into_response(),
                    Err(why) => answer::text(StatusCode::BAD_GATEWAY, &why.to_string()),
                }
            }
        }
    }

    async fn instead(&self, gateway: &Gateway, call: &ServiceCall) -> Option<Instead> {
        let now = self.now();
        let early =
            self.remember(|memory| memory.limits.take(call, now).or_else(|| memory.waits.refuse(call, now)));
        if let Some(refused) = early {
            return Some(Instead::Refused(refused));
        }
        if let Some(refused) = refusals::check(gateway, self, call).await {
            return Some(Instead::Refused(refused));
        }
        self.remember(|memory| memory.lags.stale(call, now)).map(Instead::Answered)
    }

    /// The answer with what still takes time in it.
    fn noted(&self, call: &ServiceCall, mut answered: Answered) -> Answered {
        let (now, dice) = (self.now(), Dice::new(self.settings.seed));
        self.remember(|memory| {
            if answered.status.is_success() {
                memory.waits.note(call, answered.text(), now, dice);
                memory.waits.alter(call, &mut answered, now);
            }
            memory.lags.note(call, &answered, now, dice);
        });
        answered
    }
}
