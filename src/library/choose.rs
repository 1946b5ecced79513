//! Chooses the videos of the source bucket for the manifest, by what `asset.json` says about their current version.

use std::fs::File;

use asset::{Cause, Description, output};
use aws_sdk_s3::primitives::ByteStream;
use futures::{StreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tempfile::NamedTempFile;

use super::listing::{Assets, Marker, SourceVersion};
use super::{Error, Library};
use crate::aws::{self, SdkResult, unhurried};
use crate::stack::library::MANIFESTS;

/// How many objects are checked in parallel.
const AT_ONCE: usize = 64;

/// Manifests contain percent-encoded keys. A slash need not be encoded.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Which videos to encode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those that are neither published nor failed.
    New,
    /// Those whose encode failed.
    Failed,
    /// All.
    All,
}

impl Wanted {
    fn includes(self, standing: Standing) -> bool {
        match self {
            Self::New => standing == Standing::New,
            Self::Failed => standing == Standing::Failed,
            Self::All => true,
        }
    }
}

/// The status of a video's current version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing yet.
    New,
    /// It plays.
    Published,
    /// It failed or was refused, or its encode was cancelled.
    Failed,
    /// Another key has its asset, so publish refuses it.
    Taken,
    /// It was taken down on request, so publish refuses it.
    Removed,
}

impl Standing {
    fn of(key: &str, version: &str, description: &Description) -> Self {
        if description.key != key {
            return Self::Taken;
        }
        let removed = description.removed.as_ref().filter(|removed| removed.cause == Cause::Requested);
        if removed.is_some_and(|removed| removed.version == version) {
            return Self::Removed;
        }
        let published = description.published.as_ref().map(|published| published.version.as_str());
        let failed = description.failure.as_ref().map(|failure| failure.version.as_str());
        match (published == Some(version), failed == Some(version)) {
            (true, _) => Self::Published,
            (false, true) => Self::Failed,
            (false, false) => Self::New,
        }
    }
}

/// The counts of what was found, and the manifest of the chosen videos.
pub struct Choice {
    /// The rows of the manifest: bucket and key.
    pub(super) manifest: NamedTempFile,
    /// Which videos were wanted.
    pub(super) wanted: Wanted,
    /// How many were found.
    pub counts: Counts,
}

/// Counts of what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many videos were chosen.
    pub videos: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// How many unpublished videos were left out.
    pub new: u64,
    /// How many videos with a published current version were left out.
    pub published: u64,
    /// How many videos with a failed encode were left out.
    pub failed: u64,
    /// How many videos were left out because another key has their asset.
    pub taken: u64,
    /// How many videos were left out because they were taken down on request.
    pub removed: u64,
    /// How many objects are empty, or not videos by their names.
    pub others: u64,
}

/// A video and its status.
struct Candidate {
    key: String,
    bytes: u64,
    standing: Standing,
}

impl Choice {
    fn add(&mut self, rows: &mut csv::Writer<File>, bucket: &str, video: &Candidate) -> csv::Result<()> {
        if self.wanted.includes(video.standing) {
            self.counts.videos += 1;
            self.counts.bytes += video.bytes;
            return rows.write_record([bucket, &utf8_percent_encode(&video.key, KEY).to_string()]);
        }
        match video.standing {
            Standing::New => self.counts.new += 1,
            Standing::Published => self.counts.published += 1,
            Standing::Failed => self.counts.failed += 1,
            Standing::Taken => self.counts.taken += 1,
            Standing::Removed => self.counts.removed += 1,
        }
        Ok(())
    }
}

