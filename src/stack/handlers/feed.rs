//! The rules that invoke the handlers: which events they match, and how EventBridge delivers them.

use asset::event;
use serde_json::{Value, json};

use super::function::Declared;
use super::{DAY, DEFAULT_BUS};
use crate::model::{Address, StringExpr};
use crate::resource::events::{DeadLetterConfig, EventPattern, RetryPolicy, Rule, RuleState, Target};
use crate::resource::sqs::Queue;
use crate::stack::{Declarations, Handle};

/// Any object put into the bucket. Its name says little about what it is, so submit looks at it.
pub(super) fn uploads(bucket: &StringExpr) -> EventPattern {
    of_s3("Object Created", &json!({ "bucket": { "name": [bucket] } }))
}

/// An object of the bucket that somebody deleted. What a lifecycle rule deletes says `Lifecycle Expiration`.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
pub(super) fn deletions(bucket: &StringExpr) -> EventPattern {
    of_s3("Object Deleted", &json!({ "bucket": { "name": [bucket] }, "reason": ["DeleteObject"] }))
}

fn of_s3(what: &str, detail: &Value) -> EventPattern {
    EventPattern::from(json!({ "source": ["aws.s3"], "detail-type": [what], "detail": detail }))
}

/// An upload into the bucket that submit refused.
pub(super) fn refusals(stack: &str, bucket: &StringExpr) -> EventPattern {
    EventPattern::from(json!({
        "source": [event::submit_source(stack)],
        "detail-type": [event::UPLOAD_REFUSED],
        "detail": { "bucket": [bucket] },
    }))
}

/// A job of the queue that has ended, successfully or not.
pub(super) fn ended_jobs(queue: &StringExpr) -> EventPattern {
    EventPattern::from(json!({
        "source": ["aws.mediaconvert"],
        "detail-type": ["MediaConvert Job State Change"],
        "detail": { "queue": [queue], "status": ["COMPLETE", "ERROR", "CANCELED"] },
    }))
}

/// A rule that invokes a handler.
pub(super) struct Feed<'a> {
    pub(super) address: &'static str,
    pub(super) rule: &'static str,
    pub(super) description: &'static str,
    pub(super) pattern: EventPattern,
    pub(super) target: &'static str,
    pub(super) to: &'a Declared,
}

/// Where a rule sends what it cannot deliver.
#[derive(Clone, Copy, Debug)]
pub struct Undelivered<'a> {
    /// The dead-letter queue.
    pub queue: &'a Handle<Queue>,
    /// The address of its policy, which lets the rules send.
    pub policy: &'a Address,
}

impl Undelivered<'_> {
    /// A target that gets events for a day, the longest that EventBridge allows: an upload is worth it.
    pub(in crate::stack) fn target(&self, id: &str, arn: StringExpr) -> Target {
        Target {
            id: id.to_owned(),
            arn,
            // The target's own policy lets EventBridge use it.
            role_arn: None,
            dead_letter_config: Some(DeadLetterConfig { arn: self.queue.arn() }),
            retry_policy: Some(RetryPolicy {
                maximum_event_age_in_seconds: DAY,
                maximum_retry_attempts: 185,
            }),
            input: None,
            input_path: None,
            input_transformer: None,
        }
    }
}

/// A rule of the default bus.
pub(in crate::stack) fn rule(
    stack: &Declarations,
    address: &str,
    name: &str,
    description: &str,
    pattern: EventPattern,
    targets: impl IntoIterator<Item = Target>,
) -> Rule {
    Rule {
        name: stack.name(name),
        event_bus_name: DEFAULT_BUS.to_owned(),
        description: Some(description.to_owned()),
        event_pattern: Some(pattern),
        schedule_expression: None,
        state: RuleState::Enabled,
        targets: targets.into_iter().collect(),
        tags: stack.tags(address),
    }
}

impl Feed<'_> {
    pub(super) fn declare(self, stack: &mut Declarations, undelivered: &Undelivered<'_>) -> Handle<Rule> {
        let target = undelivered.target(self.target, self.to.function.arn());
        let rule = rule(stack, self.address, self.rule, self.description, self.pattern, [target]);
        let beside = self.to.beside.iter().chain([undelivered.policy]);
        stack.declare_after(self.address, &rule, &beside.collect::<Vec<_>>())
    }
}
