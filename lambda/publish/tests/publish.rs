//! Publish against an account in memory, with the job events that MediaConvert documents.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

mod cloud;

use std::collections::BTreeSet;

use asset::{State, Warning, output, work};
use cloud::stack::{ASSET, CANCELED, COMPLETE, ERROR, KEY, REVISION, Stack, complete, event, run};
use serde_json::json;

#[tokio::test]
async fn a_complete_encode_becomes_playable() {
    let stack = Stack::with_encode("v1");
    let outcome = stack.tell(complete("v1")).await.unwrap();
    assert_eq!(outcome, json!({"outcome": "published", "asset": ASSET, "run": run("v1")}));
    assert_eq!(stack.play().len(), 6);

    let description = stack.description();
    assert_eq!((description.state, description.key.as_str()), (State::Published, KEY));
    let published = description.published.unwrap();
    assert_eq!(published.duration, Some(30.041));
    assert_eq!(published.renditions.len(), 2);
    assert_eq!(published.renditions[0].uri, format!("{}/index_720p.m3u8", run("v1")));
    assert_eq!(published.renditions[0].height, Some(720));
    let stills: Vec<String> = published.stills.as_ref().unwrap().addresses().collect();
    assert_eq!(stills[1], format!("{}/thumbnails/frame.0000001.jpg", run("v1")));
    assert!(published.thumbnails.is_empty(), "they are not listed");
    assert_eq!((published.version.as_str(), published.replaced), ("v1", None));

    let state = stack.cloud.state();
    assert_eq!(state.invalidations, Vec::<Vec<String>>::new(), "nothing was replaced");
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(state.tags, [tag("owner", "media"), tag("provision:published", "true")]);
    assert_eq!(state.notices, [], "a publication wakes nobody");
    drop(state);
    assert_eq!(stack.told(), ["Video Published v1"]);
    assert_eq!(published.warnings, [Warning { code: 230_005, count: 1 }]);
    assert_eq!(stack.cloud.under("work/"), Vec::<String>::new());
}

#[tokio::test]
async fn headers_are_set_by_kind() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    let state = stack.cloud.state();
    let headers = |path: &str| {
        let object = &state.objects[&format!("output/{}{path}", output::prefix(ASSET))];
        (object.content_type.as_str(), object.cache_control.as_str())
    };
    let run = run("v1");
    assert_eq!(headers(&format!("{run}/index_720p_00001.ts")), ("video/mp2t", output::IMMUTABLE));
    assert_eq!(headers(&format!("{run}/thumbnails/frame.0000000.jpg")), ("image/jpeg", output::IMMUTABLE));
    let playlist = ("application/vnd.apple.mpegurl", output::BRIEF);
    assert_eq!(headers(&format!("{run}/index_720p.m3u8")), playlist);
    assert_eq!(headers("index.m3u8"), playlist);
    assert_eq!(headers("asset.json"), ("application/json", output::BRIEF));
}

#[tokio::test]
async fn segments_come_before_media_playlists_and_the_multivariant_playlist_comes_last() {
    let stack = Stack::with_encode("v1");
    stack.tell(complete("v1")).await.unwrap();
    let changes = stack.cloud.changes();
    let at = |wanted: &dyn Fn(&str) -> bool| {
        let found = changes.iter().enumerate().filter(|(_, call)| wanted(call)).map(|(at, _)| at);
        found.collect::<Vec<_>>()
    };
    let segments = at(&|call| call.starts_with("copy") && !call.ends_with(".m3u8"));
    let playlists = at(&|call| call.starts_with("copy") && call.ends_with(".m3u8"));
    let index = at(&|call| call.starts_with("put") && call.ends_with("/index.m3u8"));
    let described = at(&|call| call.ends_with("/asset.json"));
    let told = at(&|call| call == "event Video Published");
    let cleaned = at(&|call| call.starts_with("delete work/"));
    assert_eq!((segments.len(), playlists.len(), index.len(), described.len(), told.len()), (8, 3, 1, 1, 1));
    for (earlier, later) in [
        (&segments, &playlists),
        (&playlists, &index),
        (&index, &described),
        (&described, &told),
        (&told, &cleaned),
    ] {
        assert!(earlier.last() < later.first(), "{changes:#?}");
    }
    assert_eq!(cleaned.last(), Some(&(changes.len() - 1)), "the work copy is deleted last");
}

