//! How CloudFormation takes over what exists: which types it imports, and by which values it finds a resource of each.
//!
//! The values are the primary identifier of a type's published schema. A judge holds the table to the schemas: their
//! `primaryIdentifier`, and whether there is a `read` handler, without which nothing can be imported.

use std::collections::BTreeMap;

use super::logical;
use crate::model::{Address, Kind, Live};

/// How CloudFormation takes over an existing resource of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// By an import change set. The user guide lists the type ("Resource type support").
    Import(&'static [IdentifierPart]),
    /// By an import change set, according to the published schema: it has a `read` handler. The user guide did not list
    /// the type yet when it was last read. If CloudFormation refuses it, do what the text says.
    ImportBySchema(&'static [IdentifierPart], &'static str),
    /// No import, but its creation takes it over. The text says why that changes nothing.
    Create(&'static str),
}

/// A property of a primary identifier, and where its value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentifierPart {
    /// The property.
    pub property: &'static str,
    /// Where its value is.
    pub value: IdentifierValue,
}

/// Where the value of an identifier is in a live resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierValue {
    /// Its physical id.
    Id,
    /// What stands in its physical id after the last of these characters.
    IdAfter(char),
    /// The property of the same name.
    Property,
    /// The output of this name. It is missing while AWS has not assigned it.
    Output(&'static str),
}

impl IdentifierValue {
    fn in_live(self, property: &str, live: &Live) -> Option<String> {
        match self {
            Self::Id => Some(live.id.clone()),
            Self::IdAfter(separator) => live.id.rsplit_once(separator).map(|(_, after)| after.to_owned()),
            Self::Property => live.properties[property].as_str().map(str::to_owned),
            Self::Output(name) => live.outputs.get(name).cloned(),
        }
        .filter(|value| !value.is_empty())
    }
}

const fn by(property: &'static str, value: IdentifierValue) -> IdentifierPart {
    IdentifierPart { property, value }
}

/// The identifiers of CloudFront's types.
const ID: &[IdentifierPart] = &[by("Id", IdentifierValue::Id)];
const NAME: &[IdentifierPart] = &[by("Name", IdentifierValue::Id)];

const SAME_POLICY: &str =
    "CloudFormation has no import for the type. Its creation sets the policy, which is the same one.";
const TEMPLATE: &str = "Delete it in MediaConvert, then let the stack create it. Jobs that run go on. No encode can start until \
                        the stack has created it.";
const QUEUE: &str = "Wait until it has no jobs, delete it in MediaConvert, then let the stack create it. No encode can start \
                     until the stack has created it.";

const STACK_SET: &str = "Let it be: its stacks go on without the stack that would have it.";

