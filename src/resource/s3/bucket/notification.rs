//! Who is notified of what happens in a bucket.
//!
//! The stack notifies EventBridge alone. Functions, queues and topics are modelled so that one that somebody added by
//! hand is seen: it would be notified of every upload as well.

use std::collections::BTreeSet;

use aws_sdk_s3::types as sdk;
use serde::{Deserialize, Serialize};

use super::settings::{Setting, TargetBucket};
use crate::aws::{Context, Result, SdkResult, required};
use crate::model::StringExpr;
use crate::resource::s3::NO_BUCKET;

/// Who is notified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NotificationConfiguration {
    /// EventBridge, of everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_bridge_configuration: Option<EventBridgeConfiguration>,
    /// Functions.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lambda_configurations: BTreeSet<LambdaConfiguration>,
    /// Queues.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub queue_configurations: BTreeSet<QueueConfiguration>,
    /// Topics.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub topic_configurations: BTreeSet<TopicConfiguration>,
}

/// That EventBridge is notified. Leave it out where it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EventBridgeConfiguration {
    /// True.
    pub event_bridge_enabled: bool,
}

/// Which keys are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NotificationFilter {
    /// By the key's prefix and suffix.
    pub s3_key: KeyFilter,
}

/// Conditions on keys, which must all hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyFilter {
    /// The conditions.
    pub rules: BTreeSet<KeyRule>,
}

/// A condition on keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyRule {
    /// `prefix` or `suffix`.
    pub name: String,
    /// The text.
    pub value: String,
}

impl KeyRule {
    fn from_sdk(found: &sdk::FilterRule) -> Result<Self> {
        let name = required(found.name.as_ref(), READ, "FilterRule.Name")?;
        // S3 answers `Prefix` to some clients and `prefix` to others.
        let name = name.as_str().to_ascii_lowercase();
        Ok(Self { name, value: required(found.value.clone(), READ, "FilterRule.Value")? })
    }
}

impl NotificationFilter {
    fn to_sdk(&self) -> sdk::NotificationConfigurationFilter {
        let rule = |rule: &KeyRule| {
            sdk::FilterRule::builder().name(rule.name.as_str().into()).value(&rule.value).build()
        };
        let rules = self.s3_key.rules.iter().map(rule).collect();
        let key = sdk::S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
        sdk::NotificationConfigurationFilter::builder().key(key).build()
    }

    /// `None` for a filter without conditions, which is the same as no filter.
    fn from_sdk(found: &sdk::NotificationConfigurationFilter) -> Result<Option<Self>> {
        let rules = found.key.iter().flat_map(|key| key.filter_rules()).map(KeyRule::from_sdk);
        let rules: BTreeSet<_> = rules.collect::<Result<_>>()?;
        Ok((!rules.is_empty()).then_some(Self { s3_key: KeyFilter { rules } }))
    }
}

/// Defines one kind of receiver: CloudFormation writes an entry per event, the API lists events in one entry.
macro_rules! receiver {
    ($(#[$doc:meta])* $name:ident, $target:ident, $sdk:ident, $arn:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $name {
            /// The receiver's ARN.
            pub $target: StringExpr,
            /// Of what, such as `s3:ObjectCreated:*`.
            pub event: String,
            /// For which keys. Absent: all.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub filter: Option<NotificationFilter>,
        }

        impl $name {
            fn to_sdk(&self) -> sdk::$sdk {
                sdk::$sdk::builder()
                    .$arn(self.$target.text())
                    .events(self.event.as_str().into())
                    .set_filter(self.filter.as_ref().map(NotificationFilter::to_sdk))
                    .build()
                    .expect("receiver and event are set")
            }

            fn from_sdk(found: &[sdk::$sdk]) -> Result<BTreeSet<Self>> {
                let mut all = BTreeSet::new();
                for entry in found {
                    let filter = entry.filter.as_ref().map(NotificationFilter::from_sdk).transpose()?;
                    let filter = filter.flatten();
                    all.extend(entry.events.iter().map(|event| Self {
                        $target: entry.$arn.as_str().into(),
                        event: event.as_str().to_owned(),
                        filter: filter.clone(),
                    }));
                }
                Ok(all)
            }
        }
    };
}

receiver! {
    /// A function that is notified.
    LambdaConfiguration, function, LambdaFunctionConfiguration, lambda_function_arn
}
receiver! {
    /// A queue that is notified.
    QueueConfiguration, queue, QueueConfiguration, queue_arn
}
receiver! {
    /// A topic that is notified.
    TopicConfiguration, topic, TopicConfiguration, topic_arn
}

impl NotificationConfiguration {
    /// EventBridge is notified of everything, and nobody else is.
    #[must_use]
    pub fn event_bridge() -> Self {
        let event_bridge_configuration = Some(EventBridgeConfiguration { event_bridge_enabled: true });
        Self { event_bridge_configuration, ..Self::default() }
    }

