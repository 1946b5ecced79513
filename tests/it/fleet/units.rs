//! A fleet in the units of an organization: accounts that come get the stack, and the management account has the stack set.

use serde_json::json;

use super::{context, memory};
use crate::support::quote::{lines_with, nothing_to_do};
use crate::support::{ACCOUNT, Cloud, REGION, StackFile, organization};

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_a_unit_get_the_stack() {
    let cloud = Cloud::start("fleet-units").await;
    let made = organization::call(&cloud, ACCOUNT, "CreateOrganization", &json!({ "FeatureSet": "ALL" }));
    let id = made["Organization"]["Id"].as_str().unwrap();
    let roots = organization::call(&cloud, ACCOUNT, "ListRoots", &json!({}));
    let root = roots["Roots"][0]["Id"].as_str().unwrap();
    let unit = organization::unit(&cloud, root, "media");
    let one = organization::account(&cloud, "one", root, &unit);
    let fleet = format!(
        "local: true\nengine: cloudformation\nfleet:\n  organizational_units: [{unit}]\n  organization: {id}\n  \
         regions: [eu-west-1]\n  max_concurrent: 100%"
    );
    let file = StackFile::new(&[("local: true", &fleet), ("access_logs: true", "access_logs: false")]);

    let (_, said) = cloud.provision(&["apply", file.path(), "--yes"], 4);
    insta::assert_snapshot!(lines_with(&said, &["organizations access"]), @"
      fleet/set                        FAILED: cloudformation:CreateStackSet failed with ValidationError: You must enable organizations access to operate a service managed stack set (request <id>)
    fleet/set: cloudformation:CreateStackSet failed with ValidationError: You must enable organizations access to operate a service managed stack set (request <id>)
    ");
    let cx = context(&cloud, ACCOUNT, REGION).await;
    cx.cloudformation().activate_organizations_access().send().await.unwrap();
    let (applied, _) = cloud.provision(&["apply", file.path(), "--yes"], 0);
    assert!(applied.contains("1 of 1 targets are current"), "{applied}");
    assert!(memory(&cloud, &one, "eu-west-1").await.is_some());
    assert!(memory(&cloud, ACCOUNT, "eu-west-1").await.is_none(), "the management account gets none");
    nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);

    // An account that comes later gets the stack by itself.
    let two = organization::account(&cloud, "two", root, &unit);
    while memory(&cloud, &two, "eu-west-1").await.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    while !cloud.provision(&["status", file.path()], 0).0.contains("2 of 2 targets are current") {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);

    cloud.provision(&["teardown", file.path(), "--yes"], 0);
    assert!(
        memory(&cloud, &one, "eu-west-1").await.is_none()
            && memory(&cloud, &two, "eu-west-1").await.is_none()
    );
}
