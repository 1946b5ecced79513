//! `AWS::CloudFront::PublicKey`: the public half of a key that signs viewers' URLs and cookies.
//!
//! Follows the CloudFront API reference, `CreatePublicKey`. Only its comment can be changed, so a stack gives each key
//! a name and an address of its own. It cannot be tagged: its mark is its comment.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudfront::operation::get_public_key::GetPublicKeyOutput;
use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::shared::{Built, incomplete, when_unused, with_fresh_etag};
use super::untagged::{Listed, created, every_page, made, observed, owned, ownership, pick, unanswered};
use crate::aws::{Context, Error, Result, SdkResult};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Permissions, Scope};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

const ABSENT: &[&str] = &["NoSuchPublicKey"];
/// RFC 7468's width of the base64 in PEM.
const WIDTH: usize = 64;

/// A public key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PublicKey {
    /// All of it.
    pub public_key_config: PublicKeyConfig,
}

/// What a public key consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PublicKeyConfig {
    /// CloudFormation requires one in a template. What is sent to the API adds the time to it, since CloudFront may
    /// remember a reference beyond the key's removal; it is read back as the name, which it is declared as.
    pub caller_reference: String,
    /// Its name, unique in the account.
    pub name: String,
    /// The key in PEM: lines of 64 characters, each ended.
    pub encoded_key: String,
    /// Its comment, at most 128 characters: the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A PEM text in its one normal form: lines of 64 characters, each ended. CloudFront keeps what it was sent, and a
/// missing line end at the end of a file is no other key.
fn pem(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let [first, body @ .., last] = lines.as_slice() else { return text.to_owned() };
    let body: Vec<char> = body.concat().chars().collect();
    let wrapped = body.chunks(WIDTH).map(String::from_iter);
    let lines = std::iter::once((*first).to_owned()).chain(wrapped).chain([(*last).to_owned()]);
    lines.map(|line| line + "\n").collect()
}

impl PublicKeyConfig {
    /// A key under a name, with its mark as the comment.
    #[must_use]
    pub fn new(name: String, encoded_key: &str, comment: String) -> Self {
        let encoded_key = pem(encoded_key);
        Self { caller_reference: name.clone(), name, encoded_key, comment: Some(comment) }
    }

    fn read(live: sdk::PublicKeyConfig) -> Self {
        Self {
            caller_reference: live.name.clone(),
            name: live.name,
            encoded_key: pem(&live.encoded_key),
            comment: live.comment.filter(|comment| !comment.is_empty()),
        }
    }

    /// The request to make it, under a reference that tells this attempt from earlier ones.
    fn fresh(&self) -> Built<sdk::PublicKeyConfig> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        sdk::PublicKeyConfig::builder()
            .caller_reference(format!("{}:{}", self.caller_reference, now.as_nanos()))
            .name(&self.name)
            .encoded_key(&self.encoded_key)
            .set_comment(self.comment.clone())
            .build()
    }

    fn mark(&self) -> &str {
        self.comment.as_deref().unwrap_or_default()
    }
}

async fn listed(cx: &Context) -> Result<Vec<Listed>> {
    const CALL: &str = "cloudfront:ListPublicKeys";
    every_page(cx, CALL, |cx, marker| async move {
        let call = cx.cloudfront().list_public_keys().set_marker(marker);
        let list = call.send().await.named(CALL)?.public_key_list;
        Ok(list.map(|list| {
            let items = list.items.unwrap_or_default().into_iter();
            let entries = items.map(|one| Listed::new(one.id, one.name, one.comment));
            (entries.collect(), list.next_marker)
        }))
    })
    .await
}

async fn get(cx: &Context, id: &str) -> Result<Option<GetPublicKeyOutput>> {
    cx.cloudfront().get_public_key().id(id).send().await.unless("cloudfront:GetPublicKey", ABSENT)
}

