//! The refusals of ACM and Route 53.

use aws_sdk_acm::types::Tag;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;

use super::Walk;

pub(super) async fn walk(walk: &mut Walk) {
    let acm = walk.global.acm().clone();
    let request = |name: &str| acm.request_certificate().domain_name(name).validation_method("DNS".into());
    refused!(walk, "a certificate for what is no domain name", request("nobody"));
    let tag = |key: &str| Tag::builder().key(key).value("v").build().expect("it has a key");
    refused!(walk, "a certificate's tags", request("a.example.com").tags(tag("aws:x")));
    let many = (0..51).map(|number| tag(&format!("k{number}"))).collect();
    refused!(walk, "more than 50 tags of a certificate", request("a.example.com").set_tags(Some(many)));
    records(walk).await;
}

async fn records(walk: &mut Walk) {
    let route53 = walk.cx.route53().clone();
    let zone = |reference: &str| route53.create_hosted_zone().name("example.com").caller_reference(reference);
    let made = zone("one").send().await.expect("it is made").hosted_zone.expect("an answer has it");
    refused!(walk, "a hosted zone with a used caller reference", zone("one"));

    let set = |name: &str, kind: RrType| ResourceRecordSet::builder().name(name).r#type(kind);
    let value = |value: &str| ResourceRecord::builder().value(value).build().expect("it has one");
    let a = |name: &str| set(name, RrType::A).ttl(60).resource_records(value("192.0.2.1"));
    let cname = |name: &str| set(name, RrType::Cname).ttl(60).resource_records(value("b.example.net"));
    let batch = |sets: Vec<aws_sdk_route53::types::builders::ResourceRecordSetBuilder>| {
        let change = |set: aws_sdk_route53::types::builders::ResourceRecordSetBuilder| {
            let set = set.build().expect("it has a name");
            Change::builder()
                .action(ChangeAction::Upsert)
                .resource_record_set(set)
                .build()
                .expect("it has both")
        };
        let changes = sets.into_iter().map(change).collect();
        let changes = ChangeBatch::builder().set_changes(Some(changes)).build().expect("it has some");
        route53.change_resource_record_sets().hosted_zone_id(made.id()).change_batch(changes)
    };
    batch(vec![a("a.example.com"), cname("c.example.com")]).send().await.expect("sound records are taken");
    refused!(walk, "a CNAME beside other records", batch(vec![cname("a.example.com")]));
    refused!(walk, "a record beside a CNAME", batch(vec![a("c.example.com")]));
    refused!(walk, "a CNAME at the zone's own name", batch(vec![cname("example.com")]));
    refused!(walk, "a name outside the zone", batch(vec![a("a.example.org")]));
    let routed = a("a.example.com").set_identifier("one").weight(1);
    refused!(walk, "a plain record beside routed ones, or the other way round", batch(vec![routed]));
    let wrong = set("d.example.com", RrType::A).ttl(60).resource_records(value("nope"));
    refused!(walk, "a value that is no IP address", batch(vec![wrong]));
    refused!(walk, "one record twice in a batch", batch(vec![a("d.example.com"), a("d.example.com")]));
    let timeless = set("d.example.com", RrType::A).resource_records(value("192.0.2.1"));
    refused!(walk, "a record without a TTL", batch(vec![timeless]));
}
