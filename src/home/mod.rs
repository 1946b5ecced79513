//! The account's home bucket: the lock of each stack, the record of its last apply, and the bundles it deploys.
//!
//! The bucket is not a state file. The record distinguishes drift from change, and names resources that may have become
//! orphans. Its former versions are the stack's history. Losing the bucket loses nothing else. Layout:
//! `lock/<stack>.json`, `record/<stack>.json`, `bundle/<digest>.zip`.

mod history;
mod lock;
mod record;

use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
pub use lock::{Held, Lease, Locked};
pub use record::{AppliedPlan, Ended, Ending, Record, Recorded, Run};

use crate::aws::{Class, Context, Error, Result, SdkResult, unhurried};
use crate::model::Allow;

/// Permissions to read a stack's record. Listing is needed because S3 otherwise answers "access denied" for a missing
/// object.
pub const READ: &[Allow] = &[
    Allow::new(&["s3:GetObject", "s3:GetObjectVersion"], &["arn:aws:s3:::{home}/record/{stack}.json"]),
    Allow::new(&["s3:ListBucket", "s3:ListBucketVersions"], &["arn:aws:s3:::{home}"]),
];
/// Permissions to hold a stack's lock.
pub const LOCK: &[Allow] = &[Allow::new(
    &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    &["arn:aws:s3:::{home}/lock/{stack}.json"],
)];
/// Permissions to record a run.
pub const NOTE: &[Allow] = &[Allow::new(&["s3:PutObject"], &["arn:aws:s3:::{home}/record/{stack}.json"])];
/// Permissions to keep bundles.
pub const KEEP: &[Allow] =
    &[Allow::new(&["s3:GetObject", "s3:PutObject"], &["arn:aws:s3:::{home}/bundle/*"])];
/// Permissions to forget a stack.
pub const FORGET: &[Allow] = &[Allow::new(
    &["s3:DeleteObject", "s3:DeleteObjectVersion"],
    &["arn:aws:s3:::{home}/lock/{stack}.json", "arn:aws:s3:::{home}/record/{stack}.json"],
)];

const NO_BUCKET: &[&str] = &["NoSuchBucket", "NotFound"];
const ABSENT: &[&str] = &["NoSuchKey", "NoSuchVersion", "NoSuchBucket", "NotFound"];

/// The home bucket of one account and region.
#[derive(Clone)]
pub struct Home {
    cx: Context,
    bucket: String,
}

/// An object's text and its ETag.
pub(crate) struct Object {
    pub(crate) text: String,
    pub(crate) etag: String,
}

