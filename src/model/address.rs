//! A resource's name in the stack, and AWS's name for its type.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A resource's address in the stack, such as `storage/source` or `handlers/submit/role`. It is stable across applies
/// and written into the ownership tags. Reports and errors name resources by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// The address written as `concern/name[/part]`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first segment. Reports group by it: `storage`, `transcode`, `handlers`, `delivery`, …
    #[must_use]
    pub fn concern(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// A CloudFormation resource type name, such as `AWS::S3::Bucket`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kind(Cow<'static, str>);

impl Kind {
    /// The kind for a type name known at compile time.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The kind for any type name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(Cow::Owned(name.to_owned()))
    }

    /// The full name, `AWS::S3::Bucket`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without the vendor, as reports print it: `S3 Bucket`.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.trim_start_matches("AWS::").replace("::", " ")
    }

    /// The segment for a part of this type in its parent's address: `subscription-filter`.
    #[must_use]
    pub fn segment(&self) -> String {
        let name = self.0.rsplit("::").next().unwrap_or_default();
        let mut segment = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() && !segment.is_empty() {
                segment.push('-');
            }
            segment.push(letter.to_ascii_lowercase());
        }
        segment
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
