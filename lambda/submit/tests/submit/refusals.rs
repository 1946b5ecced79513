//! What submit refuses, and that nothing is started or overwritten then.

use super::account::{BATCH_1, KEY, LARGEST, Stack, VERSION, created, lasting};
use aws_sdk_mediaconvert::types::{Container, Format, ProbeResult, Track, TrackType};
use serde_json::{Value, json};
use submit::AudioFiles;

#[tokio::test]
async fn what_can_never_be_a_job_is_refused_and_not_retried() {
    let event = |change: &dyn Fn(&mut Value)| {
        let mut event = created();
        change(&mut event["detail"]["object"]);
        event
    };
    for (event, reason) in [
        (event(&|object| object["size"] = json!(0)), "the object is empty"),
        (event(&|object| object["key"] = json!("gone.mp4")), "the object is no longer there"),
        (event(&|object| object["key"] = json!("notes.txt")), "the name does not end in a video suffix"),
        (event(&|object| object["version-id"] = json!("older")), "version older is not the current one"),
    ] {
        let stack = Stack::new();
        let outcome = stack.tell(event).await;
        assert_eq!(outcome["outcome"], "refused");
        let said = outcome["reason"].as_str().unwrap();
        assert!(said.starts_with(reason), "{said}");
        assert_eq!(stack.jobs(), 0);
    }
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
async fn a_larger_upload_than_allowed_is_refused_by_the_event_or_by_the_object() {
    let refused = "the object has 10000001 bytes, and source.max_size allows 10000000";
    let stack = Stack::new();
    let mut event = created();
    event["detail"]["object"]["size"] = json!(LARGEST + 1);
    assert_eq!(stack.tell(event).await, json!({"outcome": "refused", "reason": refused}));
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
async fn a_file_without_a_picture_is_refused_unless_its_sound_is_wanted() {
    let tracks = |kinds: &[TrackType]| {
        let tracks = kinds.iter().map(|kind| Track::builder().track_type(kind.clone()).build()).collect();
        let container = Container::builder().format(Format::Mp4).set_tracks(Some(tracks)).duration(3601.0);
        ProbeResult::builder().container(container.build()).build()
    };
    let (sound, nothing) = (tracks(&[TrackType::Audio]), tracks(&[TrackType::Data]));
    for (audio, probe, reason) in [
        (AudioFiles::Refuse, &sound, "the file has no video track"),
        (AudioFiles::Refuse, &nothing, "the file has no video track"),
        (AudioFiles::Publish, &nothing, "the file has no video track"),
        (AudioFiles::Publish, &sound, "the video is 3601 s long, and source.max_duration allows 3600 s"),
    ] {
        let stack = Stack::with_audio(audio);
        stack.state().probe = probe.clone();
        assert_eq!(stack.upload().await["reason"], reason, "{audio:?}");
        assert_eq!(stack.jobs(), 0);
    }
}
