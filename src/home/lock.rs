//! One writer at a time: a lease on the stack, kept in the home bucket by S3's conditional writes.
//!
//! The lease is taken with `If-None-Match: *`, renewed and taken over with `If-Match`. Its holder renews it while it
//! works; what a dead holder left behind expires. Follows the S3 user guide, "Conditional writes".

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Home, NO_BUCKET};
use crate::aws::{self, Error, Patience, Result, SdkResult, retry_while};

/// How long a lease lasts without renewal.
const LASTS: SignedDuration = SignedDuration::from_secs(120);
/// How often its holder renews it.
const RENEWED_EVERY: Duration = Duration::from_secs(30);
/// S3's codes for "the condition did not hold": somebody else was first.
const LOST: &[&str] = &["PreconditionFailed", "ConditionalRequestConflict", "412"];

/// Who holds a stack, as the lock object says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Tells one run from another.
    pub run: String,
    /// The caller's ARN.
    pub by: String,
    /// The host it runs on, and its process id.
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
    #[diagnostic(help("wait for it; a holder that died loses the lock at {}", holder.expires.strftime("%H:%M:%S UTC")))]
    Elsewhere {
        /// The stack.
        stack: String,
        /// The holder.
        holder: Box<Held>,
    },
    /// The lock could not be read or written.
    #[error("the lock of the stack could not be taken")]
    Failed(
        #[from]
        #[diagnostic_source]
        Error,
    ),
}

/// A lease that is held and renewed until it is released. `lost` is cancelled if somebody took it over.
pub struct Lease {
    home: Home,
    stack: String,
    etag: Arc<Mutex<String>>,
    renewal: JoinHandle<()>,
    lost: CancellationToken,
}

pub(super) fn key(stack: &str) -> String {
    format!("lock/{stack}.json")
}

#[derive(Clone, Copy)]
enum Condition<'a> {
    Absent,
    Unchanged(&'a str),
}

impl Home {
    /// Takes the stack's lease for a command.
    ///
    /// # Errors
    /// When somebody else holds it, or when the bucket cannot be read or written.
    pub async fn lock(&self, stack: &str, by: &str, command: &str) -> std::result::Result<Lease, Locked> {
        let held = new_holder(by, command);
        if let Some(etag) = self.write_lock(stack, &held, Condition::Absent).await? {
            return Ok(self.lease(stack, held, etag));
        }
        // Somebody was first. What has expired is taken over, unless its holder renews it in the same moment.
        if let Some(object) = self.get(&key(stack)).await? {
            let holder: Held = serde_json::from_str(&object.text).map_err(|error| unreadable(&error))?;
            if holder.expires > Timestamp::now() {
                return Err(Locked::Elsewhere { stack: stack.to_owned(), holder: Box::new(holder) });
            }
            if let Some(etag) = self.write_lock(stack, &held, Condition::Unchanged(&object.etag)).await? {
                return Ok(self.lease(stack, held, etag));
            }
        } else if let Some(etag) = self.write_lock(stack, &held, Condition::Absent).await? {
            return Ok(self.lease(stack, held, etag));
        }
        let message = "it changed hands just now; run the command again";
        Err(Locked::Failed(Error::unexpected("s3:PutObject", message)))
    }

    /// Who holds the stack now, if anybody does.
    ///
    /// # Errors
    /// When the lock cannot be read.
    pub async fn holder(&self, stack: &str) -> Result<Option<Held>> {
        let Some(object) = self.get(&key(stack)).await? else { return Ok(None) };
        let held: Held = serde_json::from_str(&object.text).map_err(|error| unreadable(&error))?;
        Ok((held.expires > Timestamp::now()).then_some(held))
    }

    /// The ETag of the stack's lock, if it is this run that holds it.
    async fn own(&self, stack: &str, run: &str) -> Result<Option<String>> {
        let Some(object) = self.get(&key(stack)).await? else { return Ok(None) };
        let holder: Held = serde_json::from_str(&object.text).map_err(|error| unreadable(&error))?;
        Ok((holder.run == run).then_some(object.etag))
    }

    /// Writes the lock if the condition holds, and returns its ETag; nothing if the condition does not hold. A condition may
    /// fail by our own doing: after a lost answer, what is written again meets what was written. Then the lock is ours.
    async fn write_lock(&self, stack: &str, held: &Held, condition: Condition<'_>) -> Result<Option<String>> {
        let body = serde_json::to_vec(held).map_err(|error| unreadable(&error))?;
        let write = || async {
            let (key, body) = (key(stack), ByteStream::from(body.clone()));
            let put = self.cx.s3().put_object().bucket(self.bucket()).key(key).body(body);
            let put = put.expected_bucket_owner(&self.cx.scope.account).content_type("application/json");
            let put = match condition {
                Condition::Absent => put.if_none_match("*"),
                Condition::Unchanged(etag) => put.if_match(etag),
            };
            put.send().await.unless("s3:PutObject", LOST)
        };
        // A bucket that was made a moment ago, perhaps after a teardown removed it, is not known everywhere yet.
        let (awaited, new) = ("waiting until S3 knows the home bucket", |error: &Error| error.is(NO_BUCKET));
        let answer = retry_while(&self.cx, Patience::SECONDS, awaited, new, write).await?;
        match answer {
            Some(answer) => Ok(Some(answer.e_tag.unwrap_or_default())),
            None => self.own(stack, &held.run).await,
        }
    }

