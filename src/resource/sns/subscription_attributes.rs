//! The attributes of a subscription: what it does not receive, and in which form it receives the rest.
//!
//! Follows the SNS API reference, `GetSubscriptionAttributes` and `SetSubscriptionAttributes`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{ABSENT, Subscription};
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult};

const GET: &str = "sns:GetSubscriptionAttributes";
/// The call that changes one attribute.
pub(super) const SET: &str = "sns:SetSubscriptionAttributes";

const FILTER: &str = "FilterPolicy";
const SCOPE: &str = "FilterPolicyScope";
const RAW: &str = "RawMessageDelivery";
const REDRIVE: &str = "RedrivePolicy";

/// The attributes of a confirmed subscription.
pub(super) async fn attributes_of(cx: &Context, arn: &str) -> Result<HashMap<String, String>> {
    let call = cx.sns().get_subscription_attributes().subscription_arn(arn);
    let answer = call.send().await.unless(GET, ABSENT)?;
    Ok(answer.and_then(|answer| answer.attributes).or_empty())
}

/// Sets attributes, one after the other. One without a value is removed.
pub(super) async fn set(cx: &Context, arn: &str, attributes: &[(&str, Option<String>)]) -> Result<()> {
    for (name, value) in attributes {
        let call = cx.sns().set_subscription_attributes().subscription_arn(arn);
        call.attribute_name(*name).set_attribute_value(value.clone()).send().await.named(SET)?;
    }
    Ok(())
}

/// A policy in JSON. An empty one filters nothing, so it is none.
fn policy(attributes: &HashMap<String, String>, name: &str) -> Result<Option<Value>> {
    let Some(text) = attributes.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let unreadable = |error| Error::unexpected(GET, format!("{name} is {text:?}: {error}"));
    let policy: Value = serde_json::from_str(text).map_err(unreadable)?;
    Ok(Some(policy).filter(|policy| *policy != json!({})))
}

impl Subscription {
    /// The same, with these attributes.
    pub(super) fn with(self, attributes: &HashMap<String, String>) -> Result<Self> {
        let filter_policy = policy(attributes, FILTER)?;
        let scope = attributes.get(SCOPE).filter(|_| filter_policy.is_some());
        Ok(Self {
            filter_policy_scope: scope.cloned(),
            filter_policy,
            raw_message_delivery: attributes.get(RAW).is_some_and(|text| text == "true"),
            redrive_policy: policy(attributes, REDRIVE)?,
            ..self
        })
    }

    /// The attributes that it has, in the order in which they are set: the scope says how the filter is read.
    pub(super) fn attributes(&self) -> Vec<(&'static str, String)> {
        let Self {
            topic_arn: _,
            protocol: _,
            endpoint: _,
            filter_policy,
            filter_policy_scope,
            raw_message_delivery,
            redrive_policy,
        } = self;
        let all = [
            (SCOPE, filter_policy_scope.clone()),
            (FILTER, filter_policy.as_ref().map(Value::to_string)),
            (RAW, raw_message_delivery.then(|| "true".to_owned())),
            (REDRIVE, redrive_policy.as_ref().map(Value::to_string)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// What turns `was` into this one. The scope of a filter that goes stays, and means nothing.
    pub(super) fn attributes_over(&self, was: &Self) -> Vec<(&'static str, Option<String>)> {
        let (old, new) = (was.attributes(), self.attributes());
        let gone = old.iter().filter(|(name, _)| *name != SCOPE && new.iter().all(|(kept, _)| kept != name));
        let gone = gone.map(|(name, _)| match *name {
            FILTER => (FILTER, Some("{}".to_owned())),
            RAW => (RAW, Some("false".to_owned())),
            other => (other, None),
        });
        let changed = new.iter().filter(|attribute| !old.contains(attribute));
        gone.chain(changed.map(|(name, value)| (*name, Some(value.clone())))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Subscription {
        Subscription::to_all("arn:aws:sns:eu-west-1:111122223333:vod-alerts".into(), "email", "a@example.com")
    }

    fn read(pairs: &[(&str, &str)]) -> Subscription {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        plain().with(&pairs.collect()).unwrap()
    }

    /// Whoever filters out everything silences the alarms.
    #[test]
    fn what_keeps_alarms_from_the_on_call_is_seen_and_undone() {
        let undone = |seen: &Subscription| plain().attributes_over(seen);
        let filtered = read(&[(FILTER, r#"{"never":["x"]}"#), (SCOPE, "MessageBody")]);
        assert_ne!(filtered, plain());
        assert_eq!(undone(&filtered), [(FILTER, Some("{}".to_owned()))]);
        assert_eq!(undone(&read(&[(RAW, "true")])), [(RAW, Some("false".to_owned()))]);
        let moved = read(&[(REDRIVE, r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:q"}"#)]);
        assert_eq!(undone(&moved), [(REDRIVE, None)]);
    }

    #[test]
    fn what_sns_answers_by_default_is_no_difference() {
        let defaults = [(FILTER, "{}"), (SCOPE, "MessageAttributes"), (RAW, "false"), (REDRIVE, "")];
        assert_eq!(read(&defaults), plain());
        assert_eq!(read(&[("PendingConfirmation", "false")]), plain());
    }
}