/// The table: every type that a stack can declare.
const TYPES: &[(&str, Takeover)] = &[
    (
        "AWS::CloudFormation::StackSet",
        Takeover::ImportBySchema(&[by("StackSetId", IdentifierValue::Output("StackSetId"))], STACK_SET),
    ),
    ("AWS::S3::Bucket", Takeover::Import(&[by("BucketName", IdentifierValue::Id)])),
    ("AWS::S3::BucketPolicy", Takeover::Import(&[by("Bucket", IdentifierValue::Id)])),
    ("AWS::SQS::Queue", Takeover::Import(&[by("QueueUrl", IdentifierValue::Id)])),
    ("AWS::SQS::QueuePolicy", Takeover::Create(SAME_POLICY)),
    ("AWS::Logs::LogGroup", Takeover::Import(&[by("LogGroupName", IdentifierValue::Id)])),
    (
        "AWS::Logs::SubscriptionFilter",
        Takeover::Import(&[
            by("FilterName", IdentifierValue::Property),
            by("LogGroupName", IdentifierValue::Property),
        ]),
    ),
    ("AWS::Logs::DeliverySource", Takeover::Import(NAME)),
    ("AWS::Logs::DeliveryDestination", Takeover::Import(NAME)),
    ("AWS::Logs::Delivery", Takeover::Import(&[by("DeliveryId", IdentifierValue::Id)])),
    ("AWS::MediaConvert::Queue", Takeover::ImportBySchema(NAME, QUEUE)),
    ("AWS::MediaConvert::JobTemplate", Takeover::ImportBySchema(NAME, TEMPLATE)),
    ("AWS::IAM::Role", Takeover::Import(&[by("RoleName", IdentifierValue::Id)])),
    ("AWS::Lambda::Function", Takeover::Import(&[by("FunctionName", IdentifierValue::Id)])),
    (
        "AWS::Lambda::EventInvokeConfig",
        Takeover::Import(&[
            by("FunctionName", IdentifierValue::Property),
            by("Qualifier", IdentifierValue::Property),
        ]),
    ),
    (
        "AWS::Lambda::Permission",
        Takeover::Import(&[
            by("FunctionName", IdentifierValue::Property),
            by("Id", IdentifierValue::IdAfter('/')),
        ]),
    ),
    ("AWS::Lambda::Url", Takeover::Import(&[by("FunctionArn", IdentifierValue::Id)])),
    ("AWS::Events::Rule", Takeover::Import(&[by("Arn", IdentifierValue::Id)])),
    (
        "AWS::CertificateManager::Certificate",
        Takeover::ImportBySchema(
            &[by("CertificateArn", IdentifierValue::Id)],
            "Let the stack request a new certificate: ACM proves it by the same DNS record. Pass its ARN on to the next \
             stack, and delete the old one when the distribution no longer uses it.",
        ),
    ),
    ("AWS::CloudFront::OriginAccessControl", Takeover::Import(ID)),
    ("AWS::CloudFront::CachePolicy", Takeover::Import(ID)),
    ("AWS::CloudFront::ResponseHeadersPolicy", Takeover::Import(ID)),
    ("AWS::CloudFront::PublicKey", Takeover::Import(ID)),
    ("AWS::CloudFront::KeyGroup", Takeover::Import(ID)),
    ("AWS::CloudFront::Distribution", Takeover::Import(ID)),
    (
        "AWS::CloudFront::MonitoringSubscription",
        Takeover::Import(&[by("DistributionId", IdentifierValue::Id)]),
    ),
    (
        "AWS::Route53::RecordSet",
        // The schema also names `SetIdentifier`, which only records with a routing policy have.
        Takeover::ImportBySchema(
            &[
                by("Name", IdentifierValue::Property),
                by("HostedZoneId", IdentifierValue::Property),
                by("Type", IdentifierValue::Property),
            ],
            "Let the stack create it: its creation takes over a record that is exactly the same \
             (aws-cloudformation/cloudformation-coverage-roadmap#560).",
        ),
    ),
    ("AWS::SNS::Topic", Takeover::Import(&[by("TopicArn", IdentifierValue::Id)])),
    ("AWS::SNS::TopicPolicy", Takeover::Create(SAME_POLICY)),
    ("AWS::SNS::Subscription", Takeover::Import(&[by("Arn", IdentifierValue::Output("Arn"))])),
    ("AWS::CloudWatch::Alarm", Takeover::Import(&[by("AlarmName", IdentifierValue::Id)])),
    ("AWS::CloudWatch::Dashboard", Takeover::Import(&[by("DashboardName", IdentifierValue::Id)])),
];

/// How CloudFormation takes over an existing resource of this type. `None` if no stack declares the type.
#[must_use]
pub fn takeover(kind: &Kind) -> Option<Takeover> {
    TYPES.iter().find(|(name, _)| *name == kind.as_str()).map(|(_, takeover)| *takeover)
}

impl Takeover {
    /// The properties by which an import change set finds the resource; none if it has no import.
    #[must_use]
    pub const fn identifier(self) -> &'static [IdentifierPart] {
        match self {
            Self::Import(parts) | Self::ImportBySchema(parts, _) => parts,
            Self::Create(_) => &[],
        }
    }
}

/// A member of `--resources-to-import`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceToImport {
    /// The CloudFormation type.
    pub resource_type: String,
    /// The id in the template.
    pub logical_resource_id: String,
    /// The primary identifier.
    pub resource_identifier: BTreeMap<String, String>,
}

