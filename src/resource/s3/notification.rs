//! Whom a bucket tells of what happens in it.
//!
//! The stack tells EventBridge and nobody else. Functions, queues and topics are modelled so that one that somebody
//! added by hand is seen: it would be told of every upload as well.

use std::collections::BTreeSet;

use aws_sdk_s3::types as sdk;
use serde::{Deserialize, Serialize};

use crate::model::Input;

/// Whom the bucket tells.
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

/// That EventBridge is told; leave it out where it is not.
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
    /// By the key's begin and end.
    pub s3_key: KeyFilter,
}

/// Conditions on keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyFilter {
    /// All of which must hold.
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

impl NotificationFilter {
    fn to_sdk(&self) -> sdk::NotificationConfigurationFilter {
        let rule = |rule: &KeyRule| {
            sdk::FilterRule::builder().name(rule.name.as_str().into()).value(&rule.value).build()
        };
        let rules = self.s3_key.rules.iter().map(rule).collect();
        let key = sdk::S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
        sdk::NotificationConfigurationFilter::builder().key(key).build()
    }

    fn from_sdk(found: &sdk::NotificationConfigurationFilter) -> Option<Self> {
        let rule = |rule: &sdk::FilterRule| KeyRule {
            // S3 answers `Prefix` to some clients and `prefix` to others.
            name: rule.name.as_ref().map_or(String::new(), |name| name.as_str().to_ascii_lowercase()),
            value: rule.value.clone().unwrap_or_default(),
        };
        let rules: BTreeSet<_> = found.key.as_ref()?.filter_rules().iter().map(rule).collect();
        (!rules.is_empty()).then_some(Self { s3_key: KeyFilter { rules } })
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
            pub $target: Input,
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

            fn from_sdk(found: &sdk::$sdk) -> impl Iterator<Item = Self> {
                found.events.iter().map(|event| Self {
                    $target: found.$arn.as_str().into(),
                    event: event.as_str().to_owned(),
                    filter: found.filter.as_ref().and_then(NotificationFilter::from_sdk),
                })
            }
        }
    };
}

receiver! {
    /// A function that is told.
    LambdaConfiguration, function, LambdaFunctionConfiguration, lambda_function_arn
}
receiver! {
    /// A queue that is told.
    QueueConfiguration, queue, QueueConfiguration, queue_arn
}
receiver! {
    /// A topic that is told.
    TopicConfiguration, topic, TopicConfiguration, topic_arn
}

impl NotificationConfiguration {
    /// EventBridge is told of everything, and nobody else.
    #[must_use]
    pub fn event_bridge() -> Self {
        let event_bridge_configuration = Some(EventBridgeConfiguration { event_bridge_enabled: true });
        Self { event_bridge_configuration, ..Self::default() }
    }

    pub(super) fn to_sdk(&self) -> sdk::NotificationConfiguration {
        let told = self.event_bridge_configuration.as_ref().is_some_and(|told| told.event_bridge_enabled);
        sdk::NotificationConfiguration::builder()
            .set_event_bridge_configuration(told.then(|| sdk::EventBridgeConfiguration::builder().build()))
            .set_lambda_function_configurations(some(
                self.lambda_configurations.iter().map(LambdaConfiguration::to_sdk),
            ))
            .set_queue_configurations(some(self.queue_configurations.iter().map(QueueConfiguration::to_sdk)))
            .set_topic_configurations(some(self.topic_configurations.iter().map(TopicConfiguration::to_sdk)))
            .build()
    }

    /// What the account has, from the parts of the API's answer; nothing where nobody is told.
    pub(super) fn from_sdk(
        event_bridge: Option<&sdk::EventBridgeConfiguration>,
        functions: &[sdk::LambdaFunctionConfiguration],
        queues: &[sdk::QueueConfiguration],
        topics: &[sdk::TopicConfiguration],
    ) -> Option<Self> {
        let found = Self {
            event_bridge_configuration: event_bridge
                .map(|_| EventBridgeConfiguration { event_bridge_enabled: true }),
            lambda_configurations: functions.iter().flat_map(LambdaConfiguration::from_sdk).collect(),
            queue_configurations: queues.iter().flat_map(QueueConfiguration::from_sdk).collect(),
            topic_configurations: topics.iter().flat_map(TopicConfiguration::from_sdk).collect(),
        };
        (found != Self::default()).then_some(found)
    }
}

fn some<T>(list: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let list: Vec<T> = list.collect();
    (!list.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sdk: &sdk::NotificationConfiguration) -> Option<NotificationConfiguration> {
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
        assert_eq!(read(&all.to_sdk()), Some(all));
        assert_eq!(read(&NotificationConfiguration::default().to_sdk()), None);
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
        let read: Vec<_> = LambdaConfiguration::from_sdk(&by_hand).collect();
        assert_eq!(
            read.iter().map(|one| one.event.as_str()).collect::<Vec<_>>(),
            ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"]
        );
        let rule = read[0].filter.as_ref().unwrap().s3_key.rules.first().unwrap();
        assert_eq!((rule.name.as_str(), rule.value.as_str()), ("prefix", "in/"));
    }
}
