//! Cases of Amazon CloudFront.

mod distribution;
mod headers_policy;

use provision::aws::Context;
use provision::model::{Address, Kind, Mark};
use serde_json::{Value, json};

use super::{Case, STACK, need};
use distribution::distribution;
use headers_policy::headers_policy;

const ORIGIN_ACCESS: Kind = Kind::new("AWS::CloudFront::OriginAccessControl");
const CACHE_POLICY: Kind = Kind::new("AWS::CloudFront::CachePolicy");
const PUBLIC_KEY: Kind = Kind::new("AWS::CloudFront::PublicKey");
const HEADERS_POLICY: Kind = Kind::new("AWS::CloudFront::ResponseHeadersPolicy");

/// Public keys. Their private halves were not kept.
const RSA: &str = include_str!("../../../src/stack/config/testdata/rsa2048.pem");
const P256: &str = include_str!("../../../src/stack/config/testdata/p256.pem");
const DISTRIBUTION: Kind = Kind::new("AWS::CloudFront::Distribution");

fn monitoring(status: &str) -> Value {
    let config = json!({ "RealtimeMetricsSubscriptionStatus": status });
    json!({
        "DistributionId": need(3, "Id"),
        "MonitoringSubscription": { "RealtimeMetricsSubscriptionConfig": config },
    })
}

fn comment(address: &str) -> String {
    Mark { stack: STACK.into(), address: Address::new(address) }.comment()
}

fn origin_access(address: &str) -> Value {
    json!({
        "OriginAccessControlConfig": {
            "Name": "vod-case-output",
            "Description": comment(address),
            "OriginAccessControlOriginType": "s3",
            "SigningBehavior": "always",
            "SigningProtocol": "sigv4",
        },
    })
}

fn cache_policy(address: &str) -> Value {
    json!({
        "CachePolicyConfig": {
            "Name": "vod-case-playlists",
            "Comment": comment(address),
            "MinTTL": 0,
            "DefaultTTL": 10,
            "MaxTTL": 60,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingBrotli": true,
                "EnableAcceptEncodingGzip": true,
                "CookiesConfig": { "CookieBehavior": "none" },
                "HeadersConfig": { "HeaderBehavior": "none" },
                "QueryStringsConfig": { "QueryStringBehavior": "none" },
            },
        },
    })
}

fn public_key(address: &str, name: &str, pem: &str) -> Value {
    json!({
        "PublicKeyConfig": {
            "CallerReference": name,
            "Name": name,
            "EncodedKey": pem,
            "Comment": comment(address),
        },
    })
}

fn key_group(keys: &[usize]) -> Value {
    let ids: Vec<Value> = keys.iter().map(|index| need(*index, "Id")).collect();
    json!({ "KeyGroupConfig": { "Name": "vod-case-viewers", "Items": ids, "Comment": comment("case") } })
}

fn cache_variants() -> Vec<(&'static str, Value)> {
    vec![
        ("/CachePolicyConfig/Name", json!("vod-case-renamed")),
        ("/CachePolicyConfig/Comment", json!("edited by hand")),
        ("/CachePolicyConfig/MinTTL", json!(1)),
        ("/CachePolicyConfig/DefaultTTL", json!(20)),
        ("/CachePolicyConfig/MaxTTL", json!(3600)),
        (
            "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/EnableAcceptEncodingBrotli",
            json!(false),
        ),
        (
            "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/EnableAcceptEncodingGzip",
            json!(false),
        ),
        (
            "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/HeadersConfig",
            json!({ "HeaderBehavior": "whitelist", "Headers": ["Origin"] }),
        ),
        (
            "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/CookiesConfig",
            json!({ "CookieBehavior": "allExcept", "Cookies": ["a", "b"] }),
        ),
        (
            "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/QueryStringsConfig",
            json!({ "QueryStringBehavior": "all" }),
        ),
    ]
}

/// A cache policy whose key has some cookies, headers and query parameters.
fn listing_cache_policy() -> Value {
    let mut policy = cache_policy("case");
    let parameters = &mut policy["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"];
    parameters["CookiesConfig"] = json!({ "CookieBehavior": "whitelist", "Cookies": ["a"] });
    parameters["HeadersConfig"] = json!({ "HeaderBehavior": "whitelist", "Headers": ["Origin"] });
    parameters["QueryStringsConfig"] = json!({ "QueryStringBehavior": "whitelist", "QueryStrings": ["v"] });
    policy
}

