//! CloudFormation stacks that do not take a change set: each is finished by the next command, or told with what to do.

use aws_sdk_cloudformation::types::{ChangeSetType, StackStatus};

use super::{stack, status};
use crate::support::Cloud;
use crate::support::quote::{errors, lines_with, nothing_left, nothing_to_do};

const OTHER: &str =
    r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "theirs"}}}}"#;

/// A failure is rolled back by CloudFormation. The oldest cause is told, and the next apply begins again.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_creation_is_told_by_its_cause_and_made_again() {
    let cloud = Cloud::start("rolled-back").await;
    let cx = cloud.context("vod-local").await;
    cloud.set_quota("distributions", 0).await;
    let file = stack();
    let (_, failed) = cloud.provision(&["apply", file.path(), "--yes"], 4);
    insta::assert_snapshot!(lines_with(&failed, &["failed", "not tried"]), @"
      handlers/submit/logs             not tried: needs delivery/distribution
      handlers/publish/logs            not tried: needs delivery/distribution
      transcode/queue                  not tried: needs delivery/distribution
      transcode/template               not tried: needs delivery/distribution
      handlers/dead-letters            not tried: needs delivery/distribution
      delivery/segments                not tried: needs delivery/distribution
      delivery/playlists               not tried: needs delivery/distribution
      delivery/origin-access           not tried: needs delivery/distribution
      delivery/headers                 not tried: needs delivery/distribution
      storage/logs                     not tried: needs delivery/distribution
      storage/logs/policy              not tried: needs delivery/distribution
      storage/output                   not tried: needs delivery/distribution
      delivery/distribution            FAILED: cloudformation:ExecuteChangeSet failed: Processing your request will cause you to exceed the maximum number of distributions allowed. (TooManyDistributions)
      storage/output/policy            not tried: needs delivery/distribution
      storage/source                   not tried: needs delivery/distribution
      storage/source/policy            not tried: needs delivery/distribution
      storage/work                     not tried: needs delivery/distribution
      handlers/publish/role            not tried: needs delivery/distribution
      handlers/publish                 not tried: needs delivery/distribution
      handlers/publish/invoke          not tried: needs delivery/distribution
      handlers/publish/permission      not tried: needs delivery/distribution
      handlers/refusal-permission      not tried: needs delivery/distribution
      storage/work/policy              not tried: needs delivery/distribution
      transcode/role                   not tried: needs delivery/distribution
      handlers/submit/role             not tried: needs delivery/distribution
      handlers/dead-letters/policy     not tried: needs delivery/distribution
      handlers/job-rule                not tried: needs delivery/distribution
      handlers/refusal-rule            not tried: needs delivery/distribution
      handlers/submit                  not tried: needs delivery/distribution
      handlers/submit/invoke           not tried: needs delivery/distribution
      handlers/submit/permission       not tried: needs delivery/distribution
      handlers/upload-rule             not tried: needs delivery/distribution
      library/batch-role               not tried: needs delivery/distribution
      delivery/access-logs/source      not tried: needs delivery/distribution
      delivery/access-logs/destination not tried: needs delivery/distribution
      delivery/access-logs             not tried: needs delivery/distribution
    delivery/distribution: cloudformation:ExecuteChangeSet failed: Processing your request will cause you to exceed the maximum number of distributions allowed. (TooManyDistributions)
    not tried:
    ");
    assert_eq!(status(&cx).await, Some(StackStatus::RollbackComplete));
    cloud.set_quota("distributions", 100).await;
    let (applied, _) = cloud.provision(&["apply", file.path(), "--yes"], 0);
    insta::assert_snapshot!(lines_with(&applied, &[" created"]), @"36 created");
    let (nothing, _) = cloud.provision(&["plan", file.path()], 0);
    nothing_to_do(&nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_of_somebody_else_under_the_name_is_left_alone() {
    let cloud = Cloud::start("theirs").await;
    let cx = cloud.context("vod-local").await;
    let theirs = cx.cloudformation().create_stack().stack_name("vod-local").template_body(OTHER);
    theirs.send().await.unwrap();
    let file = stack();
    for command in ["apply", "teardown"] {
        let (_, refused) = cloud.provision(&[command, file.path(), "--yes"], 3);
        insta::allow_duplicates! {
            insta::assert_snapshot!(errors(&refused), @"
            error: a CloudFormation stack vod-local is in ap-northeast-2 already, and provision did not make it
            help: choose another `stack` in the stack file, or delete that one yourself
            ");
        }
    }
    assert_eq!(status(&cx).await, Some(StackStatus::CreateComplete));
}

/// A first change set was made and never executed: by an apply that was killed, or by somebody who reviews one.
#[tokio::test(flavor = "multi_thread")]
async fn a_stack_in_review_is_used_if_it_is_ours() {
    let cloud = Cloud::start("in-review").await;
    let cx = cloud.context("vod-local").await;
    let review = async |name: &str| {
        let set = cx.cloudformation().create_change_set().stack_name("vod-local").change_set_name(name);
        set.change_set_type(ChangeSetType::Create).template_body(OTHER).send().await.unwrap();
    };
    review("provision-1").await;
    review("theirs").await;
    let file = stack();
    let (_, refused) = cloud.provision(&["apply", file.path(), "--yes"], 3);
    insta::assert_snapshot!(errors(&refused), @"
    error: a CloudFormation stack vod-local is in ap-northeast-2 already, and provision did not make it
    help: choose another `stack` in the stack file, or delete that one yourself
    ");
    let theirs = cx.cloudformation().delete_change_set().stack_name("vod-local").change_set_name("theirs");
    theirs.send().await.unwrap();
    cloud.provision(&["apply", file.path(), "--yes"], 0);
    assert_eq!(status(&cx).await, Some(StackStatus::CreateComplete));
    let (gone, _) = cloud.provision(&["teardown", file.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
}
