//! Replication as the S3 API has it, and back.

use aws_sdk_s3::types as sdk;

use super::super::settings::Setting;
use super::{
    AccessControlTranslation, AndFilter, EncryptionConfiguration, Metrics, Minutes, ReplicationConfiguration,
    ReplicationDestination, ReplicationFilter, ReplicationRule, ReplicationTime, SourceSelectionCriteria,
    Switch, TagFilter,
};
use crate::aws::{Result, required};

const READ: &str = <Option<ReplicationConfiguration> as Setting>::READ;
const SET: &str = "its members are set";

impl ReplicationConfiguration {
    pub(super) fn to_sdk(&self) -> sdk::ReplicationConfiguration {
        sdk::ReplicationConfiguration::builder()
            .role(self.role.text())
            .set_rules(Some(self.rules.iter().map(ReplicationRule::to_sdk).collect()))
            .build()
            .expect(SET)
    }

    pub(super) fn from_sdk(found: &sdk::ReplicationConfiguration) -> Result<Self> {
        let rules = found.rules.iter().map(ReplicationRule::from_sdk).collect::<Result<_>>()?;
        Ok(Self { role: found.role.as_str().into(), rules })
    }
}

impl ReplicationRule {
    #[expect(deprecated, reason = "rules from before filters existed still carry their prefix here")]
    fn to_sdk(&self) -> sdk::ReplicationRule {
        let markers = self.delete_marker_replication.as_ref().map(|markers| {
            sdk::DeleteMarkerReplication::builder().status(markers.status.as_str().into()).build()
        });
        let criteria = self.source_selection_criteria.as_ref().map(SourceSelectionCriteria::to_sdk);
        sdk::ReplicationRule::builder()
            .id(&self.id)
            .status(self.status.as_str().into())
            .set_priority(self.priority)
            .set_prefix(self.prefix.clone())
            .set_filter(self.filter.as_ref().map(ReplicationFilter::to_sdk))
            .destination(self.destination.to_sdk())
            .set_delete_marker_replication(markers)
            .set_source_selection_criteria(criteria)
            .build()
            .expect(SET)
    }

    #[expect(deprecated, reason = "rules from before filters existed still carry their prefix here")]
    fn from_sdk(found: &sdk::ReplicationRule) -> Result<Self> {
        let markers = found.delete_marker_replication.as_ref().and_then(|markers| markers.status.as_ref());
        let destination = required(found.destination.as_ref(), READ, "Rule.Destination")?;
        Ok(Self {
            id: required(found.id.clone(), READ, "Rule.ID")?,
            status: found.status.as_str().to_owned(),
            priority: found.priority,
            prefix: found.prefix.clone(),
            filter: found.filter.as_ref().map(ReplicationFilter::from_sdk),
            destination: ReplicationDestination::from_sdk(destination)?,
            delete_marker_replication: markers.map(|status| Switch::of(status.as_str())),
            source_selection_criteria: found
                .source_selection_criteria
                .as_ref()
                .map(SourceSelectionCriteria::from_sdk),
        })
    }
}

impl ReplicationFilter {
    fn to_sdk(&self) -> sdk::ReplicationRuleFilter {
        let and = self.and.as_ref().map(|and| {
            let tags = and.tag_filters.iter().map(TagFilter::to_sdk).collect();
            sdk::ReplicationRuleAndOperator::builder()
                .set_prefix(and.prefix.clone())
                .set_tags(Some(tags))
                .build()
        });
        sdk::ReplicationRuleFilter::builder()
            .set_prefix(self.prefix.clone())
            .set_tag(self.tag_filter.as_ref().map(TagFilter::to_sdk))
            .set_and(and)
            .build()
    }

    fn from_sdk(found: &sdk::ReplicationRuleFilter) -> Self {
        let and = |and: &sdk::ReplicationRuleAndOperator| AndFilter {
            prefix: and.prefix.clone(),
            tag_filters: and.tags().iter().map(TagFilter::from_sdk).collect(),
        };
        Self {
            prefix: found.prefix.clone(),
            tag_filter: found.tag.as_ref().map(TagFilter::from_sdk),
            and: found.and.as_ref().map(and),
        }
    }
}

