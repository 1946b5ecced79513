//! The events that the handlers put on a bus: a refused upload, which publish writes down, and what became of a video,
//! for the app.
//!
//! `docs/events.md` and `docs/events.schema.json` describe [`VideoEvent`]. Each event is delivered at least once.

use serde::{Deserialize, Serialize};

use crate::{Rendition, State, Warning};

/// The detail type of submit's event that an upload was refused. Its detail is a [`Refusal`].
pub const UPLOAD_REFUSED: &str = "Upload Refused";

/// The detail type of the request to take an asset down. Its detail is a [`RemovalRequest`]. It comes from no bus: who
/// may invoke publish sends it.
pub const REMOVAL_REQUESTED: &str = "Removal Requested";

/// The source of a [`REMOVAL_REQUESTED`] payload.
pub const PROVISION: &str = "provision";

/// The detail types of the events for the app. Their detail is a [`VideoEvent`].
pub const VIDEO_EVENTS: [&str; 4] = ["Video Published", "Video Failed", "Video Refused", "Video Removed"];

/// The source of the events for the app.
#[must_use]
pub fn source(stack: &str) -> String {
    format!("{PROVISION}.{stack}")
}

/// The source of submit's events.
#[must_use]
pub fn submit_source(stack: &str) -> String {
    format!("{PROVISION}.{stack}.submit")
}

/// An upload that submit refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The asset id.
    pub asset: String,
    /// The source bucket.
    pub bucket: String,
    /// The source key.
    pub key: String,
    /// The source version, as [`version`](crate::version) has it.
    pub version: String,
    /// The reason, in words that an app can show.
    pub reason: String,
    /// True if the asset is that of another upload: its `asset.json` is not this upload's.
    #[serde(default)]
    pub taken: bool,
    /// When it was refused (RFC 3339).
    pub time: String,
}

/// A request to take an asset down although its original stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovalRequest {
    /// The source bucket.
    pub bucket: String,
    /// The source key.
    pub key: String,
}

/// What became of one version of a video, for the app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VideoEvent {
    /// What became of this version. An earlier version may be playable all the same: see `playlist`.
    pub state: State,
    /// The asset id.
    pub asset: String,
    /// The source bucket.
    pub bucket: String,
    /// The source key.
    pub key: String,
    /// The source version.
    pub version: String,
    /// The path of the multivariant playlist on the viewers' domain, if anything of the asset is playable now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playlist: Option<String>,
    /// Length in seconds, if it was published and is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The video renditions, if it was published. Their addresses are relative to `asset.json`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renditions: Vec<Rendition>,
    /// The reason, in words that an app can show, unless it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// MediaConvert's error code, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// The MediaConvert job id, if there was a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// MediaConvert's warnings about the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// When it happened (RFC 3339). A repeated event has the same time.
    pub time: String,
}

impl VideoEvent {
    /// The event's detail type.
    #[must_use]
    pub fn detail_type(&self) -> &'static str {
        let [published, failed, refused, removed] = VIDEO_EVENTS;
        match self.state {
            State::Published => published,
            State::Error | State::Canceled => failed,
            State::Refused => refused,
            State::Removed => removed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_of_the_stack() {
        assert_eq!(source("vod"), "provision.vod");
        assert_eq!(submit_source("vod"), "provision.vod.submit");
    }
}
