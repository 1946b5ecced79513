//! Removes what a bucket holds: every version, every delete marker, every unfinished upload.
//!
//! One listing feeds several deleters, so that a bucket of a hundred thousand versions takes about as long as its
//! listing. Memory stays at a few pages. Objects that arrive meanwhile are found by listing again until nothing is left.
//! Keys may hold characters that XML cannot: listings are percent-encoded, and such keys are deleted one by one
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html#object-key-xml-related-constraints>).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_s3::types as sdk;
use futures::stream::{self, Stream, TryStreamExt};

use crate::aws::{Context, Error, OrEmpty, Result, SdkResult, fits_xml, listed_key, required};
use crate::resource::s3::NO_BUCKET;

/// How many batches of a thousand are in flight: S3 takes about 3,500 deletions a second of one prefix, and more at
/// once would only earn `SlowDown`.
const BATCHES: usize = 6;
/// How many uploads are aborted at once: there is no call for several.
const ABORTS: usize = 16;
/// How often to look again for what arrived meanwhile.
const ROUNDS: usize = 20;
/// The pause after a round in which S3 was too busy for some keys. It doubles each time.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// What S3 answers for single keys while it is too busy for them: the next round finds them again.
const BUSY: &[&str] = &["SlowDown", "InternalError", "ServiceUnavailable"];

/// Removes all that the bucket holds. A bucket that does not exist holds nothing.
pub(super) async fn empty(cx: &Context, bucket: &str) -> Result<()> {
    empty_except(cx, bucket, None).await
}