    fn lease(&self, stack: &str, held: Held, etag: String) -> Lease {
        let etag = Arc::new(Mutex::new(etag));
        let lost = CancellationToken::new();
        let renewal =
            tokio::spawn(renew(self.clone(), stack.to_owned(), held, Arc::clone(&etag), lost.clone()));
        Lease { home: self.clone(), stack: stack.to_owned(), etag, renewal, lost }
    }
}

fn unreadable(error: &serde_json::Error) -> Error {
    let message = format!(
        "the lock is unreadable ({error}): if nobody changes the stack now, delete it from the home bucket"
    );
    Error::unexpected("s3:GetObject", message)
}

fn new_holder(by: &str, command: &str) -> Held {
    let now = Timestamp::now();
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let process = std::process::id();
    Held {
        run: format!("{process}-{}", now.as_nanosecond()),
        by: by.to_owned(),
        host: format!("{node} (process {process})"),
        command: command.to_owned(),
        since: now,
        expires: now + LASTS,
    }
}

async fn renew(home: Home, stack: String, mut held: Held, etag: Arc<Mutex<String>>, lost: CancellationToken) {
    loop {
        tokio::time::sleep(RENEWED_EVERY).await;
        let mut current = etag.lock().await;
        held.expires = Timestamp::now() + LASTS;
        match home.write_lock(&stack, &held, Condition::Unchanged(&current)).await {
            Ok(Some(renewed)) => *current = renewed,
            Ok(None) => return lost.cancel(),
            // A renewal that fails for the moment is tried again; the lease outlasts three of them.
            Err(error) => tracing::warn!("the lock was not renewed: {error}"),
        }
    }
}

impl Lease {
    /// Cancelled when somebody else took the lease over.
    #[must_use]
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// When the call fails; the lease then expires by itself.
    pub async fn release(self) -> aws::Result<()> {
        self.renewal.abort();
        let etag = self.etag.lock().await;
        let s3 = self.home.cx.s3();
        let delete =
            s3.delete_object().bucket(self.home.bucket()).key(key(&self.stack)).if_match(etag.as_str());
        const GONE: &[&str] = &["PreconditionFailed", "412", "NoSuchKey", "NoSuchBucket", "NotFound"];
        delete.send().await.unless("s3:DeleteObject", GONE).map(drop)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Kept;

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::State;
    use axum::http::{HeaderMap, Method, StatusCode, header};
    use axum::response::{IntoResponse, Response};

    use super::*;
    use crate::aws::{Connection, Context, Target};
    use crate::model::Scope;

    /// An S3 of one object, whose answer to the first write is lost.
    #[derive(Default)]
    struct Store {
        object: Option<Bytes>,
        writes: usize,
    }

    async fn s3(
        State(store): State<Arc<Kept<Store>>>,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        let mut store = store.lock().unwrap();
        if method == Method::GET {
            let text = store.object.clone().unwrap_or_default();
            return ([(header::ETAG, "\"1\"")], text).into_response();
        }
        store.writes += 1;
        if store.object.is_some() && headers.contains_key(header::IF_NONE_MATCH) {
            let text = "<Error><Code>PreconditionFailed</Code><Message>it is there</Message></Error>";
            return (StatusCode::PRECONDITION_FAILED, text).into_response();
        }
        store.object = Some(body);
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }

    #[tokio::test]
    async fn a_lock_whose_answer_was_lost_is_ours() {
        let store = Arc::new(Kept::new(Store::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(s3).with_state(Arc::clone(&store));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let account = "111122223333".to_owned();
        let target = Target::Local { endpoint, account: account.clone() };
        let connection = Arc::new(Connection::open(target, "eu-west-1").await);
        let scope = Scope { stack: "vod".into(), account, region: "eu-west-1".into() };
        let home = Home::new(Context::new(connection, scope, "eu-west-1"));

        let lease = home.lock("vod", "arn:aws:iam::111122223333:user/one", "apply").await.unwrap();
        assert_eq!(store.lock().unwrap().writes, 2, "the SDK wrote again");
        let held = home.holder("vod").await.unwrap().unwrap();
        assert_eq!(home.own("vod", &held.run).await.unwrap().as_deref(), Some("\"1\""));
        assert_eq!(home.own("vod", "another").await.unwrap(), None);
        let other = home.lock("vod", "arn:aws:iam::111122223333:user/two", "apply").await;
        assert!(matches!(other, Err(Locked::Elsewhere { .. })));
        drop(lease);
    }
}
