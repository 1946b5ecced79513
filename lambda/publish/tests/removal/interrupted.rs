//! Removals with a fault at each call, and what the key gets before the event comes again.

use super::*;

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
