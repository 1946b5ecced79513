//! Cases of Amazon CloudFront.

mod by_hand;

use provision::aws::Context;
use provision::model::{Address, Kind, Mark};
use serde_json::{Value, json};

use super::{Case, STACK, need, other_tags, tags};

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

fn headers_policy(address: &str) -> Value {
    json!({
        "ResponseHeadersPolicyConfig": {
            "Name": "vod-case-headers",
            "Comment": comment(address),
            "CorsConfig": {
                "AccessControlAllowCredentials": false,
                "AccessControlAllowHeaders": { "Items": ["*"] },
                "AccessControlAllowMethods": { "Items": ["GET", "HEAD"] },
                "AccessControlAllowOrigins": { "Items": ["https://a.example.com", "https://b.example.com"] },
                "AccessControlExposeHeaders": { "Items": ["Age", "ETag"] },
                "AccessControlMaxAgeSec": 7200,
                "OriginOverride": true,
            },
            "SecurityHeadersConfig": {
                "ContentTypeOptions": { "Override": true },
                "FrameOptions": { "FrameOption": "DENY", "Override": true },
                "ReferrerPolicy": { "ReferrerPolicy": "no-referrer", "Override": true },
                "StrictTransportSecurity": {
                    "AccessControlMaxAgeSec": 31_536_000,
                    "IncludeSubdomains": false,
                    "Preload": false,
                    "Override": true,
                },
            },
            "CustomHeadersConfig": { "Items": [{ "Header": "X-Service", "Value": "vod", "Override": true }] },
            "RemoveHeadersConfig": { "Items": [{ "Header": "Server" }, { "Header": "x-amz-version-id" }] },
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

fn behavior(path_pattern: Option<&str>) -> Value {
    let mut behavior = json!({
        "TargetOriginId": "output",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD"],
        "CachedMethods": ["GET", "HEAD"],
        "Compress": true,
        "CachePolicyId": need(1, "Id"),
        "ResponseHeadersPolicyId": need(2, "Id"),
    });
    if let Some(pattern) = path_pattern {
        behavior["PathPattern"] = json!(pattern);
    }
    behavior
}

fn error(code: u16, seconds: u16) -> Value {
    json!({ "ErrorCode": code, "ErrorCachingMinTTL": seconds })
}

fn origin() -> Value {
    json!({
        "Id": "output",
        "DomainName": "vod-case-output.s3.ap-northeast-2.amazonaws.com",
        "OriginAccessControlId": need(0, "Id"),
        "S3OriginConfig": { "OriginAccessIdentity": "" },
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 10,
    })
}

fn distribution() -> Value {
    json!({
        "DistributionConfig": {
            "Comment": comment("case"),
            "Enabled": true,
            "Origins": [origin()],
            "DefaultCacheBehavior": behavior(None),
            "CacheBehaviors": [behavior(Some("*.m3u8"))],
            "CustomErrorResponses": [error(403, 10), error(404, 10)],
            "HttpVersion": "http2and3",
            "IPV6Enabled": true,
            "PriceClass": "PriceClass_All",
            "ViewerCertificate": { "CloudFrontDefaultCertificate": true, "MinimumProtocolVersion": "TLSv1" },
        },
        "Tags": tags("case"),
    })
}

fn distribution_variants() -> Vec<(&'static str, Value)> {
    let only = json!({ "GeoRestriction": { "RestrictionType": "whitelist", "Locations": ["JP", "KR"] } });
    let own = json!({
        "AcmCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/0123",
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    });
    let logs = json!({ "Bucket": "theirs.s3.amazonaws.com", "IncludeCookies": false, "Prefix": "vod/" });
    let mut second = origin();
    second["Id"] = json!("second");
    vec![
        ("/Tags", other_tags("case")),
        ("/DistributionConfig/Comment", json!("edited by hand")),
        ("/DistributionConfig/Enabled", json!(false)),
        ("/DistributionConfig/Aliases", json!(["a.example.com", "b.example.com"])),
        ("/DistributionConfig/DefaultRootObject", json!("index.html")),
        ("/DistributionConfig/Origins", json!([origin(), second])),
        ("/DistributionConfig/Origins/0/DomainName", json!("vod-case-other.s3.ap-northeast-2.amazonaws.com")),
        ("/DistributionConfig/Origins/0/OriginPath", json!("/assets")),
        ("/DistributionConfig/Origins/0/OriginAccessControlId", Value::Null),
        ("/DistributionConfig/Origins/0/ConnectionAttempts", json!(2)),
        ("/DistributionConfig/Origins/0/ConnectionTimeout", json!(5)),
        (
            "/DistributionConfig/Origins/0/OriginShield",
            json!({ "Enabled": true, "OriginShieldRegion": "ap-northeast-2" }),
        ),
        ("/DistributionConfig/DefaultCacheBehavior/ViewerProtocolPolicy", json!("https-only")),
        ("/DistributionConfig/DefaultCacheBehavior/AllowedMethods", json!(["GET", "HEAD", "OPTIONS"])),
        ("/DistributionConfig/DefaultCacheBehavior/Compress", json!(false)),
        ("/DistributionConfig/DefaultCacheBehavior/ResponseHeadersPolicyId", Value::Null),
        ("/DistributionConfig/DefaultCacheBehavior/TrustedKeyGroups", json!(["group"])),
        ("/DistributionConfig/DefaultCacheBehavior/TrustedSigners", json!(["111122223333", "self"])),
        (
            "/DistributionConfig/DefaultCacheBehavior/FunctionAssociations",
            json!([{
                "EventType": "viewer-request",
                "FunctionARN": "arn:aws:cloudfront::111122223333:function/vod",
            }]),
        ),
        (
            "/DistributionConfig/DefaultCacheBehavior/LambdaFunctionAssociations",
            json!([{
                "EventType": "origin-request",
                "IncludeBody": true,
                "LambdaFunctionARN": "arn:aws:lambda:us-east-1:111122223333:function:vod:1",
            }]),
        ),
        (
            "/DistributionConfig/DefaultCacheBehavior/OriginRequestPolicyId",
            json!("88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"),
        ),
        (
            "/DistributionConfig/DefaultCacheBehavior/RealtimeLogConfigArn",
            json!("arn:aws:cloudfront::111122223333:realtime-log-config/vod"),
        ),
        ("/DistributionConfig/CacheBehaviors", Value::Null),
        (
            "/DistributionConfig/CacheBehaviors",
            json!([behavior(Some("*/asset.json")), behavior(Some("*.m3u8"))]),
        ),
        ("/DistributionConfig/CacheBehaviors/0/Compress", json!(false)),
        ("/DistributionConfig/CustomErrorResponses", json!([error(403, 5), error(503, 0)])),
        ("/DistributionConfig/HttpVersion", json!("http2")),
        ("/DistributionConfig/IPV6Enabled", json!(false)),
        ("/DistributionConfig/PriceClass", json!("PriceClass_100")),
        ("/DistributionConfig/Restrictions", only),
        ("/DistributionConfig/Logging", logs),
        ("/DistributionConfig/Logging", json!({ "IncludeCookies": true })),
        ("/DistributionConfig/ViewerCertificate", own),
        (
            "/DistributionConfig/WebACLId",
            json!("arn:aws:wafv2:us-east-1:111122223333:global/webacl/vod/0123"),
        ),
    ]
}

fn headers_variants() -> Vec<(&'static str, Value)> {
    let timing = json!({ "Enabled": true, "SamplingRate": 5.0 });
    vec![
        ("/ResponseHeadersPolicyConfig/Name", json!("vod-case-renamed")),
        ("/ResponseHeadersPolicyConfig/CorsConfig", Value::Null),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowOrigins/Items", json!(["*"])),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlExposeHeaders", Value::Null),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlMaxAgeSec", json!(600)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig", Value::Null),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/FrameOptions/FrameOption", json!("SAMEORIGIN")),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/StrictTransportSecurity/AccessControlMaxAgeSec",
            json!(60),
        ),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ContentSecurityPolicy",
            json!({ "ContentSecurityPolicy": "default-src 'none'", "Override": true }),
        ),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection",
            json!({ "Protection": true, "ModeBlock": true, "Override": true }),
        ),
        ("/ResponseHeadersPolicyConfig/CustomHeadersConfig/Items/0/Value", json!("other")),
        ("/ResponseHeadersPolicyConfig/RemoveHeadersConfig", Value::Null),
        ("/ResponseHeadersPolicyConfig/ServerTimingHeadersConfig", timing),
    ]
}

