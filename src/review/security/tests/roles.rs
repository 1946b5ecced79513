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
    let wider = [
        json!({ "AssumeRolePolicyDocument": trusting }),
        json!({ "Policies": policies }),
        json!({ "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"] }),
        json!({ "PermissionsBoundary": null }),
    ]
    .map(|wider| broadens(ROLE, &role(json!({})), &role(wider)));
    insta::assert_snapshot!(wider.join("\n"), @r"
    Trust | lambda.amazonaws.com | sts:AssumeRole | AssumeRolePolicyDocument.Statement[0]: no longer requires StringEquals aws:SourceAccount
    Allow | vod-submit | s3:GetObject, s3:PutObject | Policies[read].PolicyDocument.Statement[Get]: new action s3:PutObject
    Allow | vod-submit | everything that arn:aws:iam::aws:policy/AdministratorAccess allows | ManagedPolicyArns: new arn:aws:iam::aws:policy/AdministratorAccess
    DenyRemoved | vod-submit | everything that its policies allow, beyond the boundary | PermissionsBoundary: arn:aws:iam::111122223333:policy/edge removed
    ");
    let found = created(ROLE, &role(json!({})));
    assert_eq!(found[1].resources, ["vod-submit"]);
    insta::assert_snapshot!(lines(&found), @r"
    Allow | vod-submit | s3:GetObject | Policies[read].PolicyDocument.Statement[Get]: new statement
    Trust | lambda.amazonaws.com | sts:AssumeRole | AssumeRolePolicyDocument.Statement[0]: new statement
    ");
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
    insta::assert_snapshot!(lines(&found), @"Allow | f | everything that arn:b may do | Role: arn:a → arn:b");
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
    let wider = [
        json!({ "Principal": "*" }),
        json!({ "SourceArn": null }),
        json!({ "SourceAccount": null }),
        json!({ "SourceArn": "arn:aws:events:r:111122223333:rule/*" }),
        json!({ "Action": "lambda:*" }),
    ]
    .map(|wider| broadens(PERMISSION, &narrow, &permission(wider)));
    insta::assert_snapshot!(wider.join("\n"), @r"
    Invoke | * | lambda:InvokeFunction | Permission: new principal *
    Invoke | events.amazonaws.com | lambda:InvokeFunction | Permission: no longer requires ArnLike aws:SourceArn
    Invoke | events.amazonaws.com | lambda:InvokeFunction | Permission: no longer requires StringEquals aws:SourceAccount
    Invoke | events.amazonaws.com | lambda:InvokeFunction | Permission: ArnLike aws:SourceArn is also met by arn:aws:events:r:111122223333:rule/*
    Invoke | events.amazonaws.com | lambda:* | Permission: new action lambda:*
    ");
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
