//! Stack names, and their beginnings, on the command line.

use std::fmt;
use std::str::FromStr;

use super::identity::{MAX_NAME, StackName, fault};

/// A text is not a stack name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; a stack name is 3 to 24 of a-z, 0-9 and single hyphens, beginning with a letter")]
pub struct NotStackName(String);

impl FromStr for StackName {
    type Err = NotStackName;

    fn from_str(name: &str) -> Result<Self, NotStackName> {
        let long = (name.len() > MAX_NAME).then(|| format!("it is longer than {MAX_NAME} characters"));
        match fault(name).or(long) {
            Some(fault) => Err(NotStackName(fault)),
            None => Ok(Self(name.to_owned())),
        }
    }
}

/// The beginning of the names of several stacks, with the hyphen that separates it from the rest: `vod-pr-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackPrefix(String);

/// A text is not the beginning of stack names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; write the beginning of stack names with a hyphen at its end, such as vod-pr-")]
pub struct NotPrefix(String);

impl StackPrefix {
    /// The prefix itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the stack's name begins with it.
    pub fn covers(&self, stack: &StackName) -> bool {
        stack.0.starts_with(&self.0)
    }
}

impl fmt::Display for StackPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StackPrefix {
    type Err = NotPrefix;

    fn from_str(prefix: &str) -> Result<Self, NotPrefix> {
        if !prefix.ends_with('-') {
            return Err(NotPrefix("it does not end with a hyphen".to_owned()));
        }
        // The shortest name that begins with it tells.
        let name = format!("{prefix}0");
        if name.len() > MAX_NAME {
            return Err(NotPrefix(format!("no stack name of at most {MAX_NAME} characters begins with it")));
        }
        fault(&name).map_or_else(|| Ok(Self(prefix.to_owned())), |fault| Err(NotPrefix(fault)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_must_fit_as_in_a_file() {
        let name = |text: &str| StackName::from_str(text).map_err(|error| error.to_string());
        assert_eq!(name("vod-pr-7").unwrap().as_str(), "vod-pr-7");
        for (text, why) in [
            ("Vod", "`V` is not allowed"),
            ("vo", "it is shorter than 3 characters"),
            ("vod-pr-7-of-a-long-branch", "it is longer than 24 characters"),
            ("provision-7", "kept for the stacks' home buckets"),
        ] {
            let said = name(text).unwrap_err();
            assert!(said.contains(why) && said.contains("a stack name is 3 to 24"), "{text}: {said}");
        }
    }
}
