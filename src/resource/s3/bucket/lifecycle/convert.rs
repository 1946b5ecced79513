//! A bucket's lifecycle rules as the S3 API nests them, and back.

use aws_sdk_s3::types as sdk;

use super::super::settings::Setting;
use super::{
    AbortIncompleteMultipartUpload, Date, LifecycleConfiguration, NoncurrentVersionExpiration,
    NoncurrentVersionTransition, Rule, RuleStatus, TagFilter, Transition,
};
use crate::aws::{Result, required};

const READ: &str = <Option<LifecycleConfiguration> as Setting>::READ;
/// What S3 does where a configuration says nothing about small objects.
const DEFAULT_MINIMUM: &str = "all_storage_classes_128K";

impl LifecycleConfiguration {
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
    ) -> Result<Option<Self>> {
        let minimum = minimum.map(|minimum| minimum.as_str().to_owned());
        let found = Self {
            rules: rules.iter().map(Rule::from_sdk).collect::<Result<_>>()?,
            transition_default_minimum_object_size: minimum.filter(|minimum| minimum != DEFAULT_MINIMUM),
        };
        Ok((!found.rules.is_empty()).then_some(found))
    }
}

impl Rule {
    fn to_sdk(&self) -> sdk::LifecycleRule {
        let status = match self.status {
            RuleStatus::Enabled => sdk::ExpirationStatus::Enabled,
            RuleStatus::Disabled => sdk::ExpirationStatus::Disabled,
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

    fn from_sdk(found: &sdk::LifecycleRule) -> Result<Self> {
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
        let noncurrent_expiration = found.noncurrent_version_expiration.as_ref();
        let abort = found.abort_incomplete_multipart_upload.as_ref();
        Ok(Self {
            id: required(found.id.clone(), READ, "Rule.ID")?,
            status: if found.status == sdk::ExpirationStatus::Enabled {
                RuleStatus::Enabled
            } else {
                RuleStatus::Disabled
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
            noncurrent_version_expiration: noncurrent_expiration
                .map(NoncurrentVersionExpiration::from_sdk)
                .transpose()?,
            abort_incomplete_multipart_upload: abort
                .map(AbortIncompleteMultipartUpload::from_sdk)
                .transpose()?,
            transitions: found.transitions().iter().map(Transition::from_sdk).collect::<Result<_>>()?,
            noncurrent_version_transitions: found
                .noncurrent_version_transitions()
                .iter()
                .map(NoncurrentVersionTransition::from_sdk)
                .collect::<Result<_>>()?,
        })
    }
}

impl NoncurrentVersionExpiration {
    fn from_sdk(found: &sdk::NoncurrentVersionExpiration) -> Result<Self> {
        Ok(Self {
            noncurrent_days: required(
                found.noncurrent_days,
                READ,
                "NoncurrentVersionExpiration.NoncurrentDays",
            )?,
            newer_noncurrent_versions: found.newer_noncurrent_versions,
        })
    }
}

impl AbortIncompleteMultipartUpload {
    fn from_sdk(found: &sdk::AbortIncompleteMultipartUpload) -> Result<Self> {
        let days = found.days_after_initiation;
        let member = "AbortIncompleteMultipartUpload.DaysAfterInitiation";
        Ok(Self { days_after_initiation: required(days, READ, member)? })
    }
}

impl TagFilter {
    pub(in crate::resource::s3::bucket) fn to_sdk(&self) -> sdk::Tag {
        sdk::Tag::builder().key(&self.key).value(&self.value).build().expect("key and value are set")
    }

    pub(in crate::resource::s3::bucket) fn from_sdk(found: &sdk::Tag) -> Self {
        Self { key: found.key.clone(), value: found.value.clone() }
    }
}

fn class_of(found: Option<&sdk::TransitionStorageClass>) -> Result<String> {
    Ok(required(found, READ, "Transition.StorageClass")?.as_str().to_owned())
}

impl Transition {
    fn to_sdk(&self) -> sdk::Transition {
        sdk::Transition::builder()
            .storage_class(self.storage_class.as_str().into())
            .set_days(self.transition_in_days)
            .set_date(self.transition_date.map(|Date(date)| date))
            .build()
    }

    fn from_sdk(found: &sdk::Transition) -> Result<Self> {
        Ok(Self {
            storage_class: class_of(found.storage_class.as_ref())?,
            transition_in_days: found.days,
            transition_date: found.date.map(Date),
        })
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

    fn from_sdk(found: &sdk::NoncurrentVersionTransition) -> Result<Self> {
        let days = required(found.noncurrent_days, READ, "NoncurrentVersionTransition.NoncurrentDays")?;
        Ok(Self {
            storage_class: class_of(found.storage_class.as_ref())?,
            transition_in_days: days,
            newer_noncurrent_versions: found.newer_noncurrent_versions,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aws_smithy_types::DateTime;

    use super::*;

    fn tag(key: &str) -> TagFilter {
        TagFilter { key: key.into(), value: "true".into() }
    }

    fn rich() -> Rule {
        Rule {
            status: RuleStatus::Disabled,
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
            assert_eq!(Rule::from_sdk(&rule.to_sdk()).unwrap(), *rule);
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
    fn a_rule_without_a_member_that_s3_promises_is_an_error_that_names_it() {
        let mut unnamed = rich().to_sdk();
        unnamed.id = None;
        insta::assert_snapshot!(Rule::from_sdk(&unnamed).unwrap_err(), @"s3:GetLifecycleConfiguration failed: the answer has no Rule.ID");
        let mut timeless = rich().to_sdk();
        timeless.noncurrent_version_expiration.as_mut().unwrap().noncurrent_days = None;
        insta::assert_snapshot!(Rule::from_sdk(&timeless).unwrap_err(), @"s3:GetLifecycleConfiguration failed: the answer has no NoncurrentVersionExpiration.NoncurrentDays");
    }

    #[test]
    fn what_small_objects_do_survives_the_sdk_and_the_default_is_the_absent_one() {
        let read = |minimum: &sdk::TransitionDefaultMinimumObjectSize| {
            LifecycleConfiguration::from_sdk(&[rich().to_sdk()], Some(minimum)).unwrap().unwrap()
        };
        let usual = LifecycleConfiguration::new([rich()]);
        assert_eq!(usual.minimum().as_str(), "all_storage_classes_128K");
        assert_eq!(read(&usual.minimum()), usual);
        let minimum = Some("varies_by_storage_class".to_owned());
        let other = LifecycleConfiguration { transition_default_minimum_object_size: minimum, ..usual };
        assert_eq!(read(&other.minimum()), other);
    }

    #[test]
    fn what_s3_fills_in_is_no_difference() {
        let two = Rule { tag_filters: BTreeSet::from([tag("a"), tag("b")]), ..Rule::new("x") };
        let mut echoed = two.to_sdk();
        let all = echoed.filter.as_mut().unwrap().and.as_mut().unwrap();
        (all.prefix, all.object_size_greater_than) = (Some(String::new()), Some(0));
        assert_eq!(Rule::from_sdk(&echoed).unwrap(), two);
        let minimum = sdk::TransitionDefaultMinimumObjectSize::from(DEFAULT_MINIMUM);
        let read = LifecycleConfiguration::from_sdk(&[echoed], Some(&minimum)).unwrap().unwrap();
        assert_eq!(read, LifecycleConfiguration::new([two]));
    }
}
