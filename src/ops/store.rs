//! What a run keeps outside the stack: its lock, its record and its bundles. The account's home bucket is the one for real;
//! tests have one in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use miette::Diagnostic;
use tokio_util::sync::CancellationToken;

use super::error::Interrupted;
use super::session::rules;
use crate::aws::{Error, Regions, Result};
use crate::execute::{self, Dependents, Ending, Execution};
use crate::graph::Graph;
use crate::home::{Home, Lease, Locked, Record};
use crate::model::{Address, Snapshot};
use crate::plan::check::{Permits, check};
use crate::plan::{self, Plan};
use crate::resource::{Registry, Removal};
use crate::{observe, stack};

/// The lock of a stack, held and renewed until it is released or dropped.
pub trait Lock: Send + Sync {
    /// Cancelled once the lock is lost.
    fn lost(&self) -> CancellationToken;
    /// Gives the lock back.
    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// Where runs keep their lock, record and bundles. See [`Home`] for the contract of each verb.
pub trait RunStore: Send + Sync {
    /// Makes the store as declared, unless that is interrupted.
    fn ensure<'a>(&'a self, interrupt: &'a CancellationToken) -> BoxFuture<'a, miette::Result<()>>;
    /// Takes the stack's lock for a command of this caller.
    fn lock<'a>(
        &'a self,
        stack: &'a str,
        by: &'a str,
        command: &'a str,
    ) -> BoxFuture<'a, std::result::Result<Box<dyn Lock>, Locked>>;
    /// The stack's record.
    fn record<'a>(&'a self, stack: &'a str) -> BoxFuture<'a, Result<Option<Record>>>;
    /// The newest record of the stack, even of one that was torn down.
    fn last_record<'a>(&'a self, stack: &'a str) -> BoxFuture<'a, Result<Option<Record>>>;
    /// Writes the stack's record.
    fn put_record<'a>(&'a self, record: &'a Record) -> BoxFuture<'a, Result<()>>;
    /// Uploads a bundle unless it is there.
    fn put_bundle<'a>(&'a self, key: &'a str, file: &'a Path) -> BoxFuture<'a, Result<()>>;
    /// Removes the stack's record, and the store itself once no stack needs it.
    fn forget<'a>(&'a self, stack: &'a str) -> BoxFuture<'a, miette::Result<()>>;
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
}

/// The home bucket of the stack's account and region: a small stack of its own, planned and executed like any other.
pub(super) struct HomeBucket {
    home: Home,
    regions: Arc<Regions>,
    registry: &'static Registry,
}

impl HomeBucket {
    pub(super) fn new(regions: &Arc<Regions>, registry: &'static Registry) -> Self {
        Self { home: Home::new(regions.home()), regions: Arc::clone(regions), registry }
    }

    async fn ensure(&self, interrupt: &CancellationToken) -> miette::Result<()> {
        let scope = self.regions.scope();
        let graph = Graph::new(stack::home::declare(scope))?;
        let live = tokio::select! {
            biased;
            () = interrupt.cancelled() => return Err(Interrupted.into()),
            live = observe::declared(&self.regions, self.registry, &graph) => live?,
        };
        let snapshot = Snapshot { live, orphans: Vec::new() };
        let plan = plan::plan(scope, &graph, &snapshot, &|kind| rules(self.registry, kind));
        check(&as_ours(plan.clone()), Permits::default(), &stack::names::region_in)?;
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
            Ending::Failed(error) => Some((step.address.clone(), error)),
            _ => None,
        });
        let causes = failed.chain(outcome.unsettled).map(|(address, error)| NotMade { address, error });
        Err(NoHome { bucket: self.home.bucket().to_owned(), causes: causes.collect() }.into())
    }

    async fn forget(&self, stack: &str) -> miette::Result<()> {
        if let Some(holder) = self.home.holder(stack).await? {
            return Err(Locked::Elsewhere { stack: stack.to_owned(), holder: Box::new(holder) }.into());
        }
        self.home.forget(stack).await?;
        if self.home.is_used().await? {
            return Ok(());
        }
        let graph = Graph::new(stack::home::declare(self.regions.scope()))?;
        for declaration in graph.in_order().rev() {
            let cx = self.regions.context(&declaration.region);
            let Some(adapter) = self.registry.get(&declaration.kind) else { continue };
            let mark = cx.scope.mark(&declaration.address);
            if let Some(live) = adapter.find(&cx, &declaration.properties, &mark).await? {
                adapter.delete(&cx, &live.id, Removal::WithContents).await?;
            }
        }
        Ok(())
    }
}

/// The home bucket belongs to all stacks of an account: its tags name none of them.
fn as_ours(mut plan: Plan) -> Plan {
    plan.scope.stack = stack::home::STACK.to_owned();
    plan
}

impl RunStore for HomeBucket {
    fn ensure<'a>(&'a self, interrupt: &'a CancellationToken) -> BoxFuture<'a, miette::Result<()>> {
        self.ensure(interrupt).boxed()
    }

    fn lock<'a>(
        &'a self,
        stack: &'a str,
        by: &'a str,
        command: &'a str,
    ) -> BoxFuture<'a, std::result::Result<Box<dyn Lock>, Locked>> {
        async move { Ok(Box::new(self.home.lock(stack, by, command).await?) as Box<dyn Lock>) }.boxed()
    }

    fn record<'a>(&'a self, stack: &'a str) -> BoxFuture<'a, Result<Option<Record>>> {
        self.home.record(stack).boxed()
    }

    fn last_record<'a>(&'a self, stack: &'a str) -> BoxFuture<'a, Result<Option<Record>>> {
        self.home.last_record(stack).boxed()
    }

    fn put_record<'a>(&'a self, record: &'a Record) -> BoxFuture<'a, Result<()>> {
        self.home.put_record(record).boxed()
    }

    fn put_bundle<'a>(&'a self, key: &'a str, file: &'a Path) -> BoxFuture<'a, Result<()>> {
        self.home.put_bundle(key, file).boxed()
    }

    fn forget<'a>(&'a self, stack: &'a str) -> BoxFuture<'a, miette::Result<()>> {
        self.forget(stack).boxed()
    }
}