impl Library {
    /// Checks every object under `prefix` and writes the manifest of the wanted videos. The manifest names no versions:
    /// submit takes the version that is current when it is called.
    ///
    /// # Errors
    /// When the stack does not exist, when a read fails, or when the manifest file cannot be written.
    pub async fn choose(&self, prefix: &str, wanted: Wanted) -> Result<Choice, Error> {
        let wrote = "could not write the manifest";
        let manifest = NamedTempFile::new().map_err(Error::files(wrote))?;
        let mut rows = csv::Writer::from_writer(manifest.reopen().map_err(Error::files(wrote))?);
        let mut choice = Choice { manifest, wanted, counts: Counts::default() };
        let assets = if wanted == Wanted::All { Assets::default() } else { self.assets(prefix).await? };
        let mut next = Some(Marker::default());
        while let Some(at) = next.take() {
            let (page, following) = self.sources(prefix, at).await?;
            next = following;
            let looks = stream::iter(page).map(|source| self.look_at(source, &assets, wanted));
            let mut looks = looks.buffered(AT_ONCE);
            while let Some(video) = looks.next().await {
                match video? {
                    Some(video) => {
                        choice.add(&mut rows, &self.source, &video).map_err(Error::csv(wrote))?;
                    }
                    None => choice.counts.others += 1,
                }
            }
        }
        rows.flush().map_err(Error::files(wrote))?;
        Ok(choice)
    }

    /// The status of an object, read only if `wanted` needs it and it may be published. `None` if it is not a video.
    async fn look_at(
        &self,
        SourceVersion { key, bytes, version }: SourceVersion,
        assets: &Assets,
        wanted: Wanted,
    ) -> aws::Result<Option<Candidate>> {
        if !asset::is_video(&key) || bytes == 0 {
            return Ok(None);
        }
        let id = asset::id(&self.source, &key);
        let known = wanted != Wanted::All && assets.may_have(&id);
        let description = if known { self.description(&id).await? } else { None };
        let standing =
            description.map_or(Standing::New, |description| Standing::of(&key, &version, &description));
        Ok(Some(Candidate { key, bytes, standing }))
    }

