//! The tags that others put on a stack's resources, by patterns of their keys.

use super::Tags;

/// The beginning of the ownership tags' keys. No pattern hides them.
const OWN: &str = "provision:";

/// Patterns of tag keys, such as `awsApplication` and `map-*`. `*` stands for any characters. Case counts, as it does at
/// AWS. A tag that matches is neither shown nor changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoredTags(Vec<String>);

impl IgnoredTags {
    /// These patterns.
    #[must_use]
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Self {
        Self(patterns.into_iter().collect())
    }

    /// Whether a key matches one of the patterns.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        !key.starts_with(OWN) && self.0.iter().any(|pattern| key_matches(pattern, key))
    }

    /// The tags that do not match.
    #[must_use]
    pub fn others(&self, tags: &Tags) -> Tags {
        tags.iter().filter(|(key, _)| !self.contains(key)).collect()
    }

    /// Whether there are no patterns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a pattern with `*` matches the whole of a key.
#[must_use]
pub fn key_matches(pattern: &str, key: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == key };
    let Some(mut left) = key.strip_prefix(first) else { return false };
    let Some((between, last)) = rest.rsplit_once('*') else { return left.ends_with(rest) };
    for part in between.split('*') {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_key() {
        let matches = [
            ("awsApplication", "awsApplication"),
            ("map-*", "map-migrated"),
            ("map-*", "map-"),
            ("*:cost", "team:cost"),
            ("a*b*c", "abc"),
            ("a*b*c", "a-b-b-c"),
            ("*", ""),
            ("**", "x"),
        ];
        for (pattern, key) in matches {
            assert!(key_matches(pattern, key), "{pattern} {key}");
        }
        let others = [
            ("awsApplication", "awsapplication"),
            ("awsApplication", "awsApplication2"),
            ("map-*", "my-map-1"),
            ("ab*ba", "aba"),
            ("a*b*c", "ac"),
            ("a*b*bc", "abc"),
            ("", "x"),
        ];
        for (pattern, key) in others {
            assert!(!key_matches(pattern, key), "{pattern} {key}");
        }
    }

    #[test]
    fn the_ownership_tags_are_never_ignored() {
        let all = IgnoredTags::new(["*".to_owned()]);
        let tags = Tags::from_iter([("provision:stack", "vod"), ("map-migrated", "d-1")]);
        assert_eq!(all.others(&tags), Tags::from_iter([("provision:stack", "vod")]));
    }
}
