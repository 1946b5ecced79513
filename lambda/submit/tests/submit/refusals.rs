//! What submit refuses, and that nothing is started or overwritten then.

use super::account::{BATCH_1, KEY, Stack, VERSION, created, lasting};
use aws_sdk_mediaconvert::types::{Container, Format, ProbeResult, Track, TrackType};
use serde_json::{Value, json};

fn event(change: impl Fn(&mut Value)) -> Value {
    let mut event = created();
    change(&mut event["detail"]["object"]);
    event
}

#[tokio::test]
async fn what_is_no_upload_or_no_longer_the_current_one_is_ignored() {
    for (event, reason) in [
        (event(|object| object["key"] = json!("gone.mp4")), "the object is no longer there"),
        (event(|object| object["version-id"] = json!("older")), "version older is not the current one"),
        (event(|object| object["key"] = json!("films/")), "the object is a folder that a console made"),
    ] {
        let stack = Stack::new();
        stack.state().sources.insert("films/".into(), (VERSION.into(), 0));
        let outcome = stack.tell(event).await;
        assert_eq!(outcome["outcome"], "ignored");
        let said = outcome["reason"].as_str().unwrap();
        assert!(said.starts_with(reason), "{said}");
        assert_eq!((stack.jobs(), stack.state().refusals.len()), (0, 0));
    }
}

#[tokio::test]
async fn publish_is_told_what_was_refused_and_why() {
    let stack = Stack::new();
    stack.state().sources.insert(KEY.into(), (VERSION.into(), 0));
    assert_eq!(stack.upload().await, json!({"outcome": "refused", "reason": "the object is empty"}));
    let mut refusal = stack.state().refusals[0].clone();
    let time = refusal.as_object_mut().unwrap().remove("time").unwrap();
    assert!(time.as_str().unwrap().ends_with('Z'));
    let asset = asset::id("amzn-s3-demo-bucket", KEY);
    assert_eq!(
        refusal,
        json!({
            "asset": asset, "bucket": "amzn-s3-demo-bucket", "key": KEY, "version": VERSION,
            "reason": "the object is empty", "taken": false,
        })
    );
    assert_eq!(stack.jobs(), 0);
}

#[tokio::test]
async fn a_refusal_that_cannot_be_told_is_tried_again() {
    for fail in [false, true] {
        let stack = Stack::new();
        stack.state().sources.insert(KEY.into(), (VERSION.into(), 0));
        if fail {
            stack.state().fail = Some(("PutEvents", 400, "InternalException"));
        } else {
            stack.state().refused_events = 1;
        }
        let error = stack.submitter.answer(created()).await.unwrap_err().to_string();
        assert!(error.starts_with("events:PutEvents of default failed: Internal"), "{error}");
        stack.state().fail = None;
        assert_eq!(stack.upload().await["outcome"], "refused");
        assert_eq!(stack.state().refusals.len(), 1);
    }
    let stack = Stack::new();
    stack.state().sources.insert("films/a b+c.mp4".into(), ("v1".into(), 0));
    stack.state().refused_events = 1;
    let batch = || serde_json::from_str(BATCH_1).unwrap();
    assert_eq!(stack.tell(batch()).await["results"][0]["resultCode"], "TemporaryFailure");
    assert_eq!(stack.tell(batch()).await["results"][0]["resultCode"], "PermanentFailure");
    assert_eq!(stack.state().refusals[0]["key"], "films/a b+c.mp4");
}

