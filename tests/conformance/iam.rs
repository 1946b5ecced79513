//! Cases of AWS Identity and Access Management.

use provision::model::Kind;
use serde_json::{Value, json};

use crate::{Case, other_tags, tags};

fn trust(service: &str) -> Value {
    json!({
        "Sid": "Assume",
        "Effect": "Allow",
        "Principal": { "Service": [service] },
        "Action": ["sts:AssumeRole"],
    })
}

fn policy(name: &str, action: &str) -> Value {
    let statement = json!({
        "Sid": "Work",
        "Effect": "Allow",
        "Action": [action],
        "Resource": ["arn:aws:s3:::vod-case-work/*"],
    });
    json!({ "PolicyName": name, "PolicyDocument": { "Version": "2012-10-17", "Statement": [statement] } })
}

/// The cases of this service.
pub(crate) fn cases() -> Vec<Case> {
    let managed = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
    let base = json!({
        "RoleName": "vod-case-role",
        "Path": "/",
        "Description": "Tries the adapter",
        "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [trust("lambda.amazonaws.com")] },
        "Policies": [policy("read", "s3:GetObject"), policy("write", "s3:PutObject")],
        "ManagedPolicyArns": [managed("AWSXRayDaemonWriteAccess")],
        "PermissionsBoundary": managed("ReadOnlyAccess"),
        "MaxSessionDuration": 3600,
        "Tags": tags("case"),
    });
    vec![Case {
        kind: Kind::new("AWS::IAM::Role"),
        needs: vec![],
        base,
        variants: vec![
            // Not to none: the emulator takes an empty description for a missing one, which keeps the old.
            ("/Description", json!("Tries it again")),
            ("/AssumeRolePolicyDocument/Statement", json!([trust("mediaconvert.amazonaws.com")])),
            ("/Policies", json!([])),
            ("/Policies", json!([policy("other", "s3:GetObject"), policy("write", "s3:GetObject")])),
            ("/ManagedPolicyArns", json!([])),
            ("/ManagedPolicyArns", json!([managed("ReadOnlyAccess")])),
            ("/PermissionsBoundary", json!(managed("SecurityAudit"))),
            ("/PermissionsBoundary", Value::Null),
            ("/MaxSessionDuration", json!(7200)),
            ("/Tags", other_tags("case")),
        ],
        fixed: vec![],
    }]
}
