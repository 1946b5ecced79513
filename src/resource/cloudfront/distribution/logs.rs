//! Legacy standard logging, which CloudFront itself writes to a bucket. Its logs hold viewers' addresses and query
//! strings, and with them the signatures of private playback.
//!
//! A stack has its access logs by standard logging v2, which are other resources. Legacy logging that was turned on
//! by hand is seen and turned off.

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{empty_if_absent, filled};

/// Legacy standard logging to a bucket, and whether the logs of either version hold cookies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Logging {
    /// The domain name of the bucket. Absent if legacy logging is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// Whether the logs hold all cookies, including the logs of v2.
    #[serde(default)]
    pub include_cookies: bool,
    /// The prefix of the log files' names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
}

impl Logging {
    /// CloudFront answers four empty members if legacy logging is off, even if v2 delivers logs.
    pub(super) fn read(live: Option<sdk::LoggingConfig>) -> Option<Self> {
        let live = live?;
        let text = |text: &str| filled(Some(text)).filter(|_| live.enabled);
        let (bucket, include_cookies) = (text(&live.bucket), live.include_cookies);
        // absent is empty: a prefix is text in CloudFormation, and empty unless it is set.
        let prefix = text(&live.prefix).unwrap_or_default();
        (bucket.is_some() || include_cookies).then_some(Self { bucket, include_cookies, prefix })
    }

    /// An update must name all four members, even if nothing is logged.
    pub(super) fn build(declared: Option<&Self>) -> sdk::LoggingConfig {
        let off = Self { bucket: None, include_cookies: false, prefix: String::new() };
        let Self { bucket, include_cookies, prefix } = declared.unwrap_or(&off);
        sdk::LoggingConfig::builder()
            .enabled(bucket.is_some())
            .include_cookies(*include_cookies)
            .bucket(empty_if_absent(bucket.as_deref()))
            .prefix(if bucket.is_some() { prefix } else { "" })
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(enabled: bool, cookies: bool, bucket: &str, prefix: &str) -> sdk::LoggingConfig {
        let config = sdk::LoggingConfig::builder().enabled(enabled).include_cookies(cookies);
        config.bucket(bucket).prefix(prefix).build()
    }

    #[test]
    fn logging_that_is_off_is_read_as_none() {
        let none = live(false, false, "", "");
        assert_eq!(Logging::build(None), none);
        assert_eq!([None, Some(none)].map(Logging::read), [None, None]);
        assert_eq!(Logging::read(Some(live(false, false, "theirs.s3.amazonaws.com", "x"))), None);
    }

    #[test]
    fn logging_that_is_on_survives_the_way_to_the_sdk_and_back() {
        for written in [
            live(true, true, "theirs.s3.amazonaws.com", "x"),
            live(true, false, "theirs.s3.amazonaws.com", ""),
            // Cookies in the logs of v2, as the console turns them on.
            live(false, true, "", ""),
        ] {
            let logging = Logging::read(Some(written.clone())).unwrap();
            assert_eq!(Logging::build(Some(&logging)), written);
            let json = serde_json::to_value(&logging).unwrap();
            assert_eq!(serde_json::from_value::<Logging>(json).unwrap(), logging);
        }
    }
}
