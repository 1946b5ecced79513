//! Where CloudFront itself writes what viewers ask for: their addresses, and their query strings, with the signatures of
//! private playback in them. A stack has its access logs by standard logging v2, resources of their own; what somebody
//! turned on beside them is seen and turned off again.

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::filled;

/// Standard logging as it was before v2, which goes to a bucket; and whether the logs of either hold cookies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Logging {
    /// The domain name of the bucket. Absent: only logs of v2 are written, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// Whether the logs hold all cookies, be it those of v2.
    #[serde(default)]
    pub include_cookies: bool,
    /// What the names of the files begin with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
}

impl Logging {
    /// Logging that is off is answered as four empty members, also where logs are delivered by v2.
    pub(super) fn read(live: Option<sdk::LoggingConfig>) -> Option<Self> {
        let live = live?;
        let text = |text: &str| filled(Some(text)).filter(|_| live.enabled);
        let (bucket, include_cookies) = (text(&live.bucket), live.include_cookies);
        let prefix = text(&live.prefix).unwrap_or_default();
        (bucket.is_some() || include_cookies).then_some(Self { bucket, include_cookies, prefix })
    }

    /// An update must name all four members, empty ones where nothing is logged.
    pub(super) fn build(declared: Option<&Self>) -> sdk::LoggingConfig {
        let bucket = declared.and_then(|one| one.bucket.as_deref());
        sdk::LoggingConfig::builder()
            .enabled(bucket.is_some())
            .include_cookies(declared.is_some_and(|one| one.include_cookies))
            .bucket(bucket.unwrap_or_default())
            .prefix(declared.filter(|_| bucket.is_some()).map(|one| one.prefix.as_str()).unwrap_or_default())
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
    fn logging_that_is_off_is_none_whatever_cloudfront_answers_for_it() {
        let none = live(false, false, "", "");
        assert_eq!(Logging::build(None), none);
        assert_eq!([None, Some(none)].map(Logging::read), [None, None]);
        assert_eq!(Logging::read(Some(live(false, false, "theirs.s3.amazonaws.com", "x"))), None);
    }

    #[test]
    fn what_is_logged_survives_the_api() {
        for written in [
            live(true, true, "theirs.s3.amazonaws.com", "x"),
            live(true, false, "theirs.s3.amazonaws.com", ""),
            // Cookies in the logs of v2: what the console writes for that.
            live(false, true, "", ""),
        ] {
            let logging = Logging::read(Some(written.clone())).unwrap();
            assert_eq!(Logging::build(Some(&logging)), written);
            let json = serde_json::to_value(&logging).unwrap();
            assert_eq!(serde_json::from_value::<Logging>(json).unwrap(), logging);
        }
    }
}
