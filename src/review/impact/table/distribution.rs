//! What viewers meet: the distribution.

use super::super::super::Severity::{Interruption, Notice};
use super::super::{Row, When};
use super::{CREATE, DELETE, REPLACE, UPDATE, part, whole};

const CDN: &str = "AWS::CloudFront::Distribution";
const GUIDE_UPDATE: &str = "AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html";
const GUIDE_SETTINGS: &str = "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesGeneral.html";
const GUIDE_BEHAVIOR: &str = "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html";
const GUIDE_KEYS: &str = "AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html";
const GUIDE_FUNCTIONS: &str = "AmazonCloudFront/latest/DeveloperGuide/edge-functions.html";
const GUIDE_GEO: &str = "AmazonCloudFront/latest/DeveloperGuide/georestrictions.html";
const GUIDE_ACCESS: &str =
    "AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html";
const GUIDE_CACHE: &str = "AmazonCloudFront/latest/DeveloperGuide/cache-key-create-cache-policy.html";
const GUIDE_HEADERS: &str =
    "AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html";
const PROPAGATES: &str =
    "It takes minutes to reach all edges; until then they serve by the former configuration.";
const UNSIGNED: &str = "Nothing on these paths plays any more without a signed URL or cookie.";
const UNSIGNED_NO_MORE: &str = "These paths play without a signature.";
const KEYS_GO: &str = "URLs and cookies signed with keys that go stop working.";
const SIGNERS_GO: &str = "What accounts signed with key pairs of their own counts no more.";
const FUNCTIONS_GO: &str = "Requests and answers meet the function no more: what it rewrote is not rewritten, what it refused not refused.";
const GUIDE_LOGS: &str = "AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html";
const GUIDE_REALTIME: &str = "AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html";
const LOGS_GO: &str = "No more records of requests are sent there; viewers notice nothing.";
const HTTPS_ONLY: &str = "Viewers who come over plain HTTP are refused.";
const NO_HEADERS: &str =
    "The headers it added go: players on other sites cannot read the videos unless the origin allows it.";
const REFILL: &str =
    "What is cached under the former policy may not be found again: edges fetch it anew from the bucket.";

