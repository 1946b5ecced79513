//! What somebody deleted, and what must be replaced: CloudFormation creates both again, and can change them afterwards.

use aws_sdk_cloudformation::types::StackStatus;
use provision::aws::Context;

use super::{on_path, stack, status, updated_by_hand};
use crate::support::calls::mutating;
use crate::support::quote::{lines_with, nothing_left, nothing_to_do};
use crate::support::{Cloud, StackFile, delete_distribution};

/// The stack with another price class.
fn priced(class: &str) -> StackFile {
    let delivery = format!("access_logs: true\n  price_class: {class}");
    StackFile::new(&[
        ("local: true", "local: true\nengine: cloudformation"),
        ("access_logs: true", delivery.as_str()),
    ])
}

/// The ids of the distribution: in CloudFormation, and in CloudFront.
async fn ids(cx: &Context) -> (String, String) {
    let call = cx.cloudformation().describe_stack_resource().stack_name("vod-local");
    let held = call.logical_resource_id("DeliveryDistribution").send().await.unwrap();
    let held = held.stack_resource_detail.unwrap().physical_resource_id.unwrap();
    let listed = cx.cloudfront().list_distributions().send().await.unwrap().distribution_list.unwrap();
    (held, listed.items.unwrap().remove(0).id)
}

/// Somebody deleted the distribution, whose id AWS assigns, and its declaration changes too. What is named and needs it is
/// replaced: the source of its access logs.
#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_that_somebody_deleted_is_cloudformations_again() {
    let cloud = Cloud::start("cloudformation-gone").await;
    let cx = cloud.context("vod-local").await;
    cloud.provision(&["apply", stack().path(), "--yes"], 0);
    delete_distribution(&cx).await;
    let cheaper = priced("100");
    let (_, said) = cloud.provision(&["-v", "apply", cheaper.path(), "--yes", "--allow-broadening"], 0);
    insta::assert_snapshot!(lines_with(&said, &["change set for", "delivery/distribution ", "delivery/access-logs"]), @"
    CloudFormation's change set for vod-local in ap-northeast-2: it agrees with the plan
      delivery/distribution            Add
      delivery/distribution            created (<n>s)
    CloudFormation's change set for vod-local-us-east-1-after in us-east-1: it agrees with the plan
      delivery/access-logs             Remove
      delivery/access-logs/source      Remove
      delivery/access-logs             deleted (<n>s)
      delivery/access-logs/source      deleted (<n>s)
    CloudFormation's change set for vod-local-us-east-1-after in us-east-1: it agrees with the plan
      delivery/access-logs             Add
      delivery/access-logs/source      Add
      delivery/access-logs/source      created (<n>s)
      delivery/access-logs             created (<n>s)
    ");
    assert!(!said.contains("CreateDistribution"), "CloudFormation creates it: {said}");
    nothing_to_do(&cloud.provision(&["plan", cheaper.path()], 0).0);
    let (held, live) = ids(&cx).await;
    assert_eq!(held, live, "it is CloudFormation's");

    // CloudFormation changes it from then on.
    let dearer = priced("200");
    cloud.provision(&["apply", dearer.path(), "--yes"], 0);
    nothing_to_do(&cloud.provision(&["plan", dearer.path()], 0).0);
    nothing_left(&cloud.provision(&["teardown", dearer.path(), "--yes"], 0).0, "vod-local");
}

/// An update of what is gone failed, and so did its rollback. The next apply goes on without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_is_stuck_at_what_is_gone_is_continued() {
    let cloud = Cloud::start("cloudformation-stuck-gone").await;
    let cx = cloud.context("vod-local").await;
    cloud.provision(&["apply", stack().path(), "--yes"], 0);
    delete_distribution(&cx).await;
    let ended = updated_by_hand(&cloud, &cx, "vod-local", |template| {
        let distribution = &mut template["Resources"]["DeliveryDistribution"];
        distribution["Properties"]["DistributionConfig"]["PriceClass"] = "PriceClass_100".into();
    });
    assert_eq!(ended.await, StackStatus::UpdateRollbackFailed);
    let cheaper = priced("100");
    cloud.provision(&["apply", cheaper.path(), "--yes", "--allow-broadening"], 0);
    nothing_to_do(&cloud.provision(&["plan", cheaper.path()], 0).0);
    let (held, live) = ids(&cx).await;
    assert_eq!((held, status(&cx).await), (live, Some(StackStatus::UpdateComplete)));
}

/// Roles have names, and their path cannot be changed. CloudFormation deletes them before it creates them again.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_a_name_is_replaced() {
    let cloud = Cloud::start("cloudformation-replaced").await;
    let cx = cloud.context("vod-local").await;
    cloud.provision(&["apply", stack().path(), "--yes"], 0);
    let on_path = on_path();
    let (_, said) = cloud.provision(&["-v", "apply", on_path.path(), "--yes", "--allow-broadening"], 0);
    insta::assert_snapshot!(lines_with(&said, &["change set for", "transcode/role ", "handlers/submit "]), @"
    CloudFormation's change set for vod-local in ap-northeast-2: it agrees with the plan
      transcode/role                   Remove
      transcode/role                   deleted (<n>s)
    CloudFormation's change set for vod-local in ap-northeast-2: it agrees with the plan
      handlers/submit                  Modify: Environment, Role
      transcode/role                   Add
      transcode/role                   created (<n>s)
      handlers/submit                  changed (<n>s)
    ");
    let calls = mutating(&said);
    assert!(!calls.contains(&"CreateRole") && !calls.contains(&"DeleteRole"), "{calls:?}");
    let role = cx.iam().get_role().role_name("vod-local-submit").send().await.unwrap().role.unwrap();
    assert_eq!(role.path, "/video/");
    nothing_to_do(&cloud.provision(&["plan", on_path.path()], 0).0);
    assert_eq!(status(&cx).await, Some(StackStatus::UpdateComplete));
}
