//! What organisations demand: tags of their own, a path and a boundary for roles, sizes of functions.

use crate::support::quote::{errors, lines_with, nothing_left, nothing_to_do};
use crate::support::root::{Root, STACK};
use crate::support::{ACCOUNT, Cloud, StackFile};
use aws_sdk_iam::types::Tag;
use provision::review::{Action, Review};
use serde_json::json;

/// The local stack with more at its top level.
fn with(more: &str) -> StackFile {
    StackFile::new(&[("tags: { environment: local }", &format!("tags: {{ environment: local }}\n{more}"))])
}

fn review(cloud: &Cloud, stack: &StackFile) -> Review {
    let (text, _) = cloud.provision(&["plan", stack.path(), "--format", "json"], 0);
    serde_json::from_str(&text).unwrap()
}

/// What a plan changes, by address.
fn changed(review: &Review) -> Vec<&str> {
    review.changes.iter().map(|change| change.address.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_the_organisation_are_no_drift_and_stay() {
    let cloud = Cloud::start("ignored-tags").await;
    let (plain, ignoring) = (StackFile::new(&[]), with("ignore_tags: [awsApplication, \"map-*\"]"));
    cloud.provision(&["apply", ignoring.path(), "--yes"], 0);
    let cx = cloud.context(STACK).await;
    let theirs = |key: &str| Tag::builder().key(key).value("x").build().unwrap();
    let role = format!("{STACK}-submit");
    let tag =
        cx.iam().tag_role().role_name(&role).tags(theirs("map-migrated")).tags(theirs("awsApplication"));
    tag.send().await.unwrap();
    nothing_to_do(&cloud.provision(&["plan", ignoring.path()], 0).0);
    assert_eq!(changed(&review(&cloud, &plain)), ["handlers/submit/role"], "without the option it is drift");

    let moved = StackFile::new(&[(
        "tags: { environment: local }",
        "tags: { environment: moved }\nignore_tags: [awsApplication, \"map-*\"]",
    )]);
    cloud.provision(&["apply", moved.path(), "--yes"], 0);
    let tags = cx.iam().get_role().role_name(&role).send().await.unwrap().role.unwrap().tags.unwrap();
    let mut keys: Vec<&str> =
        tags.iter().map(Tag::key).filter(|key| !key.starts_with("provision:")).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["awsApplication", "environment", "map-migrated"]);
}

/// A service control policy: roles are created on the path and within the boundary, or not at all.
fn guard(boundary: &str) -> String {
    let deny = |sid: &str, more: serde_json::Value| {
        let mut statement = json!({ "Sid": sid, "Effect": "Deny", "Action": "iam:CreateRole" });
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        statement
    };
    let bounded = json!({ "Resource": "*", "Condition": { "StringNotEquals": { "iam:PermissionsBoundary": boundary } } });
    let placed = json!({ "NotResource": format!("arn:aws:iam::{ACCOUNT}:role/service/*") });
    json!({ "Version": "2012-10-17", "Statement": [deny("Bounded", bounded), deny("Placed", placed)] })
        .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_made_where_and_within_what_an_organisation_demands() {
    let cloud = Cloud::enforcing("organisation").await;
    let root = Root::of(&cloud).await;
    let everything = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
    let policy = root.cx.iam().create_policy().policy_name("edge").policy_document(everything.to_string());
    let edge = policy.send().await.unwrap().policy.unwrap().arn.unwrap();
    let plain = StackFile::new(&[]);
    let guarded = with(&format!("roles: {{ path: /service/, permissions_boundary: \"{edge}\" }}"));

    let rootless = root.role("rootless", &plain, &["apply"]).await;
    let applier = root.role("applier", &guarded, &["apply"]).await;
    let remover = root.role("remover", &guarded, &["teardown"]).await;
    let guards = root.cx.iam().create_policy().policy_name("organisation").policy_document(guard(&edge));
    let guards = guards.send().await.unwrap().policy.unwrap().arn.unwrap();
    for name in ["rootless", "applier"] {
        root.cx.iam().attach_role_policy().role_name(name).policy_arn(&guards).send().await.unwrap();
    }
    let (_, refused) = root.run(&rootless, &["apply", plain.path(), "--yes"], 4);
    assert!(refused.contains("iam:CreateRole"), "{refused}");
    // What is there without a path is replaced: the printed policy can remove it.
    cloud.provision(&["apply", plain.path(), "--yes"], 0);
    let replaced = review(&cloud, &guarded);
    let roles = replaced.changes.iter().filter(|change| change.kind == "AWS::IAM::Role");
    assert!(
        roles.clone().count() == 4 && roles.clone().all(|role| role.action == Action::Replace),
        "{replaced:#?}"
    );
    root.run(&applier, &["apply", guarded.path(), "--yes", "--allow-broadening"], 0);
    nothing_to_do(&cloud.provision(&["plan", guarded.path()], 0).0);

    let name = format!("{STACK}-submit");
    let role = root.cx.iam().get_role().role_name(&name).send().await.unwrap().role.unwrap();
    assert_eq!(role.arn, format!("arn:aws:iam::{ACCOUNT}:role/service/{name}"));
    let boundary = role.permissions_boundary.unwrap().permissions_boundary_arn;
    assert_eq!(boundary.as_deref(), Some(edge.as_str()));
    let function = root.cx.lambda().get_function().function_name(&name).send().await.unwrap();
    let function = function.configuration.unwrap();
    assert_eq!(function.role.as_deref(), Some(role.arn.as_str()));
    let variables = function.environment.unwrap().variables.unwrap();
    assert_eq!(variables["ROLE_ID"], role.role_id, "the function's grant is for the new role");
    cloud.provision(&["verify", guarded.path()], 0);
    let (gone, _) = root.run(&remover, &["teardown", guarded.path(), "--yes"], 0);
    nothing_left(&gone, STACK);
}

#[test]
fn one_file_has_several_environments() {
    let file = StackFile::new(&[(
        "stack: vod-local\n",
        "environments:\n  staging: { stack: vod-staging }\n  production: { stack: vod-production, protected: true, \
         engine: cloudformation, roles: { path: /service/ }, encryption: { kms_key: alias/media } }\n",
    )]);
    let run = |arguments: &[&str], code: i32| {
        let mut command = std::process::Command::new(crate::support::PROGRAM);
        command.args(arguments).env("NO_COLOR", "1");
        let (stdout, stderr) = crate::support::output(command, code);
        let said = if code == 0 { String::new() } else { errors(&stderr) };
        (stdout.replace(file.path(), "FILE"), said.replace(file.path(), "FILE"))
    };
    insta::assert_snapshot!(run(&["validate", file.path()], 0).0, @"
    FILE, staging: ok (stack vod-staging, the local cloud, account 111122223333, region ap-northeast-2)
    FILE, production: ok (stack vod-production, the local cloud, account 111122223333, region ap-northeast-2)
    ");
    let (_, refused) = run(&["graph", "--offline", file.path()], 1);
    insta::assert_snapshot!(lines_with(&refused, &["error", "help"]), @"
    error: the stack file <folder>/stack.yaml has 1 problem
    error: the file has several environments, and none is chosen
    help: use --env with one of: staging, production
    ");
    let (_, refused) = run(&["permissions", file.path(), "--for", "plan", "--env", "test"], 1);
    insta::assert_snapshot!(lines_with(&refused, &["error", "help"]), @"
    error: the stack file <folder>/stack.yaml has 1 problem
    error: there is no environment `test`
    help: use --env with one of: staging, production
    ");
    let (policy, _) = run(&["permissions", file.path(), "--for", "plan", "--env", "staging"], 0);
    assert!(policy.contains("vod-staging-source-") && !policy.contains("vod-production"), "{policy}");
    let (_, long) = run(&["permissions", file.path(), "--for", "apply", "--env", "production"], 1);
    assert!(
        long.contains("`provision permissions <folder>/stack.yaml --env production --for apply --out DIR`"),
        "the next command is for the same stack: {long}"
    );
    let (graph, _) = run(&["--env", "production", "graph", "--offline", file.path(), "--format", "dot"], 0);
    assert!(graph.contains("storage/source"), "{graph}");
}
