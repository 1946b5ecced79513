//! What a distribution depends on: its policies and keys, certificate and DNS records.

use super::super::super::Severity::{Interruption, None as Nothing, Notice};
use super::super::wildcard::Wildcard;
use super::super::{Row, When};
use super::{CREATE, DELETE, GO, REPLACE, UPDATE, part, whole};

const ACCESS: &str = "AWS::CloudFront::OriginAccessControl";
const CACHE: &str = "AWS::CloudFront::CachePolicy";
const HEADERS: &str = "AWS::CloudFront::ResponseHeadersPolicy";
const KEY: &str = "AWS::CloudFront::PublicKey";
const KEYS: &str = "AWS::CloudFront::KeyGroup";
const METRICS: &str = "AWS::CloudFront::MonitoringSubscription";
const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";
const RECORD: &str = "AWS::Route53::RecordSet";
const GUIDE_UPDATE: &str = "AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html";
const GUIDE_KEYS: &str = "AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html";
const GUIDE_ACCESS: &str =
    "AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html";
const GUIDE_CACHE: &str = "AmazonCloudFront/latest/DeveloperGuide/cache-key-create-cache-policy.html";
const GUIDE_HEADERS: &str =
    "AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html";
const PROPAGATES: &str =
    "The change takes minutes to reach all edge locations. Until then, they use the former configuration.";
const KEYS_GO: &str = "URLs and cookies signed with the removed keys stop working.";
const REFILL: &str = "Objects cached under the former policy may be unusable. Edge locations then fetch them from the bucket again.";
const IN_USE: &str = "CloudFront deletes it only when nothing uses it.";

