//! A fleet as a person runs it, on a local cloud of the test's own: three accounts and two regions, what fails in one of
//! them, targets that come and go, and the removal.

mod kills;
mod role;
mod units;

use std::sync::Arc;

use provision::aws::{Connection, Context};
use provision::model::Scope;
use serde_json::json;

use crate::support::calls::mutating;
use crate::support::quote::{last_line, lines_with, nothing_to_do, whole};
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};

/// Two accounts besides that of the stack set.
const OTHERS: [&str; 2] = ["222233334444", "333344445555"];
const ADMINISTRATOR: &str = "AWSCloudFormationStackSetAdministrationRole";
const EXECUTION: &str = "AWSCloudFormationStackSetExecutionRole";

/// A fleet in these accounts and regions.
fn fleet_in(accounts: &[&str], regions: &[&str], more: &[(&str, &str)]) -> StackFile {
    let quoted: Vec<String> = accounts.iter().map(|account| format!("'{account}'")).collect();
    let fleet = format!(
        "local: true\nengine: cloudformation\nfleet:\n  accounts: [{}]\n  regions: [{}]\n  max_concurrent: 3",
        quoted.join(", "),
        regions.join(", ")
    );
    let head = [("local: true", fleet.as_str()), ("access_logs: true", "access_logs: false")];
    StackFile::new(&[&head[..], more].concat())
}

/// A context of an account and region.
async fn context(cloud: &Cloud, account: &str, region: &str) -> Context {
    let connection = Arc::new(Connection::to_local(cloud.target(account), region).await);
    let scope = Scope { stack: "vod-local".into(), account: account.into(), region: region.into() };
    Context::new(connection, scope, region)
}

/// Makes a role that stack sets need, as the team does it.
async fn role(cloud: &Cloud, account: &str, name: &str) {
    let principal = match name {
        ADMINISTRATOR => json!({ "Service": "cloudformation.amazonaws.com" }),
        _ => json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:role/{ADMINISTRATOR}") }),
    };
    let statement = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
    let trust = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let cx = context(cloud, account, REGION).await;
    let call = cx.iam().create_role().role_name(name).assume_role_policy_document(trust.to_string());
    call.send().await.unwrap();
}

/// The memory of the function that starts encodes, in a target. `None` if it is not there.
async fn memory(cloud: &Cloud, account: &str, region: &str) -> Option<i32> {
    let cx = context(cloud, account, region).await;
    let call = cx.lambda().get_function_configuration().function_name("vod-local-submit");
    call.send().await.ok()?.memory_size
}

