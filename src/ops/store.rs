//! What a run keeps outside the stack: its lock, its record and its bundles. The stack's home bucket is the one for real;
//! tests have one in memory.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, try_join_all};
use miette::Diagnostic;
use tokio_util::sync::CancellationToken;

use super::error::Interrupted;
use super::session::rules;
use crate::aws::{Error, OrEmpty as _, Regions, Result, SdkResult as _};
use crate::execute::{self, Dependents, Execution, StepEnding};
use crate::graph::Graph;
use crate::home::{Home, LOCK_KEY, Lease, Locked, Record};
use crate::model::{Address, Declaration, Snapshot};
use crate::plan::check::{Permits, check};
use crate::plan::{self, Plan};
use crate::resource::{Registry, Removal, Resource as _, s3};
use crate::stack::config::Fleet;
use crate::stack::home::Readers;
use crate::{observe, stack};

/// The lock of a stack, held and renewed until it is released or dropped.
pub trait Lock: Send + Sync {
    /// Cancelled once the lock is lost.
    fn lost(&self) -> CancellationToken;
    /// Gives the lock back.
    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
    /// Gives the lock back, and leaves nothing of it in the store.
    fn erase(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// A lock that was taken, or why not.
pub(super) type Taken<T> = std::result::Result<T, Locked>;

/// Where the runs of one stack keep their lock, record and bundles. See [`Home`] for the contract of each verb.
pub trait RunStore: Send + Sync {
    /// From now on it is declared with the KMS key that has this ARN.
    fn use_key(&self, _arn: &str) {}
    /// Makes the store as declared, unless that is interrupted.
    fn ensure<'a>(&'a self, interrupt: &'a CancellationToken) -> BoxFuture<'a, miette::Result<()>>;
    /// Takes the stack's lock for a command of this caller.
    fn lock<'a>(&'a self, by: &'a str, command: &'a str) -> BoxFuture<'a, Taken<Box<dyn Lock>>>;
    /// The same, but nothing if there is no store: then there is nothing to protect.
    fn lock_if_made<'a>(
        &'a self,
        by: &'a str,
        command: &'a str,
    ) -> BoxFuture<'a, Taken<Option<Box<dyn Lock>>>>;
    /// The stack's record.
    fn record(&self) -> BoxFuture<'_, Result<Option<Record>>>;
    /// The newest record of the stack, even if somebody deleted the current one.
    fn last_record(&self) -> BoxFuture<'_, Result<Option<Record>>>;
    /// Writes the stack's record.
    fn put_record<'a>(&'a self, record: &'a Record) -> BoxFuture<'a, Result<()>>;
    /// Uploads the bundle with this SHA-256 unless it is there.
    fn put_bundle<'a>(&'a self, sha256: &'a str, file: &'a Path) -> BoxFuture<'a, Result<()>>;
    /// Uploads a CloudFormation template with this SHA-256. Returns its key.
    fn put_template<'a>(&'a self, sha256: &'a str, text: &'a str) -> BoxFuture<'a, Result<String>>;
    /// Removes the store of a stack of which nothing is left. The lock goes last, so that no other run begins before. If one
    /// begins right after, the store stays for it.
    fn remove(&self, lock: Box<dyn Lock>) -> BoxFuture<'_, miette::Result<()>>;
}

/// The home bucket could not be made.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("could not make the home bucket {bucket}; the stack was not changed")]
struct NoHome {
    bucket: String,
    #[related]
    causes: Vec<NotMade>,
}

/// A part of the home bucket that could not be made.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("could not make {address}")]
struct NotMade {
    address: Address,
    #[source]
    #[diagnostic_source]
    error: Error,
}

impl Lock for Lease {
    fn lost(&self) -> CancellationToken {
        Self::lost(self)
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        (*self).release().boxed()
    }

    fn erase(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        (*self).erase().boxed()
    }
}

/// The stack's home bucket: a small stack of its own, planned and executed like any other. A fleet also has a bucket with
/// its bundles in each region.
pub(super) struct HomeBucket {
    home: Home,
    bundles: Option<BundleBuckets>,
    regions: Arc<Regions>,
    registry: &'static Registry,
    key: OnceLock<String>,
}

/// The buckets with a fleet's bundles.
struct BundleBuckets {
    regions: Vec<String>,
    readers: Readers,
}

