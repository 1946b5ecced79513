//! Which of the resources that a record or a sweep names are the stack's: what the account shows decides.

use axum::Router;
use axum::http::Uri;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;

use super::*;
use crate::aws::fake_aws;
use crate::model::{Contents, Guard, Outputs, Readiness};
use crate::resource::fake::{FakeAdapter, FakeAnswers};
use crate::resource::lambda::{EventInvokeConfig, Function, Permission, Url};
use crate::resource::logs::{LogGroup, SubscriptionFilter};
use crate::resource::s3::{Bucket, BucketPolicy};
use crate::resource::sns::{Subscription, Topic, TopicPolicy};
use crate::resource::sqs::{Queue, QueuePolicy};
use crate::resource::{Resource as _, cloudfront, registry};

fn live(id: &str, ownership: Ownership) -> Live {
    Live {
        id: id.into(),
        properties: json!({}),
        outputs: Outputs::new(),
        ownership,
        readiness: Readiness::Ready,
        contents: Contents::Nothing,
    }
}

fn of(stack: &str) -> Ownership {
    Ownership::Marked(Mark { stack: stack.into(), address: "storage/logs".into() })
}

fn found(kind: Kind, id: &str, ownership: Option<Ownership>) -> Found<'static> {
    let adapter = registry().get(&kind).unwrap();
    let live = ownership.map(|ownership| live(id, ownership));
    Found { known: known("storage/old", kind, "eu-west-1", id), adapter, live }
}

/// Who owns the part with this id, if this is its parent's type, id, region and owner. A parent without an owner is gone.
async fn owner(part: (Kind, &str), parent: (Kind, &str, &str, Option<Ownership>)) -> Option<Ownership> {
    let part = found(part.0, part.1, Some(Ownership::Inherited));
    let mut whole = found(parent.0, parent.1, parent.3);
    whole.known.region = parent.2.to_owned();
    let cx = fake_aws::regions(Router::new()).await.home();
    let parent_id = part.adapter.parent_id(&cx, &part.known.id);
    let wholes = Wholes::of(&Graph::new([]).unwrap(), &BTreeMap::new(), &[whole]);
    wholes.ownership(&part, part.live.as_ref().unwrap(), parent_id, "vod")
}

const HERE: &str = "eu-west-1";
const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:vod-alerts";
const SUBMIT_ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:vod-submit";

/// An id of each type of part, with its parent.
fn parts() -> Vec<(Kind, String, Kind, &'static str)> {
    let part = |kind: Kind, id: &str, parent: Kind, of: &'static str| (kind, id.to_owned(), parent, of);
    vec![
        part(BucketPolicy::KIND, "vod-logs", Bucket::KIND, "vod-logs"),
        part(QueuePolicy::KIND, "https://sqs/1/vod-q", Queue::KIND, "https://sqs/1/vod-q"),
        part(TopicPolicy::KIND, TOPIC, Topic::KIND, TOPIC),
        part(Subscription::KIND, &format!("{TOPIC} email a@example.com"), Topic::KIND, TOPIC),
        part(
            SubscriptionFilter::KIND,
            "/aws/lambda/vod-submit:all",
            LogGroup::KIND,
            "/aws/lambda/vod-submit",
        ),
        part(Permission::KIND, "vod-submit/by-hand", Function::KIND, "vod-submit"),
        part(EventInvokeConfig::KIND, "vod-submit:live", Function::KIND, "vod-submit"),
        part(Url::KIND, &format!("{SUBMIT_ARN}:live"), Function::KIND, "vod-submit"),
        part(cloudfront::MonitoringSubscription::KIND, "E1", cloudfront::Distribution::KIND, "E1"),
    ]
}

#[tokio::test]
async fn a_part_is_the_stacks_only_with_a_live_parent_that_has_its_mark() {
    for (kind, id, parent, of_id) in parts() {
        let owned_by =
            |owned: Option<Ownership>| owner((kind.clone(), &id), (parent.clone(), of_id, HERE, owned));
        assert_eq!(owned_by(Some(of("vod"))).await, Some(Ownership::Inherited), "{kind}");
        assert_eq!(owned_by(Some(of("vod-staging"))).await, None, "{kind} of another stack");
        assert_eq!(owned_by(Some(Ownership::Unmarked)).await, None, "{kind} of something untagged");
        assert_eq!(owned_by(Some(Ownership::Inherited)).await, None, "{kind} of a part");
        assert_eq!(owned_by(None).await, None, "{kind} of something that is gone");
        let elsewhere = (parent.clone(), of_id, "us-east-1", Some(of("vod")));
        assert_eq!(owner((kind.clone(), &id), elsewhere).await, None, "{kind} in another region");
        let other = (Bucket::KIND, "vod-other", HERE, Some(of("vod")));
        assert_eq!(owner((kind.clone(), &id), other).await, None, "{kind} of another resource");
    }
}

