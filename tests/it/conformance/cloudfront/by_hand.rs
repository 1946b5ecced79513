//! Settings that the stack never declares: what somebody may set by hand on a distribution and its policies.

use serde_json::{Value, json};

use super::{
    CACHE_POLICY, Case, DISTRIBUTION, HEADERS_POLICY, ORIGIN_ACCESS, behavior, cache_policy, comment,
    distribution, headers_policy, need, origin, origin_access,
};

const ACCOUNT: &str = "111122223333";

fn certificate(id: &str) -> String {
    format!("arn:aws:acm:us-east-1:{ACCOUNT}:certificate/{id}")
}

fn function(name: &str) -> String {
    format!("arn:aws:cloudfront::{ACCOUNT}:function/{name}")
}

fn edge_function(version: u8) -> String {
    format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:vod:{version}")
}

/// An origin that signs in the older way, with a shield.
fn older_origin() -> Value {
    let mut older = origin();
    older["Id"] = json!("older");
    older.as_object_mut().unwrap().remove("OriginAccessControlId");
    older["S3OriginConfig"] =
        json!({ "OriginAccessIdentity": "origin-access-identity/cloudfront/E1EXAMPLE" });
    older["OriginShield"] = json!({ "Enabled": true, "OriginShieldRegion": "ap-northeast-2" });
    older
}

fn distribution_base() -> Value {
    let mut base = distribution();
    let config = &mut base["DistributionConfig"];
    config["Origins"] = json!([older_origin(), origin()]);
    let mut default = behavior(None);
    default["AllowedMethods"] = json!(["GET", "HEAD", "OPTIONS"]);
    default["FunctionAssociations"] =
        json!([{ "EventType": "viewer-request", "FunctionARN": function("vod") }]);
    default["LambdaFunctionAssociations"] = json!([
        { "EventType": "origin-request", "IncludeBody": false, "LambdaFunctionARN": edge_function(1) },
    ]);
    config["DefaultCacheBehavior"] = default;
    config["CustomErrorResponses"] = json!([{
        "ErrorCode": 403, "ErrorCachingMinTTL": 10, "ResponseCode": 200, "ResponsePagePath": "/error.html",
    }]);
    config["Logging"] =
        json!({ "Bucket": "theirs.s3.amazonaws.com", "IncludeCookies": false, "Prefix": "vod/" });
    config["Restrictions"] =
        json!({ "GeoRestriction": { "RestrictionType": "whitelist", "Locations": ["KR"] } });
    config["ViewerCertificate"] = json!({
        "AcmCertificateArn": certificate("0123"),
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    });
    base
}

fn distribution_variants() -> Vec<(&'static str, Value)> {
    vec![
        ("/DistributionConfig/Origins/0/Id", json!("oldest")),
        (
            "/DistributionConfig/Origins/0/S3OriginConfig/OriginAccessIdentity",
            json!("origin-access-identity/cloudfront/E2EXAMPLE"),
        ),
        ("/DistributionConfig/Origins/0/OriginShield/OriginShieldRegion", json!("us-east-1")),
        ("/DistributionConfig/CacheBehaviors/0/PathPattern", json!("*.ts")),
        ("/DistributionConfig/DefaultCacheBehavior/TargetOriginId", json!("older")),
        ("/DistributionConfig/DefaultCacheBehavior/CachePolicyId", need(3, "Id")),
        ("/DistributionConfig/DefaultCacheBehavior/CachedMethods", json!(["GET", "HEAD", "OPTIONS"])),
        (
            "/DistributionConfig/DefaultCacheBehavior/FunctionAssociations/0/EventType",
            json!("viewer-response"),
        ),
        (
            "/DistributionConfig/DefaultCacheBehavior/FunctionAssociations/0/FunctionARN",
            json!(function("other")),
        ),
        (
            "/DistributionConfig/DefaultCacheBehavior/LambdaFunctionAssociations/0/EventType",
            json!("origin-response"),
        ),
        ("/DistributionConfig/DefaultCacheBehavior/LambdaFunctionAssociations/0/IncludeBody", json!(true)),
        (
            "/DistributionConfig/DefaultCacheBehavior/LambdaFunctionAssociations/0/LambdaFunctionARN",
            json!(edge_function(2)),
        ),
        ("/DistributionConfig/CustomErrorResponses/0/ErrorCode", json!(404)),
        ("/DistributionConfig/CustomErrorResponses/0/ErrorCachingMinTTL", json!(20)),
        ("/DistributionConfig/CustomErrorResponses/0/ResponseCode", json!(404)),
        ("/DistributionConfig/CustomErrorResponses/0/ResponsePagePath", json!("/other.html")),
        ("/DistributionConfig/Logging/Bucket", json!("others.s3.amazonaws.com")),
        ("/DistributionConfig/Logging/IncludeCookies", json!(true)),
        ("/DistributionConfig/Logging/Prefix", json!("all/")),
        ("/DistributionConfig/Restrictions/GeoRestriction/RestrictionType", json!("blacklist")),
        ("/DistributionConfig/Restrictions/GeoRestriction/Locations", json!(["JP", "KR"])),
        ("/DistributionConfig/ViewerCertificate/AcmCertificateArn", json!(certificate("4567"))),
        ("/DistributionConfig/ViewerCertificate/MinimumProtocolVersion", json!("TLSv1.2_2019")),
        ("/DistributionConfig/ViewerCertificate/SslSupportMethod", json!("vip")),
    ]
}

