//! `AWS::SNS::Topic`: a standard topic.
//!
//! Follows the SNS API reference, `CreateTopic` and `SetTopicAttributes`.

use std::collections::HashMap;

use aws_sdk_sns::types::{Tag, Topic as Listed};
use serde::{Deserialize, Serialize};

use super::{ABSENT, TOPICS};
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult, required};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Outputs, Permissions, Scope, StringExpr, Tags};
use crate::resource::sweep::marked;
use crate::resource::{Created, Observed, Removal, Resolved, Resource, outputs};

const DISPLAY_NAME: &str = "DisplayName";
const KEY: &str = "KmsMasterKeyId";

/// A standard topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Topic {
    /// Its name.
    pub topic_name: String,
    /// The name of the sender in e-mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The KMS key that messages are encrypted with. Absent: only the storage's own encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<StringExpr>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn outputs_of(arn: &str) -> Outputs {
    outputs([("TopicArn", arn.to_owned()), ("TopicName", name_of(arn).to_owned())])
}

fn api_tags(tags: &Tags) -> Result<Vec<Tag>> {
    let tag = |(key, value)| {
        let built = Tag::builder().key(key).value(value).build();
        built.map_err(|error| Error::unexpected("sns:TagResource", error.to_string()))
    };
    tags.iter().map(tag).collect()
}

async fn tags(cx: &Context, arn: &str) -> Result<Option<Tags>> {
    let call = cx.sns().list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.unless("sns:ListTagsForResource", ABSENT)?;
    let pairs = |tag: Tag| (tag.key, tag.value);
    Ok(answer.map(|answer| answer.tags.or_empty().into_iter().map(pairs).collect()))
}

impl Topic {
    fn arn(&self, scope: &Scope) -> String {
        scope.arn("sns", &self.topic_name)
    }

    /// The attributes by name: all but the topic's name and tags. SNS takes an empty text for none.
    fn attributes(&self) -> [(&'static str, String); 2] {
        let Self { topic_name: _, display_name, kms_master_key_id, tags: _ } = self;
        let key = kms_master_key_id.as_ref().map_or_else(String::new, StringExpr::text);
        [(DISPLAY_NAME, display_name.as_ref().map_or_else(String::new, String::clone)), (KEY, key)]
    }

    fn read(arn: &str, mut attributes: HashMap<String, String>, tags: Tags) -> Self {
        let mut text = |name: &str| attributes.remove(name).filter(|value| !value.is_empty());
        Self {
            topic_name: name_of(arn).to_owned(),
            display_name: text(DISPLAY_NAME),
            kms_master_key_id: text(KEY).map(StringExpr::from),
            tags,
        }
    }
}

impl Resource for Topic {
    const KIND: Kind = Kind::new("AWS::SNS::Topic");
    const CREATE_ONLY: &'static [&'static str] = &["TopicName"];
    const ALSO_IN: Option<&'static str> = Some("us-east-1");
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["sns:GetTopicAttributes", "sns:ListTagsForResource"], TOPICS)],
        create: &[Allow::new(&["sns:CreateTopic", "sns:TagResource"], TOPICS)],
        update: &[Allow::new(&["sns:SetTopicAttributes", "sns:TagResource", "sns:UntagResource"], TOPICS)],
        delete: &[Allow::new(&["sns:DeleteTopic"], TOPICS)],
        empty: &[],
        list: &[Allow::new(&["sns:ListTopics"], ANYTHING), Allow::new(&["sns:ListTagsForResource"], TOPICS)],
    };

    fn id(&self, scope: &Scope) -> Option<String> {
        Some(self.arn(scope))
    }

    fn predicted(&self, scope: &Scope) -> Outputs {
        outputs_of(&self.arn(scope))
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let attributes = async {
            let call = cx.sns().get_topic_attributes().topic_arn(id);
            call.send().await.unless("sns:GetTopicAttributes", ABSENT)
        };
        let (Some(found), Some(tags)) = tokio::try_join!(attributes, tags(cx, id))? else { return Ok(None) };
        let properties = Self::read(id, found.attributes.or_empty(), tags);
        let ownership = properties.tags.ownership();
        Ok(Some(Observed::new(id, properties, outputs_of(id), ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let attributes = desired.attributes().into_iter().filter(|(_, value)| !value.is_empty());
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value)).collect();
        let call = cx.sns().create_topic().name(&desired.topic_name).set_attributes(Some(attributes));
        call.set_tags(Some(api_tags(&desired.tags)?)).send().await.named("sns:CreateTopic")?;
        let arn = desired.arn(&cx.scope);
        Ok(Created::new(arn.clone(), outputs_of(&arn)))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        let was = &seen.properties;
        let attributes = desired.attributes().into_iter().zip(was.attributes());
        for ((name, value), _) in attributes.filter(|(now, before)| now != before) {
            let call = cx.sns().set_topic_attributes().topic_arn(&seen.id);
            let call = call.attribute_name(name).attribute_value(value);
            call.send().await.named("sns:SetTopicAttributes")?;
        }
        if was.tags != desired.tags {
            let stale = was.tags.stale(&desired.tags);
            if !stale.is_empty() {
                let call = cx.sns().untag_resource().resource_arn(&seen.id).set_tag_keys(Some(stale));
                call.send().await.named("sns:UntagResource")?;
            }
            let call = cx.sns().tag_resource().resource_arn(&seen.id);
            call.set_tags(Some(api_tags(&desired.tags)?)).send().await.named("sns:TagResource")?;
        }
        Ok(())
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        cx.sns().delete_topic().topic_arn(id).send().await.unless("sns:DeleteTopic", ABSENT).map(drop)
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        let prefix = format!("{}-", cx.scope.stack);
        let topics = cx.sns().list_topics().into_paginator().items().send();
        let topics = topics.try_collect().await.named("sns:ListTopics")?;
        let arn = |topic: Listed| required(topic.topic_arn, "sns:ListTopics", "Topics[].TopicArn");
        let arns = topics.into_iter().map(arn).collect::<Result<Vec<_>>>()?;
        let arns = arns.into_iter().filter(|arn| name_of(arn).starts_with(&prefix));
        let read = |arn: String| async move { Ok(tags(cx, &arn).await?.as_ref().and_then(Mark::from_tags)) };
        marked(cx, arns, read).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sns:us-east-1:111122223333:vod-alerts";

    #[test]
    fn empty_attributes_are_none() {
        let empty = [(DISPLAY_NAME, ""), ("Owner", "111122223333")];
        let empty = empty.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let topic = Topic::read(ARN, empty, Tags::default());
        assert_eq!((topic.display_name.as_deref(), &topic.kms_master_key_id), (None, &None));
        assert_eq!(topic.topic_name, "vod-alerts");
        assert!(topic.attributes().iter().all(|(_, value)| value.is_empty()));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let topic = Topic {
            topic_name: "vod-alerts".into(),
            display_name: Some("vod".into()),
            kms_master_key_id: Some("alias/vod".into()),
            tags: Tags::default(),
        };
        let written = topic.attributes().map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(Topic::read(ARN, written, Tags::default()), topic);
    }
}
