//! Publish when something goes wrong at a bad moment: other jobs of the same run, races, throttling, leftovers.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

mod cloud;

use std::collections::BTreeMap;

use asset::{output, work};
use cloud::Object;
use cloud::stack::{ASSET, CANCELED, COMPLETE, ERROR, KEY, REVISION, Stack, complete, event, run};
use serde_json::json;

fn in_output(version: &str) -> String {
    format!("output/{}", output::run_prefix(ASSET, &run(version)))
}

fn in_work(version: &str) -> String {
    format!("work/{}", work::prefix(ASSET, &run(version)))
}

fn record(version: &str) -> String {
    format!("work/{}", work::record(ASSET, &run(version)))
}

/// Uploads and encodes the next version.
fn replace(stack: &Stack, version: &str) {
    stack.upload(version);
    stack.encode(version, REVISION);
}

#[tokio::test]
async fn a_video_can_be_replaced_any_number_of_times() {
    let stack = Stack::with_encode("v0");
    stack.publish("v0").await;
    for number in 1..20 {
        let version = format!("v{number}");
        replace(&stack, &version);
        stack.publish(&version).await;
        let state = stack.cloud.state();
        let invalidated = state.invalidations.last().unwrap();
        let before = format!("/{}*", output::run_prefix(ASSET, &run(&format!("v{}", number - 1))));
        let wildcards: Vec<_> = invalidated.iter().filter(|path| path.ends_with('*')).collect();
        assert_eq!(wildcards, [&before], "what was removed before is not invalidated again");
    }
    assert_eq!(stack.description().published.unwrap().replaced, None);
}

#[tokio::test]
async fn what_an_interrupted_publication_left_is_removed_by_the_next_one() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    replace(&stack, "v2");
    stack.cloud.state().fail = Some(("delete output".into(), 403, "AccessDenied"));
    stack.tell(complete("v2")).await.unwrap_err();
    assert_eq!(stack.description().published.unwrap().replaced, Some(vec![run("v1")]));

    replace(&stack, "v3");
    stack.publish("v3").await;
    assert_eq!(stack.cloud.under(&in_output("v1")), Vec::<String>::new());
    assert_eq!(stack.cloud.under(&in_output("v2")), Vec::<String>::new());
    let state = stack.cloud.state();
    let wildcards = state.invalidations[0].iter().filter(|path| path.ends_with('*'));
    assert_eq!(wildcards.count(), 2);
}

#[tokio::test]
async fn more_leftovers_than_cloudfront_takes_at_once_are_invalidated_together() {
    let stack = Stack::with_encode("v0");
    stack.publish("v0").await;
    for number in 1..18 {
        let version = format!("v{number}");
        replace(&stack, &version);
        stack.cloud.state().fail = Some(("invalidate".into(), 403, "AccessDenied"));
        stack.tell(complete(&version)).await.unwrap_err();
    }
    replace(&stack, "v18");
    stack.publish("v18").await;
    let expected = vec![format!("/{}*", output::prefix(ASSET))];
    assert_eq!(stack.cloud.state().invalidations, [expected]);
    assert_eq!(stack.play().len(), 6);
}