/// How an import change set names a live resource. `None` if it cannot be imported: its type has no import, or AWS has
/// not assigned its identifier yet (the subscription of an e-mail address that is not confirmed).
#[must_use]
pub fn to_import(address: &Address, kind: &Kind, live: &Live) -> Option<ResourceToImport> {
    let parts = takeover(kind)?.identifier();
    let value =
        |part: &IdentifierPart| Some((part.property.to_owned(), part.value.in_live(part.property, live)?));
    let resource_identifier = parts.iter().map(value).collect::<Option<BTreeMap<_, _>>>()?;
    (!resource_identifier.is_empty()).then(|| ResourceToImport {
        resource_type: kind.as_str().to_owned(),
        logical_resource_id: logical::id(address),
        resource_identifier,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Contents, Outputs, Ownership, Readiness};

    fn live(id: &str, properties: Value, outputs: &[(&str, &str)]) -> Live {
        let outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Live {
            id: id.into(),
            properties,
            outputs: outputs.collect::<Outputs>(),
            ownership: Ownership::Inherited,
            readiness: Readiness::Ready,
            contents: Contents::Nothing,
        }
    }

    fn import(address: &str, kind: &'static str, live: &Live) -> Value {
        json!(to_import(&address.into(), &Kind::new(kind), live))
    }

    #[test]
    fn every_type_that_a_stack_can_declare_is_here_once() {
        let declared: BTreeSet<String> =
            crate::resource::registry().iter().map(|adapter| adapter.kind().to_string()).collect();
        let here: BTreeSet<String> = TYPES.iter().map(|(kind, _)| (*kind).to_owned()).collect();
        assert_eq!(here, declared);
        assert_eq!(TYPES.len(), here.len());
    }

    #[test]
    fn a_resource_is_named_by_its_primary_identifier() {
        let bucket = live("vod-source", json!({ "BucketName": "vod-source" }), &[]);
        assert_eq!(
            import("storage/source", "AWS::S3::Bucket", &bucket),
            json!({
                "ResourceType": "AWS::S3::Bucket",
                "LogicalResourceId": "StorageSource",
                "ResourceIdentifier": { "BucketName": "vod-source" },
            })
        );
        let config = json!({ "FunctionName": "vod-submit", "Qualifier": "$LATEST" });
        assert_eq!(
            import("a", "AWS::Lambda::EventInvokeConfig", &live("vod-submit", config, &[]))["ResourceIdentifier"],
            json!({ "FunctionName": "vod-submit", "Qualifier": "$LATEST" })
        );
        let record = json!({ "HostedZoneId": "Z1", "Name": "video.example.com", "Type": "AAAA" });
        assert_eq!(
            import("a", "AWS::Route53::RecordSet", &live("Z1/video.example.com/AAAA", record, &[]))["ResourceIdentifier"],
            json!({ "HostedZoneId": "Z1", "Name": "video.example.com", "Type": "AAAA" })
        );
    }

    /// CloudFormation made its id up, so it is not in the properties.
    #[test]
    fn a_permission_is_named_by_its_statement() {
        let permission = live(
            "vod-submit/events-rule-vod-uploaded-0123456789ab",
            json!({ "FunctionName": "vod-submit", "Action": "lambda:InvokeFunction" }),
            &[],
        );
        assert_eq!(
            import("a", "AWS::Lambda::Permission", &permission)["ResourceIdentifier"],
            json!({ "FunctionName": "vod-submit", "Id": "events-rule-vod-uploaded-0123456789ab" })
        );
    }

    #[test]
    fn what_aws_has_not_named_yet_is_not_imported() {
        let topic = "arn:aws:sns:eu-west-1:111122223333:vod-alerts";
        let id = format!("{topic} email ops@example.com");
        let waiting = live(&id, json!({}), &[]);
        assert_eq!(import("a", "AWS::SNS::Subscription", &waiting), Value::Null);
        let arn = format!("{topic}:0b1c");
        let confirmed = live(&id, json!({}), &[("Arn", &arn)]);
        assert_eq!(
            import("a", "AWS::SNS::Subscription", &confirmed)["ResourceIdentifier"],
            json!({ "Arn": arn })
        );
    }

    #[test]
    fn a_policy_is_created_again_and_a_type_that_no_stack_declares_is_unknown() {
        let policy = live("https://sqs.eu-west-1.amazonaws.com/111122223333/vod", json!({}), &[]);
        assert_eq!(import("a", "AWS::SQS::QueuePolicy", &policy), Value::Null);
        assert!(matches!(takeover(&Kind::new("AWS::SNS::TopicPolicy")), Some(Takeover::Create(_))));
        assert_eq!(takeover(&Kind::new("AWS::EC2::VPC")), None);
    }
}
