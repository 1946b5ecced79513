//! `AWS::CloudFront::CachePolicy`: how long edges keep objects, and what tells one object from another.
//!
//! Follows the CloudFront API reference, `CreateCachePolicy`. Its comment holds the mark.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::shared::{Built, counted, word};
use super::untagged::{CallNames, Codes, Listed, POLICIES, Page, Untagged, calls};
use crate::aws::{Context, OrEmpty, Result, SdkResult, required};
use crate::model::Kind;

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;
/// Whether CloudFront keeps a Brotli-compressed copy, unless a policy says so.
const BROTLI: bool = false;

/// A cache policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CachePolicy {
    /// Its configuration.
    pub cache_policy_config: CachePolicyConfig,
}

/// The configuration of a cache policy. Times are seconds, and minimum ≤ default ≤ maximum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CachePolicyConfig {
    /// Its name, unique in the account: letters, digits, hyphens and underscores, at most 128.
    pub name: String,
    /// Its comment, at most 128 characters. It holds the mark.
    #[serde(default)]
    pub comment: String,
    /// How long an object is kept at least, whatever its headers say.
    #[serde(rename = "MinTTL")]
    pub min_ttl: i64,
    /// How long an object is kept if its headers do not say.
    #[serde(rename = "DefaultTTL")]
    pub default_ttl: i64,
    /// How long an object is kept at most, whatever its headers say.
    #[serde(rename = "MaxTTL")]
    pub max_ttl: i64,
    /// What is part of the cache key and reaches the origin.
    pub parameters_in_cache_key_and_forwarded_to_origin: ParametersInCacheKeyAndForwardedToOrigin,
}

/// What is part of the cache key, in addition to host and path, and reaches the origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ParametersInCacheKeyAndForwardedToOrigin {
    /// Whether CloudFront keeps a Brotli-compressed copy for viewers that accept it.
    pub enable_accept_encoding_brotli: bool,
    /// Whether CloudFront keeps a gzip-compressed copy for viewers that accept it.
    pub enable_accept_encoding_gzip: bool,
    /// Which cookies.
    pub cookies_config: CookiesConfig,
    /// Which headers.
    pub headers_config: HeadersConfig,
    /// Which query parameters.
    pub query_strings_config: QueryStringsConfig,
}

/// Which cookies are in the cache key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CookiesConfig {
    /// None, all, those listed, or all but those listed.
    #[serde(with = "word")]
    pub cookie_behavior: sdk::CachePolicyCookieBehavior,
    /// Those listed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub cookies: BTreeSet<String>,
}

/// Which headers are in the cache key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct HeadersConfig {
    /// None, or those listed.
    #[serde(with = "word")]
    pub header_behavior: sdk::CachePolicyHeaderBehavior,
    /// Those listed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub headers: BTreeSet<String>,
}

/// Which query parameters are in the cache key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct QueryStringsConfig {
    /// None, all, those listed, or all but those listed.
    #[serde(with = "word")]
    pub query_string_behavior: sdk::CachePolicyQueryStringBehavior,
    /// Those listed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub query_strings: BTreeSet<String>,
}

impl ParametersInCacheKeyAndForwardedToOrigin {
    /// Only host and path: no cookies, no headers, no query parameters, nothing compressed.
    #[must_use]
    pub fn none() -> Self {
        Self {
            enable_accept_encoding_brotli: false,
            enable_accept_encoding_gzip: false,
            cookies_config: CookiesConfig {
                cookie_behavior: sdk::CachePolicyCookieBehavior::None,
                cookies: BTreeSet::new(),
            },
            headers_config: HeadersConfig {
                header_behavior: sdk::CachePolicyHeaderBehavior::None,
                headers: BTreeSet::new(),
            },
            query_strings_config: QueryStringsConfig {
                query_string_behavior: sdk::CachePolicyQueryStringBehavior::None,
                query_strings: BTreeSet::new(),
            },
        }
    }

