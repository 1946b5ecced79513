//! The targets of a rule: what they are, and the calls that change them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eventbridge::operation::put_targets::PutTargetsOutput;
use aws_sdk_eventbridge::operation::remove_targets::RemoveTargetsOutput;
use aws_sdk_eventbridge::types as api;
use serde::{Deserialize, Serialize};

use super::{ABSENT, place};
use crate::aws::{Context, Error, OrEmpty, Result, SdkResult};
use crate::model::StringExpr;

/// One target of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Target {
    /// Its name within the rule.
    pub id: String,
    /// The ARN of the function, queue or other target.
    pub arn: StringExpr,
    /// The role in which EventBridge calls it. Absent, the target's own policy must allow the call. A role that somebody
    /// adds takes the place of that policy: if it may not call the target, every event is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<StringExpr>,
    /// Where undeliverable events are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetterConfig>,
    /// How long delivery is tried. Absent: AWS's default, 24 hours and 185 times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    /// Text that is sent in place of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The part of the event that is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_path: Option<String>,
    /// The text that is made from the event and sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_transformer: Option<InputTransformer>,
}

/// Where undeliverable events are sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeadLetterConfig {
    /// The ARN of an SQS queue.
    pub arn: StringExpr,
}

/// How long delivery to a target is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RetryPolicy {
    /// The age at which an event is given up, in seconds (60 to 86,400).
    pub maximum_event_age_in_seconds: u32,
    /// How many times it is tried again (0 to 185).
    pub maximum_retry_attempts: u32,
}

/// How a text is made from an event before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct InputTransformer {
    /// Names for parts of the event.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_paths_map: BTreeMap<String, String>,
    /// The text, with `<name>` for a part.
    pub input_template: String,
}

impl Target {
    fn api(&self) -> api::Target {
        let Self {
            id,
            arn,
            role_arn,
            dead_letter_config,
            retry_policy,
            input,
            input_path,
            input_transformer,
        } = self;
        let queue = |DeadLetterConfig { arn }: &DeadLetterConfig| {
            api::DeadLetterConfig::builder().arn(arn.text()).build()
        };
        let retry = |retry: &RetryPolicy| {
            let RetryPolicy { maximum_event_age_in_seconds, maximum_retry_attempts } = retry;
            api::RetryPolicy::builder()
                .maximum_event_age_in_seconds(maximum_event_age_in_seconds.cast_signed())
                .maximum_retry_attempts(maximum_retry_attempts.cast_signed())
                .build()
        };
        let transformer = |InputTransformer { input_paths_map, input_template }: &InputTransformer| {
            api::InputTransformer::builder()
                .set_input_paths_map(Some(input_paths_map.clone().into_iter().collect()))
                .input_template(input_template)
                .build()
                .expect("the template is set")
        };
        api::Target::builder()
            .id(id)
            .arn(arn.text())
            .set_role_arn(role_arn.as_ref().map(StringExpr::text))
            .set_dead_letter_config(dead_letter_config.as_ref().map(queue))
            .set_retry_policy(retry_policy.as_ref().map(retry))
            .set_input(input.clone())
            .set_input_path(input_path.clone())
            .set_input_transformer(input_transformer.as_ref().map(transformer))
            .build()
            .expect("id and ARN are set")
    }

    fn from_api(target: api::Target) -> Self {
        let number = |number: Option<i32>, default| number.map_or(default, i32::cast_unsigned);
        Self {
            id: target.id,
            arn: target.arn.into(),
            role_arn: target.role_arn.map(StringExpr::from),
            dead_letter_config: target
                .dead_letter_config
                .and_then(|queue| queue.arn)
                .map(|arn| DeadLetterConfig { arn: arn.into() }),
            retry_policy: target.retry_policy.map(|retry| RetryPolicy {
                maximum_event_age_in_seconds: number(retry.maximum_event_age_in_seconds, 86_400),
                maximum_retry_attempts: number(retry.maximum_retry_attempts, 185),
            }),
            input: target.input,
            input_path: target.input_path,
            input_transformer: target.input_transformer.map(|made| InputTransformer {
                input_paths_map: made.input_paths_map.or_empty().into_iter().collect(),
                input_template: made.input_template,
            }),
        }
    }
}

