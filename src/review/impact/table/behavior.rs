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
const OTHER_RULES: &str = "Requests for these paths meet other rules.";
const REFILL: &str =
    "What is cached under the former policy may not be found again: edges fetch it anew from the bucket.";

/// Facts about behaviours: each holds alike of the default one and of those for some paths; which paths, only the latter say.
macro_rules! behaviors {
    ($($member:literal, $when:expr, $severity:expr, $text:expr, $source:expr;)*) => {
        &[
            $(
                part(CDN, concat!("DistributionConfig.DefaultCacheBehavior.", $member), $when, $severity, $text, $source),
                part(CDN, concat!("DistributionConfig.CacheBehaviors[].", $member), $when, $severity, $text, $source),
            )*
            part(CDN, "DistributionConfig.CacheBehaviors[].PathPattern", When::Changes, Notice, OTHER_RULES, GUIDE_BEHAVIOR),
        ]
    };
}

/// The facts.
pub(super) const ROWS: &[Row] = behaviors! {
    "TrustedKeyGroups", When::Comes, Interruption, UNSIGNED, GUIDE_KEYS;
    "TrustedKeyGroups", When::Loses, Interruption, KEYS_GO, GUIDE_KEYS;
    "TrustedKeyGroups", When::Goes, Notice, UNSIGNED_NO_MORE, GUIDE_KEYS;
    "TrustedSigners", When::Goes, Interruption, SIGNERS_GO, GUIDE_KEYS;
    "FunctionAssociations", When::Goes, Interruption, FUNCTIONS_GO, GUIDE_FUNCTIONS;
    "LambdaFunctionAssociations", When::Goes, Interruption, FUNCTIONS_GO, GUIDE_FUNCTIONS;
    "RealtimeLogConfigArn", When::Goes, Notice, LOGS_GO, GUIDE_REALTIME;
    "ViewerProtocolPolicy", When::Is(&["https-only"]), Interruption, HTTPS_ONLY, GUIDE_BEHAVIOR;
    "ViewerProtocolPolicy", When::Is(&["redirect-to-https"]), Notice, "Viewers who come over plain HTTP are sent to HTTPS.", GUIDE_BEHAVIOR;
    "AllowedMethods", When::Loses, Interruption, "Requests by a method that goes get 403.", GUIDE_BEHAVIOR;
    "CachePolicyId", When::Changes, Notice, REFILL, GUIDE_CACHE;
    "ResponseHeadersPolicyId", When::Goes, Interruption, NO_HEADERS, GUIDE_HEADERS;
};