impl ReplicationDestination {
    fn to_sdk(&self) -> sdk::Destination {
        let owner = self.access_control_translation.as_ref().map(|translation| {
            let builder = sdk::AccessControlTranslation::builder().owner(translation.owner.as_str().into());
            builder.build().expect(SET)
        });
        let key = self.encryption_configuration.as_ref().map(|encryption| {
            sdk::EncryptionConfiguration::builder().replica_kms_key_id(&encryption.replica_kms_key_id).build()
        });
        let time = self.replication_time.as_ref().map(|time| {
            let builder = sdk::ReplicationTime::builder().status(time.status.as_str().into());
            builder.time(time.time.to_sdk()).build().expect(SET)
        });
        let metrics = self.metrics.as_ref().map(|metrics| {
            let builder = sdk::Metrics::builder().status(metrics.status.as_str().into());
            let threshold = metrics.event_threshold.as_ref().map(Minutes::to_sdk);
            builder.set_event_threshold(threshold).build().expect(SET)
        });
        sdk::Destination::builder()
            .bucket(self.bucket.text())
            .set_account(self.account.clone())
            .set_storage_class(self.storage_class.as_deref().map(Into::into))
            .set_access_control_translation(owner)
            .set_encryption_configuration(key)
            .set_replication_time(time)
            .set_metrics(metrics)
            .build()
            .expect(SET)
    }

    fn from_sdk(found: &sdk::Destination) -> Result<Self> {
        let owner = |translation: &sdk::AccessControlTranslation| AccessControlTranslation {
            owner: translation.owner.as_str().to_owned(),
        };
        let key = |encryption: &sdk::EncryptionConfiguration| {
            let key = required(encryption.replica_kms_key_id.clone(), READ, "ReplicaKmsKeyID")?;
            Ok(EncryptionConfiguration { replica_kms_key_id: key })
        };
        let time = |found: &sdk::ReplicationTime| {
            let time = required(found.time.as_ref(), READ, "ReplicationTime.Time")?;
            Ok(ReplicationTime { status: found.status.as_str().to_owned(), time: Minutes::from_sdk(time)? })
        };
        let metrics = |metrics: &sdk::Metrics| {
            let threshold = metrics.event_threshold.as_ref().map(Minutes::from_sdk).transpose()?;
            Ok(Metrics { status: metrics.status.as_str().to_owned(), event_threshold: threshold })
        };
        Ok(Self {
            bucket: found.bucket.as_str().into(),
            account: found.account.clone(),
            storage_class: found.storage_class.as_ref().map(|class| class.as_str().to_owned()),
            access_control_translation: found.access_control_translation.as_ref().map(owner),
            encryption_configuration: found.encryption_configuration.as_ref().map(key).transpose()?,
            replication_time: found.replication_time.as_ref().map(time).transpose()?,
            metrics: found.metrics.as_ref().map(metrics).transpose()?,
        })
    }
}

impl Minutes {
    fn to_sdk(&self) -> sdk::ReplicationTimeValue {
        sdk::ReplicationTimeValue::builder().minutes(self.minutes).build()
    }

    fn from_sdk(found: &sdk::ReplicationTimeValue) -> Result<Self> {
        Ok(Self { minutes: required(found.minutes, READ, "Minutes")? })
    }
}

impl Switch {
    fn of(status: &str) -> Self {
        Self { status: status.to_owned() }
    }
}

impl SourceSelectionCriteria {
    fn to_sdk(&self) -> sdk::SourceSelectionCriteria {
        let encrypted = self.sse_kms_encrypted_objects.as_ref().map(|encrypted| {
            let builder = sdk::SseKmsEncryptedObjects::builder().status(encrypted.status.as_str().into());
            builder.build().expect(SET)
        });
        let replicas = self.replica_modifications.as_ref().map(|replicas| {
            let builder = sdk::ReplicaModifications::builder().status(replicas.status.as_str().into());
            builder.build().expect(SET)
        });
        sdk::SourceSelectionCriteria::builder()
            .set_sse_kms_encrypted_objects(encrypted)
            .set_replica_modifications(replicas)
            .build()
    }

    fn from_sdk(found: &sdk::SourceSelectionCriteria) -> Self {
        let encrypted = found.sse_kms_encrypted_objects.as_ref();
        let replicas = found.replica_modifications.as_ref();
        Self {
            sse_kms_encrypted_objects: encrypted.map(|found| Switch::of(found.status.as_str())),
            replica_modifications: replicas.map(|found| Switch::of(found.status.as_str())),
        }
    }
}