    fn read(live: Option<sdk::ParametersInCacheKeyAndForwardedToOrigin>) -> Self {
        let mut read = Self::none();
        let Some(live) = live else { return read };
        read.enable_accept_encoding_gzip = live.enable_accept_encoding_gzip;
        read.enable_accept_encoding_brotli = live.enable_accept_encoding_brotli.unwrap_or(BROTLI);
        if let Some(live) = live.cookies_config {
            read.cookies_config = CookiesConfig {
                cookie_behavior: live.cookie_behavior,
                cookies: live.cookies.and_then(|list| list.items).or_empty().into_iter().collect(),
            };
        }
        if let Some(live) = live.headers_config {
            read.headers_config = HeadersConfig {
                header_behavior: live.header_behavior,
                headers: live.headers.and_then(|list| list.items).or_empty().into_iter().collect(),
            };
        }
        if let Some(live) = live.query_strings_config {
            let query_strings = live.query_strings.and_then(|list| list.items).or_empty();
            read.query_strings_config = QueryStringsConfig {
                query_string_behavior: live.query_string_behavior,
                query_strings: query_strings.into_iter().collect(),
            };
        }
        read
    }

    fn build(&self) -> Built<sdk::ParametersInCacheKeyAndForwardedToOrigin> {
        let Self {
            enable_accept_encoding_brotli,
            enable_accept_encoding_gzip,
            cookies_config: CookiesConfig { cookie_behavior, cookies },
            headers_config: HeadersConfig { header_behavior, headers },
            query_strings_config: QueryStringsConfig { query_string_behavior, query_strings },
        } = self;
        // A behavior that lists nothing takes no list, not an empty one.
        let names = |set: &BTreeSet<String>| (!set.is_empty()).then(|| set.clone());
        let cookies = names(cookies).map(|set| counted!(sdk::CookieNames, set)).transpose()?;
        let headers = names(headers).map(|set| counted!(sdk::Headers, set)).transpose()?;
        let query_strings =
            names(query_strings).map(|set| counted!(sdk::QueryStringNames, set)).transpose()?;
        let cookies = sdk::CachePolicyCookiesConfig::builder()
            .cookie_behavior(cookie_behavior.clone())
            .set_cookies(cookies);
        let headers = sdk::CachePolicyHeadersConfig::builder()
            .header_behavior(header_behavior.clone())
            .set_headers(headers);
        let query_strings = sdk::CachePolicyQueryStringsConfig::builder()
            .query_string_behavior(query_string_behavior.clone())
            .set_query_strings(query_strings);
        sdk::ParametersInCacheKeyAndForwardedToOrigin::builder()
            .enable_accept_encoding_brotli(*enable_accept_encoding_brotli)
            .enable_accept_encoding_gzip(*enable_accept_encoding_gzip)
            .cookies_config(cookies.build()?)
            .headers_config(headers.build()?)
            .query_strings_config(query_strings.build()?)
            .build()
    }
}

