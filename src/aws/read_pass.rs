//! One read pass over the account: a call that several readers need is made once.
//!
//! Resources are read in parallel, and some of them come from the same answer. Examples: all statements of one
//! function's policy; a distribution and the records that point to it. Within a read pass ([`Regions::read_pass`]) such
//! readers share the call ([`Context::cached`]), even while it is still running.
//!
//! An answer never outlives its read pass, and only observing code has one. Code that changes something or waits for a
//! change ([`Context::working`]) calls AWS each time. So does the second read under the lock. A failure reaches the
//! readers that wait for it and is not kept.
//!
//! [`Regions::read_pass`]: super::Regions::read_pass

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use super::{Context, Result};

/// The key of a cached call: region, call, subject, and the type of the answer.
type Question = (String, &'static str, String, TypeId);

/// A call that any number of readers can wait for.
type Asked<T> = Shared<BoxFuture<'static, Result<T>>>;

/// The calls made during one read pass.
#[derive(Clone, Default)]
pub(super) struct ReadPass(Arc<Mutex<HashMap<Question, Box<dyn Any + Send>>>>);

impl ReadPass {
    /// The call for this question: the one that was already made, or a new one from `ask`.
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

    /// Makes the next reader call again, unless a newer call was already made.
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
    /// The answer of `ask`. Within one read pass it is called once for each `of`. `of` must contain everything that
    /// distinguishes this call from others of the same name. Outside of a read pass it is called each time.
    ///
    /// # Errors
    /// The error of the call.
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
        // What the read pass keeps must not hold a reference to the read pass.
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
    use crate::aws::{Connection, Error, LocalCloud, Regions};
    use crate::model::Scope;

    async fn regions() -> Regions {
        let target = LocalCloud::new("http://127.0.0.1:9", "111122223333", "secret");
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        Regions::new(Connection::to_local(target, "eu-west-1").await, scope)
    }

    /// A service that answers how often it was called. The first answer may be a failure.
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
