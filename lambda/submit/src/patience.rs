//! The wait for MediaConvert's rate of new jobs: an upload waits here for its turn.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use handler::{ApiError, chain};
use lambda_runtime::tracing;
use tokio::time::{Instant, sleep};

/// The longest wait, half of the function's time. It must be long enough for every invocation that the function's
/// reserved concurrency lets run at the same time: see `docs/decisions/a-burst-waits-in-lambda.md`.
const PATIENCE: Duration = Duration::from_secs(150);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// MediaConvert remembers a request token for one minute. A shorter pause keeps a repeated call from making a second job.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Repeats a call while it fails with an error that passes. The pauses double, and are random so that invocations do
/// not ask all at once.
///
/// # Errors
///
/// The last error of the call.
pub(crate) async fn until_taken<T, F>(call: impl Fn() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    let end = Instant::now() + PATIENCE;
    let mut longest = FIRST_PAUSE;
    loop {
        let error = match call().await {
            Err(error) if error.retriable => error,
            answered => return answered,
        };
        let pause = longest.mul_f64(0.5 + random_half());
        if Instant::now() + pause > end {
            return Err(error);
        }
        tracing::info!(error = chain(&error), "waiting for MediaConvert");
        sleep(pause).await;
        longest = (longest * 2).min(LONGEST_PAUSE);
    }
}

/// A random number from 0 to 0.5. The standard library's hash maps draw their keys at random.
fn random_half() -> f64 {
    let [first, second, ..] = RandomState::new().hash_one(()).to_le_bytes();
    f64::from(u16::from_le_bytes([first, second])) / f64::from(u16::MAX) / 2.0
}