#[tokio::test]
async fn the_contents_decide_and_not_the_name() {
    let stack = Stack::new();
    for name in ["9f8a7b6c", "a.mp4.part", "a.xyz"] {
        stack.state().sources.insert(name.into(), (VERSION.into(), 7));
        let outcome = stack.tell(event(|object| object["key"] = json!(name))).await;
        assert_eq!(outcome["outcome"], "started", "{name}");
    }
    stack.state().fail = Some(("Probe", 422, "UnprocessableEntityException"));
    stack.state().sources.insert("notes.txt".into(), (VERSION.into(), 7));
    let outcome = stack.tell(event(|object| object["key"] = json!("notes.txt"))).await;
    let reason = "the file is not a video that can be read, and its name has no video suffix";
    assert_eq!(outcome, json!({"outcome": "refused", "reason": reason}));
    assert_eq!(
        stack.upload().await["outcome"],
        "started",
        "the encoder may know what has the suffix of a video"
    );
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_s3_does_not_see_yet_is_tried_again_and_not_refused() {
    let stack = Stack::new();
    stack.state().unseen = 3;
    assert_eq!(stack.upload().await["outcome"], "started");

    stack.state().unseen = usize::MAX;
    let error = stack.submitter.answer(created()).await.unwrap_err().to_string();
    assert!(error.contains("does not say that it was deleted"), "{error}");
    let answer = stack.tell(serde_json::from_str(BATCH_1).unwrap()).await;
    assert_eq!(answer["results"][0]["resultCode"], "TemporaryFailure");
    assert_eq!(stack.jobs(), 1);
}

#[tokio::test]
async fn an_object_that_is_empty_by_now_is_refused() {
    let stack = Stack::new();
    stack.state().sources.insert(KEY.into(), (VERSION.into(), 0));
    assert_eq!(stack.upload().await["reason"], "the object is empty");
}

#[tokio::test]
async fn a_larger_upload_than_allowed_is_refused() {
    let refused = "the object has 10000001 bytes, and source.max_size allows 10000000";
    let stack = Stack::new();
    stack.state().sources.insert(KEY.into(), (VERSION.into(), 10_000_001));
    assert_eq!(stack.upload().await["reason"], refused);
    // S3 Batch Operations does not say how large an object is.
    stack.state().sources.insert("films/a b+c.mp4".into(), ("v1".into(), 10_000_001));
    let answer = stack.tell(serde_json::from_str(BATCH_1).unwrap()).await;
    assert_eq!(answer["results"][0]["resultCode"], "PermanentFailure");
    assert_eq!(answer["results"][0]["resultString"], refused);
    assert_eq!(stack.jobs(), 0);
    stack.state().sources.insert(KEY.into(), (VERSION.into(), 10_000_000));
    assert_eq!(stack.upload().await["outcome"], "started");
}

#[tokio::test]
async fn a_longer_video_than_allowed_is_refused() {
    let stack = Stack::new();
    stack.state().probe = lasting(3601.5);
    let refused = "the video is 3602 s long, and source.max_duration allows 3600 s";
    assert_eq!(stack.upload().await, json!({"outcome": "refused", "reason": refused}));
    assert_eq!(stack.jobs(), 0);
    assert!(stack.state().records.is_empty(), "it may be tried again with a larger limit");
    stack.state().probe = lasting(3600.0);
    assert_eq!(stack.upload().await["outcome"], "started");
}

#[tokio::test]
async fn the_record_of_another_upload_is_left_alone() {
    let stack = Stack::new();
    stack.upload().await;
    // Two keys with one asset id, and one version id: no upload of S3 makes this, but a record must not hide it.
    let key = stack.state().records.keys().next().unwrap().clone();
    let other = stack.state().records[&key].replace("films/", "other/");
    stack.state().records.insert(key.clone(), other.clone());
    let outcome = stack.upload().await;
    assert_eq!(outcome["outcome"], "refused");
    assert!(outcome["reason"].as_str().unwrap().contains("that of another upload: \"other/"), "{outcome}");
    assert_eq!(stack.state().refusals[0]["taken"], true);
    assert_eq!((stack.jobs(), &stack.state().records[&key]), (1, &other));
}

#[tokio::test]
async fn a_key_makes_no_line_of_its_own_in_the_completion_report() {
    let stack = Stack::new();
    stack.state().fail = Some(("HeadObject", 403, "AccessDenied"));
    let mut batch: Value = serde_json::from_str(BATCH_1).unwrap();
    batch["tasks"][0]["s3Key"] = json!("a%0Ajob+job-9+started%1B%5B2J.mp4");
    let answer = stack.tell(batch).await;
    let said = answer["results"][0]["resultString"].as_str().unwrap();
    assert!(said.contains("a\\njob job-9 started\\u{1b}[2J.mp4"), "{said}");
}

#[tokio::test]
async fn a_file_without_a_picture_is_refused() {
    let stack = Stack::new();
    let audio = Track::builder().track_type(TrackType::Audio).build();
    let container = Container::builder().format(Format::Mp4).tracks(audio).build();
    stack.state().probe = ProbeResult::builder().container(container).build();
    assert_eq!(stack.upload().await["reason"], "the file has no video track");
    assert_eq!(stack.jobs(), 0);
}
