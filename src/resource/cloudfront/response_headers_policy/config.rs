//! What a response headers policy consists of, and the way to the SDK's types and back.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted, filled, word, words};

/// How long browsers keep the answer to a preflight where the policy does not say, in seconds.
const DEFAULT_MAX_AGE: i32 = 600;

/// What a response headers policy consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ResponseHeadersPolicyConfig {
    /// Its name, unique in the account: letters, digits, hyphens and underscores, at most 128.
    pub name: String,
    /// Its comment, at most 128 characters: the mark.
    #[serde(default)]
    pub comment: String,
    /// Which sites' pages may read the responses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors_config: Option<CorsConfig>,
    /// Headers by which browsers protect viewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_headers_config: Option<SecurityHeadersConfig>,
    /// Headers that are added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_headers_config: Option<CustomHeaders>,
    /// Headers of the origin that are removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_headers_config: Option<RemoveHeaders>,
    /// Whether responses say how CloudFront served them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_timing_headers_config: Option<ServerTimingHeadersConfig>,
}

/// Which sites' pages may read the responses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CorsConfig {
    /// Whether pages may send cookies along; then the other lists take no `*`.
    pub access_control_allow_credentials: bool,
    /// Request headers that pages may set.
    pub access_control_allow_headers: Names,
    /// Methods that pages may use.
    pub access_control_allow_methods: Methods,
    /// The sites; `*` alone is every site.
    pub access_control_allow_origins: Names,
    /// Response headers that pages may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_control_expose_headers: Option<Names>,
    /// How long browsers may keep the answer to a preflight, in seconds.
    pub access_control_max_age_sec: i32,
    /// Whether these replace such headers of the origin.
    pub origin_override: bool,
}

/// A set of names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Names {
    /// The names.
    pub items: BTreeSet<String>,
}

/// A set of methods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Methods {
    /// The methods.
    #[serde(with = "words")]
    pub items: BTreeSet<sdk::ResponseHeadersPolicyAccessControlAllowMethodsValues>,
}

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

/// Headers that are added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomHeaders {
    /// The headers, sorted by name.
    pub items: BTreeSet<CustomHeader>,
}

/// A header that is added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomHeader {
    /// Its name.
    pub header: String,
    /// Its value.
    pub value: String,
    /// Whether it replaces the origin's.
    pub r#override: bool,
}

/// Headers of the origin that are removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RemoveHeaders {
    /// The headers, sorted by name.
    pub items: BTreeSet<RemoveHeader>,
}

/// A header of the origin that is removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RemoveHeader {
    /// Its name.
    pub header: String,
}

/// Whether responses say how CloudFront served them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ServerTimingHeadersConfig {
    /// Whether they do.
    pub enabled: bool,
    /// How many of them, in percent.
    pub sampling_rate: f64,
}

impl ResponseHeadersPolicyConfig {
    pub(super) fn read(live: sdk::ResponseHeadersPolicyConfig) -> Self {
        let custom = live.custom_headers_config.and_then(|list| list.items).filter(|list| !list.is_empty());
        let remove = live.remove_headers_config.and_then(|list| list.items).filter(|list| !list.is_empty());
        Self {
            name: live.name,
            comment: live.comment.unwrap_or_default(),
            cors_config: live.cors_config.map(CorsConfig::read),
            security_headers_config: live
                .security_headers_config
                .map(SecurityHeadersConfig::read)
                .filter(|headers| *headers != SecurityHeadersConfig::default()),
            custom_headers_config: custom.map(|list| CustomHeaders {
                items: list
                    .into_iter()
                    .map(|one| CustomHeader {
                        header: one.header,
                        value: one.value,
                        r#override: one.r#override,
                    })
                    .collect(),
            }),
            remove_headers_config: remove.map(|list| RemoveHeaders {
                items: list.into_iter().map(|one| RemoveHeader { header: one.header }).collect(),
            }),
            server_timing_headers_config: live
                .server_timing_headers_config
                .filter(|timing| timing.enabled)
                .map(|timing| ServerTimingHeadersConfig {
                    enabled: timing.enabled,
                    sampling_rate: timing.sampling_rate.unwrap_or_default(),
                }),
        }
    }

