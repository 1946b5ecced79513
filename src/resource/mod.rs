//! The heart: what a resource type must know, its erased form, and the table of all types.
//!
//! Each AWS type has one adapter, `resource/<service>/<type>.rs` or a folder of that name: a struct whose fields are
//! CloudFormation's properties, and [`Resource`]'s verbs in the same order everywhere. The contract of each verb is here
//! and not in the adapters. See `docs/adding-a-resource.md`.

pub mod acm;
mod adapter;
pub mod cloudformation;
pub mod cloudfront;
pub mod cloudwatch;
pub mod events;
#[cfg(test)]
pub(crate) mod fake;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod logs;
pub mod mediaconvert;
mod members;
mod registry;
pub mod route53;
pub mod s3;
pub mod sns;
pub mod sqs;
mod sweep;

use std::collections::BTreeMap;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use adapter::{Adapter, Erased};
pub use members::Struct;
pub use registry::{Registry, registry};
pub use sweep::NAME_WORDS;

use crate::aws::{Context, Result};
use crate::model::{
    Changes, Contents, Guard, Kind, Live, Mark, Outputs, Ownership, Permissions, Readiness, Scope,
};

/// A resource type: its properties as data, and what to do with them at AWS.
///
/// Every property that the struct models is managed: absent in the declaration means absent (or AWS's default, written
/// out) in the account. [`LEFT_ALONE`](Resource::LEFT_ALONE) names the exceptions. `observe` therefore returns the properties in the very form in which a declaration writes
/// them: defaults filled in, lists that mean sets sorted, so that equal meaning is equal JSON.
///
/// All verbs take identical meaning in every adapter:
/// * "Not there" is `None`, mapped next to the call. It is never an error.
/// * Deleting what is not there succeeds.
/// * No verb checks ownership: the plan has done so.
/// * An error that passes by itself (a role that cannot be assumed yet) is retried next to the call by its code, with
///   [`crate::aws::retry_while`].
pub trait Resource: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static {
    /// The CloudFormation type.
    const KIND: Kind;
    /// Top-level properties that AWS cannot change in place (the published schema's `createOnlyProperties`).
    const CREATE_ONLY: &'static [&'static str];
    /// Top-level properties that AWS never returns: not compared and not printed.
    const WRITE_ONLY: &'static [&'static str] = &[];
    /// Top-level properties that somebody else may set: absent in the declaration leaves what there is.
    const LEFT_ALONE: &'static [&'static str] = &[];
    /// What stands between it and its removal.
    const GUARD: Guard = Guard::None;
    /// Whether it goes on settling after `create` and `update` have returned. Then apply waits at its end until `observe`
    /// says that it is ready.
    const STABILIZES: bool = false;
    /// Whether a change of it makes AWS roll out again what refers to it. Then apply waits for that too, if it
    /// [stabilizes](Self::STABILIZES).
    const UNSETTLES: bool = false;
    /// Whether it is created and changed only after what it refers to has settled.
    const STARTS_SETTLED: bool = false;
    /// A region in which stacks keep it, whatever their own. The sweep for marks looks there as well.
    const ALSO_IN: Option<&'static str> = None;
    /// The parent type, for types that are parts of another resource. Their `observe` answers [`Ownership::Inherited`]: they
    /// belong to the stack if the parent has its mark. For every declared parent, undeclared parts are listed with
    /// [`list_undeclared_parts`](Self::list_undeclared_parts), even if the stack declares none.
    const PARENT: Option<Kind> = None;
    /// Whether live resources of this type say whose they are: by tag, by comment, or through what they are a part of.
    /// For a type that does not, the run journal notes the ids of what is to be made, the record keeps resolved properties, and
    /// [`recover_ownership`](Self::recover_ownership) decides.
    const SHOWS_OWNER: bool = true;
    /// What IAM must allow for each verb. `tests/conformance` holds it to the calls that the verbs make.
    const PERMISSIONS: Permissions;

    /// The physical id that [`observe`](Self::observe) takes, where names predict it. `None`: AWS assigns it, and
    /// [`find`](Self::find) must look for it.
    fn id(&self, scope: &Scope) -> Option<String>;

    /// The physical id of the [`PARENT`](Self::PARENT) of the part with this id. `None` if the id cannot be of a part in this
    /// scope.
    fn parent_id(_: &Scope, id: &str) -> Option<String> {
        Some(id.to_owned())
    }

    /// The outputs that names predict, so that plans can print them before the resource exists.
    fn predicted(&self, _scope: &Scope) -> Outputs {
        Outputs::new()
    }

    /// The id of the live resource that this declaration is about, if there is one: by name, or by the mark where AWS
    /// assigns the id. Needs an implementation only where [`id`](Self::id) is `None`.
    fn find(
        cx: &Context,
        declared: &Self,
        _mark: &Mark,
    ) -> impl Future<Output = Result<Option<String>>> + Send {
        let id = declared.id(&cx.scope);
        async move { Ok(id) }
    }

    /// The live resource with an id, or `None`. Independent reads are made side by side.
    fn observe(cx: &Context, id: &str) -> impl Future<Output = Result<Option<Observed<Self>>>> + Send;

    /// Creates it, marked as ours from the first call on, and returns its id and outputs. It succeeds if an unfinished one
    /// of ours is there, after a lost answer.
    fn create(cx: &Context, desired: &Resolved<Self>) -> impl Future<Output = Result<Created>> + Send;

    /// Makes the live one equal to the desired one, with only the calls that `changes` needs.
    fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Removes it, waiting until AWS has accepted that for good. It removes contents only with [`Removal::WithContents`].
    fn delete(cx: &Context, id: &str, removal: Removal) -> impl Future<Output = Result<()>> + Send;

    /// The parts of this type that a resource of the type [`PARENT`](Self::PARENT), given by its physical id, has in addition
    /// to the declared ones. The whole resource is the stack's, so a plan removes them. Nothing if there is no such
    /// resource. No call waits for another. `declared` may include parts of other resources.
    fn list_undeclared_parts(
        _: &Context,
        _parent: &str,
        _declared: &[Self],
    ) -> impl Future<Output = Result<Vec<UndeclaredPart<Observed<Self>>>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Whether an unowned live resource is the stack's all the same, judged by what the last apply made of it. Asked only of
    /// types that do not [show their owner](Self::SHOWS_OWNER), and only about what a record names.
    fn recover_ownership(
        _: &Context,
        _seen: &Observed<Self>,
        _applied: &Self,
    ) -> impl Future<Output = Result<bool>> + Send {
        async { Ok(false) }
    }

    /// Whether one of these live resources, all of which have the stack's mark, shows that an undeclared one was the stack's.
    /// Asked before [`recover_ownership`](Self::recover_ownership), because a record alone is no proof.
    fn is_vouched_for(_seen: &Self, _marked: &[(Kind, Live)]) -> bool {
        false
    }

    /// Every live resource of this type that carries a mark of the scope's stack, as `(id, mark)`. This sweep finds orphans
    /// without a record. A type of which a stack has at most one, under the stack's own name, returns nothing. Part types return nothing, because deleting the parent deletes them. Exception: a part that can
    /// outlive its declaration on a parent that stays is listed here.
    fn list_owned(cx: &Context) -> impl Future<Output = Result<Vec<(String, Mark)>>> + Send;
}

