//! The distribution in front of the output bucket, and how it caches and answers.
//!
//! Two kinds of objects are delivered. Segments and thumbnails never change under their name, so edges and players keep
//! them for a year. Playlists and `asset.json` change when an asset is published again, so they are kept for seconds.
//! The cache key has no cookie, query parameter or header, and CloudFront itself answers CORS. So all viewers share one
//! copy, and the bucket gets as few requests as possible.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::config::{self, StackFile};
use super::domain::DomainResources;
use super::{Declarations, Handle, keys, names};
use crate::model::StringExpr;
use crate::resource::cloudfront::{
    CacheBehavior, CachePolicy, CachePolicyConfig, ContentTypeOptions, CorsConfig, CustomErrorResponse,
    Distribution, DistributionConfig, FrameOptions, FrameOptionsList, HttpVersion, Methods, Names, Origin,
    OriginAccessControl, OriginAccessControlConfig, OriginAccessControlOriginTypes,
    OriginAccessControlSigningBehaviors, OriginAccessControlSigningProtocols,
    ParametersInCacheKeyAndForwardedToOrigin, PriceClass, ReferrerPolicy, ReferrerPolicyList,
    ResponseHeadersPolicy, ResponseHeadersPolicyAccessControlAllowMethodsValues as CorsMethod,
    ResponseHeadersPolicyConfig, Restrictions, SecurityHeadersConfig, StrictTransportSecurity,
    ViewerCertificate,
};

const ORIGIN_ACCESS: &str = "delivery/origin-access";
const SEGMENTS: &str = "delivery/segments";
const PLAYLISTS: &str = "delivery/playlists";
const HEADERS: &str = "delivery/headers";
const DISTRIBUTION: &str = names::DISTRIBUTION.as_str();

/// The id of the distribution's only origin.
const OUTPUT: &str = "output";
/// The paths of objects that change when an asset is published again.
const CHANGING: [&str; 2] = ["*.m3u8", "*/asset.json"];

const MINUTE: i64 = 60;
const YEAR: i64 = 365 * 24 * 60 * MINUTE;
/// How many seconds a changing object is kept. The publish handler writes the same number into `Cache-Control`.
const BRIEF: i64 = 10;

/// Errors that edges keep for [`ERROR_SECONDS`]. This is long enough to protect the bucket from many requests, and
/// short enough that an asset plays as soon as it is published. A missing object is 403 rather than 404. The bucket's
/// policy lets CloudFront read objects (`s3:GetObject`) but not list them (`s3:ListBucket`), and S3 sends 404 only to
/// callers who may list. So 403 must be kept as briefly as 404.
const BRIEF_ERRORS: [i32; 6] = [403, 404, 500, 502, 503, 504];
const ERROR_SECONDS: i64 = 10;

/// The declared resources.
#[derive(Debug)]
pub struct DeliveryResources {
    /// How requests to the bucket are signed.
    pub origin_access: Handle<OriginAccessControl>,
    /// The cache policy of objects that never change.
    pub segments: Handle<CachePolicy>,
    /// The cache policy of objects that change.
    pub playlists: Handle<CachePolicy>,
    /// The headers that are added to responses.
    pub headers: Handle<ResponseHeadersPolicy>,
    /// The distribution that serves viewers.
    pub distribution: Handle<Distribution>,
}

/// Declares the delivery of the output bucket, under the service's own name if it has one. The origin is the bucket's
/// regional domain name. For hours after a bucket is created, S3 answers requests for its global name with redirects.
pub fn declare(
    stack: &mut Declarations,
    file: &StackFile,
    output_bucket_domain: StringExpr,
    domain: Option<&DomainResources>,
) -> DeliveryResources {
    let origin_access = stack.declare(ORIGIN_ACCESS, &origin_access(stack));
    let segments = stack.declare(SEGMENTS, &segments(stack));
    let playlists = stack.declare(PLAYLISTS, &playlists(stack));
    let headers = stack.declare(HEADERS, &headers(stack, &file.delivery));
    let trusted: BTreeSet<StringExpr> =
        file.delivery.signed_urls.iter().map(|signed| keys::declare(stack, signed).output("Id")).collect();
    let bucket = Origin::bucket(OUTPUT, output_bucket_domain, origin_access.output("Id"));
    let behavior = |pattern, policy: &Handle<CachePolicy>| CacheBehavior {
        response_headers_policy_id: Some(headers.output("Id")),
        // In every behavior: a path without a required signature would be a way around it.
        trusted_key_groups: trusted.clone(),
        ..CacheBehavior::reads(pattern, OUTPUT, policy.output("Id"))
    };
    let config = DistributionConfig {
        comment: stack.comment(DISTRIBUTION),
        enabled: true,
        aliases: domain.iter().filter(|domain| domain.alias).map(|domain| domain.name.clone()).collect(),
        default_root_object: None,
        origins: BTreeSet::from([bucket]),
        // Not compressed: video already is, and each encoding would be one more copy to fetch from the bucket.
        default_cache_behavior: behavior(None, &segments),
        cache_behaviors: CHANGING
            .map(|pattern| CacheBehavior { compress: true, ..behavior(Some(pattern), &playlists) })
            .into(),
        custom_error_responses: BRIEF_ERRORS
            .map(|code| CustomErrorResponse::caching(code, ERROR_SECONDS))
            .into(),
        http_version: HttpVersion::Http2and3,
        ipv6_enabled: true,
        price_class: price_class(file.delivery.price_class),
        restrictions: restrictions(&file.delivery.allow_countries),
        // Access logs are separate deliveries, by standard logging v2.
        logging: None,
        viewer_certificate: viewer_certificate(domain),
        web_acl_id: file.delivery.web_acl.as_deref().map(StringExpr::from),
        continuous_deployment_policy_id: None,
        viewer_mtls_config: None,
        connection_function_association: None,
    };
    let distribution =
        Distribution { distribution_config: config, tags: stack.tags_everywhere(DISTRIBUTION) };
    let distribution = stack.declare(DISTRIBUTION, &distribution);
    DeliveryResources { origin_access, segments, playlists, headers, distribution }
}

