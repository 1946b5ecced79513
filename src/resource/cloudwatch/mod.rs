//! Amazon CloudWatch.

mod alarm;
mod dashboard;

use aws_sdk_cloudwatch::types::Tag;

pub use alarm::{Alarm, Dimension, TreatMissingData};
pub use dashboard::Dashboard;

use std::future::Future;

use crate::aws::{Context, OrEmpty, Patience, Result, SdkResult, required, retry_while};
use crate::model::{Mark, Scope, Tags};
use crate::resource::sweep::marked;

const ABSENT: &[&str] = &["ResourceNotFound", "ResourceNotFoundException"];
/// Another change of the same thing, or of its tags, is under way.
const BUSY: &[&str] = &["ConflictException", "ConcurrentModificationException"];

/// Makes a call that CloudWatch refuses while another change of the same thing is under way.
async fn settle<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let awaited = "waiting for another change in CloudWatch";
    retry_while(cx, Patience::SECONDS, awaited, |error| error.is(BUSY), call).await
}

fn api_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags of the resource with this ARN, or nothing if it is not there.
async fn tags_of(cx: &Context, arn: String) -> Result<Option<Tags>> {
    const CALL: &str = "cloudwatch:ListTagsForResource";
    let call = cx.cloudwatch().list_tags_for_resource().resource_arn(arn);
    let Some(answer) = call.send().await.unless(CALL, ABSENT)? else { return Ok(None) };
    let pair =
        |tag: Tag| Ok((required(tag.key, CALL, "Tags[].Key")?, required(tag.value, CALL, "Tags[].Value")?));
    answer.tags.or_empty().into_iter().map(pair).collect::<Result<Tags>>().map(Some)
}

/// Those of `ids` that carry the stack's mark. `arn` makes the ARN of one.
async fn owned(
    cx: &Context,
    ids: impl IntoIterator<Item = String>,
    arn: impl Fn(&Scope, &str) -> String,
) -> Result<Vec<(String, Mark)>> {
    let arn = &arn;
    let read = |id: String| async move {
        let tags = tags_of(cx, arn(&cx.scope, &id)).await?;
        Ok(tags.as_ref().and_then(Mark::from_tags))
    };
    marked(cx, ids, read).await
}

async fn retag(cx: &Context, arn: &str, seen: &Tags, desired: &Tags) -> Result<()> {
    let stale = seen.stale(desired);
    if !stale.is_empty() {
        let call = cx.cloudwatch().untag_resource().resource_arn(arn).set_tag_keys(Some(stale));
        settle(cx, || async { call.clone().send().await.named("cloudwatch:UntagResource") }).await?;
    }
    let call = cx.cloudwatch().tag_resource().resource_arn(arn).set_tags(Some(api_tags(desired)));
    settle(cx, || async { call.clone().send().await.named("cloudwatch:TagResource").map(drop) }).await
}