#[tokio::test]
async fn a_duplicate_event_changes_nothing() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    let outcome = stack.tell(complete("v1")).await.unwrap();
    assert_eq!(outcome["outcome"], "alreadyPublished");
    assert_eq!(stack.cloud.changes(), Vec::<String>::new());
    // This also holds after the source has changed and its encode is running.
    stack.upload("v2");
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "alreadyPublished");
    assert_eq!(stack.play().len(), 6);
}

#[tokio::test]
async fn an_incomplete_set_makes_nothing_visible() {
    for (gone, empty) in [
        ("index_360p_00002.ts", false),
        ("index_360p_00002.ts", true),
        ("index_audio.m3u8", false),
        ("index.m3u8", false),
    ] {
        let stack = Stack::with_encode("v1");
        let path = format!("work/{}{gone}", work::prefix(ASSET, &run("v1")));
        stack.cloud.state().objects.remove(&path);
        if empty {
            stack.cloud.put(&path, "");
        }
        let error = stack.tell(complete("v1")).await.unwrap_err();
        let expected =
            format!("the encode is incomplete: 1 of its files missing or empty, among them {gone}");
        assert_eq!(error, expected);
        assert_eq!(stack.cloud.changes(), Vec::<String>::new(), "{gone}");
    }
}

#[tokio::test]
async fn a_replaced_asset_loses_its_old_run_everywhere() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    stack.upload("v2");
    stack.encode("v2", REVISION);
    stack.publish("v2").await;

    assert!(stack.play().iter().all(|segment| segment.ends_with("of v2")));
    assert_eq!(stack.cloud.under(&format!("output/assets/{ASSET}/{}/", run("v1"))), Vec::<String>::new());
    let invalidated = vec![
        format!("/assets/{ASSET}/index.m3u8"),
        format!("/assets/{ASSET}/asset.json"),
        format!("/assets/{ASSET}/{}/*", run("v1")),
    ];
    assert_eq!(stack.cloud.state().invalidations, [invalidated]);
    assert_eq!(stack.description().published.unwrap().replaced, None, "nothing is left to remove");
}

#[tokio::test]
async fn an_older_version_never_replaces_a_newer_one() {
    let stack = Stack::with_encode("v1");
    stack.upload("v2");
    stack.encode("v2", REVISION);
    stack.publish("v2").await;
    let outcome = stack.tell(complete("v1")).await.unwrap();
    let reason = "version v2 of the source is the current one";
    assert_eq!(outcome, json!({"outcome": "superseded", "reason": reason}));
    assert!(stack.play().iter().all(|segment| segment.ends_with("of v2")));
    assert_eq!(stack.cloud.under("work/"), Vec::<String>::new());
}

#[tokio::test]
async fn a_version_uploaded_during_the_copies_wins() {
    let stack = Stack::with_encode("v1");
    stack.cloud.meanwhile("copy", |state| {
        state.versions.insert(format!("source/{KEY}"), "v2".into());
    });
    let outcome = stack.tell(complete("v1")).await.unwrap();
    assert_eq!(outcome["outcome"], "superseded");
    assert_eq!(stack.cloud.under("output/"), Vec::<String>::new(), "the copies are removed");
}