async fn etag(cx: &Context, id: &str) -> Result<Option<String>> {
    Ok(get(cx, id).await?.and_then(|answer| answer.e_tag))
}

impl Resource for PublicKey {
    const KIND: Kind = Kind::new("AWS::CloudFront::PublicKey");
    const CREATE_ONLY: &'static [&'static str] = &[];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["cloudfront:ListPublicKeys", "cloudfront:GetPublicKey"], ANYTHING)],
        create: &[Allow::new(&["cloudfront:CreatePublicKey"], ANYTHING)],
        update: &[Allow::new(&["cloudfront:UpdatePublicKey"], ANYTHING)],
        delete: &[Allow::new(&["cloudfront:DeletePublicKey"], ANYTHING)],
        empty: &[],
        list: &[Allow::new(&["cloudfront:ListPublicKeys"], ANYTHING)],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        None
    }

    async fn find(cx: &Context, declared: &Self, mark: &Mark) -> Result<Option<String>> {
        Ok(pick(&listed(cx).await?, &declared.public_key_config.name, Some(mark)))
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let live =
            get(cx, id).await?.and_then(|answer| answer.public_key).and_then(|found| found.public_key_config);
        let Some(live) = live else { return Ok(None) };
        let config = PublicKeyConfig::read(live);
        let ownership = ownership(&config.name, config.mark());
        Ok(Some(observed(id, Self { public_key_config: config }, ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        const CALL: &str = "cloudfront:CreatePublicKey";
        let config = &desired.public_key_config;
        // CloudFront tells keys by their references alone, and each attempt has another one.
        let ours = unanswered(listed(cx).await?, &cx.scope, &config.name, config.mark());
        let id = match ours {
            Some(id) => Some(id),
            None => {
                let request = config.fresh().map_err(incomplete(CALL))?;
                let call = cx.cloudfront().create_public_key().public_key_config(request);
                let answer =
                    call.send().await.named(CALL).map(|answer| answer.public_key.map(|made| made.id));
                let of = (config.name.as_str(), config.mark());
                made(cx, answer, "PublicKeyAlreadyExists", listed(cx), of).await?
            }
        };
        created(CALL, id)
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        const READ: &str = "cloudfront:GetPublicKey";
        const CALL: &str = "cloudfront:UpdatePublicKey";
        let desired = &desired.public_key_config;
        with_fresh_etag(|| async {
            let live = cx.cloudfront().get_public_key().id(&seen.id).send().await.named(READ)?;
            let mut config = live
                .public_key
                .and_then(|key| key.public_key_config)
                .ok_or_else(|| Error::unexpected(READ, "the answer holds no configuration"))?;
            // Its own reference goes back as it is, and so does an equal key however it is wrapped; CloudFront refuses
            // any other name or key.
            config.name.clone_from(&desired.name);
            if pem(&config.encoded_key) != desired.encoded_key {
                config.encoded_key.clone_from(&desired.encoded_key);
            }
            config.comment.clone_from(&desired.comment);
            let call = cx.cloudfront().update_public_key().id(&seen.id).public_key_config(config);
            call.set_if_match(live.e_tag).send().await.named(CALL).map(drop)
        })
        .await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        when_unused(cx, "PublicKeyInUse", || async {
            let Some(etag) = etag(cx, id).await? else { return Ok(()) };
            let call = cx.cloudfront().delete_public_key().id(id).if_match(etag);
            call.send().await.unless("cloudfront:DeletePublicKey", ABSENT).map(drop)
        })
        .await
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(owned(listed(cx).await?, &cx.scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        let config = PublicKeyConfig::new("vod-viewer-0a".into(), KEY, "provision:vod:a".into());
        let sent = config.fresh().unwrap();
        assert_ne!(sent.caller_reference, config.caller_reference);
        assert_eq!(PublicKeyConfig::read(sent), config);
        let bare = PublicKeyConfig { comment: None, ..config };
        assert_eq!(PublicKeyConfig::read(bare.fresh().unwrap()), bare);
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
