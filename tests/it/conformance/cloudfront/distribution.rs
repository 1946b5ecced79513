//! Cases of distributions: one with the properties that a stack sets, and one with all of them.

use provision::model::Kind;
use serde_json::{Value, json};

use super::super::{Case, need, other_tags, tags};
use super::{DISTRIBUTION, comment};

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

pub(super) fn distribution() -> Value {
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

fn variants() -> Vec<(&'static str, Value)> {
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
        ("/DistributionConfig/ContinuousDeploymentPolicyId", json!("77c4e3a5-0d2b-4a0f-9d2c-3f4b5a6c7d8e")),
        ("/DistributionConfig/ViewerMtlsConfig", json!({ "Mode": "passthrough" })),
        ("/DistributionConfig/ConnectionFunctionAssociation", json!({ "Id": "cf-1" })),
    ]
}

/// A distribution with every property.
fn full() -> Value {
    let mut second = origin();
    second["Id"] = json!("second");
    // CloudFront accepts only one of the two ways to sign requests to an origin.
    second.as_object_mut().unwrap().remove("OriginAccessControlId");
    second["S3OriginConfig"]["OriginAccessIdentity"] = json!("origin-access-identity/cloudfront/E1");
    let mut first = origin();
    first["OriginShield"] = json!({ "Enabled": true, "OriginShieldRegion": "ap-northeast-2" });
    let mut behavior = behavior(None);
    behavior["AllowedMethods"] = json!(["GET", "HEAD", "OPTIONS"]);
    behavior["FunctionAssociations"] = json!([{
        "EventType": "viewer-request",
        "FunctionARN": "arn:aws:cloudfront::111122223333:function/vod",
    }]);
    behavior["LambdaFunctionAssociations"] = json!([{
        "EventType": "origin-request",
        "IncludeBody": false,
        "LambdaFunctionARN": "arn:aws:lambda:us-east-1:111122223333:function:vod:1",
    }]);
    let mut page = error(404, 10);
    (page["ResponseCode"], page["ResponsePagePath"]) = (json!(200), json!("/sorry.html"));
    let mut distribution = distribution();
    let config = &mut distribution["DistributionConfig"];
    config["Origins"] = json!([first, second]);
    config["DefaultCacheBehavior"] = behavior;
    config["CustomErrorResponses"] = json!([error(403, 10), page]);
    config["Restrictions"] =
        json!({ "GeoRestriction": { "RestrictionType": "whitelist", "Locations": ["JP", "KR"] } });
    config["Logging"] =
        json!({ "Bucket": "theirs.s3.amazonaws.com", "IncludeCookies": false, "Prefix": "vod/" });
    config["ViewerCertificate"] = json!({
        "AcmCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/0123",
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    });
    config["ViewerMtlsConfig"] = json!({
        "Mode": "required",
        "TrustStoreConfig": {
            "TrustStoreId": "ts-1",
            "AdvertiseTrustStoreCaNames": false,
            "IgnoreCertificateExpiry": false,
        },
    });
    config["ConnectionFunctionAssociation"] = json!({ "Id": "cf-1" });
    distribution
}

