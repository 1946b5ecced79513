//! `AWS::SQS::QueuePolicy`: who may send to a queue.
//!
//! SQS keeps the policy as an attribute of the queue; here it is a resource of its own, as in CloudFormation, so that
//! a queue can exist before the rules and functions its policy names.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde::{Deserialize, Serialize};

use super::Queue;
use crate::aws::{Context, Error, Patience, Result, SdkResult, retry_while};
use crate::model::{
    Allow, Changes, Kind, Mark, Outputs, Ownership, Permissions, PolicyDocument, Scope, StringExpr,
};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

const ABSENT: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

/// The policy of one queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct QueuePolicy {
    /// The URLs of the queues it is for: exactly one.
    pub queues: [StringExpr; 1],
    /// The policy.
    pub policy_document: PolicyDocument,
}

impl QueuePolicy {
    async fn put(cx: &Context, url: &str, policy: &str) -> Result<()> {
        let attributes = HashMap::from([(Attribute::Policy, policy.to_owned())]);
        let call = cx.sqs().set_queue_attributes().queue_url(url).set_attributes(Some(attributes));
        call.send().await.named("sqs:SetQueueAttributes").map(drop)
    }
}

const QUEUES: &[&str] = &["arn:aws:sqs:{region}:{account}:{name}"];

impl Resource for QueuePolicy {
    const KIND: Kind = Kind::new("AWS::SQS::QueuePolicy");
    const CREATE_ONLY: &'static [&'static str] = &["Queues"];
    const PARENT: Option<Kind> = Some(Queue::KIND);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["sqs:GetQueueAttributes"], QUEUES)],
        create: &[Allow::new(&["sqs:SetQueueAttributes"], QUEUES)],
        update: &[Allow::new(&["sqs:SetQueueAttributes"], QUEUES)],
        delete: &[Allow::new(&["sqs:SetQueueAttributes"], QUEUES)],
        empty: &[],
        list: &[],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(self.queues[0].text())
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let call = cx.sqs().get_queue_attributes().queue_url(id).attribute_names(Attribute::Policy);
        let answer = call.send().await.unless("sqs:GetQueueAttributes", ABSENT)?;
        let found =
            answer.and_then(|answer| answer.attributes).and_then(|mut all| all.remove(&Attribute::Policy));
        let Some(text) = found.filter(|text| !text.is_empty()) else { return Ok(None) };
        let policy_document = text.parse().map_err(|error| {
            Error::unexpected("sqs:GetQueueAttributes", format!("unreadable policy: {error}"))
        })?;
        let properties = Self { queues: [id.into()], policy_document };
        Ok(Some(Observed::new(id, properties, Outputs::new(), Ownership::Inherited)))
    }

    /// A queue can be used from a second after it was made (SQS API reference, `CreateQueue`). Until then SQS says that
    /// there is none.
    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let Self { queues: [queue], policy_document } = &**desired;
        let (url, policy) = (queue.text(), policy_document.to_json());
        let (awaited, new) = ("waiting until SQS knows the queue", |error: &Error| error.is(ABSENT));
        retry_while(cx, Patience::SECONDS, awaited, new, || Self::put(cx, &url, &policy)).await?;
        Ok(Created::new(url, Outputs::new()))
    }

    async fn update(cx: &Context, _: &Observed<Self>, desired: &Resolved<Self>, _: &Changes) -> Result<()> {
        Self::create(cx, desired).await.map(drop)
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        match Self::put(cx, id, "").await {
            Err(error) if error.is(ABSENT) => Ok(()),
            outcome => outcome,
        }
    }

    async fn list_owned(_: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue;
    use super::*;

    #[test]
    fn the_queue_is_the_id() {
        let scope =
            Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() };
        let url = queue::url(&scope, "vod-dead-letters");
        let policy = QueuePolicy { queues: [url.clone().into()], policy_document: PolicyDocument::default() };
        assert_eq!(policy.id(&scope), Some(url));
    }
}
