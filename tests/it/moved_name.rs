//! A name that another distribution has moves to the stack's without a gap, and only when that is asked for.

use aws_sdk_cloudfront::types::DistributionResourceId;
use provision::aws::Context;

use crate::support::calls::mutating;
use crate::support::quote::{errors, lines_with, nothing_to_do};
use crate::support::{Cloud, StackFile};

const NAME: &str = "video.example.com";
const DOMAIN: &str = "local: true\ndomain: { name: video.example.com, zone: example.com }";
const ASIDE: &str = "local: true\ndomain: { name: video.example.com, zone: example.com, alias: false }";

/// A zone, a stack that has the name, and another one that is to get it.
struct Streets {
    cloud: Cloud,
    cx: Context,
    old: StackFile,
    new: StackFile,
}

impl Streets {
    async fn laid(test: &str) -> Self {
        let cloud = Cloud::start(test).await;
        let cx = cloud.context("vod-local").await;
        cx.route53().create_hosted_zone().name("example.com").caller_reference("1").send().await.unwrap();
        let old = StackFile::new(&[("stack: vod-local", "stack: vod-old"), ("local: true", DOMAIN)]);
        cloud.provision(&["apply", old.path(), "--yes"], 0);
        Self { cloud, cx, old, new: StackFile::new(&[("local: true", DOMAIN)]) }
    }

    /// The comment of the distribution that has the name, and the one that each of its records leads to.
    async fn leads_to(&self) -> (Vec<String>, Vec<String>) {
        let listed = self.cx.cloudfront().list_distributions().send().await.unwrap().distribution_list;
        let all = listed.unwrap().items.unwrap_or_default();
        let has = all
            .iter()
            .filter(|one| one.aliases.as_ref().is_some_and(|list| list.items().contains(&NAME.into())));
        let holders = has.map(|one| one.comment.clone()).collect();
        let zones = self.cx.route53().list_hosted_zones().send().await.unwrap().hosted_zones;
        let call = self.cx.route53().list_resource_record_sets().hosted_zone_id(&zones[0].id);
        let sets = call.send().await.unwrap().resource_record_sets;
        let targets =
            sets.iter().filter_map(|set| Some(set.alias_target.as_ref()?.dns_name.trim_end_matches('.')));
        let led =
            targets.map(|target| all.iter().find(|one| one.domain_name == target).unwrap().comment.clone());
        (holders, led.collect())
    }

    async fn moved(&self) {
        let new = "provision:vod-local:delivery/distribution".to_owned();
        assert_eq!(self.leads_to().await, (vec![new.clone()], vec![new.clone(), new]));
        let (nothing, _) = self.cloud.provision(&["plan", self.new.path()], 0);
        nothing_to_do(&nothing);
    }

    fn move_it(&self) -> String {
        self.cloud.provision(&["-v", "apply", self.new.path(), "--yes", "--move-name"], 0).1
    }

    async fn distribution(&self, stack: &str) -> String {
        let listed = self.cx.cloudfront().list_distributions().send().await.unwrap().distribution_list;
        let comment = format!("provision:{stack}:delivery/distribution");
        listed.unwrap().items.unwrap().into_iter().find(|one| one.comment == comment).unwrap().id
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_moves_when_asked_after_everything_else_and_in_one_step() {
    let streets = Streets::laid("moved-name").await;
    let Streets { cloud, old, new, .. } = &streets;
    let (_, refused) = cloud.provision(&["apply", new.path(), "--yes"], 1);
    let told = errors(&refused).replace(&streets.distribution("vod-old").await, "<old>");
    insta::assert_snapshot!(told, @"
    error: the stack file <folder>/stack.yaml has 1 problem
    error: video.example.com is an alias of distribution <id>, which belongs to stack vod-old <folder>/stack.yaml:11:17]
    help: give this stack another `domain.name`, or move the name here without a gap: `provision apply STACK --move-name`; with `plan --move-name`, see before what that does
    ");
    let (planned, calls) = cloud.provision(&["-v", "plan", new.path(), "--move-name"], 0);
    assert_eq!(mutating(&calls), Vec::<&str>::new());
    let told = planned.replace(&streets.distribution("vod-old").await, "<old>");
    insta::assert_snapshot!(lines_with(&told, &["note:", "delivery/distribution ", "delivery/alias", "to create"]), @"
      ~ delivery/alias-a                 Route53 RecordSet                <id>/video.example.com/A
      ~ delivery/alias-aaaa              Route53 RecordSet                <id>/video.example.com/AAAA
      + delivery/distribution            CloudFront Distribution
      + delivery/distribution            * can reach it: read *.m3u8, */asset.json, *
    note: video.example.com is an alias of distribution <old>, which belongs to stack vod-old: `apply --move-name` makes everything but the name, waits until every edge knows this stack's distribution, moves the name to it in one step, and then changes the records
    37 to create, 2 to change
    ");
    let before = streets.leads_to().await;
    assert_eq!(before.0, ["provision:vod-old:delivery/distribution"], "nothing moved yet");

    let done = streets.move_it();
    let told = done.replace(&streets.distribution("vod-old").await, "<old>");
    insta::assert_snapshot!(lines_with(&told, &["is an alias", "first everything", "now the name"]), @"
    video.example.com is an alias of distribution <old>, which belongs to stack vod-old
    first everything but the name; it moves when every edge knows this stack's distribution
    now the name and its records
    ");
    streets.moved().await;
    // Viewers find the stack's distribution complete, and the records lead there after it has the name.
    let calls = mutating(&done);
    let place = |call: &str| {
        calls.iter().position(|one| *one == call).unwrap_or_else(|| panic!("no {call}: {calls:?}"))
    };
    let last = |call: &str| calls.iter().rposition(|one| *one == call).unwrap();
    let taken = place("UpdateDomainAssociation");
    assert!(last("PutBucketPolicy") < taken && taken < last("ChangeResourceRecordSets"), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| **call == "UpdateDomainAssociation").count(), 1);

    let (again, _) = cloud.provision(&["apply", new.path(), "--yes", "--move-name"], 0);
    assert!(again.starts_with("nothing to do"), "{again}");
    let (_, robbed) = cloud.provision(&["plan", old.path()], 1);
    assert!(robbed.contains("is an alias of distribution"), "{robbed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_was_killed_is_finished_by_the_next_run() {
    let streets = Streets::laid("killed-move").await;
    // Killed after everything but the name was made.
    let aside = StackFile::new(&[("local: true", ASIDE)]);
    streets.cloud.provision(&["apply", aside.path(), "--yes"], 0);
    streets.move_it();
    streets.moved().await;

    // Killed right after the name was taken: the records lead to the other one.
    let to = async |stack: &str| {
        let target = DistributionResourceId::builder().distribution_id(streets.distribution(stack).await);
        let call = streets.cx.cloudfront().update_domain_association().domain(NAME);
        call.target_resource(target.build()).send().await.unwrap();
    };
    to("vod-old").await;
    streets.cloud.provision(&["apply", streets.old.path(), "--yes", "--move-name"], 0);
    to("vod-local").await;
    let (_, refused) = streets.cloud.provision(&["apply", streets.new.path(), "--yes"], 3);
    assert!(refused.contains("delivery/alias-a: ") && refused.contains("belongs to"), "{refused}");
    streets.move_it();
    streets.moved().await;

    // Somebody took the name alone. Its records lead here still, and stay: without them, viewers would find nobody.
    to("vod-old").await;
    let done = streets.move_it();
    assert!(!mutating(&done).contains(&"ChangeResourceRecordSets"), "{done}");
    streets.moved().await;
}
