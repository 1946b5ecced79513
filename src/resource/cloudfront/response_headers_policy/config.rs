//! The configuration of a response headers policy, and its conversion to and from the SDK's types.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted};
use super::cors::CorsConfig;
use super::security::SecurityHeadersConfig;

/// The configuration of a response headers policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ResponseHeadersPolicyConfig {
    /// Its name, unique in the account: letters, digits, hyphens and underscores, at most 128.
    pub name: String,
    /// Its comment, at most 128 characters. It holds the mark.
    #[serde(default)]
    pub comment: String,
    /// Which sites' pages may read the responses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors_config: Option<CorsConfig>,
    /// Headers that make browsers protect viewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_headers_config: Option<SecurityHeadersConfig>,
    /// Headers that CloudFront adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_headers_config: Option<CustomHeaders>,
    /// Headers of the origin that CloudFront removes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_headers_config: Option<RemoveHeaders>,
    /// Whether responses say how CloudFront served them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_timing_headers_config: Option<ServerTimingHeadersConfig>,
}

/// Headers that CloudFront adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomHeaders {
    /// The headers, sorted by name.
    pub items: BTreeSet<CustomHeader>,
}

/// A header that CloudFront adds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomHeader {
    /// Its name.
    pub header: String,
    /// Its value.
    pub value: String,
    /// Whether it replaces the same header of the origin.
    pub r#override: bool,
}

/// Headers of the origin that CloudFront removes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RemoveHeaders {
    /// The headers, sorted by name.
    pub items: BTreeSet<RemoveHeader>,
}

/// A header of the origin that CloudFront removes.
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
    /// How many of them, in percent: 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling_rate: Option<f64>,
}

impl ResponseHeadersPolicyConfig {
    pub(super) fn read(live: sdk::ResponseHeadersPolicyConfig) -> Self {
        let custom = live.custom_headers_config.and_then(|list| list.items).filter(|list| !list.is_empty());
        let remove = live.remove_headers_config.and_then(|list| list.items).filter(|list| !list.is_empty());
        Self {
            name: live.name,
            // absent is empty: a comment is optional in CloudFront, and text in CloudFormation.
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
                    sampling_rate: timing.sampling_rate,
                }),
        }
    }

    pub(super) fn build(&self) -> Built<sdk::ResponseHeadersPolicyConfig> {
        let Self {
            name,
            comment,
            cors_config,
            security_headers_config,
            custom_headers_config,
            remove_headers_config,
            server_timing_headers_config,
        } = self;
        sdk::ResponseHeadersPolicyConfig::builder()
            .name(name)
            .comment(comment)
            .set_cors_config(cors_config.as_ref().map(CorsConfig::build).transpose()?)
            .set_security_headers_config(
                security_headers_config.as_ref().map(SecurityHeadersConfig::build).transpose()?,
            )
            .set_custom_headers_config(custom_headers_config.as_ref().map(CustomHeaders::build).transpose()?)
            .set_remove_headers_config(remove_headers_config.as_ref().map(RemoveHeaders::build).transpose()?)
            .set_server_timing_headers_config(
                server_timing_headers_config.as_ref().map(ServerTimingHeadersConfig::build).transpose()?,
            )
            .build()
    }
}

impl CustomHeaders {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyCustomHeadersConfig> {
        let Self { items } = self;
        let one = |one: &CustomHeader| {
            let CustomHeader { header, value, r#override } = one;
            let built = sdk::ResponseHeadersPolicyCustomHeader::builder().header(header).value(value);
            built.r#override(*r#override).build()
        };
        let items = items.iter().map(one).collect::<Built<Vec<_>>>()?;
        counted!(sdk::ResponseHeadersPolicyCustomHeadersConfig, items)
    }
}

impl RemoveHeaders {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyRemoveHeadersConfig> {
        let Self { items } = self;
        let one = |RemoveHeader { header }: &RemoveHeader| {
            sdk::ResponseHeadersPolicyRemoveHeader::builder().header(header).build()
        };
        let items = items.iter().map(one).collect::<Built<Vec<_>>>()?;
        counted!(sdk::ResponseHeadersPolicyRemoveHeadersConfig, items)
    }
}

impl ServerTimingHeadersConfig {
    fn build(&self) -> Built<sdk::ResponseHeadersPolicyServerTimingHeadersConfig> {
        let Self { enabled, sampling_rate } = self;
        sdk::ResponseHeadersPolicyServerTimingHeadersConfig::builder()
            .enabled(*enabled)
            .set_sampling_rate(*sampling_rate)
            .build()
    }
}