#[tokio::test]
async fn a_deleted_source_is_not_published() {
    let stack = Stack::with_encode("v1");
    stack.cloud.state().versions.clear();
    let outcome = stack.tell(complete("v1")).await.unwrap();
    assert_eq!(outcome, json!({"outcome": "superseded", "reason": "the source was deleted"}));
    assert_eq!(stack.cloud.under("output/"), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_version_through_a_newer_template_replaces_and_is_not_replaced() {
    let stack = Stack::with_encode("v1");
    stack.encode("v1", REVISION + 60);
    let newer = event(COMPLETE, "v1", REVISION + 60);
    assert_eq!(stack.tell(newer).await.unwrap()["outcome"], "published");
    let outcome = stack.tell(complete("v1")).await.unwrap();
    assert_eq!(outcome["reason"], "the same version is published with a newer template");
    assert_eq!(stack.description().published.unwrap().revision, REVISION + 60);
}

/// Fails each changing call in turn, once, as a crash would. The retried event must lead to the same result.
#[tokio::test]
async fn after_a_failure_at_any_point_the_retry_completes() {
    let reference = Stack::with_encode("v1");
    reference.publish("v1").await;
    reference.upload("v2");
    reference.encode("v2", REVISION);
    reference.tell(complete("v2")).await.unwrap();
    let calls = reference.cloud.changes();
    // Among calls of one kind, test only the first and the last.
    let kind = |call: &String| {
        call.rsplit_once(['.', '-']).map_or(call.clone(), |(_, kind)| kind.to_owned() + &call[..4])
    };
    let kinds: Vec<String> = calls.iter().map(kind).collect();
    let edge = |at: &usize| *at == 0 || kinds[*at] != kinds[at - 1] || kinds.get(at + 1) != Some(&kinds[*at]);
    let calls: Vec<&String> = (0..calls.len()).filter(edge).map(|at| &calls[at]).collect();
    assert!(calls.len() > 12, "{calls:#?}");

    for call in calls {
        let stack = Stack::with_encode("v1");
        stack.publish("v1").await;
        stack.upload("v2");
        stack.encode("v2", REVISION);
        stack.cloud.state().fail = Some((call.clone(), 403, "AccessDenied"));
        let error = stack.tell(complete("v2")).await.unwrap_err();
        assert!(error.contains("AccessDenied"), "{call}: {error}");
        assert_eq!(stack.play().len(), 6, "after {call} failed");

        let outcome = stack.tell(complete("v2")).await.unwrap();
        assert!(outcome["run"] == run("v2"), "after {call} failed: {outcome}");
        assert!(stack.play().iter().all(|segment| segment.ends_with("of v2")), "{call}");
        assert_eq!(stack.cloud.under("work/"), Vec::<String>::new(), "{call}");
        let described = |stack: &Stack| {
            let mut description = stack.description();
            description.published.as_mut().unwrap().published.clear();
            description
        };
        assert_eq!(described(&stack), described(&reference), "{call}");
        let (state, expected) = (stack.cloud.state(), reference.cloud.state());
        let keys = |state: &cloud::State| state.objects.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&state), keys(&expected), "{call}");
        assert_eq!(state.tags, expected.tags, "{call}");
        let told = |state: &cloud::State| {
            state
                .events
                .iter()
                .map(|(kind, detail)| (kind.clone(), detail["version"].to_string()))
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(told(&state), told(&expected), "told at least once: {call}");
        assert_eq!(state.invalidations.last(), expected.invalidations.last(), "{call}");
    }
}

#[tokio::test]
async fn a_half_deleted_work_copy_does_not_unpublish() {
    let stack = Stack::with_encode("v1");
    stack.cloud.state().fail = Some((format!("delete work/{ASSET}"), 403, "AccessDenied"));
    stack.tell(complete("v1")).await.unwrap_err();
    let index = format!("work/{}", work::multivariant(ASSET, &run("v1")));
    stack.cloud.state().objects.remove(&index);
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "alreadyPublished");
    assert_eq!(stack.play().len(), 6);
    assert_eq!(stack.cloud.under("work/"), Vec::<String>::new());
}

#[tokio::test]
async fn a_lost_race_is_looked_at_again_at_once() {
    let stack = Stack::with_encode("v1");
    let index = format!("put output/{}", output::playlist(ASSET));
    stack.cloud.state().fail = Some((index, 412, "PreconditionFailed"));
    assert_eq!(stack.tell(complete("v1")).await.unwrap()["outcome"], "published");
    let copies =
        stack.cloud.changes().iter().filter(|call| call.starts_with("copy") && call.ends_with(".ts")).count();
    assert_eq!(copies, 6, "what was copied is not copied again");
}

