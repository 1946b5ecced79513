//! What a signature allows: URLs, start and end time, and viewer addresses.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

/// A policy of one statement. CloudFront accepts no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewerPolicy {
    /// The URL. `*` matches any characters and `?` any one character.
    pub resource: String,
    /// When it ends, in Unix seconds.
    pub expires: i64,
    /// After which time it is valid, in Unix seconds.
    pub not_before: Option<i64>,
    /// The allowed viewer addresses, as an IPv4 address or range: `192.0.2.0/24`.
    pub source_ip: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    statement: [Statement; 1],
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(default = "everything")]
    resource: String,
    condition: Condition,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip_address: Option<SourceIp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date_greater_than: Option<EpochTime>,
    date_less_than: EpochTime,
}

#[derive(Serialize, Deserialize)]
struct SourceIp {
    #[serde(rename = "AWS:SourceIp")]
    range: String,
}

#[derive(Serialize, Deserialize)]
struct EpochTime {
    #[serde(rename = "AWS:EpochTime")]
    second: i64,
}

fn everything() -> String {
    "*".to_owned()
}

impl ViewerPolicy {
    /// A policy for a URL until a time in Unix seconds. With a `*` in the URL, or another condition, it is a custom
    /// policy.
    #[must_use]
    pub fn canned(resource: &str, expires: i64) -> Self {
        Self { resource: resource.to_owned(), expires, not_before: None, source_ip: None }
    }

    /// Whether the URL and the end time are its only content. Then only the time is sent.
    #[must_use]
    pub fn is_canned(&self) -> bool {
        self.not_before.is_none() && self.source_ip.is_none() && !self.resource.contains('*')
    }

    /// The text to sign, without any white space.
    ///
    /// # Panics
    /// Never: a policy is plain data that always serialises.
    #[must_use]
    pub fn text(&self) -> String {
        let condition = Condition {
            ip_address: self.source_ip.clone().map(|range| SourceIp { range }),
            date_greater_than: self.not_before.map(|second| EpochTime { second }),
            date_less_than: EpochTime { second: self.expires },
        };
        let statement = [Statement { resource: self.resource.clone(), condition }];
        serde_json::to_string(&Document { statement }).expect("a policy is plain data")
    }

    /// Parses a policy. `None` if CloudFront would not accept it.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let Document { statement: [Statement { resource, condition }] } =
            serde_json::from_slice(text).ok()?;
        Some(Self {
            resource,
            expires: condition.date_less_than.second,
            not_before: condition.date_greater_than.map(|time| time.second),
            source_ip: condition.ip_address.map(|ip| ip.range),
        })
    }

    /// Whether a request for any of these URLs, from this address, at this time in Unix seconds, is allowed.
    #[must_use]
    pub fn allows(&self, urls: &[String], viewer: IpAddr, now: i64) -> bool {
        urls.iter().any(|url| glob(&self.resource, url))
            && now < self.expires
            && self.not_before.is_none_or(|begin| now > begin)
            && self.source_ip.as_deref().is_none_or(|range| covers(range, viewer))
    }
}

/// Whether a text matches a pattern. `*` matches any characters and `?` any one character.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut seen) = (0, 0);
    // Where to continue if the text after the last star does not match: the star takes one more character.
    let mut star = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(byte) if *byte == text[seen] || *byte == b'?' => (at, seen) = (at + 1, seen + 1),
            _ => {
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                (at, seen) = (place + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

fn range(text: &str) -> Option<(Ipv4Addr, u32)> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
    let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
    Some((address.parse().ok()?, bits))
}

/// Whether a text is an IPv4 address or range. Policies accept nothing else.
#[must_use]
pub fn is_range(text: &str) -> bool {
    range(text).is_some()
}

fn covers(text: &str, viewer: IpAddr) -> bool {
    let (Some((network, bits)), IpAddr::V4(viewer)) = (range(text), viewer) else { return false };
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    u32::from(network) & mask == u32::from(viewer) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_the_developer_guide_s() {
        let canned = ViewerPolicy::canned(
            "https://d111111abcdef8.cloudfront.net/horizon.jpg?size=large",
            1_767_290_400,
        );
        assert!(canned.is_canned());
        insta::assert_snapshot!(canned.text(), @r#"{"Statement":[{"Resource":"https://d111111abcdef8.cloudfront.net/horizon.jpg?size=large","Condition":{"DateLessThan":{"AWS:EpochTime":1767290400}}}]}"#);
        let custom = ViewerPolicy {
            resource: "https://d111111abcdef8.cloudfront.net/game_download.zip".into(),
            expires: 1_767_290_400,
            not_before: Some(1_767_290_000),
            source_ip: Some("192.0.2.0/24".into()),
        };
        assert!(!custom.is_canned());
        insta::assert_snapshot!(custom.text(), @r#"{"Statement":[{"Resource":"https://d111111abcdef8.cloudfront.net/game_download.zip","Condition":{"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"},"DateGreaterThan":{"AWS:EpochTime":1767290000},"DateLessThan":{"AWS:EpochTime":1767290400}}}]}"#);
        for policy in [canned, custom] {
            assert_eq!(ViewerPolicy::parse(policy.text().as_bytes()), Some(policy));
        }
        assert_eq!(ViewerPolicy::parse(br#"{"Statement":[]}"#), None);
    }

    #[test]
    fn a_policy_allows_by_url_time_and_address() {
        let policy = ViewerPolicy {
            resource: "http*://v.example.com/assets/a/*".into(),
            expires: 200,
            not_before: Some(100),
            source_ip: Some("192.0.2.0/24".into()),
        };
        let at = |url: &str, ip: &str, now| policy.allows(&[url.to_owned()], ip.parse().unwrap(), now);
        let url = "https://v.example.com/assets/a/0/1.ts";
        assert!(at(url, "192.0.2.7", 150));
        assert!(!at("https://v.example.com/assets/b/0/1.ts", "192.0.2.7", 150));
        assert!(!at(url, "192.0.3.7", 150) && !at(url, "::1", 150));
        assert!(!at(url, "192.0.2.7", 100) && !at(url, "192.0.2.7", 200));
    }

    #[test]
    fn wildcards_stand_for_any_characters_or_any_one() {
        for (pattern, text) in
            [("*", ""), ("a*c", "abbc"), ("*.m3u8", "/a/b.m3u8"), ("a?c*", "abc"), ("*a*b", "aab")]
        {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a?", "a"), ("*.ts", "a.ts2"), ("a*b*c", "acb")] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn ranges_are_of_ipv4() {
        assert!(
            is_range("192.0.2.1") && is_range("0.0.0.0/0") && !is_range("192.0.2.0/33") && !is_range("::/0")
        );
        assert!(covers("0.0.0.0/0", "203.0.113.9".parse().unwrap()));
        assert!(covers("192.0.2.1", "192.0.2.1".parse().unwrap()));
    }
}
