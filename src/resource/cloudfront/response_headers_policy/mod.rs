//! `AWS::CloudFront::ResponseHeadersPolicy`: which headers CloudFront adds to its responses to viewers.
//!
//! Follows the CloudFront API reference, `CreateResponseHeadersPolicy`. Its comment holds the mark.

mod config;
mod cors;
mod security;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

pub use config::{
    CustomHeader, CustomHeaders, RemoveHeader, RemoveHeaders, ResponseHeadersPolicyConfig,
    ServerTimingHeadersConfig,
};
pub use cors::{CorsConfig, Methods, Names};
pub use security::{
    ContentSecurityPolicy, ContentTypeOptions, FrameOptions, ReferrerPolicy, SecurityHeadersConfig,
    StrictTransportSecurity, XssProtection,
};

use super::shared::Built;
use super::untagged::{CallNames, Codes, Listed, POLICIES, Page, Untagged, calls};
use crate::aws::{Context, Result, SdkResult, required};
use crate::model::Kind;

/// A response headers policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ResponseHeadersPolicy {
    /// Its configuration.
    pub response_headers_policy_config: ResponseHeadersPolicyConfig,
}

impl Untagged for ResponseHeadersPolicy {
    const KIND: Kind = Kind::new("AWS::CloudFront::ResponseHeadersPolicy");
    const CALLS: CallNames = CallNames {
        list: "cloudfront:ListResponseHeadersPolicies",
        get: "cloudfront:GetResponseHeadersPolicy",
        create: "cloudfront:CreateResponseHeadersPolicy",
        update: "cloudfront:UpdateResponseHeadersPolicy",
        delete: "cloudfront:DeleteResponseHeadersPolicy",
    };
    const CODES: Codes = Codes {
        absent: "NoSuchResponseHeadersPolicy",
        name_taken: "ResponseHeadersPolicyAlreadyExists",
        in_use: "ResponseHeadersPolicyInUse",
    };
    const CREATED_ON: &'static [&'static str] = POLICIES;
    const ON: &'static [&'static str] = POLICIES;
    type Config = sdk::ResponseHeadersPolicyConfig;

    fn name(&self) -> &str {
        &self.response_headers_policy_config.name
    }

    fn comment(&self) -> Option<&str> {
        Some(&self.response_headers_policy_config.comment)
    }

    fn read(live: Self::Config) -> Self {
        Self { response_headers_policy_config: ResponseHeadersPolicyConfig::read(live) }
    }

    fn fresh(&self) -> Built<Self::Config> {
        let Self { response_headers_policy_config } = self;
        response_headers_policy_config.build()
    }

    async fn page(cx: &Context, marker: Option<String>) -> Result<Page> {
        let call = cx.cloudfront().list_response_headers_policies().set_marker(marker);
        let answer = call.r#type(sdk::ResponseHeadersPolicyType::Custom).send().await;
        let list = answer.named(Self::CALLS.list)?.response_headers_policy_list;
        let list = required(list, Self::CALLS.list, "ResponseHeadersPolicyList")?;
        let entry = |one: sdk::ResponseHeadersPolicySummary| {
            let policy = required(one.response_headers_policy, Self::CALLS.list, "ResponseHeadersPolicy")?;
            let config = policy.response_headers_policy_config;
            let config = required(config, Self::CALLS.list, "ResponseHeadersPolicyConfig")?;
            Ok(Listed { id: policy.id, name: config.name, comment: config.comment })
        };
        Page::read(list.items, entry, list.next_marker)
    }

    calls!(
        get_response_headers_policy,
        create_response_headers_policy,
        update_response_headers_policy,
        delete_response_headers_policy,
        response_headers_policy.response_headers_policy_config
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn full() -> ResponseHeadersPolicyConfig {
        ResponseHeadersPolicyConfig {
            name: "vod-headers".into(),
            comment: "provision:vod:delivery/headers".into(),
            cors_config: Some(CorsConfig {
                access_control_allow_credentials: false,
                access_control_allow_headers: Names { items: names(&["*"]) },
                access_control_allow_methods: Methods {
                    items: ["GET", "HEAD"].map(Into::into).into_iter().collect(),
                },
                access_control_allow_origins: Names {
                    items: names(&["https://b.example", "https://a.example"]),
                },
                access_control_expose_headers: Some(Names { items: names(&["ETag", "Age"]) }),
                access_control_max_age_sec: 7200,
                origin_override: true,
            }),
            security_headers_config: Some(SecurityHeadersConfig {
                content_security_policy: Some(ContentSecurityPolicy {
                    content_security_policy: "default-src 'none'".into(),
                    r#override: true,
                }),
                content_type_options: Some(ContentTypeOptions { r#override: true }),
                frame_options: Some(FrameOptions {
                    frame_option: sdk::FrameOptionsList::Deny,
                    r#override: true,
                }),
                referrer_policy: Some(ReferrerPolicy {
                    referrer_policy: sdk::ReferrerPolicyList::NoReferrer,
                    r#override: false,
                }),
                strict_transport_security: Some(StrictTransportSecurity {
                    access_control_max_age_sec: 31_536_000,
                    include_subdomains: true,
                    preload: false,
                    r#override: true,
                }),
                xss_protection: Some(XssProtection {
                    protection: true,
                    mode_block: true,
                    report_uri: None,
                    r#override: true,
                }),
            }),
            custom_headers_config: Some(CustomHeaders {
                items: BTreeSet::from([CustomHeader {
                    header: "X-Service".into(),
                    value: "vod".into(),
                    r#override: true,
                }]),
            }),
            remove_headers_config: Some(RemoveHeaders {
                items: ["x-amz-version-id", "Server"]
                    .map(|header| RemoveHeader { header: header.into() })
                    .into_iter()
                    .collect(),
            }),
            server_timing_headers_config: Some(ServerTimingHeadersConfig {
                enabled: true,
                sampling_rate: Some(5.0),
            }),
        }
    }

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        assert_eq!(ResponseHeadersPolicyConfig::read(full().build().unwrap()), full());
        let json = serde_json::to_value(full()).unwrap();
        assert_eq!(serde_json::from_value::<ResponseHeadersPolicyConfig>(json).unwrap(), full());
    }

    #[test]
    fn empty_blocks_are_no_blocks() {
        let live = sdk::ResponseHeadersPolicyConfig::builder()
            .name("vod-headers")
            .security_headers_config(sdk::ResponseHeadersPolicySecurityHeadersConfig::builder().build())
            .custom_headers_config(
                sdk::ResponseHeadersPolicyCustomHeadersConfig::builder().quantity(0).build().unwrap(),
            )
            .remove_headers_config(
                sdk::ResponseHeadersPolicyRemoveHeadersConfig::builder().quantity(0).build().unwrap(),
            )
            .build()
            .unwrap();
        insta::assert_json_snapshot!(ResponseHeadersPolicyConfig::read(live), @r#"
        {
          "Name": "vod-headers",
          "Comment": ""
        }
        "#);
    }
}
