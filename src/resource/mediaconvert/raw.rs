//! An answer of MediaConvert as it was sent, in CloudFormation's words.
//!
//! The settings of a job template have hundreds of members. The SDK's types drop those that they do not know, and ours
//! model only what the stack declares. So the settings are read from the JSON itself, and nothing in them is lost.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

/// Members whose keys are names that a person chose, not member names of the API.
const MAPS: &[&str] =
    &["audioSelectors", "audioSelectorGroups", "captionSelectors", "dynamicAudioSelectors", "tags"];

/// Keeps the body of the answer to the one call that it intercepts.
#[derive(Clone, Debug, Default)]
pub(super) struct RawAnswer(Arc<Mutex<Vec<u8>>>);

impl RawAnswer {
    /// The body in CloudFormation's words: keys begin with a capital, and null members are left out.
    pub(super) fn json(&self) -> serde_json::Result<Value> {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::from_slice(&body).map(capitalised)
    }
}

#[dyn_dispatch_hint]
impl Intercept for RawAnswer {
    fn name(&self) -> &'static str {
        "raw answer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // absent is empty: a streamed body has no bytes here, and reading it as JSON fails
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body.to_vec();
        Ok(())
    }
}

fn capitalised(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| match value {
                Value::Object(named) if MAPS.contains(&key.as_str()) => {
                    let named = named.into_iter().map(|(name, value)| (name, capitalised(value))).collect();
                    (capital(&key), Value::Object(named))
                }
                value => (capital(&key), capitalised(value)),
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(capitalised).collect(),
        scalar => scalar,
    }
}

fn capital(key: &str) -> String {
    let mut characters = key.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_capitalised_and_names_are_not() {
        let sent = json!({ "audioSelectors": { "my track": { "defaultSelection": "DEFAULT" } }, "iFrame": [{ "a1": null, "b": 2 }] });
        let read = json!({ "AudioSelectors": { "my track": { "DefaultSelection": "DEFAULT" } }, "IFrame": [{ "B": 2 }] });
        assert_eq!(capitalised(sent), read);
    }
}
