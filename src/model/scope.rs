//! The account and region of a stack, and the ownership tag of its resources.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ADDRESS_TAG, Address, STACK_TAG, Tags};

/// The stack, account and region that names and ARNs are made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The stack's name, the prefix of every name in it.
    pub stack: String,
    /// The 12-digit account id.
    pub account: String,
    /// The region: the stack's own, except for the few resources in another region.
    pub region: String,
}

impl Scope {
    /// An ARN of the `aws` partition in this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        self.arn_in(&self.region, service, resource)
    }

    /// An ARN in this account and another region. Use an empty region for a global service.
    #[must_use]
    pub fn arn_in(&self, region: &str, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{region}:{}:{resource}", self.account)
    }

    /// The name of the stack's home bucket: its lock, its record and its bundles. The stack's name stands at the end, so no
    /// pattern `<stack>-*` matches it.
    #[must_use]
    pub fn home_bucket(&self) -> String {
        format!("provision-{}-{}-{}", self.account, self.region, self.stack)
    }

    /// The name of the bucket with a fleet's bundles in this region. It is no home bucket: a stack of this name may be here.
    #[must_use]
    pub fn bundle_bucket(&self) -> String {
        format!("bundles-{}-{}-{}", self.account, self.region, self.stack)
    }

    /// The ownership tag for one of the stack's resources.
    #[must_use]
    pub fn mark(&self, address: &Address) -> Mark {
        Mark { stack: self.stack.clone(), address: address.clone() }
    }
}

/// What follows the stack's name in the marks of a fleet's stacks, before the region. No stack has such a name, so no stack takes
/// what a fleet has in an account for its own, nor does the fleet's stack of another region.
const OF_FLEET: &str = ".fleet.";

/// The ownership tag: it says that this program created a resource, and for which stack and address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The stack.
    pub stack: String,
    /// The address in that stack.
    pub address: Address,
}

impl Mark {
    /// The same for the stack of a fleet in a region.
    #[must_use]
    pub fn of_fleet(self, region: &str) -> Self {
        Self { stack: format!("{}{OF_FLEET}{region}", self.stack), ..self }
    }

    /// The name of the stack, with which the names of its resources begin.
    #[must_use]
    pub fn stack_name(&self) -> &str {
        self.stack.split_once(OF_FLEET).map_or(&self.stack, |(name, _)| name)
    }

    /// The mark in a resource's tags or comment. `None` if it has none.
    #[must_use]
    pub fn in_properties(properties: &Value) -> Option<Self> {
        fn commented(value: &Value) -> Option<Mark> {
            match value {
                Value::String(text) => Mark::from_comment(text),
                Value::Object(members) => members.values().find_map(commented),
                _ => None,
            }
        }
        let listed = serde_json::from_value::<Tags>(properties["Tags"].clone()).ok();
        let mapped = || serde_json::from_value::<BTreeMap<String, String>>(properties["Tags"].clone()).ok();
        let tags = listed.or_else(|| mapped().map(Tags::from_iter));
        tags.as_ref().and_then(Self::from_tags).or_else(|| commented(properties))
    }

    /// Its form as tags, for resources that can be tagged.
    #[must_use]
    pub fn tags(&self) -> [(String, String); 2] {
        [(STACK_TAG.to_owned(), self.stack.clone()), (ADDRESS_TAG.to_owned(), self.address.to_string())]
    }

    /// Its form as a comment, for resources that cannot be tagged: `provision:vod-staging:delivery/segments`.
    #[must_use]
    pub fn comment(&self) -> String {
        format!("provision:{}:{}", self.stack, self.address)
    }

    /// Reads it from tags. `None` if they contain none.
    #[must_use]
    pub fn from_tags(tags: &Tags) -> Option<Self> {
        Self::read(tags.get(STACK_TAG)?, tags.get(ADDRESS_TAG)?)
    }

    /// Reads it from a comment. `None` if it contains none.
    #[must_use]
    pub fn from_comment(comment: &str) -> Option<Self> {
        let (stack, address) = comment.strip_prefix("provision:")?.split_once(':')?;
        Self::read(stack, address)
    }

    /// The ownership tag from these two texts, if this program could have written it. Anybody can write tags and
    /// comments, and their text is printed.
    fn read(stack: &str, address: &str) -> Option<Self> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
        let written = |text: &str| !text.is_empty() && text.chars().all(plain);
        let mark = Self { stack: stack.to_owned(), address: Address::new(address) };
        (written(stack) && written(address)).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_survives_tags_and_comments() {
        let mark = Mark { stack: "vod".into(), address: "delivery/segments".into() };
        assert_eq!(Mark::from_comment(&mark.comment()), Some(mark.clone()));
        assert_eq!(Mark::from_tags(&Tags::from_iter(mark.tags())), Some(mark.clone()));
        let of_fleet = mark.of_fleet("eu-west-1");
        assert_eq!(Mark::from_comment(&of_fleet.comment()), Some(of_fleet.clone()));
        assert_eq!((of_fleet.stack.as_str(), of_fleet.stack_name()), ("vod.fleet.eu-west-1", "vod"));
        assert_eq!(Mark::from_comment("somebody else's"), None);
        assert_eq!(Mark::from_comment("provision:vod:a\"]\nend\u{1b}[2K"), None);
    }
}
