//! A job's `UserMetadata`, which passes the upload from submit to publish.
//!
//! MediaConvert allows ten values of 256 characters each, and few characters besides letters and digits: it refuses a
//! job with `test (1).mp4` in a value. A key that is too long or has other characters is passed as base64, in as many
//! parts as needed.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/user-metadata-tags.html>

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// The asset id.
pub const ASSET: &str = "asset";
/// The source bucket.
pub const BUCKET: &str = "bucket";
/// The source key, if it can be passed unchanged.
pub const KEY: &str = "key";
/// The source version id, or its ETag in a bucket without versions.
pub const VERSION: &str = "version";
/// The job template's time of last update, in epoch seconds.
pub const REVISION: &str = "revision";
/// The source's length in milliseconds, if it is known and there is a place for it. See [`length`].
pub const LENGTH: &str = "length";

/// Maximum number of values.
pub const MOST: usize = 10;

/// Maximum length of a value in characters.
const LONGEST: usize = 256;

/// The metadata for a source key: under [`KEY`], or in parts numbered from 1. S3's longest key, of 1,024 bytes, needs
/// six parts.
#[must_use]
pub fn carry(key: &str) -> Vec<(String, String)> {
    if key.len() <= LONGEST && key.trim() == key && key.chars().all(is_plain) {
        return vec![(KEY.to_owned(), key.to_owned())];
    }
    let encoded = BASE64_URL_SAFE_NO_PAD.encode(key);
    let parts = encoded.as_bytes().chunks(LONGEST).enumerate();
    parts.map(|(index, part)| (numbered(index + 1), String::from_utf8_lossy(part).into_owned())).collect()
}

/// The source key that [`carry`] made this metadata from.
#[must_use]
pub fn key(metadata: &HashMap<String, String>) -> Option<String> {
    if let Some(key) = metadata.get(KEY) {
        return Some(key.clone());
    }
    let parts = (1..).map_while(|number| metadata.get(&numbered(number)).map(String::as_str));
    let encoded = parts.collect::<String>();
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(encoded).ok().filter(|bytes| !bytes.is_empty())?;
    String::from_utf8(decoded).ok()
}

/// The value of [`LENGTH`] for a source of so many seconds. `None` if that is no length.
#[must_use]
pub fn length(seconds: f64) -> Option<String> {
    let length = Duration::try_from_secs_f64(seconds).ok().filter(|length| !length.is_zero())?;
    Some(length.as_millis().to_string())
}

/// The seconds that [`length`] wrote.
#[must_use]
pub fn seconds(length: &str) -> Option<f64> {
    length.parse().ok().map(Duration::from_millis).as_ref().map(Duration::as_secs_f64)
}

fn numbered(part: usize) -> String {
    format!("{KEY}{part}")
}

/// MediaConvert also allows letters of other languages, but not the combining marks that some are written with.
fn is_plain(char: char) -> bool {
    char.is_ascii_alphanumeric() || " _.:/=+-@".contains(char)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn there_and_back(key: &str) -> Vec<(String, String)> {
        let carried = carry(key);
        let allowed = |value: &str| value.len() <= LONGEST && value.chars().all(is_plain);
        assert!(carried.iter().all(|(_, value)| allowed(value)), "{carried:?}");
        let metadata = HashMap::from_iter(carried.iter().cloned());
        assert_eq!(super::key(&metadata).as_deref(), Some(key));
        carried
    }

    #[test]
    fn what_a_value_may_hold_is_carried_as_it_is() {
        let key = "films/a b+c_d-1.mp4";
        assert_eq!(there_and_back(key), [(KEY.to_owned(), key.to_owned())]);
    }

    #[test]
    fn any_other_key_is_carried_in_parts() {
        for key in
            ["My Holiday (1).MOV", " a.mp4", "100%.mp4", "a&b, \"c\".mp4", "영상.mp4", &"a".repeat(257)]
        {
            assert_eq!(there_and_back(key)[0].0, "key1");
        }
    }

    #[test]
    fn with_the_longest_key_the_required_values_have_a_place() {
        let others = [ASSET, BUCKET, VERSION, REVISION].len();
        assert_eq!(there_and_back(&"%".repeat(1024)).len() + others, MOST);
        assert!(there_and_back(&"%".repeat(960)).len() + others < MOST, "the length has one too");
    }

    #[test]
    fn a_length_is_carried_in_milliseconds() {
        assert_eq!(length(13.0406).as_deref(), Some("13040"));
        assert_eq!(seconds("13040"), Some(13.04));
        for none in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(length(none), None, "{none}");
        }
        for none in ["", "abc", "-2", "1 2"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }

    #[test]
    fn what_submit_did_not_write_is_no_key() {
        let metadata = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(key(&HashMap::new()), None);
        assert_eq!(key(&metadata(&[("key1", "not base64!")])), None);
        assert_eq!(key(&metadata(&[("key2", "YQ")])), None);
    }

    proptest! {
        #[test]
        fn every_key_comes_back(key in "\\PC{1,340}") {
            there_and_back(&key);
        }
    }
}
