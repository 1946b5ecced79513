//! The CDN with its policies and keys, the domain, and viewers' logs. CloudFront and Route 53 are global.

use super::super::rows::{Row, TAGS, To};
use super::Rule;

const CACHE_PARAMETERS: &[Row] = &[
    ("EnableAcceptEncodingBrotli", To::Argument("enable_accept_encoding_brotli")),
    ("EnableAcceptEncodingGzip", To::Argument("enable_accept_encoding_gzip")),
    ("CookiesConfig", To::Block("cookies_config", &[("CookieBehavior", To::Argument("cookie_behavior"))])),
    ("HeadersConfig", To::Block("headers_config", &[("HeaderBehavior", To::Argument("header_behavior"))])),
    (
        "QueryStringsConfig",
        To::Block("query_strings_config", &[("QueryStringBehavior", To::Argument("query_string_behavior"))]),
    ),
];

const CACHE_POLICY: &[Row] = &[(
    "CachePolicyConfig",
    To::Within(&[
        ("Name", To::Argument("name")),
        ("Comment", To::Argument("comment")),
        ("MinTTL", To::Argument("min_ttl")),
        ("DefaultTTL", To::Argument("default_ttl")),
        ("MaxTTL", To::Argument("max_ttl")),
        (
            "ParametersInCacheKeyAndForwardedToOrigin",
            To::Block("parameters_in_cache_key_and_forwarded_to_origin", CACHE_PARAMETERS),
        ),
    ]),
)];

const ITEMS: &[Row] = &[("Items", To::Argument("items"))];

const CORS: &[Row] = &[
    ("AccessControlAllowCredentials", To::Argument("access_control_allow_credentials")),
    ("AccessControlAllowHeaders", To::Block("access_control_allow_headers", ITEMS)),
    ("AccessControlAllowMethods", To::Block("access_control_allow_methods", ITEMS)),
    ("AccessControlAllowOrigins", To::Block("access_control_allow_origins", ITEMS)),
    ("AccessControlExposeHeaders", To::Block("access_control_expose_headers", ITEMS)),
    ("AccessControlMaxAgeSec", To::Argument("access_control_max_age_sec")),
    ("OriginOverride", To::Argument("origin_override")),
];

const OVERRIDE: Row = ("Override", To::Argument("override"));

const SECURITY: &[Row] = &[
    ("ContentTypeOptions", To::Block("content_type_options", &[OVERRIDE])),
    ("FrameOptions", To::Block("frame_options", &[("FrameOption", To::Argument("frame_option")), OVERRIDE])),
    (
        "ReferrerPolicy",
        To::Block("referrer_policy", &[("ReferrerPolicy", To::Argument("referrer_policy")), OVERRIDE]),
    ),
    (
        "StrictTransportSecurity",
        To::Block(
            "strict_transport_security",
            &[
                ("AccessControlMaxAgeSec", To::Argument("access_control_max_age_sec")),
                ("IncludeSubdomains", To::Argument("include_subdomains")),
                ("Preload", To::Argument("preload")),
                OVERRIDE,
            ],
        ),
    ),
];

const HEADERS: &[Row] = &[(
    "ResponseHeadersPolicyConfig",
    To::Within(&[
        ("Name", To::Argument("name")),
        ("Comment", To::Argument("comment")),
        ("CorsConfig", To::Block("cors_config", CORS)),
        ("SecurityHeadersConfig", To::Block("security_headers_config", SECURITY)),
    ]),
)];

const BEHAVIOR: &[Row] = &[
    ("PathPattern", To::Argument("path_pattern")),
    ("TargetOriginId", To::Argument("target_origin_id")),
    ("ViewerProtocolPolicy", To::Argument("viewer_protocol_policy")),
    ("AllowedMethods", To::Argument("allowed_methods")),
    ("CachedMethods", To::Argument("cached_methods")),
    ("Compress", To::Argument("compress")),
    ("CachePolicyId", To::Argument("cache_policy_id")),
    ("OriginRequestPolicyId", To::Argument("origin_request_policy_id")),
    ("ResponseHeadersPolicyId", To::Argument("response_headers_policy_id")),
    ("TrustedKeyGroups", To::Argument("trusted_key_groups")),
];

