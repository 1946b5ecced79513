//! Taking an asset down, with a fault at every call, and deletions and uploads in every order.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

mod cloud;

use asset::{Cause, State, output, work};
use cloud::stack::{ASSET, CANCELED, COMPLETE, ERROR, KEY, REVISION, Stack, complete, event, run};
use serde_json::{Value, json};

const DELETED: &str = include_str!("fixtures/object-deleted.json");

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

/// Deletes a version permanently, so that this one, if there is one, is the current one; returns the event.
fn erase(stack: &Stack, version: &str, then: Option<&str>) -> Value {
    let mut state = stack.cloud.state();
    state.erased.push(version.to_owned());
    state.versions.clear();
    match then {
        Some(left) => drop(state.versions.insert(format!("source/{KEY}"), left.to_owned())),
        None => state.unseen = usize::MAX,
    }
    let mut event = deleted();
    event["detail"]["deletion-type"] = json!("Permanently Deleted");
    event["detail"]["object"]["version-id"] = json!(version);
    event
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

/// Fails each changing call in turn, once, as a crash would. The retried event must lead to the same result.
#[tokio::test]
async fn after_a_failure_at_any_point_the_retry_takes_it_down() {
    for cause in [deleted, requested] {
        let reference = Stack::with_encode("v1");
        reference.publish("v1").await;
        reference.cloud.put(&format!("work/{}", work::record(ASSET, &run("v1"))), "{}");
        let fresh = || async {
            let stack = Stack::with_encode("v1");
            stack.publish("v1").await;
            stack.cloud.put(&format!("work/{}", work::record(ASSET, &run("v1"))), "{}");
            if cause() == deleted() {
                delete(&stack);
            }
            stack
        };
        let reference = fresh().await;
        reference.tell(cause()).await.unwrap();
        let calls = reference.cloud.changes();
        assert!(calls.len() > 12, "{calls:#?}");
        for call in calls {
            let stack = fresh().await;
            stack.cloud.state().fail = Some((call.clone(), 403, "AccessDenied"));
            let error = stack.tell(cause()).await.unwrap_err();
            assert!(error.contains("AccessDenied"), "{call}: {error}");
            stack.tell(cause()).await.unwrap();
            is_down(&stack);
            assert_eq!(stack.description().removed.unwrap().deleting, None, "{call}");
            assert_eq!(stack.told().last().unwrap(), "Video Removed v1", "{call}");
            assert!(!stack.cloud.state().invalidations.is_empty(), "{call}");
        }
    }
}

#[tokio::test]
async fn a_repeated_event_has_the_same_time() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    delete(&stack);
    stack.cloud.state().fail = Some((format!("delete work/{ASSET}"), 403, "AccessDenied"));
    stack.encode("v1", REVISION);
    stack.tell(deleted()).await.unwrap_err();
    let begun = stack.description().removed.unwrap();
    assert_eq!(begun.deleting, Some(vec![run("v1")]));
    stack.tell(deleted()).await.unwrap();
    let state = stack.cloud.state();
    let times: Vec<_> = state.events[1..].iter().map(|(_, detail)| detail["time"].clone()).collect();
    assert_eq!(times, [json!(begun.removed), json!(begun.removed)]);
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
async fn interrupted_in_service_and_then_deleted_it_is_taken_down_by_the_retry() {
    let stack = Stack::with_encode("v1");
    stack.cloud.state().fail =
        Some((format!("put output/{}", output::description(ASSET)), 403, "AccessDenied"));
    stack.tell(complete("v1")).await.unwrap_err();
    delete(&stack);
    let outcome = stack.tell(complete("v1")).await.unwrap();
    assert_eq!(outcome, json!({"outcome": "superseded", "reason": "the source was deleted"}));
    is_down(&stack);
}

/// Fails each changing call in turn. Before the event is repeated, the key has a new upload, whose encode ends before or
/// after the repetition.
#[tokio::test]
async fn an_interrupted_removal_is_completed_although_the_key_has_a_new_upload() {
    let fresh = || async {
        let stack = Stack::with_encode("v1");
        stack.publish("v1").await;
        stack.encode("v1", REVISION);
        stack.cloud.put(&format!("work/{}", work::record(ASSET, &run("v1"))), "{}");
        delete(&stack);
        stack
    };
    let reference = fresh().await;
    reference.tell(deleted()).await.unwrap();
    let calls = reference.cloud.changes();
    assert!(calls.len() > 20, "{calls:#?}");
    let last = calls.len() - 1;
    // Before its first change it has begun nothing, and the new upload replaces what is published. Many calls delete one
    // object each: some of them are enough.
    for index in (1..last).step_by(3).chain([last]) {
        let call = &calls[index];
        for published_before in [true, false] {
            let stack = fresh().await;
            let fail = (call.clone(), 403, "AccessDenied");
            // The last call looks like the first one.
            stack.cloud.meanwhile(&calls[index - 1], |state| state.fail = Some(fail));
            stack.tell(deleted()).await.unwrap_err();
            upload(&stack, "v2");
            stack.cloud.put(&format!("work/{}", work::record(ASSET, &run("v2"))), "{}");
            if published_before {
                stack.publish("v2").await;
            }
            assert_eq!(stack.tell(deleted()).await.unwrap()["outcome"], "removed", "{call}");
            assert_eq!(left_of(&stack, "v1"), Vec::<String>::new(), "{call}");
            assert_eq!(stack.told().last().unwrap(), "Video Removed v1", "{call}");
            let whole = format!("/{}*", output::prefix(ASSET));
            assert!(
                stack.cloud.state().invalidations.iter().any(|paths| *paths == [whole.clone()]),
                "{call}"
            );
            if !published_before {
                stack.publish("v2").await;
            }
            assert_eq!(stack.play().len(), 6);
            assert!(stack.play().iter().all(|segment| segment.ends_with("of v2")), "{call}");
            let described = stack.description();
            assert_eq!((described.state, described.removed.unwrap().deleting), (State::Published, None));
            assert!(!left_of(&stack, "v2").is_empty());
            assert_eq!(stack.tell(deleted()).await.unwrap()["outcome"], "superseded", "{call}");
        }
    }
}

#[tokio::test]
async fn an_interrupted_removal_is_not_taken_for_the_next_one() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    delete(&stack);
    stack.cloud.state().fail = Some(("invalidate".into(), 403, "AccessDenied"));
    stack.tell(deleted()).await.unwrap_err();
    let begun = stack.description().removed.unwrap();
    upload(&stack, "v2");
    stack.publish("v2").await;
    delete(&stack);
    assert_eq!(stack.tell(deleted()).await.unwrap()["outcome"], "removed");
    is_down(&stack);
    let removed = stack.description().removed.unwrap();
    assert_eq!((begun.version.as_str(), removed.version.as_str()), ("v1", "v2"));
    assert_eq!(stack.told().last().unwrap(), "Video Removed v2");
    assert_eq!(stack.tell(deleted()).await.unwrap()["outcome"], "absent");
}

