//! A service role, in a local cloud in which IAM policies count: whoever runs `apply` may change nothing but the stacks.

use serde_json::json;

use crate::support::quote::{lines_with, nothing_left, nothing_to_do};
use crate::support::root::Root;
use crate::support::{ACCOUNT, Cloud, StackFile, delete_distribution};

const ROLE: &str = "deploy";

/// The stack, made by CloudFormation as the role.
fn by_role(more: &str) -> StackFile {
    let head = format!(
        "local: true\nengine: cloudformation\ncloudformation: {{ role: 'arn:aws:iam::{ACCOUNT}:role/{ROLE}' }}"
    );
    StackFile::new(&[("local: true", &head), ("log_retention: 1d", more)])
}

/// Makes the service role, which only CloudFormation may assume, with the policy that the program prints for it.
async fn service_role(cloud: &Cloud, root: &Root<'_>, stack: &StackFile) {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Service": "cloudformation.amazonaws.com" },
        "Action": "sts:AssumeRole",
    }]});
    let iam = root.cx.iam();
    iam.create_role().role_name(ROLE).assume_role_policy_document(trust.to_string()).send().await.unwrap();
    let (policy, _) = cloud.provision(&["permissions", stack.path(), "--for", "service-role"], 0);
    let put = iam.put_role_policy().role_name(ROLE).policy_name("all").policy_document(policy);
    put.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn cloudformation_works_as_the_role_and_the_caller_does_not() {
    let cloud = Cloud::enforcing("service-role-denied").await;
    let root = Root::of(&cloud).await;
    let stack = by_role("log_retention: 1d");
    let applier = root.role("applier", &stack, &["apply"]).await;
    let remover = root.role("remover", &stack, &["teardown"]).await;
    let (_, refused) = root.run(&applier, &["apply", stack.path(), "--yes"], 4);
    assert!(refused.contains("is invalid or cannot be assumed"), "{refused}");
    service_role(&cloud, &root, &stack).await;
    root.run(&applier, &["apply", stack.path(), "--yes"], 0);
    nothing_to_do(&root.run(&applier, &["plan", stack.path()], 0).0);

    let larger = by_role("log_retention: 1d\n  submit: { memory: 1GiB }");
    root.run(&applier, &["apply", larger.path(), "--yes"], 0);
    nothing_to_do(&root.run(&applier, &["plan", larger.path()], 0).0);

    // Without a permission of the role, CloudFormation fails, whoever runs the command.
    let deny = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Action": "lambda:UpdateFunctionConfiguration", "Resource": "*" }]});
    let iam = root.cx.iam();
    let put = iam.put_role_policy().role_name(ROLE).policy_name("less").policy_document(deny.to_string());
    put.send().await.unwrap();
    let (_, failed) = root.run(&applier, &["apply", stack.path(), "--yes"], 4);
    insta::assert_snapshot!(lines_with(&failed, &["FAILED"]), @"  handlers/submit                  FAILED: cloudformation:ExecuteChangeSet failed: User: arn:aws:sts::111122223333:assumed-role/deploy/AWSCloudFormation is not authorized to perform: lambda:UpdateFunctionConfiguration with an explicit deny in an identity-based policy (AccessDeniedException)");
    iam.delete_role_policy().role_name(ROLE).policy_name("less").send().await.unwrap();
    root.run(&applier, &["apply", stack.path(), "--yes"], 0);

    // What somebody deleted is created again by the role too.
    delete_distribution(&root.cx).await;
    root.run(&applier, &["apply", stack.path(), "--yes", "--allow-broadening"], 0);
    nothing_to_do(&root.run(&applier, &["plan", stack.path()], 0).0);
    nothing_left(&root.run(&remover, &["teardown", stack.path(), "--yes"], 0).0, "vod-local");
}