/// Ids of parts whose parent only looks like one of the stack's.
#[tokio::test]
async fn a_name_that_begins_like_the_stacks_is_no_parent() {
    let bucket = (Bucket::KIND, "vod", HERE, Some(of("vod")));
    assert_eq!(owner((BucketPolicy::KIND, "vod.theirs"), bucket).await, None);
    let function = || (Function::KIND, "vod-submit", HERE, Some(of("vod")));
    let theirs = SUBMIT_ARN.replace("111122223333", "999988887777");
    assert_eq!(owner((Url::KIND, &theirs), function()).await, None, "of another account");
    assert_eq!(owner((Permission::KIND, &format!("{theirs}/all")), function()).await, None);
    assert_eq!(owner((EventInvokeConfig::KIND, &theirs), function()).await, None);
}

#[test]
fn every_type_of_part_is_tried_and_a_type_without_a_parent_is_never_a_part() {
    let tried: BTreeSet<Kind> = parts().into_iter().map(|(kind, ..)| kind).collect();
    let wholes = Wholes(BTreeMap::new());
    for adapter in registry().iter() {
        assert_eq!(adapter.parent().is_some(), tried.contains(&adapter.kind()), "{}", adapter.kind());
        let part = found(adapter.kind(), "an-id", Some(Ownership::Inherited));
        let owner = wholes.ownership(&part, part.live.as_ref().unwrap(), Some("an-id".into()), "vod");
        assert_eq!(owner.is_none(), adapter.shows_owner(), "{}", adapter.kind());
    }
}

#[test]
fn what_several_records_name_is_one_orphan() {
    let orphan = |kind: Kind, id: &str| {
        let (address, region) = ("delivery/alias-a".into(), "eu-west-1".to_owned());
        Orphan { address, kind, region, live: live(id, Ownership::Inherited), by_hand: false }
    };
    let mut orphans = Vec::new();
    for (kind, id) in [(Queue::KIND, "a"), (Queue::KIND, "a"), (Queue::KIND, "b"), (Topic::KIND, "a")] {
        add_once(&mut orphans, orphan(kind, id));
    }
    assert_eq!(orphans.len(), 3);
}

