//! What the three parts of a log delivery share: their tags, and their waits for each other.
//!
//! A delivery and what it joins cannot change at the same time: CloudWatch Logs answers `ConflictException` for some
//! seconds while one of them is being updated. It answers the same when `Put…` names tags for something that exists
//! already ("Tags can only be provided when a resource is being created"). So tags are changed by their own calls.

use std::future::Future;

use crate::aws::{Context, Error, OrEmpty, Patience, Result, SdkResult, retry_while};
use crate::model::{Mark, Scope, Tags};
use crate::resource::sweep::marked;

/// The parts of a delivery, which stacks keep where CloudFront's logs are. All actions share this list, except those on
/// tags: no other action acts on more than one of the parts.
pub(super) const PARTS: &[&str] = &[
    "arn:aws:logs:us-east-1:{account}:delivery-source:{name}",
    "arn:aws:logs:us-east-1:{account}:delivery-destination:{name}",
    "arn:aws:logs:us-east-1:{account}:delivery:*",
];
/// The parts whose names we choose.
pub(super) const NAMED: &[&str] = &[
    "arn:aws:logs:us-east-1:{account}:delivery-source:{name}",
    "arn:aws:logs:us-east-1:{account}:delivery-destination:{name}",
];
/// The part whose id AWS assigns.
pub(super) const DELIVERIES: &[&str] = &["arn:aws:logs:us-east-1:{account}:delivery:*"];

pub(super) const ABSENT: &[&str] = &["ResourceNotFoundException"];
pub(super) const CONFLICT: &[&str] = &["ConflictException"];

/// Makes a call again while another part of the delivery is being changed.
pub(super) async fn settle<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let awaited = "waiting for another change of the log delivery";
    retry_while(cx, Patience::SECONDS, awaited, |error| error.is(CONFLICT), call).await
}

/// The same for a call that depends on something made a moment ago: a distribution or a source that CloudWatch Logs does
/// not see yet.
pub(super) async fn settle_new<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let passing = |error: &Error| error.is(CONFLICT) || error.is(ABSENT);
    let awaited = "waiting until CloudWatch Logs sees what the log delivery depends on";
    retry_while(cx, Patience::SECONDS, awaited, passing, call).await
}

/// The tags of what has this ARN, or nothing if it is not there.
pub(super) async fn tags_of(cx: &Context, arn: &str) -> Result<Option<Tags>> {
    let call = cx.logs().list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.unless("logs:ListTagsForResource", ABSENT)?;
    Ok(answer.map(|answer| answer.tags.or_empty().into_iter().collect()))
}

/// Those of `ids` that carry the stack's mark. `arn` makes the ARN of one.
pub(super) async fn owned(
    cx: &Context,
    ids: impl IntoIterator<Item = String>,
    arn: impl Fn(&Scope, &str) -> String,
) -> Result<Vec<(String, Mark)>> {
    let arn = &arn;
    let read = |id: String| async move {
        let tags = tags_of(cx, &arn(&cx.scope, &id)).await?;
        Ok(tags.as_ref().and_then(Mark::from_tags))
    };
    marked(cx, ids, read).await
}

/// Whether something with this ARN exists and has the same owner as these tags. Then a conflict at its creation only
/// means that it was created before.
pub(super) async fn is_ours(cx: &Context, arn: &str, desired: &Tags) -> Result<bool> {
    Ok(tags_of(cx, arn).await?.is_some_and(|tags| tags.ownership() == desired.ownership()))
}

pub(super) async fn retag(cx: &Context, arn: &str, seen: &Tags, desired: &Tags) -> Result<()> {
    let stale = seen.stale(desired);
    if !stale.is_empty() {
        let call = cx.logs().untag_resource().resource_arn(arn).set_tag_keys(Some(stale));
        call.send().await.named("logs:UntagResource")?;
    }
    let call = cx.logs().tag_resource().resource_arn(arn).set_tags(Some(desired.to_map()));
    call.send().await.named("logs:TagResource").map(drop)
}