#[tokio::test]
async fn a_failure_because_of_the_file_is_described_and_told_and_wakes_nobody() {
    for (fixture, state) in [(ERROR, State::Error), (CANCELED, State::Canceled)] {
        let stack = Stack::with_encode("v1");
        let record = format!("work/{}", work::record(ASSET, &run("v1")));
        stack.cloud.put(&record, "{}");
        let outcome = stack.tell(event(fixture, "v1", REVISION)).await.unwrap();
        assert_eq!(outcome["outcome"], "failed");
        let description = stack.description();
        assert_eq!((description.state, &description.published), (state, &None));
        let failure = description.failure.unwrap();
        assert_eq!((failure.state, failure.version.as_str()), (state, "v1"));
        assert!(!failure.message.contains("s3://"), "{}", failure.message);
        assert_eq!(stack.cloud.under("work/"), Vec::<String>::new(), "the record too: it may be tried again");
        assert_eq!(stack.told(), ["Video Failed v1"]);
        let (_, told) = stack.cloud.state().events[0].clone();
        assert_eq!(told["reason"], failure.message);
        assert_eq!(told["state"], json!(state));
        assert_eq!(stack.cloud.state().notices, []);
    }
}

#[tokio::test]
async fn an_error_keeps_what_was_published_before() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    let before = stack.description();
    stack.upload("v2");
    let mut failed = event(ERROR, "v2", REVISION);
    failed["detail"]["timestamp"] = json!(4_000_000_000_000_i64);
    stack.tell(failed).await.unwrap();
    let after = stack.description();
    assert_eq!((after.state, &after.published), (State::Published, &before.published));
    assert_eq!(after.failure.unwrap().message, asset::of_the_file(1040).unwrap());
    assert_eq!(stack.play().len(), 6);

    // The next success clears the failure.
    stack.upload("v3");
    stack.encode("v3", REVISION);
    stack.publish("v3").await;
    assert_eq!(stack.description().failure, None);
}

#[tokio::test]
async fn a_late_error_of_an_older_version_is_not_recorded() {
    let stack = Stack::with_encode("v1");
    stack.upload("v2");
    stack.encode("v2", REVISION);
    stack.publish("v2").await;
    let outcome = stack.tell(event(ERROR, "v1", REVISION)).await.unwrap();
    assert_eq!(outcome["outcome"], "superseded");
    assert_eq!(stack.description().failure, None);
}

#[tokio::test(start_paused = true)]
async fn a_full_invalidation_queue_is_waited_for() {
    let stack = Stack::with_encode("v1");
    stack.publish("v1").await;
    stack.upload("v2");
    stack.encode("v2", REVISION);
    stack.cloud.state().fail = Some(("invalidate".into(), 400, "TooManyInvalidationsInProgress"));
    stack.publish("v2").await;
    assert_eq!(stack.cloud.state().invalidations.len(), 1);
}

#[tokio::test]
async fn jobs_of_others_are_left_alone() {
    let stack = Stack::with_encode("v1");
    let mut other = complete("v1");
    other["detail"]["userMetadata"] = json!({});
    assert_eq!(stack.tell(other).await.unwrap(), json!({"outcome": "ignored"}));
    assert_eq!(stack.cloud.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn thousands_of_objects_are_published_in_one_invocation() {
    let stack = Stack::with_encode("v1");
    let prefix = format!("work/{}", work::prefix(ASSET, &run("v1")));
    let names: Vec<String> = (0..1_200).map(|number| format!("index_720p_{number:05}.ts")).collect();
    let entries: String = names.iter().map(|name| format!("#EXTINF:6.0,\n{name}\n")).collect();
    let playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n{entries}#EXT-X-ENDLIST\n");
    stack.cloud.put(&format!("{prefix}index_720p.m3u8"), &playlist);
    names.iter().for_each(|name| stack.cloud.put(&format!("{prefix}{name}"), name));
    stack.publish("v1").await;
    assert_eq!(stack.play().len(), 1_204);
    assert_eq!(stack.cloud.under("work/"), Vec::<String>::new());
}
