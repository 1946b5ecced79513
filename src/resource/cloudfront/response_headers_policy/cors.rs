//! Which sites' pages may read responses, and the conversion to and from the SDK's types.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::super::shared::{Built, counted, words};

/// How long browsers keep the answer to a preflight request by default, in seconds.
const DEFAULT_MAX_AGE: i32 = 600;

/// Which sites' pages may read the responses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CorsConfig {
    /// Whether pages may send cookies. If so, the other lists may not hold `*`.
    pub access_control_allow_credentials: bool,
    /// Request headers that pages may set.
    pub access_control_allow_headers: Names,
    /// Methods that pages may use.
    pub access_control_allow_methods: Methods,
    /// The sites. `*` alone means every site.
    pub access_control_allow_origins: Names,
    /// Response headers that pages may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_control_expose_headers: Option<Names>,
    /// How long browsers may keep the answer to a preflight request, in seconds.
    pub access_control_max_age_sec: i32,
    /// Whether these replace the same headers of the origin.
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
        let Self {
            access_control_allow_credentials,
            access_control_allow_headers: Names { items: headers },
            access_control_allow_methods: Methods { items: methods },
            access_control_allow_origins: Names { items: origins },
            access_control_expose_headers,
            access_control_max_age_sec,
            origin_override,
        } = self;
        let headers = counted!(sdk::ResponseHeadersPolicyAccessControlAllowHeaders, headers.clone())?;
        let methods = counted!(sdk::ResponseHeadersPolicyAccessControlAllowMethods, methods.clone())?;
        let origins = counted!(sdk::ResponseHeadersPolicyAccessControlAllowOrigins, origins.clone())?;
        let exposed = access_control_expose_headers.as_ref().map(|Names { items }| {
            counted!(sdk::ResponseHeadersPolicyAccessControlExposeHeaders, items.clone())
        });
        sdk::ResponseHeadersPolicyCorsConfig::builder()
            .access_control_allow_credentials(*access_control_allow_credentials)
            .access_control_allow_headers(headers)
            .access_control_allow_methods(methods)
            .access_control_allow_origins(origins)
            .set_access_control_expose_headers(exposed.transpose()?)
            .access_control_max_age_sec(*access_control_max_age_sec)
            .origin_override(*origin_override)
            .build()
    }
}
