//! The tags of a bucket.

use aws_sdk_s3::types as sdk;

use super::settings::{Setting, TargetBucket};
use crate::aws::{Context, OrEmpty, Result, SdkResult};
use crate::model::Tags;

/// All tags of a bucket, AWS's own among them.
async fn tag_set(cx: &Context, bucket: &str) -> Result<Vec<sdk::Tag>> {
    let absent = &["NoSuchBucket", "NoSuchTagSet"];
    let call = cx.s3().get_bucket_tagging().bucket(bucket).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless(Tags::READ, absent)?;
    Ok(answer.map(|answer| answer.tag_set).or_empty())
}

/// Tags as the call that makes a bucket takes them.
pub(super) fn to_sdk(tags: &Tags) -> Vec<sdk::Tag> {
    let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).map(|tag| tag.expect("key and value are set")).collect()
}

impl Setting for Tags {
    const READ: &'static str = "s3:GetBucketTagging";
    const WRITE: &'static str = "s3:PutBucketTagging";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        Ok(tag_set(cx, bucket).await?.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    /// The call replaces all tags. So it also sends those of others, and AWS's own (`aws:cloudformation:…`): S3 refuses it
    /// without them.
    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        let found = tag_set(to.cx, to.name).await?;
        let others = to.cx.ignored_tags();
        let kept = found.into_iter().filter(|tag| tag.key.starts_with("aws:") || others.contains(&tag.key));
        let tags = to_sdk(self).into_iter().chain(kept).collect();
        let tagging = sdk::Tagging::builder().set_tag_set(Some(tags)).build().expect("the tags are set");
        let call = to.cx.s3().put_bucket_tagging().bucket(to.name).expected_bucket_owner(to.owner());
        let call = call.tagging(tagging);
        to.send(Self::WRITE, || call.clone().send()).await
    }

    /// The call that makes a bucket sets them.
    fn is_made_with_the_bucket(&self) -> bool {
        true
    }
}