/// The whole way, with a bucket of another team that has a policy and no mark.
#[tokio::test]
async fn a_line_that_somebody_wrote_into_the_record_makes_nothing_the_stacks() {
    let answer = |uri: Uri| async move {
        assert!(uri.query().is_some_and(|query| query.contains("policy")), "{uri}");
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::other-teams-bucket/*"}]}"#
    };
    let regions = fake_aws::regions(Router::new().fallback(answer)).await;
    let forged = known("storage/old/policy", BucketPolicy::KIND, HERE, "other-teams-bucket");
    let seen = registry().get(&BucketPolicy::KIND).unwrap();
    let seen = seen.observe(&regions.home(), &forged.id).await.unwrap();
    assert!(seen.is_some(), "there is such a policy");
    let graph = Graph::new([]).unwrap();
    let orphans = orphans(&regions, registry(), &graph, &BTreeMap::new(), vec![forged]).await.unwrap();
    assert_eq!(orphans, []);
}

#[tokio::test]
async fn no_request_is_made_to_a_region_or_for_a_type_that_only_the_record_knows() {
    let regions = fake_aws::regions(Router::new()).await;
    let here = known("storage/old", Bucket::KIND, HERE, "vod-old");
    let alarms = known("alerts/topic", Topic::KIND, "us-east-1", TOPIC);
    let forged = [
        known("storage/old", Bucket::KIND, "eu-west-1.example.com/?", "vod-old"),
        known("storage/old", Bucket::KIND, "us-west-2", "vod-old"),
        known("storage/old", Kind::new("AWS::EC2::Instance"), HERE, "i-1"),
    ];
    let all: Vec<Known> = forged.into_iter().chain([here.clone(), alarms.clone()]).collect();
    let left =
        remembered(&regions, registry(), &Graph::new([]).unwrap(), OrphanSource::Record(&all)).await.unwrap();
    assert_eq!(left, [here, alarms]);
}

const THERE: &str = "us-east-1";

/// What AWS says where the organization closes a region for all but the global services.
const SCP: &str = "User: arn:aws:iam::111122223333:user/me is not authorized to perform: sns:ListTopics with an explicit deny \
                   in a service control policy";

/// What a sweep says in an account whose stack declares and has recorded things in these regions, and which may not look
/// into the other region.
async fn swept(declared: &[&str], recorded: &[Known], message: &str) -> Result<Vec<Known>, Unreadable> {
    let thing = |region: &&str| Declaration {
        address: "alerts/topic".into(),
        kind: KIND,
        region: (*region).to_owned(),
        properties: json!({}),
        predicted: Outputs::new(),
        after: BTreeSet::new(),
        guard: Guard::None,
    };
    let graph = Graph::new(declared.iter().map(thing)).unwrap();
    let closed: &'static Closed = Box::leak(Box::new(Closed(message.to_owned())));
    let registry = Registry::new(vec![Box::new(FakeAdapter(closed))]);
    let regions = fake_aws::regions(Router::new()).await;
    remembered(&regions, &registry, &graph, OrphanSource::Sweep(recorded)).await
}

/// Refuses every list in another region.
struct Closed(String);

impl FakeAnswers for Closed {
    fn also_in(&self) -> Option<&'static str> {
        Some(THERE)
    }

    fn list_owned<'a>(&'a self, region: &'a str) -> BoxFuture<'a, aws::Result<Vec<(String, Mark)>>> {
        let mark = Mark { stack: "vod".into(), address: "storage/old".into() };
        let denied =
            aws::Error { class: aws::Class::Denied, ..aws::Error::unexpected("sns:ListTopics", &self.0) };
        async move { if region == HERE { Ok(vec![("one".to_owned(), mark)]) } else { Err(denied) } }.boxed()
    }
}

#[tokio::test]
async fn a_region_that_the_organization_closes_stops_no_stack_that_has_nothing_there() {
    let one = known("storage/old", KIND, HERE, "one");
    let found = swept(&[HERE], &[], SCP).await.unwrap();
    assert_eq!(found, [one]);
}

#[tokio::test]
async fn a_closed_region_that_the_stack_uses_is_named() {
    let there = known("alerts/topic", KIND, THERE, "two");
    for (declared, recorded) in [(&[THERE][..], &[][..]), (&[][..], &[there][..])] {
        let failures = swept(declared, recorded, SCP).await.unwrap_err().failures;
        assert_eq!(failures[0].subject, "Test Thing in us-east-1");
    }
    let own = "User: arn:aws:iam::111122223333:user/me is not authorized to perform: sns:ListTopics";
    assert!(swept(&[HERE], &[], own).await.is_err(), "the account could allow it");
}

const KIND: Kind = Kind::new("AWS::Test::Thing");

fn known(address: &str, kind: Kind, region: &str, id: &str) -> Known {
    Known { address: address.into(), kind, region: region.into(), id: id.into() }
}

#[test]
fn what_moved_to_another_address_is_no_orphan() {
    let declaration = Declaration {
        address: "storage/new".into(),
        kind: KIND,
        region: "here".into(),
        properties: json!({}),
        predicted: Outputs::new(),
        after: BTreeSet::new(),
        guard: Guard::None,
    };
    let seen = live("one", Ownership::Inherited);
    let graph = Graph::new([declaration]).expect("it refers to nothing");
    let live = BTreeMap::from([("storage/new".into(), seen)]);
    let left = vec![
        known("storage/new", KIND, "here", "two"),
        known("storage/old", KIND, "there", "one"),
        known("storage/old", Kind::new("AWS::Test::Part"), "here", "one"),
    ];
    let moved = known("storage/old", KIND, "here", "one");
    let all = left.iter().cloned().chain([moved, known("storage/new", KIND, "here", "one")]);
    assert_eq!(undeclared(all.collect(), &graph, &live), left);
}

/// A sweep finds a distribution's metrics only through the distribution.
#[test]
fn what_the_record_and_the_sweep_call_otherwise_is_one_resource() {
    let metrics = Kind::new("AWS::CloudFront::MonitoringSubscription");
    let recorded = known("alerts/cdn-metrics", metrics.clone(), "here", "E1");
    let others = [
        known("delivery/distribution/metrics", metrics.clone(), "here", "E2"),
        known("delivery/distribution/metrics", metrics.clone(), "there", "E1"),
        known("delivery/distribution", KIND, "here", "E1"),
    ];
    let swept = [&others[..], &[known("delivery/distribution/metrics", metrics, "here", "E1")]].concat();
    assert_eq!(united(std::slice::from_ref(&recorded), swept), [&others[..], &[recorded]].concat());
}
