//! Settings are environment variables, read once at cold start. Provision declares them with the function.

use std::env;

/// A required setting is missing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the environment variable {0} is not set; run `provision apply`, which sets it")]
pub struct MissingSetting(pub &'static str);

/// A setting that must be a number is not one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the environment variable {name} is {value:?}, which is no whole number; run `provision apply`, which sets it"
)]
pub struct NotANumber {
    /// The setting.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

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

/// The value of an optional setting that is a number.
///
/// # Errors
///
/// If it is set, but not a whole number.
pub fn number(name: &'static str) -> Result<Option<u64>, NotANumber> {
    optional(name).map(|value| read(name, value)).transpose()
}

fn read(name: &'static str, value: String) -> Result<u64, NotANumber> {
    value.parse().map_err(|_| NotANumber { name, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_or_named() {
        assert_eq!(number("NO_SUCH_SETTING"), Ok(None));
        assert_eq!(read("MAX_SIZE", "5497558138880".into()), Ok(5_497_558_138_880));
        assert_eq!(
            read("MAX_SIZE", "5 TB".into()).unwrap_err().to_string(),
            "the environment variable MAX_SIZE is \"5 TB\", which is no whole number; run `provision apply`, which sets it"
        );
    }

    #[test]
    fn a_missing_setting_is_named() {
        let error = required("NO_SUCH_SETTING").unwrap_err();
        assert_eq!(error, MissingSetting("NO_SUCH_SETTING"));
        assert!(error.to_string().starts_with("the environment variable NO_SUCH_SETTING is not set"));
    }
}
