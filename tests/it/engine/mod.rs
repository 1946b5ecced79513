//! The CloudFormation engine as a person runs it, on a local cloud of the test's own: every command, drift, a failure, and
//! the moves between the engines.

mod gone;
mod kills;
mod moved_name;
mod moving;
mod role;
mod role_page;
mod stuck;

use aws_sdk_cloudformation::types::{Capability, StackStatus};
use provision::aws::Context;
use serde_json::Value;

use crate::support::calls::mutating;
use crate::support::quote::{errors, last_line, lines_with, nothing_left, nothing_to_do};
use crate::support::{Cloud, StackFile};

/// A stack of this engine.
fn stack() -> StackFile {
    StackFile::new(&[("local: true", "local: true\nengine: cloudformation")])
}

/// The same with more memory for submit, and with these lines instead of `local: true`.
fn larger(head: &str) -> StackFile {
    let more = "log_retention: 1d\n  submit: { memory: 1GiB }";
    StackFile::new(&[("local: true", head), ("log_retention: 1d", more)])
}

/// The same with its roles on a path, which is given at their creation.
fn on_path() -> StackFile {
    StackFile::new(&[("local: true", "local: true\nengine: cloudformation\nroles: { path: /video/ }")])
}

/// The CloudFormation stack's status. `None` if there is none.
async fn status(cx: &Context) -> Option<StackStatus> {
    let seen = cx.cloudformation().describe_stacks().stack_name("vod-local").send().await.ok()?;
    seen.stacks()[0].stack_status.clone()
}

