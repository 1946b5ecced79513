//! Headers that make browsers protect viewers, and their conversion to and from the SDK's types.

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, filled, word};

/// CloudFront sends no `includeSubDomains` unless a policy says so.
const INCLUDE_SUBDOMAINS: bool = false;
/// CloudFront sends no `preload` unless a policy says so.
const PRELOAD: bool = false;
/// CloudFront sends no `mode=block` unless a policy says so.
const MODE_BLOCK: bool = false;

/// Headers that make browsers protect viewers. `Override` says whether one replaces the same header of the origin.
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
    /// Whether it replaces the same header of the origin.
    pub r#override: bool,
}

/// `X-Content-Type-Options: nosniff`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ContentTypeOptions {
    /// Whether it replaces the same header of the origin.
    pub r#override: bool,
}

/// `X-Frame-Options`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FrameOptions {
    /// `DENY` or `SAMEORIGIN`.
    #[serde(with = "word")]
    pub frame_option: sdk::FrameOptionsList,
    /// Whether it replaces the same header of the origin.
    pub r#override: bool,
}

/// `Referrer-Policy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ReferrerPolicy {
    /// The policy.
    #[serde(with = "word")]
    pub referrer_policy: sdk::ReferrerPolicyList,
    /// Whether it replaces the same header of the origin.
    pub r#override: bool,
}

/// `Strict-Transport-Security`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StrictTransportSecurity {
    /// How long browsers use only HTTPS for the site, in seconds.
    pub access_control_max_age_sec: i32,
    /// Whether this includes subdomains.
    #[serde(default)]
    pub include_subdomains: bool,
    /// Whether the domain may be on the list that browsers are shipped with.
    #[serde(default)]
    pub preload: bool,
    /// Whether it replaces the same header of the origin.
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
    /// Where they send reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_uri: Option<String>,
    /// Whether it replaces the same header of the origin.
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
                include_subdomains: one.include_subdomains.unwrap_or(INCLUDE_SUBDOMAINS),
                preload: one.preload.unwrap_or(PRELOAD),
                r#override: one.r#override,
            }),
            xss_protection: live.xss_protection.map(|one| XssProtection {
                protection: one.protection,
                mode_block: one.mode_block.unwrap_or(MODE_BLOCK),
                report_uri: filled(one.report_uri.as_deref()),
                r#override: one.r#override,
            }),
        }
    }

    pub(super) fn build(&self) -> Built<sdk::ResponseHeadersPolicySecurityHeadersConfig> {
        let Self {
            content_security_policy,
            content_type_options,
            frame_options,
            referrer_policy,
            strict_transport_security,
            xss_protection,
        } = self;
        let content = content_security_policy.as_ref().map(ContentSecurityPolicy::build);
        let options = content_type_options.as_ref().map(ContentTypeOptions::build);
        let frame = frame_options.as_ref().map(FrameOptions::build);
        let referrer = referrer_policy.as_ref().map(ReferrerPolicy::build);
        let transport = strict_transport_security.as_ref().map(StrictTransportSecurity::build);
        let xss = xss_protection.as_ref().map(XssProtection::build);
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

impl ContentSecurityPolicy {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyContentSecurityPolicy> {
        let Self { content_security_policy, r#override } = self;
        let built = sdk::ResponseHeadersPolicyContentSecurityPolicy::builder();
        built.content_security_policy(content_security_policy).r#override(*r#override).build()
    }
}

impl ContentTypeOptions {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyContentTypeOptions> {
        let Self { r#override } = self;
        sdk::ResponseHeadersPolicyContentTypeOptions::builder().r#override(*r#override).build()
    }
}

impl FrameOptions {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyFrameOptions> {
        let Self { frame_option, r#override } = self;
        let built = sdk::ResponseHeadersPolicyFrameOptions::builder();
        built.frame_option(frame_option.clone()).r#override(*r#override).build()
    }
}

impl ReferrerPolicy {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyReferrerPolicy> {
        let Self { referrer_policy, r#override } = self;
        let built = sdk::ResponseHeadersPolicyReferrerPolicy::builder();
        built.referrer_policy(referrer_policy.clone()).r#override(*r#override).build()
    }
}

impl StrictTransportSecurity {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyStrictTransportSecurity> {
        let Self { access_control_max_age_sec, include_subdomains, preload, r#override } = self;
        sdk::ResponseHeadersPolicyStrictTransportSecurity::builder()
            .access_control_max_age_sec(*access_control_max_age_sec)
            .include_subdomains(*include_subdomains)
            .preload(*preload)
            .r#override(*r#override)
            .build()
    }
}

impl XssProtection {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyXssProtection> {
        let Self { protection, mode_block, report_uri, r#override } = self;
        sdk::ResponseHeadersPolicyXssProtection::builder()
            .protection(*protection)
            .mode_block(*mode_block)
            .set_report_uri(report_uri.clone())
            .r#override(*r#override)
            .build()
    }
}
