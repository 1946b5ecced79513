//! `AWS::SNS::Subscription`: who receives what is published to a topic.
//!
//! SNS assigns a subscription's ARN only once its owner has confirmed it by e-mail. Until then it can be neither named
//! nor removed: SNS forgets an unconfirmed one by itself after some days. So a subscription is identified here by what it
//! connects, which is also how SNS tells two apart. One that awaits its confirmation counts as declared, and deleting it
//! does nothing.
//!
//! Subscribers of a topic receive alarms and news of every asset. So the next apply finds and removes a subscription that
//! nobody declared ([`Resource::list_undeclared_parts`]), once it is confirmed. Until then it receives nothing.
//!
//! Follows the SNS API reference, `Subscribe` and `ListSubscriptionsByTopic`.

use std::collections::HashMap;

use aws_sdk_sns::types::Subscription as Listed;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::subscription_attributes::{SET, attributes_of, set};
use super::{ABSENT, TOPICS, Topic, once_seen};
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult};
use crate::model::{
    ANYTHING, Allow, Changes, Kind, Mark, Outputs, Ownership, Permissions, Scope, StringExpr,
};
use crate::resource::{Created, Observed, Removal, Resolved, Resource, UndeclaredPart, outputs};

/// A subscription of an endpoint to a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Subscription {
    /// The ARN of the topic.
    pub topic_arn: StringExpr,
    /// How the endpoint is reached: `email`.
    pub protocol: String,
    /// Who receives it: an e-mail address.
    pub endpoint: String,
    /// Which messages it receives. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_policy: Option<Value>,
    /// What the filter looks at: `MessageAttributes` or `MessageBody`. Absent without a filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_policy_scope: Option<String>,
    /// Whether messages arrive without SNS's envelope. E-mail always has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw_message_delivery: bool,
    /// Where undeliverable messages are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_policy: Option<Value>,
}

/// Separates the parts of an id: neither ARNs nor protocols contain it.
const SEPARATOR: char = ' ';

impl Subscription {
    /// A subscription that receives every message.
    #[must_use]
    pub fn to_all(topic_arn: StringExpr, protocol: &str, endpoint: &str) -> Self {
        Self {
            topic_arn,
            protocol: protocol.to_owned(),
            endpoint: endpoint.to_owned(),
            filter_policy: None,
            filter_policy_scope: None,
            raw_message_delivery: false,
            redrive_policy: None,
        }
    }

    fn at(topic: &str, protocol: &str, endpoint: &str) -> String {
        [topic, protocol, endpoint].join(&SEPARATOR.to_string())
    }

    fn of(id: &str) -> Option<Self> {
        let mut pieces = id.splitn(3, SEPARATOR);
        Some(Self::to_all(pieces.next()?.into(), pieces.next()?, pieces.next()?))
    }

    fn is(&self, listed: &Listed) -> bool {
        let ended = listed.subscription_arn() == Some("Deleted");
        !ended
            && listed.protocol() == Some(&self.protocol)
            // The case of a mail host means nothing, and SNS may change it.
            && listed.endpoint().is_some_and(|endpoint| endpoint.eq_ignore_ascii_case(&self.endpoint))
    }

    /// This subscription as SNS lists it.
    async fn listed(&self, cx: &Context) -> Result<Option<Listed>> {
        let all = all_of(cx, &self.topic_arn.text()).await?;
        Ok(all.into_iter().find(|listed| self.is(listed)))
    }

    /// What SNS lists, if it is confirmed and so has an ARN to be removed by.
    fn of_listed(topic: &str, listed: &Listed) -> Option<Observed<Self>> {
        confirmed(listed.subscription_arn())?;
        let (protocol, endpoint) = (listed.protocol()?, listed.endpoint()?);
        let id = Self::at(topic, protocol, endpoint);
        let properties = Self::to_all(topic.into(), protocol, endpoint);
        Some(Observed::new(id, properties, outputs_of(listed.subscription_arn()), Ownership::Inherited))
    }
}

