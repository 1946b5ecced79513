//! Amazon EventBridge.

mod event_pattern;
mod rule;

pub use event_pattern::EventPattern;
pub use rule::{DeadLetterConfig, InputTransformer, RetryPolicy, Rule, RuleState, Target};
