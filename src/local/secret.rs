//! The secret of an instance, and what is derived from it: the secret access key of every access key id, and the proof
//! that an answer comes from the instance.
//!
//! `launch.py` derives the same keys for the credentials that the emulator hands out.

use std::fmt;

use aws_credential_types::Credentials;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long a derived secret access key is, as on AWS.
const KEY_LENGTH: usize = 40;

/// Known to the instance and to whoever can read its record.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret([u8; 32]);

impl Secret {
    /// A new one. It fails only if the system has no random numbers.
    pub(super) fn generate() -> std::io::Result<Self> {
        let mut bytes = [0; 32];
        let filled = SystemRandom::new().fill(&mut bytes);
        filled.map_err(|_| std::io::Error::other("the system gives no random numbers"))?;
        Ok(Self(bytes))
    }

    /// As text, for the launcher of the emulator.
    pub(super) fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The secret access key of an access key id.
    pub(super) fn of_key(&self, access_key_id: &str) -> String {
        let mut text = self.derive("key", access_key_id.as_bytes());
        text.truncate(KEY_LENGTH);
        text
    }

    /// The credentials with this access key id.
    pub(super) fn credentials(&self, access_key_id: &str) -> Credentials {
        Credentials::new(access_key_id, self.of_key(access_key_id), None, None, "local cloud")
    }

    /// What an answer to a request with this nonce must carry.
    pub(super) fn proof(&self, nonce: &str, answer: &[u8]) -> String {
        self.derive("answer", &told(nonce, answer))
    }

    /// Whether an answer to a request with this nonce carries its proof.
    pub(super) fn proves(&self, nonce: &str, answer: &[u8], proof: &[u8]) -> bool {
        let text = [b"answer\n", &told(nonce, answer)[..]].concat();
        // It takes the same time wherever the two differ.
        hex::decode(proof).is_ok_and(|proof| hmac::verify(&self.key(), &text, &proof).is_ok())
    }

    fn derive(&self, purpose: &str, about: &[u8]) -> String {
        hex::encode(hmac::sign(&self.key(), &[purpose.as_bytes(), b"\n", about].concat()))
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }
}

fn told(nonce: &str, answer: &[u8]) -> Vec<u8> {
    [nonce.as_bytes(), b"\n", answer].concat()
}

/// The value is never printed.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_id_of_each_instance_has_a_secret_of_its_own() {
        let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.of_key("111122223333"), one.of_key("111122223333"));
        assert_ne!(one.of_key("111122223333"), one.of_key("111122223334"));
        assert_ne!(one.of_key("111122223333"), other.of_key("111122223333"));
        assert_eq!(one.of_key("111122223333").len(), KEY_LENGTH);
    }

    /// What Python's `hmac.new(bytes(32), b"key\n111122223333", "sha256").hexdigest()[:40]` gives.
    #[test]
    fn the_launcher_derives_the_same_keys() {
        assert_eq!(Secret([0; 32]).of_key("111122223333"), "f11f284cd0cacfac2032526679af6e49ae240d92");
    }

    #[test]
    fn a_proof_is_of_one_secret_one_nonce_and_one_answer() {
        let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        let proof = one.proof("nonce", b"answer");
        assert!(one.proves("nonce", b"answer", proof.as_bytes()));
        assert!(!one.proves("other", b"answer", proof.as_bytes()));
        assert!(!one.proves("nonce", b"other", proof.as_bytes()));
        assert!(!other.proves("nonce", b"answer", proof.as_bytes()));
        assert!(!one.proves("nonce", b"answer", b"") && !one.proves("nonce", b"answer", b"no hex"));
    }

    #[test]
    fn a_record_keeps_it_and_a_log_does_not_show_it() {
        let secret = Secret::generate().unwrap();
        let text = serde_json::to_string(&secret).unwrap();
        assert_eq!(serde_json::from_str::<Secret>(&text).unwrap(), secret);
        assert!(serde_json::from_str::<Secret>("\"00\"").is_err());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }
}
