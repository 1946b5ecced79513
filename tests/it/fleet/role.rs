//! The roles of a fleet with the policies that the page asks for, in a local cloud in which IAM policies count.

use serde_json::{Value, json};

use super::{ADMINISTRATOR, EXECUTION, OTHERS, context, fleet_in, memory, role};
use crate::support::quote::nothing_to_do;
use crate::support::{ACCOUNT, Cloud, REGION};

/// Gives a role a policy of its own, or, where it is longer than a role's inline policies, managed ones.
async fn allow(cloud: &Cloud, account: &str, name: &str, policies: &[String]) {
    let iam = context(cloud, account, REGION).await.iam().clone();
    for (number, policy) in policies.iter().enumerate() {
        let made = iam.create_policy().policy_name(format!("{name}-{number}")).policy_document(policy).send();
        let arn = made.await.unwrap().policy.unwrap().arn.unwrap();
        iam.attach_role_policy().role_name(name).policy_arn(arn).send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policies_of_the_page_are_enough() {
    let cloud = Cloud::enforcing("fleet-role").await;
    let file = fleet_in(&[OTHERS[0]], &["eu-west-1"], &[]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    cloud.provision(&["permissions", file.path(), "--for", "service-role", "--out", out], 0);
    let mut written: Vec<_> = std::fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()).collect();
    written.sort();
    let policies: Vec<String> = written.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for policy in &policies {
        let policy: Value = serde_json::from_str(policy).unwrap();
        assert!(policy["Statement"].as_array().is_some_and(|all| !all.is_empty()));
    }
    role(&cloud, ACCOUNT, ADMINISTRATOR).await;
    let assume = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": format!("arn:aws:iam::*:role/{EXECUTION}") }] });
    allow(&cloud, ACCOUNT, ADMINISTRATOR, &[assume.to_string()]).await;
    role(&cloud, OTHERS[0], EXECUTION).await;
    allow(&cloud, OTHERS[0], EXECUTION, &policies).await;

    cloud.provision(&["apply", file.path(), "--yes"], 0);
    assert!(memory(&cloud, OTHERS[0], "eu-west-1").await.is_some());
    let larger = fleet_in(
        &[OTHERS[0]],
        &["eu-west-1"],
        &[("log_retention: 1d", "log_retention: 1d\n  submit: { memory: 1GiB }")],
    );
    cloud.provision(&["apply", larger.path(), "--yes"], 0);
    nothing_to_do(&cloud.provision(&["plan", larger.path()], 0).0);
    cloud.provision(&["teardown", larger.path(), "--yes"], 0);
    assert!(memory(&cloud, OTHERS[0], "eu-west-1").await.is_none());
}
