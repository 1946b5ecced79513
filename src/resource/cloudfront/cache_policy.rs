//! `AWS::CloudFront::CachePolicy`: how long edges keep objects, and what tells one object from another.
//!
//! Follows the CloudFront API reference, `CreateCachePolicy`. It cannot be tagged: its mark is its comment.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::operation::get_cache_policy::GetCachePolicyOutput;
use aws_sdk_cloudfront::types as sdk;
use serde::{Deserialize, Serialize};

use super::shared::{Built, counted, incomplete, when_unused, with_fresh_etag, word};
use super::untagged::{Listed, UNTAGGED, created, every_page, made, observed, owned, ownership, pick};
use crate::aws::{Context, Result, SdkResult};
use crate::model::{ANYTHING, Allow, Changes, Kind, Mark, Permissions, Scope};
use crate::resource::{Created, Observed, Removal, Resolved, Resource};

const ABSENT: &[&str] = &["NoSuchCachePolicy"];
const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;

/// A cache policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CachePolicy {
    /// All of it.
    pub cache_policy_config: CachePolicyConfig,
}

/// What a cache policy consists of. Times are seconds, and minimum ≤ default ≤ maximum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CachePolicyConfig {
    /// Its name, unique in the account: letters, digits, hyphens and underscores, at most 128.
    pub name: String,
    /// Its comment, at most 128 characters: the mark.
    #[serde(default)]
    pub comment: String,
    /// The least time an object is kept, whatever it says of itself.
    #[serde(rename = "MinTTL")]
    pub min_ttl: i64,
    /// How long an object is kept that says nothing of itself.
    #[serde(rename = "DefaultTTL")]
    pub default_ttl: i64,
    /// The most time an object is kept, whatever it says of itself.
    #[serde(rename = "MaxTTL")]
    pub max_ttl: i64,
    /// What tells objects apart, and reaches the origin.
    pub parameters_in_cache_key_and_forwarded_to_origin: ParametersInCacheKeyAndForwardedToOrigin,
}

/// What beside host and path tells objects apart, and reaches the origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ParametersInCacheKeyAndForwardedToOrigin {
    /// Keep a Brotli-compressed copy for viewers that take it.
    pub enable_accept_encoding_brotli: bool,
    /// Keep a gzip-compressed copy for viewers that take it.
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
    /// Host and path alone: no cookies, no headers, no query parameters, nothing compressed.
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
        read.enable_accept_encoding_brotli = live.enable_accept_encoding_brotli.unwrap_or_default();
        if let Some(live) = live.cookies_config {
            let cookies = live.cookies.and_then(|list| list.items).unwrap_or_default();
            read.cookies_config = CookiesConfig {
                cookie_behavior: live.cookie_behavior,
                cookies: cookies.into_iter().collect(),
            };
        }
        if let Some(live) = live.headers_config {
            let headers = live.headers.and_then(|list| list.items).unwrap_or_default();
            read.headers_config = HeadersConfig {
                header_behavior: live.header_behavior,
                headers: headers.into_iter().collect(),
            };
        }
        if let Some(live) = live.query_strings_config {
            let query_strings = live.query_strings.and_then(|list| list.items).unwrap_or_default();
            read.query_strings_config = QueryStringsConfig {
                query_string_behavior: live.query_string_behavior,
                query_strings: query_strings.into_iter().collect(),
            };
        }
        read
    }

    fn build(&self) -> Built<sdk::ParametersInCacheKeyAndForwardedToOrigin> {
        let names = |set: &BTreeSet<String>| (!set.is_empty()).then(|| set.clone());
        let CookiesConfig { cookie_behavior, cookies } = &self.cookies_config;
        let HeadersConfig { header_behavior, headers } = &self.headers_config;
        let QueryStringsConfig { query_string_behavior, query_strings } = &self.query_strings_config;
        sdk::ParametersInCacheKeyAndForwardedToOrigin::builder()
            .enable_accept_encoding_brotli(self.enable_accept_encoding_brotli)
            .enable_accept_encoding_gzip(self.enable_accept_encoding_gzip)
            .cookies_config(
                sdk::CachePolicyCookiesConfig::builder()
                    .cookie_behavior(cookie_behavior.clone())
                    .set_cookies(names(cookies).map(|set| counted!(sdk::CookieNames, set)).transpose()?)
                    .build()?,
            )
            .headers_config(
                sdk::CachePolicyHeadersConfig::builder()
                    .header_behavior(header_behavior.clone())
                    .set_headers(names(headers).map(|set| counted!(sdk::Headers, set)).transpose()?)
                    .build()?,
            )
            .query_strings_config(
                sdk::CachePolicyQueryStringsConfig::builder()
                    .query_string_behavior(query_string_behavior.clone())
                    .set_query_strings(
                        names(query_strings).map(|set| counted!(sdk::QueryStringNames, set)).transpose()?,
                    )
                    .build()?,
            )
            .build()
    }
}

