//! Amazon EventBridge.

mod event_pattern;
mod rule;
mod target;

pub use event_pattern::EventPattern;
pub use rule::{Rule, RuleState};
pub use target::{DeadLetterConfig, InputTransformer, RetryPolicy, Target};

/// EventBridge's codes for something that does not exist.
const ABSENT: &[&str] = &["ResourceNotFoundException"];
/// The bus that AWS services send their events to.
const DEFAULT_BUS: &str = "default";

/// Bus and name of the rule with this ARN.
fn place(arn: &str) -> (&str, &str) {
    let place = arn.split_once(":rule/").map_or(arn, |(_, place)| place);
    place.split_once('/').unwrap_or((DEFAULT_BUS, place))
}
