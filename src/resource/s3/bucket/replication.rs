//! Where S3 copies new objects of a bucket to: nowhere, as the stack declares it.
//!
//! A rule that somebody added sends every video that comes from then on to a bucket of theirs, in whichever account. So
//! the whole configuration is read, and its absence is kept to like any other setting. What CloudFormation has no name
//! for (`ExistingObjectReplication`, which only AWS's support can turn on) is not read.

mod convert;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::TagFilter;
use super::settings::{Setting, TargetBucket, Turn};
use crate::aws::{Context, Result, SdkResult};
use crate::model::StringExpr;

/// What a bucket copies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReplicationConfiguration {
    /// The role in which S3 reads here and writes there.
    pub role: StringExpr,
    /// What goes where. Of several for one destination, the priority decides.
    pub rules: BTreeSet<ReplicationRule>,
}

/// Which objects go where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReplicationRule {
    /// Its name.
    #[serde(default)]
    pub id: String,
    /// `Enabled` or `Disabled`.
    pub status: String,
    /// Which of two rules counts: the one with the higher number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Keys that begin so: the older form of the filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Which objects. Absent: those of the prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<ReplicationFilter>,
    /// Where they go.
    pub destination: ReplicationDestination,
    /// Whether delete markers go as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_marker_replication: Option<Switch>,
    /// What goes beyond the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_selection_criteria: Option<SourceSelectionCriteria>,
}

/// Which objects a rule copies; empty means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReplicationFilter {
    /// Keys that begin so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Objects with this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_filter: Option<TagFilter>,
    /// Several of these at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub and: Option<AndFilter>,
}

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AndFilter {
    /// Keys that begin so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Objects with all of these tags.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tag_filters: BTreeSet<TagFilter>,
}

/// Where copies go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReplicationDestination {
    /// The ARN of the bucket.
    pub bucket: StringExpr,
    /// The account that has it. Absent: not checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// How copies are stored. Absent: like what is copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// Whose the copies are. Absent: the owner's of what is copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_control_translation: Option<AccessControlTranslation>,
    /// How copies are encrypted. Absent: as the destination does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_configuration: Option<EncryptionConfiguration>,
    /// Within which time copies are promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_time: Option<ReplicationTime>,
    /// What is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
}

/// Whose copies are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AccessControlTranslation {
    /// `Destination`: the account's that has the destination.
    pub owner: String,
}

/// How copies are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionConfiguration {
    /// The KMS key.
    #[serde(rename = "ReplicaKmsKeyID")]
    pub replica_kms_key_id: String,
}

/// Something that is on or off.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Switch {
    /// `Enabled` or `Disabled`.
    pub status: String,
}

/// A time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Minutes {
    /// In minutes.
    pub minutes: i32,
}

/// Within which time copies are promised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReplicationTime {
    /// `Enabled` or `Disabled`.
    pub status: String,
    /// The time.
    pub time: Minutes,
}

/// What is measured of the copying.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Metrics {
    /// `Enabled` or `Disabled`.
    pub status: String,
    /// After which time an event says that something is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_threshold: Option<Minutes>,
}

/// What goes beyond the usual.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SourceSelectionCriteria {
    /// Objects encrypted with KMS keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sse_kms_encrypted_objects: Option<Switch>,
    /// Changes of what is itself a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_modifications: Option<Switch>,
}

impl Setting for Option<ReplicationConfiguration> {
    const READ: &'static str = "s3:GetReplicationConfiguration";
    const WRITE: &'static str = "s3:PutReplicationConfiguration";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        let absent = &["NoSuchBucket", "ReplicationConfigurationNotFoundError"];
        let call = cx.s3().get_bucket_replication().bucket(bucket).expected_bucket_owner(&cx.scope.account);
        let answer = call.send().await.unless(Self::READ, absent)?;
        let found = answer.as_ref().and_then(|answer| answer.replication_configuration());
        found.map(ReplicationConfiguration::from_sdk).transpose()
    }

    /// Deleting what is not there succeeds.
    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        let (s3, name, owner) = (to.cx.s3(), to.name, to.owner());
        if let Some(replication) = self {
            let call = s3.put_bucket_replication().bucket(name).expected_bucket_owner(owner);
            let call = call.replication_configuration(replication.to_sdk());
            to.send(Self::WRITE, || call.clone().send()).await
        } else {
            let call = s3.delete_bucket_replication().bucket(name).expected_bucket_owner(owner);
            to.send(Self::WRITE, || call.clone().send()).await
        }
    }

    fn is_made_with_the_bucket(&self) -> bool {
        self.is_none()
    }

    /// Replication needs versions: S3 refuses it without them, and does not suspend them before it has ended
    /// (`InvalidBucketState`).
    fn turn(&self) -> Turn {
        if self.is_some() { Turn::Last } else { Turn::First }
    }
}