    pub(super) fn build(&self) -> Built<sdk::ResponseHeadersPolicyConfig> {
        let custom =
            self.custom_headers_config.as_ref().map(|list| list.items.iter().map(CustomHeader::build));
        let remove =
            self.remove_headers_config.as_ref().map(|list| list.items.iter().map(RemoveHeader::build));
        let timing = self.server_timing_headers_config.as_ref().map(|timing| {
            sdk::ResponseHeadersPolicyServerTimingHeadersConfig::builder()
                .enabled(timing.enabled)
                .sampling_rate(timing.sampling_rate)
                .build()
        });
        let security = self.security_headers_config.as_ref().map(SecurityHeadersConfig::build).transpose()?;
        sdk::ResponseHeadersPolicyConfig::builder()
            .name(&self.name)
            .comment(&self.comment)
            .set_cors_config(self.cors_config.as_ref().map(CorsConfig::build).transpose()?)
            .set_security_headers_config(security)
            .set_custom_headers_config(
                custom
                    .map(|list| {
                        counted!(
                            sdk::ResponseHeadersPolicyCustomHeadersConfig,
                            list.collect::<Built<Vec<_>>>()?
                        )
                    })
                    .transpose()?,
            )
            .set_remove_headers_config(
                remove
                    .map(|list| {
                        counted!(
                            sdk::ResponseHeadersPolicyRemoveHeadersConfig,
                            list.collect::<Built<Vec<_>>>()?
                        )
                    })
                    .transpose()?,
            )
            .set_server_timing_headers_config(timing.transpose()?)
            .build()
    }
}

impl CorsConfig {
    fn read(live: sdk::ResponseHeadersPolicyCorsConfig) -> Self {
        let exposed = live.access_control_expose_headers.and_then(|list| list.items);
        let names = |items: Option<Vec<String>>| Names { items: items.into_iter().flatten().collect() };
        Self {
            access_control_allow_credentials: live.access_control_allow_credentials,
            access_control_allow_headers: names(live.access_control_allow_headers.map(|list| list.items)),
            access_control_allow_methods: Methods {
                items: live.access_control_allow_methods.into_iter().flat_map(|list| list.items).collect(),
            },
            access_control_allow_origins: names(live.access_control_allow_origins.map(|list| list.items)),
            access_control_expose_headers: exposed
                .filter(|list| !list.is_empty())
                .map(|list| names(Some(list))),
            access_control_max_age_sec: live.access_control_max_age_sec.unwrap_or(DEFAULT_MAX_AGE),
            origin_override: live.origin_override,
        }
    }

    fn build(&self) -> Built<sdk::ResponseHeadersPolicyCorsConfig> {
        let exposed = self.access_control_expose_headers.as_ref().map(|list| list.items.clone());
        sdk::ResponseHeadersPolicyCorsConfig::builder()
            .access_control_allow_credentials(self.access_control_allow_credentials)
            .access_control_allow_headers(counted!(
                sdk::ResponseHeadersPolicyAccessControlAllowHeaders,
                self.access_control_allow_headers.items.clone()
            )?)
            .access_control_allow_methods(counted!(
                sdk::ResponseHeadersPolicyAccessControlAllowMethods,
                self.access_control_allow_methods.items.clone()
            )?)
            .access_control_allow_origins(counted!(
                sdk::ResponseHeadersPolicyAccessControlAllowOrigins,
                self.access_control_allow_origins.items.clone()
            )?)
            .set_access_control_expose_headers(
                exposed
                    .map(|names| counted!(sdk::ResponseHeadersPolicyAccessControlExposeHeaders, names))
                    .transpose()?,
            )
            .access_control_max_age_sec(self.access_control_max_age_sec)
            .origin_override(self.origin_override)
            .build()
    }
}

impl CustomHeader {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyCustomHeader> {
        sdk::ResponseHeadersPolicyCustomHeader::builder()
            .header(&self.header)
            .value(&self.value)
            .r#override(self.r#override)
            .build()
    }
}

impl RemoveHeader {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyRemoveHeader> {
        sdk::ResponseHeadersPolicyRemoveHeader::builder().header(&self.header).build()
    }
}

impl SecurityHeadersConfig {
    fn read(live: sdk::ResponseHeadersPolicySecurityHeadersConfig) -> Self {
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

    fn build(&self) -> Built<sdk::ResponseHeadersPolicySecurityHeadersConfig> {
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
