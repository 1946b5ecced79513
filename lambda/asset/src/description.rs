//! `asset.json`: the file that an app reads to list and play an asset.
//!
//! It is served to viewers, so it names no bucket and no account. Addresses in it are relative to the file.

use serde::{Deserialize, Serialize};

use crate::Stills;

/// The contents of `asset.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// The asset id.
    pub asset: String,
    /// Whether there is something to play, and if not, the reason.
    pub state: State,
    /// The source key.
    pub key: String,
    /// The playable publication. It stays when a later upload fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Publication>,
    /// The last attempt, if it failed or was refused after the last publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The last time that the asset was taken down. It stays when the key is published again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removed>,
}

/// Whether an asset can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It can be played.
    Published,
    /// Nothing was ever published, and the last job failed.
    Error,
    /// Nothing was ever published, and the last job was canceled.
    Canceled,
    /// Nothing was ever published, and the last upload was refused: no job was started for it.
    Refused,
    /// It was taken down.
    Removed,
}

/// One published run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Publication {
    /// The multivariant playlist.
    pub playlist: String,
    /// The source version.
    pub version: String,
    /// The run whose objects these are.
    pub run: String,
    /// The job template's time of last update, in epoch seconds.
    pub revision: i64,
    /// The MediaConvert job id.
    pub job: String,
    /// Length in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The video renditions, in the playlist's order.
    pub renditions: Vec<Rendition>,
    /// The audio renditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audio: Vec<Audio>,
    /// The thumbnails, if they are numbered as MediaConvert numbers them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stills: Option<Stills>,
    /// The thumbnails one by one, in order of time, if they are not numbered. So were all that earlier versions published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thumbnails: Vec<String>,
    /// MediaConvert's warnings about the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// When the encode completed (RFC 3339).
    pub completed: String,
    /// When the asset became visible (RFC 3339).
    pub published: String,
    /// The runs that this one replaced, until their objects are deleted and invalidated; absent from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Vec<String>>,
}

/// One video rendition, as the multivariant playlist declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rendition {
    /// Its media playlist.
    pub uri: String,
    /// Peak bits a second.
    pub bandwidth: u64,
    /// Average bits a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_bandwidth: Option<u64>,
    /// Width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u64>,
    /// Height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// RFC 6381 codecs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codecs: Option<String>,
    /// Frames a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<f64>,
}

/// One audio rendition, as the multivariant playlist declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Audio {
    /// Its media playlist.
    pub uri: String,
    /// The rendition group.
    pub group: String,
    /// The name players show.
    pub name: String,
    /// RFC 5646 language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// What MediaConvert says about a job that completed.
///
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/warning_codes.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// MediaConvert's warning code.
    pub code: i64,
    /// How many times it was given.
    pub count: i64,
}

/// Why an attempt did not become visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// [`State::Error`], [`State::Canceled`] or [`State::Refused`].
    pub state: State,
    /// The source version.
    pub version: String,
    /// The MediaConvert job id, if there was a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// MediaConvert's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// The reason in words that an app can show, without bucket names.
    pub message: String,
    /// When the job ended, or when the upload was refused (RFC 3339).
    pub failed: String,
}

/// An asset was taken down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// The source version that was published, or that failed.
    pub version: String,
    /// Why it was taken down.
    pub cause: Cause,
    /// When (RFC 3339).
    pub removed: String,
    /// The runs that are taken down, until their objects are deleted and invalidated and the app is told; absent from then
    /// on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleting: Option<Vec<String>>,
}

/// Why an asset was taken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The original was deleted.
    Deleted,
    /// Somebody asked for it. This version is never published again.
    Requested,
}
