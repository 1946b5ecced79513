//! What a bucket does with objects as they age.
//!
//! CloudFormation writes a rule flat where the S3 API nests it (`Filter`, `Expiration`). A rule is read back whole,
//! whoever made it, so that a plan can show what a hand-made one does. Follows the S3 user guide, "Managing the
//! lifecycle of objects".

use std::collections::BTreeSet;
use std::str::FromStr;

use aws_sdk_s3::types as sdk;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What S3 does where a configuration says nothing about small objects.
const DEFAULT_MINIMUM: &str = "all_storage_classes_128K";

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
    pub status: Status,
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
pub enum Status {
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
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.fmt(Format::DateTime).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
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

    /// What small objects do, as the call that writes the rules takes it.
    pub(super) fn minimum(&self) -> sdk::TransitionDefaultMinimumObjectSize {
        self.transition_default_minimum_object_size.as_deref().unwrap_or(DEFAULT_MINIMUM).into()
    }

    pub(super) fn to_sdk(&self) -> sdk::BucketLifecycleConfiguration {
        let rules = self.rules.iter().map(Rule::to_sdk).collect();
        sdk::BucketLifecycleConfiguration::builder()
            .set_rules(Some(rules))
            .build()
            .expect("the rules are set")
    }

    pub(super) fn from_sdk(
        rules: &[sdk::LifecycleRule],
        minimum: Option<&sdk::TransitionDefaultMinimumObjectSize>,
    ) -> Option<Self> {
        let minimum = minimum.map(|minimum| minimum.as_str().to_owned());
        (!rules.is_empty()).then(|| Self {
            rules: rules.iter().map(Rule::from_sdk).collect(),
            transition_default_minimum_object_size: minimum.filter(|minimum| minimum != DEFAULT_MINIMUM),
        })
    }
}