impl HomeBucket {
    pub(super) fn new(regions: &Arc<Regions>, registry: &'static Registry) -> Self {
        let (home, regions, key) = (Home::new(regions.home()), Arc::clone(regions), OnceLock::new());
        Self { home, bundles: None, regions, registry, key }
    }

    /// The same for a fleet.
    pub(super) fn of_fleet(regions: &Arc<Regions>, registry: &'static Registry, fleet: &Fleet) -> Self {
        let names = fleet.regions.iter().map(ToString::to_string).collect();
        let bundles = Some(BundleBuckets { regions: names, readers: Readers::of(fleet) });
        Self { bundles, ..Self::new(regions, registry) }
    }

    /// Uploads a bundle to the home bucket, or to each bucket of a fleet's bundles that lacks it.
    async fn put_bundle(&self, sha256: &str, file: &Path) -> Result<()> {
        let Some(BundleBuckets { regions, .. }) = &self.bundles else {
            return self.home.put_bundle(sha256, file).await;
        };
        let puts = regions.iter().map(|region| async move {
            Home::of_bundles(self.regions.context(region)).put_bundle(sha256, file).await
        });
        try_join_all(puts).await.map(drop)
    }

    async fn ensure(&self, interrupt: &CancellationToken) -> miette::Result<()> {
        let scope = self.regions.scope();
        let home = stack::home::declare(scope, self.key.get().map(String::as_str));
        let home = self.make(self.home.bucket(), stack::home::STACK, home, interrupt);
        let bundles = async {
            let Some(BundleBuckets { regions, readers }) = &self.bundles else { return Ok(()) };
            let bundles = stack::home::declare_bundles(scope, regions, readers);
            let place = format!("bundles-{}-…-{}", scope.account, scope.stack);
            self.make(&place, &stack::home::bundles_stack(scope), bundles, interrupt).await
        };
        // Both end, so that a failure of one leaves nothing half made of the other.
        let (home, bundles) = tokio::join!(home, bundles);
        home.and(bundles)
    }

    /// Makes buckets as declared, unless that is interrupted. `mark` is the stack in their ownership tags.
    async fn make(
        &self,
        bucket: &str,
        mark: &str,
        declarations: Vec<Declaration>,
        interrupt: &CancellationToken,
    ) -> miette::Result<()> {
        let scope = self.regions.scope();
        let graph = Graph::new(declarations)?;
        let live = tokio::select! {
            biased;
            () = interrupt.cancelled() => return Err(Interrupted.into()),
            live = observe::declared(&self.regions, self.registry, &graph) => live?,
        };
        let snapshot = Snapshot { live, orphans: Vec::new() };
        let plan = plan::plan(scope, &graph, &snapshot, &|kind| rules(self.registry, kind));
        check(&as_ours(plan.clone(), mark), Permits::default(), &stack::names::region_in)?;
        let (events, _unheard) = tokio::sync::mpsc::unbounded_channel();
        let execution = Execution {
            regions: &self.regions,
            registry: self.registry,
            events,
            cancel: interrupt.clone(),
            settle: true,
            stale: Duration::ZERO,
            dependents: Dependents::new(),
            removal: Removal::OnlyEmpty,
        };
        let outcome = execute::execute(&execution, &plan).await;
        if interrupt.is_cancelled() {
            return Err(Interrupted.into());
        }
        if outcome.is_complete() {
            return Ok(());
        }
        let failed = plan.steps.iter().zip(outcome.endings).filter_map(|(step, ending)| match ending {
            StepEnding::Failed(error) => Some((step.address.clone(), error)),
            _ => None,
        });
        let causes = failed.chain(outcome.unsettled).map(|(address, error)| NotMade { address, error });
        Err(NoHome { bucket: bucket.to_owned(), causes: causes.collect() }.into())
    }

