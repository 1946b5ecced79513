//! The erased form of [`Resource`]: the same verbs over JSON, so that planning and execution know no type.

use std::fmt;
use std::marker::PhantomData;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;

use super::{Created, Observed, Removal, Resolved, Resource, Struct, UndeclaredPart, members};
use crate::aws::{Context, Error, Result};
use crate::model::{Changes, Guard, IgnoredTags, Kind, Live, Mark, Permissions, refs};

/// What went wrong between JSON and a type: a defect of this program, not of the account.
fn defect(kind: &Kind, what: &str, error: impl fmt::Display) -> Error {
    Error::unexpected("provision", format!("{kind}: {what}: {error}"))
}

/// A resource type over JSON. See [`Resource`] for the contract of each verb.
pub trait Adapter: Send + Sync {
    /// The CloudFormation type.
    fn kind(&self) -> Kind;
    /// Top-level properties that AWS cannot change in place.
    fn create_only(&self) -> &'static [&'static str];
    /// Top-level properties that AWS never returns.
    fn write_only(&self) -> &'static [&'static str];
    /// What stands between it and its removal.
    fn guard(&self) -> Guard;
    /// Whether it goes on settling after its calls have returned.
    fn settles(&self) -> bool;
    /// Whether what refers to it settles again when it is changed.
    fn unsettles(&self) -> bool {
        false
    }
    /// Whether it is made and changed only after what it refers to has settled.
    fn starts_settled(&self) -> bool {
        false
    }
    /// Puts properties into the type's normal form. Properties that are not of the type come back as they are.
    fn normal(&self) -> fn(&Value) -> Value;
    /// Every struct that the type reads from these properties, with the members that it can have. Tests see by it that
    /// every member is tried.
    ///
    /// # Errors
    /// When the properties are not of the type.
    fn structs(&self, properties: &Value) -> Result<Vec<Struct>>;
    /// A region in which stacks keep it, whatever their own.
    fn also_in(&self) -> Option<&'static str> {
        None
    }
    /// The parent type, for types that are parts of another resource.
    fn parent(&self) -> Option<Kind> {
        None
    }
    /// The physical id of the parent of the part with this id.
    fn parent_id(&self, _: &Context, id: &str) -> Option<String> {
        Some(id.to_owned())
    }
    /// Whether live resources of the type say whose they are.
    fn shows_owner(&self) -> bool {
        true
    }
    /// What IAM must allow for each verb.
    fn permissions(&self) -> Permissions;
    /// The physical id of a declared one, where names predict it.
    fn id(&self, _: &Context, _declared: &Value) -> Option<String> {
        None
    }
    /// The live resource that a declaration is about, without the properties that it leaves to others.
    fn find<'a>(
        &'a self,
        cx: &'a Context,
        declared: &'a Value,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<Option<Live>>>;
    /// The live resource with an id.
    fn observe<'a>(&'a self, cx: &'a Context, id: &'a str) -> BoxFuture<'a, Result<Option<Live>>>;
    /// Makes it.
    fn create<'a>(&'a self, cx: &'a Context, desired: &'a Value) -> BoxFuture<'a, Result<Created>>;
    /// Makes the live one equal to the desired one.
    fn update<'a>(
        &'a self,
        cx: &'a Context,
        seen: &'a Live,
        desired: &'a Value,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<()>>;
    /// Removes it.
    fn delete<'a>(&'a self, cx: &'a Context, id: &'a str, removal: Removal) -> BoxFuture<'a, Result<()>>;
    /// The parts of this type that a parent has in addition to the declared ones.
    fn list_undeclared_parts<'a>(
        &'a self,
        _: &'a Context,
        _parent: &'a str,
        _declared: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<UndeclaredPart<Live>>>> {
        async { Ok(Vec::new()) }.boxed()
    }
    /// Whether an unowned live resource is the stack's all the same, judged by the properties that were applied.
    fn recover_ownership<'a>(
        &'a self,
        _: &'a Context,
        _seen: &'a Live,
        _applied: &'a Value,
    ) -> BoxFuture<'a, Result<bool>> {
        async { Ok(false) }.boxed()
    }
    /// Whether one of these live resources of the stack shows that an undeclared one was the stack's.
    fn is_vouched_for(&self, _seen: &Live, _marked: &[(Kind, Live)]) -> bool {
        false
    }
    /// Every live resource of this type that is the stack's.
    fn list_owned<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Vec<(String, Mark)>>>;
}

