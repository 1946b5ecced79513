//! Resource tags: a map in code, CloudFormation's list of `Key` and `Value` in JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Mark, Ownership};

/// The tag with the name of the resource's stack.
pub const STACK_TAG: &str = "provision:stack";
/// The tag with the resource's address in that stack.
pub const ADDRESS_TAG: &str = "provision:address";
/// The tag with the region of the resource's stack. It is used on resources with a name that all regions share.
pub const REGION_TAG: &str = "provision:region";

/// Tags in key order, so that the order of AWS's answer never looks like a change. AWS's own `aws:` tags are left out,
/// because they cannot be set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All tags in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tags as a plain map, for the SDK's calls.
    #[must_use]
    pub fn to_map(&self) -> std::collections::HashMap<String, String> {
        self.0.clone().into_iter().collect()
    }

    /// The keys that are missing in `desired`. An update must remove them.
    #[must_use]
    pub fn stale(&self, desired: &Self) -> Vec<String> {
        self.0.keys().filter(|key| !desired.0.contains_key(*key)).cloned().collect()
    }

    /// The ownership of a resource with these tags.
    #[must_use]
    pub fn ownership(&self) -> Ownership {
        Mark::from_tags(self).map_or(Ownership::Unmarked, Ownership::Marked)
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter().map(|(key, value)| (key.into(), value.into()));
        Self(pairs.filter(|(key, _)| !key.starts_with("aws:")).collect())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_seq(self.0.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }))
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Tag>::deserialize(deserializer)?.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }
}