/// All subscriptions of a topic, or none if there is no topic.
async fn all_of(cx: &Context, topic: &str) -> Result<Vec<Listed>> {
    let mut pages = cx.sns().list_subscriptions_by_topic().topic_arn(topic).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let Some(page) = page.unless("sns:ListSubscriptionsByTopic", ABSENT)? else { break };
        all.extend(page.subscriptions.or_empty());
    }
    Ok(all)
}

/// The confirmed ones among these that are not declared.
fn undeclared(
    topic: &str,
    all: &[Listed],
    declared: &[Subscription],
) -> Vec<UndeclaredPart<Observed<Subscription>>> {
    let ours = |listed: &&Listed| {
        declared.iter().any(|declared| declared.topic_arn.text() == topic && declared.is(listed))
    };
    let part = |seen: Observed<Subscription>| {
        let Subscription { protocol, endpoint, .. } = &seen.properties;
        UndeclaredPart { name: format!("{protocol}:{endpoint}"), seen }
    };
    let others = all.iter().filter(|listed| !ours(listed));
    others.filter_map(|listed| Subscription::of_listed(topic, listed)).map(part).collect()
}

/// The ARN, unless the subscription still awaits its confirmation: then SNS answers words instead.
fn confirmed(arn: Option<&str>) -> Option<&str> {
    arn.filter(|arn| arn.starts_with("arn:"))
}

fn outputs_of(arn: Option<&str>) -> Outputs {
    confirmed(arn).map_or_else(Outputs::new, |arn| outputs([("Arn", arn.to_owned())]))
}

