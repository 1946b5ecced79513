//! Uploads that submit refused, files that were cut off, and failures that are not the file's.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

mod cloud;

use asset::{State, output, work};
use cloud::stack::{ASSET, CANCELED, COMPLETE, ERROR, KEY, REVISION, Stack, complete, event, run};
use serde_json::{Value, json};

/// After every publication of these tests.
const LATER: &str = "2099-01-01T00:00:00Z";

fn refused(version: &str, time: &str) -> Value {
    let detail = json!({
        "asset": ASSET, "bucket": "source", "key": KEY, "version": version, "reason": "the object is empty",
        "taken": false, "time": time,
    });
    json!({"detail-type": "Upload Refused", "source": "provision.vod.submit", "detail": detail})
}

fn expecting(millis: u64) -> Value {
    let mut event = complete("v1");
    event["detail"]["userMetadata"]["length"] = json!(millis.to_string());
    event
}

#[tokio::test]
async fn a_refused_upload_is_described_and_told() {
    let stack = Stack::with_encode("v1");
    let outcome = stack.tell(refused("v1", LATER)).await.unwrap();
    assert_eq!(outcome, json!({"outcome": "failed", "asset": ASSET, "reason": "the object is empty"}));
    let described = stack.description();
    assert_eq!((described.state, described.key.as_str()), (State::Refused, KEY));
    let failure = described.failure.unwrap();
    assert_eq!((failure.state, failure.job, failure.version.as_str()), (State::Refused, None, "v1"));
    assert_eq!(
        stack.cloud.state().events,
        [(
            "Video Refused".to_owned(),
            json!({
                "state": "refused", "asset": ASSET, "bucket": "source", "key": KEY, "version": "v1",
                "reason": "the object is empty", "time": LATER,
            })
        )]
    );
    assert_eq!(stack.cloud.state().notices, []);
}

#[tokio::test]
async fn what_was_published_before_a_refused_upload_stays_playable() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    stack.upload("v2");
    stack.tell(refused("v2", LATER)).await.unwrap();
    let described = stack.description();
    assert_eq!((described.state, described.published.unwrap().version.as_str()), (State::Published, "v1"));
    assert_eq!(described.failure.unwrap().version, "v2");
    let (_, told) = stack.cloud.state().events.last().unwrap().clone();
    assert_eq!(told["playlist"], format!("/{}", output::playlist(ASSET)));
    assert_eq!(stack.play().len(), 6);
}

#[tokio::test]
async fn after_a_failure_at_any_point_a_refusal_is_told_by_the_retry() {
    for call in ["put output", "event"] {
        let stack = Stack::with_encode("v1");
        stack.cloud.state().fail = Some((call.into(), 403, "AccessDenied"));
        stack.tell(refused("v1", LATER)).await.unwrap_err();
        stack.tell(refused("v1", LATER)).await.unwrap();
        assert_eq!(stack.description().state, State::Refused);
        assert_eq!(stack.told(), ["Video Refused v1"], "{call}");
    }
    let stack = Stack::with_encode("v1");
    stack.cloud.state().refused_events = 1;
    let error = stack.tell(refused("v1", LATER)).await.unwrap_err();
    assert_eq!(error, "events:PutEvents of media failed: InternalFailure: no");
}

#[tokio::test]
async fn a_late_refusal_never_hides_something_newer() {
    let stack = Stack::with_encode("v1");
    stack.upload("v2");
    let outcome = stack.tell(refused("v1", LATER)).await.unwrap();
    assert_eq!(outcome["reason"], "version v2 of the source is the current one");
    stack.encode("v2", REVISION);
    stack.publish("v2").await;
    let before = stack.description();
    stack.tell(refused("v2", "2020-01-01T00:00:00Z")).await.unwrap();
    assert_eq!(stack.description(), before, "it was published after that, with a higher limit");
    stack.cloud.state().versions.clear();
    assert_eq!(stack.tell(refused("v2", LATER)).await.unwrap()["reason"], "the source was deleted");
    assert_eq!(stack.told(), ["Video Published v2"]);
}

