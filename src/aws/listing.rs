//! Keys in S3's listings. A key may contain characters that XML cannot, so we request percent-encoded listings and
//! decode them here.
//!
//! Follows the S3 user guide, "Naming Amazon S3 objects", on XML-related constraints.

use aws_sdk_s3::types::EncodingType;
use percent_encoding::percent_decode_str;

/// The decoded key from a listing that was requested with `encoding-type=url`. The answer says whether it is encoded.
/// In encoded keys a plus sign stands for a space.
#[must_use]
pub fn listed_key(key: &str, encoding: Option<&EncodingType>) -> String {
    if encoding != Some(&EncodingType::Url) {
        return key.to_owned();
    }
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Whether a request in XML can hold a key (XML 1.0, section 2.2).
#[must_use]
pub fn fits_xml(key: &str) -> bool {
    key.chars().all(|letter| match letter {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => letter >= ' ',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_and_told_by_what_xml_can_hold() {
        let (url, plain) = (Some(&EncodingType::Url), "100%25+1.mp4");
        assert_eq!(listed_key("films%2Fa+b%2Bc%01.mp4", url), "films/a b+c\u{1}.mp4");
        assert_eq!(listed_key(plain, None), plain, "a service that does not encode says so");
        assert!(fits_xml("films/한 &<>\t\r\n.mp4"));
        assert!(!fits_xml("a\u{1}b") && !fits_xml("\u{ffff}"));
    }
}
