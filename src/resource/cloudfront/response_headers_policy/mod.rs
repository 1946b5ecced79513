//! `AWS::CloudFront::ResponseHeadersPolicy`: which headers CloudFront adds to what viewers get.
//!
//! Follows the CloudFront API reference, `CreateResponseHeadersPolicy`. It cannot be tagged: its mark is its comment.

mod config;
mod cors;
mod security;

use aws_sdk_cloudfront::operation::get_response_headers_policy::GetResponseHeadersPolicyOutput;
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

use super::shared::{incomplete, when_unused, with_fresh_etag};
use super::untagged::{Listed, UNTAGGED, created, every_page, made, observed, owned, ownership, pick};
use crate::aws::{Context, Result, SdkResult};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Permissions, Scope};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

const ABSENT: &[&str] = &["NoSuchResponseHeadersPolicy"];

/// A response headers policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ResponseHeadersPolicy {
    /// All of it.
    pub response_headers_policy_config: ResponseHeadersPolicyConfig,
}

async fn listed(cx: &Context) -> Result<Vec<Listed>> {
    const CALL: &str = "cloudfront:ListResponseHeadersPolicies";
    every_page(cx, CALL, |cx, marker| async move {
        let call = cx
            .cloudfront()
            .list_response_headers_policies()
            .r#type(sdk::ResponseHeadersPolicyType::Custom)
            .set_marker(marker);
        let list = call.send().await.named(CALL)?.response_headers_policy_list;
        Ok(list.map(|list| {
            let items = list
                .items
                .unwrap_or_default()
                .into_iter()
                .filter_map(|summary| summary.response_headers_policy);
            let entries = items.filter_map(|policy| {
                let config = policy.response_headers_policy_config?;
                Some(Listed::new(policy.id, config.name, config.comment))
            });
            (entries.collect(), list.next_marker)
        }))
    })
    .await
}

async fn get(cx: &Context, id: &str) -> Result<Option<GetResponseHeadersPolicyOutput>> {
    cx.cloudfront()
        .get_response_headers_policy()
        .id(id)
        .send()
        .await
        .unless("cloudfront:GetResponseHeadersPolicy", ABSENT)
}

async fn etag(cx: &Context, id: &str) -> Result<Option<String>> {
    Ok(get(cx, id).await?.and_then(|answer| answer.e_tag))
}

impl Resource for ResponseHeadersPolicy {
    const KIND: Kind = Kind::new("AWS::CloudFront::ResponseHeadersPolicy");
    const CREATE_ONLY: &'static [&'static str] = &[];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            Allow::new(&["cloudfront:ListResponseHeadersPolicies"], ANYTHING),
            Allow::new(&["cloudfront:GetResponseHeadersPolicy"], UNTAGGED),
        ],
        create: &[Allow::new(&["cloudfront:CreateResponseHeadersPolicy"], UNTAGGED)],
        update: &[Allow::new(&["cloudfront:UpdateResponseHeadersPolicy"], UNTAGGED)],
        delete: &[Allow::new(&["cloudfront:DeleteResponseHeadersPolicy"], UNTAGGED)],
        empty: &[],
        list: &[Allow::new(&["cloudfront:ListResponseHeadersPolicies"], ANYTHING)],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        None
    }

    async fn find(cx: &Context, declared: &Self, mark: &Mark) -> Result<Option<String>> {
        Ok(pick(&listed(cx).await?, &declared.response_headers_policy_config.name, Some(mark)))
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let live = get(cx, id)
            .await?
            .and_then(|answer| answer.response_headers_policy)
            .and_then(|found| found.response_headers_policy_config);
        let Some(live) = live else { return Ok(None) };
        let config = ResponseHeadersPolicyConfig::read(live);
        let ownership = ownership(&config.name, &config.comment);
        Ok(Some(observed(id, Self { response_headers_policy_config: config }, ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        const CALL: &str = "cloudfront:CreateResponseHeadersPolicy";
        let config = &desired.response_headers_policy_config;
        let request = config.build().map_err(incomplete(CALL))?;
        let call = cx.cloudfront().create_response_headers_policy().response_headers_policy_config(request);
        let answer =
            call.send().await.named(CALL).map(|answer| answer.response_headers_policy.map(|made| made.id));
        let id = made(
            cx,
            answer,
            "ResponseHeadersPolicyAlreadyExists",
            listed(cx),
            (&config.name, &config.comment),
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
        const CALL: &str = "cloudfront:UpdateResponseHeadersPolicy";
        let request = desired.response_headers_policy_config.build().map_err(incomplete(CALL))?;
        with_fresh_etag(|| async {
            let call = cx
                .cloudfront()
                .update_response_headers_policy()
                .id(&seen.id)
                .response_headers_policy_config(request.clone());
            call.set_if_match(etag(cx, &seen.id).await?).send().await.named(CALL).map(drop)
        })
        .await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        when_unused(cx, "ResponseHeadersPolicyInUse", || async {
            let Some(etag) = etag(cx, id).await? else { return Ok(()) };
            let call = cx.cloudfront().delete_response_headers_policy().id(id).if_match(etag);
            call.send().await.unless("cloudfront:DeleteResponseHeadersPolicy", ABSENT).map(drop)
        })
        .await
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(owned(listed(cx).await?, &cx.scope))
    }
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
                sampling_rate: 5.0,
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
