//! Roles, and who may run functions and as whom.

use serde_json::{Value, json};

use super::policies::with;
use super::*;

const ROLE: &str = "AWS::IAM::Role";

fn role(members: Value) -> Value {
    let role = json!({
        "RoleName": "vod-submit",
        "AssumeRolePolicyDocument": { "Statement": {
            "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "aws:SourceAccount": "111122223333" } }
        } },
        "Policies": [{ "PolicyName": "read", "PolicyDocument": { "Statement": [
            { "Sid": "Get", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*" }
        ] } }],
        "ManagedPolicyArns": [],
        "PermissionsBoundary": "arn:aws:iam::111122223333:policy/edge",
    });
    with(role, members)
}

#[test]
fn a_role_s_trust_policies_and_boundary_broaden() {
    let trusting = json!({ "Statement": {
        "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole"
    } });
    let policies = json!([{ "PolicyName": "read", "PolicyDocument": { "Statement": [
        { "Sid": "Get", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*" }
    ] } }]);
    let cases = [
        (
            json!({ "AssumeRolePolicyDocument": trusting }),
            Broadening::Trust,
            "AssumeRolePolicyDocument.Statement[0]: no longer requires StringEquals aws:SourceAccount",
        ),
        (
            json!({ "Policies": policies }),
            Broadening::Allow,
            "Policies[read].PolicyDocument.Statement[Get]: new action s3:PutObject",
        ),
        (
            json!({ "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"] }),
            Broadening::Allow,
            "ManagedPolicyArns: new arn:aws:iam::aws:policy/AdministratorAccess",
        ),
        (
            json!({ "PermissionsBoundary": null }),
            Broadening::DenyRemoved,
            "PermissionsBoundary: arn:aws:iam::111122223333:policy/edge removed",
        ),
    ];
    for (wider, broadening, origin) in cases {
        broadens(ROLE, &role(json!({})), &role(wider), broadening, origin);
    }
    let found = created(ROLE, &role(json!({})));
    let kinds: Vec<_> = found.iter().map(|one| one.broadening).collect();
    assert_eq!(kinds, [Broadening::Allow, Broadening::Trust]);
    assert_eq!(
        (found[0].principal.as_str(), &found[1].resources[..]),
        ("vod-submit", &["vod-submit".to_owned()][..])
    );
    assert_eq!(deleted(ROLE, &role(json!({}))), []);
}

#[test]
fn a_statement_may_move_between_the_policies_of_a_role() {
    let renamed = role(json!({ "Policies": [{ "PolicyName": "other", "PolicyDocument": { "Statement": [
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*" }
    ] } }] }));
    assert_eq!(updated(ROLE, &role(json!({})), &renamed), []);
}

#[test]
fn code_that_runs_as_another_role_is_found() {
    let function = |role: &str| json!({ "FunctionName": "f", "Role": role, "Timeout": 3 });
    let found = updated("AWS::Lambda::Function", &function("arn:a"), &function("arn:b"));
    assert_eq!(found[0].origin, "Role: arn:a gives way to arn:b");
    assert_eq!(updated("AWS::Lambda::Function", &function("arn:a"), &function("arn:a")), []);
    assert_eq!(created("AWS::Lambda::Function", &function("arn:a")), []);
}

#[test]
fn who_may_invoke_a_function() {
    const PERMISSION: &str = "AWS::Lambda::Permission";
    let permission = |members: Value| {
        let permission = json!({
            "FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com",
            "SourceArn": "arn:aws:events:r:111122223333:rule/x", "SourceAccount": "111122223333"
        });
        with(permission, members)
    };
    let narrow = permission(json!({}));
    for (wider, what) in [
        (json!({ "Principal": "*" }), "new principal *"),
        (json!({ "SourceArn": null }), "no longer requires ArnLike aws:SourceArn"),
        (json!({ "SourceAccount": null }), "no longer requires StringEquals aws:SourceAccount"),
        (
            json!({ "SourceArn": "arn:aws:events:r:111122223333:rule/*" }),
            "ArnLike aws:SourceArn is also met by arn:aws:events:r:111122223333:rule/*",
        ),
        (json!({ "Action": "lambda:*" }), "new action lambda:*"),
    ] {
        broadens(PERMISSION, &narrow, &permission(wider), Broadening::Invoke, &format!("Permission: {what}"));
    }
    let found = created(PERMISSION, &narrow);
    insta::assert_json_snapshot!(found, @r#"
    [
      {
        "address": "any/thing",
        "broadening": "invoke",
        "principal": "events.amazonaws.com",
        "actions": [
          "lambda:InvokeFunction"
        ],
        "resources": [
          "f"
        ],
        "conditions": [
          "ArnLike aws:SourceArn: arn:aws:events:r:111122223333:rule/x",
          "StringEquals aws:SourceAccount: 111122223333"
        ],
        "origin": "Permission: new statement"
      }
    ]
    "#);
    assert_eq!(deleted(PERMISSION, &narrow), []);
}
