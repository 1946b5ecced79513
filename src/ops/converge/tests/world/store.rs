//! The home bucket of the world: a lock, the versions of a record and bundles, in memory.

use std::path::Path;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::World;
use crate::aws::{Error, Result};
use crate::home::{Held, Locked, Record};
use crate::model::bundle_key;
use crate::ops::store::{Lock, RunStore, Taken};

/// The home bucket as a run of one caller sees it.
pub(super) struct Home {
    pub(super) world: World,
    pub(super) by: String,
}

struct HeldLock {
    world: World,
    by: String,
    lost: CancellationToken,
}

impl Lock for HeldLock {
    fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        async move {
            self.world.call("unlock".to_owned()).await?;
            self.give_back();
            Ok(())
        }
        .boxed()
    }

    fn erase(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        async move {
            self.world.call("erase lock".to_owned()).await?;
            self.give_back();
            Ok(())
        }
        .boxed()
    }
}

impl HeldLock {
    /// As S3's `If-Match` has it: only one's own.
    fn give_back(&self) {
        let mut shelf = self.world.shelf();
        if shelf.lock.as_ref() == Some(&self.by) {
            shelf.lock = None;
        }
    }
}

impl RunStore for Home {
    fn ensure<'a>(&'a self, _: &'a CancellationToken) -> BoxFuture<'a, miette::Result<()>> {
        async {
            self.world.call("ensure home".to_owned()).await?;
            self.world.shelf().has_home = true;
            Ok(())
        }
        .boxed()
    }

    fn lock<'a>(&'a self, by: &'a str, command: &'a str) -> BoxFuture<'a, Taken<Box<dyn Lock>>> {
        async move {
            self.world.call(format!("lock for {command}")).await?;
            let mut shelf = self.world.shelf();
            if !shelf.has_home {
                return Err(Error::unexpected("test:Lock", "there is no home").into());
            }
            if let Some(holder) = &shelf.lock {
                let since = Timestamp::now();
                let holder = Box::new(Held {
                    run: "another".into(),
                    by: holder.clone(),
                    host: "elsewhere".into(),
                    command: "apply".into(),
                    since,
                    expires: since + SignedDuration::from_mins(2),
                });
                return Err(Locked::Elsewhere { stack: "vod".to_owned(), holder });
            }
            shelf.lock = Some(by.to_owned());
            let lost = CancellationToken::new();
            shelf.lost = Some(lost.clone());
            Ok(Box::new(HeldLock { world: self.world.clone(), by: self.by.clone(), lost }) as Box<dyn Lock>)
        }
        .boxed()
    }

    fn lock_if_made<'a>(
        &'a self,
        by: &'a str,
        command: &'a str,
    ) -> BoxFuture<'a, Taken<Option<Box<dyn Lock>>>> {
        async move {
            self.world.call("look for home".to_owned()).await?;
            if !self.world.has_home() {
                return Ok(None);
            }
            self.lock(by, command).await.map(Some)
        }
        .boxed()
    }

    fn record(&self) -> BoxFuture<'_, Result<Option<Record>>> {
        async {
            self.world.call("read record".to_owned()).await?;
            Ok(self.world.shelf().records.last().cloned())
        }
        .boxed()
    }

    fn last_record(&self) -> BoxFuture<'_, Result<Option<Record>>> {
        self.record()
    }

    fn put_record<'a>(&'a self, record: &'a Record) -> BoxFuture<'a, Result<()>> {
        async {
            let how = if record.run.ended.is_some() { "end" } else { "begin" };
            self.world.call(format!("record {how}")).await?;
            self.world.shelf().records.push(record.clone());
            Ok(())
        }
        .boxed()
    }

    fn put_bundle<'a>(&'a self, sha256: &'a str, _: &'a Path) -> BoxFuture<'a, Result<()>> {
        async move {
            let key = bundle_key(sha256);
            self.world.call(format!("upload {key}")).await?;
            self.world.shelf().bundles.push(key);
            Ok(())
        }
        .boxed()
    }

    fn put_template<'a>(&'a self, sha256: &'a str, _: &'a str) -> BoxFuture<'a, Result<String>> {
        async move {
            let key = format!("template/{sha256}.json");
            self.world.call(format!("upload {key}")).await?;
            Ok(key)
        }
        .boxed()
    }

    fn remove(&self, lock: Box<dyn Lock>) -> BoxFuture<'_, miette::Result<()>> {
        async move {
            self.world.call("empty home".to_owned()).await?;
            self.world.empty_home();
            lock.erase().await?;
            self.world.call("delete home".to_owned()).await?;
            // As S3 has it: only an empty bucket.
            let mut shelf = self.world.shelf();
            if shelf.lock.is_none() && shelf.records.is_empty() {
                shelf.has_home = false;
            }
            Ok(())
        }
        .boxed()
    }
}
