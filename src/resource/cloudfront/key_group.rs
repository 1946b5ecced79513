//! `AWS::CloudFront::KeyGroup`: the public keys one of whose signatures a behaviour's requests must carry.
//!
//! Follows the CloudFront API reference, `CreateKeyGroup`. It cannot be tagged: its mark is its comment.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::operation::get_key_group::GetKeyGroupOutput;
use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::shared::{Built, SETTLING, incomplete, when_unused, with_fresh_etag};
use super::untagged::{Listed, created, every_page, made, observed, owned, ownership, pick};
use crate::aws::{Context, Error, Result, SdkResult, retry_while};
use crate::model::{ANYTHING, Allow, Changes, Input, Kind, Mark, Permissions, Scope};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

const ABSENT: &[&str] = &["NoSuchResource"];
/// What CloudFront says of a key that was made a moment ago.
const NOT_SEEN_YET: &[&str] = &["NoSuchPublicKey", "InvalidArgument"];

/// A key group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyGroup {
    /// All of it.
    pub key_group_config: KeyGroupConfig,
}

/// What a key group consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyGroupConfig {
    /// Its name, unique in the account.
    pub name: String,
    /// The ids of its public keys, at most 5.
    pub items: BTreeSet<Input>,
    /// Its comment, at most 128 characters: the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl KeyGroupConfig {
    fn read(live: sdk::KeyGroupConfig) -> Self {
        Self {
            name: live.name,
            items: live.items.into_iter().map(Input::from).collect(),
            comment: live.comment.filter(|comment| !comment.is_empty()),
        }
    }

    fn build(&self) -> Built<sdk::KeyGroupConfig> {
        sdk::KeyGroupConfig::builder()
            .name(&self.name)
            .set_items(Some(self.items.iter().map(Input::text).collect()))
            .set_comment(self.comment.clone())
            .build()
    }

    fn mark(&self) -> &str {
        self.comment.as_deref().unwrap_or_default()
    }
}

async fn listed(cx: &Context) -> Result<Vec<Listed>> {
    const CALL: &str = "cloudfront:ListKeyGroups";
    every_page(cx, CALL, |cx, marker| async move {
        let call = cx.cloudfront().list_key_groups().set_marker(marker);
        let list = call.send().await.named(CALL)?.key_group_list;
        Ok(list.map(|list| {
            let items = list.items.unwrap_or_default().into_iter().filter_map(|summary| summary.key_group);
            let entries = items.filter_map(|group| {
                let config = group.key_group_config?;
                Some(Listed::new(group.id, config.name, config.comment))
            });
            (entries.collect(), list.next_marker)
        }))
    })
    .await
}

async fn get(cx: &Context, id: &str) -> Result<Option<GetKeyGroupOutput>> {
    cx.cloudfront().get_key_group().id(id).send().await.unless("cloudfront:GetKeyGroup", ABSENT)
}

async fn etag(cx: &Context, id: &str) -> Result<Option<String>> {
    Ok(get(cx, id).await?.and_then(|answer| answer.e_tag))
}

/// Makes a change that CloudFront may refuse while it does not see the keys yet.
async fn when_seen<T, F>(cx: &Context, change: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let passing = |error: &Error| error.is(NOT_SEEN_YET);
    retry_while(cx, SETTLING, "waiting until CloudFront sees the public keys", passing, change).await
}

impl Resource for KeyGroup {
    const KIND: Kind = Kind::new("AWS::CloudFront::KeyGroup");
    const CREATE_ONLY: &'static [&'static str] = &[];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[Allow::new(&["cloudfront:ListKeyGroups", "cloudfront:GetKeyGroup"], ANYTHING)],
        create: &[Allow::new(&["cloudfront:CreateKeyGroup"], ANYTHING)],
        update: &[Allow::new(&["cloudfront:UpdateKeyGroup"], ANYTHING)],
        delete: &[Allow::new(&["cloudfront:DeleteKeyGroup"], ANYTHING)],
        empty: &[],
        list: &[Allow::new(&["cloudfront:ListKeyGroups"], ANYTHING)],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        None
    }

    async fn find(cx: &Context, declared: &Self, mark: &Mark) -> Result<Option<String>> {
        Ok(pick(&listed(cx).await?, &declared.key_group_config.name, Some(mark)))
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let live =
            get(cx, id).await?.and_then(|answer| answer.key_group).and_then(|found| found.key_group_config);
        let Some(live) = live else { return Ok(None) };
        let config = KeyGroupConfig::read(live);
        let ownership = ownership(&config.name, config.mark());
        Ok(Some(observed(id, Self { key_group_config: config }, ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        const CALL: &str = "cloudfront:CreateKeyGroup";
        let config = &desired.key_group_config;
        let request = config.build().map_err(incomplete(CALL))?;
        let create = || async {
            let call = cx.cloudfront().create_key_group().key_group_config(request.clone());
            call.send().await.named(CALL)
        };
        let answer = when_seen(cx, create).await.map(|answer| answer.key_group.map(|made| made.id));
        let id = made(cx, answer, "KeyGroupAlreadyExists", listed(cx), (&config.name, config.mark())).await?;
        created(CALL, id)
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        const CALL: &str = "cloudfront:UpdateKeyGroup";
        let request = desired.key_group_config.build().map_err(incomplete(CALL))?;
        let update = || async {
            let call = cx.cloudfront().update_key_group().id(&seen.id).key_group_config(request.clone());
            call.set_if_match(etag(cx, &seen.id).await?).send().await.named(CALL).map(drop)
        };
        when_seen(cx, || with_fresh_etag(update)).await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        when_unused(cx, "ResourceInUse", || async {
            let Some(etag) = etag(cx, id).await? else { return Ok(()) };
            let call = cx.cloudfront().delete_key_group().id(id).if_match(etag);
            call.send().await.unless("cloudfront:DeleteKeyGroup", ABSENT).map(drop)
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

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        let config = KeyGroupConfig {
            name: "vod-viewers".into(),
            items: BTreeSet::from(["K2".into(), "K1".into()]),
            comment: Some("provision:vod:delivery/viewer-keys".into()),
        };
        let sent = config.build().unwrap();
        assert_eq!(sent.items, ["K1", "K2"]);
        assert_eq!(KeyGroupConfig::read(sent), config);
        let bare = KeyGroupConfig { comment: None, ..config };
        assert_eq!(KeyGroupConfig::read(bare.build().unwrap()), bare);
    }
}