impl Rule {
    /// A rule of this name for every object in the bucket, that does nothing yet.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    fn to_sdk(&self) -> sdk::LifecycleRule {
        let status = match self.status {
            Status::Enabled => sdk::ExpirationStatus::Enabled,
            Status::Disabled => sdk::ExpirationStatus::Disabled,
        };
        let noncurrent = self.noncurrent_version_expiration.as_ref().map(|expiry| {
            sdk::NoncurrentVersionExpiration::builder()
                .noncurrent_days(expiry.noncurrent_days)
                .set_newer_noncurrent_versions(expiry.newer_noncurrent_versions)
                .build()
        });
        let abort = self.abort_incomplete_multipart_upload.as_ref().map(|abort| {
            sdk::AbortIncompleteMultipartUpload::builder()
                .days_after_initiation(abort.days_after_initiation)
                .build()
        });
        let noncurrent_transitions = self.noncurrent_version_transitions.iter();
        let noncurrent_transitions: Vec<_> =
            noncurrent_transitions.map(NoncurrentVersionTransition::to_sdk).collect();
        let transitions: Vec<_> = self.transitions.iter().map(Transition::to_sdk).collect();
        sdk::LifecycleRule::builder()
            .id(&self.id)
            .status(status)
            .filter(self.filter())
            .set_expiration(self.expiration())
            .set_noncurrent_version_expiration(noncurrent)
            .set_abort_incomplete_multipart_upload(abort)
            .set_transitions(Some(transitions).filter(|list| !list.is_empty()))
            .set_noncurrent_version_transitions(Some(noncurrent_transitions).filter(|list| !list.is_empty()))
            .build()
            .expect("the status is set")
    }

    fn expiration(&self) -> Option<sdk::LifecycleExpiration> {
        let expiration = sdk::LifecycleExpiration::builder()
            .set_days(self.expiration_in_days)
            .set_date(self.expiration_date.map(|Date(date)| date))
            .set_expired_object_delete_marker(self.expired_object_delete_marker)
            .build();
        (expiration != sdk::LifecycleExpiration::builder().build()).then_some(expiration)
    }

    /// S3 wants one condition bare, and several under `And`.
    fn filter(&self) -> sdk::LifecycleRuleFilter {
        let tags: Vec<_> = self.tag_filters.iter().map(TagFilter::to_sdk).collect();
        let others = [
            self.prefix.is_some(),
            self.object_size_greater_than.is_some(),
            self.object_size_less_than.is_some(),
        ];
        let conditions = tags.len() + others.into_iter().filter(|condition| *condition).count();
        let filter = sdk::LifecycleRuleFilter::builder();
        if conditions > 1 {
            let all = sdk::LifecycleRuleAndOperator::builder()
                .set_prefix(self.prefix.clone())
                .set_tags(Some(tags).filter(|list| !list.is_empty()))
                .set_object_size_greater_than(self.object_size_greater_than)
                .set_object_size_less_than(self.object_size_less_than);
            return filter.and(all.build()).build();
        }
        let everything = (conditions == 0).then(String::new);
        filter
            .set_prefix(self.prefix.clone().or(everything))
            .set_tag(tags.into_iter().next())
            .set_object_size_greater_than(self.object_size_greater_than)
            .set_object_size_less_than(self.object_size_less_than)
            .build()
    }

    fn from_sdk(found: &sdk::LifecycleRule) -> Self {
        let filter = found.filter.as_ref();
        let all = filter.and_then(|filter| filter.and.as_ref());
        #[expect(deprecated, reason = "rules from before filters existed still carry their prefix here")]
        let old_prefix = found.prefix.as_ref();
        let prefix = all.and_then(|all| all.prefix.as_ref());
        let prefix = prefix.or(filter.and_then(|filter| filter.prefix.as_ref())).or(old_prefix);
        let alone = filter.and_then(|filter| filter.tag.as_ref()).into_iter();
        let larger =
            all.map_or(filter.and_then(|f| f.object_size_greater_than), |all| all.object_size_greater_than);
        let smaller =
            all.map_or(filter.and_then(|f| f.object_size_less_than), |all| all.object_size_less_than);
        let expiration = found.expiration.as_ref();
        Self {
            id: found.id.clone().unwrap_or_default(),
            status: if found.status == sdk::ExpirationStatus::Enabled {
                Status::Enabled
            } else {
                Status::Disabled
            },
            prefix: prefix.filter(|prefix| !prefix.is_empty()).cloned(),
            tag_filters: alone
                .chain(all.into_iter().flat_map(|all| all.tags()))
                .map(TagFilter::from_sdk)
                .collect(),
            // S3 echoes "more than 0 bytes" under `And` where nothing was said.
            object_size_greater_than: larger.filter(|size| *size > 0),
            object_size_less_than: smaller,
            expiration_in_days: expiration.and_then(|expiration| expiration.days),
            expiration_date: expiration.and_then(|expiration| expiration.date).map(Date),
            expired_object_delete_marker: expiration
                .and_then(|expiration| expiration.expired_object_delete_marker)
                .filter(|removed| *removed),
            noncurrent_version_expiration: found.noncurrent_version_expiration.as_ref().map(|expiry| {
                NoncurrentVersionExpiration {
                    noncurrent_days: expiry.noncurrent_days.unwrap_or_default(),
                    newer_noncurrent_versions: expiry.newer_noncurrent_versions,
                }
            }),
            abort_incomplete_multipart_upload: found
                .abort_incomplete_multipart_upload
                .as_ref()
                .and_then(|abort| abort.days_after_initiation)
                .map(|days_after_initiation| AbortIncompleteMultipartUpload { days_after_initiation }),
            transitions: found.transitions().iter().map(Transition::from_sdk).collect(),
            noncurrent_version_transitions: found
                .noncurrent_version_transitions()
                .iter()
                .map(NoncurrentVersionTransition::from_sdk)
                .collect(),
        }
    }
}

impl TagFilter {
    fn to_sdk(&self) -> sdk::Tag {
        sdk::Tag::builder().key(&self.key).value(&self.value).build().expect("key and value are set")
    }

    fn from_sdk(found: &sdk::Tag) -> Self {
        Self { key: found.key.clone(), value: found.value.clone() }
    }
}

fn class_of(found: Option<&sdk::TransitionStorageClass>) -> String {
    found.map_or(String::new(), |class| class.as_str().to_owned())
}

impl Transition {
    fn to_sdk(&self) -> sdk::Transition {
        sdk::Transition::builder()
            .storage_class(self.storage_class.as_str().into())
            .set_days(self.transition_in_days)
            .set_date(self.transition_date.map(|Date(date)| date))
            .build()
    }

