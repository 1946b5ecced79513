//! CloudFront types that cannot be tagged: one implementation of [`Resource`] for all of them.
//!
//! A comment holds the mark of such a resource, and its name begins with the stack's. CloudFront assigns its id, so
//! the list of its type is searched for it. Every change names the ETag of what it changes, which is read right
//! before.

#[cfg(test)]
mod tests;

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::shared::{Built, SETTLING, incomplete, required_text};
use crate::aws::{Context, Error, OrEmpty, Result, required, retry_while};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Ownership, Permissions, Scope};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

/// The ARNs of policies and origin access controls. Their ids are CloudFront's, and no tag can be a condition.
pub(super) const POLICIES: &[&str] = &[
    "arn:aws:cloudfront::{account}:cache-policy/*",
    "arn:aws:cloudfront::{account}:origin-access-control/*",
    "arn:aws:cloudfront::{account}:response-headers-policy/*",
];

/// CloudFront's answers to a change whose ETag is no longer the current one.
const STALE: &[&str] = &["PreconditionFailed", "InvalidIfMatchVersion"];

/// The API calls of a type, which are also its IAM actions.
pub(super) struct CallNames {
    pub(super) list: &'static str,
    pub(super) get: &'static str,
    pub(super) create: &'static str,
    pub(super) update: &'static str,
    pub(super) delete: &'static str,
}

/// The error codes of a type.
pub(super) struct Codes {
    /// No resource has this id.
    pub(super) absent: &'static str,
    /// Another resource has this name.
    pub(super) name_taken: &'static str,
    /// A distribution or another resource still uses it.
    pub(super) in_use: &'static str,
}

/// An entry in the list of a type.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) comment: Option<String>,
}

/// A page of the list of a type.
pub(super) struct Page {
    entries: Vec<Listed>,
    next: Option<String>,
}

impl Page {
    /// A page with these items; `next` is the marker of the page after it.
    pub(super) fn read<I>(
        items: Option<Vec<I>>,
        entry: impl Fn(I) -> Result<Listed>,
        next: Option<String>,
    ) -> Result<Self> {
        let entries = items.or_empty().into_iter().map(entry).collect::<Result<_>>()?;
        Ok(Self { entries, next: next.filter(|next| !next.is_empty()) })
    }
}

/// A live resource, as the API answers it.
pub(super) struct LiveConfig<C> {
    pub(super) config: C,
    pub(super) etag: Option<String>,
}

/// A CloudFront type that cannot be tagged. Its verbs are those of the implementation of [`Resource`] below; an
/// implementation of this trait only says what the type's calls and codes are named, and sends the calls.
pub(super) trait Untagged:
    Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static
{
    /// The CloudFormation type.
    const KIND: Kind;
    /// Its API calls.
    const CALLS: CallNames;
    /// Its error codes.
    const CODES: Codes;
    /// Where IAM allows to create one.
    const CREATED_ON: &'static [&'static str] = ANYTHING;
    /// Where IAM allows to read, update and delete one.
    const ON: &'static [&'static str] = ANYTHING;
    /// The errors of a request that refers to something made a moment ago. They pass by themselves.
    const NOT_SEEN_YET: &'static [&'static str] = &[];
    /// Whether CloudFront accepts a second one of the same name. Then a lost answer shows only in the list.
    const NAMES_REPEAT: bool = false;
    /// The SDK's type of its configuration.
    type Config: Clone + Send + Sync;

    /// Its name.
    fn name(&self) -> &str;
    /// Its comment, which holds the mark.
    fn comment(&self) -> Option<&str>;
    /// The properties of a live one.
    fn read(live: Self::Config) -> Self;
    /// The configuration of a new one.
    fn fresh(&self) -> Built<Self::Config>;
    /// The live configuration, changed into the desired one.
    fn over(&self, _live: Self::Config) -> Built<Self::Config> {
        self.fresh()
    }

    /// The page of the list that begins at `marker`.
    fn page(cx: &Context, marker: Option<String>) -> impl Future<Output = Result<Page>> + Send;
    /// The live one under an id.
    fn get(cx: &Context, id: &str) -> impl Future<Output = Result<LiveConfig<Self::Config>>> + Send;
    /// Creates one and returns the id in the answer.
    fn send_create(cx: &Context, config: Self::Config)
    -> impl Future<Output = Result<Option<String>>> + Send;
    /// Updates the one that has this ETag.
    fn send_update(
        cx: &Context,
        id: &str,
        config: Self::Config,
        etag: String,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Deletes the one that has this ETag.
    fn send_delete(cx: &Context, id: &str, etag: String) -> impl Future<Output = Result<()>> + Send;
}