/// A [`Resource`] type as an [`Adapter`].
pub struct Erased<R>(PhantomData<fn() -> R>);

impl<R: Resource> Erased<R> {
    /// The adapter of the type.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    fn read(what: &str, json: &Value) -> Result<R> {
        serde_json::from_value(json.clone()).map_err(|error| defect(&R::KIND, what, error))
    }

    fn resolved(json: &Value) -> Result<Resolved<R>> {
        match refs(json).first() {
            None => Self::read("its resolved properties", json).map(Resolved),
            Some(left) => Err(defect(&R::KIND, "unresolved", format!("{}.{}", left.address, left.attribute))),
        }
    }
}

impl<R: Resource> Default for Erased<R> {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether an id is complete: it contains no output that AWS has yet to assign.
fn is_known(id: &str) -> bool {
    !id.contains("${")
}

fn to_live<R: Resource>(seen: Observed<R>) -> Result<Live> {
    Ok(Live {
        id: seen.id,
        properties: serde_json::to_value(&seen.properties)
            .map_err(|error| defect(&R::KIND, "as JSON", error))?,
        outputs: seen.outputs,
        ownership: seen.ownership,
        readiness: seen.readiness,
        contents: seen.contents,
    })
}

fn from_live<R: Resource>(live: &Live) -> Result<Observed<R>> {
    Ok(Observed {
        id: live.id.clone(),
        properties: Erased::<R>::read("its live properties", &live.properties)?,
        outputs: live.outputs.clone(),
        ownership: live.ownership.clone(),
        readiness: live.readiness.clone(),
        contents: live.contents,
    })
}

/// The live resource without the properties that the declaration leaves to others, so that no plan changes them.
fn without_left_alone<R: Resource>(mut live: Live, declared: &Value) -> Live {
    let others = R::LEFT_ALONE.iter().filter(|property| declared[**property].is_null());
    if let Value::Object(seen) = &mut live.properties {
        others.for_each(|property| drop(seen.remove(*property)));
    }
    live
}

/// The member with a resource's tags: CloudFormation's list, or a map for some types.
const TAGS: &str = "Tags";

/// The live resource without the tags that belong to others, so that no plan changes them.
fn without_tags(mut live: Live, ignored: &IgnoredTags) -> Live {
    match live.properties.get_mut(TAGS) {
        Some(Value::Array(tags)) => {
            tags.retain(|tag| !tag["Key"].as_str().is_some_and(|key| ignored.contains(key)));
        }
        Some(Value::Object(tags)) => tags.retain(|key, _| !ignored.contains(key)),
        _ => {}
    }
    live
}

impl<R: Resource> Adapter for Erased<R> {
    fn kind(&self) -> Kind {
        R::KIND
    }

    fn create_only(&self) -> &'static [&'static str] {
        R::CREATE_ONLY
    }

