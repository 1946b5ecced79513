//! Event patterns that compare by meaning.
//!
//! Lists in a pattern are alternatives, so their order means nothing. Only the operands of `numeric` are a sequence.
//! Follows the EventBridge user guide, "Event patterns".

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::model::resolve;

/// Which events a rule is for. References to other resources' outputs may stand wherever a string may.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct EventPattern(Value);

impl EventPattern {
    /// The JSON text that EventBridge is sent.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_string()
    }
}

impl From<Value> for EventPattern {
    fn from(pattern: Value) -> Self {
        Self(canonical(&pattern))
    }
}

impl std::str::FromStr for EventPattern {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}

impl<'de> Deserialize<'de> for EventPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

/// Whether what stands under a key is a sequence: a comparison, or the arguments of a reference.
fn is_sequence(key: &str) -> bool {
    key == "numeric" || key.starts_with("Fn::")
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            let member = |(key, inner): (&String, &Value)| {
                (key.clone(), if is_sequence(key) { inner.clone() } else { canonical(inner) })
            };
            Value::Object(sorted.into_iter().map(member).collect())
        }
        Value::Array(alternatives) => {
            let mut sorted: Vec<Value> = alternatives.iter().map(canonical).collect();
            // By the values that references stand for, so that resolving them changes no order.
            sorted.sort_by_cached_key(|alternative| resolve(alternative, &|_| None).to_string());
            sorted.dedup();
            Value::Array(sorted)
        }
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_alternatives_means_nothing() {
        let ours = json!({
            "source": ["aws.s3"],
            "detail": { "key": [{ "suffix": { "equals-ignore-case": ".mp4" } }, { "suffix": ".mov" }], "state": ["a", "b", "a"] },
        });
        let theirs = json!({
            "detail": { "state": ["b", "a"], "key": [{ "suffix": ".mov" }, { "suffix": { "equals-ignore-case": ".mp4" } }] },
            "source": ["aws.s3"],
        });
        let (ours, theirs) = (EventPattern::from(ours), EventPattern::from(theirs));
        assert_eq!(ours, theirs);
        assert_eq!(ours.to_json(), theirs.to_json());
        assert_eq!(ours.to_json().parse::<EventPattern>().unwrap(), ours);
    }

    #[test]
    fn comparisons_and_references_keep_their_order() {
        for sequence in [
            json!({ "size": [{ "numeric": [">", 5, "<=", 3] }] }),
            json!({ "b": [{ "Fn::GetAtt": ["z", "Arn", "a"] }] }),
        ] {
            assert_eq!(serde_json::to_value(EventPattern::from(sequence.clone())).unwrap(), sequence);
        }
    }

    #[test]
    fn resolving_references_changes_no_order() {
        let pattern = EventPattern::from(
            json!({ "b": ["m", { "Fn::GetAtt": ["a", "Arn", "z"] }, { "Fn::GetAtt": ["z", "Arn", "a"] }] }),
        );
        let resolved = resolve(&serde_json::to_value(&pattern).unwrap(), &|_| None);
        assert_eq!(resolved, json!({ "b": ["a", "m", "z"] }));
        assert_eq!(serde_json::to_value(EventPattern::from(resolved.clone())).unwrap(), resolved);
    }

    #[test]
    fn another_alternative_is_a_difference() {
        assert_ne!(EventPattern::from(json!({ "a": ["x"] })), EventPattern::from(json!({ "a": ["x", "y"] })));
    }
}