impl CachePolicyConfig {
    fn read(live: sdk::CachePolicyConfig) -> Self {
        let default_ttl = live.default_ttl.unwrap_or(live.min_ttl.max(DAY));
        Self {
            name: live.name,
            comment: live.comment.unwrap_or_default(),
            min_ttl: live.min_ttl,
            default_ttl,
            max_ttl: live.max_ttl.unwrap_or(default_ttl.max(YEAR)),
            parameters_in_cache_key_and_forwarded_to_origin: ParametersInCacheKeyAndForwardedToOrigin::read(
                live.parameters_in_cache_key_and_forwarded_to_origin,
            ),
        }
    }

    fn build(&self) -> Built<sdk::CachePolicyConfig> {
        sdk::CachePolicyConfig::builder()
            .name(&self.name)
            .comment(&self.comment)
            .min_ttl(self.min_ttl)
            .default_ttl(self.default_ttl)
            .max_ttl(self.max_ttl)
            .parameters_in_cache_key_and_forwarded_to_origin(
                self.parameters_in_cache_key_and_forwarded_to_origin.build()?,
            )
            .build()
    }
}

async fn listed(cx: &Context) -> Result<Vec<Listed>> {
    const CALL: &str = "cloudfront:ListCachePolicies";
    every_page(cx, CALL, |cx, marker| async move {
        let call =
            cx.cloudfront().list_cache_policies().r#type(sdk::CachePolicyType::Custom).set_marker(marker);
        let list = call.send().await.named(CALL)?.cache_policy_list;
        Ok(list.map(|list| {
            let items = list.items.unwrap_or_default().into_iter().filter_map(|summary| summary.cache_policy);
            let entries = items.filter_map(|policy| {
                let config = policy.cache_policy_config?;
                Some(Listed::new(policy.id, config.name, config.comment))
            });
            (entries.collect(), list.next_marker)
        }))
    })
    .await
}

async fn get(cx: &Context, id: &str) -> Result<Option<GetCachePolicyOutput>> {
    cx.cloudfront().get_cache_policy().id(id).send().await.unless("cloudfront:GetCachePolicy", ABSENT)
}

async fn etag(cx: &Context, id: &str) -> Result<Option<String>> {
    Ok(get(cx, id).await?.and_then(|answer| answer.e_tag))
}