fn distribution_case() -> Case {
    let mut other_policy = cache_policy("need/3");
    other_policy["CachePolicyConfig"]["Name"] = json!("vod-case-other");
    Case {
        kind: DISTRIBUTION,
        needs: vec![
            (ORIGIN_ACCESS, origin_access("need/0")),
            (CACHE_POLICY, cache_policy("need/1")),
            (HEADERS_POLICY, headers_policy("need/2")),
            (CACHE_POLICY, other_policy),
        ],
        base: distribution_base(),
        variants: distribution_variants(),
        fixed: vec![
            ("OriginShield.Enabled", "a shield that is off reads as none"),
            (
                "ViewerCertificate.CloudFrontDefaultCertificate",
                "it is true, or there is another certificate in its place",
            ),
        ],
    }
}

fn headers_base() -> Value {
    let mut base = headers_policy("case");
    let config = &mut base["ResponseHeadersPolicyConfig"];
    // Credentials and `*` exclude each other.
    config["CorsConfig"]["AccessControlAllowHeaders"] = json!({ "Items": ["Range"] });
    config["SecurityHeadersConfig"]["ContentSecurityPolicy"] =
        json!({ "ContentSecurityPolicy": "default-src 'none'", "Override": true });
    config["SecurityHeadersConfig"]["XSSProtection"] =
        json!({ "Protection": true, "ModeBlock": false, "Override": true });
    config["ServerTimingHeadersConfig"] = json!({ "Enabled": true, "SamplingRate": 5.0 });
    base
}

fn headers_variants() -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("/ResponseHeadersPolicyConfig/Comment", json!("edited by hand")),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowCredentials", json!(true)),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowHeaders/Items", json!(["If-Range"])),
        ("/ResponseHeadersPolicyConfig/CorsConfig/AccessControlAllowMethods/Items", json!(["GET"])),
        ("/ResponseHeadersPolicyConfig/CorsConfig/OriginOverride", json!(false)),
        ("/ResponseHeadersPolicyConfig/CustomHeadersConfig/Items/0/Header", json!("X-Other")),
        ("/ResponseHeadersPolicyConfig/CustomHeadersConfig/Items/0/Override", json!(false)),
        ("/ResponseHeadersPolicyConfig/RemoveHeadersConfig/Items/0/Header", json!("Via")),
        ("/ResponseHeadersPolicyConfig/ServerTimingHeadersConfig/SamplingRate", json!(10.0)),
    ];
    all.extend(security_variants());
    all
}

fn security_variants() -> Vec<(&'static str, Value)> {
    vec![
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ContentSecurityPolicy/ContentSecurityPolicy",
            json!("default-src 'self'"),
        ),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ContentSecurityPolicy/Override", json!(false)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ContentTypeOptions/Override", json!(false)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/FrameOptions/Override", json!(false)),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ReferrerPolicy/ReferrerPolicy",
            json!("same-origin"),
        ),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/ReferrerPolicy/Override", json!(false)),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/StrictTransportSecurity/IncludeSubdomains",
            json!(true),
        ),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/StrictTransportSecurity/Preload", json!(true)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/StrictTransportSecurity/Override", json!(false)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection/Protection", json!(false)),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection/ModeBlock", json!(true)),
        (
            "/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection/ReportUri",
            json!("https://a.example.com/report"),
        ),
        ("/ResponseHeadersPolicyConfig/SecurityHeadersConfig/XSSProtection/Override", json!(false)),
    ]
}

fn cache_case() -> Case {
    let mut base = cache_policy("case");
    let key = &mut base["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"];
    key["CookiesConfig"] = json!({ "CookieBehavior": "whitelist", "Cookies": ["a"] });
    key["HeadersConfig"] = json!({ "HeaderBehavior": "whitelist", "Headers": ["Origin"] });
    key["QueryStringsConfig"] = json!({ "QueryStringBehavior": "whitelist", "QueryStrings": ["v"] });
    Case {
        kind: CACHE_POLICY,
        needs: vec![],
        base,
        variants: vec![
            ("/CachePolicyConfig/Comment", json!(comment("moved"))),
            (
                "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/CookiesConfig/CookieBehavior",
                json!("allExcept"),
            ),
            (
                "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/CookiesConfig/Cookies",
                json!(["b"]),
            ),
            (
                "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/HeadersConfig/Headers",
                json!(["Accept"]),
            ),
            (
                "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/QueryStringsConfig/QueryStringBehavior",
                json!("allExcept"),
            ),
            (
                "/CachePolicyConfig/ParametersInCacheKeyAndForwardedToOrigin/QueryStringsConfig/QueryStrings",
                json!(["w"]),
            ),
        ],
        fixed: vec![("HeadersConfig.HeaderBehavior", "it is `whitelist` with headers and `none` without")],
    }
}

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    let headers_case = Case {
        kind: HEADERS_POLICY,
        needs: vec![],
        base: headers_base(),
        variants: headers_variants(),
        fixed: vec![("ServerTimingHeadersConfig.Enabled", "timing that is off reads as none")],
    };
    vec![cache_case(), headers_case, distribution_case()]
}
