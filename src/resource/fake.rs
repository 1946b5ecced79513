//! An adapter for tests, which answers what it is told.

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;

use super::{Adapter, Created, Removal, Struct};
use crate::aws::{Context, Error, Result};
use crate::model::{Changes, Guard, Kind, Live, Mark, Permissions};

/// The type that it answers for.
pub(crate) const KIND: Kind = Kind::new("AWS::Test::Thing");

/// What a test has to say. What it leaves out finds nothing, and makes nothing.
pub(crate) trait FakeAnswers: Send + Sync + 'static {
    /// Its physical id, where names foretell it.
    fn id(&self, _declared: &Value) -> Option<String> {
        None
    }

    /// The live resource that a declaration speaks of.
    fn find<'a>(&'a self, _declared: &'a Value) -> BoxFuture<'a, Result<Option<Live>>> {
        async { Ok(None) }.boxed()
    }

    /// What is seen of a resource.
    fn observe<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<Option<Live>>> {
        async { Ok(None) }.boxed()
    }

    /// Whether it goes on changing once it is made.
    fn settles(&self) -> bool {
        false
    }

    /// Whether what refers to it settles again when it is changed.
    fn unsettles(&self) -> bool {
        false
    }

    /// Whether it is made and changed only after what it refers to has settled.
    fn starts_settled(&self) -> bool {
        false
    }

    /// The result of making it.
    fn create<'a>(&'a self, _desired: &'a Value) -> BoxFuture<'a, Result<Created>> {
        async { Err(Error::unexpected("test:Create", "nothing is made here")) }.boxed()
    }

    /// The result of changing it.
    fn update<'a>(&'a self, _id: &'a str, _desired: &'a Value) -> BoxFuture<'a, Result<()>> {
        async { Ok(()) }.boxed()
    }

    /// The result of deleting it.
    fn delete<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<()>> {
        async { Ok(()) }.boxed()
    }

    /// A region in which stacks keep it, whatever their own.
    fn also_in(&self) -> Option<&'static str> {
        None
    }

    /// What carries a tag of the stack in a region.
    fn list_owned<'a>(&'a self, _region: &'a str) -> BoxFuture<'a, Result<Vec<(String, Mark)>>> {
        async { Ok(Vec::new()) }.boxed()
    }
}

/// The adapter that answers so.
pub(crate) struct FakeAdapter<A: 'static>(pub(crate) &'static A);

impl<A: FakeAnswers> Adapter for FakeAdapter<A> {
    fn kind(&self) -> Kind {
        KIND
    }
    fn create_only(&self) -> &'static [&'static str] {
        &[]
    }
    fn write_only(&self) -> &'static [&'static str] {
        &[]
    }
    fn guard(&self) -> Guard {
        Guard::None
    }
    fn settles(&self) -> bool {
        self.0.settles()
    }
    fn unsettles(&self) -> bool {
        self.0.unsettles()
    }
    fn starts_settled(&self) -> bool {
        self.0.starts_settled()
    }
    fn normal(&self) -> fn(&Value) -> Value {
        Value::clone
    }
    fn structs(&self, _: &Value) -> Result<Vec<Struct>> {
        Ok(Vec::new())
    }
    fn permissions(&self) -> Permissions {
        Permissions { observe: &[], create: &[], update: &[], delete: &[], empty: &[], list: &[] }
    }
    fn id(&self, _: &Context, declared: &Value) -> Option<String> {
        self.0.id(declared)
    }
    fn find<'a>(
        &'a self,
        _: &'a Context,
        declared: &'a Value,
        _: &'a Mark,
    ) -> BoxFuture<'a, Result<Option<Live>>> {
        self.0.find(declared)
    }
    fn observe<'a>(&'a self, _: &'a Context, id: &'a str) -> BoxFuture<'a, Result<Option<Live>>> {
        self.0.observe(id)
    }
    fn create<'a>(&'a self, _: &'a Context, desired: &'a Value) -> BoxFuture<'a, Result<Created>> {
        self.0.create(desired)
    }
    fn update<'a>(
        &'a self,
        _: &'a Context,
        seen: &'a Live,
        desired: &'a Value,
        _: &'a Changes,
    ) -> BoxFuture<'a, Result<()>> {
        self.0.update(&seen.id, desired)
    }
    fn delete<'a>(&'a self, _: &'a Context, id: &'a str, _: Removal) -> BoxFuture<'a, Result<()>> {
        self.0.delete(id)
    }
    fn also_in(&self) -> Option<&'static str> {
        self.0.also_in()
    }
    fn list_owned<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Vec<(String, Mark)>>> {
        self.0.list_owned(cx.region())
    }
}