#[tokio::test]
async fn a_refused_upload_does_not_take_the_asset_of_another() {
    let stack = Stack::with_encode("v1");
    let mut taken = refused("v1", LATER);
    taken["detail"]["taken"] = json!(true);
    assert_eq!(stack.tell(taken).await.unwrap()["outcome"], "refused");
    assert_eq!(stack.cloud.under("output/"), Vec::<String>::new(), "the other's job has not ended yet");
    assert_eq!((stack.told(), stack.cloud.state().notices.len()), (vec!["Video Refused v1".to_owned()], 1));
}

#[tokio::test]
async fn a_file_that_is_cut_off_is_a_failure_and_not_a_publication() {
    let stack = Stack::with_encode("v1");
    assert_eq!(stack.tell(expecting(60_000)).await.unwrap()["outcome"], "failed");
    let failure = stack.description().failure.unwrap();
    let message = "the file is cut off: it says that it is 60.0 s long, and only 30.0 s of it can be read";
    assert_eq!((failure.message.as_str(), failure.code), (message, None));
    assert_eq!((stack.told(), stack.cloud.state().notices.len()), (vec!["Video Failed v1".to_owned()], 0));
    assert_eq!(stack.cloud.under("work/"), Vec::<String>::new());
}

#[tokio::test]
async fn a_little_shorter_is_not_cut_off() {
    // 30.041 s: within 5 % of 31.5.
    for millis in [31_500, 30_041, 10_000] {
        let stack = Stack::with_encode("v1");
        assert_eq!(stack.tell(expecting(millis)).await.unwrap()["outcome"], "published", "{millis}");
    }
    let stack = Stack::with_encode("v1");
    assert_eq!(stack.tell(expecting(31_700)).await.unwrap()["outcome"], "failed");
}

#[tokio::test]
async fn a_failure_that_is_not_the_files_wakes_those_who_run_the_stack_once() {
    let stack = Stack::with_encode("v1");
    stack.cloud.put(&format!("work/{}", work::record(ASSET, &run("v1"))), "{}");
    let mut failed = event(ERROR, "v1", REVISION);
    failed["detail"]["errorCode"] = json!(1401);
    stack.tell(failed.clone()).await.unwrap();
    stack.tell(failed).await.unwrap();
    let state = stack.cloud.state();
    assert_eq!(state.notices.len(), 1, "a duplicate wakes nobody");
    assert_eq!(state.notices[0].0, format!("Not published: {ASSET}"));
    assert!(state.notices[0].1.starts_with("The encode failed, and the file is not the cause (code 1401): "));
}

#[tokio::test]
async fn a_canceled_job_wakes_nobody() {
    let stack = Stack::with_encode("v1");
    stack.tell(event(CANCELED, "v1", REVISION)).await.unwrap();
    assert_eq!((stack.told(), stack.cloud.state().notices.len()), (vec!["Video Failed v1".to_owned()], 0));
}

#[tokio::test]
async fn a_version_that_comes_into_service_meanwhile_is_not_described_as_refused() {
    let stack = Stack::with_encode("v1");
    let other = Stack::with_encode("v1");
    other.tell(event(COMPLETE, "v1", REVISION)).await.unwrap();
    let published = other.cloud.state().objects.clone();
    stack.cloud.meanwhile("put output", move |state| state.objects.extend(published));
    stack.tell(refused("v1", "2020-01-01T00:00:00Z")).await.unwrap();
    assert_eq!(stack.description().state, State::Published);
    assert_eq!((stack.description().failure, stack.told().len()), (None, 0));
}

#[tokio::test]
async fn a_refusal_of_the_current_version_counts_even_if_an_older_one_was_published_later() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    stack.upload("v2");
    // It was refused while the former version was still being copied.
    stack.tell(refused("v2", "2020-01-01T00:00:00Z")).await.unwrap();
    assert_eq!(stack.description().failure.unwrap().version, "v2");
    assert_eq!(stack.told(), ["Video Published v1", "Video Refused v2"]);
}