#[tokio::test]
async fn a_published_version_that_is_deleted_permanently_stops_playing() {
    for (left, encoding) in [("v0", false), ("v2", true)] {
        let stack = Stack::with_encode("v1");
        stack.publish("v1").await;
        if encoding {
            upload(&stack, left);
        }
        let event = erase(&stack, "v1", Some(left));
        assert_eq!(stack.tell(event.clone()).await.unwrap()["outcome"], "removed");
        assert_eq!((readable(&stack), left_of(&stack, "v1")), (vec!["asset.json".to_owned()], Vec::new()));
        assert_eq!(stack.told(), ["Video Published v1", "Video Removed v1"]);
        assert_eq!(stack.tell(event).await.unwrap()["outcome"], "superseded");
        if encoding {
            stack.publish(left).await;
            assert_eq!(stack.play().len(), 6, "the newer upload was left alone");
        }
    }
}

#[tokio::test]
async fn a_former_version_that_is_deleted_permanently_takes_nothing_down() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    upload(&stack, "v2");
    stack.publish("v2").await;
    let event = erase(&stack, "v1", Some("v2"));
    assert_eq!(stack.tell(event).await.unwrap()["outcome"], "superseded");
    assert_eq!((stack.play().len(), stack.cloud.changes()), (6, Vec::new()));
}

#[tokio::test]
async fn deleted_permanently_while_it_comes_into_service_it_is_taken_down_at_once() {
    let stack = Stack::with_encode("v1");
    let at = format!("put output/{}", output::playlist(ASSET));
    stack.cloud.meanwhile(&at, |state| {
        state.erased.push("v1".into());
        state.versions.insert(format!("source/{KEY}"), "v0".into());
    });
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "superseded");
    assert_eq!(readable(&stack), ["asset.json"]);
    assert_eq!(stack.told(), ["Video Removed v1"]);
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

#[tokio::test(start_paused = true)]
async fn an_original_without_any_version_left_is_gone() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    let event = erase(&stack, "v1", None);
    assert_eq!(stack.tell(event).await.unwrap()["outcome"], "removed");
    is_down(&stack);
    // A late job of that version ends no more in the dead-letter queue.
    stack.encode("v1", REVISION);
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["reason"], "the source was deleted");
    // Nor does one of a version that was never published.
    let stack = Stack::with_encode("v1");
    let event = erase(&stack, "v1", None);
    assert_eq!(stack.tell(event).await.unwrap()["outcome"], "absent");
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["reason"], "the source was deleted");
    assert_eq!((readable(&stack), stack.cloud.under("work/")), (Vec::new(), Vec::new()));
    // What has no original any more can be taken down on request.
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    erase(&stack, "v1", None);
    assert_eq!(stack.tell(requested()).await.unwrap()["outcome"], "removed");
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