impl Home {
    /// The home bucket of the context's account and region; it need not exist yet.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        let bucket = cx.scope.home_bucket();
        Self { cx, bucket }
    }

    /// Its name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Reads a complete object. `None` if it or the bucket does not exist.
    async fn get(&self, key: &str) -> Result<Option<Object>> {
        self.get_version(key, None).await
    }

    /// Reads a complete version of an object, or the current one.
    async fn get_version(&self, key: &str, version: Option<String>) -> Result<Option<Object>> {
        let call = self
            .cx
            .s3()
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id(version)
            .expected_bucket_owner(&self.cx.scope.account);
        let answer = match call.send().await.unless("s3:GetObject", ABSENT) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok(None),
            Err(error) => return Err(self.explain(error).await),
        };
        let etag = answer.e_tag.clone().unwrap_or_default();
        let bytes = answer
            .body
            .collect()
            .await
            .map_err(|error| Error::unexpected("s3:GetObject", error.to_string()))?;
        Ok(Some(Object { text: String::from_utf8_lossy(&bytes.into_bytes()).into_owned(), etag }))
    }

    /// Explains a refused read. S3 gives the same answer if the bucket belongs to another account.
    async fn explain(&self, error: Error) -> Error {
        if error.class != Class::Denied || error.lacks_permission() {
            return error;
        }
        let listed =
            self.cx.s3().list_buckets().prefix(&self.bucket).send().await.named("s3:ListAllMyBuckets");
        let Ok(listed) = listed else { return error };
        if listed.buckets().iter().any(|bucket| bucket.name() == Some(&self.bucket)) {
            return error;
        }
        let message = format!(
            "another AWS account has a bucket {}, the name that this account and region need for locks and records: \
             declare the stack in another region",
            self.bucket
        );
        Error { code: "BucketAlreadyExists".to_owned(), ..Error::unexpected(error.call, message) }
    }

    /// Uploads a bundle under its key unless it exists. The key contains the digest, so an existing object has the same
    /// content.
    ///
    /// # Errors
    /// When the file cannot be read or the upload fails.
    pub async fn put_bundle(&self, key: &str, file: &Path) -> Result<()> {
        let owner = &self.cx.scope.account;
        let head = self.cx.s3().head_object().bucket(&self.bucket).key(key).expected_bucket_owner(owner);
        if head.send().await.unless("s3:GetObject", ABSENT)?.is_some() {
            return Ok(());
        }
        let body = ByteStream::from_path(file).await;
        let body =
            body.map_err(|error| Error::unexpected("s3:PutObject", format!("{}: {error}", file.display())))?;
        let put = self.cx.s3().put_object().bucket(&self.bucket).key(key).expected_bucket_owner(owner);
        let put = put.body(body).content_type("application/zip").customize().config_override(unhurried());
        put.send().await.named("s3:PutObject").map(drop)
    }

    /// Removes a stack's lock and record. The record's former versions stay as the stack's history while the bucket
    /// keeps them. Bundles stay for other stacks.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn forget(&self, stack: &str) -> Result<()> {
        self.purge(&lock::key(stack)).await?;
        let key = record::key(stack);
        // Deleting a record that does not exist would add a delete marker to the history each time.
        if self.get(&key).await?.is_none() {
            return Ok(());
        }
        let owner = &self.cx.scope.account;
        let delete = self.cx.s3().delete_object().bucket(&self.bucket).key(&key).expected_bucket_owner(owner);
        delete.send().await.unless("s3:DeleteObject", ABSENT).map(drop)
    }

    /// Whether any stack still has a record or a lock here.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn is_used(&self) -> Result<bool> {
        let list = |prefix: &'static str| async move {
            let call = self.cx.s3().list_objects_v2().bucket(&self.bucket).prefix(prefix).max_keys(1);
            let listed = call.send().await.unless("s3:ListBucket", NO_BUCKET)?;
            Ok(listed.is_some_and(|listed| !listed.contents().is_empty()))
        };
        let (records, locks) = tokio::try_join!(list("record/"), list("lock/"))?;
        Ok(records || locks)
    }

    /// Deletes every version and delete marker of one key.
    async fn purge(&self, key: &str) -> Result<()> {
        let s3 = self.cx.s3();
        loop {
            let call = s3.list_object_versions().bucket(&self.bucket).prefix(key);
            let Some(page) = call.send().await.unless("s3:ListBucketVersions", NO_BUCKET)? else {
                return Ok(());
            };
            let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
            let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
            let doomed: Vec<ObjectIdentifier> = versions
                .chain(markers)
                .filter(|(found, _)| *found == Some(key))
                .filter_map(|(_, version)| {
                    ObjectIdentifier::builder()
                        .key(key)
                        .set_version_id(version.map(str::to_owned))
                        .build()
                        .ok()
                })
                .collect();
            if doomed.is_empty() {
                return Ok(());
            }
            let delete = Delete::builder().set_objects(Some(doomed)).quiet(true).build();
            let delete =
                delete.map_err(|error| Error::unexpected("s3:DeleteObjectVersion", error.to_string()))?;
            let answer = s3
                .delete_objects()
                .bucket(&self.bucket)
                .delete(delete)
                .send()
                .await
                .named("s3:DeleteObjectVersion")?;
            if let Some(failed) = answer.errors().first() {
                let message = failed.message().unwrap_or("refused");
                return Err(Error::unexpected("s3:DeleteObjectVersion", format!("{key}: {message}")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::{StatusCode, Uri};
    use axum::response::IntoResponse;

    use super::*;
    use crate::aws::fake_aws;

    /// The home bucket in a fake S3 with these answers.
    pub(super) async fn home(answers: Router) -> Home {
        Home::new(fake_aws::regions(answers).await.home())
    }

    /// The messages for a read that is refused like this, when the account has only this bucket.
    async fn refused(refusal: &'static str, bucket: &'static str) -> [String; 2] {
        let answer = move |uri: Uri| async move {
            let listed = format!(
                "<ListAllMyBucketsResult><Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets></ListAllMyBucketsResult>"
            );
            let refused = format!("<Error><Code>AccessDenied</Code><Message>{refusal}</Message></Error>");
            match uri.path() {
                "/" => listed.into_response(),
                _ => (StatusCode::FORBIDDEN, refused).into_response(),
            }
        };
        let home = home(Router::new().fallback(answer)).await;
        [home.record("vod").await.map(drop), home.history("vod", 1).await.map(drop)]
            .map(|read| read.unwrap_err().to_string())
    }

    const MISSING: &str = "User: me is not authorized to perform: s3:GetX on resource: lock because no identity-based \
                           policy allows the s3:GetX action";
    /// The refusal for a bucket of another account in the same organization.
    const THEIRS: &str = "User: me is not authorized to perform: s3:GetX on resource: lock because no resource-based \
                          policy allows the s3:GetX action";

    #[tokio::test]
    async fn a_home_bucket_of_another_account_is_said_and_is_no_missing_permission() {
        for said in [refused("Access Denied", "another").await, refused(THEIRS, "another").await].concat() {
            assert!(
                said.contains("another AWS account has a bucket provision-111122223333-eu-west-1"),
                "{said}"
            );
        }
        let listed = refused("Access Denied", "provision-111122223333-eu-west-1").await;
        for said in [listed, refused(MISSING, "another").await].concat() {
            assert!(said.contains("AccessDenied"), "{said}");
        }
    }
}
