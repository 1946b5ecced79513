//! What a response headers policy consists of, and the way to the SDK's types and back.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted};
use super::cors::CorsConfig;
use super::security::SecurityHeadersConfig;

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
