//! The checkov findings that are accepted, with the reasons. They are written into each resource's metadata, where
//! checkov reads them. The other linter, cfn-lint, has no findings.

use serde_json::Value;

use crate::model::Declaration;

/// A checkov check that is skipped for some resources.
#[derive(Debug)]
pub struct Exception {
    /// The check's id.
    pub check: &'static str,
    /// Why the finding is accepted.
    pub reason: &'static str,
    of: Of,
}

/// The resources that an exception applies to: only those that the reason covers.
#[derive(Debug)]
enum Of {
    /// One address.
    Address(&'static str),
    /// All of a type.
    Kind(&'static str),
    /// The resources of a type with a property, by its pointer and value; no value: those without the property.
    With(&'static str, &'static str, Option<bool>),
}

impl Of {
    fn is(&self, declaration: &Declaration) -> bool {
        let kind = declaration.kind.as_str();
        match *self {
            Self::Address(address) => address == declaration.address.as_str(),
            Self::Kind(wanted) => wanted == kind,
            Self::With(wanted, pointer, value) => {
                wanted == kind && declaration.properties.pointer(pointer) == value.map(Value::from).as_ref()
            }
        }
    }
}

const fn accepted(check: &'static str, of: Of, reason: &'static str) -> Exception {
    Exception { check, reason, of }
}

const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";
const FUNCTION: &str = "AWS::Lambda::Function";

const EXCEPTIONS: &[Exception] = &[
    accepted(
        "CKV_AWS_68",
        Of::With(DISTRIBUTION, "/DistributionConfig/WebACLId", None),
        "It answers GET and HEAD with objects of one bucket: there is no program behind it that a rule could protect. \
         If your policy requires a web ACL, set it in the stack file (delivery.web_acl).",
    ),
    accepted(
        "CKV_AWS_86",
        Of::Kind(DISTRIBUTION),
        "The check knows only the property Logging. Access logs use standard logging v2: separate resources \
         (AWS::Logs::Delivery), enabled in the stack file (delivery.access_logs).",
    ),
    accepted(
        "CKV_AWS_174",
        Of::With(
            DISTRIBUTION,
            "/DistributionConfig/ViewerCertificate/CloudFrontDefaultCertificate",
            Some(true),
        ),
        "Without a domain, viewers use CloudFront's own name and certificate, and AWS sets the minimum version. \
         With a domain (domain in the stack file), it is TLSv1.2_2021.",
    ),
    accepted(
        "CKV_AWS_27",
        Of::With("AWS::SQS::Queue", "/SqsManagedSseEnabled", Some(true)),
        "It is encrypted with keys of SQS (SSE-SQS), which the check does not know. Its messages are events that name \
         objects. A key of our own would have to allow EventBridge, and would add no protection.",
    ),
    accepted(
        "CKV_AWS_26",
        Of::With("AWS::SNS::Topic", "/KmsMasterKeyId", None),
        "Its messages are names and numbers of alarms, and are sent on as plain e-mail. CloudWatch cannot use the AWS-managed \
         key of SNS. It would take a key of our own in each region that allows CloudWatch, for data that is not secret.",
    ),
    accepted(
        "CKV_AWS_115",
        Of::With(FUNCTION, "/ReservedConcurrentExecutions", None),
        "Only the stack's own rules invoke it, and events wait in Lambda's queue if concurrency runs out. A reservation \
         reduces the limit of all other functions in the account, and accounts with the initial quota refuse it.",
    ),
    accepted(
        "CKV_AWS_116",
        Of::Kind(FUNCTION),
        "Failed events are sent to the dead-letter queue, the on-failure destination of its EventInvokeConfig, \
         together with the error. The check knows only DeadLetterConfig.",
    ),
    accepted(
        "CKV_AWS_117",
        Of::Kind(FUNCTION),
        "It calls public AWS APIs with its role, and nothing in a VPC. In a VPC it would need NAT or endpoints, without more \
         protection.",
    ),
    accepted(
        "CKV_AWS_173",
        Of::Kind(FUNCTION),
        "Its variables are names and ARNs that the template also shows. They are not secrets, and Lambda encrypts them with \
         an AWS-managed key.",
    ),
    accepted(
        "CKV_AWS_158",
        Of::Kind("AWS::Logs::LogGroup"),
        "It is encrypted with keys of CloudWatch Logs. It holds names of objects and jobs, but no videos and no \
         personal data. If a key of our own were lost, the logs would be too, and it would protect nothing more.",
    ),
    accepted(
        "CKV_AWS_18",
        Of::Address("storage/logs"),
        "It receives the access logs: if it logged to itself, each log would create another one.",
    ),
    accepted(
        "CKV_AWS_21",
        Of::Address("storage/logs"),
        "AWS writes each log once under a unique name, and only AWS's log services may write. Versioning would keep \
         expired logs.",
    ),
    accepted(
        "CKV_AWS_21",
        Of::Address("storage/work"),
        "It holds files for days that can be made again from the versioned source bucket. Versioning would keep expired files.",
    ),
];

/// All exceptions.
#[must_use]
pub const fn exceptions() -> &'static [Exception] {
    EXCEPTIONS
}

/// The exceptions that apply to a declaration's resource.
pub(super) fn of(declaration: &Declaration) -> impl Iterator<Item = &'static Exception> {
    EXCEPTIONS.iter().filter(|exception| exception.of.is(declaration))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::model::{Guard, Kind, Outputs};

    fn checks(kind: &'static str, properties: Value) -> Vec<&'static str> {
        let declaration = Declaration {
            address: "delivery/distribution".into(),
            kind: Kind::new(kind),
            region: "ap-northeast-2".into(),
            properties,
            predicted: Outputs::new(),
            after: BTreeSet::new(),
            guard: Guard::None,
        };
        of(&declaration).map(|exception| exception.check).collect()
    }

    #[test]
    fn an_exception_holds_only_where_its_reason_does() {
        let own = json!({ "DistributionConfig": {
            "WebACLId": "arn", "ViewerCertificate": { "AcmCertificateArn": "arn" } } });
        assert_eq!(checks(DISTRIBUTION, own), ["CKV_AWS_86"]);
        let default = json!({ "DistributionConfig": {
            "ViewerCertificate": { "CloudFrontDefaultCertificate": true } } });
        assert_eq!(checks(DISTRIBUTION, default), ["CKV_AWS_68", "CKV_AWS_86", "CKV_AWS_174"]);
        assert_eq!(checks("AWS::SQS::Queue", json!({})), [""; 0]);
    }
}
