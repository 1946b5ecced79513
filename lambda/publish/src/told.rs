//! What the app is told about its videos. Pure. `docs/events.md` describes it.

use asset::event::VideoEvent;
use asset::{Failure, Publication, Removed, State, output};

use crate::event::Original;

/// Everything that is the same for each event about an original.
fn about(original: Original<'_>, state: State, version: &str, time: &str) -> VideoEvent {
    VideoEvent {
        state,
        asset: original.asset.to_owned(),
        bucket: original.bucket.to_owned(),
        key: original.key.to_owned(),
        version: version.to_owned(),
        playlist: None,
        duration: None,
        renditions: Vec::new(),
        reason: None,
        code: None,
        job: None,
        warnings: Vec::new(),
        time: time.to_owned(),
    }
}

fn playlist(asset: &str) -> String {
    format!("/{}", output::playlist(asset))
}

/// A version is what viewers see.
pub(crate) fn published(original: Original<'_>, publication: &Publication) -> VideoEvent {
    let Publication { version, job, duration, renditions, warnings, published, .. } = publication;
    VideoEvent {
        playlist: Some(playlist(original.asset)),
        duration: *duration,
        renditions: renditions.clone(),
        job: Some(job.clone()),
        warnings: warnings.clone(),
        ..about(original, State::Published, version, published)
    }
}

/// A version failed or was refused. `playable` tells if an earlier one is playable.
pub(crate) fn failed(original: Original<'_>, failure: &Failure, playable: bool) -> VideoEvent {
    let Failure { state, version, job, code, message, failed } = failure;
    VideoEvent {
        playlist: playable.then(|| playlist(original.asset)),
        reason: Some(message.clone()),
        code: *code,
        job: job.clone(),
        ..about(original, *state, version, failed)
    }
}

/// An asset was taken down. `playable` tells if a newer upload is playable by now.
pub(crate) fn removed(original: Original<'_>, removed: &Removed, playable: bool) -> VideoEvent {
    let reason = match removed.cause {
        asset::Cause::Deleted => "the original was deleted",
        asset::Cause::Requested => "it was taken down on request",
    };
    VideoEvent {
        playlist: playable.then(|| playlist(original.asset)),
        reason: Some(reason.to_owned()),
        ..about(original, State::Removed, &removed.version, &removed.removed)
    }
}

#[cfg(test)]
mod tests {
    use asset::{Cause, Rendition, Warning};
    use serde_json::{Value, json};

    use super::*;

    const PAGE: &str = include_str!("../../../docs/events.md");
    const SCHEMA: &str = include_str!("../../../docs/events.schema.json");
    const ORIGINAL: Original<'static> =
        Original { asset: "films-holiday-12f4bc2e79f8f0a1", bucket: "source", key: "films/holiday.mp4" };
    const VERSION: &str = "3HL4kqtJvjVBH40Nrjfkd";

    fn publication() -> Publication {
        let rendition = Rendition {
            uri: "84f650dfd5d5/index_720p.m3u8".into(),
            bandwidth: 3_514_800,
            average_bandwidth: Some(2_913_306),
            width: Some(1280),
            height: Some(720),
            codecs: Some("avc1.64001f,mp4a.40.2".into()),
            frame_rate: Some(29.97),
        };
        Publication {
            playlist: "index.m3u8".into(),
            version: VERSION.into(),
            run: "84f650dfd5d5".into(),
            revision: 1_700_000_000,
            job: "1671476818694-phptj0".into(),
            duration: Some(30.041),
            renditions: vec![rendition],
            audio: Vec::new(),
            stills: None,
            thumbnails: Vec::new(),
            warnings: vec![Warning { code: 230_005, count: 1 }],
            completed: "2022-12-19T19:07:12.124Z".into(),
            published: "2022-12-19T19:07:20Z".into(),
            replaced: None,
        }
    }

