//! MediaConvert, the handlers and their roles. The provider `aws` has no job templates, so that one is of `awscc`.

use super::super::rows::{Row, TAGS, To};
use super::{PartRule, Rule};

const FUNCTION: &[Row] = &[
    ("FunctionName", To::Argument("function_name")),
    ("Description", To::Argument("description")),
    ("Role", To::Argument("role")),
    ("PackageType", To::Argument("package_type")),
    ("Runtime", To::Argument("runtime")),
    ("Handler", To::Argument("handler")),
    ("Architectures", To::Argument("architectures")),
    ("Code", To::Code),
    ("MemorySize", To::Argument("memory_size")),
    ("Timeout", To::Argument("timeout")),
    ("EphemeralStorage", To::Block("ephemeral_storage", &[("Size", To::Argument("size"))])),
    ("Environment", To::Block("environment", &[("Variables", To::Argument("variables"))])),
    ("KmsKeyArn", To::Argument("kms_key_arn")),
    (
        "LoggingConfig",
        To::Block(
            "logging_config",
            &[
                ("LogFormat", To::Argument("log_format")),
                ("LogGroup", To::Argument("log_group")),
                ("ApplicationLogLevel", To::Argument("application_log_level")),
                ("SystemLogLevel", To::Argument("system_log_level")),
            ],
        ),
    ),
    ("TracingConfig", To::Block("tracing_config", &[("Mode", To::Argument("mode"))])),
    ("ReservedConcurrentExecutions", To::Argument("reserved_concurrent_executions")),
    TAGS,
];

const PERMISSION: &[Row] = &[
    ("FunctionName", To::Argument("function_name")),
    // CloudFormation has no property for it: `prepare` takes it from the live statement.
    ("StatementId", To::Argument("statement_id")),
    ("Action", To::Argument("action")),
    ("Principal", To::Argument("principal")),
    ("SourceArn", To::Argument("source_arn")),
    ("SourceAccount", To::Argument("source_account")),
    ("PrincipalOrgID", To::Argument("principal_org_id")),
    ("EventSourceToken", To::Argument("event_source_token")),
    ("FunctionUrlAuthType", To::Argument("function_url_auth_type")),
    ("InvokedViaFunctionUrl", To::Argument("invoked_via_function_url")),
];

const ROLE: &[Row] = &[
    ("RoleName", To::Argument("name")),
    ("Path", To::Argument("path")),
    ("Description", To::Argument("description")),
    ("AssumeRolePolicyDocument", To::Json("assume_role_policy")),
    ("PermissionsBoundary", To::Argument("permissions_boundary")),
    ("MaxSessionDuration", To::Argument("max_session_duration")),
    ("ManagedPolicyArns", To::Always("[]")),
    TAGS,
];

const TEMPLATE: &[Row] = &[
    ("Name", To::Argument("name")),
    ("Description", To::Argument("description")),
    ("Category", To::Argument("category")),
    ("Queue", To::Argument("queue")),
    ("Priority", To::Argument("priority")),
    ("StatusUpdateInterval", To::Argument("status_update_interval")),
    // Nested attributes of `awscc` are arguments, not blocks: `prepare` gives them the names.
    ("AccelerationSettings", To::Argument("acceleration_settings")),
    ("SettingsJson", To::Json("settings_json")),
    ("Tags", To::JsonTags),
];

/// Kinds that no stack declares which can be exported: what somebody added of them is removed, or they are a fleet's.
#[cfg(test)]
pub(in crate::export::terraform) const NEVER_DECLARED: [&str; 3] =
    ["AWS::CloudFormation::StackSet", "AWS::Lambda::Url", "AWS::Logs::SubscriptionFilter"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        kind: "AWS::MediaConvert::Queue",
        resource: "aws_media_convert_queue",
        regional: true,
        import: "{id}",
        rows: &[
            ("Name", To::Argument("name")),
            ("Description", To::Argument("description")),
            ("PricingPlan", To::Argument("pricing_plan")),
            ("Status", To::Argument("status")),
            TAGS,
        ],
        parts: &[],
    },
    Rule {
        kind: "AWS::MediaConvert::JobTemplate",
        resource: "awscc_mediaconvert_job_template",
        regional: false,
        import: "{id}",
        rows: TEMPLATE,
        parts: &[],
    },
    Rule {
        kind: "AWS::IAM::Role",
        resource: "aws_iam_role",
        regional: false,
        import: "{id}",
        rows: ROLE,
        parts: &[PartRule {
            property: "Policies",
            resource: "aws_iam_role_policy",
            regional: false,
            import: "{id}:{.PolicyName}",
            named_by: Some("PolicyName"),
            of: &[("role", "name")],
            rows: &[("PolicyName", To::Argument("name")), ("PolicyDocument", To::Json("policy"))],
        }],
    },
    Rule {
        kind: "AWS::Logs::LogGroup",
        resource: "aws_cloudwatch_log_group",
        regional: true,
        import: "{id}",
        rows: &[
            ("LogGroupName", To::Argument("name")),
            ("LogGroupClass", To::Argument("log_group_class")),
            ("RetentionInDays", To::Argument("retention_in_days")),
            ("DeletionProtectionEnabled", To::Argument("deletion_protection_enabled")),
            ("KmsKeyId", To::Argument("kms_key_id")),
            TAGS,
        ],
        parts: &[],
    },
    Rule {
        kind: "AWS::Lambda::Function",
        resource: "aws_lambda_function",
        regional: true,
        import: "{id}",
        rows: FUNCTION,
        parts: &[],
    },
    Rule {
        kind: "AWS::Lambda::EventInvokeConfig",
        resource: "aws_lambda_function_event_invoke_config",
        regional: true,
        import: "{FunctionName}:{Qualifier}",
        rows: &[
            ("FunctionName", To::Argument("function_name")),
            ("Qualifier", To::Argument("qualifier")),
            ("MaximumRetryAttempts", To::Argument("maximum_retry_attempts")),
            ("MaximumEventAgeInSeconds", To::Argument("maximum_event_age_in_seconds")),
            (
                "DestinationConfig",
                To::Block(
                    "destination_config",
                    &[
                        (
                            "OnFailure",
                            To::Block("on_failure", &[("Destination", To::Argument("destination"))]),
                        ),
                        (
                            "OnSuccess",
                            To::Block("on_success", &[("Destination", To::Argument("destination"))]),
                        ),
                    ],
                ),
            ),
        ],
        parts: &[],
    },
    Rule {
        kind: "AWS::Lambda::Permission",
        resource: "aws_lambda_permission",
        regional: true,
        import: "{id}",
        rows: PERMISSION,
        parts: &[],
    },
];
