//! `AWS::CloudFront::OriginAccessControl`: how CloudFront signs its requests to an origin.
//!
//! Follows the CloudFront API reference, `CreateOriginAccessControl`. Its description holds the mark.

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::shared::{Built, empty_if_absent, filled, word};
use super::untagged::{CallNames, Codes, Listed, POLICIES, Page, Untagged, calls};
use crate::aws::{Context, Result, SdkResult, required};
use crate::model::Kind;

/// An origin access control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OriginAccessControl {
    /// Its configuration.
    pub origin_access_control_config: OriginAccessControlConfig,
}

/// The configuration of an origin access control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OriginAccessControlConfig {
    /// Its name, unique in the account, at most 64 characters.
    pub name: String,
    /// Its description, at most 256 characters. It holds the mark.
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

impl Untagged for OriginAccessControl {
    const KIND: Kind = Kind::new("AWS::CloudFront::OriginAccessControl");
    const CALLS: CallNames = CallNames {
        list: "cloudfront:ListOriginAccessControls",
        get: "cloudfront:GetOriginAccessControl",
        create: "cloudfront:CreateOriginAccessControl",
        update: "cloudfront:UpdateOriginAccessControl",
        delete: "cloudfront:DeleteOriginAccessControl",
    };
    const CODES: Codes = Codes {
        absent: "NoSuchOriginAccessControl",
        name_taken: "OriginAccessControlAlreadyExists",
        in_use: "OriginAccessControlInUse",
    };
    const ON: &'static [&'static str] = POLICIES;
    type Config = sdk::OriginAccessControlConfig;

    fn name(&self) -> &str {
        &self.origin_access_control_config.name
    }

    fn comment(&self) -> Option<&str> {
        self.origin_access_control_config.description.as_deref()
    }

    fn read(live: Self::Config) -> Self {
        let origin_access_control_config = OriginAccessControlConfig {
            description: filled(live.description.as_deref()),
            name: live.name,
            origin_access_control_origin_type: live.origin_access_control_origin_type,
            signing_behavior: live.signing_behavior,
            signing_protocol: live.signing_protocol,
        };
        Self { origin_access_control_config }
    }

    fn fresh(&self) -> Built<Self::Config> {
        let OriginAccessControlConfig {
            name,
            description,
            origin_access_control_origin_type,
            signing_behavior,
            signing_protocol,
        } = &self.origin_access_control_config;
        sdk::OriginAccessControlConfig::builder()
            .name(name)
            // The description is optional in the model, but a request without it has been answered with an internal
            // error.
            .description(empty_if_absent(description.as_deref()))
            .origin_access_control_origin_type(origin_access_control_origin_type.clone())
            .signing_behavior(signing_behavior.clone())
            .signing_protocol(signing_protocol.clone())
            .build()
    }

    async fn page(cx: &Context, marker: Option<String>) -> Result<Page> {
        let answer = cx.cloudfront().list_origin_access_controls().set_marker(marker).send().await;
        let list = answer.named(Self::CALLS.list)?.origin_access_control_list;
        let list = required(list, Self::CALLS.list, "OriginAccessControlList")?;
        let entry = |one: sdk::OriginAccessControlSummary| {
            Ok(Listed { id: one.id, name: one.name, comment: Some(one.description) })
        };
        Page::read(list.items, entry, list.next_marker)
    }

    calls!(
        get_origin_access_control,
        create_origin_access_control,
        update_origin_access_control,
        delete_origin_access_control,
        origin_access_control.origin_access_control_config
    );
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
        let bare = OriginAccessControlConfig { description: None, ..config.clone() };
        for origin_access_control_config in [config, bare] {
            let control = OriginAccessControl { origin_access_control_config };
            assert_eq!(OriginAccessControl::read(control.fresh().unwrap()), control);
        }
    }
}