/// The facts.
pub(super) const ROWS: &[Row] = &[
    part(
        ACCESS,
        "OriginAccessControlConfig.SigningBehavior",
        When::Is(&["never", "no-override"]),
        Interruption,
        "CloudFront no longer signs all its requests, so a private bucket refuses some. Only cached objects are served.",
        GUIDE_ACCESS,
    ),
    whole(ACCESS, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(ACCESS, GO, Interruption, IN_USE, GUIDE_ACCESS),
    part(
        CACHE,
        "CachePolicyConfig.MinTTL",
        When::Changes,
        Notice,
        "Edge locations cache objects for another time before they ask the bucket again.",
        GUIDE_CACHE,
    ),
    part(
        CACHE,
        "CachePolicyConfig.DefaultTTL",
        When::Changes,
        Notice,
        "Edge locations cache objects for another time before they ask the bucket again.",
        GUIDE_CACHE,
    ),
    part(
        CACHE,
        "CachePolicyConfig.MaxTTL",
        When::Changes,
        Notice,
        "Edge locations cache objects for another time before they ask the bucket again.",
        GUIDE_CACHE,
    ),
    part(
        CACHE,
        "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin",
        When::Changes,
        Notice,
        REFILL,
        "AmazonCloudFront/latest/DeveloperGuide/understanding-the-cache-key.html",
    ),
    whole(CACHE, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(CACHE, GO, Notice, IN_USE, GUIDE_CACHE),
    part(
        HEADERS,
        "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowOrigins.Items",
        When::Uncovers(Wildcard::Star),
        Interruption,
        "Players on removed sites cannot read the videos.",
        GUIDE_HEADERS,
    ),
    part(
        HEADERS,
        "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowOrigins.Items",
        When::Goes,
        Interruption,
        "Players on removed sites cannot read the videos.",
        GUIDE_HEADERS,
    ),
    part(
        HEADERS,
        "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowMethods.Items",
        When::Uncovers(Wildcard::All),
        Interruption,
        "Players cannot use the removed methods.",
        GUIDE_HEADERS,
    ),
    part(
        HEADERS,
        "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowHeaders.Items",
        When::Uncovers(Wildcard::BrowserHeaders),
        Interruption,
        "Players cannot send the removed headers.",
        GUIDE_HEADERS,
    ),
    part(
        HEADERS,
        "ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity",
        When::Changes,
        Notice,
        "Browsers of earlier visitors insist on HTTPS until the former max-age is over.",
        GUIDE_HEADERS,
    ),
    whole(HEADERS, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(HEADERS, GO, Notice, IN_USE, GUIDE_HEADERS),
    whole(
        KEY,
        UPDATE,
        Nothing,
        "Only its comment can change. The key stays.",
        "cloudfront/latest/APIReference/API_UpdatePublicKey.html",
    ),
    whole(
        KEY,
        DELETE,
        Interruption,
        "URLs and cookies signed with it stop working. It must be removed from every key group first.",
        GUIDE_KEYS,
    ),
    whole(
        KEY,
        REPLACE,
        Interruption,
        "URLs and cookies signed with it stop working. Signers must use the ID of the new key.",
        GUIDE_KEYS,
    ),
    part(KEYS, "KeyGroupConfig.Items", When::Loses, Interruption, KEYS_GO, GUIDE_KEYS),
    part(
        KEYS,
        "KeyGroupConfig.Items",
        When::Gains,
        Notice,
        "URLs and cookies signed with the new key work. Signatures of the other keys still work.",
        GUIDE_KEYS,
    ),
    whole(KEYS, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(
        KEYS,
        GO,
        Interruption,
        "URLs and cookies signed with its keys stop working. It must be removed from every cache behavior first.",
        GUIDE_KEYS,
    ),
    whole(
        METRICS,
        UPDATE,
        Nothing,
        "Only metrics change. Delivery does not.",
        "AmazonCloudFront/latest/DeveloperGuide/viewing-cloudfront-metrics.html",
    ),
    whole(
        METRICS,
        GO,
        Nothing,
        "Additional metrics, such as the cache hit rate, stop. Delivery does not change.",
        "AmazonCloudFront/latest/DeveloperGuide/viewing-cloudfront-metrics.html",
    ),
    whole(
        CERTIFICATE,
        CREATE,
        Notice,
        "Its domain name is served once ACM has validated it by DNS, usually within minutes.",
        "acm/latest/userguide/dns-validation.html",
    ),
    whole(
        CERTIFICATE,
        UPDATE,
        Nothing,
        "The certificate itself stays.",
        "acm/latest/APIReference/API_UpdateCertificateOptions.html",
    ),
    whole(
        CERTIFICATE,
        DELETE,
        Interruption,
        "ACM deletes it only when no distribution uses it. Domain names that only it covers lose HTTPS.",
        "acm/latest/userguide/gs-acm-delete.html",
    ),
    whole(
        CERTIFICATE,
        REPLACE,
        Interruption,
        "ACM deletes it only when no distribution uses it. The new one works after validation by DNS.",
        "acm/latest/userguide/gs-acm-delete.html",
    ),
    part(
        RECORD,
        "TTL",
        When::Changes,
        Notice,
        "DNS resolvers keep the former answer for the former TTL.",
        "Route53/latest/DeveloperGuide/resource-record-sets-values-basic.html",
    ),
    part(
        RECORD,
        "AliasTarget",
        When::Changes,
        Notice,
        "DNS resolvers keep the former answer for its TTL. An alias has the TTL of its target.",
        "Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html",
    ),
    whole(
        RECORD,
        UPDATE,
        Notice,
        "Route 53 gives the new answer within about a minute. DNS resolvers keep the former answer until its TTL expires.",
        "Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
    ),
    whole(
        RECORD,
        CREATE,
        Notice,
        "DNS resolvers that asked before may keep \"no such name\" for the zone's negative TTL.",
        "Route53/latest/DeveloperGuide/SOA-NSrecords.html",
    ),
    whole(
        RECORD,
        GO,
        Interruption,
        "The domain name stops working once the TTL of DNS resolvers' answers expires.",
        "Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
    ),
];