/// Updates a CloudFormation stack by its own template with a change, as somebody would by hand. Returns how it ended.
async fn updated_by_hand(
    cloud: &Cloud,
    cx: &Context,
    stack: &str,
    change: impl FnOnce(&mut Value),
) -> StackStatus {
    let client = cx.cloudformation();
    let seen =
        async || client.describe_stacks().stack_name(stack).send().await.unwrap().stacks.unwrap().remove(0);
    let template = client.get_template().stack_name(stack).send().await.unwrap();
    let mut template: Value = serde_json::from_str(template.template_body().unwrap()).unwrap();
    change(&mut template);
    let (home, text) = (cx.scope.home_bucket(), template.to_string());
    let update = client.update_stack().stack_name(stack);
    let update = if text.len() <= 51_200 {
        update.template_body(text)
    } else {
        let put = cx.s3().put_object().bucket(&home).key("theirs.json");
        put.body(text.into_bytes().into()).send().await.unwrap();
        update.template_url(format!("{}/{home}/theirs.json", cloud.endpoint))
    };
    let update = update.set_parameters(seen().await.parameters);
    update.capabilities(Capability::CapabilityNamedIam).send().await.unwrap();
    loop {
        let status = seen().await.stack_status.unwrap();
        if !status.as_str().ends_with("_IN_PROGRESS") {
            return status;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_is_made_changed_and_removed_by_change_sets() {
    let cloud = Cloud::start("cloudformation").await;
    let cx = cloud.context("vod-local").await;
    let file = stack();
    let (planned, calls) = cloud.provision(&["-v", "plan", file.path()], 0);
    assert_eq!(mutating(&calls), Vec::<&str>::new(), "a plan changes nothing, no change set either");
    insta::assert_snapshot!(last_line(&planned), @"36 to create");

    let (applied, said) = cloud.provision(&["-v", "apply", file.path(), "--yes", "--verify"], 0);
    assert!(applied.contains(" created\n"), "{applied}");
    insta::assert_snapshot!(lines_with(&said, &["change set", "storage/source "]), @"
    CloudFormation's change set for vod-local in ap-northeast-2: it agrees with the plan
      storage/source                   Add
      storage/source                   created (<n>s)
    CloudFormation's change set for vod-local-us-east-1-after in us-east-1: it agrees with the plan
    ");
    for call in ["CreateRole", "CreateFunction", "CreateDistribution", "CreateJobTemplate"] {
        assert!(!said.contains(call), "CloudFormation makes everything: {said}");
    }
    assert_eq!(status(&cx).await, Some(StackStatus::CreateComplete));

    let (nothing, calls) = cloud.provision(&["-v", "apply", file.path(), "--yes"], 0);
    nothing_to_do(nothing.split("\n\n").next().unwrap());
    assert_eq!(mutating(&calls), Vec::<&str>::new());

    let longer = larger("local: true\nengine: cloudformation");
    let (changed, said) = cloud.provision(&["apply", longer.path(), "--yes"], 0);
    insta::assert_snapshot!(lines_with(&said, &["change set", "handlers/submit "]), @"
    CloudFormation's change set for vod-local in ap-northeast-2: it agrees with the plan
      handlers/submit                  Modify: MemorySize
      handlers/submit                  changed (<n>s)
    ");
    insta::assert_snapshot!(lines_with(&changed, &[" changed"]), @"1 changed");
    assert_eq!(status(&cx).await, Some(StackStatus::UpdateComplete));
    let (_, kept) = cloud.provision(&["export", longer.path(), "--to", "terraform", "no-such-directory"], 3);
    insta::assert_snapshot!(errors(&kept), @"
    error: CloudFormation has the resources of stack vod-local, so nothing was exported
    help: run `provision move <folder>/stack.yaml --to direct` first, which changes no resource, and then export
    ");
    assert!(!std::path::Path::new("no-such-directory").exists());

    let (gone, _) = cloud.provision(&["teardown", longer.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
    assert_eq!(status(&cx).await, None);
}

/// What somebody changes or adds by hand is seen and set back, although the template says the same as before.
#[tokio::test(flavor = "multi_thread")]
async fn drift_is_seen_and_set_back() {
    let cloud = Cloud::start("cloudformation-drift").await;
    let cx = cloud.context("vod-local").await;
    let file = stack();
    cloud.provision(&["apply", file.path(), "--yes"], 0);
    let source = "vod-local-source-111122223333-ap-northeast-2";
    cx.s3().delete_bucket_policy().bucket(source).send().await.unwrap();
    let function = cx.lambda().update_function_configuration().function_name("vod-local-submit");
    function.timeout(7).send().await.unwrap();
    let (planned, _) = cloud.provision(&["plan", file.path()], 0);
    insta::assert_snapshot!(lines_with(&planned, &["storage/source/policy", "handlers/submit "]), @"
    ~ handlers/submit                  Lambda Function                  vod-local-submit
    + storage/source/policy            S3 BucketPolicy                  missing from the account since the last apply
    ");
    cloud.provision(&["apply", file.path(), "--yes", "--allow-broadening"], 0);
    let (nothing, _) = cloud.provision(&["plan", file.path()], 0);
    nothing_to_do(&nothing);
}

/// Somebody deleted a function that CloudFormation has, and its properties change: it is created before the update.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_by_hand_is_there_before_the_update() {
    let cloud = Cloud::start("cloudformation-deleted").await;
    let cx = cloud.context("vod-local").await;
    cloud.provision(&["apply", stack().path(), "--yes"], 0);
    cx.lambda().delete_function().function_name("vod-local-submit").send().await.unwrap();
    let more = larger("local: true\nengine: cloudformation");
    cloud.provision(&["apply", more.path(), "--yes", "--allow-broadening"], 0);
    nothing_to_do(&cloud.provision(&["plan", more.path()], 0).0);
}

/// A queue that somebody added to the CloudFormation stack is not the stack's: no command deletes it.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_added_to_the_stack_stays() {
    let cloud = Cloud::start("cloudformation-theirs").await;
    let cx = cloud.context("vod-local").await;
    cloud.provision(&["apply", stack().path(), "--yes"], 0);
    let ended = updated_by_hand(&cloud, &cx, "vod-local", |template| {
        template["Resources"]["Mine"] =
            serde_json::json!({ "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "mine" } });
    });
    assert_eq!(ended.await, StackStatus::UpdateComplete);
    let more = larger("local: true\nengine: cloudformation");
    for command in ["apply", "teardown"] {
        let (_, refused) = cloud.provision(&[command, more.path(), "--yes"], 3);
        insta::allow_duplicates! {
            insta::assert_snapshot!(errors(&refused), @r"
            error: the CloudFormation stack vod-local in ap-northeast-2 has a resource Mine that this stack does not declare: somebody else added it, and it would be deleted
            help: take Mine out of that stack first, with `DeletionPolicy: Retain` if it is to stay
            ");
        }
    }
    cx.sqs().get_queue_url().queue_name("mine").send().await.unwrap();
}

/// Both ends of the stack file's word: a stack of one engine is not worked on by the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_stack_of_one_engine_is_refused_by_the_other() {
    let cloud = Cloud::start("cloudformation-other").await;
    let (direct, file) = (StackFile::new(&[]), stack());
    cloud.provision(&["apply", direct.path(), "--yes"], 0);
    for command in ["plan", "apply", "teardown"] {
        let (_, refused) = cloud.provision(&[command, file.path()], 3);
        insta::allow_duplicates! {
            insta::assert_snapshot!(errors(&refused), @"
            error: 26 resources of stack vod-local are there, and CloudFormation manages none of them: another engine made them
            help: run `provision move STACK --to cloudformation`, or set `engine: direct`
            ");
        }
    }
    cloud.provision(&["teardown", direct.path(), "--yes"], 0);
    cloud.provision(&["apply", file.path(), "--yes"], 0);
    for command in ["plan", "apply", "teardown"] {
        let (_, refused) = cloud.provision(&[command, direct.path()], 3);
        insta::allow_duplicates! {
            insta::assert_snapshot!(errors(&refused), @"
            error: CloudFormation manages stack vod-local, and the stack file says `engine: direct`
            help: set `engine: cloudformation`, or run `provision move STACK --to direct` first
            ");
        }
    }
}
