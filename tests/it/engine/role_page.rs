//! The page's way to a service role: its commands make the role, and with it CloudFormation makes the stack for somebody who
//! may not.

use std::collections::BTreeMap;
use std::path::Path;

use provision::aws::Context;

use crate::support::quote::{lines_with, nothing_left, nothing_to_do};
use crate::support::root::Root;
use crate::support::{Cloud, StackFile};

const PAGE: &str = include_str!("../../../docs/cloudformation.md");

/// The blocks of the section in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with("A service role\n"));
    let section = section.expect("docs/cloudformation.md has a section on service roles");
    let fenced = section.split("```").skip(1).step_by(2);
    fenced.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// Runs a command of the page in a folder, with this stack file.
async fn run(cloud: &Cloud, cx: &Context, folder: &Path, stack: &StackFile, command: &str) {
    let words: Vec<&str> = command.split_whitespace().collect();
    let file = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    match words[..] {
        ["provision", "permissions", "stacks/vod.yaml", "--for", wanted, ">", to] => {
            let (policy, _) = cloud.provision(&["permissions", stack.path(), "--for", wanted], 0);
            std::fs::write(folder.join(to), policy).unwrap();
        }
        ["aws", "iam", call, ..] => {
            let options: BTreeMap<&str, &str> = words[3..].chunks(2).map(|pair| (pair[0], pair[1])).collect();
            let document = |name: &str| file(options[name].strip_prefix("file://").unwrap());
            let (iam, role) = (cx.iam(), options["--role-name"]);
            match call {
                "create-role" => {
                    let trust = document("--assume-role-policy-document");
                    let made = iam.create_role().role_name(role).assume_role_policy_document(trust);
                    made.send().await.unwrap();
                }
                "put-role-policy" => {
                    let put = iam.put_role_policy().role_name(role).policy_name(options["--policy-name"]);
                    put.policy_document(document("--policy-document")).send().await.unwrap();
                }
                _ => panic!("{command}"),
            }
        }
        _ => panic!("{command}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_service_role_makes_the_stack() {
    let cloud = Cloud::enforcing("service-role").await;
    let root = Root::of(&cloud).await;
    let [settings] = blocks("yaml")[..] else { panic!("one block says what is in the stack file") };
    let stack = StackFile::new(&[("local: true", &format!("local: true\n{}", settings.trim_end()))]);
    let folder = tempfile::tempdir().unwrap();
    let [trust] = blocks("json")[..] else { panic!("one block is the trust policy") };
    std::fs::write(folder.path().join("trust.json"), trust).unwrap();
    let commands = blocks("sh").concat().replace("\\\n", " ");
    for command in commands.lines() {
        run(&cloud, &root.cx, folder.path(), &stack, command).await;
    }
    let applier = root.role("applier", &stack, &["apply"]).await;
    let remover = root.role("remover", &stack, &["teardown"]).await;

    let (applied, said) = root.run(&applier, &["-v", "apply", stack.path(), "--yes"], 0);
    insta::assert_snapshot!(lines_with(&applied, &[" created"]), @"36 created");
    assert!(!said.contains("CreateFunction") && !said.contains("CreateRole"), "the role does: {said}");
    nothing_to_do(&root.run(&applier, &["plan", stack.path()], 0).0);
    let (gone, _) = root.run(&remover, &["teardown", stack.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
}