impl Untagged for CachePolicy {
    const KIND: Kind = Kind::new("AWS::CloudFront::CachePolicy");
    const CALLS: CallNames = CallNames {
        list: "cloudfront:ListCachePolicies",
        get: "cloudfront:GetCachePolicy",
        create: "cloudfront:CreateCachePolicy",
        update: "cloudfront:UpdateCachePolicy",
        delete: "cloudfront:DeleteCachePolicy",
    };
    const CODES: Codes = Codes {
        absent: "NoSuchCachePolicy",
        name_taken: "CachePolicyAlreadyExists",
        in_use: "CachePolicyInUse",
    };
    const CREATED_ON: &'static [&'static str] = POLICIES;
    const ON: &'static [&'static str] = POLICIES;
    type Config = sdk::CachePolicyConfig;

    fn name(&self) -> &str {
        &self.cache_policy_config.name
    }

    fn comment(&self) -> Option<&str> {
        Some(&self.cache_policy_config.comment)
    }

    fn read(live: Self::Config) -> Self {
        let default_ttl = live.default_ttl.unwrap_or(live.min_ttl.max(DAY));
        let parameters = live.parameters_in_cache_key_and_forwarded_to_origin;
        let cache_policy_config = CachePolicyConfig {
            name: live.name,
            // absent is empty: a comment is optional in CloudFront, and text in CloudFormation.
            comment: live.comment.unwrap_or_default(),
            min_ttl: live.min_ttl,
            default_ttl,
            max_ttl: live.max_ttl.unwrap_or(default_ttl.max(YEAR)),
            parameters_in_cache_key_and_forwarded_to_origin: ParametersInCacheKeyAndForwardedToOrigin::read(
                parameters,
            ),
        };
        Self { cache_policy_config }
    }

    fn fresh(&self) -> Built<Self::Config> {
        let CachePolicyConfig {
            name,
            comment,
            min_ttl,
            default_ttl,
            max_ttl,
            parameters_in_cache_key_and_forwarded_to_origin: parameters,
        } = &self.cache_policy_config;
        sdk::CachePolicyConfig::builder()
            .name(name)
            .comment(comment)
            .min_ttl(*min_ttl)
            .default_ttl(*default_ttl)
            .max_ttl(*max_ttl)
            .parameters_in_cache_key_and_forwarded_to_origin(parameters.build()?)
            .build()
    }

    async fn page(cx: &Context, marker: Option<String>) -> Result<Page> {
        let call = cx.cloudfront().list_cache_policies().r#type(sdk::CachePolicyType::Custom);
        let list = call.set_marker(marker).send().await.named(Self::CALLS.list)?.cache_policy_list;
        let list = required(list, Self::CALLS.list, "CachePolicyList")?;
        let entry = |one: sdk::CachePolicySummary| {
            let policy = required(one.cache_policy, Self::CALLS.list, "CachePolicy")?;
            let config = required(policy.cache_policy_config, Self::CALLS.list, "CachePolicyConfig")?;
            Ok(Listed { id: policy.id, name: config.name, comment: config.comment })
        };
        Page::read(list.items, entry, list.next_marker)
    }

    calls!(
        get_cache_policy,
        create_cache_policy,
        update_cache_policy,
        delete_cache_policy,
        cache_policy.cache_policy_config
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> CachePolicyConfig {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        CachePolicyConfig {
            name: "vod-playlists".into(),
            comment: "provision:vod:delivery/playlists".into(),
            min_ttl: 1,
            default_ttl: 10,
            max_ttl: 60,
            parameters_in_cache_key_and_forwarded_to_origin: ParametersInCacheKeyAndForwardedToOrigin {
                enable_accept_encoding_brotli: true,
                enable_accept_encoding_gzip: true,
                cookies_config: CookiesConfig {
                    cookie_behavior: sdk::CachePolicyCookieBehavior::AllExcept,
                    cookies: names(&["b", "a"]),
                },
                headers_config: HeadersConfig {
                    header_behavior: sdk::CachePolicyHeaderBehavior::Whitelist,
                    headers: names(&["Origin"]),
                },
                query_strings_config: QueryStringsConfig {
                    query_string_behavior: sdk::CachePolicyQueryStringBehavior::Whitelist,
                    query_strings: names(&["v"]),
                },
            },
        }
    }

    #[test]
    fn it_survives_the_way_to_the_sdk_and_back() {
        let policy = |config: &CachePolicyConfig| CachePolicy { cache_policy_config: config.clone() };
        let full = config();
        assert_eq!(CachePolicy::read(policy(&full).fresh().unwrap()), policy(&full));
        let bare = CachePolicyConfig {
            parameters_in_cache_key_and_forwarded_to_origin: ParametersInCacheKeyAndForwardedToOrigin::none(),
            ..full
        };
        let built = policy(&bare).fresh().unwrap();
        let parameters = built.parameters_in_cache_key_and_forwarded_to_origin.clone().unwrap();
        assert_eq!(parameters.cookies_config.unwrap().cookies, None, "`none` takes no list");
        assert_eq!(CachePolicy::read(built), policy(&bare));
    }

    #[test]
    fn what_aws_leaves_out_is_its_default() {
        let live = |min| sdk::CachePolicyConfig::builder().name("x").min_ttl(min).build().unwrap();
        let times = |min| {
            let read = CachePolicy::read(live(min)).cache_policy_config;
            (read.default_ttl, read.max_ttl)
        };
        assert_eq!(times(0), (DAY, YEAR));
        assert_eq!(times(2 * YEAR), (2 * YEAR, 2 * YEAR));
    }
}
