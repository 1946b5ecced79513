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

fn alias(domain_name: &str, zone: &str) -> Value {
    json!({ "DNSName": domain_name, "HostedZoneId": zone, "EvaluateTargetHealth": false })
}

/// Zone and health can be changed alone only where the target is not a distribution.
fn balancer() -> Value {
    alias("vod-0123.ap-northeast-2.elb.amazonaws.com", "ZWKZPGTI48KDX")
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
                "AliasTarget": balancer(),
            }),
            variants: vec![
                ("/AliasTarget", alias("d222222abcdef8.cloudfront.net", "Z2FDTNDATAQYW2")),
                ("/AliasTarget/DNSName", json!("other-0123.ap-northeast-2.elb.amazonaws.com")),
                ("/AliasTarget/HostedZoneId", json!("ZIBE1TIR4HY56")),
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
