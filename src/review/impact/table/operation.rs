//! Logs, alarms and notifications: what operators of the stack notice.

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
const STACK_SET: &str = "AWS::CloudFormation::StackSet";
const DASHBOARD: &str = "AWS::CloudWatch::Dashboard";

const STANDARD_LOGS: &str = "AmazonCloudFront/latest/DeveloperGuide/standard-logging.html";
const LOG_CHANGE: &str = "Access logs change. Delivery of videos does not.";
const LOG_END: &str =
    "Viewers' requests are no longer logged, and cannot be logged later. Delivery of videos does not change.";
const ALARMS: &str = "AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html";

/// The facts.
pub(super) const ROWS: &[Row] = &[
    part(
        LOGS,
        "RetentionInDays",
        When::Shortens,
        Interruption,
        "Log events older than this are permanently deleted, usually within 72 hours.",
        "AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
    ),
    part(
        LOGS,
        "KmsKeyId",
        When::Changes,
        Notice,
        "New log events are encrypted with the new key. Older ones can be read only while the former key can be used.",
        "AmazonCloudWatchLogs/latest/logs/encrypt-log-data-kms.html",
    ),
    whole(
        LOGS,
        UPDATE,
        Nothing,
        "Logging continues.",
        "AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
    ),
    whole(
        LOGS,
        GO,
        Interruption,
        "All its log events are permanently deleted. Viewers and uploads notice nothing.",
        "AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html",
    ),
    whole(
        FILTER,
        UPDATE,
        Nothing,
        "Logging continues.",
        "AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html",
    ),
    whole(
        FILTER,
        GO,
        Notice,
        "The destination gets no more log events. They stay in their log group.",
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
        "Publishers need permission for its new KMS key.",
        "sns/latest/dg/sns-key-management.html",
    ),
    whole(TOPIC, UPDATE, Nothing, "Notifications continue.", "sns/latest/api/API_SetTopicAttributes.html"),
    whole(
        TOPIC,
        GO,
        Notice,
        "Its subscriptions are deleted too. Alarms and failed encodes notify nobody until new subscriptions are confirmed.",
        "sns/latest/api/API_DeleteTopic.html",
    ),
    whole(
        TOPIC_POLICY,
        UPDATE,
        Notice,
        "Permission to publish to the topic changes.",
        "sns/latest/dg/sns-access-policy-use-cases.html",
    ),
    whole(
        TOPIC_POLICY,
        GO,
        Notice,
        "Alarms that need this policy cannot publish, so they notify nobody.",
        "sns/latest/dg/sns-access-policy-use-cases.html",
    ),
    whole(
        SUBSCRIPTION,
        CREATE,
        Notice,
        "An email address gets nothing until its owner confirms.",
        "sns/latest/dg/sns-email-notifications.html",
    ),
    whole(
        SUBSCRIPTION,
        UPDATE,
        Nothing,
        "Notifications continue.",
        "sns/latest/api/API_SetSubscriptionAttributes.html",
    ),
    whole(
        SUBSCRIPTION,
        GO,
        Notice,
        "The address gets no more notifications unless it subscribes and confirms again.",
        "sns/latest/api/API_Unsubscribe.html",
    ),
    whole(
        ALARM,
        UPDATE,
        Nothing,
        "It is evaluated again with the new settings. Viewers and uploads notice nothing.",
        ALARMS,
    ),
    whole(
        ALARM,
        GO,
        Nothing,
        "Nobody is notified about its metric any more. Viewers and uploads notice nothing.",
        ALARMS,
    ),
    whole(
        DASHBOARD,
        UPDATE,
        Nothing,
        "Only the dashboard changes.",
        "AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html",
    ),
    whole(
        DASHBOARD,
        GO,
        Nothing,
        "Only the dashboard is removed. The metrics stay.",
        "AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html",
    ),
    whole(
        STACK_SET,
        UPDATE,
        Nothing,
        "CloudFormation changes the stack in each target.",
        "AWSCloudFormation/latest/APIReference/API_UpdateStackSet.html",
    ),
    whole(
        STACK_SET,
        GO,
        Interruption,
        "The stacks of all targets are deleted, and nothing is served from them any more. Their buckets stay.",
        "AWSCloudFormation/latest/APIReference/API_DeleteStackInstances.html",
    ),
];
