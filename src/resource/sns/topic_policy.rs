//! `AWS::SNS::TopicPolicy`: who may publish to a topic and subscribe to it.
//!
//! A topic always has a policy. Without one of ours it has SNS's default, which lets the owner's principals do
//! everything. So "not there" means the default, and deleting the policy restores the default, as CloudFormation does.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ABSENT, TOPICS, Topic, once_seen};
use crate::aws::{Context, Error, Result, SdkResult};
use crate::model::{
    Allow, Changes, Kind, Mark, Outputs, Ownership, Permissions, PolicyDocument, Scope, StringExpr,
};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

/// How SNS signs its own policy.
const DEFAULT_ID: &str = "__default_policy_ID";

/// The policy of one topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TopicPolicy {
    /// The ARNs of the topics it is for: exactly one.
    pub topics: [StringExpr; 1],
    /// The policy.
    pub policy_document: PolicyDocument,
}

/// The policy that SNS gives every new topic (SNS developer guide, "Default policy").
fn default_policy(account: &str, topic: &str) -> Value {
    json!({
        "Version": "2008-10-17",
        "Id": DEFAULT_ID,
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": [
                "SNS:GetTopicAttributes",
                "SNS:SetTopicAttributes",
                "SNS:AddPermission",
                "SNS:RemovePermission",
                "SNS:DeleteTopic",
                "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic",
                "SNS:Publish",
            ],
            "Resource": topic,
            "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
        }],
    })
}

/// Whether this is SNS's own policy for an account's topic. The id does not tell: SNS's console writes other policies under
/// it, and `AddPermission` adds to it. What tells is that the only statement is limited to the owner.
fn is_default(policy: &str, account: &str) -> bool {
    // absent is empty: a policy that is no JSON is not the default, and reading it then says so
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let owner =
        ["AWS:SourceOwner", "AWS:SourceAccount"].map(|key| json!({ "StringEquals": { key: account } }));
    let only = policy["Statement"].as_array().filter(|all| all.len() == 1).and_then(|all| all.first());
    policy["Id"] == DEFAULT_ID && only.is_some_and(|only| owner.contains(&only["Condition"]))
}

async fn put(cx: &Context, topic: &str, policy: String) -> Result<()> {
    let call = cx.sns().set_topic_attributes().topic_arn(topic);
    let call = call.attribute_name("Policy").attribute_value(policy);
    call.send().await.named("sns:SetTopicAttributes").map(drop)
}

impl Resource for TopicPolicy {
    const KIND: Kind = Kind::new("AWS::SNS::TopicPolicy");
    const CREATE_ONLY: &'static [&'static str] = &[];
    const ALSO_IN: Option<&'static str> = Some("us-east-1");
    const PARENT: Option<Kind> = Some(Topic::KIND);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["sns:GetTopicAttributes"], TOPICS)],
        create: &[Allow::new(&["sns:SetTopicAttributes"], TOPICS)],
        update: &[Allow::new(&["sns:SetTopicAttributes"], TOPICS)],
        delete: &[Allow::new(&["sns:SetTopicAttributes"], TOPICS)],
        empty: &[],
        list: &[],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        self.topics[0].known()
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let answer = cx.sns().get_topic_attributes().topic_arn(id).send().await;
        let answer = answer.unless("sns:GetTopicAttributes", ABSENT)?;
        let found = answer.and_then(|answer| answer.attributes).and_then(|mut all| all.remove("Policy"));
        let Some(text) = found.filter(|text| !is_default(text, &cx.scope.account)) else { return Ok(None) };
        let policy_document = text.parse().map_err(|error| {
            Error::unexpected("sns:GetTopicAttributes", format!("unreadable policy of {id}: {error}"))
        })?;
        let properties = Self { topics: [id.into()], policy_document };
        Ok(Some(Observed::new(id, properties, Outputs::new(), Ownership::Inherited)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let Self { topics: [topic], policy_document } = &**desired;
        let topic = topic.text();
        once_seen(cx, || put(cx, &topic, policy_document.to_json())).await?;
        Ok(Created::new(topic, Outputs::new()))
    }

    async fn update(cx: &Context, _: &Observed<Self>, desired: &Resolved<Self>, _: &Changes) -> Result<()> {
        Self::create(cx, desired).await.map(drop)
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        match put(cx, id, default_policy(&cx.scope.account, id).to_string()).await {
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
    use super::*;

    #[test]
    fn the_default_policy_counts_as_none() {
        let default = default_policy("111122223333", "arn:aws:sns:eu-west-1:111122223333:vod-alerts");
        assert!(is_default(&default.to_string(), "111122223333"));
        assert!(!is_default(&PolicyDocument::default().to_json(), "111122223333"));
    }

    #[test]
    fn a_policy_that_was_opened_is_seen_whatever_its_id() {
        let topic = "arn:aws:sns:eu-west-1:111122223333:vod-alerts";
        let mut open = default_policy("111122223333", topic);
        open["Statement"][0].as_object_mut().unwrap().remove("Condition");
        assert!(!is_default(&open.to_string(), "111122223333"));
        let mut shared = default_policy("111122223333", topic);
        shared["Statement"].as_array_mut().unwrap().push(json!({
            "Sid": "by-hand", "Effect": "Allow", "Principal": { "AWS": "999999999999" }, "Action": "SNS:Publish",
            "Resource": topic,
        }));
        assert!(!is_default(&shared.to_string(), "111122223333"));
    }
}