    fn failure(state: State, code: Option<i64>, message: &str, failed: &str) -> Failure {
        let job = code.map(|_| "1671476818694-phptj0".to_owned());
        Failure { state, version: VERSION.into(), job, code, message: message.into(), failed: failed.into() }
    }

    /// One event of each detail type, as the page shows them.
    fn examples() -> [VideoEvent; 4] {
        let unreadable = asset::of_the_file(1010).unwrap();
        let removed = Removed {
            version: VERSION.into(),
            cause: Cause::Deleted,
            removed: "2022-12-19T20:00:01Z".into(),
            deleting: Some(Vec::new()),
        };
        [
            super::published(ORIGINAL, &publication()),
            failed(
                ORIGINAL,
                &failure(State::Error, Some(1010), unreadable, "2022-12-19T19:07:12.124Z"),
                true,
            ),
            failed(
                ORIGINAL,
                &failure(State::Refused, None, "the object is empty", "2022-12-19T19:07:00Z"),
                false,
            ),
            super::removed(ORIGINAL, &removed, false),
        ]
    }

    #[test]
    fn the_page_shows_what_is_sent() {
        for (video, detail_type) in examples().into_iter().zip(asset::event::VIDEO_EVENTS) {
            assert_eq!(video.detail_type(), detail_type);
            let example = serde_json::to_string_pretty(&video).unwrap();
            assert!(
                PAGE.contains(&format!("```json\n{example}\n```")),
                "docs/events.md should show\n{example}"
            );
            assert!(PAGE.contains(&format!("| `{detail_type}` |")), "{detail_type}");
        }
    }

    /// Holds a value to the words of JSON Schema that the published schema uses.
    fn check(schema: &Value, value: &Value, at: &str) {
        if let Some(allowed) = schema["enum"].as_array() {
            assert!(allowed.contains(value), "{at}: {value}");
        }
        match schema["type"].as_str() {
            Some("string") => assert!(value.is_string(), "{at}: {value}"),
            Some("integer") => assert!(value.is_i64() || value.is_u64(), "{at}: {value}"),
            Some("number") => assert!(value.is_number(), "{at}: {value}"),
            Some("array") => {
                let items = value.as_array().unwrap_or_else(|| panic!("{at}: {value}"));
                items.iter().for_each(|item| check(&schema["items"], item, at));
            }
            Some("object") => {
                let members = value.as_object().unwrap_or_else(|| panic!("{at}: {value}"));
                for required in schema["required"].as_array().into_iter().flatten() {
                    assert!(members.contains_key(required.as_str().unwrap()), "{at} lacks {required}");
                }
                for (name, member) in members {
                    let schema = &schema["properties"][name];
                    assert!(schema.is_object(), "the schema does not know {at}.{name}");
                    check(schema, member, &format!("{at}.{name}"));
                }
            }
            _ => assert!(schema["enum"].is_array(), "{at} has no type"),
        }
    }

    #[test]
    fn every_event_follows_the_published_schema_and_the_schema_says_no_more() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let events = examples().map(|video| json!(video));
        events.iter().for_each(|event| check(&schema, event, "detail"));
        let names: std::collections::BTreeSet<&String> =
            events.iter().flat_map(|event| event.as_object().unwrap().keys()).collect();
        assert!(schema["properties"].as_object().unwrap().keys().all(|name| names.contains(name)));
        let always = |name: &&&String| events.iter().all(|event| event.get(name.as_str()).is_some());
        let mut required: Vec<Value> = names.iter().filter(always).map(|name| json!(name)).collect();
        required.sort_by_key(ToString::to_string);
        let mut said = schema["required"].as_array().unwrap().clone();
        said.sort_by_key(ToString::to_string);
        assert_eq!(said, required);
        let states = [State::Published, State::Error, State::Canceled, State::Refused, State::Removed];
        assert_eq!(schema["properties"]["state"]["enum"], json!(states));
    }
}
