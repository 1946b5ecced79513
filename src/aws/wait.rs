//! The one wait loop. Waits and retries are bounded, visible and cancellable (drop the future).

use std::future::Future;
use std::time::{Duration, Instant};

use super::{Context, Error, Result};

/// How long and how often to look.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The first pause; later ones double up to `longest`.
    pub first: Duration,
    /// The longest pause between looks.
    pub longest: Duration,
    /// When to give up.
    pub limit: Duration,
}

impl Patience {
    /// For what settles within seconds: a role becoming assumable, a function becoming active.
    pub const SECONDS: Self = Self {
        first: Duration::from_millis(200),
        longest: Duration::from_secs(3),
        limit: Duration::from_secs(120),
    };
    /// For what takes minutes: a distribution propagating to the edges.
    pub const MINUTES: Self = Self {
        first: Duration::from_millis(200),
        longest: Duration::from_secs(15),
        limit: Duration::from_secs(40 * 60),
    };
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll<T> {
    /// What was waited for.
    Done(T),
    /// Not yet; the text says what is awaited.
    Pending(String),
}

/// Looks until it is done.
///
/// # Errors
/// When a look fails, or when patience runs out: then the error says what was still awaited.
pub async fn until<T, F>(
    cx: &Context,
    call: &'static str,
    patience: Patience,
    mut look: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<Poll<T>>>,
{
    let began = Instant::now();
    let mut pause = patience.first;
    loop {
        let awaited = match look().await? {
            Poll::Done(found) => return Ok(found),
            Poll::Pending(awaited) => awaited,
        };
        if began.elapsed() + pause > patience.limit {
            let waited = began.elapsed().as_secs();
            return Err(Error::unexpected(
                call,
                format!("still {awaited} after {waited} s; run the command again"),
            ));
        }
        cx.note(&awaited);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(patience.longest);
    }
}

/// Makes a call again while it fails for a reason that passes by itself (`passing` says which, from the error).
///
/// # Errors
/// The last error, when it does not pass or does not pass in time.
pub async fn retry_while<T, F>(
    cx: &Context,
    patience: Patience,
    awaited: &str,
    passing: impl Fn(&Error) -> bool,
    mut call: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let began = Instant::now();
    let mut pause = patience.first;
    loop {
        match call().await {
            Err(error) if passing(&error) && began.elapsed() + pause <= patience.limit => {
                cx.note(awaited);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(patience.longest);
            }
            outcome => return outcome,
        }
    }
}
