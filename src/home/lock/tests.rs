//! The lease against a small fake S3: one object, conditional writes, a wrong clock and lost answers.

use std::sync::PoisonError;

use aws_smithy_types::date_time::{DateTime, Format};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::*;

const QUICK: Pace = Pace { lasts: SignedDuration::from_secs(3), renewed_every: Duration::from_millis(20) };

#[derive(Default)]
struct Shelf {
    lock: Option<(Bytes, usize)>,
    writes: usize,
    /// How far this S3's clock is ahead of the machine's.
    ahead: SignedDuration,
    /// How many answers to successful writes are lost.
    lose_answers: usize,
    refuse_writes: bool,
    /// How many more answers do not know the lock, because the bucket's versioning is new.
    unseen: usize,
}

/// An S3 that keeps one object.
#[derive(Clone, Default)]
struct Store(Arc<std::sync::Mutex<Shelf>>);

impl Store {
    fn with<T>(&self, act: impl FnOnce(&mut Shelf) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts the lock of another run there.
    fn hold(&self, expires: Timestamp) {
        let held = Held {
            run: "another".into(),
            by: "somebody".into(),
            host: "elsewhere".into(),
            command: "apply".into(),
            since: expires - SignedDuration::from_mins(1),
            expires,
        };
        let body = Bytes::from(serde_json::to_vec(&held).unwrap());
        self.with(|shelf| {
            shelf.writes += 1;
            shelf.lock = Some((body, shelf.writes));
        });
    }

    fn held(&self) -> Option<Held> {
        self.with(|shelf| shelf.lock.as_ref().map(|(body, _)| serde_json::from_slice(body).unwrap()))
    }

    /// The home bucket in it.
    async fn home(&self) -> Home {
        crate::home::tests::home(Router::new().fallback(answer).with_state(self.clone())).await
    }
}

async fn answer(State(store): State<Store>, method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let (mut answer, now) = store.with(|shelf| {
        let etag = shelf.lock.as_ref().map(|(_, number)| format!("\"{number}\""));
        let held = match (header("if-none-match"), header("if-match")) {
            (Some(_), _) => etag.is_none(),
            (_, Some(wanted)) => etag.as_ref() == Some(&wanted),
            _ => true,
        };
        let unseen = shelf.unseen > 0 && header("if-none-match").is_none();
        shelf.unseen -= usize::from(unseen);
        let answer = match method {
            _ if unseen => failure(StatusCode::NOT_FOUND, "NoSuchKey"),
            Method::PUT if shelf.refuse_writes => {
                failure(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable")
            }
            Method::PUT | Method::DELETE if !held && etag.is_none() => {
                failure(StatusCode::NOT_FOUND, "NoSuchKey")
            }
            Method::PUT | Method::DELETE if !held => {
                failure(StatusCode::PRECONDITION_FAILED, "PreconditionFailed")
            }
            Method::PUT => {
                shelf.writes += 1;
                shelf.lock = Some((body, shelf.writes));
                if shelf.lose_answers > 0 {
                    shelf.lose_answers -= 1;
                    failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalError")
                } else {
                    [("etag", format!("\"{}\"", shelf.writes))].into_response()
                }
            }
            Method::DELETE => {
                shelf.lock = None;
                StatusCode::NO_CONTENT.into_response()
            }
            _ => match &shelf.lock {
                Some((body, number)) => ([("etag", format!("\"{number}\""))], body.clone()).into_response(),
                None => failure(StatusCode::NOT_FOUND, "NoSuchKey"),
            },
        };
        (answer, Timestamp::now() + shelf.ahead)
    });
    let date = DateTime::from_secs(now.as_second()).fmt(Format::HttpDate).unwrap();
    answer.headers_mut().insert("date", date.parse().unwrap());
    answer
}

fn failure(status: StatusCode, code: &str) -> Response {
    (status, format!("<Error><Code>{code}</Code><Message>no</Message></Error>")).into_response()
}

async fn take(home: &Home) -> std::result::Result<Lease, Locked> {
    home.lock_at(QUICK, "me", "apply").await
}

/// Whether the lease is lost within 20 seconds.
async fn is_lost(lease: &Lease) -> bool {
    tokio::time::timeout(Duration::from_secs(20), lease.lost().cancelled_owned()).await.is_ok()
}

#[tokio::test]
async fn a_lock_is_held_renewed_and_given_back() {
    let store = Store::default();
    let home = store.home().await;
    let lease = take(&home).await.unwrap();
    let first = store.held().unwrap();
    while store.with(|shelf| shelf.writes) < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.held().unwrap().run, first.run);
    assert!(matches!(take(&home).await, Err(Locked::Elsewhere { .. })));
    lease.release().await.unwrap();
    assert_eq!(store.held(), None);
}

#[tokio::test]
async fn a_live_lock_is_not_taken_over_by_a_machine_whose_clock_is_fast_nor_a_dead_one_waited_for_by_a_slow_one()
 {
    for (ahead, left, taken) in [(-600, 60, false), (-600, -1, true), (600, 60, false), (600, -1, true)] {
        let store = Store::default();
        let ahead = SignedDuration::from_secs(ahead);
        store.with(|shelf| shelf.ahead = ahead);
        store.hold(Timestamp::now() + ahead + SignedDuration::from_secs(left));
        let home = store.home().await;
        assert_eq!(take(&home).await.is_ok(), taken, "S3 is {ahead:?} ahead, the lease has {left} s left");
    }
}

#[tokio::test]
async fn a_write_whose_answer_got_lost_is_this_runs_own() {
    let store = Store::default();
    store.with(|shelf| shelf.lose_answers = 1);
    let home = store.home().await;
    let lease = take(&home).await.unwrap();
    let taken = store.with(|shelf| {
        shelf.lose_answers = 1;
        shelf.writes
    });
    while store.with(|shelf| shelf.writes) < taken + 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!lease.lost().is_cancelled(), "a renewal met its own work");
    lease.release().await.unwrap();
    assert_eq!(store.held(), None);
}