/// The error for the first target that a call refused while it answered with success.
fn refused(call: &'static str, id: Option<&str>, code: Option<&str>, message: Option<&str>) -> Error {
    let (id, message) = (id.unwrap_or("?"), message.unwrap_or("EventBridge gives no reason"));
    let error = Error::unexpected(call, format!("target `{id}` was refused: {message}"));
    Error { code: code.map_or_else(String::new, str::to_owned), ..error }
}

fn all_put(answer: &PutTargetsOutput) -> Result<()> {
    let entry = answer.failed_entries().first();
    entry.map_or(Ok(()), |entry| {
        Err(refused("events:PutTargets", entry.target_id(), entry.error_code(), entry.error_message()))
    })
}

fn all_removed(answer: &RemoveTargetsOutput) -> Result<()> {
    let entry = answer.failed_entries().first();
    entry.map_or(Ok(()), |entry| {
        Err(refused("events:RemoveTargets", entry.target_id(), entry.error_code(), entry.error_message()))
    })
}

/// Adds or replaces these targets of the rule with this ARN.
pub(super) async fn put(cx: &Context, id: &str, targets: &[&Target]) -> Result<()> {
    let (bus, name) = place(id);
    if targets.is_empty() {
        return Ok(());
    }
    let targets = targets.iter().map(|target| target.api()).collect();
    let call = cx.events().put_targets().event_bus_name(bus).rule(name).set_targets(Some(targets));
    all_put(&call.send().await.named("events:PutTargets")?)
}

/// Removes the targets with these ids.
pub(super) async fn remove(cx: &Context, id: &str, ids: &[String]) -> Result<()> {
    let (bus, name) = place(id);
    if ids.is_empty() {
        return Ok(());
    }
    let call = cx.events().remove_targets().event_bus_name(bus).rule(name).set_ids(Some(ids.to_vec()));
    let answer = call.send().await.unless("events:RemoveTargets", ABSENT)?;
    answer.map_or(Ok(()), |answer| all_removed(&answer))
}

/// How many targets a rule may have unless AWS was asked for more.
pub(super) const PER_RULE: usize = 5;

/// All targets: a rule has at most five unless AWS was asked for more, so one page has them.
pub(super) async fn list(cx: &Context, id: &str) -> Result<BTreeSet<Target>> {
    let (bus, name) = place(id);
    let call = cx.events().list_targets_by_rule().event_bus_name(bus).rule(name).limit(100);
    let answer = call.send().await.unless("events:ListTargetsByRule", ABSENT)?;
    let found = answer.and_then(|answer| answer.targets).or_empty();
    Ok(found.into_iter().map(Target::from_api).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_target_survives_the_api() {
        let full = json!({
            "Id": "submit",
            "Arn": "arn:aws:lambda:eu-west-1:111122223333:function:vod-submit",
            "RoleArn": "arn:aws:iam::111122223333:role/events",
            "DeadLetterConfig": { "Arn": "arn:aws:sqs:eu-west-1:111122223333:vod-dead-letters" },
            "RetryPolicy": { "MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 0 },
            "Input": "{}",
            "InputPath": "$.detail",
            "InputTransformer": { "InputPathsMap": { "key": "$.key" }, "InputTemplate": "<key>" },
        });
        for written in [full, json!({ "Id": "a", "Arn": "arn" })] {
            let target: Target = serde_json::from_value(written.clone()).unwrap();
            let back = Target::from_api(target.api());
            assert_eq!(back, target);
            assert_eq!(serde_json::to_value(back).unwrap(), written);
        }
    }

    #[test]
    fn a_refused_target_is_an_error_that_names_it() {
        let entry = api::PutTargetsResultEntry::builder()
            .target_id("submit")
            .error_code("ConcurrentModificationException")
            .error_message("busy")
            .build();
        let answer = PutTargetsOutput::builder().failed_entry_count(1).failed_entries(entry).build();
        let error = all_put(&answer).unwrap_err();
        assert!(error.is(&["ConcurrentModificationException"]));
        assert_eq!(
            error.to_string(),
            "events:PutTargets failed with ConcurrentModificationException: target `submit` was refused: busy"
        );
        assert!(all_put(&PutTargetsOutput::builder().build()).is_ok());
    }
}