const DISTRIBUTION: &[Row] = &[
    (
        "DistributionConfig",
        To::Within(&[
            ("Comment", To::Argument("comment")),
            ("Enabled", To::Argument("enabled")),
            ("Aliases", To::Argument("aliases")),
            ("DefaultRootObject", To::Argument("default_root_object")),
            ("HttpVersion", To::Argument("http_version")),
            ("IPV6Enabled", To::Argument("is_ipv6_enabled")),
            ("PriceClass", To::Argument("price_class")),
            ("WebACLId", To::Argument("web_acl_id")),
            (
                "Origins",
                To::Block(
                    "origin",
                    &[
                        ("Id", To::Argument("origin_id")),
                        ("DomainName", To::Argument("domain_name")),
                        ("OriginPath", To::Argument("origin_path")),
                        ("OriginAccessControlId", To::Argument("origin_access_control_id")),
                        ("S3OriginConfig", To::Always("{\"OriginAccessIdentity\":\"\"}")),
                        ("ConnectionAttempts", To::Argument("connection_attempts")),
                        ("ConnectionTimeout", To::Argument("connection_timeout")),
                    ],
                ),
            ),
            ("DefaultCacheBehavior", To::Block("default_cache_behavior", BEHAVIOR)),
            ("CacheBehaviors", To::Block("ordered_cache_behavior", BEHAVIOR)),
            (
                "CustomErrorResponses",
                To::Block(
                    "custom_error_response",
                    &[
                        ("ErrorCode", To::Argument("error_code")),
                        ("ErrorCachingMinTTL", To::Argument("error_caching_min_ttl")),
                        ("ResponseCode", To::Argument("response_code")),
                        ("ResponsePagePath", To::Argument("response_page_path")),
                    ],
                ),
            ),
            // Terraform wants the block although CloudFront does not: `prepare` adds it.
            (
                "Restrictions",
                To::Block(
                    "restrictions",
                    &[(
                        "GeoRestriction",
                        To::Block(
                            "geo_restriction",
                            &[
                                ("RestrictionType", To::Argument("restriction_type")),
                                ("Locations", To::Argument("locations")),
                            ],
                        ),
                    )],
                ),
            ),
            (
                "ViewerCertificate",
                To::Block(
                    "viewer_certificate",
                    &[
                        ("CloudFrontDefaultCertificate", To::Argument("cloudfront_default_certificate")),
                        ("AcmCertificateArn", To::Argument("acm_certificate_arn")),
                        ("MinimumProtocolVersion", To::Argument("minimum_protocol_version")),
                        ("SslSupportMethod", To::Argument("ssl_support_method")),
                    ],
                ),
            ),
        ]),
    ),
    TAGS,
];

const RECORD: &[Row] = &[
    ("HostedZoneId", To::Argument("zone_id")),
    ("Name", To::Argument("name")),
    ("Type", To::Argument("type")),
    ("TTL", To::Number("ttl")),
    ("ResourceRecords", To::Argument("records")),
    (
        "AliasTarget",
        To::Block(
            "alias",
            &[
                ("DNSName", To::Argument("name")),
                ("HostedZoneId", To::Argument("zone_id")),
                ("EvaluateTargetHealth", To::Argument("evaluate_target_health")),
            ],
        ),
    ),
];

const CERTIFICATE: &[Row] = &[
    ("DomainName", To::Argument("domain_name")),
    ("ValidationMethod", To::Argument("validation_method")),
    ("KeyAlgorithm", To::Argument("key_algorithm")),
    (
        "DomainValidationOptions",
        To::Unmanaged(
            "Its validation record is not in this export. It stays in the zone, and ACM renews by it.",
        ),
    ),
    TAGS,
];

/// A type of CloudFront's. It is imported by the id that AWS assigned.
const fn global(kind: &'static str, resource: &'static str, rows: &'static [Row]) -> Rule {
    Rule { kind, resource, regional: false, import: "{id}", rows, parts: &[] }
}

