//! Versions that are deleted permanently, which no delete marker tells.

use super::*;

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
