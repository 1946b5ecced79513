//! What policies say about prefixes and boundaries. What they reach in an account is judged in `tests/it/judges/reach`.

use std::collections::BTreeSet;

use clap::ValueEnum as _;
use serde_json::Value;

use super::*;
use crate::resource::registry;
use crate::stack;
use crate::stack::config::{StackFile, parse};
use crate::stack::handlers::PackageDigests;

const EDGE: &str = "arn:aws:iam::111122223333:policy/edge";

fn file(stack: &str, more: &str) -> StackFile {
    let text = format!("stack: {stack}\naccount: '111122223333'\nregion: eu-west-1\n{more}");
    parse("stack.yaml", &text).unwrap()
}

fn printed(file: &StackFile, prefix: Option<&str>, command: Command) -> Value {
    let scope = Scope {
        stack: file.stack.to_string(),
        account: file.account.to_string(),
        region: file.region.to_string(),
    };
    let declarations = stack::declare(file, &PackageDigests::default(), None);
    let subject = Subject {
        changes: ChangedBy::Api,
        bundles: None,
        in_fleet: false,
        scope: &scope,
        prefix,
        declarations: &declarations,
        domain: None,
        zone: None,
        source: None,
        dns: Dns::Own,
        key: file.encryption.as_ref().map(|encryption| &encryption.kms_key),
    };
    json(&policy(registry(), command, subject))
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// Every single permission: action, ARN, condition. Actions of one service do not act on resources of another.
fn permissions(policy: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for statement in policy["Statement"].as_array().unwrap() {
        for action in texts(&statement["Action"]) {
            let service = action.split(':').next();
            for arn in texts(&statement["Resource"]) {
                if arn != "*" && arn.split(':').nth(2) != service {
                    continue;
                }
                all.insert(format!("{action} on {arn} if {}", statement["Condition"]));
            }
        }
    }
    all
}

/// The three read the same. Each has a name of its own, so that nobody has to know.
#[test]
fn export_and_import_need_what_plan_needs() {
    let file = file("vod", "");
    let planned = printed(&file, None, Command::Plan);
    for command in [Command::Export, Command::Import] {
        assert_eq!(printed(&file, None, command), planned);
    }
}

#[test]
fn a_policy_for_a_prefix_is_the_stack_s_with_patterns_for_its_name() {
    let preview = file("vod-pr-0", "alerts: { email: oncall@example.com }\ndelivery: { access_logs: true }");
    for &command in Command::value_variants() {
        let all = printed(&preview, Some("vod-pr-"), command);
        assert!(!all.to_string().contains("vod-pr-0"), "{command:?} names one stack");
        let (one, all) = (permissions(&printed(&preview, None, command)), permissions(&all));
        let pattern =
            |one: &String| one.replace("vod-pr-0", "vod-pr-*").replace("StringEquals", "StringLike");
        let [one, all] = [one, all].map(|all| all.iter().map(pattern).collect::<BTreeSet<String>>());
        let beyond = |these: &BTreeSet<String>, those: &BTreeSet<String>| -> Vec<String> {
            let covered = |this: &&String| !those.iter().any(|that| document::covers(that, this));
            these.iter().filter(covered).cloned().collect()
        };
        assert_eq!((beyond(&all, &one), beyond(&one, &all)), (vec![], vec![]), "{command:?}");
    }
}

#[test]
fn roles_and_their_policies_are_held_to_the_declared_boundary() {
    let bounded = ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"];
    let plain = printed(&file("vod", ""), None, Command::Apply);
    assert!(!plain.to_string().contains("PermissionsBoundary"), "{plain}");

    let file = file("vod", &format!("roles: {{ permissions_boundary: '{EDGE}' }}"));
    let apply = printed(&file, None, Command::Apply);
    let mut found = BTreeSet::new();
    for statement in apply["Statement"].as_array().unwrap() {
        let within = statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"] == EDGE;
        let actions = texts(&statement["Action"]);
        found.extend(actions.iter().filter(|action| bounded.contains(action)).copied());
        assert_eq!(within, actions.iter().any(|action| bounded.contains(action)), "{statement}");
    }
    assert_eq!(found, BTreeSet::from(bounded));
}

#[test]
fn nothing_may_take_a_boundary_off() {
    for more in [String::new(), format!("roles: {{ permissions_boundary: '{EDGE}' }}")] {
        for &command in Command::value_variants() {
            let policy = printed(&file("vod", &more), None, command).to_string();
            assert!(!policy.contains("DeleteRolePermissionsBoundary"), "{command:?}: {policy}");
        }
    }
}

#[test]
fn every_role_of_the_stack_gets_the_declared_boundary() {
    let boundaries = |more: &str| -> Vec<Value> {
        let declarations = stack::declare(&file("vod", more), &PackageDigests::default(), None);
        let roles = declarations.into_iter().filter(|one| one.kind.as_str() == "AWS::IAM::Role");
        roles.map(|mut role| role.properties["PermissionsBoundary"].take()).collect()
    };
    assert_eq!(boundaries(""), vec![Value::Null; 4]);
    assert_eq!(
        boundaries(&format!("roles: {{ permissions_boundary: '{EDGE}' }}")),
        vec![Value::from(EDGE); 4]
    );
}

#[test]
fn only_the_handlers_roles_are_passed_and_only_own_buckets_are_named() {
    let apply = printed(&file("vod", "delivery: { access_logs: true }"), None, Command::Apply);
    let on = |action: &str| -> BTreeSet<String> {
        let all = permissions(&apply);
        let own = all.iter().filter_map(|one| one.strip_prefix(&format!("{action} on ")));
        own.map(|rest| rest.split(" if ").next().unwrap().to_owned()).collect()
    };
    insta::assert_debug_snapshot!((on("iam:PassRole"), on("s3:DeleteBucket")), @r#"
    (
        {
            "arn:aws:iam::111122223333:role/vod-publish",
            "arn:aws:iam::111122223333:role/vod-submit",
        },
        {
            "arn:aws:s3:::vod-logs-111122223333-eu-west-1",
            "arn:aws:s3:::vod-output-111122223333-eu-west-1",
            "arn:aws:s3:::vod-source-111122223333-eu-west-1",
            "arn:aws:s3:::vod-work-111122223333-eu-west-1",
        },
    )
    "#);
}

#[test]
fn roles_are_named_with_their_path() {
    let named = |more: &str| -> Vec<String> {
        let own = file("vod", more);
        let declarations = stack::declare(&own, &PackageDigests::default(), None);
        let roles = declarations.iter().filter(|one| one.kind.as_str() == "AWS::IAM::Role");
        let foreseen = roles.map(|role| role.predicted["Arn"].clone());
        let commands = [Command::Apply, Command::Teardown, Command::Library];
        let printed = commands.map(|command| printed(&own, None, command).to_string());
        let arns = printed.iter().flat_map(|text| text.split('"')).filter(|text| text.contains(":role/"));
        foreseen.chain(arns.map(str::to_owned)).collect::<BTreeSet<_>>().into_iter().collect()
    };
    insta::assert_debug_snapshot!(named(""), @r#"
    [
        "arn:aws:iam::111122223333:role/vod-*",
        "arn:aws:iam::111122223333:role/vod-batch",
        "arn:aws:iam::111122223333:role/vod-publish",
        "arn:aws:iam::111122223333:role/vod-submit",
        "arn:aws:iam::111122223333:role/vod-transcode",
    ]
    "#);
    insta::assert_debug_snapshot!(named("roles: { path: /service/media/ }"), @r#"
    [
        "arn:aws:iam::111122223333:role/service/media/vod-*",
        "arn:aws:iam::111122223333:role/service/media/vod-batch",
        "arn:aws:iam::111122223333:role/service/media/vod-publish",
        "arn:aws:iam::111122223333:role/service/media/vod-submit",
        "arn:aws:iam::111122223333:role/service/media/vod-transcode",
        "arn:aws:iam::111122223333:role/vod-*",
    ]
    "#);
}

#[test]
fn apply_may_change_roles_on_their_path_alone() {
    let apply = printed(&file("vod", "roles: { path: /service/ }"), None, Command::Apply);
    let all = permissions(&apply);
    let may = |action: &str, arn: &str| all.iter().any(|one| one.starts_with(&format!("{action} on {arn}")));
    let (there, root) =
        ("arn:aws:iam::111122223333:role/service/vod-*", "arn:aws:iam::111122223333:role/vod-*");
    for action in ["iam:CreateRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:TagRole"] {
        assert!(may(action, there) && !may(action, root), "{action}");
    }
    for action in ["iam:GetRole", "iam:DeleteRole"] {
        assert!(may(action, there) && may(action, root), "{action}: IAM knows no path of what is absent");
    }
}

#[test]
fn a_key_is_used_by_services_alone() {
    let with_key = |key: &str, command| {
        let own = file("vod", &format!("encryption: {{ kms_key: '{key}' }}"));
        let all = permissions(&printed(&own, None, command));
        all.into_iter().filter(|one| one.starts_with("kms:")).collect::<Vec<_>>().join("\n")
    };
    let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    insta::assert_snapshot!(with_key(arn, Command::Plan), @r#"
    kms:Decrypt on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab if {"StringEquals":{"kms:ViaService":["lambda.eu-west-1.amazonaws.com","s3.eu-west-1.amazonaws.com"]}}
    kms:DescribeKey on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab if null
    kms:GetKeyPolicy on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab if null
    "#);
    insta::assert_snapshot!(with_key(arn, Command::Apply), @r#"
    kms:CreateGrant on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab if {"StringEquals":{"kms:ViaService":["lambda.eu-west-1.amazonaws.com","s3.eu-west-1.amazonaws.com"]}}
    kms:Decrypt on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab if {"StringEquals":{"kms:ViaService":["lambda.eu-west-1.amazonaws.com","s3.eu-west-1.amazonaws.com"]}}
    kms:DescribeKey on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab if null
    kms:Encrypt on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab if {"StringEquals":{"kms:ViaService":["lambda.eu-west-1.amazonaws.com","s3.eu-west-1.amazonaws.com"]}}
    kms:GenerateDataKey on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab if {"StringEquals":{"kms:ViaService":["lambda.eu-west-1.amazonaws.com","s3.eu-west-1.amazonaws.com"]}}
    kms:GetKeyPolicy on arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab if null
    "#);
    insta::assert_snapshot!(with_key("alias/media", Command::Upload), @r#"
    kms:Decrypt on arn:aws:kms:eu-west-1:111122223333:key/* if {"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/media"},"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}
    kms:GenerateDataKey on arn:aws:kms:eu-west-1:111122223333:key/* if {"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/media"},"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}
    "#);
    let without = printed(&file("vod", ""), None, Command::Apply).to_string();
    assert!(!without.contains("kms"), "{without}");
}
