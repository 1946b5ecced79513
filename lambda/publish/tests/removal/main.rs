//! Taking an asset down, and deletions and uploads in every order.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

#[path = "../cloud/mod.rs"]
mod cloud;
mod interrupted;
mod permanent;

use asset::{Cause, State, output, work};
use cloud::stack::{ASSET, CANCELED, COMPLETE, ERROR, KEY, REVISION, Stack, complete, event, run};
use serde_json::{Value, json};

const DELETED: &str = include_str!("../fixtures/object-deleted.json");

fn deleted() -> Value {
    serde_json::from_str(DELETED).unwrap()
}

fn requested() -> Value {
    let detail = json!({"bucket": "source", "key": KEY});
    json!({"detail-type": "Removal Requested", "source": "provision", "detail": detail})
}

fn delete(stack: &Stack) {
    stack.cloud.state().versions.clear();
}

/// The keys of a version's run in both buckets, and its record.
fn left_of(stack: &Stack, version: &str) -> Vec<String> {
    let places = [
        format!("output/{}", output::run_prefix(ASSET, &run(version))),
        format!("work/{}", work::prefix(ASSET, &run(version))),
        format!("work/{}", work::record(ASSET, &run(version))),
    ];
    places.iter().flat_map(|place| stack.cloud.under(place)).collect()
}

/// What viewers can read of the asset.
fn readable(stack: &Stack) -> Vec<String> {
    stack.cloud.under(&format!("output/{}", output::prefix(ASSET)))
}

fn upload(stack: &Stack, version: &str) {
    stack.upload(version);
    stack.encode(version, REVISION);
}

fn is_down(stack: &Stack) {
    assert_eq!(readable(stack), ["asset.json"]);
    assert_eq!(stack.cloud.under("work/"), Vec::<String>::new());
    let described = stack.description();
    assert_eq!((described.state, described.published, described.failure), (State::Removed, None, None));
    assert_eq!(described.key, KEY);
}

#[tokio::test]
async fn a_deleted_original_takes_its_asset_down_everywhere() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    stack.cloud.put(&format!("work/{}", work::record(ASSET, &run("v1"))), "{}");
    delete(&stack);
    let outcome = stack.tell(deleted()).await.unwrap();
    assert_eq!(outcome, json!({"outcome": "removed", "asset": ASSET, "objects": 12}));
    is_down(&stack);
    let removed = stack.description().removed.unwrap();
    assert_eq!((removed.version.as_str(), removed.cause, removed.deleting), ("v1", Cause::Deleted, None));
    let invalidated = [format!("/{}*", output::prefix(ASSET))];
    assert_eq!(stack.cloud.state().invalidations, [invalidated]);
    assert_eq!(stack.told(), ["Video Published v1", "Video Removed v1"]);
    let changes = stack.cloud.changes();
    assert_eq!(
        changes[0],
        format!("put output/{}", output::description(ASSET)),
        "an interruption leaves a trace"
    );
    assert_eq!(
        changes[1],
        format!("delete output/{}", output::playlist(ASSET)),
        "the playlist is the first to go"
    );

    // Somebody deletes the former versions weeks later.
    let outcome = stack.tell(deleted()).await.unwrap();
    assert_eq!(outcome, json!({"outcome": "absent", "asset": ASSET}));
    assert_eq!((stack.cloud.changes(), stack.told().len()), (Vec::new(), 2));
}

#[tokio::test]
async fn a_request_takes_down_what_has_its_original() {
    let stack = Stack::with_encode("v1");
    assert_eq!(stack.tell(requested()).await.unwrap(), json!({"outcome": "absent", "asset": ASSET}));
    stack.publish("v1").await;
    assert_eq!(stack.tell(requested()).await.unwrap()["outcome"], "removed");
    is_down(&stack);
    assert_eq!(stack.description().removed.unwrap().cause, Cause::Requested);
    assert_eq!(stack.told(), ["Video Published v1", "Video Removed v1"]);

    // A library run encodes it again, and a late duplicate of the event arrives.
    stack.encode("v1", REVISION + 60);
    for late in [event(COMPLETE, "v1", REVISION + 60), complete("v1")] {
        let outcome = stack.tell(late).await.unwrap();
        assert_eq!(outcome["reason"], "this version was taken down on request");
        is_down(&stack);
    }
    upload(&stack, "v2");
    stack.publish("v2").await;
    assert_eq!(stack.play().len(), 6, "a new upload is published");
    assert_eq!(stack.description().removed.unwrap().version, "v1", "and the removal is remembered");
}

#[tokio::test]
async fn a_request_also_stops_the_version_that_is_being_encoded() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    upload(&stack, "v2");
    assert_eq!(stack.tell(requested()).await.unwrap()["outcome"], "removed");
    stack.encode("v2", REVISION);
    assert_eq!(stack.tell(complete("v2")).await.unwrap()["outcome"], "superseded");
    is_down(&stack);
}

