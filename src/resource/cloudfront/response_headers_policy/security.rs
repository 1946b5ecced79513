//! The headers of a response headers policy by which browsers protect viewers, and the way to the SDK's types and back.

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, filled, word};

/// Headers by which browsers protect viewers. `Override` is whether one replaces the origin's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SecurityHeadersConfig {
    /// `Content-Security-Policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_security_policy: Option<ContentSecurityPolicy>,
    /// `X-Content-Type-Options: nosniff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type_options: Option<ContentTypeOptions>,
    /// `X-Frame-Options`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_options: Option<FrameOptions>,
    /// `Referrer-Policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer_policy: Option<ReferrerPolicy>,
    /// `Strict-Transport-Security`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_transport_security: Option<StrictTransportSecurity>,
    /// `X-XSS-Protection`.
    #[serde(rename = "XSSProtection", default, skip_serializing_if = "Option::is_none")]
    pub xss_protection: Option<XssProtection>,
}

/// `Content-Security-Policy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ContentSecurityPolicy {
    /// The policy.
    pub content_security_policy: String,
    /// Whether it replaces the origin's.
    pub r#override: bool,
}

/// `X-Content-Type-Options: nosniff`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ContentTypeOptions {
    /// Whether it replaces the origin's.
    pub r#override: bool,
}

/// `X-Frame-Options`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FrameOptions {
    /// `DENY` or `SAMEORIGIN`.
    #[serde(with = "word")]
    pub frame_option: sdk::FrameOptionsList,
    /// Whether it replaces the origin's.
    pub r#override: bool,
}

/// `Referrer-Policy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReferrerPolicy {
    /// The policy.
    #[serde(with = "word")]
    pub referrer_policy: sdk::ReferrerPolicyList,
    /// Whether it replaces the origin's.
    pub r#override: bool,
}

/// `Strict-Transport-Security`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StrictTransportSecurity {
    /// How long browsers insist on HTTPS, in seconds.
    pub access_control_max_age_sec: i32,
    /// Whether that holds for names under this one as well.
    #[serde(default)]
    pub include_subdomains: bool,
    /// Whether browsers' makers may put the name on their list.
    #[serde(default)]
    pub preload: bool,
    /// Whether it replaces the origin's.
    pub r#override: bool,
}

/// `X-XSS-Protection`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct XssProtection {
    /// Whether old browsers filter.
    pub protection: bool,
    /// Whether they block the whole page.
    #[serde(default)]
    pub mode_block: bool,
    /// Where they report to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_uri: Option<String>,
    /// Whether it replaces the origin's.
    pub r#override: bool,
}

impl SecurityHeadersConfig {
    pub(super) fn read(live: sdk::ResponseHeadersPolicySecurityHeadersConfig) -> Self {
        Self {
            content_security_policy: live.content_security_policy.map(|one| ContentSecurityPolicy {
                content_security_policy: one.content_security_policy,
                r#override: one.r#override,
            }),
            content_type_options: live
                .content_type_options
                .map(|one| ContentTypeOptions { r#override: one.r#override }),
            frame_options: live
                .frame_options
                .map(|one| FrameOptions { frame_option: one.frame_option, r#override: one.r#override }),
            referrer_policy: live.referrer_policy.map(|one| ReferrerPolicy {
                referrer_policy: one.referrer_policy,
                r#override: one.r#override,
            }),
            strict_transport_security: live.strict_transport_security.map(|one| StrictTransportSecurity {
                access_control_max_age_sec: one.access_control_max_age_sec,
                include_subdomains: one.include_subdomains.unwrap_or_default(),
                preload: one.preload.unwrap_or_default(),
                r#override: one.r#override,
            }),
            xss_protection: live.xss_protection.map(|one| XssProtection {
                protection: one.protection,
                mode_block: one.mode_block.unwrap_or_default(),
                report_uri: filled(one.report_uri.as_deref()),
                r#override: one.r#override,
            }),
        }
    }

    pub(super) fn build(&self) -> Built<sdk::ResponseHeadersPolicySecurityHeadersConfig> {
        let content = self.content_security_policy.as_ref().map(|one| {
            sdk::ResponseHeadersPolicyContentSecurityPolicy::builder()
                .content_security_policy(&one.content_security_policy)
                .r#override(one.r#override)
                .build()
        });
        let options = self.content_type_options.as_ref().map(|one| {
            sdk::ResponseHeadersPolicyContentTypeOptions::builder().r#override(one.r#override).build()
        });
        let frame = self.frame_options.as_ref().map(|one| {
            sdk::ResponseHeadersPolicyFrameOptions::builder()
                .frame_option(one.frame_option.clone())
                .r#override(one.r#override)
                .build()
        });
        let referrer = self.referrer_policy.as_ref().map(|one| {
            sdk::ResponseHeadersPolicyReferrerPolicy::builder()
                .referrer_policy(one.referrer_policy.clone())
                .r#override(one.r#override)
                .build()
        });
        let transport = self.strict_transport_security.as_ref().map(|one| {
            sdk::ResponseHeadersPolicyStrictTransportSecurity::builder()
                .access_control_max_age_sec(one.access_control_max_age_sec)
                .include_subdomains(one.include_subdomains)
                .preload(one.preload)
                .r#override(one.r#override)
                .build()
        });
        let xss = self.xss_protection.as_ref().map(|one| {
            sdk::ResponseHeadersPolicyXssProtection::builder()
                .protection(one.protection)
                .mode_block(one.mode_block)
                .set_report_uri(one.report_uri.clone())
                .r#override(one.r#override)
                .build()
        });
        Ok(sdk::ResponseHeadersPolicySecurityHeadersConfig::builder()
            .set_content_security_policy(content.transpose()?)
            .set_content_type_options(options.transpose()?)
            .set_frame_options(frame.transpose()?)
            .set_referrer_policy(referrer.transpose()?)
            .set_strict_transport_security(transport.transpose()?)
            .set_xss_protection(xss.transpose()?)
            .build())
    }
}
