//! Amazon CloudFront. It is global: names, ids and marks belong to the account, not to a region.

mod cache_policy;
mod distribution;
mod key_group;
mod monitoring_subscription;
mod origin_access_control;
mod public_key;
mod response_headers_policy;
mod shared;
mod untagged;

/// The ARNs of distributions.
pub(in crate::resource) const DISTRIBUTIONS: &[&str] = &["arn:aws:cloudfront::{account}:distribution/*"];

pub use aws_sdk_cloudfront::types::{
    CachePolicyCookieBehavior, CachePolicyHeaderBehavior, CachePolicyQueryStringBehavior, FrameOptionsList,
    GeoRestrictionType, HttpVersion, Method, MinimumProtocolVersion, OriginAccessControlOriginTypes,
    OriginAccessControlSigningBehaviors, OriginAccessControlSigningProtocols, PriceClass, ReferrerPolicyList,
    ResponseHeadersPolicyAccessControlAllowMethodsValues, SslSupportMethod, ViewerProtocolPolicy,
};
pub use cache_policy::{
    CachePolicy, CachePolicyConfig, CookiesConfig, HeadersConfig, ParametersInCacheKeyAndForwardedToOrigin,
    QueryStringsConfig,
};
pub use distribution::{
    CacheBehavior, ConnectionFunctionAssociation, CustomErrorResponse, Distribution, DistributionConfig,
    FIND_HOLDER, FunctionAssociation, GeoRestriction, HOSTED_ZONE, Holder, LambdaFunctionAssociation,
    Logging, Origin, OriginShield, Restrictions, S3OriginConfig, TAKE_NAME, TrustStoreConfig,
    ViewerCertificate, ViewerMtlsConfig, holder_of, is_there, take_name,
};
pub(in crate::resource) use distribution::{distributions, own_aliases, owner_of};
pub use key_group::{KeyGroup, KeyGroupConfig};
pub use monitoring_subscription::{MonitoringSubscription, RealtimeMetricsSubscriptionConfig, Subscribed};
pub use origin_access_control::{OriginAccessControl, OriginAccessControlConfig};
pub use public_key::{PublicKey, PublicKeyConfig};
pub use response_headers_policy::{
    ContentSecurityPolicy, ContentTypeOptions, CorsConfig, CustomHeader, CustomHeaders, FrameOptions,
    Methods, Names, ReferrerPolicy, RemoveHeader, RemoveHeaders, ResponseHeadersPolicy,
    ResponseHeadersPolicyConfig, SecurityHeadersConfig, ServerTimingHeadersConfig, StrictTransportSecurity,
    XssProtection,
};
