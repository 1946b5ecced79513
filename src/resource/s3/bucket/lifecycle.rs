//! What a bucket does with objects as they age.
//!
//! CloudFormation writes a rule flat where the S3 API nests it (`Filter`, `Expiration`). A rule is read back whole,
//! whoever made it, so that a plan can show what a hand-made one does. Follows the S3 user guide, "Managing the
//! lifecycle of objects".

mod convert;

use std::collections::BTreeSet;
use std::str::FromStr;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::settings::{Setting, TargetBucket};
use crate::aws::{Context, Result, SdkResult};

/// The lifecycle rules of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LifecycleConfiguration {
    /// The rules, by id: their order means nothing.
    pub rules: BTreeSet<Rule>,
    /// Which small objects change their storage class. Absent: none under 128 KB (`all_storage_classes_128K`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_default_minimum_object_size: Option<String>,
}

/// One rule: which objects, and what happens to them when.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// Whether it is in force.
    pub status: RuleStatus,
    /// Only objects whose keys begin with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Only objects with all of these tags.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tag_filters: BTreeSet<TagFilter>,
    /// Only objects of more bytes than this.
    #[serde(default, with = "bytes", skip_serializing_if = "Option::is_none")]
    pub object_size_greater_than: Option<i64>,
    /// Only objects of fewer bytes than this.
    #[serde(default, with = "bytes", skip_serializing_if = "Option::is_none")]
    pub object_size_less_than: Option<i64>,
    /// Objects are deleted after this many days (in a bucket with versions: hidden by a delete marker).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_in_days: Option<i32>,
    /// Objects are deleted on this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<Date>,
    /// Delete markers with nothing left behind them are removed. Not together with tags or an expiry in days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_object_delete_marker: Option<bool>,
    /// What becomes of versions that were replaced or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    /// What becomes of uploads that are never finished. Not together with tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_incomplete_multipart_upload: Option<AbortIncompleteMultipartUpload>,
    /// Changes of the storage class.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub transitions: BTreeSet<Transition>,
    /// Changes of the storage class of versions that were replaced or deleted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub noncurrent_version_transitions: BTreeSet<NoncurrentVersionTransition>,
}

/// Whether a rule is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RuleStatus {
    /// It is.
    #[default]
    Enabled,
    /// It is not.
    Disabled,
}

/// A tag that objects must have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TagFilter {
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

/// What becomes of versions that were replaced or deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NoncurrentVersionExpiration {
    /// They are deleted for good this many days after.
    pub noncurrent_days: i32,
    /// But this many of the newest ones stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer_noncurrent_versions: Option<i32>,
}

/// What becomes of uploads that are never finished.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AbortIncompleteMultipartUpload {
    /// Their parts are deleted this many days after they began.
    pub days_after_initiation: i32,
}

/// A change of the storage class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Transition {
    /// The class, such as `GLACIER_IR`.
    pub storage_class: String,
    /// This many days after the object was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_in_days: Option<i32>,
    /// Or on this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_date: Option<Date>,
}

/// A change of the storage class of versions that were replaced or deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NoncurrentVersionTransition {
    /// The class.
    pub storage_class: String,
    /// This many days after.
    pub transition_in_days: i32,
    /// But this many of the newest ones stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer_noncurrent_versions: Option<i32>,
}

/// A day, at midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(DateTime);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let text = self.0.fmt(Format::DateTime).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        DateTime::from_str(&text, Format::DateTime).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Sizes, which CloudFormation writes as text.
mod bytes {
    use super::{Deserialize, Deserializer, FromStr, Serializer};

    pub(super) fn serialize<S: Serializer>(size: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        match size {
            Some(size) => serializer.collect_str(size),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| i64::from_str(&text).map_err(serde::de::Error::custom)).transpose()
    }
}

impl LifecycleConfiguration {
    /// These rules.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { rules: rules.into_iter().collect(), transition_default_minimum_object_size: None }
    }
}

impl Setting for Option<LifecycleConfiguration> {
    const READ: &'static str = "s3:GetLifecycleConfiguration";
    const WRITE: &'static str = "s3:PutLifecycleConfiguration";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        let absent = &["NoSuchBucket", "NoSuchLifecycleConfiguration"];
        let call = cx.s3().get_bucket_lifecycle_configuration().bucket(bucket);
        let call = call.expected_bucket_owner(&cx.scope.account);
        let Some(answer) = call.send().await.unless(Self::READ, absent)? else { return Ok(None) };
        LifecycleConfiguration::from_sdk(answer.rules(), answer.transition_default_minimum_object_size())
    }

    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        let (s3, name, owner) = (to.cx.s3(), to.name, to.owner());
        if let Some(lifecycle) = self {
            let call = s3.put_bucket_lifecycle_configuration().bucket(name).expected_bucket_owner(owner);
            let call = call
                .lifecycle_configuration(lifecycle.to_sdk())
                .transition_default_minimum_object_size(lifecycle.minimum());
            to.send(Self::WRITE, || call.clone().send()).await
        } else {
            let call = s3.delete_bucket_lifecycle().bucket(name).expected_bucket_owner(owner);
            to.send(Self::WRITE, || call.clone().send()).await
        }
    }

    fn is_made_with_the_bucket(&self) -> bool {
        self.is_none()
    }
}

impl Rule {
    /// A rule of this name for every object in the bucket, that does nothing yet.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }
}
