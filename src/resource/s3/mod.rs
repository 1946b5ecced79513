//! Amazon S3: buckets and their policies.
//!
//! A bucket is one resource but a dozen settings, each with its own calls: `settings` reads and writes them, the
//! property types beside it map each to the SDK and back, `emptying` removes what a bucket holds.
//! Every call but the ones that make and list buckets carries `ExpectedBucketOwner`, so a bucket of our name that
//! belongs to another account is never read for ours, let alone written to.

mod bucket;
mod bucket_policy;
mod cors;
mod emptying;
mod encryption;
mod lifecycle;
mod logging;
mod notification;
mod properties;
mod replication;
mod settings;

use std::future::Future;

pub use bucket_policy::BucketPolicy;
pub use cors::{CorsConfiguration, CorsRule};
pub use encryption::BucketEncryption;
pub use lifecycle::{
    AbortIncompleteMultipartUpload, LifecycleConfiguration, NoncurrentVersionExpiration,
    NoncurrentVersionTransition, Rule, TagFilter, Transition,
};
pub use logging::{LoggingConfiguration, TargetObjectKeyFormat};
pub use notification::NotificationConfiguration;
pub use properties::{Bucket, OwnershipControls, PublicAccessBlockConfiguration, VersioningConfiguration};
pub use replication::ReplicationConfiguration;

use crate::aws::{Context, Error, Patience, Result, retry_while};

/// What says that a bucket does not exist.
const NO_BUCKET: &[&str] = &["NoSuchBucket"];
/// Another change of the same bucket is under way: S3 makes them one after the other.
const CONFLICT: &[&str] = &["OperationAborted", "ConditionalRequestConflict"];
/// A bucket that was made moments ago is not known everywhere yet, be it this one or the one its logs go to.
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

/// The same while something else is still settling as well.
async fn change_while<T, F>(cx: &Context, also: impl Fn(&Error) -> bool, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let settling = |error: &Error| error.is(CONFLICT) || error.is(NOT_YET) || also(error);
    retry_while(cx, Patience::SECONDS, SETTLING, settling, call).await
}

/// Removes a bucket or a part of it, likewise; what is not there is removed.
async fn remove<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    retry_while(cx, Patience::SECONDS, SETTLING, |error| error.is(CONFLICT), call).await
}

const SETTLING: &str = "waiting until S3 has settled the bucket";
