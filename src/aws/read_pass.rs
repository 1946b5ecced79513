//! One look at the account: what several of its readers need is asked once.
//!
//! Resources are read side by side, and some of them out of the same answer: every statement of a function out of its
//! policy, a distribution and the records that lead to it out of one list. Within a look ([`Regions::read_pass`]) they share
//! the call ([`Context::cached`]), whoever comes first, also while it is under way.
//!
//! An answer never outlives its look, and only what observes is given one: whatever changes something or waits for it
//! ([`Context::working`]) asks each time, and so does the second look under the lock. A failure is told to those who wait
//! for it and then forgotten.
//!
//! [`Regions::read_pass`]: super::Regions::read_pass

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use super::{Context, Result};

/// What is asked: in a region, the call, of what, and as what the answer is read.
type Question = (String, &'static str, String, TypeId);

/// A call that any number of readers wait for.
type Asked<T> = Shared<BoxFuture<'static, Result<T>>>;

/// What was asked in the course of one look.
#[derive(Clone, Default)]
pub(super) struct ReadPass(Arc<Mutex<HashMap<Question, Box<dyn Any + Send>>>>);

impl ReadPass {
    /// The call that answers this question: the one that was made for it already, else this.
    fn asked<T>(&self, question: &Question, ask: impl FnOnce() -> BoxFuture<'static, Result<T>>) -> Asked<T>
    where
        T: Clone + Send + Sync + 'static,
    {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = answers.get(question).and_then(|asked| asked.downcast_ref::<Asked<T>>()) {
            return asked.clone();
        }
        let asked = ask().shared();
        answers.insert(question.clone(), Box::new(asked.clone()));
        asked
    }

    /// Has the next reader ask again, unless one has already.
    fn forget<T>(&self, question: &Question, failed: &Asked<T>)
    where
        T: Clone + Send + Sync + 'static,
    {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = answers.get(question).and_then(|asked| asked.downcast_ref::<Asked<T>>());
        if kept.is_some_and(|kept| kept.ptr_eq(failed)) {
            answers.remove(question);
        }
    }
}

impl Context {
    /// What `ask` answers. Within one look at the account it is asked once for each `of`, which says all that tells this
    /// call from others of its name; outside of one, each time.
    ///
    /// # Errors
    /// What the call fails with.
    pub async fn cached<T, F>(
        &self,
        call: &'static str,
        of: impl Into<String>,
        ask: impl FnOnce(Self) -> F,
    ) -> Result<T>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        // What is kept in the look must not keep the look.
        let outside = Self { read_pass: None, ..self.clone() };
        let Some(pass) = &self.read_pass else { return ask(outside).await };
        let question = (self.region.clone(), call, of.into(), TypeId::of::<T>());
        let asked = pass.asked(&question, || ask(outside).boxed());
        let answer = asked.clone().await;
        if answer.is_err() {
            pass.forget(&question, &asked);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::aws::{Connection, Error, Regions, Target};
    use crate::model::Scope;

    async fn regions() -> Regions {
        let target = Target::Local { endpoint: "http://127.0.0.1:9".into(), account: "111122223333".into() };
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        Regions::new(Connection::open(target, "eu-west-1").await, scope)
    }

    /// A service that counts how often it is asked; the answer is the count, and the first may be a failure.
    #[derive(Clone, Default)]
    struct Service {
        asked: Arc<AtomicUsize>,
        fails_first: bool,
    }

    impl Service {
        async fn ask(&self, cx: &Context, of: &str) -> Result<usize> {
            let service = self.clone();
            cx.cached("test:Get", of, |_| async move {
                let count = service.asked.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::task::yield_now().await;
                if service.fails_first && count == 1 {
                    return Err(Error::unexpected("test:Get", "told to fail"));
                }
                Ok(count)
            })
            .await
        }
    }

    #[tokio::test]
    async fn within_a_look_each_question_is_asked_once_also_while_its_answer_is_awaited() {
        let (regions, service) = (regions().await, Service::default());
        let look = regions.read_pass();
        let (home, other) = (look.home(), look.context("us-east-1"));
        let (one, two) = tokio::join!(service.ask(&home, "a"), service.ask(&home, "a"));
        assert_eq!((one.unwrap(), two.unwrap()), (1, 1), "both wait for one call");
        assert_eq!(service.ask(&look.home(), "a").await.unwrap(), 1, "the answer is kept");
        assert_eq!(service.ask(&home, "b").await.unwrap(), 2, "another question");
        assert_eq!(service.ask(&other, "a").await.unwrap(), 3, "another region");
        let read_otherwise = home.cached("test:Get", "a", |_| async { Ok("text") }).await;
        assert_eq!(read_otherwise.unwrap(), "text", "read as something else");
    }

    #[tokio::test]
    async fn no_answer_outlives_its_look_or_reaches_what_changes_something() {
        let (regions, service) = (regions().await, Service::default());
        let first = regions.read_pass().home();
        assert_eq!(service.ask(&first, "a").await.unwrap(), 1);
        assert_eq!(service.ask(&regions.read_pass().home(), "a").await.unwrap(), 2, "a second look");
        let working = first.working(Arc::new(|_| ()), CancellationToken::new());
        assert_eq!(service.ask(&working, "a").await.unwrap(), 3, "what changes something");
        assert_eq!(service.ask(&regions.home(), "a").await.unwrap(), 4, "no look");
        assert_eq!(service.ask(&regions.home(), "a").await.unwrap(), 5, "no look");
    }

    #[tokio::test]
    async fn a_failure_is_told_to_those_who_wait_for_it_and_to_nobody_else() {
        let service = Service { fails_first: true, ..Service::default() };
        let look = regions().await.read_pass().home();
        let (one, two) = tokio::join!(service.ask(&look, "a"), service.ask(&look, "a"));
        assert!(one.is_err() && two.is_err());
        assert_eq!(service.ask(&look, "a").await.unwrap(), 2, "asked again");
        assert_eq!(service.ask(&look, "a").await.unwrap(), 2);
    }
}