/// Removes all that the bucket holds, except the object under one key.
///
/// # Errors
/// When a call fails, or when the bucket fills as fast as it is emptied.
pub async fn empty_except(cx: &Context, bucket: &str, kept: Option<&str>) -> Result<()> {
    let gone = AtomicUsize::new(0);
    let (mut pause, mut throttled) = (PAUSE, false);
    for _ in 0..ROUNDS {
        let before = gone.load(Ordering::Relaxed);
        let (uploads, versions) =
            tokio::try_join!(abort_uploads(cx, bucket), delete_versions(cx, bucket, kept, &gone))?;
        if uploads + versions == 0 {
            return Ok(());
        }
        throttled = gone.load(Ordering::Relaxed) - before < versions;
        if throttled {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
    let count = thousands(gone.into_inner());
    let message = if throttled {
        format!(
            "S3 is too busy to empty {bucket} ({count} versions are gone): run the command again in some minutes"
        )
    } else {
        format!(
            "{bucket} fills as fast as it is emptied ({count} versions are gone): stop what writes to it, and run the command again"
        )
    };
    Err(Error { code: "BucketNotEmpty".to_owned(), ..Error::unexpected("s3:DeleteObjectVersion", message) })
}

/// One round over the versions and delete markers; how many were found.
async fn delete_versions(
    cx: &Context,
    bucket: &str,
    kept: Option<&str>,
    gone: &AtomicUsize,
) -> Result<usize> {
    let batches = pages(|at| version_page(cx, bucket, at));
    batches
        .map_ok(|mut batch| async move {
            if cx.is_cancelled() {
                return Err(interrupted(bucket));
            }
            batch.retain(|one| kept != Some(one.key.as_str()));
            let found = batch.len();
            let (plain, odd): (Vec<_>, Vec<_>) = batch.into_iter().partition(|one| fits_xml(&one.key));
            let (plain, odd) =
                tokio::try_join!(delete_batch(cx, bucket, plain), delete_singly(cx, bucket, odd))?;
            let deleted = plain + odd;
            let sum = gone.fetch_add(deleted, Ordering::Relaxed) + deleted;
            cx.note(&format!("emptying {bucket}: {} versions gone", thousands(sum)));
            Ok(found)
        })
        .try_buffer_unordered(BATCHES)
        .try_fold(0, |sum, found| async move { Ok(sum + found) })
        .await
}

fn interrupted(bucket: &str) -> Error {
    Error::interrupted("s3:DeleteObjectVersion", format!("interrupted while emptying {bucket}"))
}

/// Deletes a page of versions; how many are gone.
async fn delete_batch(cx: &Context, bucket: &str, batch: Vec<sdk::ObjectIdentifier>) -> Result<usize> {
    let asked = batch.len();
    if asked == 0 {
        return Ok(0);
    }
    let delete = sdk::Delete::builder().set_objects(Some(batch)).quiet(true).build();
    let call = cx.s3().delete_objects().bucket(bucket).expected_bucket_owner(&cx.scope.account);
    let call = call.delete(delete.expect("the objects are set"));
    let Some(answer) = call.send().await.unless("s3:DeleteObjectVersion", NO_BUCKET)? else {
        return Ok(asked);
    };
    let (busy, refused): (Vec<_>, Vec<_>) =
        answer.errors().iter().partition(|error| error.code().is_some_and(|code| BUSY.contains(&code)));
    refused.first().map_or(Ok(asked - busy.len()), |first| Err(refusal(bucket, first, refused.len())))
}

/// Deletes versions whose keys no request of XML can hold; how many are gone.
async fn delete_singly(cx: &Context, bucket: &str, odd: Vec<sdk::ObjectIdentifier>) -> Result<usize> {
    let deletes = stream::iter(odd.into_iter().map(Ok)).map_ok(|one| async move {
        let call = cx.s3().delete_object().bucket(bucket).expected_bucket_owner(&cx.scope.account);
        let call = call.key(one.key).set_version_id(one.version_id);
        call.send().await.unless("s3:DeleteObjectVersion", NO_BUCKET).map(drop)
    });
    deletes.try_buffer_unordered(ABORTS).try_fold(0, |sum, ()| async move { Ok(sum + 1) }).await
}

fn refusal(bucket: &str, first: &sdk::Error, count: usize) -> Error {
    let others = if count > 1 { format!(" (and {} others)", thousands(count - 1)) } else { String::new() };
    let key = first.key().unwrap_or("(a key without a name)");
    let why = first.message().unwrap_or("no reason given");
    let message = format!("{bucket}/{key}{others} cannot be deleted: {why}");
    // absent is empty: an error of an answer may have no code, as ours may.
    let code = first.code().unwrap_or_default().to_owned();
    Error { code, ..Error::unexpected("s3:DeleteObjectVersion", message) }
}

/// One round over the unfinished uploads; how many were found.
async fn abort_uploads(cx: &Context, bucket: &str) -> Result<usize> {
    let uploads = pages(|at| upload_page(cx, bucket, at))
        .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
        .try_flatten();
    uploads
        .map_ok(|(key, upload)| async move {
            if cx.is_cancelled() {
                return Err(interrupted(bucket));
            }
            let call =
                cx.s3().abort_multipart_upload().bucket(bucket).expected_bucket_owner(&cx.scope.account);
            let call = call.key(key).upload_id(upload);
            let absent = &["NoSuchUpload", "NoSuchBucket"];
            call.send().await.unless("s3:AbortMultipartUpload", absent).map(drop)
        })
        .try_buffer_unordered(ABORTS)
        .try_fold(0, |sum, ()| async move { Ok(sum + 1) })
        .await
}

/// Where a listing goes on: key, and version or upload.
#[derive(Default)]
struct Marker(Option<String>, Option<String>);

/// A page, and where the next one begins.
type Page<T> = (Vec<T>, Option<Marker>);

/// The pages of a listing that are not empty.
fn pages<T, F>(page: impl Fn(Marker) -> F) -> impl Stream<Item = Result<Vec<T>>>
where
    F: Future<Output = Result<Page<T>>>,
{
    let all = stream::try_unfold((Some(Marker::default()), page), |(at, page)| async move {
        let Some(at) = at else { return Ok(None) };
        let (items, next) = page(at).await?;
        Ok(Some((items, (next, page))))
    });
    all.try_filter(|items| std::future::ready(!items.is_empty()))
}

async fn version_page(cx: &Context, bucket: &str, at: Marker) -> Result<Page<sdk::ObjectIdentifier>> {
    const LIST: &str = "s3:ListBucketVersions";
    let call = cx.s3().list_object_versions().bucket(bucket).expected_bucket_owner(&cx.scope.account);
    let call = call.encoding_type(sdk::EncodingType::Url).set_key_marker(at.0).set_version_id_marker(at.1);
    let Some(answer) = call.send().await.unless(LIST, NO_BUCKET)? else {
        return Ok((Vec::new(), None));
    };
    let listed = |key: &str| listed_key(key, answer.encoding_type.as_ref());
    let more = answer.is_truncated == Some(true);
    let marker = answer.next_key_marker.as_deref().map(listed);
    let next = more.then_some(Marker(marker, answer.next_version_id_marker));
    let versions = answer.versions.or_empty().into_iter().map(|one| (one.key, one.version_id));
    let markers = answer.delete_markers.or_empty().into_iter().map(|one| (one.key, one.version_id));
    let named = versions.chain(markers).map(|(key, version)| {
        let key = listed(&required(key, LIST, "Key")?);
        // Without a version, the deletion would only add a delete marker.
        let version = required(version, LIST, "VersionId")?;
        let one = sdk::ObjectIdentifier::builder().key(key).version_id(version).build();
        Ok(one.expect("the key is set"))
    });
    Ok((named.collect::<Result<_>>()?, next))
}

async fn upload_page(cx: &Context, bucket: &str, at: Marker) -> Result<Page<(String, String)>> {
    const LIST: &str = "s3:ListBucketMultipartUploads";
    let call = cx.s3().list_multipart_uploads().bucket(bucket).expected_bucket_owner(&cx.scope.account);
    let call = call.encoding_type(sdk::EncodingType::Url).set_key_marker(at.0).set_upload_id_marker(at.1);
    let Some(answer) = call.send().await.unless(LIST, NO_BUCKET)? else {
        return Ok((Vec::new(), None));
    };
    let listed = |key: &str| listed_key(key, answer.encoding_type.as_ref());
    let more = answer.is_truncated == Some(true);
    let marker = answer.next_key_marker.as_deref().map(listed);
    let next = more.then_some(Marker(marker, answer.next_upload_id_marker));
    let named = answer.uploads.or_empty().into_iter().map(|one| {
        let key = listed(&required(one.key, LIST, "Key")?);
        Ok((key, required(one.upload_id, LIST, "UploadId")?))
    });
    Ok((named.collect::<Result<_>>()?, next))
}

/// `12000` as `12,000`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_readable() {
        assert_eq!(
            [0, 12, 999, 1000, 12_000, 1_234_567].map(thousands),
            ["0", "12", "999", "1,000", "12,000", "1,234,567"]
        );
    }

    #[test]
    fn a_refused_key_is_named_with_the_reason() {
        let locked =
            sdk::Error::builder().key("in/a.mp4").code("AccessDenied").message("object lock").build();
        let error = refusal("vod-source", &locked, 3);
        insta::assert_snapshot!(error, @"s3:DeleteObjectVersion failed with AccessDenied: vod-source/in/a.mp4 (and 2 others) cannot be deleted: object lock");
    }

    #[tokio::test]
    async fn listings_go_on_where_they_stopped_and_empty_pages_are_left_out() {
        let listing = pages(|at: Marker| async move {
            let next = |key: &str| Some(Marker(Some(key.to_owned()), None));
            Ok(match at.0.as_deref() {
                None => (vec![1, 2], next("b")),
                Some("b") => (vec![], next("c")),
                _ => (vec![3], None),
            })
        });
        assert_eq!(listing.try_collect::<Vec<_>>().await.unwrap(), [vec![1, 2], vec![3]]);
    }
}
