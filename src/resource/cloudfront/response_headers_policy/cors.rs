//! Which sites' pages may read what a response headers policy is for, and the way to the SDK's types and back.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted, words};

/// How long browsers keep the answer to a preflight where the policy does not say, in seconds.
const DEFAULT_MAX_AGE: i32 = 600;

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

impl CorsConfig {
    pub(super) fn read(live: sdk::ResponseHeadersPolicyCorsConfig) -> Self {
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

    pub(super) fn build(&self) -> Built<sdk::ResponseHeadersPolicyCorsConfig> {
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
