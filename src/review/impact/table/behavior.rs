//! Cache behaviors of the distribution: what viewers get on their paths.

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
const UNSIGNED: &str = "Videos on these paths only play with a signed URL or cookie.";
const UNSIGNED_NO_MORE: &str = "Videos on these paths play without a signed URL or cookie.";
const KEYS_GO: &str = "URLs and cookies signed with the removed keys stop working.";
const SIGNERS_GO: &str = "URLs and cookies signed with these accounts' key pairs stop working.";
const FUNCTIONS_GO: &str = "The function no longer runs: it rewrites and refuses nothing any more.";
const GUIDE_REALTIME: &str = "AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html";
const LOGS_GO: &str = "Requests are no longer logged there. Viewers notice nothing.";
const HTTPS_ONLY: &str = "Requests over plain HTTP are refused.";
const NO_HEADERS: &str = "The policy's headers are no longer sent. Players on other sites cannot read the videos unless the origin allows it.";
const OTHER_RULES: &str = "Other settings apply to requests for these paths.";
const REFILL: &str = "Objects cached under the former policy may be unusable. Edge locations then fetch them from the bucket again.";

/// Facts about cache behaviors. Each is true of the default one and of all others; only the others have a path pattern.
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
    "ViewerProtocolPolicy", When::Is(&["redirect-to-https"]), Notice, "Requests over plain HTTP are redirected to HTTPS.", GUIDE_BEHAVIOR;
    "AllowedMethods", When::Loses, Interruption, "Requests with a removed method get 403.", GUIDE_BEHAVIOR;
    "CachePolicyId", When::Changes, Notice, REFILL, GUIDE_CACHE;
    "ResponseHeadersPolicyId", When::Goes, Interruption, NO_HEADERS, GUIDE_HEADERS;
};
