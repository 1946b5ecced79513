//! Patterns as policies and cache behaviors write them: `*` is any text, `?` is one character.

use crate::model::{Part, StringExpr};

/// A text of a policy in which `*` and `?` are wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// As it is compared.
    text: String,
    /// The same with `*` for what AWS will assign: the widest possible value.
    widest: String,
    /// As a person reads it.
    pub(super) shown: String,
}

impl Pattern {
    /// A pattern of a string of a policy.
    pub(super) fn new(input: &StringExpr, shown: String) -> Self {
        let widest = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Ref(reference) => reference.predicted.clone().unwrap_or_else(|| "*".to_owned()),
        };
        Self { text: input.text(), widest: input.parts().iter().map(widest).collect(), shown }
    }

    /// A pattern of plain text.
    pub(super) fn plain(text: String, shown: String) -> Self {
        Self { widest: text.clone(), text, shown }
    }

    /// The same, compared without case.
    pub(super) fn without_case(self) -> Self {
        Self { text: self.text.to_lowercase(), widest: self.widest.to_lowercase(), ..self }
    }

    /// Whether it matches everything.
    pub(super) fn is_all(&self) -> bool {
        !self.text.is_empty() && self.text.chars().all(|char| char == '*')
    }

    /// Whether it matches everything that the other one matches.
    pub(super) fn covers(&self, other: &Self) -> bool {
        covers(&self.text, &other.text)
    }

    /// Whether there can be something that both match.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        overlaps(&self.widest, &other.widest)
    }
}

/// Whether `outer` matches everything that `inner` matches. A "no" may be wrong for equal patterns that are written
/// differently (`?*` and `*?`). A "yes" is never wrong.
pub(super) fn covers(outer: &str, inner: &str) -> bool {
    let (outer, inner): (Vec<char>, Vec<char>) = (outer.chars().collect(), inner.chars().collect());
    // `tail[j]`: whether the rest of `outer` covers `inner[j..]`.
    let mut tail = vec![false; inner.len() + 1];
    tail[inner.len()] = true;
    for char in outer.iter().rev() {
        let mut longer = vec![false; inner.len() + 1];
        for at in (0..=inner.len()).rev() {
            let next = inner.get(at);
            longer[at] = match char {
                '*' => tail[at] || next.is_some() && longer[at + 1],
                '?' => next.is_some_and(|next| *next != '*') && tail[at + 1],
                char => next == Some(char) && tail[at + 1],
            };
        }
        tail = longer;
    }
    tail[0]
}

/// Whether some text is matched by both.
fn overlaps(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut tail = vec![false; other.len() + 1];
    tail[other.len()] = true;
    for at in (0..other.len()).rev() {
        tail[at] = other[at] == '*' && tail[at + 1];
    }
    for char in one.iter().rev() {
        let mut longer = vec![false; other.len() + 1];
        for at in (0..=other.len()).rev() {
            let next = other.get(at);
            longer[at] = match (char, next) {
                ('*', None) => tail[at],
                ('*', Some(_)) => tail[at] || longer[at + 1],
                (_, Some('*')) => tail[at] || longer[at + 1],
                (_, None) => false,
                (char, Some(next)) => (*char == '?' || *next == '?' || char == next) && tail[at + 1],
            };
        }
        tail = longer;
    }
    tail[0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wildcards_cover_what_they_match() {
        for (outer, inner, expected) in [
            ("*", "s3:GetObject", true),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:Get*", "s3:Get*", true),
            ("s3:*", "s3:Get*", true),
            ("s3:Get*", "s3:*", false),
            ("s3:Get*", "s3:PutObject", false),
            ("s3:Get*Tagging", "s3:GetObjectTagging", true),
            ("s3:GetObjec?", "s3:GetObject", true),
            ("s3:GetObject?", "s3:GetObject", false),
            ("a?", "a*", false),
            ("a*", "a?", true),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(covers(outer, inner), expected, "{outer} over {inner}");
        }
    }

    #[test]
    fn what_aws_has_yet_to_assign_may_be_anything() {
        let unknown: StringExpr = serde_json::from_value(serde_json::json!({
            "Fn::Join": ["", ["arn:", { "Fn::GetAtt": ["delivery/distribution", "Id"] }]]
        }))
        .unwrap();
        let (unknown, known) =
            (Pattern::new(&unknown, String::new()), Pattern::new(&"arn:x".into(), String::new()));
        assert!(unknown.overlaps(&known) && known.overlaps(&unknown));
        assert!(!unknown.covers(&known) && !known.covers(&unknown));
        assert!(unknown.covers(&unknown));
    }

    /// Plain matching, to check the others with.
    fn matches(pattern: &str, text: &str) -> bool {
        match (pattern.chars().next(), text.chars().next()) {
            (None, None) => true,
            (Some('*'), _) => {
                matches(&pattern[1..], text) || !text.is_empty() && matches(pattern, &text[1..])
            }
            (Some('?'), Some(_)) => matches(&pattern[1..], &text[1..]),
            (Some(one), Some(other)) => one == other && matches(&pattern[1..], &text[1..]),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn covering_is_never_claimed_wrongly(outer in "[ab*?]{0,5}", inner in "[ab*?]{0,5}", text in "[ab]{0,6}") {
            if covers(&outer, &inner) && matches(&inner, &text) {
                prop_assert!(matches(&outer, &text));
            }
            prop_assert!(covers(&inner, &inner));
        }

        #[test]
        fn plain_text_is_covered_exactly_when_it_matches(pattern in "[ab*?]{0,5}", text in "[ab]{0,6}") {
            prop_assert_eq!(covers(&pattern, &text), matches(&pattern, &text));
            prop_assert_eq!(overlaps(&pattern, &text), matches(&pattern, &text));
            prop_assert_eq!(overlaps(&text, &pattern), matches(&pattern, &text));
        }

        #[test]
        fn patterns_that_match_one_text_overlap(one in "[ab*?]{0,5}", other in "[ab*?]{0,5}", text in "[ab]{0,6}") {
            if matches(&one, &text) && matches(&other, &text) {
                prop_assert!(overlaps(&one, &other));
            }
        }
    }
}