    fn to_sdk(&self) -> sdk::NotificationConfiguration {
        let enabled =
            self.event_bridge_configuration.as_ref().is_some_and(|bridge| bridge.event_bridge_enabled);
        sdk::NotificationConfiguration::builder()
            .set_event_bridge_configuration(enabled.then(|| sdk::EventBridgeConfiguration::builder().build()))
            .set_lambda_function_configurations(some(
                self.lambda_configurations.iter().map(LambdaConfiguration::to_sdk),
            ))
            .set_queue_configurations(some(self.queue_configurations.iter().map(QueueConfiguration::to_sdk)))
            .set_topic_configurations(some(self.topic_configurations.iter().map(TopicConfiguration::to_sdk)))
            .build()
    }

    /// What the account has, from the parts of the API's answer. `None`: nobody is notified.
    fn from_sdk(
        event_bridge: Option<&sdk::EventBridgeConfiguration>,
        functions: &[sdk::LambdaFunctionConfiguration],
        queues: &[sdk::QueueConfiguration],
        topics: &[sdk::TopicConfiguration],
    ) -> Result<Option<Self>> {
        let found = Self {
            event_bridge_configuration: event_bridge
                .map(|_| EventBridgeConfiguration { event_bridge_enabled: true }),
            lambda_configurations: LambdaConfiguration::from_sdk(functions)?,
            queue_configurations: QueueConfiguration::from_sdk(queues)?,
            topic_configurations: TopicConfiguration::from_sdk(topics)?,
        };
        Ok((found != Self::default()).then_some(found))
    }
}

fn some<T>(list: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let list: Vec<T> = list.collect();
    (!list.is_empty()).then_some(list)
}

const READ: &str = <Option<NotificationConfiguration> as Setting>::READ;

impl Setting for Option<NotificationConfiguration> {
    const READ: &'static str = "s3:GetBucketNotification";
    const WRITE: &'static str = "s3:PutBucketNotification";

    async fn read(cx: &Context, bucket: &str) -> Result<Self> {
        let call = cx.s3().get_bucket_notification_configuration().bucket(bucket);
        let call = call.expected_bucket_owner(&cx.scope.account);
        let Some(answer) = call.send().await.unless(Self::READ, NO_BUCKET)? else { return Ok(None) };
        NotificationConfiguration::from_sdk(
            answer.event_bridge_configuration(),
            answer.lambda_function_configurations(),
            answer.queue_configurations(),
            answer.topic_configurations(),
        )
    }

    /// An empty configuration notifies nobody: there is no call that deletes one.
    async fn write(&self, to: &TargetBucket<'_>) -> Result<()> {
        // absent is empty: nobody is notified.
        let receivers = self.clone().unwrap_or_default();
        let call = to.cx.s3().put_bucket_notification_configuration().bucket(to.name);
        let call = call.notification_configuration(receivers.to_sdk()).expected_bucket_owner(to.owner());
        to.send(Self::WRITE, || call.clone().send()).await
    }

    fn is_made_with_the_bucket(&self) -> bool {
        self.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sdk: &sdk::NotificationConfiguration) -> Result<Option<NotificationConfiguration>> {
        NotificationConfiguration::from_sdk(
            sdk.event_bridge_configuration(),
            sdk.lambda_function_configurations(),
            sdk.queue_configurations(),
            sdk.topic_configurations(),
        )
    }

    #[test]
    fn every_receiver_survives_the_sdk() {
        let rules = BTreeSet::from([KeyRule { name: "suffix".into(), value: ".mp4".into() }]);
        let filter = Some(NotificationFilter { s3_key: KeyFilter { rules } });
        let event = "s3:ObjectCreated:*".to_owned();
        let all = NotificationConfiguration {
            lambda_configurations: BTreeSet::from([LambdaConfiguration {
                function: "arn:f".into(),
                event: event.clone(),
                filter: filter.clone(),
            }]),
            queue_configurations: BTreeSet::from([QueueConfiguration {
                queue: "arn:q".into(),
                event: event.clone(),
                filter: None,
            }]),
            topic_configurations: BTreeSet::from([TopicConfiguration {
                topic: "arn:t".into(),
                event,
                filter,
            }]),
            ..NotificationConfiguration::event_bridge()
        };
        assert_eq!(read(&all.to_sdk()).unwrap(), Some(all));
        assert_eq!(read(&NotificationConfiguration::default().to_sdk()).unwrap(), None);
    }

    #[test]
    fn an_entry_of_two_events_reads_as_two_and_a_filter_name_in_any_case_is_the_same() {
        let rule = sdk::FilterRule::builder().name("Prefix".into()).value("in/").build();
        let key = sdk::S3KeyFilter::builder().filter_rules(rule).build();
        let by_hand = sdk::LambdaFunctionConfiguration::builder()
            .id("by-hand")
            .lambda_function_arn("arn:f")
            .events("s3:ObjectCreated:Put".into())
            .events("s3:ObjectCreated:Copy".into())
            .filter(sdk::NotificationConfigurationFilter::builder().key(key).build())
            .build()
            .unwrap();
        let read = LambdaConfiguration::from_sdk(&[by_hand]).unwrap();
        assert_eq!(
            read.iter().map(|one| one.event.as_str()).collect::<Vec<_>>(),
            ["s3:ObjectCreated:Copy", "s3:ObjectCreated:Put"]
        );
        let rule = read.first().unwrap().filter.as_ref().unwrap().s3_key.rules.first().unwrap();
        assert_eq!((rule.name.as_str(), rule.value.as_str()), ("prefix", "in/"));
    }
}
