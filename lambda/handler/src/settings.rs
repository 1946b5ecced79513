//! Settings are environment variables, read once at cold start. Provision declares them with the function.

use std::env;

/// A required setting is missing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the environment variable {0} is not set; run `provision apply`, which sets it")]
pub struct MissingSetting(pub &'static str);

/// The value of a setting.
///
/// # Errors
///
/// If it is unset or empty. Initialization then fails, and the message is in the log and in the invocation's error.
pub fn required(name: &'static str) -> Result<String, MissingSetting> {
    optional(name).ok_or(MissingSetting(name))
}

/// The value of an optional setting; an empty one counts as absent.
#[must_use]
pub fn optional(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_setting_is_named() {
        let error = required("NO_SUCH_SETTING").unwrap_err();
        assert_eq!(error, MissingSetting("NO_SUCH_SETTING"));
        assert!(error.to_string().starts_with("the environment variable NO_SUCH_SETTING is not set"));
    }
}