    /// Removes the buckets with the fleet's bundles, those of former regions too. What is another fleet's stays.
    async fn remove_bundles(&self) -> Result<()> {
        let Some(BundleBuckets { readers, .. }) = &self.bundles else { return Ok(()) };
        let (scope, cx) = (self.regions.scope(), self.regions.home());
        let prefix = format!("bundles-{}-", scope.account);
        let pages = cx.s3().list_buckets().prefix(&prefix).max_buckets(1000).into_paginator().send();
        let pages: Vec<_> = pages.try_collect().await.named("s3:ListAllMyBuckets")?;
        let names =
            pages.into_iter().flat_map(|page| page.buckets.or_empty()).filter_map(|bucket| bucket.name);
        let end = format!("-{}", scope.stack);
        let regions: Vec<String> = names
            .filter_map(|name| Some(name.strip_prefix(&prefix)?.strip_suffix(&end)?.to_owned()))
            .filter(|region| region.split('-').count() == 3)
            .collect();
        let declared = Graph::new(stack::home::declare_bundles(scope, &regions, readers));
        let declared = declared.map_err(|error| Error::unexpected("s3:DeleteBucket", error.to_string()))?;
        let live = observe::declared(&self.regions, self.registry, &declared).await;
        let live = live.map_err(|error| Error::unexpected("s3:GetBucketTagging", error.to_string()))?;
        let own = stack::home::bundles_stack(scope);
        let removals = regions.iter().map(|region| {
            let address = Address::new(format!("bundles/{region}"));
            let is_own = live.get(&address).is_some_and(|live| live.ownership.is_of(&own));
            let there = self.regions.context(region);
            async move {
                let bucket = there.scope.bundle_bucket();
                if is_own { s3::Bucket::delete(&there, &bucket, Removal::WithContents).await } else { Ok(()) }
            }
        });
        try_join_all(removals).await.map(drop)
    }

    async fn lock_if_made(&self, by: &str, command: &str) -> Taken<Option<Box<dyn Lock>>> {
        if !self.home.exists().await? {
            return Ok(None);
        }
        Ok(Some(Box::new(self.home.lock(by, command).await?)))
    }

    async fn remove(&self, lock: Box<dyn Lock>) -> miette::Result<()> {
        // Once the lock is lost, another run fills the bucket.
        let (cx, bucket) =
            (self.regions.home().working(Arc::new(|_: &str| {}), lock.lost()), self.home.bucket());
        if let Err(error) = s3::empty_except(&cx, bucket, Some(LOCK_KEY)).await {
            // The removal failed: that is what is reported. A lock that cannot be given back expires.
            let _ = lock.release().await;
            return Err(error.into());
        }
        if let Err(error) = self.remove_bundles().await {
            let _ = lock.release().await;
            return Err(error.into());
        }
        lock.erase().await?;
        match s3::Bucket::delete(&cx, bucket, Removal::OnlyEmpty).await {
            // Another run began after the lock was gone: the bucket is its home now.
            Err(error) if error.is(&["BucketNotEmpty"]) && self.home.holder().await?.is_some() => Ok(()),
            outcome => Ok(outcome?),
        }
    }
}

/// No stack has the mark of these buckets, so that no sweep for a stack's mark finds one.
fn as_ours(mut plan: Plan, mark: &str) -> Plan {
    mark.clone_into(&mut plan.scope.stack);
    plan
}

impl RunStore for HomeBucket {
    fn use_key(&self, arn: &str) {
        // It is told twice, of the same key.
        let _first = self.key.set(arn.to_owned());
    }

    fn ensure<'a>(&'a self, interrupt: &'a CancellationToken) -> BoxFuture<'a, miette::Result<()>> {
        self.ensure(interrupt).boxed()
    }

    fn lock<'a>(&'a self, by: &'a str, command: &'a str) -> BoxFuture<'a, Taken<Box<dyn Lock>>> {
        async move { Ok(Box::new(self.home.lock(by, command).await?) as Box<dyn Lock>) }.boxed()
    }

    fn lock_if_made<'a>(
        &'a self,
        by: &'a str,
        command: &'a str,
    ) -> BoxFuture<'a, Taken<Option<Box<dyn Lock>>>> {
        self.lock_if_made(by, command).boxed()
    }

    fn record(&self) -> BoxFuture<'_, Result<Option<Record>>> {
        self.home.record().boxed()
    }

    fn last_record(&self) -> BoxFuture<'_, Result<Option<Record>>> {
        self.home.last_record().boxed()
    }

    fn put_record<'a>(&'a self, record: &'a Record) -> BoxFuture<'a, Result<()>> {
        self.home.put_record(record).boxed()
    }

    fn put_bundle<'a>(&'a self, sha256: &'a str, file: &'a Path) -> BoxFuture<'a, Result<()>> {
        self.put_bundle(sha256, file).boxed()
    }

    fn put_template<'a>(&'a self, sha256: &'a str, text: &'a str) -> BoxFuture<'a, Result<String>> {
        self.home.put_template(sha256, text).boxed()
    }

    fn remove(&self, lock: Box<dyn Lock>) -> BoxFuture<'_, miette::Result<()>> {
        self.remove(lock).boxed()
    }
}