fn cache_variants() -> Vec<(&'static str, Value)> {
    vec![
        ("/CachePolicyConfig/Name", json!("vod-case-renamed")),
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

/// The cases of this service.
pub(crate) fn cases(_: &Context) -> Vec<Case> {
    let needs = vec![
        (ORIGIN_ACCESS, origin_access("need/0")),
        (CACHE_POLICY, cache_policy("need/1")),
        (HEADERS_POLICY, headers_policy("need/2")),
    ];
    let mut all = by_hand::cases();
    all.extend([
        Case {
            kind: ORIGIN_ACCESS,
            needs: vec![],
            base: origin_access("case"),
            variants: vec![
                ("/OriginAccessControlConfig/Name", json!("vod-case-renamed")),
                ("/OriginAccessControlConfig/Description", Value::Null),
                ("/OriginAccessControlConfig/OriginAccessControlOriginType", json!("mediastore")),
                ("/OriginAccessControlConfig/SigningBehavior", json!("no-override")),
            ],
            fixed: vec![("OriginAccessControlConfig.SigningProtocol", "CloudFront signs with `sigv4` alone")],
        },
        Case {
            kind: CACHE_POLICY,
            needs: vec![],
            base: cache_policy("case"),
            variants: cache_variants(),
            fixed: vec![],
        },
        Case {
            kind: HEADERS_POLICY,
            needs: vec![],
            base: headers_policy("case"),
            variants: headers_variants(),
            fixed: vec![],
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
                ("PublicKeyConfig.CallerReference", "CloudFront changes only the comment of a key"),
                ("PublicKeyConfig.EncodedKey", "CloudFront changes only the comment of a key"),
                ("PublicKeyConfig.Name", "CloudFront changes only the comment of a key"),
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
        Case {
            kind: DISTRIBUTION,
            needs,
            base: distribution(),
            variants: distribution_variants(),
            fixed: vec![],
        },
    ]);
    all
}