/// Whether the bucket for originals of a target is there.
async fn has_bucket(cloud: &Cloud, account: &str, region: &str) -> bool {
    let cx = context(cloud, account, region).await;
    cx.s3().head_bucket().bucket(format!("vod-local-source-{account}-{region}")).send().await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_made_changed_and_removed() {
    let cloud = Cloud::start("fleet").await;
    let regions = ["ap-northeast-2", "eu-west-1"];
    let accounts = [ACCOUNT, OTHERS[0], OTHERS[1]];
    role(&cloud, ACCOUNT, ADMINISTRATOR).await;
    for account in [ACCOUNT, OTHERS[0]] {
        role(&cloud, account, EXECUTION).await;
    }
    let file = fleet_in(&accounts, &regions, &[]);

    let (planned, said) = cloud.provision(&["-v", "plan", file.path()], 0);
    assert_eq!(mutating(&said), Vec::<&str>::new(), "a plan changes nothing");
    insta::assert_snapshot!(lines_with(&planned, &["targets", "gets the stack", "fleet/set", "storage/source ", "to create", "note"]), @"
      + fleet/set                        CloudFormation StackSet          vod-local
      + storage/source                   S3 Bucket                        vod-local-source-${AWS::AccountId}-${AWS::Region}
    targets
      + 111122223333 in ap-northeast-2, eu-west-1: gets the stack, or is made current
      + 222233334444 in ap-northeast-2, eu-west-1: gets the stack, or is made current
      + 333344445555 in ap-northeast-2, eu-west-1: gets the stack, or is made current
    note: each resource is in every target
    32 to create
    ");

    // One account lacks its role: nothing is made there, and the next apply goes on.
    let (_, said) = cloud.provision(&["apply", file.path(), "--yes"], 4);
    insta::assert_snapshot!(lines_with(&said, &["targets failed", "333344445555"]), @"
      fleet/set                        FAILED: cloudformation:CreateStackInstances failed: 1 of 6 targets failed, 3 not begun
    fleet/set: cloudformation:CreateStackInstances failed: 1 of 6 targets failed, 3 not begun
    333344445555 in ap-northeast-2: Account 333344445555 should have 'AWSCloudFormationStackSetExecutionRole' role with trust relationship to Role 'AWSCloudFormationStackSetAdministrationRole'.
    ");
    let (status, _) = cloud.provision(&["status", file.path(), "--detailed-exitcode"], 2);
    insta::assert_snapshot!(whole(&status), @"
    111122223333   ap-northeast-2   current     StackSet-vod-local-<id>
    111122223333   eu-west-1        outdated     CANCELLED: Cancelled since failure tolerance has exceeded
    222233334444   ap-northeast-2   current     StackSet-vod-local-<id>
    222233334444   eu-west-1        outdated     CANCELLED: Cancelled since failure tolerance has exceeded
    333344445555   ap-northeast-2   outdated     FAILED: Account 333344445555 should have 'AWSCloudFormationStackSetExecutionRole' role with trust relationship to Role 'AWSCloudFormationStackSetAdministrationRole'.
    333344445555   eu-west-1        outdated     CANCELLED: Cancelled since failure tolerance has exceeded
    2 of 6 targets are current; last operation: CREATE FAILED, begun <time>
    ");

    // A target that never became current is removed as openly as any other.
    let without = |more: &[(&str, &str)]| fleet_in(&accounts[..2], &regions, more);
    let (planned, _) = cloud.provision(&["plan", without(&[]).path()], 0);
    insta::assert_snapshot!(lines_with(&planned, &["333344445555"]), @"  - 333344445555 in ap-northeast-2, eu-west-1: its stack is deleted");
    let protected = without(&[("access_logs: false", "access_logs: false\nprotected: true")]);
    let (_, refused) = cloud.provision(&["plan", protected.path()], 3);
    assert!(refused.contains("333344445555 in eu-west-1: its stack is deleted"), "{refused}");

    role(&cloud, OTHERS[1], EXECUTION).await;
    let (applied, _) = cloud.provision(&["apply", file.path(), "--yes"], 0);
    insta::assert_snapshot!(whole(&applied), @"
    fleet
      ~ fleet/set                        CloudFormation StackSet          vod-local

    targets
      + 111122223333 in eu-west-1: gets the stack, or is made current
      + 222233334444 in eu-west-1: gets the stack, or is made current
      + 333344445555 in ap-northeast-2, eu-west-1: gets the stack, or is made current

    1 to change

    1 changed

    111122223333   ap-northeast-2   current     StackSet-vod-local-<id>
    111122223333   eu-west-1        current     StackSet-vod-local-<id>
    222233334444   ap-northeast-2   current     StackSet-vod-local-<id>
    222233334444   eu-west-1        current     StackSet-vod-local-<id>
    333344445555   ap-northeast-2   current     StackSet-vod-local-<id>
    333344445555   eu-west-1        current     StackSet-vod-local-<id>
    6 of 6 targets are current; last operation: UPDATE SUCCEEDED, begun <time>
    ");
    for account in accounts {
        for region in regions {
            assert!(memory(&cloud, account, region).await.is_some(), "{account} {region}");
        }
    }
    nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);
    let (nothing, calls) = cloud.provision(&["-v", "apply", file.path(), "--yes"], 0);
    nothing_to_do(nothing.split("\n\n").next().unwrap());
    assert_eq!(mutating(&calls), Vec::<&str>::new());

    let larger = fleet_in(
        &accounts,
        &regions,
        &[("log_retention: 1d", "log_retention: 1d\n  submit: { memory: 1GiB }")],
    );
    let (planned, _) = cloud.provision(&["plan", larger.path()], 0);
    insta::assert_snapshot!(whole(&planned), @"
    fleet
      ~ fleet/set                        CloudFormation StackSet          vod-local

    handlers
      ~ handlers/submit                  Lambda Function                  vod-local-submit
          change  MemorySize  256 MiB → 1024 MiB
          ! It runs as before during the update, then with cold starts in new environments.

    targets
      ~ 111122223333 in ap-northeast-2, eu-west-1: gets the changes
      ~ 222233334444 in ap-northeast-2, eu-west-1: gets the changes
      ~ 333344445555 in ap-northeast-2, eu-west-1: gets the changes

    note: each resource is in every target
    2 to change, 30 unchanged
    ");
    cloud.provision(&["apply", larger.path(), "--yes"], 0);
    assert_eq!(memory(&cloud, OTHERS[1], "eu-west-1").await, Some(1024));

    // One target.
    let target = format!("{}/eu-west-1", OTHERS[1]);
    let (outputs, _) = cloud.provision(&["outputs", file.path(), "--target", &target], 0);
    insta::assert_snapshot!(lines_with(&outputs, &["source bucket", "submit function"]), @"
    source bucket     vod-local-source-333344445555-eu-west-1
    submit function   vod-local-submit
    ");

    // A target that leaves keeps its videos.
    let fewer = fleet_in(&accounts[..2], &regions[..1], &[]);
    let (planned, _) = cloud.provision(&["plan", fewer.path(), "--fail-on", "destroy"], 3);
    insta::assert_snapshot!(lines_with(&planned, &["its stack is deleted", "note"]), @"
      - 111122223333 in eu-west-1: its stack is deleted
      - 222233334444 in eu-west-1: its stack is deleted
      - 333344445555 in ap-northeast-2, eu-west-1: its stack is deleted
    note: the buckets of a target that is removed stay in its account, with everything in them
    note: each resource is in every target
    ");
    cloud.provision(&["apply", fewer.path(), "--yes"], 0);
    assert_eq!(memory(&cloud, OTHERS[1], "eu-west-1").await, None);
    assert!(has_bucket(&cloud, OTHERS[1], "eu-west-1").await, "the bucket stays");
    nothing_to_do(&cloud.provision(&["plan", fewer.path()], 0).0);

    let (gone, _) = cloud.provision(&["teardown", fewer.path(), "--yes"], 0);
    insta::assert_snapshot!(last_line(&gone), @"the buckets of its targets stay in their accounts, with everything in them");
    assert_eq!(memory(&cloud, ACCOUNT, "eu-west-1").await, None);
    assert!(has_bucket(&cloud, ACCOUNT, "eu-west-1").await, "the bucket stays");
    let cx = context(&cloud, ACCOUNT, REGION).await;
    for prefix in ["provision-", "bundles-"] {
        let left = cx.s3().list_buckets().prefix(prefix).send().await.unwrap();
        assert_eq!(left.buckets().len(), 0, "no {prefix} bucket is left");
    }
}

/// A stack and a fleet of one name are not taken for each other.
#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_not_taken_for_a_fleet() {
    let cloud = Cloud::start("fleet-name").await;
    let file = fleet_in(&[ACCOUNT], &["eu-west-1"], &[]);
    role(&cloud, ACCOUNT, ADMINISTRATOR).await;
    role(&cloud, ACCOUNT, EXECUTION).await;
    cloud.provision(&["apply", file.path(), "--yes"], 0);
    for head in ["local: true", "local: true\nengine: cloudformation"] {
        let stack = StackFile::new(&[("local: true", head)]);
        for command in ["plan", "teardown"] {
            let (_, said) = cloud.provision(&[command, stack.path()], 3);
            assert!(said.contains("is a fleet, and the stack file has no `fleet`"), "{said}");
        }
    }
    for command in [
        &["outputs"][..],
        &["verify"],
        &["move", "--to", "direct"],
        &["import"],
        &["export", "--to", "cdk", "x"],
    ] {
        let arguments = [&command[..1], &[file.path()], &command[1..]].concat();
        let (_, said) = cloud.provision(&arguments, 3);
        assert!(said.contains("works with one stack, and vod-local is a fleet"), "{command:?}: {said}");
    }
    cloud.provision(&["teardown", file.path(), "--yes"], 0);

    let stack = StackFile::new(&[]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let fleet = fleet_in(&[OTHERS[0]], &["ap-northeast-2"], &[]);
    let (_, said) = cloud.provision(&["plan", fleet.path()], 3);
    insta::assert_snapshot!(lines_with(&said, &["is no fleet"]), @"  × a stack vod-local that is no fleet is in this account and region: it has handlers/submit/logs");
}
