//! Deleted resources that AWS still answers for a while: a queue for a minute, a bucket for some seconds.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::future::try_join_all;

use super::ui::{Notice, Ui};
use crate::aws::{Patience, Poll, Regions, Result, until};
use crate::model::Known;
use crate::resource::Registry;

/// SQS needs up to a minute for a deletion, and answers requests in that time (`DeleteQueue`).
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_secs(3);

/// What is left. Resources that were deleted a moment ago are looked at again, for as long as the patience lasts. The `ui`
/// is told what is waited for.
///
/// # Errors
/// When a look fails.
pub(super) async fn without_ghosts(
    (regions, registry): (&Regions, &Registry),
    left: Vec<Known>,
    deleted: &BTreeSet<&str>,
    patience: Duration,
    ui: &dyn Ui,
) -> Result<Vec<Known>> {
    let began = Instant::now();
    let (ghosts, mut left): (Vec<_>, Vec<_>) =
        left.into_iter().partition(|known| deleted.contains(known.id.as_str()));
    let shown = RefCell::new(ghosts);
    let look = || async {
        let ghosts = still_there(regions, registry, shown.take()).await?;
        if ghosts.is_empty() || began.elapsed() >= patience {
            return Ok(Poll::Done(ghosts));
        }
        let awaited = awaited(&ghosts);
        ui.notice(Notice::Awaited(&awaited));
        shown.replace(ghosts);
        Ok(Poll::Pending(awaited))
    };
    // The look itself ends the wait, because what is left then is no error.
    let pause = PAUSE.min(patience);
    let pauses = Patience { first: pause, longest: pause, limit: Duration::MAX };
    left.extend(until(&regions.home(), "provision", pauses, look).await?);
    Ok(left)
}

fn awaited(ghosts: &[Known]) -> String {
    let addresses: Vec<&str> = ghosts.iter().map(|known| known.address.as_str()).collect();
    format!("waiting until AWS no longer shows what was deleted: {}", addresses.join(", "))
}

async fn still_there(regions: &Regions, registry: &Registry, known: Vec<Known>) -> Result<Vec<Known>> {
    let looks = known.into_iter().map(|known| async move {
        let Some(adapter) = registry.get(&known.kind) else { return Ok(Some(known)) };
        let live = adapter.observe(&regions.context(&known.region), &known.id).await?;
        Ok(live.map(|_| known))
    });
    Ok(try_join_all(looks).await?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt;
    use futures::future::BoxFuture;
    use serde_json::json;
    use tokio::sync::mpsc::UnboundedReceiver;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::aws::{Connection, LocalCloud};
    use crate::model::{Address, Contents, Event, Live, Outputs, Ownership, Readiness, Scope};
    use crate::ops::ui::{Figures, Question};
    use crate::plan::Plan;
    use crate::resource::fake::{FakeAdapter, FakeAnswers, KIND};
    use crate::review::Review;

    /// AWS still shows a resource for this many looks.
    struct Slow(AtomicUsize);

    impl FakeAnswers for Slow {
        fn observe<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Live>>> {
            async move {
                let shown =
                    self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
                Ok(shown.is_ok().then(|| Live {
                    id: id.to_owned(),
                    properties: json!({}),
                    outputs: Outputs::new(),
                    ownership: Ownership::Unmarked,
                    readiness: Readiness::Ready,
                    contents: Contents::Nothing,
                }))
            }
            .boxed()
        }
    }

    /// Keeps what the person is told.
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Ui for Told {
        fn plan(&self, _: &Review) {}
        fn agrees(&self, _: Question<'_>) -> miette::Result<bool> {
            Ok(true)
        }
        fn notice(&self, notice: Notice<'_>) {
            if let Notice::Awaited(text) = notice {
                self.0.lock().unwrap().push(text.to_owned());
            }
        }
        fn progress(&self, _: &Plan, _: UnboundedReceiver<Event>) -> BoxFuture<'static, ()> {
            async {}.boxed()
        }
        fn writes(&self, _: CancellationToken) -> Box<dyn Send> {
            Box::new(())
        }
        fn ended(&self, _: Figures) {}
    }

    /// The addresses that are left of `a` and `b`, where the run has deleted these, and what the person is told.
    async fn left(shown: usize, deleted: &[&str], patience: Duration) -> (Vec<String>, Vec<String>) {
        let target = LocalCloud::new("http://127.0.0.1:9", "111122223333", "secret");
        let connection = Connection::to_local(target, "eu-west-1").await;
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let regions = Regions::new(connection, scope);
        let slow: &'static Slow = Box::leak(Box::new(Slow(AtomicUsize::new(shown))));
        let registry = Registry::new(vec![Box::new(FakeAdapter(slow))]);
        let known = |name: &str| Known {
            address: Address::new(name),
            kind: KIND,
            region: "eu-west-1".into(),
            id: format!("id-{name}"),
        };
        let deleted: BTreeSet<&str> = deleted.iter().copied().collect();
        let told = Told::default();
        let all = ["a", "b"].map(known).into();
        let left = without_ghosts((&regions, &registry), all, &deleted, patience, &told).await.unwrap();
        let said = told.0.into_inner().unwrap();
        (left.into_iter().map(|known| known.address.to_string()).collect(), said)
    }

    #[tokio::test(start_paused = true)]
    async fn a_deleted_resource_that_is_shown_for_a_while_is_not_left() {
        let seconds = Duration::from_secs;
        let (all, none) = (["a", "b"].map(str::to_owned), [""; 0]);
        let (gone, said) = left(2, &["id-a", "id-b"], seconds(90)).await;
        assert_eq!(gone, none, "the first look shows both");
        assert_eq!(said, ["waiting until AWS no longer shows what was deleted: a, b"]);
        let (kept, said) = left(9, &[], seconds(90)).await;
        assert_eq!((&kept[..], &said[..]), (&all[..], &[][..]), "nobody deleted them");
        let (kept, _) = left(usize::MAX, &["id-b"], Duration::from_millis(1)).await;
        assert_eq!(kept, all, "it does not go");
    }
}