#[tokio::test]
async fn a_replaced_original_is_not_a_deleted_one() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    // Deleted and uploaded again; the event of the deletion comes late, before or after the new version is in service.
    upload(&stack, "v2");
    let outcome = stack.tell(deleted()).await.unwrap();
    assert_eq!(outcome, json!({"outcome": "superseded", "reason": "the key has a version: v2"}));
    assert!(stack.play().iter().all(|segment| segment.ends_with("of v1")), "it plays until it is replaced");
    stack.publish("v2").await;
    stack.tell(deleted()).await.unwrap();
    assert!(stack.play().iter().all(|segment| segment.ends_with("of v2")));
}

#[tokio::test]
async fn deleted_before_its_job_ends_it_is_never_published() {
    let stack = Stack::with_encode("v1");
    delete(&stack);
    assert_eq!(stack.tell(deleted()).await.unwrap()["outcome"], "absent");
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "superseded");
    assert_eq!((readable(&stack), stack.told().len()), (Vec::new(), 0));
}

#[tokio::test]
async fn deleted_while_it_comes_into_service_it_is_taken_down_at_once() {
    // The event of the deletion is handled before the playlist is there, and finds nothing.
    for call in ["put output", "event"] {
        let stack = Stack::with_encode("v1");
        let at = if call == "event" {
            "event".to_owned()
        } else {
            format!("put output/{}", output::playlist(ASSET))
        };
        stack.cloud.meanwhile(&at, |state| state.versions.clear());
        stack.tell(complete("v1")).await.unwrap();
        if call == "event" {
            // It was looked at before. So the event of the deletion comes after it is in service, and finds it.
            stack.tell(deleted()).await.unwrap();
        }
        is_down(&stack);
        assert_eq!(stack.told().last().unwrap(), "Video Removed v1");
    }
}

#[tokio::test]
async fn replaced_while_it_comes_into_service_it_plays_until_the_next_one_is_there() {
    for versioned in [true, false] {
        let stack = Stack::with_encode("v1");
        let at = format!("put output/{}", output::playlist(ASSET));
        stack.cloud.meanwhile(&at, move |state| {
            state.versions.insert(format!("source/{KEY}"), "v2".into());
            // Without versions, an ETag stands for one, and S3 does not take it for the id of a version.
            state.fail = (!versioned).then(|| ("get-tags v1".into(), 400, "InvalidArgument"));
        });
        assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "published");
        assert_eq!((stack.play().len(), stack.told().len()), (6, 1), "{versioned}");
    }
}

#[tokio::test]
async fn what_is_taken_down_on_request_while_a_library_run_comes_into_service_stays_down() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    stack.encode("v1", REVISION + 60);
    let other = Stack::with_encode("v1");
    other.publish("v1").await;
    other.tell(requested()).await.unwrap();
    let described = format!("output/{}", output::description(ASSET));
    let theirs = other.cloud.state().objects[&described].clone();
    // The removal is done between the second look at the public side and the playlist.
    let at = format!("put output/{}", output::playlist(ASSET));
    stack.cloud.meanwhile(&at, move |state| {
        state.objects.retain(|path, _| !path.starts_with("output/"));
        state.objects.insert(described, theirs);
    });
    let outcome = stack.tell(event(COMPLETE, "v1", REVISION + 60)).await.unwrap();
    assert_eq!(outcome["reason"], "this version was taken down on request");
    is_down(&stack);
}

#[tokio::test]
async fn what_arrives_during_the_removal_stays() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    delete(&stack);
    let other = Stack::with_encode("v2");
    other.publish("v2").await;
    let theirs = other.cloud.state().objects.clone();
    // Uploaded again, encoded and in service, all between the look at the source and the first deletion.
    stack.cloud.meanwhile("delete", move |state| {
        state.versions.insert(format!("source/{KEY}"), "v2".into());
        state.objects.extend(theirs);
    });
    assert_eq!(stack.tell(deleted()).await.unwrap()["outcome"], "superseded");
    assert_eq!(stack.play().len(), 6);
    assert!(stack.play().iter().all(|segment| segment.ends_with("of v2")));
}

#[tokio::test]
async fn the_asset_of_another_key_is_not_taken_down() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    let index = format!("output/{}", output::playlist(ASSET));
    stack.cloud.state().objects.get_mut(&index).unwrap().source = Some("another's".into());
    delete(&stack);
    assert_eq!(stack.tell(deleted()).await.unwrap()["outcome"], "absent");
    assert_eq!(stack.tell(requested()).await.unwrap()["outcome"], "absent");
    assert_eq!(stack.play().len(), 6);
}

#[tokio::test]
async fn the_failure_of_a_deleted_original_is_no_longer_shown() {
    for fixture in [ERROR, CANCELED] {
        let stack = Stack::with_encode("v1");
        stack.tell(event(fixture, "v1", REVISION)).await.unwrap();
        assert_eq!(stack.tell(requested()).await.unwrap()["outcome"], "absent", "nothing is published");
        delete(&stack);
        assert_eq!(stack.tell(deleted()).await.unwrap()["outcome"], "removed");
        is_down(&stack);
    }
}
