//! A bucket that the stack uses and does not make: what matters of it, read and never changed.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>

use crate::aws::{Context, Result, SdkResult};
use crate::model::Allow;

/// The permissions for [`existing`].
pub const LOOK_AT_SOURCE: &[Allow] = &[Allow::new(
    &["s3:GetBucketVersioning", "s3:GetBucketNotification", "s3:GetEncryptionConfiguration"],
    &["arn:aws:s3:::{source}"],
)];

/// What S3 answers for a bucket that does not exist, that is in another region, or that belongs to another account. A
/// caller who may not read its settings gets the same answer as for another account.
const HIDDEN: &[&str] =
    &["NoSuchBucket", "PermanentRedirect", "AuthorizationHeaderMalformed", "AccessDenied"];

/// What S3 answers for a bucket without default encryption.
const UNENCRYPTED: &[&str] = &["ServerSideEncryptionConfigurationNotFoundError"];

/// What matters of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingBucket {
    /// Whether it keeps versions.
    pub is_versioned: bool,
    /// Whether it sends its events to EventBridge.
    pub sends_events: bool,
    /// The KMS key that new objects are encrypted with, if it is one.
    pub kms_key: Option<String>,
}

/// The bucket of this name. `None` if there is none in the context's region that belongs to the account, or if the
/// caller may not see it: S3 does not tell these apart.
///
/// # Errors
/// When S3 does not respond.
pub async fn existing(cx: &Context, name: &str) -> Result<Option<ExistingBucket>> {
    let (s3, owner) = (cx.s3(), cx.scope.account.as_str());
    let versioning = async {
        let get = s3.get_bucket_versioning().bucket(name).expected_bucket_owner(owner);
        get.send().await.unless("s3:GetBucketVersioning", HIDDEN)
    };
    let notification = async {
        let get = s3.get_bucket_notification_configuration().bucket(name).expected_bucket_owner(owner);
        get.send().await.unless("s3:GetBucketNotificationConfiguration", HIDDEN)
    };
    let encryption = async {
        let get = s3.get_bucket_encryption().bucket(name).expected_bucket_owner(owner);
        match get.send().await.unless("s3:GetBucketEncryption", UNENCRYPTED) {
            Err(error) if error.is(HIDDEN) => Ok(None),
            found => found.map(Some),
        }
    };
    let (versioning, notification, encryption) = tokio::try_join!(versioning, notification, encryption)?;
    let (Some(versioning), Some(notification), Some(encryption)) = (versioning, notification, encryption)
    else {
        return Ok(None);
    };
    let rules = encryption.and_then(|answer| answer.server_side_encryption_configuration);
    let defaults = rules.into_iter().flat_map(|rules| rules.rules);
    let key = |default: aws_sdk_s3::types::ServerSideEncryptionByDefault| {
        let is_kms = default.sse_algorithm.as_str().starts_with("aws:kms");
        is_kms.then(|| default.kms_master_key_id.unwrap_or_else(|| "aws/s3".to_owned()))
    };
    Ok(Some(ExistingBucket {
        is_versioned: versioning.status == Some(aws_sdk_s3::types::BucketVersioningStatus::Enabled),
        sends_events: notification.event_bridge_configuration.is_some(),
        kms_key: defaults.filter_map(|rule| rule.apply_server_side_encryption_by_default).find_map(key),
    }))
}
