//! The stack's home bucket: its lock, the record of its last apply, and the bundles that it deploys.
//!
//! The bucket is not a state file. The record distinguishes drift from change, and names resources that may have become
//! orphans. Its former versions are the stack's history. Losing the bucket loses nothing else. Each stack has its own
//! bucket, so that whoever may apply one stack cannot write what another one reads
//! (`docs/decisions/home-bucket-is-declared.md`). Layout: `lock.json`, `record.json`, `bundle/<digest>.zip`,
//! `template/<digest>.json`.

mod history;
mod lock;
mod record;
mod versions;

use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;
pub use lock::{Held, KEY as LOCK_KEY, Lease, Locked};
pub use record::{AppliedPlan, Ended, Ending, Record, Recorded, Run};
use versions::Marker;

use crate::aws::{
    Class, Context, Error, Patience, Poll, Result, SdkResult, Stored, kept_version, s3_checksum, stored,
    unhurried, until,
};
use crate::model::{ANYTHING, Allow, bundle_key, template_key};

/// Permissions to read the stack's record. Listing is needed because S3 otherwise answers "access denied" for a missing
/// object.
pub const READ: &[Allow] = &[
    Allow::new(&["s3:GetObject", "s3:GetObjectVersion"], &["arn:aws:s3:::{home}/record.json"]),
    Allow::new(&["s3:ListBucket", "s3:ListBucketVersions"], &["arn:aws:s3:::{home}"]),
];
/// Permissions to hold the stack's lock.
pub const LOCK: &[Allow] =
    &[Allow::new(&["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], &["arn:aws:s3:::{home}/lock.json"])];
/// Permissions to record a run.
pub const NOTE: &[Allow] = &[Allow::new(&["s3:PutObject"], &["arn:aws:s3:::{home}/record.json"])];
/// Permissions of an apply on all that the bucket holds: lock, record and bundles. The bucket is the stack's alone, so one
/// pattern allows no more than three, and is shorter.
pub const KEEP: &[Allow] =
    &[Allow::new(&["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], &["arn:aws:s3:::{home}/*"])];

/// Permissions to find the buckets of a fleet's bundles.
pub const LIST: &[Allow] = &[Allow::new(&["s3:ListAllMyBuckets"], ANYTHING)];
/// Permissions to deploy the bundles that the bucket holds.
pub const TAKE: &[Allow] =
    &[Allow::new(&["s3:GetObject", "s3:GetObjectVersion"], &["arn:aws:s3:::{home}/bundle/*"])];

const NO_BUCKET: &[&str] = &["NoSuchBucket", "NotFound"];
const ABSENT: &[&str] = &["NoSuchKey", "NoSuchVersion", "NoSuchBucket", "NotFound"];

/// The home bucket of one stack.
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
    /// The home bucket of the context's stack; it need not exist yet.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        let bucket = cx.scope.home_bucket();
        Self { cx, bucket }
    }

    /// The bucket with the bundles of a fleet, in the context's region; it need not exist yet.
    #[must_use]
    pub fn of_bundles(cx: Context) -> Self {
        let bucket = cx.scope.bundle_bucket();
        Self { cx, bucket }
    }

    /// The context of its region.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.cx
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
            "another AWS account has a bucket {}, the name that this stack needs for its lock and record: choose \
             another `stack` in the stack file",
            self.bucket
        );
        Error { code: "BucketAlreadyExists".to_owned(), ..Error::unexpected(error.call, message) }
    }

    /// Whether the bucket exists.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub async fn exists(&self) -> Result<bool> {
        Ok(self.version_page(lock::KEY, Marker::default()).await?.is_some())
    }

    /// Uploads a bundle under its key unless S3 has exactly these bytes there. Anything else under the key is replaced: S3
    /// takes only bytes with the digest. Right after the bucket was made, S3 may not keep versions yet: then the bundle is
    /// uploaded again until it does.
    ///
    /// # Errors
    /// When the file cannot be read, the upload fails, or the bucket keeps no versions.
    pub async fn put_bundle(&self, sha256: &str, file: &Path) -> Result<()> {
        let key = bundle_key(sha256);
        until(&self.cx, "s3:PutObject", Patience::SECONDS, || async {
            if let Stored::Intact(_) = stored(&self.cx, &self.bucket, &key, sha256).await? {
                return Ok(Poll::Done(()));
            }
            Ok(match kept_version(self.upload(&key, sha256, file).await?) {
                Some(_) => Poll::Done(()),
                None => Poll::Pending(format!("waiting until S3 keeps versions in {}", self.bucket)),
            })
        })
        .await
    }

    /// Uploads a CloudFormation template. S3 takes only a text with this SHA-256. Returns its key.
    ///
    /// # Errors
    /// When the upload fails.
    pub async fn put_template(&self, sha256: &str, text: &str) -> Result<String> {
        let key = template_key(sha256);
        let put = self.cx.s3().put_object().bucket(&self.bucket).key(&key);
        let put = put.expected_bucket_owner(&self.cx.scope.account).checksum_sha256(s3_checksum(sha256)?);
        let put = put.content_type("application/json").body(ByteStream::from(text.to_owned().into_bytes()));
        put.send().await.named("s3:PutObject").map(|_| key)
    }

    /// Uploads a bundle. Returns the version id that S3 answers.
    async fn upload(&self, key: &str, sha256: &str, file: &Path) -> Result<Option<String>> {
        let body = ByteStream::from_path(file).await;
        let body =
            body.map_err(|error| Error::unexpected("s3:PutObject", format!("{}: {error}", file.display())))?;
        let put = self.cx.s3().put_object().bucket(&self.bucket).key(key).body(body);
        let put = put.expected_bucket_owner(&self.cx.scope.account).checksum_sha256(s3_checksum(sha256)?);
        let put = put.content_type("application/zip").customize().config_override(unhurried());
        Ok(put.send().await.named("s3:PutObject")?.version_id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::{Method, StatusCode, Uri};
    use axum::response::IntoResponse;

    use super::*;
    use crate::aws::fake_aws;

    /// The home bucket in a fake S3 with these answers.
    pub(super) async fn home(answers: Router) -> Home {
        Home::new(fake_aws::regions(answers).await.home())
    }

    #[tokio::test]
    async fn a_bundle_is_uploaded_until_s3_keeps_a_version_of_it() {
        let uploads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&uploads);
        let answer = move |method: Method| async move {
            if method == Method::HEAD {
                return StatusCode::NOT_FOUND.into_response();
            }
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            [("x-amz-version-id", if first { "null" } else { "v1" })].into_response()
        };
        let home = home(Router::new().fallback(answer)).await;
        let bundle = tempfile::NamedTempFile::new().unwrap();
        home.put_bundle(&"ab".repeat(32), bundle.path()).await.unwrap();
        assert_eq!(uploads.load(Ordering::Relaxed), 2);
    }

    /// The messages for a read that is refused like this, when the account has only this bucket.
    async fn refused(refusal: &'static str, bucket: &'static str) -> [String; 3] {
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
        [home.record().await.map(drop), home.history(1).await.map(drop), home.exists().await.map(drop)]
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
                said.contains("another AWS account has a bucket provision-111122223333-eu-west-1-vod"),
                "{said}"
            );
        }
        let listed = refused("Access Denied", "provision-111122223333-eu-west-1-vod").await;
        for said in [listed, refused(MISSING, "another").await].concat() {
            assert!(said.contains("AccessDenied"), "{said}");
        }
    }
}
