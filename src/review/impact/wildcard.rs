//! What a wildcard in a list stands for. Pure.

/// How the members of a list match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wildcard {
    /// `*` stands for any characters, as in origins, and in the header names of S3.
    Star,
    /// `*` alone stands for every header but `Authorization` (Fetch standard, CORS-preflight fetch). The case of names
    /// does not matter.
    BrowserHeaders,
    /// `ALL` stands for every method.
    All,
}

impl Wildcard {
    /// True if this member of a list stands for the other one too.
    pub(super) fn covers(self, member: &str, other: &str) -> bool {
        match self {
            Self::Star => matches(member, other),
            Self::BrowserHeaders => {
                member.eq_ignore_ascii_case(other)
                    || (member == "*" && !other.eq_ignore_ascii_case("authorization"))
            }
            Self::All => member == other || member == "ALL",
        }
    }
}

/// True if a pattern with one `*` at most matches the text. AWS allows no more in origins and header names.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            let between = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
            between.is_some()
        }
        None => pattern == text,
    }
}

#[cfg(test)]
mod tests {
    use super::Wildcard::{All, BrowserHeaders, Star};

    #[test]
    fn a_wildcard_stands_for_what_it_matches() {
        for (way, member, other) in [
            (Star, "*", "https://a.example.com"),
            (Star, "https://*.example.com", "https://a.example.com"),
            (Star, "https://*.example.com", "https://*.a.example.com"),
            (Star, "x-amz-*", "x-amz-date"),
            (Star, "*", "Authorization"),
            (BrowserHeaders, "*", "Range"),
            (BrowserHeaders, "range", "Range"),
            (All, "ALL", "PUT"),
            (All, "PUT", "PUT"),
        ] {
            assert!(way.covers(member, other), "{way:?} {member} {other}");
        }
        for (way, member, other) in [
            (Star, "https://*.example.com", "https://example.com"),
            (Star, "aba*aba", "aba"),
            (Star, "https://a.example.com", "*"),
            (BrowserHeaders, "*", "authorization"),
            (BrowserHeaders, "x-*", "x-a"),
            (BrowserHeaders, "Range", "*"),
            (All, "*", "PUT"),
            (All, "PUT", "ALL"),
        ] {
            assert!(!way.covers(member, other), "{way:?} {member} {other}");
        }
    }
}
