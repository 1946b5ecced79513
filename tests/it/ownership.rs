//! Whose is what: hands in a function's policy, a stack of the same name in another region, and a teardown that meets
//! what is somebody else's.

use crate::support::{ACCOUNT, Cloud, StackFile, output};
use aws_sdk_sqs::types::QueueAttributeName;

const STACK: &str = "stacks/local.yaml";
const SUBMIT: &str = "vod-local-submit";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_declared_goes_and_what_is_not_ours_stays() {
    let cloud = Cloud::start("ownership").await;
    cloud.provision(&["apply", STACK, "--yes"], 0);
    statements_added_by_hand_are_removed(&cloud).await;
    the_same_name_in_another_region_is_refused(&cloud);
    teardown_leaves_what_is_foreign(&cloud).await;
}

async fn statements_added_by_hand_are_removed(cloud: &Cloud) {
    let cx = cloud.context("vod-local").await;
    let exposed = cx.lambda().add_permission().function_name(SUBMIT).statement_id("by-hand");
    let exposed = exposed.action("lambda:InvokeFunction").principal("*");
    exposed.send().await.expect("anybody may call the function now");

    let (planned, _) = cloud.provision(&["plan", STACK, "--fail-on", "broadening"], 0);
    assert!(planned.contains("- handlers/submit/permission/by-hand "), "{planned}");
    assert!(planned.contains("not declared: added by hand"), "{planned}");
    assert!(planned.contains("1 to delete"), "{planned}");
    let (_, refused) = cloud.provision(&["plan", STACK, "--fail-on", "destroy"], 3);
    assert!(refused.contains("it deletes handlers/submit/permission/by-hand"), "{refused}");

    cloud.provision(&["apply", STACK, "--yes"], 0);
    let policy = cx.lambda().get_policy().function_name(SUBMIT).send().await;
    let policy = policy.expect("the declared statement is there").policy.unwrap_or_default();
    assert!(!policy.contains("by-hand") && policy.contains("events.amazonaws.com"), "{policy}");
    let (nothing, _) = cloud.provision(&["plan", STACK], 0);
    assert!(nothing.contains("nothing to do: all "), "{nothing}");
}

/// Roles and distributions have one name in all regions: the second stack must not take the first one's over.
fn the_same_name_in_another_region_is_refused(cloud: &Cloud) {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let handlers = format!("log_retention: 1d\n  architecture: {architecture}");
    // A local cloud plays one region; the program reaches it as it reaches AWS.
    let elsewhere = StackFile::new(&[
        ("region: ap-northeast-2", "region: us-west-2"),
        ("local: true", "local: false"),
        ("log_retention: 1d", &handlers),
    ]);
    for arguments in
        [&["plan"][..], &["apply", "--yes"], &["apply", "--yes", "--adopt"], &["teardown", "--yes"]]
    {
        let command = cloud.command_as_on_aws(ACCOUNT, &[arguments, &[elsewhere.path()]].concat());
        let (_, refused) = output(command, 3);
        let says =
            "handlers/submit/role: vod-local-submit belongs to the stack of this name in ap-northeast-2";
        assert!(unwrapped(&refused).contains(says), "{refused}");
        let last = refused.lines().last().unwrap_or_default();
        assert!(last.contains(" resources, ") && last.contains(" API calls in "), "{refused}");
    }
    let (nothing, _) = cloud.provision(&["plan", STACK], 0);
    assert!(nothing.contains("nothing to do: all "), "{nothing}");
}

/// An error's text without the lines and margins it is printed in.
fn unwrapped(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !["│", "×", "├─▶", "╰─▶"].contains(word));
    words.collect::<Vec<_>>().join(" ")
}

async fn teardown_leaves_what_is_foreign(cloud: &Cloud) {
    let cx = cloud.context("vod-local").await;
    let url = cx.sqs().get_queue_url().queue_name("vod-local-dead-letters").send().await;
    let url = url.expect("the queue is there").queue_url.expect("it has an address");
    let untag = cx.sqs().untag_queue().queue_url(&url);
    untag.tag_keys("provision:stack").tag_keys("provision:address").send().await.expect("it is nobody's now");
    let (_, refused) = cloud.provision(&["apply", STACK, "--yes"], 3);
    assert!(refused.contains("--adopt"), "{refused}");

    let (down, _) = cloud.provision(&["teardown", STACK, "--yes"], 0);
    for foreign in ["= handlers/dead-letters ", "= handlers/dead-letters/policy "] {
        let line = down.lines().find(|line| line.starts_with(foreign));
        assert!(
            line.is_some_and(|line| line.ends_with("does not belong to this stack: left alone")),
            "{down}"
        );
    }
    assert!(down.ends_with("audit: nothing of stack vod-local is left\n"), "{down}");
    let read = cx.sqs().get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::Policy);
    let policy = read.send().await.expect("the queue is left alone").attributes.unwrap_or_default();
    assert!(policy.contains_key(&QueueAttributeName::Policy), "with its policy: {policy:?}");
    assert!(cx.lambda().get_function().function_name(SUBMIT).send().await.is_err(), "the rest is gone");
    let (again, _) = cloud.provision(&["teardown", STACK, "--yes"], 0);
    assert!(again.contains("nothing of stack vod-local is there"), "{again}");
}
