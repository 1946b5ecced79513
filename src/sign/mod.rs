//! CloudFront's signed URLs and cookies: policies, signing, and verifying signatures.
//!
//! Follows the CloudFront developer guide, "Use signed URLs" and "Use signed cookies". Signatures use SHA-256, and URLs
//! and cookies say so in `Hash-Algorithm`. CloudFront assumes SHA-1 without it. SHA-1 signatures are only verified
//! here, and only for RSA keys.

mod key;
mod policy;
mod resource;
mod spki;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use key::{Hash, KeyError, PrivateKey, VerifyingKey};
pub use policy::{ViewerPolicy, glob, is_range};
pub use resource::{NotSigned, SignRequest};
pub use spki::{Algorithm, Spki};

/// The query parameters that carry a signature. CloudFront removes them from origin requests and cache keys.
pub const PARAMETERS: [&str; 5] = ["Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];
/// The prefix of the parameter names in cookies.
pub const COOKIE: &str = "CloudFront-";

/// A policy with its signature, ready to be put into a URL or cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    values: Vec<(&'static str, String)>,
}

impl Signed {
    /// Signs the policy. `key_id` is CloudFront's id of the key.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn new(policy: &ViewerPolicy, key: &PrivateKey, key_id: &str) -> Result<Self, KeyError> {
        let text = policy.text();
        let signature = key.sign(text.as_bytes())?;
        // A canned policy is not sent: CloudFront builds the same text from the URL and the time.
        let what = if policy.is_canned() {
            ("Expires", policy.expires.to_string())
        } else {
            ("Policy", encode(text.as_bytes()))
        };
        let values = vec![
            what,
            ("Signature", encode(&signature)),
            ("Key-Pair-Id", key_id.to_owned()),
            ("Hash-Algorithm", Hash::Sha256.name().to_owned()),
        ];
        Ok(Self { values })
    }

    /// The query parameters to add to a URL.
    #[must_use]
    pub fn query(&self) -> String {
        let pairs: Vec<String> = self.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }

    /// The URL with the query parameters added to it.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        let joint = if url.contains('?') { '&' } else { '?' };
        format!("{url}{joint}{}", self.query())
    }

    /// The cookies, by name and value.
    #[must_use]
    pub fn cookies(&self) -> Vec<(String, String)> {
        self.values.iter().map(|(name, value)| (format!("{COOKIE}{name}"), value.clone())).collect()
    }

    /// The cookies as the header in which a viewer sends them.
    #[must_use]
    pub fn cookie_header(&self) -> String {
        let pairs: Vec<String> =
            self.cookies().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }
}

/// Base64 in CloudFront's alphabet: characters with a meaning in URLs and cookies are replaced.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

/// The bytes of such a text, if it is valid.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.replace('-', "+").replace('_', "=").replace('~', "/")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published test key of RFC 9500.
    const RSA: &str = include_str!("testdata/rsa.key");

    fn value<'a>(signed: &'a Signed, name: &str) -> Option<&'a str> {
        signed.values.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_canned_policy_is_sent_as_its_time_alone() {
        let key = PrivateKey::from_pem(RSA).unwrap();
        let policy = ViewerPolicy::canned("https://d111.cloudfront.net/image.jpg?size=large", 1_767_290_400);
        let signed = Signed::new(&policy, &key, "K2").unwrap();
        let signature = decode(value(&signed, "Signature").unwrap()).unwrap();
        assert!(key.public().unwrap().verify(Hash::Sha256, policy.text().as_bytes(), &signature));
        let url = signed.url(&policy.resource);
        let signature = value(&signed, "Signature").unwrap();
        assert_eq!(
            url,
            format!(
                "https://d111.cloudfront.net/image.jpg?size=large&Expires=1767290400&Signature={signature}\
                 &Key-Pair-Id=K2&Hash-Algorithm=SHA256"
            )
        );
    }

    #[test]
    fn a_custom_policy_is_sent_whole() {
        let key = PrivateKey::from_pem(RSA).unwrap();
        let policy = ViewerPolicy::canned("https://d111.cloudfront.net/assets/a/*", 1_767_290_400);
        let signed = Signed::new(&policy, &key, "K2").unwrap();
        let cookies = signed.cookies();
        let names: Vec<&str> = cookies.iter().map(|(name, _)| name.as_str()).collect();
        let expected =
            ["Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"].map(|name| format!("{COOKIE}{name}"));
        assert_eq!(names, expected);
        assert_eq!(decode(&cookies[0].1).unwrap(), policy.text().into_bytes());
        assert!(signed.cookie_header().starts_with("CloudFront-Policy=eyJTdGF0ZW1lbnQi"));
    }

    #[test]
    fn the_alphabet_is_cloudfront_s() {
        let bytes = [0xfb, 0xff, 0xfe, 0x00];
        assert_eq!(encode(&bytes), "-~~-AA__");
        assert_eq!(decode("-~~-AA__").unwrap(), bytes);
        assert_eq!(decode("%"), None);
    }
}
