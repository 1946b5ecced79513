//! The one wait loop. Waits and retries are bounded and visible. They end at once when the run is interrupted.

use std::future::Future;
use std::time::{Duration, Instant};

use super::{Context, Error, Result};

/// How long and how often to poll.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The first pause; later ones double up to `longest`.
    pub first: Duration,
    /// The longest pause between polls.
    pub longest: Duration,
    /// When to give up.
    pub limit: Duration,
}

impl Patience {
    /// For changes that settle within seconds: a role becomes assumable, a function becomes active.
    pub const SECONDS: Self = Self {
        first: Duration::from_millis(200),
        longest: Duration::from_secs(3),
        limit: Duration::from_secs(120),
    };
    /// For changes that take minutes: a distribution propagates to the edges.
    pub const MINUTES: Self = Self {
        first: Duration::from_millis(200),
        longest: Duration::from_secs(15),
        limit: Duration::from_secs(40 * 60),
    };
}

/// The result of one poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll<T> {
    /// The wait is over; this is its result.
    Done(T),
    /// Not yet. The text says what is awaited.
    Pending(String),
}

/// Polls until it is done.
///
/// # Errors
/// When a poll fails, or when the time is over. The error then says what was still awaited.
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
        if interrupted(cx, pause).await {
            return Err(Error::interrupted(call, format!("interrupted while {awaited}")));
        }
        pause = (pause * 2).min(patience.longest);
    }
}

/// Pauses. Returns whether the run was interrupted meanwhile.
async fn interrupted(cx: &Context, pause: Duration) -> bool {
    tokio::time::timeout(pause, cx.cancel.cancelled()).await.is_ok()
}

/// Repeats a call while it fails for a temporary reason. `passing` decides this from the error.
///
/// # Errors
/// The last error, if it is not temporary or lasts too long.
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
                if interrupted(cx, pause).await {
                    return Err(error);
                }
                pause = (pause * 2).min(patience.longest);
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::aws::{Class, Connection, LocalCloud};
    use crate::model::Scope;

    async fn context(cancel: &CancellationToken) -> Context {
        let target = LocalCloud::new("http://127.0.0.1:9", "111122223333", "secret");
        let connection = Arc::new(Connection::to_local(target, "ap-northeast-2").await);
        let scope =
            Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() };
        Context::new(connection, scope, "ap-northeast-2").working(Arc::new(|_| ()), cancel.clone())
    }

    const BRISK: Patience = Patience {
        first: Duration::from_millis(1),
        longest: Duration::from_millis(2),
        limit: Duration::from_millis(20),
    };

    #[tokio::test]
    async fn a_wait_ends_with_what_it_waited_for() {
        let looks = AtomicUsize::new(0);
        let look = || async {
            let nth = looks.fetch_add(1, Ordering::Relaxed);
            Ok(if nth == 2 { Poll::Done(nth) } else { Poll::Pending("waiting".into()) })
        };
        let cx = context(&CancellationToken::new()).await;
        assert_eq!(until(&cx, "test:Look", BRISK, look).await.ok(), Some(2));
    }

    #[tokio::test]
    async fn a_wait_is_bounded_and_an_interrupt_ends_it_at_once() {
        let look = || async { Ok::<Poll<()>, Error>(Poll::Pending("waiting for nothing".into())) };
        let bounded =
            until(&context(&CancellationToken::new()).await, "test:Look", BRISK, look).await.unwrap_err();
        assert!(bounded.to_string().contains("still waiting for nothing"), "{bounded}");
        let cancel = CancellationToken::new();
        cancel.cancel();
        let ended = until(&context(&cancel).await, "test:Look", Patience::MINUTES, look).await.unwrap_err();
        assert_eq!(ended.class, Class::Interrupted);
    }

    #[tokio::test]
    async fn only_what_passes_by_itself_is_tried_again() {
        let tries = AtomicUsize::new(0);
        let call = || async {
            match tries.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Error { code: "NotYet".into(), ..Error::unexpected("test:Call", "") }),
                _ => Err::<(), _>(Error { code: "Never".into(), ..Error::unexpected("test:Call", "") }),
            }
        };
        let cx = context(&CancellationToken::new()).await;
        let error =
            retry_while(&cx, BRISK, "waiting", |error| error.is(&["NotYet"]), call).await.unwrap_err();
        assert_eq!((error.code.as_str(), tries.load(Ordering::Relaxed)), ("Never", 2));
    }
}
