//! `AWS::SQS::Queue`: a standard queue.
//!
//! Follows the SQS API reference, `CreateQueue` and `SetQueueAttributes`.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Context, Error, OrEmpty, Patience, Result, SdkResult, required, retry_while};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Outputs, Permissions, Scope, Tags};
use crate::resource::sweep::marked;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

const ABSENT: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];
/// SQS refuses a queue's name for a minute after the queue of that name was deleted.
const DELETED_RECENTLY: &[&str] = &["AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"];

const READ: &str = "sqs:GetQueueAttributes";

/// The largest message of a queue, in bytes, if nobody sets another limit.
pub const MAXIMUM_MESSAGE_SIZE: u32 = 1024 * 1024;

const fn maximum_message_size() -> u32 {
    MAXIMUM_MESSAGE_SIZE
}

/// A standard queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Queue {
    /// Its name.
    pub queue_name: String,
    /// How long a message is kept, in seconds (60 to 1,209,600).
    pub message_retention_period: u32,
    /// How long a received message stays hidden, in seconds (0 to 43,200).
    pub visibility_timeout: u32,
    /// The largest message, in bytes (1,024 to 1,048,576).
    #[serde(default = "maximum_message_size")]
    pub maximum_message_size: u32,
    /// How long a new message stays hidden, in seconds (0 to 900).
    #[serde(default)]
    pub delay_seconds: u32,
    /// How long a receiver waits for a message, in seconds (0 to 20).
    #[serde(default)]
    pub receive_message_wait_time_seconds: u32,
    /// Where messages are moved that were received too often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_policy: Option<Value>,
    /// Which queues may move their messages to this one. Absent: those of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_allow_policy: Option<Value>,
    /// Encryption at rest with keys that SQS manages.
    pub sqs_managed_sse_enabled: bool,
    /// The KMS key that messages are encrypted with, instead. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// The URL of a queue of this name, which is what SQS's calls take. It is an identifier, not where calls are sent.
