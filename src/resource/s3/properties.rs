//! A bucket as it is declared, and its small properties: versioning, object ownership, the public-access block.

use aws_sdk_s3::types as sdk;
use serde::{Deserialize, Serialize};

use super::{
    BucketEncryption, CorsConfiguration, LifecycleConfiguration, LoggingConfiguration,
    NotificationConfiguration, ReplicationConfiguration,
};
use crate::model::Tags;

/// A bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Bucket {
    /// Its name, unique among all accounts of AWS.
    pub bucket_name: String,
    /// Whether it keeps every version of its objects. Absent: it does not.
    #[serde(default, skip_serializing_if = "VersioningConfiguration::is_absence")]
    pub versioning_configuration: VersioningConfiguration,
    /// How it encrypts: no bucket is without.
    pub bucket_encryption: BucketEncryption,
    /// Who owns what others write. Absent: whoever wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_controls: Option<OwnershipControls>,
    /// What stops it from becoming public. Absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access_block_configuration: Option<PublicAccessBlockConfiguration>,
    /// What it does with objects as they age. Absent: it keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle_configuration: Option<LifecycleConfiguration>,
    /// Which sites' pages may talk to it from a browser. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors_configuration: Option<CorsConfiguration>,
    /// Whom it tells of what happens in it. Absent: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_configuration: Option<NotificationConfiguration>,
    /// Where S3 writes a record of every request. Absent: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_configuration: Option<LoggingConfiguration>,
    /// Where S3 copies new objects to. Absent: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_configuration: Option<ReplicationConfiguration>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Whether the bucket keeps every version of its objects.
///
/// A bucket that ever kept versions can only stop ("Suspended"), not go back, and for what is written from now on that
/// is the same as never having begun. So there is one form for both: `Suspended`, which is also what absence means.
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
    /// None is kept beside those that are there.
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

    pub(super) fn to_sdk(self) -> sdk::VersioningConfiguration {
        let status = match self.status {
            Versioning::Enabled => sdk::BucketVersioningStatus::Enabled,
            Versioning::Suspended => sdk::BucketVersioningStatus::Suspended,
        };
        sdk::VersioningConfiguration::builder().status(status).build()
    }

    pub(super) fn from_sdk(status: Option<&sdk::BucketVersioningStatus>) -> Self {
        if status == Some(&sdk::BucketVersioningStatus::Enabled) { Self::ENABLED } else { Self::default() }
    }
}

/// Who owns what others write into the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OwnershipControls {
    /// Exactly one rule.
    pub rules: [OwnershipRule; 1],
}

/// The rule of [`OwnershipControls`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OwnershipRule {
    /// `BucketOwnerEnforced`, `BucketOwnerPreferred` or `ObjectWriter`.
    pub object_ownership: String,
}

impl OwnershipControls {
    /// The bucket's owner owns everything in it, and access control lists mean nothing.
    #[must_use]
    pub fn bucket_owner_enforced() -> Self {
        Self { rules: [OwnershipRule { object_ownership: "BucketOwnerEnforced".to_owned() }] }
    }

    pub(super) fn ownership(&self) -> sdk::ObjectOwnership {
        self.rules[0].object_ownership.as_str().into()
    }

    pub(super) fn to_sdk(&self) -> sdk::OwnershipControls {
        let rule = sdk::OwnershipControlsRule::builder().object_ownership(self.ownership()).build();
        sdk::OwnershipControls::builder()
            .rules(rule.expect("its one member is set"))
            .build()
            .expect("its one member is set")
    }

    pub(super) fn from_sdk(found: &sdk::OwnershipControls) -> Option<Self> {
        let object_ownership = found.rules.first()?.object_ownership.as_str().to_owned();
        Some(Self { rules: [OwnershipRule { object_ownership }] })
    }
}

/// What stops the bucket from ever becoming public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PublicAccessBlockConfiguration {
    /// Public access control lists are refused.
    #[serde(default)]
    pub block_public_acls: bool,
    /// Public policies are refused.
    #[serde(default)]
    pub block_public_policy: bool,
    /// Public access control lists that exist mean nothing.
    #[serde(default)]
    pub ignore_public_acls: bool,
    /// A public policy that exists lets in nobody but the owner's account and AWS services.
    #[serde(default)]
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlockConfiguration {
    /// All four.
    pub const ALL: Self = Self {
        block_public_acls: true,
        block_public_policy: true,
        ignore_public_acls: true,
        restrict_public_buckets: true,
    };

    pub(super) fn to_sdk(self) -> sdk::PublicAccessBlockConfiguration {
        sdk::PublicAccessBlockConfiguration::builder()
            .block_public_acls(self.block_public_acls)
            .block_public_policy(self.block_public_policy)
            .ignore_public_acls(self.ignore_public_acls)
            .restrict_public_buckets(self.restrict_public_buckets)
            .build()
    }

    pub(super) fn from_sdk(found: &sdk::PublicAccessBlockConfiguration) -> Self {
        Self {
            block_public_acls: found.block_public_acls.unwrap_or_default(),
            block_public_policy: found.block_public_policy.unwrap_or_default(),
            ignore_public_acls: found.ignore_public_acls.unwrap_or_default(),
            restrict_public_buckets: found.restrict_public_buckets.unwrap_or_default(),
        }
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
    fn properties_survive_the_sdk() {
        let owner = OwnershipControls::bucket_owner_enforced();
        assert_eq!(OwnershipControls::from_sdk(&owner.to_sdk()), Some(owner));
        let block = PublicAccessBlockConfiguration {
            ignore_public_acls: false,
            ..PublicAccessBlockConfiguration::ALL
        };
        assert_eq!(PublicAccessBlockConfiguration::from_sdk(&block.to_sdk()), block);
        let kept = VersioningConfiguration::ENABLED;
        assert_eq!(VersioningConfiguration::from_sdk(kept.to_sdk().status.as_ref()), kept);
    }
}