/// Implements the calls of [`Untagged`], which differ only by the names that the SDK has for a type.
macro_rules! calls {
    ($get:ident, $create:ident, $update:ident, $delete:ident, $resource:ident . $config:ident) => {
        async fn get(
            cx: &$crate::aws::Context,
            id: &str,
        ) -> $crate::aws::Result<$crate::resource::cloudfront::untagged::LiveConfig<Self::Config>> {
            let answer = cx.cloudfront().$get().id(id).send().await.named(Self::CALLS.get)?;
            let config = answer.$resource.and_then(|found| found.$config);
            let config = $crate::aws::required(config, Self::CALLS.get, "configuration")?;
            Ok($crate::resource::cloudfront::untagged::LiveConfig { config, etag: answer.e_tag })
        }

        async fn send_create(
            cx: &$crate::aws::Context,
            config: Self::Config,
        ) -> $crate::aws::Result<Option<String>> {
            let call = cx.cloudfront().$create().$config(config);
            Ok(call.send().await.named(Self::CALLS.create)?.$resource.map(|made| made.id))
        }

        async fn send_update(
            cx: &$crate::aws::Context,
            id: &str,
            config: Self::Config,
            etag: String,
        ) -> $crate::aws::Result<()> {
            let call = cx.cloudfront().$update().id(id).if_match(etag).$config(config);
            call.send().await.named(Self::CALLS.update).map(drop)
        }

        async fn send_delete(cx: &$crate::aws::Context, id: &str, etag: String) -> $crate::aws::Result<()> {
            let call = cx.cloudfront().$delete().id(id).if_match(etag);
            call.send().await.named(Self::CALLS.delete).map(drop)
        }
    };
}
pub(super) use calls;

