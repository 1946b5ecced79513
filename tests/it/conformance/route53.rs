//! Cases of Amazon Route 53, and the hosted zone that they are in.

use provision::aws::Context;
use provision::model::Kind;
use serde_json::{Value, json};

use super::Case;

/// Creates the public hosted zone `example.com` and returns its id. Zones are looked up, not declared.
pub(crate) async fn make_zone(cx: &Context) -> String {
    let made =
        cx.route53().create_hosted_zone().name("example.com").caller_reference("conformance").send().await;
    let zone = made.unwrap().hosted_zone.unwrap();
    zone.id.rsplit('/').next().unwrap().to_owned()
}

fn alias(domain_name: &str) -> Value {
    json!({ "DNSName": domain_name, "HostedZoneId": "Z2FDTNDATAQYW2", "EvaluateTargetHealth": false })
}

/// The cases of this service, in this hosted zone.
pub(crate) fn cases(zone: &str) -> Vec<Case> {
    let kind = Kind::new("AWS::Route53::RecordSet");
    let fixed = || {
        vec![
            ("Name", "it is part of the id"),
            ("Type", "it is part of the id"),
            (
                "SetIdentifier",
                "records of a routing policy are never changed: `resource::tests::shared_records`",
            ),
        ]
    };
    vec![
        Case {
            kind: kind.clone(),
            needs: vec![],
            base: json!({
                "HostedZoneId": zone,
                "Name": "video.example.com",
                "Type": "AAAA",
                "AliasTarget": alias("d111111abcdef8.cloudfront.net"),
            }),
            variants: vec![
                ("/AliasTarget", alias("d222222abcdef8.cloudfront.net")),
                ("/AliasTarget/HostedZoneId", json!("Z35SXDOTRQ7X7K")),
                ("/AliasTarget/EvaluateTargetHealth", json!(true)),
            ],
            fixed: fixed(),
        },
        Case {
            kind,
            needs: vec![],
            base: json!({
                "HostedZoneId": zone,
                "Name": "_dmarc.video.example.com",
                "Type": "TXT",
                "TTL": "300",
                "ResourceRecords": ["\"v=DMARC1; p=reject\""],
            }),
            variants: vec![
                ("/TTL", json!("60")),
                ("/ResourceRecords", json!(["\"v=DMARC1; p=none\"", "\"x\""])),
            ],
            fixed: fixed(),
        },
    ]
}
