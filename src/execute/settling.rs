//! The waits for changes that go on after their calls have returned, such as a distribution that reaches the edges.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::aws::{self, Context, Patience, Poll};
use crate::diff::diff;
use crate::model::{Address, Kind, Live, Readiness};
use crate::resource::Adapter;

/// How long AWS may show what was before a change, or not show a new resource. It is eventually consistent: after
/// `UpdateDistribution`, `GetDistribution` may answer the former configuration with its `Deployed`.
pub const STALE: Duration = Duration::from_secs(60);

/// How long a new resource may stay invisible.
const UNSEEN: Duration = Duration::from_secs(30);

/// A live resource that the plan leaves as it is, and that settles again if something it refers to is changed.
#[derive(Clone, Debug)]
pub struct Dependent {
    /// Its type.
    pub kind: Kind,
    /// The region where it is.
    pub region: String,
    /// Its physical id.
    pub id: String,
}

/// The dependents of each resource.
pub type Dependents = BTreeMap<Address, Vec<Dependent>>;

/// What proves that an answer of AWS is not older than the change.
#[derive(Debug)]
pub(super) enum Proof {
    /// Any answer: there was nothing before.
    Created,
    /// An answer with the properties that were sent.
    Sent(Value),
    /// An answer in which it settles. AWS starts that by itself.
    Unsettled,
}

/// A wait for one resource.
pub(super) struct Wait<'a> {
    pub(super) cx: Context,
    pub(super) adapter: &'a dyn Adapter,
    pub(super) id: String,
    pub(super) proof: Proof,
}

impl Wait<'_> {
    /// Waits until the resource is ready. For as long as answers may be `stale`, "ready" counts only with the proof. After
    /// that it always counts: AWS may write properties in another form than they were sent.
    pub(super) async fn until_ready(&self, stale: Duration) -> aws::Result<()> {
        let (began, unsettled) = (Instant::now(), AtomicBool::new(false));
        let look = || async {
            Ok(match self.adapter.observe(&self.cx, &self.id).await? {
                Some(live) => match &live.readiness {
                    Readiness::Failed(why) => return Err(aws::Error::unexpected("provision", why)),
                    Readiness::Pending(awaited) => {
                        unsettled.store(true, Ordering::Relaxed);
                        Poll::Pending(awaited.clone())
                    }
                    Readiness::Ready if began.elapsed() >= stale => Poll::Done(()),
                    Readiness::Ready if self.proves(&live, unsettled.load(Ordering::Relaxed)) => {
                        Poll::Done(())
                    }
                    Readiness::Ready => {
                        Poll::Pending(format!("waiting until AWS shows the change of {}", self.id))
                    }
                },
                None if began.elapsed() < UNSEEN => {
                    Poll::Pending(format!("waiting until {} is seen", self.id))
                }
                None => return Err(aws::Error::unexpected("provision", format!("{} is gone", self.id))),
            })
        };
        aws::until(&self.cx, "provision", Patience::MINUTES, look).await
    }

    fn proves(&self, live: &Live, unsettled: bool) -> bool {
        match &self.proof {
            Proof::Created => true,
            Proof::Sent(sent) => {
                let (create_only, write_only) = (self.adapter.create_only(), self.adapter.write_only());
                diff(&(self.adapter.normal())(sent), &live.properties, create_only, write_only).is_empty()
            }
            Proof::Unsettled => unsettled,
        }
    }
}
