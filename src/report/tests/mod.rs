//! A plan with every kind of change in it, as each format writes it.

mod human;
mod json;
mod markdown;

use serde_json::{Value, json};

use crate::review::{
    Action, Against, Broadening, Cause, Change, FORMAT_VERSION, Finding, Impact, Kept, Property, Review,
    Severity, Totals,
};

fn property(path: &str, before: Value, after: Value, cause: Cause) -> Property {
    let side = |value: Value| Some(value).filter(|value| !value.is_null());
    Property {
        path: path.into(),
        before: side(before),
        after: side(after),
        cause,
        applied: None,
        forces_replacement: false,
    }
}

fn change(address: &str, kind: &str, action: Action, id: Option<&str>) -> Change {
    Change {
        address: address.into(),
        kind: kind.into(),
        region: "eu-west-1".into(),
        action,
        id: id.map(Into::into),
        reasons: Vec::new(),
        needs: Vec::new(),
        properties: Vec::new(),
        impact: None,
    }
}

fn impact(severity: Severity, text: &str) -> Option<Impact> {
    Some(Impact { severity, text: text.into() })
}

fn statement(actions: &[&str]) -> Value {
    let principal = json!({ "Service": ["cloudfront.amazonaws.com"] });
    json!({ "Sid": "AllowCloudFront", "Effect": "Allow", "Principal": principal, "Action": actions })
}

/// A plan with every kind of change in it.
fn everything() -> Review {
    let mut queue = change("transcode/queue", "AWS::MediaConvert::Queue", Action::Replace, Some("vod-queue"));
    let mut forced = property("PricingPlan", json!("ON_DEMAND"), json!("RESERVED"), Cause::Change);
    forced.forces_replacement = true;
    queue.reasons = vec!["PricingPlan cannot change in place".into()];
    queue.properties = vec![forced];
    queue.impact = impact(Severity::Notice, "It is deleted once its jobs are done.");

    let mut submit = change("handlers/submit", "AWS::Lambda::Function", Action::Update, Some("vod-submit"));
    let mut both = property("MemorySize", json!(256), json!(1024), Cause::Both);
    both.applied = Some(json!(512));
    let mut drift = property("Timeout", json!(3), json!(60), Cause::Drift);
    drift.applied = Some(json!(60));
    let distribution = json!({ "Fn::GetAtt": ["delivery/distribution", "Id"] });
    submit.properties = vec![
        both,
        drift,
        property("Description", Value::Null, json!("takes uploads"), Cause::Change),
        property("Environment.Variables.DISTRIBUTION", json!("E1"), distribution, Cause::Unknown),
        property("Tags[provision:address].Value", json!("a"), json!("b"), Cause::Change),
    ];
    submit.impact = impact(Severity::None, "New invocations run the new code.");

    let mut policy =
        change("storage/output/policy", "AWS::S3::BucketPolicy", Action::Update, Some("vod-output"));
    policy.needs = vec!["storage/output".into(), "transcode/queue".into()];
    policy.properties = vec![property(
        "PolicyDocument.Statement[AllowCloudFront]",
        statement(&["s3:GetObject"]),
        statement(&["s3:GetObject", "s3:ListBucket"]),
        Cause::Change,
    )];

    let mut gone =
        change("alerts/topic", "AWS::SNS::Topic", Action::Delete, Some("arn:aws:sns:eu-west-1:1:vod"));
    gone.reasons = vec!["no longer declared".into()];
    gone.impact = impact(Severity::Interruption, "Nobody is notified of failures.");
    let mut certificate =
        change("delivery/certificate", "AWS::CertificateManager::Certificate", Action::Create, None);
    certificate.region = "us-east-1".into();
    let mut logs = change("storage/logs", "AWS::S3::Bucket", Action::Create, Some("vod-logs"));
    logs.reasons = vec!["missing from the account since the last apply".into()];

    Review {
        format_version: FORMAT_VERSION,
        provision_version: "0.1.0".into(),
        stack: "vod".into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        against: Against::Account,
        changes: vec![gone, certificate, submit, logs, policy, queue],
        kept: vec![Kept {
            address: "storage/old".into(),
            kind: "AWS::S3::Bucket".into(),
            id: "vod-old".into(),
        }],
        security: vec![Finding {
            address: "storage/output/policy".into(),
            broadening: Broadening::Allow,
            principal: "cloudfront.amazonaws.com".into(),
            actions: vec!["s3:ListBucket".into()],
            resources: vec!["arn:aws:s3:::vod-output".into()],
            conditions: vec!["aws:SourceArn is arn:aws:cloudfront::1:distribution/E1".into()],
            origin: "PolicyDocument.Statement[AllowCloudFront]: new action s3:ListBucket".into(),
        }],
        notes: Vec::new(),
        targets: Vec::new(),
        totals: Totals { create: 2, update: 2, replace: 1, delete: 1, unchanged: 30 },
        saved: None,
    }
}

fn nothing() -> Review {
    let totals = Totals { unchanged: 34, ..Totals::default() };
    Review { changes: Vec::new(), kept: Vec::new(), security: Vec::new(), totals, ..everything() }
}
