//! What became of a key, in the words of an app's developer.

use asset::{Cause, Description, Failure, Publication, Rendition, State, Stills, output};
use serde::Serialize;

use super::{Assets, Found, LatestUpload};

/// What an app's developer wants to know of a key. All addresses are whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetStatus {
    /// The asset's id.
    pub asset: String,
    /// The source bucket.
    pub bucket: String,
    /// The source key.
    pub key: String,
    /// What became of it.
    pub state: AssetState,
    /// The folder of all that viewers get of the asset, with a slash at the end. It never changes.
    pub address: String,
    /// The playlist, if it plays.
    pub playlist: Option<String>,
    /// The source version that the state is about.
    pub version: Option<String>,
    /// When it became visible (RFC 3339).
    pub published: Option<String>,
    /// Length in seconds.
    pub duration: Option<f64>,
    /// The video renditions.
    pub renditions: Vec<Rendition>,
    /// The stills.
    pub stills: Option<Stills>,
    /// Why it does not play, or why a later upload was not published. Made for people.
    pub reason: Option<String>,
    /// The last attempt, if it failed.
    pub failure: Option<Failure>,
    /// An upload whose outcome is not known yet.
    pub latest: Option<LatestUpload>,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetState {
    /// It plays.
    Published,
    /// Nothing plays, and the last job failed.
    Error,
    /// Nothing plays, and the last job was canceled.
    Canceled,
    /// Nothing plays, and the last upload was refused: no job was started for it.
    Refused,
    /// It was taken down.
    Removed,
    /// A job encodes it.
    Encoding,
    /// It was uploaded, and no job was started yet.
    Waiting,
    /// Nothing was uploaded.
    Absent,
}

impl Assets {
    /// The same as [`look`](Self::look) in the words of an app's developer. `base` is the viewers' address, without a
    /// slash at the end.
    #[must_use]
    pub fn status(&self, base: &str, key: &str, found: Found) -> AssetStatus {
        status(base, &self.source, key, found)
    }
}

fn status(base: &str, bucket: &str, key: &str, found: Found) -> AssetStatus {
    let Found { asset, description, latest } = found;
    let state = state(description.as_ref(), latest.as_ref());
    let address = format!("{base}/{}", output::prefix(&asset));
    let removed = description.as_ref().and_then(|known| known.removed.clone());
    let removed = removed.filter(|_| state == AssetState::Removed);
    let (published, failure) = description.map_or((None, None), |known| (known.published, known.failure));
    // While an upload is under way, an earlier failure is no longer what the state is about, unless something plays.
    let about = failure.as_ref().filter(|_| latest.is_none() || state == AssetState::Published);
    let about = about.map(|it| (it.version.clone(), it.message.clone()));
    let about = removed.map(|it| (it.version, why_removed(it.cause).to_owned())).or(about);
    let (version, reason) = about.unzip();
    let uploaded = latest.as_ref().map(|latest| latest.version.clone());
    let status = AssetStatus {
        asset,
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        state,
        address,
        playlist: None,
        version: version.or(uploaded),
        published: None,
        duration: None,
        renditions: Vec::new(),
        stills: None,
        reason: reason.or_else(|| nothing_yet(state)),
        failure,
        latest,
    };
    match published {
        Some(published) => visible(status, published),
        None => status,
    }
}

/// The same with what is published. Addresses in `asset.json` are relative to it.
fn visible(status: AssetStatus, published: Publication) -> AssetStatus {
    let whole = |relative: String| format!("{}{relative}", status.address);
    let rendition = |one: Rendition| Rendition { uri: whole(one.uri), ..one };
    AssetStatus {
        playlist: Some(whole(published.playlist)),
        renditions: published.renditions.into_iter().map(rendition).collect(),
        stills: published.stills.map(|stills| Stills { pattern: whole(stills.pattern), ..stills }),
        version: Some(published.version),
        published: Some(published.published),
        duration: published.duration,
        ..status
    }
}

fn state(description: Option<&Description>, latest: Option<&LatestUpload>) -> AssetState {
    match (description.map(|known| known.state), latest) {
        (Some(State::Published), _) => AssetState::Published,
        (Some(State::Error), None) => AssetState::Error,
        (Some(State::Canceled), None) => AssetState::Canceled,
        (Some(State::Refused), None) => AssetState::Refused,
        (Some(State::Removed), None) => AssetState::Removed,
        (_, Some(LatestUpload { job: Some(_), .. })) => AssetState::Encoding,
        (_, Some(LatestUpload { job: None, .. })) => AssetState::Waiting,
        (None, None) => AssetState::Absent,
    }
}

/// Why there is no outcome.
fn nothing_yet(state: AssetState) -> Option<String> {
    let why = match state {
        AssetState::Absent => "nothing was uploaded under this key",
        AssetState::Waiting => "no job was started for this upload yet",
        _ => return None,
    };
    Some(why.to_owned())
}