/// Every request to the bucket is signed, regardless of the viewer's request, so the bucket can refuse all others.
fn origin_access(stack: &Declarations) -> OriginAccessControl {
    OriginAccessControl {
        origin_access_control_config: OriginAccessControlConfig {
            name: stack.name_everywhere(OUTPUT),
            description: Some(stack.comment(ORIGIN_ACCESS)),
            origin_access_control_origin_type: OriginAccessControlOriginTypes::S3,
            signing_behavior: OriginAccessControlSigningBehaviors::Always,
            signing_protocol: OriginAccessControlSigningProtocols::Sigv4,
        },
    }
}

/// Objects that never change are kept for a year.
fn segments(stack: &Declarations) -> CachePolicy {
    CachePolicy {
        cache_policy_config: CachePolicyConfig {
            name: stack.name_everywhere("segments"),
            comment: stack.comment(SEGMENTS),
            min_ttl: 0,
            default_ttl: YEAR,
            max_ttl: YEAR,
            parameters_in_cache_key_and_forwarded_to_origin: ParametersInCacheKeyAndForwardedToOrigin::none(),
        },
    }
}

/// Changing objects are kept for seconds. A compressed copy is kept too, because playlists are text that compresses
/// tenfold.
fn playlists(stack: &Declarations) -> CachePolicy {
    CachePolicy {
        cache_policy_config: CachePolicyConfig {
            name: stack.name_everywhere("playlists"),
            comment: stack.comment(PLAYLISTS),
            min_ttl: 0,
            default_ttl: BRIEF,
            max_ttl: MINUTE,
            parameters_in_cache_key_and_forwarded_to_origin: ParametersInCacheKeyAndForwardedToOrigin {
                enable_accept_encoding_brotli: true,
                enable_accept_encoding_gzip: true,
                ..ParametersInCacheKeyAndForwardedToOrigin::none()
            },
        },
    }
}

fn headers(stack: &Declarations, delivery: &config::Delivery) -> ResponseHeadersPolicy {
    ResponseHeadersPolicy {
        response_headers_policy_config: ResponseHeadersPolicyConfig {
            name: stack.name_everywhere("headers"),
            comment: stack.comment(HEADERS),
            cors_config: Some(cors(delivery)),
            security_headers_config: Some(security()),
            custom_headers_config: None,
            remove_headers_config: None,
            server_timing_headers_config: None,
        },
    }
}

fn names<'a>(list: impl IntoIterator<Item = &'a str>) -> Names {
    Names { items: list.into_iter().map(str::to_owned).collect() }
}

/// Players on these sites' pages may read the responses, and the headers that they need to measure bandwidth.
///
/// Players send `GET`, at most with `Range`. Browsers send that without a preflight request, which the bucket could not
/// answer because it has no CORS rules.
///
/// If signatures are required, players of named sites send them as cookies; browsers then do not accept `*`.
fn cors(delivery: &config::Delivery) -> CorsConfig {
    let player_origins = &delivery.player_origins;
    let cookies = delivery.signed_urls.is_some() && !player_origins.iter().any(|origin| origin == "*");
    CorsConfig {
        access_control_allow_credentials: cookies,
        access_control_allow_headers: names([if cookies { "Range" } else { "*" }]),
        access_control_allow_methods: Methods { items: BTreeSet::from([CorsMethod::Get, CorsMethod::Head]) },
        access_control_allow_origins: names(player_origins.iter().map(String::as_str)),
        access_control_expose_headers: Some(names([
            "Age",
            "Content-Length",
            "Content-Range",
            "Date",
            "ETag",
            "X-Cache",
        ])),
        access_control_max_age_sec: 7200,
        origin_override: true,
    }
}

/// Only players fetch media: it is never shown in a frame or run as a script, and other sites must not learn an asset's
/// address.
fn security() -> SecurityHeadersConfig {
    SecurityHeadersConfig {
        content_type_options: Some(ContentTypeOptions { r#override: true }),
        frame_options: Some(FrameOptions { frame_option: FrameOptionsList::Deny, r#override: true }),
        referrer_policy: Some(ReferrerPolicy {
            referrer_policy: ReferrerPolicyList::StrictOriginWhenCrossOrigin,
            r#override: true,
        }),
        // Without subdomains: they may belong to somebody else.
        strict_transport_security: Some(StrictTransportSecurity {
            access_control_max_age_sec: 31_536_000,
            include_subdomains: false,
            preload: false,
            r#override: true,
        }),
        ..SecurityHeadersConfig::default()
    }
}

fn price_class(class: config::PriceClass) -> PriceClass {
    match class {
        config::PriceClass::Class100 => PriceClass::PriceClass100,
        config::PriceClass::Class200 => PriceClass::PriceClass200,
        config::PriceClass::All => PriceClass::PriceClassAll,
    }
}

/// CloudFront's default certificate covers only CloudFront's own names.
fn viewer_certificate(domain: Option<&DomainResources>) -> ViewerCertificate {
    match domain {
        Some(domain) => ViewerCertificate::acm(domain.certificate.clone()),
        None => ViewerCertificate::cloudfront(),
    }
}

fn restrictions(allowed: &[String]) -> Option<Restrictions> {
    (!allowed.is_empty()).then(|| Restrictions::only(allowed.iter().cloned()))
}
