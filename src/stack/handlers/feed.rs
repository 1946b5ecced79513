//! The rules that invoke the handlers: which events they match, and how EventBridge delivers them.

use serde_json::json;

use super::DAY;
use super::function::Declared;
use crate::model::{Address, StringExpr};
use crate::resource::events::{DeadLetterConfig, EventPattern, RetryPolicy, Rule, RuleState, Target};
use crate::resource::sqs::Queue;
use crate::stack::{Declarations, Handle};

/// A video uploaded to the bucket, by the suffix of its key in any case.
pub(super) fn uploads(bucket: &StringExpr) -> EventPattern {
    let suffixes =
        asset::VIDEO_SUFFIXES.iter().map(|suffix| json!({ "suffix": { "equals-ignore-case": suffix } }));
    EventPattern::from(json!({
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": { "name": [bucket] },
            "object": { "key": suffixes.collect::<Vec<_>>() },
        },
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

impl Feed<'_> {
    pub(super) fn declare(
        self,
        stack: &mut Declarations,
        dead_letters: &Handle<Queue>,
        guarded: &Address,
    ) -> Handle<Rule> {
        let target = Target {
            id: self.target.to_owned(),
            arn: self.to.function.arn(),
            // The function's own policy lets EventBridge call it.
            role_arn: None,
            dead_letter_config: Some(DeadLetterConfig { arn: dead_letters.arn() }),
            // The longest that EventBridge allows: an upload is worth a day of retries.
            retry_policy: Some(RetryPolicy {
                maximum_event_age_in_seconds: DAY,
                maximum_retry_attempts: 185,
            }),
            input: None,
            input_path: None,
            input_transformer: None,
        };
        let rule = Rule {
            name: stack.name(self.rule),
            event_bus_name: "default".to_owned(),
            description: Some(self.description.to_owned()),
            event_pattern: Some(self.pattern),
            schedule_expression: None,
            state: RuleState::Enabled,
            targets: [target].into(),
            tags: stack.tags(self.address),
        };
        let [invoke, permission] = &self.to.beside;
        stack.declare_after(self.address, &rule, &[invoke, permission, guarded])
    }
}
