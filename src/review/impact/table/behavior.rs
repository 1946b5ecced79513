//! What viewers meet on the paths of a behaviour of the distribution.

use super::super::super::Severity::{Interruption, Notice};
use super::super::{Row, When};
use super::part;

const CDN: &str = "AWS::CloudFront::Distribution";
const GUIDE_BEHAVIOR: &str = "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html";
const GUIDE_KEYS: &str = "AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html";
const GUIDE_FUNCTIONS: &str = "AmazonCloudFront/latest/DeveloperGuide/edge-functions.html";
const GUIDE_CACHE: &str = "AmazonCloudFront/latest/DeveloperGuide/cache-key-create-cache-policy.html";
const GUIDE_HEADERS: &str =
    "AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html";
const UNSIGNED: &str = "Nothing on these paths plays any more without a signed URL or cookie.";
const UNSIGNED_NO_MORE: &str = "These paths play without a signature.";
const KEYS_GO: &str = "URLs and cookies signed with keys that go stop working.";
const SIGNERS_GO: &str = "What accounts signed with key pairs of their own counts no more.";
const FUNCTIONS_GO: &str = "Requests and answers meet the function no more: what it rewrote is not rewritten, what it refused not refused.";
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
];
