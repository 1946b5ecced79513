//! One writer at a time: a lease on the stack, kept in the home bucket with S3's conditional writes.
//!
//! The lease is taken with `If-None-Match: *`, renewed and taken over with `If-Match`. Its holder renews it while it
//! works. The lease of a dead holder expires by S3's clock, not by the clock of the machine that checks. If the answer
//! to a write is lost, the write is tried again and finds its own result. It recognises it by the `run` of the lock.
//! Follows the S3 user guide, "Conditional writes".

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Home, NO_BUCKET};
use crate::aws::{self, Error, Patience, Result, SdkResult, retry_while};

/// How long a lease lasts without renewal, and how often its holder renews it.
#[derive(Clone, Copy, Debug)]
struct Pace {
    lasts: SignedDuration,
    renewed_every: Duration,
}

const PACE: Pace = Pace { lasts: SignedDuration::from_secs(120), renewed_every: Duration::from_secs(30) };
/// How often a holder checks whether its lease has expired.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// How many times to try to take a lock that another run releases at the same moment.
const ATTEMPTS: usize = 3;
/// S3's codes for "the condition did not hold": another run was first. `NoSuchKey` is the answer to `If-Match` if the
/// lock is gone.
const LOST: &[&str] = &["PreconditionFailed", "ConditionalRequestConflict", "412", "NoSuchKey"];

/// The holder of a stack's lock, as the lock object says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The unique id of the run.
    pub run: String,
    /// The caller's ARN.
    pub by: String,
    /// Its host and process id.
    pub host: String,
    /// The command.
    pub command: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless renewed.
    pub expires: Timestamp,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.strftime("%Y-%m-%d %H:%M:%S UTC");
        write!(f, "`provision {}` by {} on {} since {since}", self.command, self.by, self.host)
    }
}

/// Why a lease could not be taken.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Locked {
    /// Somebody holds it.
    #[error("stack {stack} is being changed: {holder}")]
    #[diagnostic(help("wait for it; if its process died, the lock expires at {}", holder.expires.strftime("%H:%M:%S UTC")))]
    Elsewhere {
        /// The stack.
        stack: String,
        /// The holder.
        holder: Box<Held>,
    },
    /// The lock could not be read or written.
    #[error("could not take the lock of the stack")]
    Failed(
        #[from]
        #[diagnostic_source]
        Error,
    ),
}

/// A lease that is held and renewed until it is released. `lost` is cancelled if another run took it over.
pub struct Lease {
    home: Home,
    etag: Arc<Mutex<ETag>>,
    renewal: JoinHandle<()>,
    lost: CancellationToken,
}

/// The key of the lock in the home bucket.
pub const KEY: &str = "lock.json";

/// The condition on the lock object for a write.
enum Condition {
    Absent,
    Unchanged(ETag),
}

type ETag = String;

/// How a write of the lock ended.
enum Written {
    /// The lock is this run's, under this ETag.
    Ours(ETag),
    /// Another run holds it.
    Theirs(Held, ETag),
    /// There is no lock any more, though there was one a moment ago.
    Nobodys,
}

impl Home {
    /// Takes the stack's lock for a command.
    ///
    /// # Errors
    /// When another run holds it, or when the bucket cannot be read or written.
    pub async fn lock(&self, by: &str, command: &str) -> std::result::Result<Lease, Locked> {
        self.lock_at(PACE, by, command).await
    }

    async fn lock_at(&self, pace: Pace, by: &str, command: &str) -> std::result::Result<Lease, Locked> {
        let held = self.new_holder(pace, by, command);
        let mut condition = Condition::Absent;
        for _ in 0..ATTEMPTS {
            condition = match self.write_lock(&held, condition).await? {
                Written::Ours(etag) => return Ok(self.lease(pace, held, etag)),
                Written::Theirs(holder, _) if holder.expires > self.now() => {
                    let stack = self.cx.scope.stack.clone();
                    return Err(Locked::Elsewhere { stack, holder: Box::new(holder) });
                }
                // An expired lock is taken over, unless its holder renews it at the same moment.
                Written::Theirs(_, etag) => Condition::Unchanged(etag),
                Written::Nobodys => Condition::Absent,
            };
        }
        let message = "another run took the lock just now; run the command again";
        Err(Locked::Failed(Error::unexpected("s3:PutObject", message)))
    }

    /// The current holder of the stack's lock, if there is one.
    ///
    /// # Errors
    /// When the lock cannot be read.
    pub async fn holder(&self) -> Result<Option<Held>> {
        let held = self.read_lock().await?.map(|(held, _)| held);
        Ok(held.filter(|held| held.expires > self.now()))
    }

    /// The clock that decides whether a lease has expired.
    fn now(&self) -> Timestamp {
        self.cx.connection().calls().now()
    }

    async fn read_lock(&self) -> Result<Option<(Held, ETag)>> {
        let Some(object) = self.get(KEY).await? else { return Ok(None) };
        let held = serde_json::from_str(&object.text).map_err(|error| unreadable(&error))?;
        Ok(Some((held, object.etag)))
    }

