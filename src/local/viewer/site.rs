//! An edge's copy of a distribution's configuration. It is read once, and again after every change that passes the
//! gateway.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::types as sdk;
use axum::http::{HeaderMap, Method, header};

use super::super::clients::Clients;
use super::cache::{Key, Ttl};
use crate::sign::{VerifyingKey, glob};

/// How many seconds an error is kept if the distribution does not say.
const ERROR_TTL: i64 = 10;
/// The errors that edges keep.
const KEPT_ERRORS: [u16; 11] = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/// A distribution.
#[derive(Debug, Default)]
pub(super) struct Site {
    pub(super) id: String,
    pub(super) domain: String,
    pub(super) aliases: Vec<String>,
    pub(super) enabled: bool,
    countries: Option<Countries>,
    errors: BTreeMap<u16, i64>,
    /// In order; the last one matches every path.
    behaviors: Vec<Behavior>,
}

#[derive(Debug)]
struct Countries {
    allowed: bool,
    codes: BTreeSet<String>,
}

/// How requests for some paths are handled.
#[derive(Debug)]
pub(super) struct Behavior {
    pattern: Option<String>,
    methods: BTreeSet<String>,
    /// The keys that it accepts signatures of, by id; `None` if it requires no signature.
    pub(super) keys: Option<BTreeMap<String, VerifyingKey>>,
    pub(super) ttl: Ttl,
    compresses: bool,
    query: Names,
    headers: Names,
    cookies: Names,
}

/// Which headers, cookies or query parameters are in the cache key.
#[derive(Debug, Default)]
enum Names {
    #[default]
    None,
    All,
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Names {
    fn new(behavior: &str, names: Option<Vec<String>>) -> Self {
        let names = names.unwrap_or_default().into_iter().collect();
        match behavior {
            "all" => Self::All,
            "whitelist" => Self::Only(names),
            "allExcept" => Self::AllBut(names),
            _ => Self::None,
        }
    }

    fn take(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(names) => names.contains(name),
            Self::AllBut(names) => !names.contains(name),
        }
    }
}

impl Site {
    /// True if viewers in this country are served. A viewer without a country comes from this machine and is served.
    pub(super) fn serves(&self, country: Option<&str>) -> bool {
        match (&self.countries, country) {
            (Some(countries), Some(code)) => {
                countries.codes.contains(&code.to_ascii_uppercase()) == countries.allowed
            }
            _ => true,
        }
    }

    /// The behavior for a path.
    pub(super) fn behavior(&self, path: &str) -> Option<&Behavior> {
        let plain = |text: &'_ str| text.trim_start_matches('/').to_owned();
        let matches = |behavior: &&Behavior| {
            behavior.pattern.as_deref().is_none_or(|pattern| glob(&plain(pattern), &plain(path)))
        };
        self.behaviors.iter().find(matches)
    }

    /// How many seconds a response is kept.
    pub(super) fn keeps(&self, behavior: &Behavior, status: u16, headers: &HeaderMap) -> i64 {
        match status {
            200 => behavior.ttl.of(headers),
            error if KEPT_ERRORS.contains(&error) => self.errors.get(&error).copied().unwrap_or(ERROR_TTL),
            _ => 0,
        }
    }
}

impl Behavior {
    /// True if viewers may use the method.
    pub(super) fn takes(&self, method: &Method) -> bool {
        self.methods.contains(method.as_str())
    }

