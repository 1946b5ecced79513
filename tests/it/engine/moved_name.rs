//! A name of a stack of this engine: another distribution has it, with and without records in the template; it is lost with the
//! distribution.

use aws_sdk_cloudfront::types::DistributionResourceId;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, RrType};
use provision::aws::Context;

use crate::support::calls::mutating;
use crate::support::quote::{lines_with, nothing_to_do};
use crate::support::{Cloud, StackFile, delete_distribution};

const DOMAIN: &str = "local: true\ndomain: { name: video.example.com, zone: example.com }";
const ASIDE: &str = "local: true\ndomain: { name: video.example.com, zone: example.com, alias: false }";

/// The id of a stack's distribution.
async fn distribution(cx: &Context, stack: &str) -> String {
    let listed = cx.cloudfront().list_distributions().send().await.unwrap().distribution_list;
    let comment = format!("provision:{stack}:delivery/distribution");
    listed.unwrap().items.unwrap().into_iter().find(|one| one.comment == comment).unwrap().id
}

/// Whether both records of the name are there.
async fn has_records(cx: &Context) -> bool {
    let zones = cx.route53().list_hosted_zones().send().await.unwrap().hosted_zones;
    let sets = cx.route53().list_resource_record_sets().hosted_zone_id(&zones[0].id).send().await.unwrap();
    let aliases = sets.resource_record_sets.iter().filter(|set| set.alias_target.is_some());
    let kinds: Vec<&RrType> = aliases.map(|set| &set.r#type).collect();
    kinds.contains(&&RrType::A) && kinds.contains(&&RrType::Aaaa)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_comes_back_to_the_stack_whose_template_has_its_records() {
    let cloud = Cloud::start("cloudformation-name").await;
    let cx = cloud.context("vod-local").await;
    cx.route53().create_hosted_zone().name("example.com").caller_reference("1").send().await.unwrap();
    let by_cloudformation = format!("{DOMAIN}\nengine: cloudformation");
    let file = StackFile::new(&[("local: true", &by_cloudformation)]);
    let (_, said) = cloud.provision(&["apply", file.path(), "--yes"], 0);
    assert!(lines_with(&said, &["delivery/alias-a "]).contains("Add"), "the template has them: {said}");
    // Somebody gives the name to another distribution. The records lead here still.
    let other = StackFile::new(&[("stack: vod-local", "stack: vod-other"), ("local: true", ASIDE)]);
    cloud.provision(&["apply", other.path(), "--yes"], 0);
    let target = DistributionResourceId::builder().distribution_id(distribution(&cx, "vod-other").await);
    let call = cx.cloudfront().update_domain_association().domain("video.example.com");
    call.target_resource(target.build()).send().await.unwrap();

    let (_, said) = cloud.provision(&["-v", "apply", file.path(), "--yes", "--move-name"], 0);
    let calls = mutating(&said);
    assert_eq!(calls.iter().filter(|call| **call == "UpdateDomainAssociation").count(), 1, "{calls:?}");
    assert!(!calls.contains(&"ChangeResourceRecordSets"), "the records stay all the time: {calls:?}");
    assert!(has_records(&cx).await);
    nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);
    let own =
        cx.cloudfront().get_distribution().id(distribution(&cx, "vod-local").await).send().await.unwrap();
    let config = own.distribution.unwrap().distribution_config.unwrap();
    assert_eq!(config.aliases.unwrap().items(), ["video.example.com"]);
    // CloudFormation goes on with it.
    cloud.provision(&["teardown", file.path(), "--yes"], 0);
    assert!(!has_records(&cx).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_its_records_move_from_another_stack() {
    let cloud = Cloud::start("cloudformation-name-moved").await;
    let cx = cloud.context("vod-local").await;
    cx.route53().create_hosted_zone().name("example.com").caller_reference("1").send().await.unwrap();
    let old = StackFile::new(&[("stack: vod-local", "stack: vod-old"), ("local: true", DOMAIN)]);
    cloud.provision(&["apply", old.path(), "--yes"], 0);
    let by_cloudformation = format!("{DOMAIN}\nengine: cloudformation");
    let file = StackFile::new(&[("local: true", &by_cloudformation)]);
    cloud.provision(&["apply", file.path(), "--yes", "--move-name"], 0);
    nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);
    let own =
        cx.cloudfront().get_distribution().id(distribution(&cx, "vod-local").await).send().await.unwrap();
    let config = own.distribution.unwrap().distribution_config.unwrap();
    assert_eq!(config.aliases.unwrap().items(), ["video.example.com"]);
}

/// No drift-aware change set reads DNS records: the stack lets go of those that are gone, and creates them again.
#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_and_its_records_that_somebody_deleted_are_created_again() {
    let cloud = Cloud::start("cloudformation-name-gone").await;
    let cx = cloud.context("vod-local").await;
    cx.route53().create_hosted_zone().name("example.com").caller_reference("1").send().await.unwrap();
    let by_cloudformation = format!("{DOMAIN}\nengine: cloudformation");
    let file = StackFile::new(&[("local: true", &by_cloudformation)]);
    cloud.provision(&["apply", file.path(), "--yes"], 0);
    let zone = cx.route53().list_hosted_zones().send().await.unwrap().hosted_zones.remove(0).id;
    let sets = cx.route53().list_resource_record_sets().hosted_zone_id(&zone).send().await.unwrap();
    let aliases = sets.resource_record_sets.into_iter().filter(|set| set.alias_target.is_some());
    let deleted = aliases
        .map(|set| Change::builder().action(ChangeAction::Delete).resource_record_set(set).build().unwrap());
    let batch = ChangeBatch::builder().set_changes(Some(deleted.collect())).build().unwrap();
    cx.route53()
        .change_resource_record_sets()
        .hosted_zone_id(&zone)
        .change_batch(batch)
        .send()
        .await
        .unwrap();
    delete_distribution(&cx).await;
    let (_, said) = cloud.provision(&["apply", file.path(), "--yes", "--allow-broadening"], 0);
    insta::assert_snapshot!(lines_with(&said, &["delivery/alias-a ", "delivery/distribution "]), @"
    delivery/alias-a                 Remove
    delivery/alias-a                 Add
    delivery/distribution            Add
    delivery/distribution            created (<n>s)
    delivery/alias-a                 created (<n>s)
    ");
    assert!(has_records(&cx).await);
    nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);
}
