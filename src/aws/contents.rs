//! What a small object of S3 holds.

use super::{Context, Error, Result, SdkResult};

const READ: &str = "s3:GetObject";
const ABSENT: &[&str] = &["NoSuchKey"];

/// The bytes of an object in a bucket of the stack's account. `None` if there is no such object; S3 says so only to
/// callers who may list the bucket.
///
/// # Errors
/// When the object cannot be read.
pub async fn contents(cx: &Context, bucket: &str, key: &str) -> Result<Option<Vec<u8>>> {
    let get = cx.s3().get_object().bucket(bucket).key(key).expected_bucket_owner(&cx.scope.account);
    let Some(found) = get.send().await.unless(READ, ABSENT)? else { return Ok(None) };
    let bytes = found.body.collect().await;
    bytes.map(|bytes| Some(bytes.to_vec())).map_err(|error| Error::unexpected(READ, error.to_string()))
}