#[tokio::test]
async fn a_late_failure_leaves_a_newer_job_of_the_same_run_alone() {
    for fixture in [ERROR, CANCELED] {
        let stack = Stack::with_encode("v1");
        stack.cloud.put(&record("v1"), r#"{"job":"job-2"}"#);
        let outcome = stack.tell(event(fixture, "v1", REVISION)).await.unwrap();
        assert_eq!(outcome["outcome"], "failed");
        assert_eq!(stack.cloud.body(&record("v1")).as_deref(), Some(r#"{"job":"job-2"}"#));
        let mut newer = complete("v1");
        newer["detail"]["jobId"] = json!("job-2");
        assert_eq!(stack.tell(newer).await.unwrap()["outcome"], "published");
        assert_eq!(stack.play().len(), 6);
    }
}

#[tokio::test]
async fn a_superseded_version_may_be_tried_again() {
    for fixture in [COMPLETE, ERROR] {
        let stack = Stack::with_encode("v1");
        stack.cloud.put(&record("v1"), &json!({"job": format!("job-v1-{REVISION}")}).to_string());
        stack.upload("v2");
        let outcome = stack.tell(event(fixture, "v1", REVISION)).await.unwrap();
        assert_eq!(outcome["outcome"], "superseded");
        assert_eq!(stack.cloud.under("work/"), Vec::<String>::new(), "its record would call it a duplicate");
    }
}

#[tokio::test]
async fn a_run_that_came_into_service_meanwhile_is_not_removed() {
    let stack = Stack::with_encode("v1");
    stack.upload("v2");
    // Another invocation for the same job saw v1 as current and put it in service.
    let (from, to) = (in_work("v1"), in_output("v1"));
    stack.cloud.meanwhile("head", move |state| {
        let written: Vec<_> = state.objects.iter().filter(|(path, _)| path.starts_with(&from)).collect();
        let copies: Vec<_> =
            written.into_iter().map(|(path, object)| (path.replace(&from, &to), object.clone())).collect();
        let mut index = copies.iter().find(|(path, _)| path.ends_with("/index.m3u8")).unwrap().1.clone();
        index.body = publish::playlist::relocate(&index.body, &run("v1"));
        state.objects.extend(copies);
        state.objects.insert(format!("output/{}", output::playlist(ASSET)), index);
    });
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "superseded");
    assert_eq!(stack.play().len(), 6);
}

#[tokio::test]
async fn an_older_template_never_replaces_a_newer_one_published_during_the_copies() {
    let stack = Stack::with_encode("v1");
    stack.encode("v1", REVISION + 60);
    let newer = asset::run("v1", REVISION + 60);
    // The other invocation has served its playlist before this one looks, and describes it during the copies.
    let (index, served) = (format!("output/{}", output::playlist(ASSET)), newer.clone());
    let other = Stack::with_encode("v1");
    other.encode("v1", REVISION + 60);
    other.tell(event(COMPLETE, "v1", REVISION + 60)).await.unwrap();
    let published: Vec<_> = other.cloud.state().objects.clone().into_iter().collect();
    let (described, playing): (Vec<_>, Vec<_>) = published
        .into_iter()
        .filter(|(path, _)| path.starts_with("output/"))
        .partition(|(path, _)| path.ends_with("/asset.json"));
    stack.cloud.state().objects.extend(playing);
    stack.cloud.meanwhile("copy", move |state| state.objects.extend(described));
    let outcome = stack.tell(complete("v1")).await.unwrap();
    assert_eq!(outcome["reason"], "the same version is published with a newer template");
    assert!(stack.cloud.body(&index).unwrap().contains(&served));
    assert_eq!(stack.play().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_s3_does_not_see_yet_is_not_taken_for_deleted() {
    for fixture in [COMPLETE, ERROR] {
        let stack = Stack::with_encode("v1");
        let encoded = stack.cloud.under("work/");
        stack.cloud.state().unseen = usize::MAX;
        let error = stack.tell(event(fixture, "v1", REVISION)).await.unwrap_err();
        assert!(error.contains("does not say that it was deleted"), "{error}");
        assert_eq!(stack.cloud.under("work/"), encoded, "the encode is kept for the next attempt");
    }
    let stack = Stack::with_encode("v1");
    stack.cloud.state().unseen = 3;
    stack.publish("v1").await;
    assert_eq!(stack.play().len(), 6);
}

#[tokio::test]
async fn a_run_in_service_whose_playlist_s3_does_not_see_is_not_removed() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    stack.upload("v2");
    // A late duplicate of the event. It is tried twice, and reads the playlist twice each time.
    stack.cloud.state().unseen_playlists = 4;
    let error = stack.tell(complete("v1")).await.unwrap_err();
    assert!(error.contains("does not say that it was deleted"), "{error}");
    assert_eq!(stack.play().len(), 6);
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "alreadyPublished");
}

#[tokio::test(start_paused = true)]
async fn throttled_copies_are_waited_out() {
    let stack = Stack::with_encode("v1");
    stack.cloud.state().throttled = 30;
    stack.publish("v1").await;
    assert_eq!(stack.play().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn throttling_without_an_end_is_an_error_that_lambda_retries() {
    let stack = Stack::with_encode("v1");
    stack.cloud.state().throttled = usize::MAX;
    let error = stack.tell(complete("v1")).await.unwrap_err();
    assert!(error.contains("SlowDown"), "{error}");
    assert_eq!(stack.cloud.under("output/"), Vec::<String>::new());
}

#[tokio::test]
async fn another_encode_of_the_run_in_service_fills_in_what_is_missing() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    let lost = format!("{}index_360p_00002.ts", in_output("v1"));
    stack.cloud.state().objects.remove(&lost);
    stack.encode("v1", REVISION);
    stack.cloud.put(&format!("{}index_720p_00001.ts", in_work("v1")), "encoded anew");
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "alreadyPublished");
    assert_eq!(stack.play().len(), 6);
    assert!(stack.play().iter().all(|segment| segment.ends_with("of v1")), "what was there is immutable");
    assert_eq!(stack.cloud.under("work/"), Vec::<String>::new());
}

#[tokio::test]
async fn what_viewers_read_of_a_failure_names_no_account() {
    let stack = Stack::with_encode("v1");
    let mut failed = event(ERROR, "v1", REVISION);
    failed["detail"]["errorCode"] = json!(1434);
    failed["detail"]["errorMessage"] = json!(
        "Unable to assume role [arn:aws:iam::111122223333:role/vod-transcode] to read \
         https://source.s3.us-west-2.amazonaws.com/films/holiday.mp4\nand write s3://work/a/b (111122223333)"
    );
    stack.tell(failed).await.unwrap();
    assert_eq!(
        stack.description().failure.unwrap().message,
        "Unable to assume role […] to read …\\nand write a/b (…)"
    );
    let (_, told) = stack.cloud.state().events[0].clone();
    assert_eq!(told["reason"], stack.description().failure.unwrap().message, "an app may show it too");
    let (_, notice) = stack.cloud.state().notices[0].clone();
    assert!(
        notice.contains("arn:aws:iam::111122223333:role/vod-transcode"),
        "who runs it sees all: {notice}"
    );
}

#[tokio::test]
async fn an_event_whose_lists_are_null_is_read() {
    let stack = Stack::with_encode("v1");
    let mut event = complete("v1");
    event["detail"]["outputGroupDetails"] = json!(null);
    assert_eq!(stack.tell(event).await.unwrap()["outcome"], "published");
    assert_eq!(stack.description().published.unwrap().duration, None);
    let mut event = complete("v1");
    event["detail"]["userMetadata"] = json!(null);
    assert_eq!(stack.tell(event).await.unwrap()["outcome"], "ignored");
}

/// An event of another job for the run, this many seconds after every publication of these tests.
fn later(fixture: &str, job: &str, seconds: u64) -> serde_json::Value {
    let mut later = event(fixture, "v1", REVISION);
    later["detail"]["jobId"] = json!(job);
    later["detail"]["timestamp"] = json!(4_102_444_800_000 + seconds * 1000);
    later
}

#[tokio::test]
async fn an_encode_that_follows_a_failed_one_of_the_run_in_service_is_no_failure() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    assert_eq!(stack.tell(later(ERROR, "job-2", 0)).await.unwrap()["outcome"], "failed");
    assert_eq!(stack.description().failure.unwrap().job.as_deref(), Some("job-2"));
    stack.encode("v1", REVISION);
    assert_eq!(stack.tell(later(COMPLETE, "job-3", 1)).await.unwrap()["outcome"], "alreadyPublished");
    assert_eq!(stack.told(), ["Video Published v1", "Video Failed v1", "Video Published v1"]);
    assert_eq!(stack.description().failure, None);

    stack.tell(later(ERROR, "job-4", 3)).await.unwrap();
    stack.tell(later(COMPLETE, "job-3", 1)).await.unwrap();
    assert_eq!(
        stack.description().failure.unwrap().job.as_deref(),
        Some("job-4"),
        "a late duplicate forgets nothing"
    );
}

const THEIRS: &str = "alice/wedding.mp4";

/// Everything of an asset that another upload published here. In tests it is no real collision of ids: finding one takes
/// days of computing.
async fn theirs(marked: bool) -> BTreeMap<String, Object> {
    let stack = Stack::with_encode("theirs");
    stack.publish("theirs").await;
    let mut objects = stack.cloud.state().objects.clone();
    objects.retain(|path, _| path.starts_with("output/"));
    let described = objects.get_mut(&in_asset("asset.json")).unwrap();
    described.body = described.body.replace(KEY, THEIRS);
    let source = marked.then(|| asset::source("source", THEIRS));
    objects.get_mut(&in_asset("index.m3u8")).unwrap().source = source;
    objects
}

fn in_asset(name: &str) -> String {
    format!("output/{}{name}", output::prefix(ASSET))
}

fn served(stack: &Stack) -> BTreeMap<String, Object> {
    let mut objects = stack.cloud.state().objects.clone();
    objects.retain(|path, _| path.starts_with("output/"));
    objects
}

#[tokio::test]
async fn the_asset_of_another_upload_is_left_as_it_is() {
    // Playlists of earlier versions are not marked.
    for (fixture, marked) in [(COMPLETE, true), (COMPLETE, false), (ERROR, true), (CANCELED, false)] {
        let (stack, before) = (Stack::with_encode("v1"), theirs(marked).await);
        stack.cloud.state().objects.extend(before.clone());
        stack.cloud.put(&record("v1"), "{}");
        let outcome = stack.tell(event(fixture, "v1", REVISION)).await.unwrap();
        let reason = format!("the asset {ASSET} is that of another upload: {THEIRS}");
        assert_eq!(outcome, json!({"outcome": "refused", "asset": ASSET, "reason": reason}));
        assert_eq!(served(&stack), before, "{fixture}");
        assert_eq!(stack.cloud.under("work/"), Vec::<String>::new(), "removed as after other failures");
        stack.tell(event(fixture, "v1", REVISION)).await.unwrap();
        assert_eq!(stack.told(), ["Video Refused v1"], "a duplicate is not told again");
        let state = stack.cloud.state();
        assert!(!state.events[0].1.to_string().contains(THEIRS), "nobody is told the other's key");
        assert_eq!(state.notices.len(), 1);
        assert_eq!(state.notices[0].0, format!("Not published: {ASSET}"));
        assert!(state.notices[0].1.contains("Rename this video and upload it again."));
        assert_eq!(state.tags, [("owner".to_owned(), "media".to_owned())], "nothing was published");
    }
}

#[tokio::test]
async fn of_two_uploads_with_one_asset_the_first_in_service_has_it() {
    // The other one comes into service before the copies, or right before the playlist. Then asset.json is not there yet.
    for (call, late) in [("copy", false), ("put output", true)] {
        let (stack, mut theirs) = (Stack::with_encode("v1"), theirs(true).await);
        if late {
            theirs.remove(&in_asset("asset.json"));
        }
        let coming = theirs.clone();
        stack.cloud.meanwhile(call, move |state| state.objects.extend(coming));
        assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "refused", "{call}");
        assert_eq!(served(&stack), theirs, "the copies are removed");
        assert_eq!(stack.cloud.state().notices.len(), 1);
    }
}