fn listing_cache_variants() -> Vec<(&'static str, Value)> {
    const PARAMETERS: [&str; 5] = [
        "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/CookiesConfig/CookieBehavior",
        "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/CookiesConfig/Cookies",
        "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/HeadersConfig/Headers",
        "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/QueryStringsConfig/QueryStringBehavior",
        "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/QueryStringsConfig/QueryStrings",
    ];
    let values =
        [json!("allExcept"), json!(["a", "b"]), json!(["Host", "Origin"]), json!("allExcept"), json!(["w"])];
    PARAMETERS.into_iter().zip(values).collect()
}

/// The cases of this service.
pub(crate) fn cases(_: &Context) -> Vec<Case> {
    let needs = vec![
        (ORIGIN_ACCESS, origin_access("need/0")),
        (CACHE_POLICY, cache_policy("need/1")),
        (HEADERS_POLICY, headers_policy("need/2")),
    ];
    let mut cases = vec![
        Case {
            kind: ORIGIN_ACCESS,
            needs: vec![],
            base: origin_access("case"),
            variants: vec![
                ("/OriginAccessControlConfig/Name", json!("vod-case-renamed")),
                ("/OriginAccessControlConfig/Description", Value::Null),
                ("/OriginAccessControlConfig/OriginAccessControlOriginType", json!("lambda")),
                ("/OriginAccessControlConfig/SigningBehavior", json!("no-override")),
            ],
            fixed: vec![("OriginAccessControlConfig.SigningProtocol", "sigv4 is the only one")],
        },
        Case {
            kind: CACHE_POLICY,
            needs: vec![],
            base: cache_policy("case"),
            variants: cache_variants(),
            fixed: vec![(
                "HeadersConfig.HeaderBehavior",
                "`none` takes no list and `whitelist` needs one, so both change together",
            )],
        },
        Case {
            kind: CACHE_POLICY,
            needs: vec![],
            base: listing_cache_policy(),
            variants: listing_cache_variants(),
            fixed: vec![],
        },
        Case {
            kind: HEADERS_POLICY,
            needs: vec![],
            base: headers_policy("case"),
            variants: headers_policy::variants(),
            fixed: headers_policy::fixed(),
        },
        Case {
            kind: PUBLIC_KEY,
            needs: vec![],
            base: public_key("case", "vod-case-viewer", RSA),
            variants: vec![
                ("/PublicKeyConfig/Comment", json!(comment("moved"))),
                ("/PublicKeyConfig/Comment", Value::Null),
            ],
            fixed: vec![
                ("PublicKeyConfig.CallerReference", "it reads as the name"),
                ("PublicKeyConfig.EncodedKey", "CloudFront refuses another key"),
                ("PublicKeyConfig.Name", "CloudFront refuses another name"),
            ],
        },
        Case {
            kind: Kind::new("AWS::CloudFront::KeyGroup"),
            needs: vec![
                (PUBLIC_KEY, public_key("need/0", "vod-case-viewer-0", RSA)),
                (PUBLIC_KEY, public_key("need/1", "vod-case-viewer-1", P256)),
            ],
            base: key_group(&[0]),
            variants: vec![
                ("/KeyGroupConfig/Name", json!("vod-case-renamed")),
                ("/KeyGroupConfig/Items", json!([need(1, "Id")])),
                ("/KeyGroupConfig/Items", json!([need(0, "Id"), need(1, "Id")])),
                ("/KeyGroupConfig/Items", json!([need(1, "Id"), need(0, "Id")])),
                ("/KeyGroupConfig/Comment", Value::Null),
            ],
            fixed: vec![],
        },
        Case {
            kind: Kind::new("AWS::CloudFront::MonitoringSubscription"),
            needs: needs.iter().cloned().chain([(DISTRIBUTION, distribution())]).collect(),
            base: monitoring("Enabled"),
            variants: vec![(
                "/MonitoringSubscription",
                monitoring("Disabled")["MonitoringSubscription"].clone(),
            )],
            fixed: vec![],
        },
    ];
    cases.extend(distribution::cases(needs));
    cases
}
