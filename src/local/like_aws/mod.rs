//! `--like-aws`: the local cloud refuses what AWS refuses, and is as slow, as forgetful and as limited as AWS.
//!
//! [`Played::answer`] stands between the callers and the services. A call meets, in this order:
//!
//! 1. [`limits`]: how many calls a second AWS takes;
//! 2. [`refusals`]: what AWS refuses and the emulator takes;
//! 3. [`time`]: what AWS does not do yet, or answers from an old copy;
//! 4. the service itself, whose answer [`time`] may change.
//!
//! Every [`rule::Rule`] has its source. `docs/local-cloud.md` has the table.

mod answered;
mod limits;
pub(super) mod refusals;
pub(super) mod rule;
mod time;

use std::fmt;
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
use super::operation::Call;
use super::signature::Claim;
use answered::Answered;
use limits::Limits;
use rule::{Dice, Rule};
use time::Time;

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
    limits: Limits,
    /// The account's quotas.
    pub(super) quotas: refusals::Quotas,
    time: Time,
}

impl Played {
    /// One that has seen nothing yet.
    pub(super) fn new(settings: LikeAws) -> Self {
        let dice = Dice::new(settings.seed);
        let (limits, quotas) = (Limits::default(), refusals::Quotas::default());
        Self { settings, began: Instant::now(), limits, quotas, time: Time::new(dice) }
    }

    /// Forgets everything, as the services do.
    pub(super) fn reset(&self) {
        self.limits.reset();
        self.quotas.reset();
        self.time.reset();
    }

    /// The time on AWS's clock: `pace` times faster than ours.
    fn now(&self) -> Duration {
        self.began.elapsed() * self.settings.pace.max(1)
    }

    /// Answers a call as AWS would.
    pub(super) async fn answer(&self, gateway: &Gateway, claim: &Claim, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let (call, body) = match Call::read(claim, &parts, body).await {
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
                    Ok(answered) => self.time.after(&call, answered, self.now()).into_response(),
                    Err(why) => answer::text(StatusCode::BAD_GATEWAY, &why.to_string()),
                }
            }
        }
    }

    async fn instead(&self, gateway: &Gateway, call: &Call) -> Option<Instead> {
        if let Some(refused) = self.limits.take(call, self.now()) {
            return Some(Instead::Refused(refused));
        }
        if let Some(refused) = refusals::check(gateway, self, call).await {
            return Some(Instead::Refused(refused));
        }
        self.time.before(call, self.now())
    }
}

/// Every rule that is played, by kind.
pub(super) fn rules() -> [(&'static str, Vec<Rule>); 2] {
    [("Time", time::rules()), ("Limits", limits::rules())]
}
