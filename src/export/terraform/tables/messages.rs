//! Events, queues, topics, alarms and the dashboard.

use super::super::rows::{Row, TAGS, To};
use super::{PartRule, Rule};

const QUEUE: &[Row] = &[
    ("QueueName", To::Argument("name")),
    ("MessageRetentionPeriod", To::Argument("message_retention_seconds")),
    ("VisibilityTimeout", To::Argument("visibility_timeout_seconds")),
    ("MaximumMessageSize", To::Argument("max_message_size")),
    ("DelaySeconds", To::Argument("delay_seconds")),
    ("ReceiveMessageWaitTimeSeconds", To::Argument("receive_wait_time_seconds")),
    ("RedrivePolicy", To::Json("redrive_policy")),
    ("RedriveAllowPolicy", To::Json("redrive_allow_policy")),
    ("SqsManagedSseEnabled", To::Argument("sqs_managed_sse_enabled")),
    ("KmsMasterKeyId", To::Argument("kms_master_key_id")),
    TAGS,
];

const TARGET: &[Row] = &[
    ("Id", To::Argument("target_id")),
    ("Arn", To::Argument("arn")),
    ("RoleArn", To::Argument("role_arn")),
    ("Input", To::Argument("input")),
    ("InputPath", To::Argument("input_path")),
    (
        "InputTransformer",
        To::Block(
            "input_transformer",
            &[
                ("InputPathsMap", To::Argument("input_paths")),
                ("InputTemplate", To::Argument("input_template")),
            ],
        ),
    ),
    ("DeadLetterConfig", To::Block("dead_letter_config", &[("Arn", To::Argument("arn"))])),
    (
        "RetryPolicy",
        To::Block(
            "retry_policy",
            &[
                ("MaximumEventAgeInSeconds", To::Argument("maximum_event_age_in_seconds")),
                ("MaximumRetryAttempts", To::Argument("maximum_retry_attempts")),
            ],
        ),
    ),
];

const ALARM: &[Row] = &[
    ("AlarmName", To::Argument("alarm_name")),
    ("AlarmDescription", To::Argument("alarm_description")),
    ("ActionsEnabled", To::Argument("actions_enabled")),
    ("AlarmActions", To::Argument("alarm_actions")),
    ("OKActions", To::Argument("ok_actions")),
    ("InsufficientDataActions", To::Argument("insufficient_data_actions")),
    ("Namespace", To::Argument("namespace")),
    ("MetricName", To::Argument("metric_name")),
    ("Dimensions", To::Map("dimensions", "Name", "Value")),
    ("Statistic", To::Argument("statistic")),
    ("Unit", To::Argument("unit")),
    ("Period", To::Argument("period")),
    ("EvaluationPeriods", To::Argument("evaluation_periods")),
    ("DatapointsToAlarm", To::Argument("datapoints_to_alarm")),
    ("Threshold", To::Argument("threshold")),
    ("ComparisonOperator", To::Argument("comparison_operator")),
    ("TreatMissingData", To::Argument("treat_missing_data")),
    TAGS,
];

const SUBSCRIPTION: &[Row] = &[
    ("TopicArn", To::Argument("topic_arn")),
    ("Protocol", To::Argument("protocol")),
    ("Endpoint", To::Argument("endpoint")),
    ("FilterPolicy", To::Json("filter_policy")),
    ("FilterPolicyScope", To::Argument("filter_policy_scope")),
    ("RawMessageDelivery", To::Argument("raw_message_delivery")),
    ("RedrivePolicy", To::Json("redrive_policy")),
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        kind: "AWS::SQS::Queue",
        resource: "aws_sqs_queue",
        regional: true,
        import: "{id}",
        rows: QUEUE,
        parts: &[],
    },
    Rule {
        kind: "AWS::SQS::QueuePolicy",
        resource: "aws_sqs_queue_policy",
        regional: true,
        import: "{id}",
        rows: &[("Queues", To::Only("queue_url")), ("PolicyDocument", To::Json("policy"))],
        parts: &[],
    },
    Rule {
        kind: "AWS::Events::Rule",
        resource: "aws_cloudwatch_event_rule",
        regional: true,
        import: "{EventBusName}/{Name}",
        rows: &[
            ("Name", To::Argument("name")),
            ("EventBusName", To::Argument("event_bus_name")),
            ("Description", To::Argument("description")),
            ("EventPattern", To::Json("event_pattern")),
            ("ScheduleExpression", To::Argument("schedule_expression")),
            ("State", To::Argument("state")),
            TAGS,
        ],
        parts: &[PartRule {
            property: "Targets",
            resource: "aws_cloudwatch_event_target",
            regional: true,
            import: "{EventBusName}/{Name}/{.Id}",
            named_by: Some("Id"),
            of: &[("rule", "name"), ("event_bus_name", "event_bus_name")],
            rows: TARGET,
        }],
    },
    Rule {
        kind: "AWS::SNS::Topic",
        resource: "aws_sns_topic",
        regional: true,
        import: "{id}",
        rows: &[
            ("TopicName", To::Argument("name")),
            ("DisplayName", To::Argument("display_name")),
            ("KmsMasterKeyId", To::Argument("kms_master_key_id")),
            TAGS,
        ],
        parts: &[],
    },
    Rule {
        kind: "AWS::SNS::TopicPolicy",
        resource: "aws_sns_topic_policy",
        regional: true,
        import: "{id}",
        rows: &[("Topics", To::Only("arn")), ("PolicyDocument", To::Json("policy"))],
        parts: &[],
    },
    Rule {
        kind: "AWS::SNS::Subscription",
        resource: "aws_sns_topic_subscription",
        regional: true,
        import: "{#Arn}",
        rows: SUBSCRIPTION,
        parts: &[],
    },
    Rule {
        kind: "AWS::CloudWatch::Alarm",
        resource: "aws_cloudwatch_metric_alarm",
        regional: true,
        import: "{id}",
        rows: ALARM,
        parts: &[],
    },
    Rule {
        kind: "AWS::CloudWatch::Dashboard",
        resource: "aws_cloudwatch_dashboard",
        regional: true,
        import: "{id}",
        rows: &[
            ("DashboardName", To::Argument("dashboard_name")),
            ("DashboardBody", To::Json("dashboard_body")),
            ("Tags", To::Unmanaged("Terraform's dashboard has no tags: those that it has stay as they are.")),
        ],
        parts: &[],
    },
];
