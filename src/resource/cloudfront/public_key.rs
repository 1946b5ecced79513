//! `AWS::CloudFront::PublicKey`: the public half of a key that signs viewers' URLs and cookies.
//!
//! Follows the CloudFront API reference, `CreatePublicKey`. Only its comment can be changed, so a stack gives each
//! key its own name and address. Its comment holds the mark.

use aws_sdk_cloudfront::types as sdk;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::shared::{Built, filled};
use super::untagged::{CallNames, Codes, Listed, Page, Untagged, calls};
use crate::aws::{Context, Result, SdkResult, required};
use crate::model::Kind;

/// The width of base64 lines in PEM (RFC 7468).
const WIDTH: usize = 64;

/// A public key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PublicKey {
    /// Its configuration.
    pub public_key_config: PublicKeyConfig,
}

/// The configuration of a public key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PublicKeyConfig {
    /// CloudFormation requires one in a template. Declare it as the name: it is read back so. A request adds the time
    /// to it, because CloudFront may remember a reference after the key is removed.
    pub caller_reference: String,
    /// Its name, unique in the account.
    pub name: String,
    /// The key in PEM: lines of 64 characters, each ended.
    pub encoded_key: String,
    /// Its comment, at most 128 characters. It holds the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A PEM text in its normal form: lines of 64 characters, each ended. CloudFront keeps the text that it was sent, and a
/// missing line end at the end of a file does not make another key.
fn pem(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let [first, body @ .., last] = lines.as_slice() else { return text.to_owned() };
    let body: Vec<char> = body.concat().chars().collect();
    let wrapped = body.chunks(WIDTH).map(String::from_iter);
    let lines = std::iter::once((*first).to_owned()).chain(wrapped).chain([(*last).to_owned()]);
    lines.map(|line| line + "\n").collect()
}

impl PublicKeyConfig {
    /// A key with this name, and its mark as the comment.
    #[must_use]
    pub fn new(name: String, encoded_key: &str, comment: String) -> Self {
        let encoded_key = pem(encoded_key);
        Self { caller_reference: name.clone(), name, encoded_key, comment: Some(comment) }
    }
}

impl Untagged for PublicKey {
    const KIND: Kind = Kind::new("AWS::CloudFront::PublicKey");
    const CALLS: CallNames = CallNames {
        list: "cloudfront:ListPublicKeys",
        get: "cloudfront:GetPublicKey",
        create: "cloudfront:CreatePublicKey",
        update: "cloudfront:UpdatePublicKey",
        delete: "cloudfront:DeletePublicKey",
    };
    const CODES: Codes =
        Codes { absent: "NoSuchPublicKey", name_taken: "PublicKeyAlreadyExists", in_use: "PublicKeyInUse" };
    /// CloudFront compares references only, and each attempt has its own.
    const NAMES_REPEAT: bool = true;
    type Config = sdk::PublicKeyConfig;

    fn name(&self) -> &str {
        &self.public_key_config.name
    }

    fn comment(&self) -> Option<&str> {
        self.public_key_config.comment.as_deref()
    }

    fn read(live: Self::Config) -> Self {
        let public_key_config = PublicKeyConfig {
            caller_reference: live.name.clone(),
            name: live.name,
            encoded_key: pem(&live.encoded_key),
            comment: filled(live.comment.as_deref()),
        };
        Self { public_key_config }
    }

    /// The reference tells this attempt from earlier ones.
    fn fresh(&self) -> Built<Self::Config> {
        let PublicKeyConfig { caller_reference, name, encoded_key, comment } = &self.public_key_config;
        sdk::PublicKeyConfig::builder()
            .caller_reference(format!("{caller_reference}:{}", Timestamp::now().as_nanosecond()))
            .name(name)
            .encoded_key(encoded_key)
            .set_comment(comment.clone())
            .build()
    }

    /// CloudFront refuses an update that changes reference, name or key. So the live reference stays, and so does an
    /// equal key whose lines are wrapped in another way.
    fn over(&self, live: Self::Config) -> Built<Self::Config> {
        let PublicKeyConfig { caller_reference: _, name, encoded_key, comment } = &self.public_key_config;
        let mut config = live;
        config.name.clone_from(name);
        if pem(&config.encoded_key) != *encoded_key {
            config.encoded_key.clone_from(encoded_key);
        }
        config.comment.clone_from(comment);
        Ok(config)
    }

    async fn page(cx: &Context, marker: Option<String>) -> Result<Page> {
        let answer = cx.cloudfront().list_public_keys().set_marker(marker).send().await;
        let list = answer.named(Self::CALLS.list)?.public_key_list;
        let list = required(list, Self::CALLS.list, "PublicKeyList")?;
        let entry =
            |one: sdk::PublicKeySummary| Ok(Listed { id: one.id, name: one.name, comment: one.comment });
        Page::read(list.items, entry, list.next_marker)
    }

    calls!(
        get_public_key,
        create_public_key,
        update_public_key,
        delete_public_key,
        public_key.public_key_config
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        let config = PublicKeyConfig::new("vod-viewer-0a".into(), KEY, "provision:vod:a".into());
        let key = |config: &PublicKeyConfig| PublicKey { public_key_config: config.clone() };
        let sent = key(&config).fresh().unwrap();
        assert_ne!(sent.caller_reference, config.caller_reference);
        assert_eq!(PublicKey::read(sent), key(&config));
        let bare = PublicKeyConfig { comment: None, ..config };
        assert_eq!(PublicKey::read(key(&bare).fresh().unwrap()), key(&bare));
    }

    #[test]
    fn however_a_key_is_wrapped_it_is_the_same() {
        let long = "A".repeat(70);
        let head = "-----BEGIN PUBLIC KEY-----";
        let tail = "-----END PUBLIC KEY-----";
        let normal = format!("{head}\n{}\nAAAAAA\n{tail}\n", "A".repeat(64));
        for text in [format!("{head}\n{long}\n{tail}"), format!("\r\n{head}\r\n{long}\r\n{tail}\r\n\r\n")] {
            assert_eq!(pem(&text), normal);
        }
        assert_eq!(pem(&normal), normal);
        assert_eq!(pem("x"), "x");
    }
}
