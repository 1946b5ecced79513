//! Whether a bucket holds anything.

use aws_sdk_s3::types as sdk;

use crate::aws::{Context, Result, SdkResult};
use crate::model::Contents;
use crate::resource::s3::NO_BUCKET;

/// The IAM actions that [`contents`] needs.
pub(super) const READS: &[&str] = &["s3:ListBucketVersions", "s3:ListBucketMultipartUploads"];

/// Whether the bucket holds a version, a delete marker or an unfinished upload. `None`: there is no such bucket.
pub(super) async fn contents(cx: &Context, bucket: &str) -> Result<Option<Contents>> {
    let (versions, uploads) = tokio::try_join!(holds_versions(cx, bucket), holds_uploads(cx, bucket))?;
    let Some(versions) = versions else { return Ok(None) };
    Ok(Some(if versions || uploads { Contents::Some } else { Contents::Empty }))
}

async fn holds_versions(cx: &Context, bucket: &str) -> Result<Option<bool>> {
    let call = cx.s3().list_object_versions().bucket(bucket).max_keys(1);
    let call = call.encoding_type(sdk::EncodingType::Url).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:ListBucketVersions", NO_BUCKET)?;
    Ok(answer.map(|page| !page.versions().is_empty() || !page.delete_markers().is_empty()))
}

async fn holds_uploads(cx: &Context, bucket: &str) -> Result<bool> {
    let call = cx.s3().list_multipart_uploads().bucket(bucket).max_uploads(1);
    let call = call.encoding_type(sdk::EncodingType::Url).expected_bucket_owner(&cx.scope.account);
    let answer = call.send().await.unless("s3:ListBucketMultipartUploads", NO_BUCKET)?;
    Ok(answer.is_some_and(|page| !page.uploads().is_empty()))
}