    /// The cache key of a request. The viewer's `Origin` is always included, because a kept response already has its
    /// CORS headers. A real edge adds those only when it sends.
    pub(super) fn key(&self, site: &Site, path_and_query: &str, headers: &HeaderMap) -> Key {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let name = |pair: &&str| self.query.take(pair.split('=').next().unwrap_or_default());
        let mut parts: Vec<String> = query.split('&').filter(name).map(str::to_owned).collect();
        let text = |name: &header::HeaderName| {
            headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        if let Names::Only(names) = &self.headers {
            let named = names.iter().filter_map(|name| header::HeaderName::try_from(name.as_str()).ok());
            parts.extend(named.map(|name| format!("{name}: {}", text(&name))));
        }
        let cookies = text(&header::COOKIE);
        let kept = cookies.split(';').map(str::trim);
        parts.extend(
            kept.filter(|one| {
                !one.is_empty() && self.cookies.take(one.split('=').next().unwrap_or_default())
            })
            .map(|one| format!("cookie {one}")),
        );
        parts.push(format!("origin {}", text(&header::ORIGIN)));
        if self.compresses {
            let accepted = text(&header::ACCEPT_ENCODING);
            let takes = |name: &str| accepted.split(',').any(|one| one.trim().starts_with(name));
            parts.push(format!("br {} gzip {}", takes("br"), takes("gzip")));
        }
        Key { site: site.id.clone(), path: path.to_owned(), rest: parts.join("\n") }
    }
}

/// Reads every distribution, with the resources that its behaviors refer to.
pub(super) async fn read(clients: &Clients) -> Result<Vec<Site>, String> {
    let mut sites = Vec::new();
    let mut marker = None;
    loop {
        let page = clients.cloudfront.list_distributions().set_marker(marker).send().await;
        let page = page.map_err(|error| format!("ListDistributions: {}", error.into_service_error()))?;
        let Some(list) = page.distribution_list else { break };
        let next = list.next_marker.filter(|next| list.is_truncated && !next.is_empty());
        for summary in list.items.unwrap_or_default() {
            sites.push(site(clients, summary.id, summary.domain_name).await?);
        }
        marker = next;
        if marker.is_none() {
            break;
        }
    }
    Ok(sites)
}

async fn site(clients: &Clients, id: String, domain: String) -> Result<Site, String> {
    let answer = clients.cloudfront.get_distribution_config().id(&id).send().await;
    let answer = answer.map_err(|error| format!("GetDistributionConfig: {}", error.into_service_error()))?;
    let config = answer.distribution_config.ok_or("GetDistributionConfig: no configuration")?;
    let mut behaviors = Vec::new();
    for one in config.cache_behaviors.and_then(|list| list.items).unwrap_or_default() {
        let parts = Parts {
            pattern: Some(one.path_pattern),
            methods: one.allowed_methods,
            groups: one.trusted_key_groups,
            policy: one.cache_policy_id,
        };
        behaviors.push(behavior(clients, parts).await?);
    }
    if let Some(one) = config.default_cache_behavior {
        let parts = Parts {
            pattern: None,
            methods: one.allowed_methods,
            groups: one.trusted_key_groups,
            policy: one.cache_policy_id,
        };
        behaviors.push(behavior(clients, parts).await?);
    }
    let errors = config.custom_error_responses.and_then(|list| list.items).unwrap_or_default();
    let errors = errors.into_iter().filter_map(|one| {
        Some((u16::try_from(one.error_code).ok()?, one.error_caching_min_ttl.unwrap_or(ERROR_TTL)))
    });
    Ok(Site {
        id,
        domain,
        aliases: config.aliases.and_then(|list| list.items).unwrap_or_default(),
        enabled: config.enabled,
        countries: config.restrictions.and_then(|one| one.geo_restriction).and_then(countries),
        errors: errors.collect(),
        behaviors,
    })
}

fn countries(restriction: sdk::GeoRestriction) -> Option<Countries> {
    let allowed = match restriction.restriction_type {
        sdk::GeoRestrictionType::Whitelist => true,
        sdk::GeoRestrictionType::Blacklist => false,
        _ => return None,
    };
    Some(Countries { allowed, codes: restriction.items.unwrap_or_default().into_iter().collect() })
}

/// The fields that the two SDK types of behaviors share, as far as they are used here.
struct Parts {
    pattern: Option<String>,
    methods: Option<sdk::AllowedMethods>,
    groups: Option<sdk::TrustedKeyGroups>,
    policy: Option<String>,
}

async fn behavior(clients: &Clients, parts: Parts) -> Result<Behavior, String> {
    let methods = parts.methods.map(|methods| methods.items);
    let methods = methods.unwrap_or_else(|| vec![sdk::Method::Get, sdk::Method::Head]);
    let groups = parts.groups.filter(|groups| groups.enabled).and_then(|groups| groups.items);
    let keys = match groups {
        Some(groups) if !groups.is_empty() => Some(trusted(clients, &groups).await?),
        _ => None,
    };
    let bare = Behavior {
        pattern: parts.pattern,
        methods: methods.iter().map(|method| method.as_str().to_owned()).collect(),
        keys,
        ttl: Ttl { min: 0, default: 0, max: 0 },
        compresses: false,
        query: Names::None,
        headers: Names::None,
        cookies: Names::None,
    };
    match parts.policy.filter(|id| !id.is_empty()) {
        Some(id) => with_policy(clients, &id, bare).await,
        None => Ok(bare),
    }
}

async fn with_policy(clients: &Clients, id: &str, bare: Behavior) -> Result<Behavior, String> {
    let answer = clients.cloudfront.get_cache_policy_config().id(id).send().await;
    let answer = answer.map_err(|error| format!("GetCachePolicyConfig: {}", error.into_service_error()))?;
    let policy = answer.cache_policy_config.ok_or("GetCachePolicyConfig: no configuration")?;
    let default = policy.default_ttl.unwrap_or(policy.min_ttl.max(86_400));
    let ttl = Ttl { min: policy.min_ttl, default, max: policy.max_ttl.unwrap_or(default.max(31_536_000)) };
    let Some(key) = policy.parameters_in_cache_key_and_forwarded_to_origin else {
        return Ok(Behavior { ttl, ..bare });
    };
    let query = key.query_strings_config.map(|one| {
        Names::new(one.query_string_behavior.as_str(), one.query_strings.and_then(|list| list.items))
    });
    let headers = key
        .headers_config
        .map(|one| Names::new(one.header_behavior.as_str(), one.headers.and_then(|list| list.items)));
    let cookies = key
        .cookies_config
        .map(|one| Names::new(one.cookie_behavior.as_str(), one.cookies.and_then(|list| list.items)));
    Ok(Behavior {
        ttl,
        compresses: key.enable_accept_encoding_gzip || key.enable_accept_encoding_brotli == Some(true),
        query: query.unwrap_or_default(),
        headers: headers.unwrap_or_default(),
        cookies: cookies.unwrap_or_default(),
        ..bare
    })
}

/// The public keys of key groups, by their ids.
async fn trusted(clients: &Clients, groups: &[String]) -> Result<BTreeMap<String, VerifyingKey>, String> {
    let mut keys = BTreeMap::new();
    for group in groups {
        let answer = clients.cloudfront.get_key_group_config().id(group).send().await;
        let answer = answer.map_err(|error| format!("GetKeyGroupConfig: {}", error.into_service_error()))?;
        for id in answer.key_group_config.map(|config| config.items).unwrap_or_default() {
            let answer = clients.cloudfront.get_public_key_config().id(&id).send().await;
            let answer =
                answer.map_err(|error| format!("GetPublicKeyConfig: {}", error.into_service_error()))?;
            let pem = answer.public_key_config.map(|config| config.encoded_key).unwrap_or_default();
            let key = VerifyingKey::from_pem(&pem).map_err(|error| format!("public key {id}: {error}"))?;
            keys.insert(id, key);
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behavior(pattern: Option<&str>) -> Behavior {
        Behavior {
            pattern: pattern.map(str::to_owned),
            methods: BTreeSet::from(["GET".to_owned()]),
            keys: None,
            ttl: Ttl { min: 0, default: 10, max: 60 },
            compresses: false,
            query: Names::None,
            headers: Names::None,
            cookies: Names::None,
        }
    }

    fn site() -> Site {
        let behaviors = vec![behavior(Some("*.m3u8")), behavior(Some("/live/*")), behavior(None)];
        Site { id: "E1".into(), behaviors, errors: BTreeMap::from([(403, 3)]), ..Site::default() }
    }

    #[test]
    fn the_first_behaviour_whose_pattern_matches_is_a_path_s() {
        let site = site();
        let pattern = |path| site.behavior(path).unwrap().pattern.as_deref();
        assert_eq!(pattern("/assets/a/index.m3u8"), Some("*.m3u8"));
        assert_eq!(pattern("/live/1.ts"), Some("/live/*"));
        assert_eq!(pattern("/assets/a/1.ts"), None);
    }

    #[test]
    fn countries_are_allowed_or_barred() {
        let with = |allowed| Site {
            countries: Some(Countries { allowed, codes: BTreeSet::from(["KR".to_owned()]) }),
            ..site()
        };
        assert!(with(true).serves(Some("kr")) && !with(true).serves(Some("US")) && with(true).serves(None));
        assert!(!with(false).serves(Some("KR")) && with(false).serves(Some("US")));
        assert!(site().serves(Some("US")));
    }

    #[test]
    fn errors_are_kept_as_the_distribution_says() {
        let site = site();
        let kept = |status| site.keeps(&site.behaviors[0], status, &HeaderMap::new());
        assert_eq!([kept(200), kept(403), kept(404), kept(206), kept(301)], [10, 3, ERROR_TTL, 0, 0]);
    }

    #[test]
    fn the_policy_says_what_tells_objects_apart() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=1; b=2".parse().unwrap());
        headers.insert(header::ACCEPT_ENCODING, "gzip, br".parse().unwrap());
        let none = behavior(None).key(&site(), "/x?q=1", &headers);
        assert_eq!((none.path.as_str(), none.rest.as_str()), ("/x", "origin "));
        let some = Behavior {
            compresses: true,
            query: Names::new("allExcept", Some(vec!["t".into()])),
            headers: Names::new("whitelist", Some(vec!["Accept-Encoding".into()])),
            cookies: Names::new("whitelist", Some(vec!["b".into()])),
            ..behavior(None)
        };
        let key = some.key(&site(), "/x?q=1&t=2", &headers);
        assert_eq!(key.rest, "q=1\naccept-encoding: gzip, br\ncookie b=2\norigin \nbr true gzip true");
    }
}
