//! Cases of AWS Certificate Manager.

use provision::model::Kind;
use serde_json::json;

use super::{Case, other_tags, tags};

/// The cases of this service, for names in this hosted zone.
pub(crate) fn cases(zone: &str) -> Vec<Case> {
    vec![Case {
        kind: Kind::new("AWS::CertificateManager::Certificate"),
        needs: vec![],
        base: json!({
            "DomainName": "video.example.com",
            "ValidationMethod": "DNS",
            "DomainValidationOptions": [{ "DomainName": "video.example.com", "HostedZoneId": zone }],
            "KeyAlgorithm": "RSA_2048",
            "Tags": tags("case"),
        }),
        variants: vec![("/Tags", other_tags("case"))],
        fixed: vec![("ValidationMethod", "only DNS needs no manual step")],
    }]
}
