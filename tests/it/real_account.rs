//! The main job and every adapter in a real account, by one command: `just aws ACCOUNT REGION`. The same command is tried
//! here against the local cloud, reached as AWS is.
//!
//! `docs/first-run-on-aws.md` leads through it.

mod account;
mod facts;
mod job;
mod limit;
mod report;
mod walk;

use std::time::Duration;

use account::Account;
use report::Report;

use crate::support::{ACCOUNT, Cloud, REGION};

/// What the whole costs at most, in words for a person. The figures are estimates from AWS's list prices; the page of the first run has them too.
const ESTIMATE: &str = "\
This makes a VOD stack and one resource of each type, tries them, and removes them.
It takes about an hour, most of it waiting for CloudFront. It costs less than 1 USD:
  MediaConvert    one clip of 4 seconds in 8 outputs: billed as 10 seconds each, under 0.05 USD
  CloudFront, S3, Lambda, SQS, SNS, logs    some thousand requests, under 0.05 USD
  CloudWatch      a dashboard and a few alarms for an hour, under 0.05 USD
  Route 53        nothing: the zone must exist, and queries are not billed for an hour
A budget alarm of your own tells you if something is left.";

/// Everything, in this account: the main job, its removal, each type alone, and the removal of what those left.
async fn everything(account: &Account) -> Report {
    let mut report = Report::new(account);
    if job::is_free(account, &mut report).await {
        job::run(account, &mut report).await;
        job::remove(account, &account.stack(), &mut report).await;
        walk::run(account, &mut report).await;
        job::remove(account, &account.walked(), &mut report).await;
    }
    report
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs an AWS account: `just aws ACCOUNT REGION`"]
async fn in_the_account() {
    let account = Account::from_environment().unwrap_or_else(|why| panic!("{why}"));
    println!("{ESTIMATE}\nthe limit of time is {} minutes\n", account.limit.as_secs() / 60);
    let report = everything(&account).await;
    let path = report.write();
    println!("{}\nreport: {}", report.summary(), path.display());
    assert!(report.is_good(), "not all went well: read the report");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it needs an AWS account: `just aws-sweep ACCOUNT REGION`"]
async fn sweep() {
    let account = Account::from_environment().unwrap_or_else(|why| panic!("{why}"));
    let mut report = Report::new(&account);
    for stack in [account.stack(), account.walked()] {
        job::remove(&account, &stack, &mut report).await;
    }
    println!("{}", report.summary());
    assert!(report.is_good(), "something is left: {}", report.write().display());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_for_a_real_account_does_all_of_it_on_the_local_cloud() {
    let cloud = Cloud::start("real-account").await;
    let account = Account {
        id: ACCOUNT.into(),
        region: REGION.into(),
        zone: None,
        environment: cloud.environment_as_on_aws(ACCOUNT),
        // One service is enough here: the conformance walk tries all of them.
        only: "::SQS::".into(),
        is_aws: false,
        limit: Duration::from_secs(300),
        folder: tempfile::tempdir().unwrap(),
    };
    let report = everything(&account).await;
    assert!(report.is_good(), "{}", report.text());
    insta::assert_snapshot!(report.steps(), @"
    ok     plan
    ok     apply --yes
    ok     plan --detailed-exitcode
    ok     apply --yes
    ok     plan --detailed-exitcode
    ok     apply --yes
    ok     plan --detailed-exitcode
    ok     outputs
    ok     history
    ok     teardown --yes
    ok     each type alone
    ok     teardown --yes
    ");
    let left = cloud.context(&account.stack()).await.s3().list_buckets().send().await.unwrap();
    assert_eq!(left.buckets(), [], "nothing is left, the home buckets included");
    let absent = "S3 GetBucketCors 404 NoSuchBucket";
    assert!(report.answers().contains(absent), "{}", report.text());
    let page = report.text();
    let rows =
        page.split_once("## What the table of facts does not hold").expect("it has a part about that").1;
    assert!(rows.contains("  operation: GetBucketCors\n  status: 404\n  code: NoSuchBucket\n"), "{rows}");

    // Somebody else's stack of the name, or one that a killed run left, is not touched.
    let stack = account.stack_file(&account.stack(), "1d");
    let applied = account.program(&["apply", stack.to_str().unwrap(), "--yes", "--no-wait"]);
    assert_eq!(limit::run(applied, Duration::from_secs(120)).await.code, Some(0));
    let refused = everything(&account).await;
    assert!(!refused.is_good());
    insta::assert_snapshot!(refused.steps(), @"ok     plan");
    let mut swept = Report::new(&account);
    job::remove(&account, &account.stack(), &mut swept).await;
    assert!(swept.is_good(), "{}", swept.text());
}
