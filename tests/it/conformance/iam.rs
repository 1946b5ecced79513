//! Cases of AWS Identity and Access Management.

use provision::aws::Context;
use provision::diff::diff;
use provision::model::{Address, Kind, Mark};
use provision::resource::{Adapter, Removal, registry};
use serde_json::{Value, json};

use super::{Case, STACK, other_tags, tags};
use crate::support::Cloud;

const ROLE: Kind = Kind::new("AWS::IAM::Role");

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
        kind: ROLE,
        needs: vec![],
        base,
        variants: vec![
            // Not to none: the emulator ignores an empty description and keeps the old one.
            ("/Description", json!("Tries it again")),
            ("/AssumeRolePolicyDocument/Statement", json!([trust("mediaconvert.amazonaws.com")])),
            ("/Policies", json!([])),
            ("/Policies", json!([policy("other", "s3:GetObject"), policy("write", "s3:GetObject")])),
            ("/Policies/0/PolicyName", json!("reads")),
            ("/Policies/0/PolicyDocument", policy("read", "s3:GetObjectTagging")["PolicyDocument"].clone()),
            ("/ManagedPolicyArns", json!([])),
            ("/ManagedPolicyArns", json!([managed("ReadOnlyAccess")])),
            ("/PermissionsBoundary", json!(managed("SecurityAudit"))),
            ("/MaxSessionDuration", json!(7200)),
            ("/Tags", other_tags("case")),
        ],
        fixed: vec![],
    }]
}

fn adapter() -> &'static dyn Adapter {
    registry().get(&ROLE).unwrap()
}

fn small(name: &str) -> Value {
    json!({
        "RoleName": name,
        "Path": "/",
        "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [trust("lambda.amazonaws.com")] },
        "Policies": [policy("read", "s3:GetObject")],
        "ManagedPolicyArns": [],
        "MaxSessionDuration": 3600,
        "Tags": tags("case"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_did_to_roles_is_met() {
    let cloud = Cloud::lenient("iam").await;
    let cx = cloud.context(STACK).await;
    a_role_that_was_left_unfinished_is_finished(&cx).await;
    somebody_elses_role_is_not_taken_for_ours(&cx).await;
    a_role_in_an_instance_profile_stays_whole(&cx).await;
    a_boundary_that_somebody_set_stays(&cx).await;
}

async fn a_boundary_that_somebody_set_stays(cx: &Context) {
    let mut desired = small("vod-case-bounded");
    let made = adapter().create(cx, &desired).await.unwrap();
    let guard = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let put = cx.iam().put_role_permissions_boundary().role_name(&made.id);
    put.permissions_boundary(guard).send().await.unwrap();

    desired["Description"] = json!("Changed afterwards");
    let mark = Mark { stack: STACK.into(), address: Address::new("case") };
    let found = adapter().find(cx, &desired, &mark).await.unwrap().unwrap();
    let changes = diff(&desired, &found.properties, adapter().create_only(), adapter().write_only());
    assert_eq!(changes.0.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), ["Description"]);
    adapter().update(cx, &found, &desired, &changes).await.unwrap();

    let seen = adapter().observe(cx, &made.id).await.unwrap().unwrap().properties;
    assert_eq!(
        (&seen["Description"], &seen["PermissionsBoundary"]),
        (&desired["Description"], &json!(guard))
    );
    adapter().delete(cx, &made.id, Removal::OnlyEmpty).await.unwrap();
}

async fn a_role_that_was_left_unfinished_is_finished(cx: &Context) {
    let desired = small("vod-case-unfinished");
    let made = adapter().create(cx, &desired).await.unwrap();
    cx.iam().delete_role_policy().role_name(&made.id).policy_name("read").send().await.unwrap();

    assert_eq!(adapter().create(cx, &desired).await.unwrap(), made);
    assert_eq!(adapter().observe(cx, &made.id).await.unwrap().unwrap().properties, desired);
    adapter().delete(cx, &made.id, Removal::OnlyEmpty).await.unwrap();
}

async fn somebody_elses_role_is_not_taken_for_ours(cx: &Context) {
    let (desired, name) = (small("vod-case-foreign"), "vod-case-foreign");
    let trusted = desired["AssumeRolePolicyDocument"].to_string();
    cx.iam().create_role().role_name(name).assume_role_policy_document(trusted).send().await.unwrap();

    let error = adapter().create(cx, &desired).await.unwrap_err();
    assert_eq!(error.code, "EntityAlreadyExists");
    assert_eq!(adapter().observe(cx, name).await.unwrap().unwrap().properties["Policies"], json!([]));
    adapter().delete(cx, name, Removal::OnlyEmpty).await.unwrap();
}

async fn a_role_in_an_instance_profile_stays_whole(cx: &Context) {
    let (desired, profile) = (small("vod-case-profiled"), "somebodys");
    let made = adapter().create(cx, &desired).await.unwrap();
    cx.iam().create_instance_profile().instance_profile_name(profile).send().await.unwrap();
    let add = cx.iam().add_role_to_instance_profile().instance_profile_name(profile).role_name(&made.id);
    add.send().await.unwrap();

    let error = adapter().delete(cx, &made.id, Removal::OnlyEmpty).await.unwrap_err();
    insta::assert_snapshot!(error, @"iam:DeleteRole failed: role vod-case-profiled is in use by instance profile somebodys, which provision did not make: remove the role from it first");
    assert_eq!(adapter().observe(cx, &made.id).await.unwrap().unwrap().properties, desired);

    let remove = cx.iam().remove_role_from_instance_profile().instance_profile_name(profile);
    remove.role_name(&made.id).send().await.unwrap();
    cx.iam().delete_instance_profile().instance_profile_name(profile).send().await.unwrap();
    adapter().delete(cx, &made.id, Removal::OnlyEmpty).await.unwrap();
}