impl<T: Untagged> Resource for T {
    const KIND: Kind = <T as Untagged>::KIND;
    const CREATE_ONLY: &'static [&'static str] = &[];
    /// CloudFront deploys a distribution again when something that it refers to changes.
    const UNSETTLES: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&[T::CALLS.list], ANYTHING), Allow::new(&[T::CALLS.get], T::ON)],
        create: &[Allow::new(&[T::CALLS.create], T::CREATED_ON)],
        update: &[Allow::new(&[T::CALLS.update], T::ON)],
        delete: &[Allow::new(&[T::CALLS.delete], T::ON)],
        empty: &[],
        list: &[Allow::new(&[T::CALLS.list], ANYTHING)],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        None
    }

    async fn find(cx: &Context, declared: &Self, mark: &Mark) -> Result<Option<String>> {
        Ok(pick(&listed::<T>(cx).await?, declared.name(), mark))
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let Some(live) = present::<T, _>(T::get(cx, id).await)? else { return Ok(None) };
        let properties = T::read(live.config);
        required_text(properties.name(), T::CALLS.get, "Name")?;
        let mark = mark_of(properties.name(), properties.comment());
        let ownership = mark.map_or(Ownership::Unmarked, Ownership::Marked);
        Ok(Some(Observed::new(id, properties, outputs([("Id", id.to_owned())]), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let unfinished = if T::NAMES_REPEAT { ours::<T>(cx, desired).await? } else { None };
        let id = match unfinished {
            Some(id) => id,
            None => make::<T>(cx, desired).await?,
        };
        Ok(Created::new(id.clone(), outputs([("Id", id)])))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        let update = || async {
            let live = T::get(cx, &seen.id).await?;
            let config = desired.over(live.config).map_err(incomplete(T::CALLS.update))?;
            let etag = required(live.etag, T::CALLS.get, "ETag")?;
            T::send_update(cx, &seen.id, config, etag).await
        };
        when_seen::<T, _, _>(cx, || with_fresh_etag(update)).await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let delete = || async {
            let Some(live) = present::<T, _>(T::get(cx, id).await)? else { return Ok(()) };
            let etag = required(live.etag, T::CALLS.get, "ETag")?;
            present::<T, _>(T::send_delete(cx, id, etag).await).map(drop)
        };
        // CloudFront may think that it is in use for a moment after its last user was removed.
        let in_use = |error: &Error| error.is(&[T::CODES.in_use]);
        let awaited = "waiting until nothing in CloudFront uses it any more";
        retry_while(cx, SETTLING, awaited, in_use, || with_fresh_etag(delete)).await
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(owned(listed::<T>(cx).await?, &cx.scope))
    }
}

/// Every entry of the list. The SDK can page through some of the lists only.
async fn listed<T: Untagged>(cx: &Context) -> Result<Vec<Listed>> {
    let pages = |cx: Context| async move {
        let (mut found, mut marker) = (Vec::new(), None);
        loop {
            let page = T::page(&cx, marker).await?;
            for entry in page.entries {
                required_text(&entry.id, T::CALLS.list, "Id")?;
                found.push(entry);
            }
            marker = page.next;
            if marker.is_none() {
                return Ok(found);
            }
        }
    };
    cx.cached(T::CALLS.list, "", pages).await
}

/// The answer, or nothing where the resource does not exist.
fn present<T: Untagged, A>(answer: Result<A>) -> Result<Option<A>> {
    match answer {
        Err(error) if error.is(&[T::CODES.absent]) => Ok(None),
        answer => answer.map(Some),
    }
}

/// Creates one and returns its id. If the name is taken, an earlier answer may have been lost: then the list has one
/// with our name and mark.
async fn make<T: Untagged>(cx: &Context, desired: &T) -> Result<String> {
    let config = desired.fresh().map_err(incomplete(T::CALLS.create))?;
    let answer = when_seen::<T, _, _>(cx, || T::send_create(cx, config.clone())).await;
    match answer {
        Err(error) if error.is(&[T::CODES.name_taken]) => ours(cx, desired).await?.ok_or(error),
        answer => {
            let id = required(answer?, T::CALLS.create, "Id")?;
            required_text(&id, T::CALLS.create, "Id")
        }
    }
}

/// The id of the listed one that has the name and the mark of the desired one.
async fn ours<T: Untagged>(cx: &Context, desired: &T) -> Result<Option<String>> {
    let Some(wanted) = mark_of(desired.name(), desired.comment()) else { return Ok(None) };
    let owned = owned(listed::<T>(cx).await?, &cx.scope).into_iter();
    Ok(owned.filter(|(_, mark)| *mark == wanted).map(|(id, _)| id).next())
}

/// Makes a change that CloudFront may refuse while it does not see what the change refers to.
async fn when_seen<T: Untagged, A, F>(cx: &Context, change: impl FnMut() -> F) -> Result<A>
where
    F: Future<Output = Result<A>>,
{
    let passing = |error: &Error| error.is(T::NOT_SEEN_YET);
    retry_while(cx, SETTLING, "waiting until CloudFront sees its parts", passing, change).await
}

/// Makes a change that reads the ETag right before; once more if something else changed the resource in between.
async fn with_fresh_etag<F>(change: impl Fn() -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    match change().await {
        Err(error) if error.is(STALE) => change().await,
        outcome => outcome,
    }
}

/// The mark of a resource: its comment, if its name begins with that stack's.
fn mark_of(name: &str, comment: Option<&str>) -> Option<Mark> {
    let mark = Mark::from_comment(comment?)?;
    let rest = name.strip_prefix(mark.stack_name())?;
    rest.starts_with('-').then_some(mark)
}

impl Listed {
    fn mark(&self) -> Option<Mark> {
        mark_of(&self.name, self.comment.as_deref())
    }
}

/// The id of the entry that has the mark, or else of the one that has the name and so is in the way.
fn pick(listed: &[Listed], name: &str, mark: &Mark) -> Option<String> {
    let marked = listed.iter().find(|entry| entry.mark().as_ref() == Some(mark));
    let found = marked.or_else(|| listed.iter().find(|entry| entry.name == name));
    found.map(|entry| entry.id.clone())
}

/// The entries of the scope's stack.
fn owned(listed: Vec<Listed>, scope: &Scope) -> Vec<(String, Mark)> {
    let ours = |entry: Listed| {
        let mark = entry.mark().filter(|mark| mark.stack == scope.stack)?;
        Some((entry.id, mark))
    };
    listed.into_iter().filter_map(ours).collect()
}
