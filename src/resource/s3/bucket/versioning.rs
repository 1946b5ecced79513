//! Whether a bucket keeps every version of its objects.

use aws_sdk_s3::types as sdk;
use serde::{Deserialize, Serialize};

use super::settings::{Setting, TargetBucket};
use crate::aws::{Context, Error, Result, SdkResult};
use crate::resource::s3::NO_BUCKET;

/// Whether the bucket keeps every version of its objects.
///
/// A bucket that ever kept versions can only stop ("Suspended"), not go back. For what is written from now on that is
/// the same as never having begun. So there is one form for both: `Suspended`, which is also what absence means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VersioningConfiguration {
    /// Whether it does.
    pub status: Versioning,
}

/// A state of versioning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Every version is kept.
    Enabled,
    /// No version is added to those that are there.
    #[default]
    Suspended,
}

impl VersioningConfiguration {
    /// Versions are kept.
    pub const ENABLED: Self = Self { status: Versioning::Enabled };

    /// Whether this is what absence means too.
    pub(super) fn is_absence(&self) -> bool {
        self.status == Versioning::Suspended
    }

    fn to_sdk(self) -> sdk::VersioningConfiguration {
        let status = match self.status {
            Versioning::Enabled => sdk::BucketVersioningStatus::Enabled,
            Versioning::Suspended => sdk::BucketVersioningStatus::Suspended,
        };
        sdk::VersioningConfiguration::builder().status(status).build()
    }

    fn from_sdk(status: Option<&sdk::BucketVersioningStatus>) -> Self {
        if status == Some(&sdk::BucketVersioningStatus::Enabled) { Self::ENABLED } else { Self::default() }
    }
}

impl Setting for VersioningConfiguration {
    const READ: &'static str = "s3:GetBucketVersioning";
    const WRITE: &'static str = "s3:PutBucketVersioning";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        let call = cx.s3().get_bucket_versioning().bucket(bucket).expected_bucket_owner(&cx.scope.account);
        let answer = call.send().await.unless(Self::READ, NO_BUCKET)?;
        Ok(Self::from_sdk(answer.as_ref().and_then(|answer| answer.status())))
    }

    /// Where replication has ended only now, S3 may take a while to see that (S3 API reference,
    /// `DeleteBucketReplication`).
    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        let call = to.cx.s3().put_bucket_versioning().bucket(to.name).expected_bucket_owner(to.owner());
        let call = call.versioning_configuration(self.to_sdk());
        let unseen = |error: &Error| to.ends_replication && error.is(&["InvalidBucketState"]);
        to.send_while(unseen, Self::WRITE, || call.clone().send()).await
    }

    fn is_made_with_the_bucket(&self) -> bool {
        self.is_absence()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_never_kept_versions_and_one_that_stopped_are_the_same() {
        let suspended = VersioningConfiguration::from_sdk(Some(&sdk::BucketVersioningStatus::Suspended));
        assert_eq!(suspended, VersioningConfiguration::from_sdk(None));
        assert!(suspended.is_absence() && !VersioningConfiguration::ENABLED.is_absence());
    }

    #[test]
    fn versioning_survives_the_sdk() {
        let kept = VersioningConfiguration::ENABLED;
        assert_eq!(VersioningConfiguration::from_sdk(kept.to_sdk().status.as_ref()), kept);
    }
}