impl Resource for CachePolicy {
    const KIND: Kind = Kind::new("AWS::CloudFront::CachePolicy");
    const CREATE_ONLY: &'static [&'static str] = &[];
    const PERMISSIONS: Permissions = Permissions {
        observe: &[
            Allow::new(&["cloudfront:ListCachePolicies"], ANYTHING),
            Allow::new(&["cloudfront:GetCachePolicy"], UNTAGGED),
        ],
        create: &[Allow::new(&["cloudfront:CreateCachePolicy"], UNTAGGED)],
        update: &[Allow::new(&["cloudfront:UpdateCachePolicy"], UNTAGGED)],
        delete: &[Allow::new(&["cloudfront:DeleteCachePolicy"], UNTAGGED)],
        empty: &[],
        list: &[Allow::new(&["cloudfront:ListCachePolicies"], ANYTHING)],
    };

    fn id(&self, _: &Scope) -> Option<String> {
        None
    }

    async fn find(cx: &Context, declared: &Self, mark: &Mark) -> Result<Option<String>> {
        Ok(pick(&listed(cx).await?, &declared.cache_policy_config.name, Some(mark)))
    }

    async fn observe(cx: &Context, id: &str) -> Result<Option<Observed<Self>>> {
        let live = get(cx, id)
            .await?
            .and_then(|answer| answer.cache_policy)
            .and_then(|found| found.cache_policy_config);
        let Some(live) = live else { return Ok(None) };
        let config = CachePolicyConfig::read(live);
        let ownership = ownership(&config.name, &config.comment);
        Ok(Some(observed(id, Self { cache_policy_config: config }, ownership)))
    }

    async fn create(cx: &Context, desired: &Resolved<Self>) -> Result<Created> {
        const CALL: &str = "cloudfront:CreateCachePolicy";
        let config = &desired.cache_policy_config;
        let request = config.build().map_err(incomplete(CALL))?;
        let call = cx.cloudfront().create_cache_policy().cache_policy_config(request);
        let answer = call.send().await.named(CALL).map(|answer| answer.cache_policy.map(|made| made.id));
        let id =
            made(cx, answer, "CachePolicyAlreadyExists", listed(cx), (&config.name, &config.comment)).await?;
        created(CALL, id)
    }

    async fn update(
        cx: &Context,
        seen: &Observed<Self>,
        desired: &Resolved<Self>,
        _: &Changes,
    ) -> Result<()> {
        const CALL: &str = "cloudfront:UpdateCachePolicy";
        let request = desired.cache_policy_config.build().map_err(incomplete(CALL))?;
        with_fresh_etag(|| async {
            let call =
                cx.cloudfront().update_cache_policy().id(&seen.id).cache_policy_config(request.clone());
            call.set_if_match(etag(cx, &seen.id).await?).send().await.named(CALL).map(drop)
        })
        .await
    }

    async fn delete(cx: &Context, id: &str, _: Removal) -> Result<()> {
        when_unused(cx, "CachePolicyInUse", || async {
            let Some(etag) = etag(cx, id).await? else { return Ok(()) };
            let call = cx.cloudfront().delete_cache_policy().id(id).if_match(etag);
            call.send().await.unless("cloudfront:DeleteCachePolicy", ABSENT).map(drop)
        })
        .await
    }

    async fn list_owned(cx: &Context) -> Result<Vec<(String, Mark)>> {
        Ok(owned(listed(cx).await?, &cx.scope))
    }
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
        let full = config();
        assert_eq!(CachePolicyConfig::read(full.build().unwrap()), full);
        let bare = CachePolicyConfig {
            parameters_in_cache_key_and_forwarded_to_origin: ParametersInCacheKeyAndForwardedToOrigin::none(),
            ..full
        };
        let built = bare.build().unwrap();
        let parameters = built.parameters_in_cache_key_and_forwarded_to_origin.clone().unwrap();
        assert_eq!(parameters.cookies_config.unwrap().cookies, None, "`none` takes no list");
        assert_eq!(CachePolicyConfig::read(built), bare);
    }

    #[test]
    fn what_aws_leaves_out_is_its_default() {
        let live = |min| sdk::CachePolicyConfig::builder().name("x").min_ttl(min).build().unwrap();
        let times = |min| {
            let read = CachePolicyConfig::read(live(min));
            (read.default_ttl, read.max_ttl)
        };
        assert_eq!(times(0), (DAY, YEAR));
        assert_eq!(times(2 * YEAR), (2 * YEAR, 2 * YEAR));
    }
}
