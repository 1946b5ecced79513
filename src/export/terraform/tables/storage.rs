//! Buckets and their policies. Each setting of a bucket is a resource of its own.

use super::super::rows::{Row, TAGS, To};
use super::{PartRule, Rule};

const LIFECYCLE: &[Row] = &[
    ("TransitionDefaultMinimumObjectSize", To::Argument("transition_default_minimum_object_size")),
    (
        "Rules",
        To::Block(
            "rule",
            &[
                ("Id", To::Argument("id")),
                ("Status", To::Argument("status")),
                // What S3 calls a filter, CloudFormation has in the rule itself: `prepare` puts it together.
                (
                    "Filter",
                    To::Block(
                        "filter",
                        &[
                            ("Prefix", To::Argument("prefix")),
                            ("ObjectSizeGreaterThan", To::Argument("object_size_greater_than")),
                            ("ObjectSizeLessThan", To::Argument("object_size_less_than")),
                            (
                                "Tag",
                                To::Block(
                                    "tag",
                                    &[("Key", To::Argument("key")), ("Value", To::Argument("value"))],
                                ),
                            ),
                            (
                                "And",
                                To::Block(
                                    "and",
                                    &[
                                        ("Prefix", To::Argument("prefix")),
                                        ("ObjectSizeGreaterThan", To::Argument("object_size_greater_than")),
                                        ("ObjectSizeLessThan", To::Argument("object_size_less_than")),
                                        ("Tags", To::Map("tags", "Key", "Value")),
                                    ],
                                ),
                            ),
                        ],
                    ),
                ),
                ("ExpirationInDays", To::In("expiration", &To::Argument("days"))),
                ("ExpirationDate", To::In("expiration", &To::Argument("date"))),
                (
                    "ExpiredObjectDeleteMarker",
                    To::In("expiration", &To::Argument("expired_object_delete_marker")),
                ),
                (
                    "NoncurrentVersionExpiration",
                    To::Block(
                        "noncurrent_version_expiration",
                        &[
                            ("NoncurrentDays", To::Argument("noncurrent_days")),
                            ("NewerNoncurrentVersions", To::Argument("newer_noncurrent_versions")),
                        ],
                    ),
                ),
                (
                    "AbortIncompleteMultipartUpload",
                    To::Block(
                        "abort_incomplete_multipart_upload",
                        &[("DaysAfterInitiation", To::Argument("days_after_initiation"))],
                    ),
                ),
                (
                    "Transitions",
                    To::Block(
                        "transition",
                        &[
                            ("StorageClass", To::Argument("storage_class")),
                            ("TransitionInDays", To::Argument("days")),
                            ("TransitionDate", To::Argument("date")),
                        ],
                    ),
                ),
                (
                    "NoncurrentVersionTransitions",
                    To::Block(
                        "noncurrent_version_transition",
                        &[
                            ("StorageClass", To::Argument("storage_class")),
                            ("TransitionInDays", To::Argument("noncurrent_days")),
                            ("NewerNoncurrentVersions", To::Argument("newer_noncurrent_versions")),
                        ],
                    ),
                ),
            ],
        ),
    ),
];

const ENCRYPTION: &[Row] = &[(
    "ServerSideEncryptionConfiguration",
    To::Block(
        "rule",
        &[
            (
                "ServerSideEncryptionByDefault",
                To::Block(
                    "apply_server_side_encryption_by_default",
                    &[
                        ("SSEAlgorithm", To::Argument("sse_algorithm")),
                        ("KMSMasterKeyID", To::Argument("kms_master_key_id")),
                    ],
                ),
            ),
            ("BucketKeyEnabled", To::Argument("bucket_key_enabled")),
            (
                "BlockedEncryptionTypes",
                To::Within(&[("EncryptionType", To::Argument("blocked_encryption_types"))]),
            ),
        ],
    ),
)];

const PUBLIC_ACCESS: &[Row] = &[
    ("BlockPublicAcls", To::Argument("block_public_acls")),
    ("BlockPublicPolicy", To::Argument("block_public_policy")),
    ("IgnorePublicAcls", To::Argument("ignore_public_acls")),
    ("RestrictPublicBuckets", To::Argument("restrict_public_buckets")),
];

const CORS: &[Row] = &[(
    "CorsRules",
    To::Block(
        "cors_rule",
        &[
            ("Id", To::Argument("id")),
            ("AllowedHeaders", To::Argument("allowed_headers")),
            ("AllowedMethods", To::Argument("allowed_methods")),
            ("AllowedOrigins", To::Argument("allowed_origins")),
            ("ExposedHeaders", To::Argument("expose_headers")),
            ("MaxAge", To::Argument("max_age_seconds")),
        ],
    ),
)];

const LOGGING: &[Row] = &[
    ("DestinationBucketName", To::Argument("target_bucket")),
    ("LogFilePrefix", To::Argument("target_prefix")),
    (
        "TargetObjectKeyFormat",
        To::Block(
            "target_object_key_format",
            &[(
                "PartitionedPrefix",
                To::Block(
                    "partitioned_prefix",
                    &[("PartitionDateSource", To::Argument("partition_date_source"))],
                ),
            )],
        ),
    ),
];

/// A setting of a bucket. It is imported by the bucket's name.
const fn setting(property: &'static str, resource: &'static str, rows: &'static [Row]) -> PartRule {
    let of = &[("bucket", "bucket")];
    PartRule { property, resource, regional: true, import: "{id}", named_by: None, of, rows }
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        kind: "AWS::S3::Bucket",
        resource: "aws_s3_bucket",
        regional: true,
        import: "{id}",
        rows: &[("BucketName", To::Argument("bucket")), TAGS],
        parts: &[
            setting(
                "VersioningConfiguration",
                "aws_s3_bucket_versioning",
                &[("Status", To::In("versioning_configuration", &To::Argument("status")))],
            ),
            setting("BucketEncryption", "aws_s3_bucket_server_side_encryption_configuration", ENCRYPTION),
            setting(
                "OwnershipControls",
                "aws_s3_bucket_ownership_controls",
                &[("Rules", To::Block("rule", &[("ObjectOwnership", To::Argument("object_ownership"))]))],
            ),
            setting("PublicAccessBlockConfiguration", "aws_s3_bucket_public_access_block", PUBLIC_ACCESS),
            setting("LifecycleConfiguration", "aws_s3_bucket_lifecycle_configuration", LIFECYCLE),
            setting("CorsConfiguration", "aws_s3_bucket_cors_configuration", CORS),
            setting("LoggingConfiguration", "aws_s3_bucket_logging", LOGGING),
            setting(
                "NotificationConfiguration",
                "aws_s3_bucket_notification",
                &[(
                    "EventBridgeConfiguration",
                    To::Within(&[("EventBridgeEnabled", To::Argument("eventbridge"))]),
                )],
            ),
        ],
    },
    Rule {
        kind: "AWS::S3::BucketPolicy",
        resource: "aws_s3_bucket_policy",
        regional: true,
        import: "{id}",
        rows: &[("Bucket", To::Argument("bucket")), ("PolicyDocument", To::Json("policy"))],
        parts: &[],
    },
];
