//! Amazon S3: buckets and their policies.
//!
//! Every call but the ones that make and list buckets carries `ExpectedBucketOwner`. So a bucket of our name that belongs
//! to another account is never taken for ours: S3 refuses to read it and to write to it.

mod bucket;
mod bucket_policy;
mod existing;

use std::future::Future;

pub use bucket::{
    AbortIncompleteMultipartUpload, Bucket, BucketEncryption, CorsConfiguration, CorsRule,
    LifecycleConfiguration, LoggingConfiguration, NoncurrentVersionExpiration, NoncurrentVersionTransition,
    NotificationConfiguration, OwnershipControls, PublicAccessBlockConfiguration, ReplicationConfiguration,
    Rule, TagFilter, TargetObjectKeyFormat, Transition, VersioningConfiguration, empty_except,
};
pub use bucket_policy::BucketPolicy;
pub use existing::{ExistingBucket, LOOK_AT_SOURCE, existing};

use crate::aws::{Context, Error, Patience, Result, retry_while};

/// What says that a bucket does not exist.
const NO_BUCKET: &[&str] = &["NoSuchBucket"];
/// Another change of the same bucket is under way: S3 makes them one after the other.
const CONFLICT: &[&str] = &["OperationAborted", "ConditionalRequestConflict"];
/// A bucket that was made moments ago is not known everywhere yet, nor is the one that its logs are written to.
const NOT_YET: &[&str] = &["NoSuchBucket", "InvalidTargetBucketForLogging"];

/// The ARN of a bucket: S3's ARNs name neither region nor account.
fn arn(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}

/// Makes a change to a bucket that exists, again while S3 is still settling an earlier one.
async fn change<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    change_while(cx, |_| false, call).await
}

/// The same, again while `also` says that something else is still settling as well.
async fn change_while<T, F>(cx: &Context, also: impl Fn(&Error) -> bool, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let settling = |error: &Error| error.is(CONFLICT) || error.is(NOT_YET) || also(error);
    retry_while(cx, Patience::SECONDS, SETTLING, settling, call).await
}

/// Removes a bucket or a part of it, again while S3 is still settling. What is not there is removed.
async fn remove<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    retry_while(cx, Patience::SECONDS, SETTLING, |error| error.is(CONFLICT), call).await
}

const SETTLING: &str = "waiting until S3 has settled the bucket";
