//! Policy documents, statement by statement.

use serde_json::{Value, json};

use super::*;

pub(super) const POLICY: &str = "AWS::S3::BucketPolicy";

pub(super) fn policy(statements: &Value) -> Value {
    json!({ "Bucket": "b", "PolicyDocument": { "Version": "2012-10-17", "Statement": statements } })
}

fn read() -> Value {
    json!({
        "Sid": "Read", "Effect": "Allow", "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
        "Condition": { "StringEquals": { "aws:SourceArn": "arn:one", "aws:SourceAccount": "111122223333" } }
    })
}

/// The statement with some members set, or removed where they are null.
pub(super) fn with(mut statement: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("{members}") };
    for (key, value) in members {
        statement[&key] = value;
    }
    let object = statement.as_object_mut().unwrap();
    object.retain(|_, value| !value.is_null());
    statement
}

#[test]
fn an_allow_statement_broadens() {
    let wider = [
        json!({ "Action": ["s3:GetObject", "s3:PutObject"] }),
        json!({ "Action": "s3:Get*" }),
        json!({ "Resource": ["arn:aws:s3:::b/*", "arn:aws:s3:::c/*"] }),
        json!({ "Resource": "*" }),
        json!({ "Principal": { "Service": ["cloudfront.amazonaws.com", "s3.amazonaws.com"] } }),
        json!({ "Principal": "*" }),
        json!({ "Principal": { "AWS": "*" } }),
        json!({ "Action": null, "NotAction": "s3:DeleteObject" }),
        json!({ "Condition": { "StringEquals": { "aws:SourceArn": "arn:one" } } }),
        json!({ "Condition": { "StringEquals":
            { "aws:SourceArn": ["arn:one", "arn:two"], "aws:SourceAccount": "111122223333" } } }),
        json!({ "Action": ["s3:GetObject", "s3:PutObject"],
            "Condition": { "StringEquals": { "aws:SourceArn": "arn:one" } } }),
    ]
    .map(|wider| broadens(POLICY, &policy(&json!([read()])), &policy(&json!([with(read(), wider)]))));
    insta::assert_snapshot!(wider.join("\n"), @r"
    Allow | cloudfront.amazonaws.com | s3:GetObject, s3:PutObject | PolicyDocument.Statement[Read]: new action s3:PutObject
    Allow | cloudfront.amazonaws.com | s3:Get* | PolicyDocument.Statement[Read]: new action s3:Get*
    Allow | cloudfront.amazonaws.com | s3:GetObject | PolicyDocument.Statement[Read]: new resource arn:aws:s3:::c/*
    Allow | cloudfront.amazonaws.com | s3:GetObject | PolicyDocument.Statement[Read]: new resource *
    Allow | cloudfront.amazonaws.com, s3.amazonaws.com | s3:GetObject | PolicyDocument.Statement[Read]: new principal s3.amazonaws.com
    Allow | * | s3:GetObject | PolicyDocument.Statement[Read]: new principal *
    Allow | * | s3:GetObject | PolicyDocument.Statement[Read]: new principal *
    Allow | cloudfront.amazonaws.com | all except s3:DeleteObject | PolicyDocument.Statement[Read]: new action all except s3:DeleteObject
    ConditionRemoved | cloudfront.amazonaws.com | s3:GetObject | PolicyDocument.Statement[Read]: no longer requires StringEquals aws:SourceAccount
    ConditionRemoved | cloudfront.amazonaws.com | s3:GetObject | PolicyDocument.Statement[Read]: StringEquals aws:SourceArn is also met by arn:two
    Allow | cloudfront.amazonaws.com | s3:GetObject, s3:PutObject | PolicyDocument.Statement[Read]: new action s3:PutObject; no longer requires StringEquals aws:SourceAccount
    ");
}

#[test]
fn fewer_excluded_values_broaden_a_negated_condition() {
    let when = |values: Value| {
        policy(&json!([with(
            read(),
            json!({ "Condition": { "StringNotEquals": { "aws:SourceArn": values } } })
        )]))
    };
    insta::assert_snapshot!(broadens(POLICY, &when(json!(["a", "b"])), &when(json!("a"))), @"ConditionRemoved | cloudfront.amazonaws.com | s3:GetObject | PolicyDocument.Statement[Read]: StringNotEquals aws:SourceArn no longer excludes b");
}

#[test]
fn a_denial_that_denies_less_broadens() {
    let deny = json!({
        "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], "Condition": { "Bool": { "aws:SecureTransport": "false" } }
    });
    let weaker = [
        json!({ "Action": "s3:PutObject" }),
        json!({ "Resource": "arn:aws:s3:::b/*" }),
        json!({ "Principal": { "AWS": "444455556666" } }),
        json!({ "Condition": { "Bool": { "aws:SecureTransport": "false" },
            "StringEquals": { "aws:SourceAccount": "1" } } }),
    ]
    .map(|weaker| broadens(POLICY, &policy(&json!([deny])), &policy(&json!([with(deny.clone(), weaker)]))));
    let but = with(deny.clone(), json!({ "Action": null, "NotAction": "s3:GetObject" }));
    let found = updated(POLICY, &policy(&json!([deny])), &policy(&json!([but])));
    let gone = broadens(POLICY, &policy(&json!([deny, read()])), &policy(&json!([read()])));
    insta::assert_snapshot!([weaker.join("\n"), lines(&found), gone].join("\n"), @r"
    DenyRemoved | * | s3:* | PolicyDocument.Statement[Tls]: no longer denies action s3:*
    DenyRemoved | * | s3:* | PolicyDocument.Statement[Tls]: no longer denies resource arn:aws:s3:::b
    DenyRemoved | * | s3:* | PolicyDocument.Statement[Tls]: no longer denies principal *
    DenyRemoved | * | s3:* | PolicyDocument.Statement[Tls]: now only if StringEquals aws:SourceAccount: 1
    DenyRemoved | * | s3:* | PolicyDocument.Statement[Tls]: no longer denies action s3:*
    DenyRemoved | * | s3:* | PolicyDocument.Statement[Tls]: denial removed
    ");
}

#[test]
fn the_finding_holds_the_whole_statement() {
    let wide = with(
        read(),
        json!({ "Action": ["s3:GetObject", "s3:PutObject"], "Condition": { "StringEquals": {
            "aws:SourceArn": { "Fn::GetAtt": ["delivery/distribution", "Arn"] }
        } }, "Resource": { "Fn::Join": ["", ["arn:aws:s3:::", { "Fn::GetAtt": ["storage/output", "Name"] }, "/*"]] } }),
    );
    let found = updated(POLICY, &policy(&json!([read()])), &policy(&json!([wide])));
    insta::assert_json_snapshot!(found, @r#"
    [
      {
        "address": "any/thing",
        "broadening": "allow",
        "principal": "cloudfront.amazonaws.com",
        "actions": [
          "s3:GetObject",
          "s3:PutObject"
        ],
        "resources": [
          "arn:aws:s3:::(known after apply: Name of storage/output)/*"
        ],
        "conditions": [
          "StringEquals aws:SourceArn: known after apply: Arn of delivery/distribution"
        ],
        "origin": "PolicyDocument.Statement[Read]: new action s3:PutObject; new resource arn:aws:s3:::(known after apply: Name of storage/output)/*; no longer requires StringEquals aws:SourceAccount; StringEquals aws:SourceArn is also met by known after apply: Arn of delivery/distribution"
      }
    ]
    "#);
}

#[test]
fn what_an_existing_wildcard_covers_is_not_new() {
    let wild = with(read(), json!({ "Action": ["S3:get*", "s3:PutObjec?"], "Resource": "arn:aws:s3:::b/*" }));
    let exact = with(
        read(),
        json!({ "Action": ["s3:GetObject", "s3:GetObjectTagging", "s3:putObject"], "Resource": "arn:aws:s3:::b/a/*" }),
    );
    assert_eq!(updated(POLICY, &policy(&json!([wild])), &policy(&json!([exact]))), []);
    let beyond = with(read(), json!({ "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b" }));
    assert_eq!(updated(POLICY, &policy(&json!([wild])), &policy(&json!([beyond]))).len(), 1);
}

#[test]
fn statements_may_be_renamed_split_merged_and_reordered() {
    let write = with(read(), json!({ "Sid": "Write", "Action": "s3:PutObject" }));
    let split = policy(&json!([read(), write]));
    let merged =
        policy(&json!([with(read(), json!({ "Sid": "Both", "Action": ["s3:PutObject", "s3:GetObject"] }))]));
    let nameless =
        policy(&json!([with(write, json!({ "Sid": null })), with(read(), json!({ "Sid": null }))]));
    for (before, after) in [(&split, &merged), (&merged, &split), (&split, &nameless), (&nameless, &merged)] {
        assert_eq!(updated(POLICY, before, after), []);
    }
}

#[test]
fn an_account_and_its_root_are_one_principal() {
    let to = |principal: &str| policy(&json!([with(read(), json!({ "Principal": { "AWS": principal } }))]));
    let (account, root) = (to("444455556666"), to("arn:aws:iam::444455556666:root"));
    assert_eq!(updated(POLICY, &account, &root), []);
    assert_eq!(updated(POLICY, &root, &account), []);
    assert_eq!(updated(POLICY, &root, &to("arn:aws:iam::777788889999:root")).len(), 1);
}

#[test]
fn a_new_policy_grants_all_it_says() {
    let found =
        created(POLICY, &policy(&json!([read(), { "Effect": "Deny", "Principal": "*", "Action": "*" }])));
    insta::assert_snapshot!(lines(&found), @"Allow | cloudfront.amazonaws.com | s3:GetObject | PolicyDocument.Statement[Read]: new statement");
}

#[test]
fn a_denial_goes_with_its_policy_but_not_with_its_bucket() {
    let deny = json!({ "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*" });
    let before = policy(&json!([deny, read()]));
    let found = deleted(POLICY, &before);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].broadening, Broadening::DenyRemoved);
    let queue = json!({ "Queues": ["id"], "PolicyDocument": before["PolicyDocument"] });
    assert_eq!(deleted("AWS::SQS::QueuePolicy", &queue).len(), 1);
    let delete = |id: &str, properties: &Value| StepAction::Delete {
        seen: live(id, properties.clone()),
        reason: Reason::Teardown,
    };
    let both = plan(vec![
        step("storage/policy", POLICY, delete("b", &before)),
        step("storage/bucket", "AWS::S3::Bucket", delete("b", &json!({ "BucketName": "b" }))),
    ]);
    assert_eq!(findings(&both), []);
}

#[test]
fn a_replacement_is_compared_with_what_it_replaces() {
    let narrow = policy(&json!([read()]));
    let wide = policy(&json!([with(read(), json!({ "Action": "s3:*" }))]));
    let replaced = |before: &Value, after: &Value| {
        let reason = Reason::Replacement(Changes::default());
        findings(&plan(vec![
            step("any/thing", POLICY, StepAction::Delete { seen: live("id", before.clone()), reason }),
            step("any/thing", POLICY, StepAction::Create { desired: after.clone() }),
        ]))
    };
    assert_eq!(replaced(&narrow, &wide).len(), 1);
    assert_eq!(replaced(&wide, &narrow), []);
    assert_eq!(replaced(&wide, &wide), []);
}

#[test]
fn a_policy_that_cannot_be_read_is_shown() {
    let odd = json!({ "Bucket": "b", "PolicyDocument": { "Statement": [{ "Effect": "Perhaps" }] } });
    let found = updated(POLICY, &policy(&json!([read()])), &odd);
    insta::assert_snapshot!(lines(&found), @"Allow | unknown | unknown | PolicyDocument: not a policy that can be compared");
    let found = updated(POLICY, &odd, &policy(&json!([])));
    assert_eq!(found.len(), 1);
    assert_eq!(updated(POLICY, &odd, &odd), []);
}

#[test]
fn a_policy_written_as_text_is_read() {
    let text =
        |statements: &Value| json!({ "PolicyDocument": policy(statements)["PolicyDocument"].to_string() });
    let wide = with(read(), json!({ "Action": "s3:*" }));
    let (before, after) = (text(&json!([read()])), text(&json!([wide])));
    assert_eq!(updated("AWS::Logs::ResourcePolicy", &before, &after).len(), 1);
    assert_eq!(updated("AWS::Logs::ResourcePolicy", &after, &before), []);
}