pub(super) fn url(scope: &Scope, name: &str) -> String {
    format!("https://sqs.{}.amazonaws.com/{}/{name}", scope.region, scope.account)
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

fn outputs_of(scope: &Scope, name: &str) -> Outputs {
    outputs([("Arn", scope.arn("sqs", name)), ("QueueName", name.to_owned()), ("QueueUrl", url(scope, name))])
}

impl Queue {
    /// What SQS keeps as attributes: all but the name and the tags. An absent policy is left out.
    fn attributes(&self) -> HashMap<Attribute, String> {
        let Self {
            queue_name: _,
            message_retention_period,
            visibility_timeout,
            maximum_message_size,
            delay_seconds,
            receive_message_wait_time_seconds,
            redrive_policy,
            redrive_allow_policy,
            sqs_managed_sse_enabled,
            kms_master_key_id,
            tags: _,
        } = self;
        let policies = [
            (Attribute::RedrivePolicy, redrive_policy),
            (Attribute::RedriveAllowPolicy, redrive_allow_policy),
        ];
        let policies =
            policies.into_iter().filter_map(|(name, policy)| Some((name, policy.as_ref()?.to_string())));
        let settings = [
            (Attribute::MessageRetentionPeriod, message_retention_period.to_string()),
            (Attribute::VisibilityTimeout, visibility_timeout.to_string()),
            (Attribute::MaximumMessageSize, maximum_message_size.to_string()),
            (Attribute::DelaySeconds, delay_seconds.to_string()),
            (Attribute::ReceiveMessageWaitTimeSeconds, receive_message_wait_time_seconds.to_string()),
            (Attribute::SqsManagedSseEnabled, sqs_managed_sse_enabled.to_string()),
        ];
        let key = kms_master_key_id.clone().map(|key| (Attribute::KmsMasterKeyId, key));
        settings.into_iter().chain(policies).chain(key).collect()
    }

    /// The attributes that turn `was` into this queue. An empty policy or key removes one. A queue takes one kind of
    /// encryption, so both are in the same call.
    fn attributes_over(&self, was: &Self) -> HashMap<Attribute, String> {
        let desired = self.attributes();
        let gone = was.attributes().into_keys().filter(|name| !desired.contains_key(name));
        let removed: Vec<Attribute> = gone.collect();
        desired.into_iter().chain(removed.into_iter().map(|name| (name, String::new()))).collect()
    }

    fn read(name: &str, found: &HashMap<Attribute, String>, tags: Tags) -> Result<Self> {
        Ok(Self {
            queue_name: name.to_owned(),
            message_retention_period: number(found, &Attribute::MessageRetentionPeriod)?,
            visibility_timeout: number(found, &Attribute::VisibilityTimeout)?,
            maximum_message_size: number(found, &Attribute::MaximumMessageSize)?,
            delay_seconds: number(found, &Attribute::DelaySeconds)?,
            receive_message_wait_time_seconds: number(found, &Attribute::ReceiveMessageWaitTimeSeconds)?,
            redrive_policy: policy(found, &Attribute::RedrivePolicy)?,
            redrive_allow_policy: policy(found, &Attribute::RedriveAllowPolicy)?,
            sqs_managed_sse_enabled: found
                .get(&Attribute::SqsManagedSseEnabled)
                .is_some_and(|text| text == "true"),
            kms_master_key_id: found.get(&Attribute::KmsMasterKeyId).filter(|key| !key.is_empty()).cloned(),
            tags,
        })
    }
}

/// An attribute that is a number. SQS answers every attribute as text.
fn number(found: &HashMap<Attribute, String>, attribute: &Attribute) -> Result<u32> {
    let text = required(found.get(attribute), READ, attribute.as_str())?;
    text.parse().map_err(|_| Error::unexpected(READ, format!("{attribute} is {text:?}, which is no number")))
}

/// An attribute that is a policy in JSON, if the queue has it.
fn policy(found: &HashMap<Attribute, String>, attribute: &Attribute) -> Result<Option<Value>> {
    let Some(text) = found.get(attribute).filter(|text| !text.is_empty()) else { return Ok(None) };
    let unreadable = |error| Error::unexpected(READ, format!("{attribute} is {text:?}: {error}"));
    serde_json::from_str(text).map(Some).map_err(unreadable)
}

const QUEUES: &[&str] = &["arn:aws:sqs:{region}:{account}:{name}"];

impl Resource for Queue {
    const KIND: Kind = Kind::new("AWS::SQS::Queue");
    const CREATE_ONLY: &'static [&'static str] = &["QueueName"];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["sqs:GetQueueAttributes", "sqs:ListQueueTags"], QUEUES)],
        create: &[Allow::new(&["sqs:CreateQueue", "sqs:TagQueue"], QUEUES)],
        update: &[Allow::new(&["sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"], QUEUES)],
        delete: &[Allow::new(&["sqs:DeleteQueue"], QUEUES)],
        empty: &[],
        list: &[Allow::new(&["sqs:ListQueues"], ANYTHING), Allow::new(&["sqs:ListQueueTags"], QUEUES)],
    };

    fn id(&self, scope: &Scope) -> Option<String> {
        Some(url(scope, &self.queue_name))
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs_of(scope, &self.queue_name)
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let attributes = async {
            let call = cx.sqs().get_queue_attributes().queue_url(id).attribute_names(Attribute::All);
            call.send().await.unless(READ, ABSENT)
        };
        let tags = async {
            cx.sqs().list_queue_tags().queue_url(id).send().await.unless("sqs:ListQueueTags", ABSENT)
        };
        let (Some(attributes), Some(tags)) = tokio::try_join!(attributes, tags)? else { return Ok(None) };
        let tags = tags.tags.or_empty().into_iter().collect();
        let properties = Self::read(name_of(id), &attributes.attributes.or_empty(), tags)?;
        let (outputs, ownership) = (outputs_of(&cx.scope, name_of(id)), properties.tags.ownership());
        Ok(Some(Observed::new(id, properties, outputs, ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let create = || async {
            cx.sqs()
                .create_queue()
                .queue_name(&desired.queue_name)
                .set_attributes(Some(desired.attributes()))
                .set_tags(Some(desired.tags.to_map()))
                .send()
                .await
                .named("sqs:CreateQueue")
        };
        let recently = |error: &Error| error.is(DELETED_RECENTLY);
        retry_while(cx, Patience::SECONDS, "waiting until SQS frees the queue's name", recently, create)
            .await?;
        let id = url(&cx.scope, &desired.queue_name);
        Ok(Created::new(id, outputs_of(&cx.scope, &desired.queue_name)))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        let was = &seen.properties;
        if was.attributes() != desired.attributes() {
            let attributes = Some(desired.attributes_over(was));
            let call = cx.sqs().set_queue_attributes().queue_url(&seen.id).set_attributes(attributes);
            call.send().await.named("sqs:SetQueueAttributes")?;
        }
        if was.tags != desired.tags {
            let stale = was.tags.stale(&desired.tags);
            if !stale.is_empty() {
                let call = cx.sqs().untag_queue().queue_url(&seen.id).set_tag_keys(Some(stale));
                call.send().await.named("sqs:UntagQueue")?;
            }
            let call = cx.sqs().tag_queue().queue_url(&seen.id).set_tags(Some(desired.tags.to_map()));
            call.send().await.named("sqs:TagQueue")?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        cx.sqs().delete_queue().queue_url(id).send().await.unless("sqs:DeleteQueue", ABSENT).map(drop)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let call = cx.sqs().list_queues().queue_name_prefix(format!("{}-", cx.scope.stack));
        let listed = call.max_results(1000).into_paginator().items().send();
        let listed = listed.try_collect().await.named("sqs:ListQueues")?;
        let ids: Vec<String> = listed.iter().map(|listed| url(&cx.scope, name_of(listed))).collect();
        let read = |id: String| async move {
            let tags = cx.sqs().list_queue_tags().queue_url(&id).send().await;
            let tags = tags.unless("sqs:ListQueueTags", ABSENT)?.and_then(|answer| answer.tags);
            Ok(Mark::from_tags(&tags.or_empty().into_iter().collect()))
        };
        marked(cx, ids, read).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> Queue {
        Queue {
            queue_name: "vod-dead-letters".into(),
            message_retention_period: 60,
            visibility_timeout: 30,
            maximum_message_size: MAXIMUM_MESSAGE_SIZE,
            delay_seconds: 0,
            receive_message_wait_time_seconds: 0,
            redrive_policy: None,
            redrive_allow_policy: None,
            sqs_managed_sse_enabled: true,
            kms_master_key_id: None,
            tags: Tags::default(),
        }
    }

    fn read(change: impl FnOnce(&mut HashMap<Attribute, String>)) -> Result<Queue> {
        let queue = queue();
        let mut attributes = queue.attributes();
        change(&mut attributes);
        let read = Queue::read(&queue.queue_name, &attributes, Tags::default())?;
        assert_eq!(read, queue, "what is written is what is read");
        Ok(read)
    }

    /// Lambda drops the record of a failed event that is larger than the queue takes.
    #[test]
    fn what_keeps_messages_out_of_the_queue_is_seen_and_undone() {
        let answered = |attribute: Attribute, value: &str| {
            let mut attributes = queue().attributes();
            attributes.insert(attribute.clone(), value.to_owned());
            let seen = Queue::read("vod-dead-letters", &attributes, Tags::default()).unwrap();
            assert_ne!(seen, queue(), "{attribute} is not seen");
            queue().attributes_over(&seen)[&attribute].clone()
        };
        assert_eq!(answered(Attribute::MaximumMessageSize, "1024"), "1048576");
        assert_eq!(answered(Attribute::DelaySeconds, "900"), "0");
        assert_eq!(answered(Attribute::ReceiveMessageWaitTimeSeconds, "20"), "0");
        let moved = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:theirs","maxReceiveCount":1}"#;
        assert_eq!(answered(Attribute::RedrivePolicy, moved), "");
        assert_eq!(answered(Attribute::RedriveAllowPolicy, r#"{"redrivePermission":"denyAll"}"#), "");
    }

    #[test]
    fn a_queue_has_one_kind_of_encryption_and_a_change_sends_both() {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/k";
        let keyed = Queue { sqs_managed_sse_enabled: false, kms_master_key_id: Some(key.into()), ..queue() };
        let sent = keyed.attributes_over(&queue());
        assert_eq!(
            (sent[&Attribute::KmsMasterKeyId].as_str(), &*sent[&Attribute::SqsManagedSseEnabled]),
            (key, "false")
        );
        let back = queue().attributes_over(&keyed);
        assert_eq!(
            (back[&Attribute::KmsMasterKeyId].as_str(), &*back[&Attribute::SqsManagedSseEnabled]),
            ("", "true")
        );
        assert!(
            !queue().attributes().contains_key(&Attribute::KmsMasterKeyId),
            "nothing new is sent without a key"
        );
    }

    #[test]
    fn an_attribute_that_is_missing_or_no_number_is_an_error_and_not_0() {
        assert!(read(|_| {}).is_ok());
        let missing = read(|all| drop(all.remove(&Attribute::VisibilityTimeout))).unwrap_err();
        assert_eq!(missing.to_string(), "sqs:GetQueueAttributes failed: the answer has no VisibilityTimeout");
        let text = read(|all| drop(all.insert(Attribute::MessageRetentionPeriod, "4 days".into())));
        assert_eq!(
            text.unwrap_err().to_string(),
            "sqs:GetQueueAttributes failed: MessageRetentionPeriod is \"4 days\", which is no number"
        );
    }
}
