//! What a description says of a clip, and a stack that says nothing.

use axum::Router;
use axum::http::{Method, StatusCode};
use miette::Diagnostic as _;

use super::*;

fn described(published: Option<&str>, failed: Option<&str>) -> Description {
    let publication = published.map(|version| {
        serde_json::json!({
            "playlist": "index.m3u8", "version": version, "run": "r", "revision": 1, "job": "j", "renditions": [],
            "completed": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
        })
    });
    let failure = failed.map(|version| {
        serde_json::json!({
            "state": "error", "version": version, "job": "j", "message": "no video", "failed": "2026-01-01T00:00:00Z",
        })
    });
    let text = serde_json::json!({
        "asset": "a", "state": "published", "key": "k.mp4", "published": publication, "failure": failure,
    });
    serde_json::from_value(text).unwrap()
}

/// A stack that takes uploads and publishes nothing, as if submit crashed. Returns how the check ended, and what it said.
async fn silent(again: Option<Duration>) -> (Error, Vec<String>) {
    let stack = Router::new().fallback(|method: Method| async move {
        let missing = "<Error><Code>NoSuchKey</Code></Error>";
        if method == Method::PUT { (StatusCode::OK, "") } else { (StatusCode::NOT_FOUND, missing) }
    });
    let regions = crate::aws::fake_aws::regions(stack).await;
    let stage = Stage {
        cx: regions.home(),
        source: "source",
        output: "output",
        viewer: "http://127.0.0.1:9",
        cookie: None,
        player: "https://player.example",
        logs: "the log groups of the handlers",
    };
    let clip = tempfile::Builder::new().suffix(".mp4").tempfile().unwrap();
    std::fs::write(clip.path(), "no video, but somebody's").unwrap();
    let clip = Clip::given(clip.path()).unwrap();
    let mut said = Vec::new();
    let short = Duration::from_millis(1);
    let waits = Waits { quiet: short, again, longest: short };
    let ended = publish(&stage, &clip, ("a.mp4", "a-1"), waits, &mut |text| said.push(text.to_owned())).await;
    (ended.unwrap_err(), said)
}

#[tokio::test]
async fn a_stack_that_publishes_nothing_is_told_with_the_place_to_look() {
    let (error, said) = silent(None).await;
    insta::assert_snapshot!(said.join("\n"), @r"
    uploading a.mp4
    waiting until it is encoded and published
    it is not published yet; if this takes long, see the log groups of the handlers
    ");
    insta::assert_snapshot!(format!("{error}\n{}", error.help().unwrap()), @r"
    the clip was not published within 0 minutes, and the stack does not say why
    submit or publish may have failed: see the log groups of the handlers; then run the command again
    ");
    let (_, said) = silent(Some(Duration::from_millis(2))).await;
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[3].contains("uploading it again"), "{said:?}");
    let again = |test, pace| Waits::new(test, pace).again.map(|again| again.as_secs());
    let clouds = [Some(1), Some(5), Some(1000), None].map(|pace| again(true, pace));
    assert_eq!(clouds, [Some(600), Some(120), Some(60), None]);
    assert_eq!(again(false, Some(1)), None);
}

#[test]
fn only_what_is_said_of_this_version_counts() {
    assert!(matches!(verdict(None, "2"), Poll::Pending(_)));
    assert!(matches!(verdict(Some(&described(Some("1"), Some("1"))), "2"), Poll::Pending(_)));
    assert_eq!(verdict(Some(&described(Some("2"), Some("1"))), "2"), Poll::Done(Verdict::Published));
    let failed = Verdict::Failed("job j failed: no video".to_owned());
    assert_eq!(verdict(Some(&described(Some("1"), Some("2"))), "2"), Poll::Done(failed));
}

#[test]
fn a_failure_says_whose_fault_it_is() {
    let told = |members: serde_json::Value| {
        let mut described = serde_json::to_value(described(None, Some("2"))).unwrap();
        described["failure"].as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        match verdict(Some(&serde_json::from_value(described).unwrap()), "2") {
            Poll::Done(verdict) => verdict,
            Poll::Pending(why) => panic!("{why}"),
        }
    };
    let file = Verdict::BadFile("job j failed: no video".to_owned());
    assert_eq!(told(serde_json::json!({ "code": 1010 })), file);
    let service = Verdict::Failed("job j failed: no video".to_owned());
    assert_eq!(
        told(serde_json::json!({ "code": 1404 })),
        service,
        "the bucket for outputs is not the file's fault"
    );
    let canceled = serde_json::json!({ "state": "canceled", "code": 1010 });
    assert_eq!(told(canceled), Verdict::Failed("job j canceled: no video".to_owned()));
    let refused = serde_json::json!({ "state": "refused", "job": null, "message": "it is empty" });
    assert_eq!(told(refused), Verdict::Refused("it is empty".to_owned()));
    let file = Error::BadFile { why: "job j failed: no video".to_owned() };
    insta::assert_snapshot!(format!("{file}\n{}", file.help().unwrap()), @"
    the clip was not published, because of what is in the file: job j failed: no video
    play the file from beginning to end; if it is damaged, copy it again, or make a new one with `ffmpeg -i FILE new.mp4`; `provision verify` without a file checks the stack itself
    ");
}
