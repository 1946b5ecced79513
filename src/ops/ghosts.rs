//! Deleted resources that AWS still answers for a while: a queue for a minute, a bucket for some seconds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::future::try_join_all;

use crate::aws::{Regions, Result};
use crate::model::Known;
use crate::resource::Registry;

/// SQS needs up to a minute for a deletion, and answers requests in that time (`DeleteQueue`).
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_secs(3);

/// What is left. Resources that were deleted a moment ago are looked at again, for as long as the patience lasts.
///
/// # Errors
/// When a look fails.
pub(super) async fn without_ghosts(
    regions: &Regions,
    registry: &Registry,
    left: Vec<Known>,
    deleted: &BTreeSet<&str>,
    patience: Duration,
) -> Result<Vec<Known>> {
    let began = Instant::now();
    let (mut ghosts, mut left): (Vec<_>, Vec<_>) =
        left.into_iter().partition(|known| deleted.contains(known.id.as_str()));
    while !ghosts.is_empty() && began.elapsed() < patience {
        tokio::time::sleep(PAUSE.min(patience)).await;
        ghosts = still_there(regions, registry, ghosts).await?;
    }
    left.extend(ghosts);
    Ok(left)
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt;
    use futures::future::BoxFuture;
    use serde_json::json;

    use super::*;
    use crate::aws::{CloudTarget, Connection};
    use crate::model::{Address, Contents, Live, Outputs, Ownership, Readiness, Scope};
    use crate::resource::fake::{FakeAdapter, FakeAnswers, KIND};

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

    /// The addresses that are left of `a` and `b`, where the run has deleted these.
    async fn left(shown: usize, deleted: &[&str], patience: Duration) -> Vec<String> {
        let target = CloudTarget::local("http://127.0.0.1:9", "111122223333", "secret");
        let connection = Connection::open(target, "eu-west-1").await;
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
        let left = without_ghosts(&regions, &registry, ["a", "b"].map(known).into(), &deleted, patience);
        left.await.unwrap().into_iter().map(|known| known.address.to_string()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_deleted_resource_that_is_shown_for_a_while_is_not_left() {
        let seconds = Duration::from_secs;
        assert_eq!(left(2, &["id-a", "id-b"], seconds(90)).await, [""; 0], "the first look shows both");
        assert_eq!(left(9, &[], seconds(90)).await, ["a", "b"], "nobody deleted them");
        assert_eq!(left(usize::MAX, &["id-b"], Duration::from_millis(1)).await, ["a", "b"], "it does not go");
    }
}