/// A type of a regional service that is imported by its id.
const fn regional(kind: &'static str, resource: &'static str, rows: &'static [Row]) -> Rule {
    Rule { kind, resource, regional: true, import: "{id}", rows, parts: &[] }
}

pub(super) const RULES: &[Rule] = &[
    regional("AWS::CertificateManager::Certificate", "aws_acm_certificate", CERTIFICATE),
    global(
        "AWS::CloudFront::OriginAccessControl",
        "aws_cloudfront_origin_access_control",
        &[(
            "OriginAccessControlConfig",
            To::Within(&[
                ("Name", To::Argument("name")),
                ("Description", To::Argument("description")),
                ("OriginAccessControlOriginType", To::Argument("origin_access_control_origin_type")),
                ("SigningBehavior", To::Argument("signing_behavior")),
                ("SigningProtocol", To::Argument("signing_protocol")),
            ]),
        )],
    ),
    global("AWS::CloudFront::CachePolicy", "aws_cloudfront_cache_policy", CACHE_POLICY),
    global("AWS::CloudFront::ResponseHeadersPolicy", "aws_cloudfront_response_headers_policy", HEADERS),
    global(
        "AWS::CloudFront::PublicKey",
        "aws_cloudfront_public_key",
        &[(
            "PublicKeyConfig",
            To::Within(&[
                ("CallerReference", To::Computed),
                ("Name", To::Argument("name")),
                ("EncodedKey", To::Argument("encoded_key")),
                ("Comment", To::Argument("comment")),
            ]),
        )],
    ),
    global(
        "AWS::CloudFront::KeyGroup",
        "aws_cloudfront_key_group",
        &[(
            "KeyGroupConfig",
            To::Within(&[
                ("Name", To::Argument("name")),
                ("Items", To::Argument("items")),
                ("Comment", To::Argument("comment")),
            ]),
        )],
    ),
    global("AWS::CloudFront::Distribution", "aws_cloudfront_distribution", DISTRIBUTION),
    global(
        "AWS::CloudFront::MonitoringSubscription",
        "aws_cloudfront_monitoring_subscription",
        &[
            ("DistributionId", To::Argument("distribution_id")),
            (
                "MonitoringSubscription",
                To::Block(
                    "monitoring_subscription",
                    &[(
                        "RealtimeMetricsSubscriptionConfig",
                        To::Block(
                            "realtime_metrics_subscription_config",
                            &[(
                                "RealtimeMetricsSubscriptionStatus",
                                To::Argument("realtime_metrics_subscription_status"),
                            )],
                        ),
                    )],
                ),
            ),
        ],
    ),
    Rule {
        kind: "AWS::Route53::RecordSet",
        resource: "aws_route53_record",
        regional: false,
        import: "{HostedZoneId}_{Name}_{Type}",
        rows: RECORD,
        parts: &[],
    },
    regional(
        "AWS::Logs::DeliverySource",
        "aws_cloudwatch_log_delivery_source",
        &[
            ("Name", To::Argument("name")),
            ("ResourceArn", To::Argument("resource_arn")),
            ("LogType", To::Argument("log_type")),
            TAGS,
        ],
    ),
    regional(
        "AWS::Logs::DeliveryDestination",
        "aws_cloudwatch_log_delivery_destination",
        &[
            ("Name", To::Argument("name")),
            (
                "DestinationResourceArn",
                To::In("delivery_destination_configuration", &To::Argument("destination_resource_arn")),
            ),
            ("OutputFormat", To::Argument("output_format")),
            TAGS,
        ],
    ),
    regional(
        "AWS::Logs::Delivery",
        "aws_cloudwatch_log_delivery",
        &[
            ("DeliverySourceName", To::Argument("delivery_source_name")),
            ("DeliveryDestinationArn", To::Argument("delivery_destination_arn")),
            ("RecordFields", To::Argument("record_fields")),
            ("FieldDelimiter", To::Argument("field_delimiter")),
            ("S3SuffixPath", To::In("s3_delivery_configuration", &To::Argument("suffix_path"))),
            (
                "S3EnableHiveCompatiblePath",
                To::In("s3_delivery_configuration", &To::Argument("enable_hive_compatible_path")),
            ),
            TAGS,
        ],
    ),
];