    fn write_only(&self) -> &'static [&'static str] {
        R::WRITE_ONLY
    }

    fn guard(&self) -> Guard {
        R::GUARD
    }

    fn settles(&self) -> bool {
        R::STABILIZES
    }

    fn unsettles(&self) -> bool {
        R::UNSETTLES
    }

    fn starts_settled(&self) -> bool {
        R::STARTS_SETTLED
    }

    fn normal(&self) -> fn(&Value) -> Value {
        |properties| {
            let typed = serde_json::from_value::<R>(properties.clone());
            typed.and_then(serde_json::to_value).unwrap_or_else(|_| properties.clone())
        }
    }

    fn structs(&self, properties: &Value) -> Result<Vec<Struct>> {
        members::structs::<R>(properties).map_err(|error| defect(&R::KIND, "its properties", error))
    }

    fn also_in(&self) -> Option<&'static str> {
        R::ALSO_IN
    }

    fn parent(&self) -> Option<Kind> {
        R::PARENT
    }

    fn parent_id(&self, cx: &Context, id: &str) -> Option<String> {
        R::parent_id(&cx.scope, id)
    }

    fn shows_owner(&self) -> bool {
        R::SHOWS_OWNER
    }

    fn permissions(&self) -> Permissions {
        R::PERMISSIONS
    }

    fn id(&self, cx: &Context, declared: &Value) -> Option<String> {
        let declared = Self::read("its declared properties", declared).ok()?;
        declared.id(&cx.scope).filter(|id| is_known(id))
    }

    fn find<'a>(
        &'a self,
        cx: &'a Context,
        declared: &'a Value,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<Option<Live>>> {
        async move {
            let properties = declared;
            let declared = Self::read("its declared properties", properties)?;
            if declared.id(&cx.scope).is_some_and(|id| !is_known(&id)) {
                return Ok(None);
            }
            let Some(id) = R::find(cx, &declared, mark).await? else { return Ok(None) };
            Ok(self.observe(cx, &id).await?.map(|live| without_left_alone::<R>(live, properties)))
        }
        .boxed()
    }

    fn observe<'a>(&'a self, cx: &'a Context, id: &'a str) -> BoxFuture<'a, Result<Option<Live>>> {
        async move {
            let live = R::observe(cx, id).await?.map(to_live).transpose()?;
            Ok(live.map(|live| without_tags(live, cx.ignored_tags())))
        }
        .boxed()
    }

    fn create<'a>(&'a self, cx: &'a Context, desired: &'a Value) -> BoxFuture<'a, Result<Created>> {
        async move { R::create(cx, &Self::resolved(desired)?).await }.boxed()
    }

    fn update<'a>(
        &'a self,
        cx: &'a Context,
        seen: &'a Live,
        desired: &'a Value,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<()>> {
        async move { R::update(cx, &from_live(seen)?, &Self::resolved(desired)?, changes).await }.boxed()
    }

    fn delete<'a>(&'a self, cx: &'a Context, id: &'a str, removal: Removal) -> BoxFuture<'a, Result<()>> {
        R::delete(cx, id, removal).boxed()
    }

    fn list_undeclared_parts<'a>(
        &'a self,
        cx: &'a Context,
        parent: &'a str,
        declared: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<UndeclaredPart<Live>>>> {
        async move {
            let read = |declared| Self::read("its declared properties", declared);
            let declared: Vec<R> = declared.iter().map(read).collect::<Result<_>>()?;
            let live =
                |UndeclaredPart { name, seen }| to_live(seen).map(|seen| UndeclaredPart { name, seen });
            R::list_undeclared_parts(cx, parent, &declared).await?.into_iter().map(live).collect()
        }
        .boxed()
    }

    fn recover_ownership<'a>(
        &'a self,
        cx: &'a Context,
        seen: &'a Live,
        applied: &'a Value,
    ) -> BoxFuture<'a, Result<bool>> {
        async move {
            // Another version of this program may have recorded properties that this one does not know: no proof then.
            let Ok(applied) = Self::read("its applied properties", applied) else { return Ok(false) };
            R::recover_ownership(cx, &from_live(seen)?, &applied).await
        }
        .boxed()
    }

    fn is_vouched_for(&self, seen: &Live, marked: &[(Kind, Live)]) -> bool {
        Self::read("its live properties", &seen.properties).is_ok_and(|seen| R::is_vouched_for(&seen, marked))
    }

    fn list_owned<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Vec<(String, Mark)>>> {
        R::list_owned(cx).boxed()
    }
}
