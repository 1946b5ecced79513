//! What the local cloud refuses when it plays AWS: each ban of its table is met once, through the SDK's clients.

/// Sends a request that a ban refuses, and checks AWS's code and status.
macro_rules! refused {
    ($walk:expr, $ban:literal, $request:expr) => {{
        let error = $request.send().await.expect_err($ban);
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        $walk.met($ban, error.code(), status, error.message());
    }};
}

mod access;
mod buckets;
mod converge;
mod delivery;
mod domain;
mod events;
mod functions;
mod limits;
mod throttled;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use provision::aws::{Connection, Context};
use provision::local::{self, Ban};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Cloud, REGION};

/// The bans that were met, and those that were not.
struct Walk {
    cx: Context,
    /// The same in us-east-1, where certificates and CloudFront's deliveries are.
    global: Context,
    bans: BTreeMap<&'static str, (&'static Ban, bool)>,
}

impl Walk {
    fn met(&mut self, name: &str, code: Option<&str>, status: Option<u16>, message: Option<&str>) {
        let (ban, met) = self.bans.get_mut(name).unwrap_or_else(|| panic!("`{name}` is no ban"));
        assert_eq!((code, status), (Some(ban.code), Some(ban.status)), "{name}: {message:?}");
        assert!(message.is_some_and(|message| message.len() > 10), "{name}: {message:?}");
        *met = true;
    }

    /// Makes the record by which ACM knows the domain, and waits until the certificate is issued.
    async fn issued(&self, arn: &str) {
        let mut proof = None;
        for _ in 0..600 {
            let answer = self.global.acm().describe_certificate().certificate_arn(arn).send().await;
            let certificate = answer.expect("it is there").certificate.expect("an answer has it");
            if certificate.status.as_ref().is_some_and(|status| status.as_str() == "ISSUED") {
                return;
            }
            if proof.is_none()
                && let Some(record) = certificate.domain_validation_options()[0].resource_record.clone()
            {
                prove(&self.cx, &record.name, &record.value).await;
                proof = Some(record);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{arn} is not issued");
    }
}

/// Makes a record in a zone of its own.
async fn prove(cx: &Context, name: &str, value: &str) {
    let zone = cx.route53().create_hosted_zone().name("films.example.com").caller_reference("proof");
    let zone = zone.send().await.expect("it is made").hosted_zone.expect("an answer has it");
    let value = ResourceRecord::builder().value(value).build().expect("it has a value");
    let set = ResourceRecordSet::builder().name(name).r#type(RrType::Cname).ttl(60).resource_records(value);
    let set = set.build().expect("it has a name");
    let change = Change::builder().action(ChangeAction::Upsert).resource_record_set(set).build();
    let batch =
        ChangeBatch::builder().changes(change.expect("it has both")).build().expect("it has a change");
    let call = cx.route53().change_resource_record_sets().hosted_zone_id(zone.id).change_batch(batch);
    call.send().await.expect("the record is made");
}

#[tokio::test]
async fn every_ban_of_the_table_refuses() {
    let cloud = Cloud::like_aws("refusals").await;
    cloud.contract.waive("its requests are wrong on purpose");
    let cx = cloud.context("refusals").await;
    let connection = Connection::to_local(cloud.target(ACCOUNT), REGION).await;
    let global = Context::new(Arc::new(connection), cx.scope.clone(), "us-east-1");
    let bans = local::bans().into_iter().map(|(_, ban)| (ban.name, (ban, false))).collect();
    let mut walk = Walk { cx, global, bans };
    access::walk(&mut walk).await;
    buckets::walk(&mut walk).await;
    functions::walk(&mut walk).await;
    events::walk(&mut walk).await;
    delivery::walk(&mut walk).await;
    domain::walk(&mut walk).await;
    limits::walk(&mut walk, &cloud).await;
    let unmet: Vec<&str> = walk.bans.iter().filter(|(_, (_, met))| !met).map(|(name, _)| *name).collect();
    assert_eq!(unmet, [""; 0]);
}

/// A trust policy for a service.
fn trust(service: &str) -> String {
    policy(&json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }))
}

/// A policy of one statement.
fn policy(statement: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// Makes a role that Lambda may assume, and returns its ARN.
async fn role(cx: &Context, name: &str) -> String {
    let call =
        cx.iam().create_role().role_name(name).assume_role_policy_document(trust("lambda.amazonaws.com"));
    let made = call.send().await.expect("the role is made");
    made.role.expect("an answer has the role").arn
}

/// Makes a bucket.
async fn bucket(cx: &Context, name: &str) {
    use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
    let place = BucketLocationConstraint::from(cx.region());
    let place = CreateBucketConfiguration::builder().location_constraint(place).build();
    cx.s3().create_bucket().bucket(name).create_bucket_configuration(place).send().await.expect("it is made");
}