fn full_variants() -> Vec<(&'static str, Value)> {
    let other_function = "arn:aws:cloudfront::111122223333:function/other";
    let other_version = "arn:aws:lambda:us-east-1:111122223333:function:vod:2";
    let other_certificate = "arn:aws:acm:us-east-1:111122223333:certificate/4567";
    let cache_optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6";
    vec![
        ("/DistributionConfig/ViewerMtlsConfig/Mode", json!("optional")),
        ("/DistributionConfig/ViewerMtlsConfig/TrustStoreConfig", Value::Null),
        ("/DistributionConfig/ViewerMtlsConfig/TrustStoreConfig/TrustStoreId", json!("ts-2")),
        ("/DistributionConfig/ViewerMtlsConfig/TrustStoreConfig/AdvertiseTrustStoreCaNames", json!(true)),
        ("/DistributionConfig/ViewerMtlsConfig/TrustStoreConfig/IgnoreCertificateExpiry", json!(true)),
        ("/DistributionConfig/ConnectionFunctionAssociation/Id", json!("cf-2")),
        // CloudFront takes aliases only with a certificate.
        ("/DistributionConfig/Aliases", json!(["a.example.com", "b.example.com"])),
        ("/DistributionConfig/Origins/0/OriginShield/OriginShieldRegion", json!("us-west-2")),
        ("/DistributionConfig/Origins/1/Id", json!("third")),
        (
            "/DistributionConfig/Origins/1/S3OriginConfig/OriginAccessIdentity",
            json!("origin-access-identity/cloudfront/E2"),
        ),
        ("/DistributionConfig/DefaultCacheBehavior/TargetOriginId", json!("second")),
        ("/DistributionConfig/DefaultCacheBehavior/CachedMethods", json!(["GET", "HEAD", "OPTIONS"])),
        ("/DistributionConfig/DefaultCacheBehavior/CachePolicyId", json!(cache_optimized)),
        (
            "/DistributionConfig/DefaultCacheBehavior/FunctionAssociations/0/EventType",
            json!("viewer-response"),
        ),
        (
            "/DistributionConfig/DefaultCacheBehavior/FunctionAssociations/0/FunctionARN",
            json!(other_function),
        ),
        (
            "/DistributionConfig/DefaultCacheBehavior/LambdaFunctionAssociations/0/EventType",
            json!("origin-response"),
        ),
        ("/DistributionConfig/DefaultCacheBehavior/LambdaFunctionAssociations/0/IncludeBody", json!(true)),
        (
            "/DistributionConfig/DefaultCacheBehavior/LambdaFunctionAssociations/0/LambdaFunctionARN",
            json!(other_version),
        ),
        ("/DistributionConfig/CacheBehaviors/0/PathPattern", json!("*.mpd")),
        ("/DistributionConfig/CustomErrorResponses/0/ErrorCode", json!(400)),
        ("/DistributionConfig/CustomErrorResponses/0/ErrorCachingMinTTL", json!(5)),
        ("/DistributionConfig/CustomErrorResponses/1/ResponseCode", json!(404)),
        ("/DistributionConfig/CustomErrorResponses/1/ResponsePagePath", json!("/gone.html")),
        ("/DistributionConfig/Restrictions/GeoRestriction/RestrictionType", json!("blacklist")),
        ("/DistributionConfig/Restrictions/GeoRestriction/Locations", json!(["KR"])),
        ("/DistributionConfig/Logging/Bucket", json!("other.s3.amazonaws.com")),
        ("/DistributionConfig/Logging/IncludeCookies", json!(true)),
        ("/DistributionConfig/Logging/Prefix", json!("other/")),
        ("/DistributionConfig/ViewerCertificate/AcmCertificateArn", json!(other_certificate)),
        ("/DistributionConfig/ViewerCertificate/MinimumProtocolVersion", json!("TLSv1.2_2019")),
        ("/DistributionConfig/ViewerCertificate/SslSupportMethod", json!("vip")),
    ]
}

/// The cases, whose needs are an origin access control, a cache policy and a response headers policy.
pub(super) fn cases(needs: Vec<(Kind, Value)>) -> Vec<Case> {
    let fixed = vec![
        ("OriginShield.Enabled", "a shield that is off reads as no shield"),
        (
            "ViewerCertificate.CloudFrontDefaultCertificate",
            "with CloudFront's default certificate, no other member has a value of its own",
        ),
    ];
    let usual =
        Case { kind: DISTRIBUTION, needs: needs.clone(), base: distribution(), variants: variants(), fixed };
    let full = Case { kind: DISTRIBUTION, needs, base: full(), variants: full_variants(), fixed: vec![] };
    vec![usual, full]
}
