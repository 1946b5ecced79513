//! Properties that a template has in another form than the adapters.

use serde_json::{Map, Value, json};

const FUNCTION: &str = "AWS::Lambda::Function";
const DASHBOARD: &str = "AWS::CloudWatch::Dashboard";

/// A template's properties as the adapter reads them, with the bucket that has a function's code.
pub(super) fn to_adapter(kind: &str, properties: &Value) -> Result<(Option<String>, Value), String> {
    let mut properties = with_defaults(kind, properties);
    match kind {
        FUNCTION => {
            let (bucket, digest) = package(&properties["Code"])?;
            properties["Code"] = json!({ "Sha256": digest });
            Ok((Some(bucket), properties))
        }
        DASHBOARD => {
            let text = properties["DashboardBody"].as_str().unwrap_or_default();
            properties["DashboardBody"] = serde_json::from_str(text)
                .map_err(|error| format!("The dashboard body is invalid: {error}"))?;
            Ok((None, properties))
        }
        _ => Ok((None, properties)),
    }
}

/// The properties, with AWS's default of each that is absent and that the adapters must have: they write defaults out.
fn with_defaults(kind: &str, properties: &Value) -> Value {
    let defaults = match kind {
        "AWS::SQS::Queue" => {
            json!({ "MessageRetentionPeriod": 345_600, "VisibilityTimeout": 30, "SqsManagedSseEnabled": true })
        }
        "AWS::Logs::LogGroup" => json!({ "LogGroupClass": "STANDARD" }),
        "AWS::IAM::Role" => json!({ "Path": "/", "MaxSessionDuration": 3600 }),
        "AWS::S3::Bucket" => {
            let blocks =
                ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
            let blocks: Map<String, Value> =
                blocks.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
            let rule = json!({ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } });
            json!({
                "BucketEncryption": { "ServerSideEncryptionConfiguration": [rule] },
                "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
                "PublicAccessBlockConfiguration": blocks,
            })
        }
        _ => json!({}),
    };
    let mut filled = properties.clone();
    for (name, value) in defaults.as_object().into_iter().flatten() {
        if filled.get(name).is_none() {
            filled[name] = value.clone();
        }
    }
    filled
}

/// The bucket and the digest of a package. The key says the digest: `bundle/<digest>.zip`.
fn package(code: &Value) -> Result<(String, String), String> {
    let text = |member: &str| code[member].as_str().unwrap_or_default();
    let digest = text("S3Key").strip_prefix("bundle/").and_then(|rest| rest.strip_suffix(".zip"));
    match (text("S3Bucket"), digest) {
        (bucket, Some(digest)) if !bucket.is_empty() => Ok((bucket.to_owned(), digest.to_owned())),
        (bucket, _) => Err(format!(
            "the local cloud takes code from an object bundle/<SHA-256>.zip only, not from {bucket}/{}",
            text("S3Key")
        )),
    }
}

/// What a type says of properties that it cannot read, as CloudFormation words it.
pub(super) fn schema_problem(message: &str) -> String {
    let quoted = |after: &str| {
        let rest = message.split_once(after)?.1;
        Some(rest.trim_start_matches('`').split('`').next()?.to_owned())
    };
    if let Some(name) = quoted("missing field ") {
        return format!("#: required key [{name}] not found");
    }
    if let Some(name) = quoted("unknown field ") {
        return format!("#: extraneous key [{name}] is not permitted");
    }
    format!("#: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_known_by_its_digest() {
        let code = json!({ "Code": { "S3Bucket": "provision-111122223333-eu-west-1-vod", "S3Key": "bundle/5b.zip" } });
        let (bucket, properties) = to_adapter(FUNCTION, &code).unwrap();
        assert_eq!(bucket.as_deref(), Some("provision-111122223333-eu-west-1-vod"));
        assert_eq!(properties, json!({ "Code": { "Sha256": "5b" } }));
        let elsewhere = json!({ "Code": { "S3Bucket": "b", "S3Key": "k" } });
        assert!(to_adapter(FUNCTION, &elsewhere).unwrap_err().contains("not from b/k"));
    }

    #[test]
    fn what_aws_has_a_default_of_may_be_absent() {
        let declared = json!({ "QueueName": "q", "VisibilityTimeout": 5 });
        assert_eq!(
            to_adapter("AWS::SQS::Queue", &declared).unwrap().1,
            json!({ "QueueName": "q", "VisibilityTimeout": 5, "MessageRetentionPeriod": 345_600,
                "SqsManagedSseEnabled": true })
        );
    }

    #[test]
    fn a_dashboard_is_text() {
        let body = json!({ "DashboardBody": "{\"widgets\":[]}" });
        let (_, properties) = to_adapter(DASHBOARD, &body).unwrap();
        assert_eq!(properties, json!({ "DashboardBody": { "widgets": [] } }));
    }

    #[test]
    fn what_a_type_cannot_read_is_told_as_by_cloudformation() {
        assert_eq!(schema_problem("AWS::X: missing field `Type`"), "#: required key [Type] not found");
        assert_eq!(
            schema_problem("AWS::X: unknown field `Typo`, expected one of"),
            "#: extraneous key [Typo] is not permitted"
        );
    }
}
