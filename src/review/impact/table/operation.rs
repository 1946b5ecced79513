//! Logs, alarms and notifications: what those who run the stack notice.

use super::super::super::Severity::{Interruption, None as Nothing, Notice};
use super::super::{Row, When};
use super::{CREATE, GO, UPDATE, part, whole};

const LOGS: &str = "AWS::Logs::LogGroup";
const FILTER: &str = "AWS::Logs::SubscriptionFilter";
const SOURCE: &str = "AWS::Logs::DeliverySource";
const DESTINATION: &str = "AWS::Logs::DeliveryDestination";
const DELIVERY: &str = "AWS::Logs::Delivery";
const TOPIC: &str = "AWS::SNS::Topic";
const TOPIC_POLICY: &str = "AWS::SNS::TopicPolicy";
const SUBSCRIPTION: &str = "AWS::SNS::Subscription";
const ALARM: &str = "AWS::CloudWatch::Alarm";
const DASHBOARD: &str = "AWS::CloudWatch::Dashboard";

const STANDARD_LOGS: &str = "AmazonCloudFront/latest/DeveloperGuide/standard-logging.html";
const LOG_CHANGE: &str = "Access logs change; delivery of videos does not.";
const LOG_END: &str = "Viewers' requests are no longer logged, and nothing makes up for them; delivery of videos does not change.";
const ALARMS: &str = "AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html";

/// The facts.
pub(super) const ROWS: &[Row] = &[
    part(
        LOGS,
        "RetentionInDays",
        When::Shortens,
        Interruption,
        "Log events older than this are deleted for good, usually within 72 hours.",
        "AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
    ),
    whole(
        LOGS,
        UPDATE,
        Nothing,
        "Logging goes on.",
        "AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
    ),
    whole(
        LOGS,
        GO,
        Interruption,
        "All its log events are deleted for good; viewers and uploads notice nothing.",
        "AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html",
    ),
    whole(
        FILTER,
        UPDATE,
        Nothing,
        "Logging goes on.",
        "AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html",
    ),
    whole(
        FILTER,
        GO,
        Notice,
        "Whoever was sent the log events as they come is sent none any more; they stay in their group.",
        "AmazonCloudWatchLogs/latest/APIReference/API_DeleteSubscriptionFilter.html",
    ),
    whole(SOURCE, UPDATE, Nothing, LOG_CHANGE, STANDARD_LOGS),
    whole(SOURCE, GO, Notice, LOG_END, STANDARD_LOGS),
    whole(DESTINATION, UPDATE, Nothing, LOG_CHANGE, STANDARD_LOGS),
    whole(DESTINATION, GO, Notice, LOG_END, STANDARD_LOGS),
    whole(DELIVERY, UPDATE, Nothing, LOG_CHANGE, STANDARD_LOGS),
    whole(DELIVERY, GO, Notice, LOG_END, STANDARD_LOGS),
    part(
        TOPIC,
        "KmsMasterKeyId",
        When::Changes,
        Notice,
        "Whatever publishes to it needs permission of the key it now has.",
        "sns/latest/dg/sns-key-management.html",
    ),
    whole(TOPIC, UPDATE, Nothing, "Notifications go on.", "sns/latest/api/API_SetTopicAttributes.html"),
    whole(
        TOPIC,
        GO,
        Notice,
        "Its subscriptions go with it, so alarms and failed encodes tell nobody until they are made and confirmed again.",
        "sns/latest/api/API_DeleteTopic.html",
    ),
    whole(
        TOPIC_POLICY,
        UPDATE,
        Notice,
        "Who may publish to the topic changes.",
        "sns/latest/dg/sns-access-policy-use-cases.html",
    ),
    whole(
        TOPIC_POLICY,
        GO,
        Notice,
        "Alarms that publish by it are refused, so they tell nobody.",
        "sns/latest/dg/sns-access-policy-use-cases.html",
    ),
    whole(
        SUBSCRIPTION,
        CREATE,
        Notice,
        "An email address hears nothing before its owner confirms.",
        "sns/latest/dg/sns-email-notifications.html",
    ),
    whole(
        SUBSCRIPTION,
        UPDATE,
        Nothing,
        "Notifications go on.",
        "sns/latest/api/API_SetSubscriptionAttributes.html",
    ),
    whole(
        SUBSCRIPTION,
        GO,
        Notice,
        "The address hears nothing any more, unless it subscribes and confirms again.",
        "sns/latest/api/API_Unsubscribe.html",
    ),
    whole(
        ALARM,
        UPDATE,
        Nothing,
        "It is judged anew by its settings; viewers and uploads notice nothing.",
        ALARMS,
    ),
    whole(
        ALARM,
        GO,
        Nothing,
        "Nobody is told of what it watched; viewers and uploads notice nothing.",
        ALARMS,
    ),
    whole(
        DASHBOARD,
        UPDATE,
        Nothing,
        "Only the view changes.",
        "AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html",
    ),
    whole(
        DASHBOARD,
        GO,
        Nothing,
        "Only the view goes; the metrics stay.",
        "AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html",
    ),
];