const fn why_removed(cause: Cause) -> &'static str {
    match cause {
        Cause::Deleted => "its original was deleted",
        Cause::Requested => "it was taken down by hand",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const BASE: &str = "https://video.example.com";

    fn latest(job: Option<&str>) -> LatestUpload {
        LatestUpload {
            version: "v2".into(),
            uploaded: jiff::Timestamp::UNIX_EPOCH,
            job: job.map(str::to_owned),
        }
    }

    fn told(description: Option<Value>, latest: Option<LatestUpload>) -> Value {
        let description = description.map(|it| serde_json::from_value(it).unwrap());
        let found = Found { asset: "films-a-0123456789abcdef".into(), description, latest };
        serde_json::to_value(status(BASE, "uploads", "films/a.mp4", found)).unwrap()
    }

    fn described(state: &str, published: bool, failed: bool) -> Value {
        let publication = json!({
            "playlist": "index.m3u8", "version": "v1", "run": "r", "revision": 1, "job": "j1", "duration": 9.5,
            "renditions": [{ "uri": "r/index_1.m3u8", "bandwidth": 1_000_000 }],
            "stills": { "pattern": "r/thumbnails/frame.{number}.jpg", "digits": 7, "first": 0, "count": 5 },
            "completed": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:09Z",
        });
        let failure = json!({
            "state": "error", "version": "v0", "job": "j0", "code": 1040, "message": "it is no video",
            "failed": "2026-01-02T00:00:00Z",
        });
        let mut known = json!({ "asset": "films-a-0123456789abcdef", "state": state, "key": "films/a.mp4" });
        if published {
            known["published"] = publication;
        }
        if failed {
            known["failure"] = failure;
        }
        known
    }

    #[test]
    fn addresses_are_whole() {
        let told = told(Some(described("published", true, false)), None);
        let folder = format!("{BASE}/assets/films-a-0123456789abcdef/");
        assert_eq!(told["address"], folder);
        assert_eq!(told["playlist"], format!("{folder}index.m3u8"));
        assert_eq!(told["renditions"][0]["uri"], format!("{folder}r/index_1.m3u8"));
        assert_eq!(told["stills"]["pattern"], format!("{folder}r/thumbnails/frame.{{number}}.jpg"));
        assert_eq!((&told["version"], &told["duration"]), (&json!("v1"), &json!(9.5)));
        assert_eq!(
            (&told["reason"], &told["failure"], &told["latest"]),
            (&json!(null), &json!(null), &json!(null))
        );
    }

    #[test]
    fn the_state_is_that_of_the_newest_upload_unless_something_plays() {
        let states = |description: Option<Value>, latest: Option<LatestUpload>| {
            let told = told(description, latest);
            assert_eq!(told["playlist"].is_string(), told["state"] == "published", "{told}");
            [&told["state"], &told["version"], &told["reason"]]
                .map(|it| it.as_str().unwrap_or("-").to_owned())
        };
        let failed = || Some(described("error", false, true));
        let both = || Some(described("published", true, true));
        assert_eq!(states(None, None), ["absent", "-", "nothing was uploaded under this key"]);
        assert_eq!(
            states(None, Some(latest(None))),
            ["waiting", "v2", "no job was started for this upload yet"]
        );
        assert_eq!(states(None, Some(latest(Some("j2")))), ["encoding", "v2", "-"]);
        assert_eq!(states(failed(), None), ["error", "v0", "it is no video"]);
        let mut refused = described("refused", false, true);
        refused["failure"]["state"] = json!("refused");
        assert_eq!(states(Some(refused), None), ["refused", "v0", "it is no video"]);
        assert_eq!(states(both(), None), ["published", "v1", "it is no video"]);
        assert_eq!(states(both(), Some(latest(Some("j2")))), ["published", "v1", "it is no video"]);
    }

    #[test]
    fn what_was_taken_down_says_why() {
        let removed = |state: &str, cause: &str| {
            let mut known = described(state, state == "published", state != "published");
            known["removed"] = json!({ "version": "v3", "cause": cause, "removed": "2026-01-03T00:00:00Z" });
            Some(known)
        };
        let reason = |told: Value| [&told["state"], &told["version"], &told["reason"]].map(Value::clone);
        let by_hand = reason(told(removed("removed", "requested"), None));
        assert_eq!(by_hand, ["removed", "v3", "it was taken down by hand"].map(Value::from));
        let deleted = reason(told(removed("removed", "deleted"), None));
        assert_eq!(deleted, ["removed", "v3", "its original was deleted"].map(Value::from));
        let again = reason(told(removed("removed", "deleted"), Some(latest(Some("j2")))));
        assert_eq!(again, [json!("encoding"), json!("v2"), json!(null)], "it was uploaded again");
        let published = reason(told(removed("published", "deleted"), None));
        assert_eq!(published, [json!("published"), json!("v1"), json!(null)], "that was before");
    }

    #[test]
    fn an_upload_after_a_failure_is_what_counts() {
        let told = told(Some(described("error", false, true)), Some(latest(Some("j2"))));
        assert_eq!((&told["state"], &told["version"]), (&json!("encoding"), &json!("v2")));
        assert_eq!(told["reason"], json!(null), "the reason is that of an earlier upload");
        assert_eq!(told["failure"]["message"], "it is no video");
        assert_eq!(
            told["latest"],
            json!({ "version": "v2", "uploaded": "1970-01-01T00:00:00Z", "job": "j2" })
        );
    }
}