    /// Writes the lock if the condition holds. Returns who holds it afterwards.
    async fn write_lock(&self, held: &Held, condition: Condition) -> Result<Written> {
        let body = serde_json::to_vec(held).map_err(|error| unreadable(&error))?;
        let write = || async {
            let body = ByteStream::from(body.clone());
            let put = self.cx.s3().put_object().bucket(self.bucket()).key(KEY).body(body);
            let put = put.expected_bucket_owner(&self.cx.scope.account).content_type("application/json");
            let put = match &condition {
                Condition::Absent => put.if_none_match("*"),
                Condition::Unchanged(etag) => put.if_match(etag),
            };
            put.send().await.unless("s3:PutObject", LOST)
        };
        // A bucket that was created a moment ago, perhaps again after a teardown, is not known everywhere yet.
        let (awaited, new) = ("waiting until S3 knows the home bucket", |error: &Error| error.is(NO_BUCKET));
        if let Some(answer) = retry_while(&self.cx, Patience::SECONDS, awaited, new, write).await? {
            return Ok(Written::Ours(answer.e_tag.unwrap_or_default()));
        }
        Ok(match self.read_lock().await? {
            Some((found, etag)) if found.run == held.run => Written::Ours(etag),
            Some((found, etag)) => Written::Theirs(found, etag),
            None => Written::Nobodys,
        })
    }

    /// Renews the lock. For 15 minutes after the bucket's versioning was enabled, S3 may not find an object that exists
    /// (S3 user guide, "Enabling versioning on buckets"). Then it is written as a new one, which fails if it exists. After the
    /// lease has expired, this is not safe: another run may have held the lock and released it.
    async fn renew_lock(&self, (held, renewed): (&Held, &Held), etag: ETag) -> Result<Written> {
        match self.write_lock(renewed, Condition::Unchanged(etag)).await? {
            Written::Nobodys if self.now() < held.expires => {
                self.write_lock(renewed, Condition::Absent).await
            }
            written => Ok(written),
        }
    }

    fn lease(&self, pace: Pace, held: Held, etag: ETag) -> Lease {
        let etag = Arc::new(Mutex::new(etag));
        let lost = CancellationToken::new();
        let renewal = Renewal { home: self.clone(), pace, held };
        let renewal = tokio::spawn(renewal.run(Arc::clone(&etag), lost.clone()));
        Lease { home: self.clone(), etag, renewal, lost }
    }

    fn new_holder(&self, pace: Pace, by: &str, command: &str) -> Held {
        let now = self.now();
        let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let process = std::process::id();
        Held {
            run: format!("{process}-{}", Timestamp::now().as_nanosecond()),
            by: by.to_owned(),
            host: format!("{node} (process {process})"),
            command: command.to_owned(),
            since: now,
            expires: now + pace.lasts,
        }
    }
}

fn unreadable(error: &serde_json::Error) -> Error {
    let message = format!(
        "cannot read the lock ({error}): if no one is changing the stack, delete {KEY} from its home bucket"
    );
    Error::unexpected("s3:GetObject", message)
}

/// Keeps a lease alive.
struct Renewal {
    home: Home,
    pace: Pace,
    held: Held,
}

impl Renewal {
    /// Waits until it is time to renew the lease, or until the lease has expired. A suspended machine waits longer than
    /// its timers know, and another run may hold the lock now.
    async fn until_due(&self) {
        let due = Instant::now() + self.pace.renewed_every;
        while Instant::now() < due && self.home.now() < self.held.expires {
            tokio::time::sleep(LOOKS_EVERY.min(self.pace.renewed_every)).await;
        }
    }

    /// Renews the lease until it is dropped or lost. It is lost if another run takes it over, or if it cannot be
    /// renewed in time.
    async fn run(mut self, etag: Arc<Mutex<ETag>>, lost: CancellationToken) {
        loop {
            self.until_due().await;
            let mut current = etag.lock().await;
            let renewed = Held { expires: self.home.now() + self.pace.lasts, ..self.held.clone() };
            let write = self.home.renew_lock((&self.held, &renewed), current.clone());
            let left = Duration::try_from(self.held.expires.duration_since(self.home.now()));
            match tokio::time::timeout(left.unwrap_or(self.pace.renewed_every), write).await {
                Ok(Ok(Written::Ours(etag))) => (*current, self.held) = (etag, renewed),
                Ok(Ok(Written::Theirs(..))) => return lost.cancel(),
                // Nobody takes a lock over before it expires: S3 does not see it yet.
                Ok(Ok(Written::Nobodys)) if self.home.now() < self.held.expires => {
                    tracing::warn!("could not renew the lock: S3 does not find it");
                }
                Ok(Ok(Written::Nobodys)) => return lost.cancel(),
                // A renewal that fails is tried again. The lease outlasts three failures.
                Ok(Err(error)) if self.home.now() < self.held.expires => {
                    tracing::warn!("could not renew the lock: {error}");
                }
                Ok(Err(_)) | Err(_) => return lost.cancel(),
            }
        }
    }
}

impl Lease {
    /// Cancelled when another run has taken the lease over.
    #[must_use]
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Releases the lease.
    ///
    /// # Errors
    /// When the call fails. The lease then expires by itself.
    pub async fn release(self) -> aws::Result<()> {
        // Wait for a renewal that is under way: the object it writes is the one to delete.
        let etag = self.etag.lock().await;
        self.renewal.abort();
        let s3 = self.home.cx.s3();
        let delete = s3.delete_object().bucket(self.home.bucket()).key(KEY).if_match(etag.as_str());
        let delete = delete.expected_bucket_owner(&self.home.cx.scope.account);
        const GONE: &[&str] = &["PreconditionFailed", "412", "NoSuchKey", "NoSuchBucket", "NotFound"];
        delete.send().await.unless("s3:DeleteObject", GONE).map(drop)
    }

    /// Releases the lease and leaves no version of the lock behind, so that the bucket can be deleted. The lock of another
    /// run that has taken over stays.
    ///
    /// # Errors
    /// When a call fails. The lease then expires by itself.
    pub async fn erase(self) -> aws::Result<()> {
        let etag = self.etag.lock().await;
        self.renewal.abort();
        self.home.erase(KEY, etag.as_str()).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

#[cfg(test)]
mod tests;
