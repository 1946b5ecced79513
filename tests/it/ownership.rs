//! Whose is what: hands in a function's policy, a stack of the same name in another region, and a teardown that meets
//! what is somebody else's.

use std::process::Stdio;

use crate::support::quote::{errors, last_line, lines_with, nothing_left, nothing_to_do, whole};
use crate::support::{ACCOUNT, Cloud, StackFile, output};
use aws_sdk_sqs::types::QueueAttributeName;
use provision::aws::Context;

const STACK: &str = "stacks/local.yaml";
const SUBMIT: &str = "vod-local-submit";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_declared_goes_and_what_is_not_ours_stays() {
    let cloud = Cloud::start("ownership").await;
    cloud.provision(&["apply", STACK, "--yes"], 0);
    statements_added_by_hand_are_removed(&cloud).await;
    a_handler_whose_role_was_made_again_works_again(&cloud).await;
    a_regrant_that_was_killed_is_finished_by_the_next_run(&cloud).await;
    the_same_name_in_another_region_is_refused(&cloud);
    teardown_leaves_what_is_foreign(&cloud).await;
}

async fn statements_added_by_hand_are_removed(cloud: &Cloud) {
    let cx = cloud.context("vod-local").await;
    let exposed = cx.lambda().add_permission().function_name(SUBMIT).statement_id("by-hand");
    let exposed = exposed.action("lambda:InvokeFunction").principal("*");
    exposed.send().await.expect("anybody may call the function now");

    let (planned, _) = cloud.provision(&["plan", STACK, "--fail-on", "broadening"], 0);
    insta::assert_snapshot!(whole(&planned), @"
    handlers
      - handlers/submit/permission/by-hand Lambda Permission                vod-local-submit/by-hand, not declared: added by hand
          ! Callers that need this permission are refused.
          ! Rules do not retry: they send the event to the dead-letter queue.

    1 to delete, 36 unchanged
    ");
    let (_, refused) = cloud.provision(&["plan", STACK, "--fail-on", "destroy"], 3);
    insta::assert_snapshot!(errors(&refused), @"
    error: the plan of vod-local is refused: it deletes handlers/submit/permission/by-hand
    help: have the plan approved, or run without --fail-on
    ");

    cloud.provision(&["apply", STACK, "--yes"], 0);
    let policy = cx.lambda().get_policy().function_name(SUBMIT).send().await;
    let policy = policy.expect("the declared statement is there").policy.unwrap_or_default();
    assert!(!policy.contains("by-hand") && policy.contains("events.amazonaws.com"), "{policy}");
    let (nothing, _) = cloud.provision(&["plan", STACK], 0);
    nothing_to_do(&nothing);
}

/// Deletes submit's role, as somebody would by hand.
async fn delete_role(cx: &Context) {
    let policies = cx.iam().list_role_policies().role_name(SUBMIT).send().await.unwrap().policy_names;
    for policy in policies {
        cx.iam().delete_role_policy().role_name(SUBMIT).policy_name(policy).send().await.unwrap();
    }
    cx.iam().delete_role().role_name(SUBMIT).send().await.expect("the role is gone");
}

/// Passes if submit has its own role, and the id of the role that exists.
async fn has_its_role(cx: &Context) {
    let function = cx.lambda().get_function_configuration().function_name(SUBMIT).send().await.unwrap();
    let role = cx.iam().get_role().role_name(SUBMIT).send().await.unwrap().role.unwrap();
    let variables = function.environment.and_then(|environment| environment.variables).unwrap();
    assert_eq!(
        (function.role.as_deref(), variables["ROLE_ID"].as_str()),
        (Some(role.arn()), role.role_id()),
        "{variables:?}"
    );
}

/// The process ends between the call that lends submit another role and the one that gives its own back.
async fn a_regrant_that_was_killed_is_finished_by_the_next_run(cloud: &Cloud) {
    let cx = cloud.context("vod-local").await;
    delete_role(&cx).await;
    cloud.provision(&["local", "start", "--latency", "100ms"], 0);
    let arguments = ["apply", STACK, "--yes", "--allow-broadening"];
    let mut running = cloud.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let role = async || {
        let function = cx.lambda().get_function_configuration().function_name(SUBMIT).send().await.unwrap();
        function.role.unwrap_or_default()
    };
    while !role().await.ends_with("-publish") {
        assert!(running.try_wait().unwrap().is_none(), "the apply ended before it was killed");
    }
    running.kill().unwrap();
    running.wait().unwrap();
    cloud.provision(&["local", "start", "--latency", "0ms"], 0);
    assert!(role().await.ends_with("-publish"), "it was killed between the calls");
    // As after the lease has expired.
    cx.s3().delete_object().bucket(cx.scope.home_bucket()).key("lock.json").send().await.unwrap();

    cloud.provision(&arguments, 0);
    has_its_role(&cx).await;
    let (nothing, _) = cloud.provision(&["plan", STACK], 0);
    nothing_to_do(&nothing);
}

/// A role that was deleted and made again has another id, and Lambda's grant is for the former one.
async fn a_handler_whose_role_was_made_again_works_again(cloud: &Cloud) {
    let cx = cloud.context("vod-local").await;
    delete_role(&cx).await;

    let (planned, _) = cloud.provision(&["plan", STACK], 0);
    let of_function = ["handlers/submit ", "ROLE_ID", "It gets another role"];
    let former =
        planned.split('"').find(|text| text.starts_with("AROA")).expect("the role's former id is told");
    insta::assert_snapshot!(lines_with(&planned, &of_function).replace(former, "<former id>"), @r#"
    ~ handlers/submit                  Lambda Function                  vod-local-submit
        drift   Environment.Variables.ROLE_ID  "<former id>" → (known after apply: RoleId of handlers/submit/role)
        ! It gets another role of the stack for some seconds, and then its own.
    "#);
    let (_, told) = cloud.provision(&["apply", STACK, "--yes", "--allow-broadening", "-v"], 0);
    let configured = told.lines().filter(|line| line.contains("UpdateFunctionConfiguration")).count();
    assert_eq!(configured, 2, "another role, and then its own: {told}");
    has_its_role(&cx).await;
    let (nothing, _) = cloud.provision(&["plan", STACK], 0);
    nothing_to_do(&nothing);
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
        insta::allow_duplicates! {
            insta::assert_snapshot!(lines_with(&errors(&refused), &["handlers/submit/role: "]), @"error: handlers/submit/role: vod-local-submit belongs to the stack of this name in ap-northeast-2");
            insta::assert_snapshot!(last_line(&refused), @"<n> resources, <n> API calls in <n> dependent round trips, <n> s");
        }
    }
    let (nothing, _) = cloud.provision(&["plan", STACK], 0);
    nothing_to_do(&nothing);
}

async fn teardown_leaves_what_is_foreign(cloud: &Cloud) {
    let cx = cloud.context("vod-local").await;
    let url = cx.sqs().get_queue_url().queue_name("vod-local-dead-letters").send().await;
    let url = url.expect("the queue is there").queue_url.expect("it has an address");
    let untag = cx.sqs().untag_queue().queue_url(&url);
    untag.tag_keys("provision:stack").tag_keys("provision:address").send().await.expect("it is nobody's now");
    let (_, refused) = cloud.provision(&["apply", STACK, "--yes"], 3);
    insta::assert_snapshot!(errors(&refused), @"
    error: the plan is not safe, so nothing was changed
    error: handlers/dead-letters: https://sqs.ap-northeast-2.amazonaws.com/111122223333/vod-local-dead-letters exists, and was not made by this stack
    help: if it is meant to be this stack's, run again with `--adopt`; else remove it or rename the stack
    ");

    let (down, _) = cloud.provision(&["teardown", STACK, "--yes"], 0);
    insta::assert_snapshot!(lines_with(&down, &["= "]), @"
    = handlers/dead-letters SQS Queue (https://sqs.ap-northeast-2.amazonaws.com/111122223333/vod-local-dead-letters) does not belong to this stack: left alone
    = handlers/dead-letters/policy SQS QueuePolicy (https://sqs.ap-northeast-2.amazonaws.com/111122223333/vod-local-dead-letters) does not belong to this stack: left alone
    ");
    nothing_left(&down, "vod-local");
    let read = cx.sqs().get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::Policy);
    let policy = read.send().await.expect("the queue is left alone").attributes.unwrap_or_default();
    assert!(policy.contains_key(&QueueAttributeName::Policy), "with its policy: {policy:?}");
    assert!(cx.lambda().get_function().function_name(SUBMIT).send().await.is_err(), "the rest is gone");
    let (again, _) = cloud.provision(&["teardown", STACK, "--yes"], 0);
    insta::assert_snapshot!(whole(&again), @"
    = handlers/dead-letters SQS Queue (https://sqs.ap-northeast-2.amazonaws.com/111122223333/vod-local-dead-letters) does not belong to this stack: left alone
    = handlers/dead-letters/policy SQS QueuePolicy (https://sqs.ap-northeast-2.amazonaws.com/111122223333/vod-local-dead-letters) does not belong to this stack: left alone
    nothing of stack vod-local is there
    audit: nothing of stack vod-local is left
    ");
}