/// The facts.
pub(super) const ROWS: &[Row] = &[
    part(
        CDN,
        "DistributionConfig.Enabled",
        When::Is(&["false"]),
        Interruption,
        "It answers nobody any more.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.Enabled",
        When::Is(&["true"]),
        Notice,
        "It answers viewers again.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Loses,
        Interruption,
        "Viewers who come by a name that goes get an error.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Goes,
        Interruption,
        "Viewers who come by a name that goes get an error.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Comes,
        Notice,
        "A new name works once its DNS record leads here too.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.Aliases",
        When::Gains,
        Notice,
        "A new name works once its DNS record leads here too.",
        "AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.AcmCertificateArn",
        When::Goes,
        Interruption,
        "Without its own certificate it serves only its cloudfront.net name by HTTPS.",
        "AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.AcmCertificateArn",
        When::Turns(&[]),
        Notice,
        "New connections get the other certificate.",
        "AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.MinimumProtocolVersion",
        When::Changes,
        Notice,
        "Players that know neither the TLS version nor the ciphers now asked for cannot connect.",
        "AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html",
    ),
    part(
        CDN,
        "DistributionConfig.ViewerCertificate.SslSupportMethod",
        When::Changes,
        Notice,
        "Players that do not name the host when they connect (no SNI) may be refused.",
        "AmazonCloudFront/latest/DeveloperGuide/cnames-https-dedicated-ip-or-sni.html",
    ),
    part(
        CDN,
        "DistributionConfig.Restrictions.GeoRestriction.Locations",
        When::Moves,
        Interruption,
        "Viewers in countries that are no longer allowed get 403.",
        GUIDE_GEO,
    ),
    part(
        CDN,
        "DistributionConfig.Restrictions.GeoRestriction.RestrictionType",
        When::Is(&["whitelist", "blacklist"]),
        Interruption,
        "Viewers in countries that are not allowed get 403.",
        GUIDE_GEO,
    ),
    part(
        CDN,
        "DistributionConfig.Restrictions",
        When::Goes,
        Notice,
        "Viewers in all countries are let in.",
        GUIDE_GEO,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups",
        When::Comes,
        Interruption,
        UNSIGNED,
        GUIDE_KEYS,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].TrustedKeyGroups",
        When::Comes,
        Interruption,
        UNSIGNED,
        GUIDE_KEYS,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups",
        When::Loses,
        Interruption,
        KEYS_GO,
        GUIDE_KEYS,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].TrustedKeyGroups",
        When::Loses,
        Interruption,
        KEYS_GO,
        GUIDE_KEYS,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups",
        When::Goes,
        Notice,
        UNSIGNED_NO_MORE,
        GUIDE_KEYS,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].TrustedKeyGroups",
        When::Goes,
        Notice,
        UNSIGNED_NO_MORE,
        GUIDE_KEYS,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.TrustedSigners",
        When::Goes,
        Interruption,
        SIGNERS_GO,
        GUIDE_KEYS,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].TrustedSigners",
        When::Goes,
        Interruption,
        SIGNERS_GO,
        GUIDE_KEYS,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.FunctionAssociations",
        When::Goes,
        Interruption,
        FUNCTIONS_GO,
        GUIDE_FUNCTIONS,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].FunctionAssociations",
        When::Goes,
        Interruption,
        FUNCTIONS_GO,
        GUIDE_FUNCTIONS,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations",
        When::Goes,
        Interruption,
        FUNCTIONS_GO,
        GUIDE_FUNCTIONS,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].LambdaFunctionAssociations",
        When::Goes,
        Interruption,
        FUNCTIONS_GO,
        GUIDE_FUNCTIONS,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.RealtimeLogConfigArn",
        When::Goes,
        Notice,
        LOGS_GO,
        GUIDE_REALTIME,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].RealtimeLogConfigArn",
        When::Goes,
        Notice,
        LOGS_GO,
        GUIDE_REALTIME,
    ),
    part(CDN, "DistributionConfig.Logging", When::Goes, Notice, LOGS_GO, GUIDE_LOGS),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy",
        When::Is(&["https-only"]),
        Interruption,
        HTTPS_ONLY,
        GUIDE_BEHAVIOR,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].ViewerProtocolPolicy",
        When::Is(&["https-only"]),
        Interruption,
        HTTPS_ONLY,
        GUIDE_BEHAVIOR,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy",
        When::Is(&["redirect-to-https"]),
        Notice,
        "Viewers who come over plain HTTP are sent to HTTPS.",
        GUIDE_BEHAVIOR,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.AllowedMethods",
        When::Loses,
        Interruption,
        "Requests by a method that goes get 403.",
        GUIDE_BEHAVIOR,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.CachePolicyId",
        When::Changes,
        Notice,
        REFILL,
        GUIDE_CACHE,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].CachePolicyId",
        When::Changes,
        Notice,
        REFILL,
        GUIDE_CACHE,
    ),
    part(
        CDN,
        "DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId",
        When::Goes,
        Interruption,
        NO_HEADERS,
        GUIDE_HEADERS,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].ResponseHeadersPolicyId",
        When::Goes,
        Interruption,
        NO_HEADERS,
        GUIDE_HEADERS,
    ),
    part(
        CDN,
        "DistributionConfig.CacheBehaviors[].PathPattern",
        When::Changes,
        Notice,
        "Requests for these paths meet other rules.",
        GUIDE_BEHAVIOR,
    ),
    part(
        CDN,
        "DistributionConfig.Origins[].DomainName",
        When::Changes,
        Notice,
        "Viewers get what the other origin holds, and until it expires what edges cached from the former.",
        "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html",
    ),
    part(
        CDN,
        "DistributionConfig.Origins[].OriginPath",
        When::Changes,
        Notice,
        "Viewers get what the other folder holds, and until it expires what edges cached from the former.",
        "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html",
    ),
    part(
        CDN,
        "DistributionConfig.Origins[].OriginAccessControlId",
        When::Goes,
        Interruption,
        "CloudFront no longer signs its requests, so a private bucket refuses what is not cached.",
        GUIDE_ACCESS,
    ),
    part(
        CDN,
        "DistributionConfig.PriceClass",
        When::Changes,
        Notice,
        "Viewers may be served from other, farther edges.",
        "AmazonCloudFront/latest/DeveloperGuide/PriceClass.html",
    ),
    part(
        CDN,
        "DistributionConfig.WebACLId",
        When::Changes,
        Notice,
        "Which requests the web application firewall refuses changes.",
        "waf/latest/developerguide/cloudfront-features.html",
    ),
    part(
        CDN,
        "DistributionConfig.HttpVersion",
        When::Changes,
        Notice,
        "Players connect by the best of the HTTP versions now offered.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.IPV6Enabled",
        When::Is(&["false"]),
        Notice,
        "Viewers on IPv6 come over IPv4; those who have none cannot come.",
        GUIDE_SETTINGS,
    ),
    part(
        CDN,
        "DistributionConfig.CustomErrorResponses",
        When::Changes,
        Notice,
        "Errors are cached for another time or shown otherwise.",
        "AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html",
    ),
    part(
        CDN,
        "DistributionConfig.DefaultRootObject",
        When::Changes,
        Notice,
        "Viewers of the bare name get another object.",
        "AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html",
    ),
    whole(CDN, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(CDN, CREATE, Notice, "It takes minutes until all edges serve it.", GUIDE_UPDATE),
    whole(
        CDN,
        DELETE,
        Interruption,
        "It must be disabled first, which takes minutes and ends delivery; its cloudfront.net name is gone for good.",
        "AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html",
    ),
    whole(
        CDN,
        REPLACE,
        Interruption,
        "Delivery ends until the new one is deployed, which takes minutes; it has another cloudfront.net name, so links to the old one fail.",
        "AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html",
    ),
];
