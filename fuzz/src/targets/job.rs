//! The settings of a MediaConvert job, as the local cloud takes them.

use serde_json::{Value, json};

use crate::mediaconvert::{accept, merge};

/// Settings are accepted or refused with a reason. Merging keeps what the job says.
pub fn job(data: &[u8]) {
    let Ok(settings) = serde_json::from_slice::<Value>(data) else { return };
    if let Err(why) = accept(&settings) {
        assert!(!why.is_empty(), "refused for nothing");
    }
    assert_eq!(merge(&settings, &settings), settings, "over itself");
    assert_eq!(merge(&Value::Null, &settings), settings, "over nothing");
    assert_eq!(merge(&settings, &Value::Null), settings, "nothing over it");
    let merged = merge(&json!({ "timecodeConfig": { "source": "ZEROBASED" } }), &settings);
    if let Some(job) = settings.as_object() {
        let kept =
            |(name, value): (&String, &Value)| value.is_null() || value.is_object() || merged[name] == *value;
        assert!(job.iter().all(kept), "{merged}");
    }
}
