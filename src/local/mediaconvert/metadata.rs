//! MediaConvert's rules for `UserMetadata`, which are stricter than its model.
//!
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/user-metadata-tags.html>

use serde_json::Value;

use super::refusal::Refusal;

const MOST: usize = 10;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// Refuses the metadata that AWS refuses.
pub(super) fn check(metadata: &Value) -> Result<(), Refusal> {
    let pairs = || metadata.as_object().into_iter().flatten();
    if pairs().count() > MOST {
        return Err(Refusal::bad(format!("A job can have at most {MOST} user metadata pairs.")));
    }
    for (key, value) in pairs() {
        let value = value.as_str().unwrap_or_default();
        for (what, text, longest) in [("key", key.as_str(), LONGEST_KEY), ("value", value, LONGEST_VALUE)] {
            if text.chars().count() > longest || !text.chars().all(is_allowed) {
                return Err(Refusal::bad(format!("The user metadata {what} '{text}' is invalid.")));
            }
        }
    }
    Ok(())
}

fn is_allowed(char: char) -> bool {
    char.is_alphanumeric() || " _.:/=+-@".contains(char)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_holds_few_characters_beside_letters_and_digits_and_not_too_many() {
        let is_taken = |value: &str| check(&json!({ "key": value })).is_ok();
        assert!(is_taken("films/한 여름_1.mp4") && is_taken(&"a".repeat(256)));
        assert!(!is_taken("holiday (1).mp4") && !is_taken("100%.mp4") && !is_taken(&"a".repeat(257)));
    }

    #[test]
    fn a_job_has_ten_pairs_at_most() {
        let pairs = |count: usize| (0..count).map(|number| (number.to_string(), json!("a"))).collect();
        assert!(check(&Value::Object(pairs(10))).is_ok());
        assert!(check(&Value::Object(pairs(11))).is_err());
    }
}