#[tokio::test]
async fn a_lock_that_s3_does_not_see_for_a_moment_is_not_lost() {
    // The write and the read after it: S3 then takes or refuses the lock as a new one. With a third answer, it is not even
    // read after that.
    for unseen in [2, 3] {
        let store = Store::default();
        let lease = take(&store.home().await).await.unwrap();
        let taken = store.with(|shelf| {
            shelf.unseen = unseen;
            shelf.writes
        });
        while store.with(|shelf| shelf.writes) < taken + 3 && !lease.lost().is_cancelled() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!lease.lost().is_cancelled(), "{unseen} answers did not know the lock");
        lease.release().await.unwrap();
        assert_eq!(store.held(), None);
    }
}

#[tokio::test]
async fn a_lock_that_was_released_after_the_lease_expired_is_lost() {
    let pace = Pace { lasts: SignedDuration::from_secs(120), renewed_every: Duration::from_secs(60) };
    let store = Store::default();
    let home = store.home().await;
    let lease = home.lock_at(pace, "me", "apply").await.unwrap();
    store.with(|shelf| (shelf.ahead, shelf.lock) = (SignedDuration::from_secs(600), None));
    assert!(home.holder().await.unwrap().is_none());
    assert!(is_lost(&lease).await);
    assert_eq!(store.held(), None, "another run may have held it meanwhile");
}

#[tokio::test]
async fn a_lease_that_somebody_took_over_is_lost_and_stays_theirs() {
    let store = Store::default();
    let lease = take(&store.home().await).await.unwrap();
    store.hold(Timestamp::now() + SignedDuration::from_mins(1));
    assert!(is_lost(&lease).await);
    lease.release().await.unwrap();
    assert_eq!(store.held().unwrap().run, "another");
}

/// As after a night with the laptop closed: the timers of the machine slept as well.
#[tokio::test]
async fn a_lease_that_ran_out_unnoticed_is_looked_after_at_once() {
    let pace = Pace { lasts: SignedDuration::from_secs(120), renewed_every: Duration::from_secs(60) };
    let store = Store::default();
    let home = store.home().await;
    let lease = home.lock_at(pace, "me", "apply").await.unwrap();
    let later = SignedDuration::from_secs(600);
    store.with(|shelf| shelf.ahead = later);
    store.hold(Timestamp::now() + later + SignedDuration::from_mins(1));
    assert!(home.holder().await.unwrap().is_some(), "an answer says how late it is");
    assert!(is_lost(&lease).await);
}

#[tokio::test]
async fn a_lease_that_cannot_be_renewed_is_lost_when_it_ends() {
    let store = Store::default();
    let lease = take(&store.home().await).await.unwrap();
    store.with(|shelf| shelf.refuse_writes = true);
    assert!(is_lost(&lease).await);
}