    fn from_sdk(found: &sdk::Transition) -> Self {
        Self {
            storage_class: class_of(found.storage_class.as_ref()),
            transition_in_days: found.days,
            transition_date: found.date.map(Date),
        }
    }
}

impl NoncurrentVersionTransition {
    fn to_sdk(&self) -> sdk::NoncurrentVersionTransition {
        sdk::NoncurrentVersionTransition::builder()
            .storage_class(self.storage_class.as_str().into())
            .noncurrent_days(self.transition_in_days)
            .set_newer_noncurrent_versions(self.newer_noncurrent_versions)
            .build()
    }

    fn from_sdk(found: &sdk::NoncurrentVersionTransition) -> Self {
        Self {
            storage_class: class_of(found.storage_class.as_ref()),
            transition_in_days: found.noncurrent_days.unwrap_or_default(),
            newer_noncurrent_versions: found.newer_noncurrent_versions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str) -> TagFilter {
        TagFilter { key: key.into(), value: "true".into() }
    }

    fn rich() -> Rule {
        Rule {
            status: Status::Disabled,
            prefix: Some("in/".into()),
            tag_filters: BTreeSet::from([tag("a"), tag("b")]),
            object_size_greater_than: Some(1024),
            object_size_less_than: Some(4096),
            expiration_in_days: Some(90),
            transitions: BTreeSet::from([Transition {
                storage_class: "GLACIER_IR".into(),
                transition_in_days: Some(30),
                transition_date: None,
            }]),
            noncurrent_version_transitions: BTreeSet::from([NoncurrentVersionTransition {
                storage_class: "STANDARD_IA".into(),
                transition_in_days: 30,
                newer_noncurrent_versions: Some(2),
            }]),
            noncurrent_version_expiration: Some(NoncurrentVersionExpiration {
                noncurrent_days: 7,
                newer_noncurrent_versions: Some(1),
            }),
            abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload {
                days_after_initiation: 7,
            }),
            ..Rule::new("rich")
        }
    }

    #[test]
    fn rules_survive_the_sdk() {
        let day = Date(DateTime::from_secs(1_798_761_600));
        let rules = [
            rich(),
            Rule {
                tag_filters: BTreeSet::from([tag("a")]),
                expiration_date: Some(day),
                ..Rule::new("one tag")
            },
            Rule {
                object_size_less_than: Some(1),
                expired_object_delete_marker: Some(true),
                ..Rule::new("small")
            },
            Rule { prefix: Some("x/".into()), expiration_in_days: Some(1), ..Rule::new("prefix") },
            Rule { expiration_in_days: Some(1), ..Rule::new("everything") },
        ];
        for rule in &rules {
            assert_eq!(Rule::from_sdk(&rule.to_sdk()), *rule);
            let json = serde_json::to_value(rule).unwrap();
            assert_eq!(serde_json::from_value::<Rule>(json).unwrap(), *rule);
        }
    }

    #[test]
    fn a_filter_has_one_condition_or_an_and() {
        assert_eq!(Rule::new("x").to_sdk().filter.unwrap().prefix.as_deref(), Some(""));
        let one = Rule { tag_filters: BTreeSet::from([tag("a")]), ..Rule::new("x") }.to_sdk().filter.unwrap();
        assert!(one.tag.is_some() && one.prefix.is_none() && one.and.is_none());
        let several = rich().to_sdk().filter.unwrap();
        assert!(several.tag.is_none() && several.prefix.is_none() && several.and.is_some());
    }

    #[test]
    fn what_s3_fills_in_is_no_difference() {
        let two = Rule { tag_filters: BTreeSet::from([tag("a"), tag("b")]), ..Rule::new("x") };
        let mut echoed = two.to_sdk();
        let all = echoed.filter.as_mut().unwrap().and.as_mut().unwrap();
        (all.prefix, all.object_size_greater_than) = (Some(String::new()), Some(0));
        assert_eq!(Rule::from_sdk(&echoed), two);
        let minimum = sdk::TransitionDefaultMinimumObjectSize::from(DEFAULT_MINIMUM);
        let read = LifecycleConfiguration::from_sdk(&[echoed], Some(&minimum)).unwrap();
        assert_eq!(read, LifecycleConfiguration::new([two]));
    }
}
