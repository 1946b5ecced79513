//! `AWS::CloudFront::KeyGroup`: the public keys whose signatures a cache behavior accepts.
//!
//! Follows the CloudFront API reference, `CreateKeyGroup`. Its comment holds the mark.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::shared::{Built, filled};
use super::untagged::{CallNames, Codes, Listed, Page, Untagged, calls};
use crate::aws::{Context, Result, SdkResult, required};
use crate::model::{Kind, StringExpr};

/// A key group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyGroup {
    /// Its configuration.
    pub key_group_config: KeyGroupConfig,
}

/// The configuration of a key group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyGroupConfig {
    /// Its name, unique in the account.
    pub name: String,
    /// The ids of its public keys, at most 5.
    pub items: BTreeSet<StringExpr>,
    /// Its comment, at most 128 characters. It holds the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Untagged for KeyGroup {
    const KIND: Kind = Kind::new("AWS::CloudFront::KeyGroup");
    const CALLS: CallNames = CallNames {
        list: "cloudfront:ListKeyGroups",
        get: "cloudfront:GetKeyGroup",
        create: "cloudfront:CreateKeyGroup",
        update: "cloudfront:UpdateKeyGroup",
        delete: "cloudfront:DeleteKeyGroup",
    };
    const CODES: Codes =
        Codes { absent: "NoSuchResource", name_taken: "KeyGroupAlreadyExists", in_use: "ResourceInUse" };
    /// CloudFront answers these for a key that was created a moment ago.
    const NOT_SEEN_YET: &'static [&'static str] = &["NoSuchPublicKey", "InvalidArgument"];
    type Config = sdk::KeyGroupConfig;

    fn name(&self) -> &str {
        &self.key_group_config.name
    }

    fn comment(&self) -> Option<&str> {
        self.key_group_config.comment.as_deref()
    }

    fn read(live: Self::Config) -> Self {
        let key_group_config = KeyGroupConfig {
            name: live.name,
            items: live.items.into_iter().map(StringExpr::from).collect(),
            comment: filled(live.comment.as_deref()),
        };
        Self { key_group_config }
    }

    fn fresh(&self) -> Built<Self::Config> {
        let Self { key_group_config: KeyGroupConfig { name, items, comment } } = self;
        sdk::KeyGroupConfig::builder()
            .name(name)
            .set_items(Some(items.iter().map(StringExpr::text).collect()))
            .set_comment(comment.clone())
            .build()
    }

    async fn page(cx: &Context, marker: Option<String>) -> Result<Page> {
        let answer = cx.cloudfront().list_key_groups().set_marker(marker).send().await;
        let list =
            required(answer.named(Self::CALLS.list)?.key_group_list, Self::CALLS.list, "KeyGroupList")?;
        let entry = |one: sdk::KeyGroupSummary| {
            let group = required(one.key_group, Self::CALLS.list, "KeyGroup")?;
            let config = required(group.key_group_config, Self::CALLS.list, "KeyGroupConfig")?;
            Ok(Listed { id: group.id, name: config.name, comment: config.comment })
        };
        Page::read(list.items, entry, list.next_marker)
    }

    calls!(get_key_group, create_key_group, update_key_group, delete_key_group, key_group.key_group_config);
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
        let group = |config: &KeyGroupConfig| KeyGroup { key_group_config: config.clone() };
        let sent = group(&config).fresh().unwrap();
        assert_eq!(sent.items, ["K1", "K2"]);
        assert_eq!(KeyGroup::read(sent), group(&config));
        let bare = KeyGroupConfig { comment: None, ..config };
        assert_eq!(KeyGroup::read(group(&bare).fresh().unwrap()), group(&bare));
    }
}