impl Resource for Subscription {
    const KIND: Kind = Kind::new("AWS::SNS::Subscription");
    const CREATE_ONLY: &'static [&'static str] = &["TopicArn", "Protocol", "Endpoint"];
    const ALSO_IN: Option<&'static str> = Some("us-east-1");
    const PARENT: Option<Kind> = Some(Topic::KIND);
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            Allow::new(&["sns:ListSubscriptionsByTopic"], TOPICS),
            Allow::new(&["sns:GetSubscriptionAttributes"], ANYTHING),
        ],
        create: &[Allow::new(&["sns:Subscribe"], TOPICS)],
        update: &[Allow::new(&[SET], ANYTHING)],
        delete: &[Allow::new(&["sns:Unsubscribe"], ANYTHING)],
        empty: &[],
        list: &[],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        Some(Self::at(&self.topic_arn.known()?, &self.protocol, &self.endpoint))
    }

    fn parent_id(_: &Scope, id: &str) -> Option<String> {
        Self::of(id).map(|subscription| subscription.topic_arn.text())
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let Some(named) = Self::of(id) else { return Ok(None) };
        let Some(listed) = named.listed(cx).await? else { return Ok(None) };
        let arn = listed.subscription_arn();
        let attributes = match confirmed(arn) {
            Some(arn) => attributes_of(cx, arn).await?,
            None => HashMap::new(),
        };
        let (properties, outputs) = (named.with(&attributes)?, outputs_of(arn));
        Ok(Some(Observed::new(id, properties, outputs, Ownership::Inherited)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        let (protocol, endpoint) = (&desired.protocol, &desired.endpoint);
        let topic = desired.topic_arn.text();
        let attributes = desired.attributes().into_iter();
        let call = cx.sns().subscribe().topic_arn(&topic).protocol(protocol).endpoint(endpoint);
        let call =
            call.set_attributes(Some(attributes.map(|(name, text)| (name.to_owned(), text)).collect()));
        let subscribe = || async { call.clone().send().await.named("sns:Subscribe") };
        let answer = once_seen(cx, subscribe).await?;
        if confirmed(answer.subscription_arn()).is_none() {
            cx.note(&format!("{endpoint} must confirm the subscription by the e-mail that SNS sends"));
        }
        let outputs = outputs_of(answer.subscription_arn());
        Ok(Created::new(Self::at(&topic, protocol, endpoint), outputs))
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        changes: &Changes,
    ) -> Result<()> {
        match seen.outputs.get("Arn") {
            Some(arn) if changes.replacing().next().is_none() => {
                set(cx, arn, &desired.attributes_over(&seen.properties)).await
            }
            _ => {
                let paths: Vec<&str> = changes.0.iter().map(|change| change.path.as_str()).collect();
                let why = format!("{} cannot change: {}", seen.id, paths.join(", "));
                Err(Error::unexpected(SET, why))
            }
        }
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        let Some(subscription) = Self::of(id) else { return Ok(()) };
        let listed = subscription.listed(cx).await?;
        let Some(arn) = confirmed(listed.as_ref().and_then(Listed::subscription_arn)) else { return Ok(()) };
        cx.sns().unsubscribe().subscription_arn(arn).send().await.unless("sns:Unsubscribe", ABSENT).map(drop)
    }

    async fn list_undeclared_parts(
        cx: &Context,
        whole: &str,
        declared: &[Self],
    ) -> Result<Vec<UndeclaredPart<Observed<Self>>>> {
        Ok(undeclared(whole, &all_of(cx, whole).await?, declared))
    }

    async fn list_owned(_: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:vod-alerts";

    fn subscription() -> Subscription {
        Subscription::to_all(TOPIC.into(), "email", "On-Call@example.com")
    }

    fn listed(arn: &str, endpoint: &str) -> Listed {
        Listed::builder().subscription_arn(arn).protocol("email").endpoint(endpoint).build()
    }

    #[test]
    fn the_id_is_what_it_connects() {
        let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
        let id = subscription().id(&scope).unwrap();
        assert_eq!(id, format!("{TOPIC} email On-Call@example.com"));
        assert_eq!(Subscription::of(&id), Some(subscription()));
        assert_eq!(Subscription::of("PendingConfirmation"), None);
    }

    #[test]
    fn one_that_awaits_its_confirmation_is_found_and_has_no_arn() {
        let pending = listed("PendingConfirmation", "on-call@example.com");
        assert!(subscription().is(&pending));
        assert!(outputs_of(pending.subscription_arn()).is_empty());
        assert!(outputs_of(Some("pending confirmation")).is_empty());
        assert_eq!(outputs_of(Some(&format!("{TOPIC}:1")))["Arn"], format!("{TOPIC}:1"));
    }

    #[test]
    fn one_that_was_left_or_is_somebody_else_s_is_not_it() {
        assert!(!subscription().is(&listed("Deleted", "on-call@example.com")));
        assert!(!subscription().is(&listed(&format!("{TOPIC}:1"), "other@example.com")));
    }

    #[test]
    fn undeclared_ones_are_found_once_they_are_confirmed() {
        let arn = |number: &str| format!("{TOPIC}:{number}");
        let all = [
            listed(&arn("1"), "on-call@example.com"),
            listed(&arn("2"), "other@example.com"),
            listed("PendingConfirmation", "third@example.com"),
            listed("Deleted", "fourth@example.com"),
        ];
        let found = undeclared(TOPIC, &all, &[subscription()]);
        let [other] = &found[..] else { panic!("{found:?}") };
        assert_eq!(other.name, "email:other@example.com");
        assert_eq!(other.seen.id, format!("{TOPIC} email other@example.com"));
        assert_eq!(other.seen.outputs["Arn"], arn("2"));
        assert_eq!(undeclared(TOPIC, &all, &[]).len(), 2);
        let elsewhere = Subscription { topic_arn: "arn:other".into(), ..subscription() };
        assert_eq!(undeclared(TOPIC, &all, &[elsewhere]).len(), 2, "the same endpoint of another topic");
    }
}