#[tokio::test]
async fn a_failure_of_another_upload_does_not_take_an_asset_in_service() {
    let stack = Stack::with_encode("v1");
    let failed = Stack::with_encode("v1");
    failed.tell(event(ERROR, "v1", REVISION)).await.unwrap();
    let mut theirs = served(&failed)[&in_asset("asset.json")].clone();
    theirs.body = theirs.body.replace(KEY, THEIRS);
    let index = format!("put {}", in_asset("index.m3u8"));
    stack.cloud.meanwhile(&index, move |state| drop(state.objects.insert(in_asset("asset.json"), theirs)));
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "alreadyPublished");
    let description = stack.description();
    assert_eq!((description.key.as_str(), description.failure), (KEY, None));
    assert_eq!(stack.play().len(), 6);
}

#[tokio::test]
async fn the_same_upload_replaces_what_an_earlier_version_published() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    stack.cloud.state().objects.get_mut(&in_asset("index.m3u8")).unwrap().source = None;
    replace(&stack, "v2");
    stack.publish("v2").await;
    let state = stack.cloud.state();
    assert_eq!(state.objects[&in_asset("index.m3u8")].source, Some(asset::source("source", KEY)));
}

#[tokio::test]
async fn an_encode_that_is_longer_than_allowed_is_a_failure() {
    let lasting = |millis: u64| {
        let mut event = complete("v1");
        event["detail"]["outputGroupDetails"][0]["outputDetails"][0]["durationInMs"] = json!(millis);
        event
    };
    let stack = Stack::with_encode("v1");
    assert_eq!(stack.tell(lasting(3_700_000)).await.unwrap()["outcome"], "failed");
    let described = stack.description();
    let message = "the video is 3700 s long, and source.max_duration allows 3600 s";
    assert_eq!((described.published, described.failure.unwrap().message.as_str()), (None, message));
    assert_eq!(served(&stack).into_keys().collect::<Vec<_>>(), [in_asset("asset.json")]);
    assert_eq!(stack.cloud.under("work/"), Vec::<String>::new());
    assert_eq!((stack.told(), stack.cloud.state().notices.len()), (vec!["Video Failed v1".to_owned()], 0));
    // An encode may be a little longer than its source.
    stack.encode("v1", REVISION);
    assert_eq!(stack.tell(lasting(3_605_000)).await.unwrap()["outcome"], "published");
}
