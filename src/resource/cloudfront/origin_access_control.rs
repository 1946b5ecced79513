//! `AWS::CloudFront::OriginAccessControl`: how CloudFront signs its requests to an origin.
//!
//! Follows the CloudFront API reference, `CreateOriginAccessControl`. It cannot be tagged: its mark is its description.

use aws_sdk_cloudfront::operation::get_origin_access_control::GetOriginAccessControlOutput;
use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::shared::{Built, filled, incomplete, when_unused, with_fresh_etag, word};
use super::untagged::{Listed, UNTAGGED, created, made, observed, owned, ownership, pick};
use crate::aws::{Context, Result, SdkResult};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Permissions, Scope};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

const ABSENT: &[&str] = &["NoSuchOriginAccessControl"];

/// An origin access control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OriginAccessControl {
    /// All of it.
    pub origin_access_control_config: OriginAccessControlConfig,
}

/// What an origin access control consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OriginAccessControlConfig {
    /// Its name, unique in the account, at most 64 characters.
    pub name: String,
    /// Its description, at most 256 characters: the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What kind of origin it is for: `s3`.
    #[serde(with = "word")]
    pub origin_access_control_origin_type: sdk::OriginAccessControlOriginTypes,
    /// Which requests are signed: `always`.
    #[serde(with = "word")]
    pub signing_behavior: sdk::OriginAccessControlSigningBehaviors,
    /// How they are signed: `sigv4`.
    #[serde(with = "word")]
    pub signing_protocol: sdk::OriginAccessControlSigningProtocols,
}

impl OriginAccessControlConfig {
    fn read(live: sdk::OriginAccessControlConfig) -> Self {
        Self {
            description: filled(live.description.as_deref()),
            name: live.name,
            origin_access_control_origin_type: live.origin_access_control_origin_type,
            signing_behavior: live.signing_behavior,
            signing_protocol: live.signing_protocol,
        }
    }

    fn build(&self) -> Built<sdk::OriginAccessControlConfig> {
        sdk::OriginAccessControlConfig::builder()
            .name(&self.name)
            // The description is optional in the model, but a request without it has been answered with an internal error.
            .description(self.description.clone().unwrap_or_default())
            .origin_access_control_origin_type(self.origin_access_control_origin_type.clone())
            .signing_behavior(self.signing_behavior.clone())
            .signing_protocol(self.signing_protocol.clone())
            .build()
    }

    fn comment(&self) -> &str {
        self.description.as_deref().unwrap_or_default()
    }
}

async fn listed(cx: &Context) -> Result<Vec<Listed>> {
    const CALL: &str = "cloudfront:ListOriginAccessControls";
    cx.cached(CALL, "", |cx| async move {
        let mut pages = cx.cloudfront().list_origin_access_controls().into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let list = page.named(CALL)?.origin_access_control_list;
            let items = list.and_then(|list| list.items).unwrap_or_default();
            found.extend(items.into_iter().map(|one| Listed::new(one.id, one.name, Some(one.description))));
        }
        Ok(found)
    })
    .await
}

async fn get(cx: &Context, id: &str) -> Result<Option<GetOriginAccessControlOutput>> {
    cx.cloudfront()
        .get_origin_access_control()
        .id(id)
        .send()
        .await
        .unless("cloudfront:GetOriginAccessControl", ABSENT)
}

async fn etag(cx: &Context, id: &str) -> Result<Option<String>> {
    Ok(get(cx, id).await?.and_then(|answer| answer.e_tag))
}

impl Resource for OriginAccessControl {
    const KIND: Kind = Kind::new("AWS::CloudFront::OriginAccessControl");
    const CREATE_ONLY: &'static [&'static str] = &[];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            Allow::new(&["cloudfront:ListOriginAccessControls"], ANYTHING),
            Allow::new(&["cloudfront:GetOriginAccessControl"], UNTAGGED),
        ],
        create: &[Allow::new(&["cloudfront:CreateOriginAccessControl"], ANYTHING)],
        update: &[Allow::new(&["cloudfront:UpdateOriginAccessControl"], UNTAGGED)],
        delete: &[Allow::new(&["cloudfront:DeleteOriginAccessControl"], UNTAGGED)],
        empty: &[],
        list: &[Allow::new(&["cloudfront:ListOriginAccessControls"], ANYTHING)],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        None
    }

    async fn find(cx: &Context, declared: &Self, mark: &Mark) -> Result<Option<String>> {
        Ok(pick(&listed(cx).await?, &declared.origin_access_control_config.name, Some(mark)))
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let live = get(cx, id)
            .await?
            .and_then(|answer| answer.origin_access_control)
            .and_then(|found| found.origin_access_control_config);
        let Some(live) = live else { return Ok(None) };
        let config = OriginAccessControlConfig::read(live);
        let ownership = ownership(&config.name, config.comment());
        Ok(Some(observed(id, Self { origin_access_control_config: config }, ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        const CALL: &str = "cloudfront:CreateOriginAccessControl";
        let config = &desired.origin_access_control_config;
        let request = config.build().map_err(incomplete(CALL))?;
        let call = cx.cloudfront().create_origin_access_control().origin_access_control_config(request);
        let answer =
            call.send().await.named(CALL).map(|answer| answer.origin_access_control.map(|made| made.id));
        let id = made(
            cx,
            answer,
            "OriginAccessControlAlreadyExists",
            listed(cx),
            (&config.name, config.comment()),
        )
        .await?;
        created(CALL, id)
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        const CALL: &str = "cloudfront:UpdateOriginAccessControl";
        let request = desired.origin_access_control_config.build().map_err(incomplete(CALL))?;
        with_fresh_etag(|| async {
            let call = cx.cloudfront().update_origin_access_control().id(&seen.id);
            let call = call.origin_access_control_config(request.clone());
            call.set_if_match(etag(cx, &seen.id).await?).send().await.named(CALL).map(drop)
        })
        .await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        when_unused(cx, "OriginAccessControlInUse", || async {
            let Some(etag) = etag(cx, id).await? else { return Ok(()) };
            let call = cx.cloudfront().delete_origin_access_control().id(id).if_match(etag);
            call.send().await.unless("cloudfront:DeleteOriginAccessControl", ABSENT).map(drop)
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
        let config = OriginAccessControlConfig {
            name: "vod-output".into(),
            description: Some("provision:vod:delivery/origin-access".into()),
            origin_access_control_origin_type: sdk::OriginAccessControlOriginTypes::S3,
            signing_behavior: sdk::OriginAccessControlSigningBehaviors::Always,
            signing_protocol: sdk::OriginAccessControlSigningProtocols::Sigv4,
        };
        assert_eq!(OriginAccessControlConfig::read(config.build().unwrap()), config);
        let bare = OriginAccessControlConfig { description: None, ..config };
        assert_eq!(OriginAccessControlConfig::read(bare.build().unwrap()), bare);
    }
}
