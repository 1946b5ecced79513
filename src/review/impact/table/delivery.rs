//! What a distribution rests on: its policies and keys, certificate and names.

use super::super::super::Severity::{Interruption, None as Nothing, Notice};
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
    "It takes minutes to reach all edges; until then they serve by the former configuration.";
const KEYS_GO: &str = "URLs and cookies signed with keys that go stop working.";
const REFILL: &str =
    "What is cached under the former policy may not be found again: edges fetch it anew from the bucket.";
const IN_USE: &str = "CloudFront deletes it only once nothing uses it.";

/// The facts.
pub(super) const ROWS: &[Row] = &[
    part(
        ACCESS,
        "OriginAccessControlConfig.SigningBehavior",
        When::Is(&["never", "no-override"]),
        Interruption,
        "CloudFront does not sign all its requests any more, so a private bucket refuses what is not cached.",
        GUIDE_ACCESS,
    ),
    whole(ACCESS, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(ACCESS, GO, Interruption, IN_USE, GUIDE_ACCESS),
    part(
        CACHE,
        "CachePolicyConfig.MinTTL",
        When::Changes,
        Notice,
        "Edges keep objects for another time before they ask the bucket again.",
        GUIDE_CACHE,
    ),
    part(
        CACHE,
        "CachePolicyConfig.DefaultTTL",
        When::Changes,
        Notice,
        "Edges keep objects for another time before they ask the bucket again.",
        GUIDE_CACHE,
    ),
    part(
        CACHE,
        "CachePolicyConfig.MaxTTL",
        When::Changes,
        Notice,
        "Edges keep objects for another time before they ask the bucket again.",
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
        When::Loses,
        Interruption,
        "Players on sites that go from the list cannot read the videos.",
        GUIDE_HEADERS,
    ),
    part(
        HEADERS,
        "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowOrigins.Items",
        When::Goes,
        Interruption,
        "Players on sites that go from the list cannot read the videos.",
        GUIDE_HEADERS,
    ),
    part(
        HEADERS,
        "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowMethods.Items",
        When::Loses,
        Interruption,
        "Players cannot use the methods that go.",
        GUIDE_HEADERS,
    ),
    part(
        HEADERS,
        "ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowHeaders.Items",
        When::Loses,
        Interruption,
        "Players cannot send the headers that go.",
        GUIDE_HEADERS,
    ),
    part(
        HEADERS,
        "ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity",
        When::Changes,
        Notice,
        "Browsers that came before insist on HTTPS until the time they were given is over.",
        GUIDE_HEADERS,
    ),
    whole(HEADERS, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(HEADERS, GO, Notice, IN_USE, GUIDE_HEADERS),
    whole(
        KEY,
        UPDATE,
        Nothing,
        "Only its comment can change: the key itself stays.",
        "cloudfront/latest/APIReference/API_UpdatePublicKey.html",
    ),
    whole(
        KEY,
        DELETE,
        Interruption,
        "URLs and cookies signed with it stop working; it must have left every key group first.",
        GUIDE_KEYS,
    ),
    whole(
        KEY,
        REPLACE,
        Interruption,
        "URLs and cookies signed with it stop working, and signers must name the new key's id.",
        GUIDE_KEYS,
    ),
    part(KEYS, "KeyGroupConfig.Items", When::Loses, Interruption, KEYS_GO, GUIDE_KEYS),
    part(
        KEYS,
        "KeyGroupConfig.Items",
        When::Gains,
        Notice,
        "URLs and cookies signed with the new key work; those signed with keys that stay go on working.",
        GUIDE_KEYS,
    ),
    whole(KEYS, UPDATE, Notice, PROPAGATES, GUIDE_UPDATE),
    whole(
        KEYS,
        GO,
        Interruption,
        "URLs and cookies signed with its keys stop working; it must have left every behaviour first.",
        GUIDE_KEYS,
    ),
    whole(
        METRICS,
        UPDATE,
        Nothing,
        "Only metrics change: delivery does not.",
        "AmazonCloudFront/latest/DeveloperGuide/viewing-cloudfront-metrics.html",
    ),
    whole(
        METRICS,
        GO,
        Nothing,
        "The additional metrics, such as the cache hit rate, stop: delivery does not change.",
        "AmazonCloudFront/latest/DeveloperGuide/viewing-cloudfront-metrics.html",
    ),
    whole(
        CERTIFICATE,
        CREATE,
        Notice,
        "Its name is served once ACM has validated it by DNS, usually within minutes.",
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
        "ACM deletes it only once no distribution uses it; names that only it covers cannot be served by HTTPS.",
        "acm/latest/userguide/gs-acm-delete.html",
    ),
    whole(
        CERTIFICATE,
        REPLACE,
        Interruption,
        "ACM deletes it only once no distribution uses it; the new one serves after validation by DNS.",
        "acm/latest/userguide/gs-acm-delete.html",
    ),
    part(
        RECORD,
        "TTL",
        When::Changes,
        Notice,
        "Resolvers keep the former answer for the former TTL.",
        "Route53/latest/DeveloperGuide/resource-record-sets-values-basic.html",
    ),
    part(
        RECORD,
        "AliasTarget",
        When::Changes,
        Notice,
        "Resolvers keep the former answer for its TTL, which is that of what an alias leads to.",
        "Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html",
    ),
    whole(
        RECORD,
        UPDATE,
        Notice,
        "Route 53 answers anew within about a minute; resolvers keep the former answer until its TTL is over.",
        "Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
    ),
    whole(
        RECORD,
        CREATE,
        Notice,
        "Resolvers that asked before may keep \"no such name\" for the zone's negative TTL.",
        "Route53/latest/DeveloperGuide/SOA-NSrecords.html",
    ),
    whole(
        RECORD,
        GO,
        Interruption,
        "The name stops leading here, for each resolver once the TTL of its answer is over.",
        "Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
    ),
];
