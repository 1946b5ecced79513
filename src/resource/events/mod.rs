//! Amazon EventBridge.

mod event_pattern;
mod rule;
mod target;

pub use event_pattern::EventPattern;
pub use rule::{Rule, RuleState};
pub use target::{DeadLetterConfig, InputTransformer, RetryPolicy, Target};