    /// The `asset.json` of an asset. An unreadable one counts as missing: an encode replaces it.
    async fn description(&self, id: &str) -> aws::Result<Option<Description>> {
        let text = aws::contents(&self.cx, &self.output, &output::description(id)).await?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// Puts the manifest where the jobs' role may read it, and returns its key and ETag.
    pub(super) async fn keep(&self, choice: &Choice) -> Result<(String, String), Error> {
        let key = format!("{MANIFESTS}{}.csv", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ"));
        let body = ByteStream::from_path(choice.manifest.path()).await;
        let body = body.map_err(|error| Error::Files {
            what: "could not read the manifest again",
            why: error.to_string(),
        })?;
        let put = self.cx.s3().put_object().bucket(&self.work).key(&key).content_type("text/csv").body(body);
        let put = put.expected_bucket_owner(&self.cx.scope.account).customize();
        let put = put.config_override(unhurried()).send().await.named("s3:PutObject")?;
        Ok((key, put.e_tag.unwrap_or_default().trim_matches('"').to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::State;
    use axum::http::{StatusCode, Uri};
    use axum::response::{IntoResponse, Response};
    use serde_json::json;

    use super::*;
    use crate::aws::fake_aws;

    const NEW: usize = 1_500;
    const PUBLISHED: usize = 300;

    fn published(version: &str) -> serde_json::Value {
        json!({
            "playlist": "index.m3u8", "version": version, "run": "r", "revision": 1, "job": "j", "renditions": [],
            "completed": "", "published": "",
        })
    }

    /// A page of the source bucket: 1,000 objects, each with a former version. The first of them are published.
    fn sources(query: &str) -> String {
        let first = query.split("key-marker=").nth(1).map_or(0, |_| 1_000);
        let last = (first + 1_000).min(NEW + PUBLISHED);
        let version = |number, id, is_latest| {
            format!(
                "<Version><Key>films%2F{number}.mp4</Key><VersionId>{id}</VersionId><IsLatest>{is_latest}</IsLatest>\
                 <ETag>e</ETag><Size>7</Size></Version>"
            )
        };
        let versions: String = (first..last)
            .flat_map(|number| [version(number, "v2", true), version(number, "v1", false)])
            .collect();
        let more = last < NEW + PUBLISHED;
        format!(
            "<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>\
             <NextKeyMarker>films%2F{last}.mp4</NextKeyMarker>{versions}</ListVersionsResult>"
        )
    }

    fn assets() -> String {
        let folder = |number| {
            let id = asset::id("source", &format!("films/{number}.mp4"));
            format!("<CommonPrefixes><Prefix>assets/{id}/</Prefix></CommonPrefixes>")
        };
        let folders: String = (0..PUBLISHED).map(folder).collect();
        format!("<ListBucketResult><IsTruncated>false</IsTruncated>{folders}</ListBucketResult>")
    }

    async fn buckets(State(asked): State<Arc<Mutex<Vec<String>>>>, uri: Uri) -> Response {
        let query = uri.query().unwrap_or_default();
        asked.lock().unwrap().push(uri.to_string());
        match uri.path() {
            "/source" | "/source/" if query.contains("versions") => sources(query).into_response(),
            "/output" | "/output/" if query.contains("prefix=assets%2Ffilms") => assets().into_response(),
            path => {
                let number = (0..PUBLISHED)
                    .find(|number| path.contains(&asset::id("source", &format!("films/{number}.mp4"))));
                let Some(number) = number else { return StatusCode::NOT_FOUND.into_response() };
                let key = format!("films/{number}.mp4");
                json!({ "asset": "a", "state": "published", "key": key, "published": published("v2") })
                    .to_string()
                    .into_response()
            }
        }
    }

    #[tokio::test]
    async fn a_library_costs_a_call_for_each_published_video_and_a_page_for_a_thousand_others() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers = Router::new().fallback(buckets).with_state(Arc::clone(&asked));
        let library = Library {
            cx: fake_aws::regions(answers).await.home(),
            source: "source".into(),
            work: "work".into(),
            output: "output".into(),
            submit: "submit".into(),
            role: "role".into(),
        };
        let choice = library.choose("films/", Wanted::New).await.unwrap();
        let (videos, published) = (choice.counts.videos, choice.counts.published);
        assert_eq!((videos, published, choice.counts.bytes), (1_500, 300, 10_500));
        let asked = std::mem::take(&mut *asked.lock().unwrap());
        assert_eq!(asked.len(), PUBLISHED + 3, "{:?}", &asked[..5]);
    }

    #[test]
    fn what_a_description_says_of_another_version_does_not_count() {
        let published = published("v1");
        let failure = json!({ "state": "error", "version": "v2", "job": "j", "message": "", "failed": "" });
        let description = json!({
            "asset": "a", "state": "published", "key": "a.mp4", "published": published, "failure": failure,
        });
        let description: Description = serde_json::from_value(description).unwrap();
        let standings = ["v1", "v2", "v3"].map(|version| Standing::of("a.mp4", version, &description));
        assert_eq!(standings, [Standing::Published, Standing::Failed, Standing::New]);
        for (cause, standing) in [("requested", Standing::Removed), ("deleted", Standing::New)] {
            let removed = json!({ "version": "v3", "cause": cause, "removed": "" });
            let removed = json!({ "asset": "a", "state": "removed", "key": "a.mp4", "removed": removed });
            let removed: Description = serde_json::from_value(removed).unwrap();
            assert_eq!(Standing::of("a.mp4", "v3", &removed), standing, "{cause}");
            assert_eq!(Standing::of("a.mp4", "v4", &removed), Standing::New, "{cause}: a later upload");
        }
        let other = Standing::of("b.mp4", "v1", &description);
        assert_eq!(other, Standing::Taken, "publish would refuse it again and again");
        assert!(!Wanted::New.includes(other) && !Wanted::Failed.includes(other));
    }

    #[test]
    fn keys_stand_percent_encoded_in_manifests() {
        let encoded = |key: &str| utf8_percent_encode(key, KEY).to_string();
        assert_eq!(encoded("films/a b+c,\"d\".mp4"), "films/a%20b%2Bc%2C%22d%22.mp4");
        assert_eq!(encoded("영상.mp4"), "%EC%98%81%EC%83%81.mp4");
    }
}