/// An undeclared part of a resource, as [`Resource::list_undeclared_parts`] finds it.
#[derive(Clone, Debug, PartialEq)]
pub struct UndeclaredPart<T> {
    /// Its name among the parent's parts of this type.
    pub name: String,
    /// The part itself.
    pub seen: T,
}

/// A live resource as its adapter reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed<R> {
    /// Its physical id.
    pub id: String,
    /// Its properties, normalised.
    pub properties: R,
    /// Its outputs.
    pub outputs: Outputs,
    /// Whose it is.
    pub ownership: Ownership,
    /// Whether it works yet.
    pub readiness: Readiness,
    /// Whether it holds data.
    pub contents: Contents,
}

impl<R> Observed<R> {
    /// A resource that works as soon as it exists and holds no data.
    #[must_use]
    pub fn new(id: impl Into<String>, properties: R, outputs: Outputs, ownership: Ownership) -> Self {
        let (readiness, contents) = (Readiness::Ready, Contents::Nothing);
        Self { id: id.into(), properties, outputs, ownership, readiness, contents }
    }

    /// The same, in this state of readiness.
    #[must_use]
    pub fn with_readiness(self, readiness: Readiness) -> Self {
        Self { readiness, ..self }
    }

    /// The same, holding this.
    #[must_use]
    pub fn with_contents(self, contents: Contents) -> Self {
        Self { contents, ..self }
    }
}

/// A declaration in which every reference has been replaced by its value. It is made right before `create` or `update`
/// only, so no adapter can send a placeholder to AWS.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved<R>(R);

impl<R> std::ops::Deref for Resolved<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}

/// What [`Resource::create`] made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Its physical id.
    pub id: String,
    /// Its outputs.
    pub outputs: Outputs,
}

impl Created {
    /// Something under this id with these outputs.
    #[must_use]
    pub fn new(id: impl Into<String>, outputs: Outputs) -> Self {
        Self { id: id.into(), outputs }
    }
}

/// How much a deletion may take with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Only an empty resource: AWS refuses others.
    OnlyEmpty,
    /// Whatever it holds is removed first: objects, versions, delete markers, unfinished uploads.
    WithContents,
}

/// Outputs from name and value pairs.
#[must_use]
pub fn outputs<const N: usize>(pairs: [(&str, String); N]) -> Outputs {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>()
}

#[cfg(test)]
mod tests;
