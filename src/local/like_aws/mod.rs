//! The local cloud as AWS is: it limits the rate of calls, refuses what AWS refuses, takes its time, and reads late.
//!
//! A call passes, in this order: limits, what comes too early, refusals, reads that lag; then the service answers, and what
//! takes time is written into the answer. `docs/local-cloud.md` lists the rules with their sources.

mod call;
mod chance;
mod lag;
mod limits;
mod refusal;
pub(super) mod refusals;
mod table;
mod waits;

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};

use super::answer::text;
use super::signature::Claim;
pub use table::rules_as_markdown;

use call::Call;
use chance::Chance;
use lag::Lags;
use limits::Limits;
use waits::Waits;

/// How a local cloud is like AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Likeness {
    /// How much faster than AWS's its time is: 10 makes a second of every ten.
    pub pace: u32,
    /// What chance begins with: the same seed gives the same delays.
    pub seed: u64,
}

impl Likeness {
    /// With this pace, at least 1.
    #[must_use]
    pub fn new(pace: u32, seed: u64) -> Self {
        Self { pace: pace.max(1), seed }
    }

    /// The arguments with which a server is like this.
    pub(super) fn arguments(&self) -> [String; 5] {
        let Self { pace, seed } = self;
        ["--like-aws".into(), "--pace".into(), pace.to_string(), "--seed".into(), seed.to_string()]
    }
}

impl std::fmt::Display for Likeness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} times as fast, seed {}", self.pace, self.seed)
    }
}

/// What a local cloud must remember to be like AWS.
pub(super) struct LikeAws {
    begun: Instant,
    pace: u32,
    memory: Mutex<Memory>,
}

struct Memory {
    limits: Limits,
    lags: Lags,
    waits: Waits,
    chance: Chance,
}

impl Memory {
    fn new(seed: u64) -> Self {
        let chance = Chance::new(seed);
        Self { limits: Limits::default(), lags: Lags::default(), waits: Waits::default(), chance }
    }
}

impl LikeAws {
    /// A cloud that has just begun.
    pub(super) fn new(likeness: Likeness) -> Self {
        let memory = Mutex::new(Memory::new(likeness.seed));
        Self { begun: Instant::now(), pace: likeness.pace, memory }
    }

    /// Forgets everything but the limits: the cloud was emptied.
    pub(super) fn reset(&self) {
        self.remember(|memory| {
            memory.lags = Lags::default();
            memory.waits = Waits::default();
        });
    }

    /// Answers a call as AWS would, where `serve` answers as the emulator does.
    pub(super) async fn answer<F>(
        &self,
        claim: &Claim,
        request: Request,
        serve: impl FnOnce(Request) -> F,
    ) -> Response<Body>
    where
        F: Future<Output = Response<Body>>,
    {
        let (call, request) = match Call::read(claim, request).await {
            Ok(read) => read,
            Err(why) => return text(StatusCode::BAD_REQUEST, &why),
        };
        let now = self.now();
        let early = self
            .remember(|memory| memory.limits.take(&call, now).or_else(|| memory.waits.refuse(&call, now)));
        if let Some(refusal) = early {
            return refusal.answer(&call);
        }
        if let Some(refusal) = refusals::check(&call).await {
            return refusal.answer(&call);
        }
        if let Some(given) = self.remember(|memory| memory.lags.stale(&call, now)) {
            return Response::from_parts(given.parts, Body::from(given.body));
        }
        self.noted(&call, serve(request).await).await
    }

    /// The answer, with what takes time in it. An object of S3 is passed on as it comes.
    async fn noted(&self, call: &Call, response: Response<Body>) -> Response<Body> {
        let now = self.now();
        if call.service == "s3" && call.parts.uri.path().trim_matches('/').contains('/') {
            if response.status().is_success() {
                self.remember(|memory| memory.waits.note(call, &[], now, &mut memory.chance));
            }
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return text(StatusCode::BAD_GATEWAY, &format!("the answer broke off: {error}")),
        };
        let altered = self.remember(|memory| {
            if parts.status.is_success() {
                memory.waits.note(call, &body, now, &mut memory.chance);
            }
            let altered: Bytes =
                if parts.status.is_success() { memory.waits.alter(call, body, now) } else { body };
            if parts.headers.contains_key(header::CONTENT_LENGTH)
                && call.parts.method != axum::http::Method::HEAD
            {
                parts.headers.insert(header::CONTENT_LENGTH, altered.len().into());
            }
            memory.lags.note(call, &parts, &altered, now, &mut memory.chance);
            altered
        });
        Response::from_parts(parts, Body::from(altered))
    }

    /// How long the cloud runs, in AWS's time.
    fn now(&self) -> Duration {
        self.begun.elapsed() * self.pace
    }

    fn remember<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
