//! How CloudFormation names the resources of each type: what `Ref` and `Fn::GetAtt` give, what must be declared, and what an
//! import asks for.
//!
//! From the published schemas (`primaryIdentifier`, `required`, `readOnlyProperties`, `handlers`), to which a judge holds the
//! table, and from the "Return values" of each type's page in the template reference.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::local::{HandledResource, HandledType};
use crate::model::Outputs;

/// One type.
struct Row {
    kind: &'static str,
    required: &'static [&'static str],
    attributes: &'static [&'static str],
    identifiers: &'static [&'static str],
    name: Option<&'static str>,
    importable: bool,
}

macro_rules! row {
    ($kind:literal, $required:expr, $attributes:expr, $identifiers:expr, $name:expr, $importable:literal) => {
        Row {
            kind: $kind,
            required: &$required,
            attributes: &$attributes,
            identifiers: &$identifiers,
            name: $name,
            importable: $importable,
        }
    };
}

const ROWS: &[Row] = &[
    row!(
        "AWS::S3::Bucket",
        [],
        ["Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"],
        ["BucketName"],
        Some("BucketName"),
        true
    ),
    row!("AWS::S3::BucketPolicy", ["Bucket", "PolicyDocument"], [], ["Bucket"], None, true),
    row!("AWS::SQS::Queue", [], ["Arn", "QueueName", "QueueUrl"], ["QueueUrl"], Some("QueueName"), true),
    row!("AWS::SQS::QueuePolicy", ["PolicyDocument", "Queues"], ["Id"], ["Id"], None, false),
    row!("AWS::Logs::LogGroup", [], ["Arn"], ["LogGroupName"], Some("LogGroupName"), true),
    row!(
        "AWS::Logs::SubscriptionFilter",
        ["DestinationArn", "FilterPattern", "LogGroupName"],
        [],
        ["FilterName", "LogGroupName"],
        None,
        true
    ),
    row!(
        "AWS::Logs::DeliverySource",
        ["Name"],
        ["Arn", "ResourceArns", "Service"],
        ["Name"],
        Some("Name"),
        true
    ),
    row!("AWS::Logs::DeliveryDestination", ["Name"], ["Arn"], ["Name"], Some("Name"), true),
    row!(
        "AWS::Logs::Delivery",
        ["DeliverySourceName", "DeliveryDestinationArn"],
        ["Arn", "DeliveryDestinationType", "DeliveryId"],
        ["DeliveryId"],
        None,
        true
    ),
    row!(
        "AWS::CloudFormation::StackSet",
        ["StackSetName", "PermissionModel"],
        ["StackSetId"],
        ["StackSetId"],
        Some("StackSetName"),
        true
    ),
    row!("AWS::MediaConvert::Queue", [], ["Arn", "Name"], ["Name"], Some("Name"), true),
    row!("AWS::MediaConvert::JobTemplate", ["SettingsJson"], ["Arn", "Name"], ["Name"], Some("Name"), true),
    row!(
        "AWS::IAM::Role",
        ["AssumeRolePolicyDocument"],
        ["Arn", "RoleId"],
        ["RoleName"],
        Some("RoleName"),
        true
    ),
    row!("AWS::Lambda::Function", ["Code", "Role"], ["Arn"], ["FunctionName"], Some("FunctionName"), true),
    row!(
        "AWS::Lambda::EventInvokeConfig",
        ["FunctionName", "Qualifier"],
        [],
        ["FunctionName", "Qualifier"],
        None,
        true
    ),
    row!(
        "AWS::Lambda::Permission",
        ["FunctionName", "Action", "Principal"],
        ["Id"],
        ["FunctionName", "Id"],
        None,
        true
    ),
    row!(
        "AWS::Lambda::Url",
        ["TargetFunctionArn", "AuthType"],
        ["FunctionArn", "FunctionUrl"],
        ["FunctionArn"],
        None,
        true
    ),
    row!("AWS::Events::Rule", [], ["Arn"], ["Arn"], Some("Name"), true),
    row!(
        "AWS::CertificateManager::Certificate",
        ["DomainName"],
        ["CertificateArn"],
        ["CertificateArn"],
        None,
        true
    ),
    row!("AWS::CloudFront::OriginAccessControl", ["OriginAccessControlConfig"], ["Id"], ["Id"], None, true),
    row!(
        "AWS::CloudFront::CachePolicy",
        ["CachePolicyConfig"],
        ["Id", "LastModifiedTime"],
        ["Id"],
        None,
        true
    ),
    row!(
        "AWS::CloudFront::ResponseHeadersPolicy",
        ["ResponseHeadersPolicyConfig"],
        ["Id", "LastModifiedTime"],
        ["Id"],
        None,
        true
    ),
    row!("AWS::CloudFront::PublicKey", ["PublicKeyConfig"], ["CreatedTime", "Id"], ["Id"], None, true),
    row!("AWS::CloudFront::KeyGroup", ["KeyGroupConfig"], ["Id", "LastModifiedTime"], ["Id"], None, true),
    row!("AWS::CloudFront::Distribution", ["DistributionConfig"], ["DomainName", "Id"], ["Id"], None, true),
    row!(
        "AWS::CloudFront::MonitoringSubscription",
        ["DistributionId", "MonitoringSubscription"],
        [],
        ["DistributionId"],
        None,
        true
    ),
    row!(
        "AWS::Route53::RecordSet",
        ["Name", "Type"],
        [],
        ["HostedZoneId", "Name", "SetIdentifier", "Type"],
        None,
        true
    ),
    row!("AWS::SNS::Topic", [], ["TopicArn", "TopicName"], ["TopicArn"], Some("TopicName"), true),
    row!("AWS::SNS::TopicPolicy", ["PolicyDocument", "Topics"], ["Id"], ["Id"], None, false),
    row!("AWS::SNS::Subscription", ["Protocol", "TopicArn"], ["Arn"], ["Arn"], None, true),
    row!("AWS::CloudWatch::Alarm", [], ["Arn"], ["AlarmName"], Some("AlarmName"), true),
    row!("AWS::CloudWatch::Dashboard", ["DashboardBody"], [], ["DashboardName"], Some("DashboardName"), true),
];

