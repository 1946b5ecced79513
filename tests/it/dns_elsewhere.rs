//! A stack's name whose records are not in the stack's account: in a hosted zone of another account, by a role there, or
//! kept by somebody else altogether.

use std::sync::Arc;

use provision::aws::{Connection, Context};
use provision::model::Scope;
use serde_json::{Value, json};

use crate::support::quote::{errors, lines_with, nothing_left, nothing_to_do};
use crate::support::{ACCOUNT, Cloud, REGION, StackFile};

/// The account of the hosted zone.
const OTHER: &str = "444455556666";
const NAME: &str = "video.example.com";

async fn other(cloud: &Cloud) -> Context {
    let connection = Arc::new(Connection::to_local(cloud.target(OTHER), REGION).await);
    let scope = Scope { stack: "dns".into(), account: OTHER.into(), region: REGION.into() };
    Context::new(connection, scope, REGION)
}

/// Makes the zone and a role that has the printed policies and nothing else; who may assume it is for its trust policy.
async fn zone_and_role(cloud: &Cloud, cx: &Context, stack: &StackFile) -> String {
    let made = cx.route53().create_hosted_zone().name("example.com").caller_reference("1").send().await;
    let zone = made.unwrap().hosted_zone.unwrap().id.trim_start_matches("/hostedzone/").to_owned();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": "sts:AssumeRole",
    }]});
    let role = cx.iam().create_role().role_name("dns").assume_role_policy_document(trust.to_string());
    role.send().await.unwrap();
    for command in ["apply", "teardown"] {
        let arguments = ["permissions", stack.path(), "--for", command, "--zone-role", "--zone-id", &zone];
        let (policy, _) = cloud.provision(&arguments, 0);
        let put = cx.iam().put_role_policy().role_name("dns").policy_name(command);
        put.policy_document(policy).send().await.unwrap();
    }
    zone
}

async fn records(cx: &Context, zone: &str) -> Vec<String> {
    let call = cx.route53().list_resource_record_sets().hosted_zone_id(zone);
    let listed = call.send().await.unwrap().resource_record_sets;
    let records = listed.iter().map(|set| format!("{} {}", set.name, set.r#type.as_str()));
    records.filter(|record| !record.starts_with("example.com.")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_of_another_account_is_written_by_its_role() {
    let cloud = Cloud::enforcing("zone-role").await;
    let cx = other(&cloud).await;
    let role = format!("arn:aws:iam::{OTHER}:role/dns");
    let domain = format!("local: true\ndomain: {{ name: {NAME}, zone: example.com, zone_role: '{role}' }}");
    let stack = StackFile::new(&[("local: true", &domain)]);
    let (_, said) = cloud.provision(&["permissions", stack.path(), "--for", "apply"], 0);
    insta::assert_snapshot!(lines_with(&said, &["--zone-role"]), @"arn:aws:iam::444455556666:role/dns needs a policy of its own: add --zone-role");
    let zone = zone_and_role(&cloud, &cx, &stack).await;

    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let made = records(&cx, &zone).await;
    assert_eq!(made.len(), 3, "two aliases and the proof of the certificate: {made:?}");
    let own = cloud.context("vod-local").await;
    let zones = own.route53().list_hosted_zones().send().await.unwrap().hosted_zones;
    assert!(zones.is_empty(), "the stack's account has none: {zones:?}");
    let (nothing, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&nothing);

    let (gone, _) = cloud.provision(&["teardown", stack.path(), "--yes"], 0);
    nothing_left(&gone, "vod-local");
    let left = records(&cx, &zone).await;
    assert!(left.len() == 1 && left[0].ends_with(" CNAME"), "{left:?}");

    let (_, refused) = cloud.provision(&["synth", stack.path()], 1);
    insta::assert_snapshot!(errors(&refused), @"
    error: the hosted zone is in another account (arn:aws:iam::444455556666:role/dns), and CloudFormation writes records only in the account that it runs in
    help: leave out `zone` and `zone_role`, and set `domain.certificate`: `provision outputs` prints the records to set
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_kept_elsewhere_is_told_with_its_record() {
    let cloud = Cloud::lenient("dns-elsewhere").await;
    let cx = cloud.context("vod-local").await;
    let certificates = Arc::new(Connection::to_local(cloud.target(ACCOUNT), "us-east-1").await);
    let certificates = Context::new(certificates, cx.scope.clone(), "us-east-1");
    let made = certificates.acm().request_certificate().domain_name(NAME).send().await.unwrap();
    let arn = made.certificate_arn.unwrap();
    let domain = format!("local: true\ndomain: {{ name: {NAME}, certificate: '{arn}' }}");
    let stack = StackFile::new(&[("local: true", &domain)]);
    let (applied, _) = cloud.provision(&["apply", stack.path(), "--yes"], 0);
    assert!(!applied.contains("delivery/alias"), "{applied}");

    let (json, _) = cloud.provision(&["outputs", stack.path(), "--format", "json"], 0);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["dns"]["name"], NAME);
    let target = json["dns"]["target"].as_str().unwrap();
    assert!(target.ends_with(".cloudfront.net"), "{json}");
    let (told, _) = cloud.provision(&["outputs", stack.path()], 0);
    let record =
        format!("set in your DNS   {NAME} CNAME {target} (at the apex of a zone: ALIAS, for A and AAAA)");
    assert!(told.lines().any(|line| line == record), "{told}");
    let (nothing, _) = cloud.provision(&["plan", stack.path()], 0);
    nothing_to_do(&nothing);
}