/// What CloudFormation knows of a type.
pub(super) fn describe(
    kind: &str,
    create_only: &'static [&'static str],
    write_only: &'static [&'static str],
) -> HandledType {
    let row = ROWS.iter().find(|row| row.kind == kind);
    let empty = HandledType { create_only, write_only, ..HandledType::default() };
    row.map_or(empty, |row| HandledType {
        required: row.required,
        attributes: row.attributes,
        identifiers: row.identifiers,
        name: row.name,
        importable: row.importable,
        ..empty
    })
}

/// Whether CloudFormation waits until it is ready, although this program's own apply need not.
pub(super) fn is_awaited(kind: &str) -> bool {
    kind == "AWS::CertificateManager::Certificate"
}

/// A resource as CloudFormation shows it.
pub(super) fn resource(kind: &str, handle: &str, properties: &Value, outputs: &Outputs) -> HandledResource {
    let property = |name: &str| properties[name].as_str().unwrap_or_default().to_owned();
    let output = |name: &str| outputs.get(name).cloned().unwrap_or_else(|| handle.to_owned());
    let last = || handle.rsplit(['/', ':']).next().unwrap_or(handle).to_owned();
    let mut attributes: BTreeMap<String, String> = outputs.clone();
    let reference = match kind {
        "AWS::SQS::QueuePolicy" | "AWS::SNS::TopicPolicy" => {
            let id = format!("{}-policy", last());
            attributes.insert("Id".into(), id.clone());
            id
        }
        "AWS::Lambda::Permission" => {
            let id = handle.rsplit('/').next().unwrap_or(handle).to_owned();
            attributes.insert("Id".into(), id.clone());
            id
        }
        "AWS::CertificateManager::Certificate" => {
            attributes.insert("CertificateArn".into(), handle.to_owned());
            handle.to_owned()
        }
        "AWS::Events::Rule" => match property("EventBusName").as_str() {
            "" | "default" => property("Name"),
            bus => format!("{bus}|{}", property("Name")),
        },
        "AWS::Lambda::EventInvokeConfig" => format!("{}|{}", property("FunctionName"), property("Qualifier")),
        "AWS::Logs::SubscriptionFilter" => property("FilterName"),
        "AWS::Route53::RecordSet" => property("Name"),
        "AWS::SNS::Subscription" => output("Arn"),
        "AWS::Lambda::Url" => output("FunctionArn"),
        _ => handle.to_owned(),
    };
    let physical_id = match kind {
        "AWS::Logs::SubscriptionFilter" => format!("{reference}|{}", property("LogGroupName")),
        _ => reference.clone(),
    };
    let handle = handle.to_owned();
    HandledResource { handle, physical_id, reference, attributes }
}

/// The adapter's id of the resource with these identifiers, where the properties do not tell it.
pub(super) fn handle(kind: &str, identifier: &dyn Fn(&str) -> String) -> Option<String> {
    let named = match kind {
        "AWS::CertificateManager::Certificate" => identifier("CertificateArn"),
        "AWS::Logs::Delivery" => identifier("DeliveryId"),
        "AWS::CloudFront::OriginAccessControl"
        | "AWS::CloudFront::CachePolicy"
        | "AWS::CloudFront::ResponseHeadersPolicy"
        | "AWS::CloudFront::PublicKey"
        | "AWS::CloudFront::KeyGroup"
        | "AWS::CloudFront::Distribution" => identifier("Id"),
        _ => return None,
    };
    (!named.is_empty()).then_some(named)
}
