//! The public side of an asset: its multivariant playlist and its `asset.json`.
//!
//! The playlist decides what viewers see. `asset.json` describes it and may be out of date by one crash.

use asset::{Audio, Description, Failure, Publication, Removed, Rendition, State, Stills, output};
use handler::ApiError;

use crate::event::{End, Job, Original};
use crate::playlist::{self, Multivariant};
use crate::store::{Bucket, Precondition, Stored};

/// The public files of an asset now.
#[derive(Debug)]
pub struct Site {
    playlist: Option<Stored>,
    stored_description: Option<Stored>,
    description: Option<Description>,
}

impl Site {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// If S3 does not respond. An `asset.json` that cannot be parsed counts as absent and is replaced.
    pub async fn read(bucket: &Bucket, asset: &str) -> Result<Self, ApiError> {
        let (playlist, description) = (output::playlist(asset), output::description(asset));
        let (playlist, stored_description) =
            futures::try_join!(bucket.get(&playlist), bucket.get(&description))?;
        let description =
            stored_description.as_ref().and_then(|stored| serde_json::from_slice(&stored.body).ok());
        Ok(Self { playlist, stored_description, description })
    }

    /// The run that viewers see.
    #[must_use]
    pub fn live_run(&self) -> Option<&str> {
        let served = std::str::from_utf8(&self.playlist.as_ref()?.body).ok()?;
        playlist::run_of(served)
    }

    /// True if anything can be played.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.playlist.is_some()
    }

    /// True if another upload has this asset: its key has the same id by chance, or because somebody searched for one.
    ///
    /// The playlist's mark decides, since it is written together with what viewers see. A playlist of an earlier version
    /// of publish has no mark, and an asset whose encodes all failed has no playlist. Then the key in `asset.json`
    /// decides.
    #[must_use]
    pub fn is_of_another(&self, Original { bucket, key, .. }: Original<'_>) -> bool {
        match self.playlist.as_ref().and_then(|playlist| playlist.source.as_deref()) {
            Some(source) => source != asset::source(bucket, key),
            None => self.description().is_some_and(|described| described.key != key),
        }
    }

    /// The current `asset.json`.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.description.as_ref()
    }

    /// The publication in `asset.json`.
    #[must_use]
    pub fn published(&self) -> Option<&Publication> {
        self.description()?.published.as_ref()
    }

    /// The last failure in `asset.json`.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.description()?.failure.as_ref()
    }

    /// When and why the asset was last taken down.
    #[must_use]
    pub fn removed(&self) -> Option<&Removed> {
        self.description()?.removed.as_ref()
    }

    /// True if the asset was taken down and nothing came after that.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.description().is_some_and(|described| described.state == State::Removed)
    }

    /// The ETag of the playlist in service.
    #[must_use]
    pub fn served(&self) -> Option<&str> {
        Some(&self.playlist.as_ref()?.etag)
    }

    /// The renditions of the playlist in service; addresses already include the run.
    #[must_use]
    pub fn offered(&self) -> Option<Multivariant> {
        playlist::multivariant("index.m3u8", &self.playlist.as_ref()?.body).ok()
    }

    /// The runs that publishing `run` replaces: the one in service, and those left over from an interrupted publication or
    /// removal. `None` if nothing was ever public.
    #[must_use]
    pub fn replaced_by(&self, run: &str) -> Option<Vec<String>> {
        // A playlist of this same run without a description is this publication, interrupted: it is still the first.
        let nothing_live = self.playlist.is_none() || self.live_run() == Some(run);
        if self.description.is_none() && nothing_live {
            return None;
        }
        let before = self.published();
        let left_over = before.and_then(|published| published.replaced.as_deref());
        let taken_down = self.removed().and_then(|removed| removed.deleting.as_deref());
        let mut runs: Vec<String> = self
            .live_run()
            .into_iter()
            .chain(before.map(|published| published.run.as_str()))
            .chain(left_over.into_iter().chain(taken_down).flatten().map(String::as_str))
            .filter(|seen| *seen != run && asset::is_run(seen))
            .map(ToOwned::to_owned)
            .collect();
        runs.sort();
        runs.dedup();
        Some(runs)
    }

    /// Puts the job's multivariant playlist in service, if the current one is still the one read.
    ///
    /// # Errors
    ///
    /// If somebody else has replaced it, or S3 refuses.
    pub async fn serve(&self, bucket: &Bucket, job: &Job, served: String) -> Result<(), ApiError> {
        let precondition = Precondition::still(self.playlist.as_ref());
        let (key, source) = (output::playlist(&job.asset), asset::source(&job.bucket, &job.key));
        bucket.put(&key, served.into_bytes(), Some(&source), precondition).await.map(drop)
    }

    /// The ETag of `asset.json` as it was read; empty if there is none.
    #[must_use]
    pub fn described(&self) -> &str {
        self.stored_description.as_ref().map_or("", |stored| &stored.etag)
    }

    /// Replaces `asset.json`, if the current one is still the one read; returns its new ETag.
    ///
    /// # Errors
    ///
    /// If somebody else has replaced it, or S3 refuses.
    pub async fn describe(&self, bucket: &Bucket, description: &Description) -> Result<String, ApiError> {
        put(bucket, description, Precondition::still(self.stored_description.as_ref())).await
    }
}

/// Replaces the `asset.json` with this ETag by the final one, after everything is done. If somebody else has replaced
/// it, theirs is newer and stays.
///
/// # Errors
///
/// If S3 refuses.
pub async fn settle(bucket: &Bucket, description: &Description, etag: &str) -> Result<(), ApiError> {
    match put(bucket, description, Precondition::Unchanged(etag)).await {
        Err(error) if !error.is_lost_race() => Err(error),
        _ => Ok(()),
    }
}

async fn put(
    bucket: &Bucket,
    description: &Description,
    precondition: Precondition<'_>,
) -> Result<String, ApiError> {
    let key = output::description(&description.asset);
    let body = serde_json::to_vec_pretty(description).unwrap_or_default();
    bucket.put(&key, body, None, precondition).await
}

/// The publication of a run, with addresses relative to `asset.json`.
#[must_use]
pub fn publication(
    job: &Job,
    duration: Option<f64>,
    offered: Multivariant,
    thumbnails: &[String],
    replaced: Option<Vec<String>>,
) -> Publication {
    let run = &job.run;
    let warnings = match &job.end {
        End::Complete { warnings, .. } => warnings.clone(),
        End::Failed { .. } => Vec::new(),
    };
    let address = |uri: String| match uri.starts_with(&format!("{run}/")) {
        true => uri,
        false => format!("{run}/{uri}"),
    };
    let rendition = |rendition: Rendition| Rendition { uri: address(rendition.uri), ..rendition };
    let audio = |audio: Audio| Audio { uri: address(audio.uri), ..audio };
    let thumbnails: Vec<String> = thumbnails.iter().cloned().map(address).collect();
    let stills = Stills::of(&thumbnails);
    Publication {
        playlist: "index.m3u8".to_owned(),
        version: job.version.clone(),
        run: run.clone(),
        revision: job.revision,
        job: job.id.clone(),
        duration,
        renditions: offered.renditions.into_iter().map(rendition).collect(),
        audio: offered.audio.into_iter().map(audio).collect(),
        thumbnails: if stills.is_some() { Vec::new() } else { thumbnails },
        stills,
        warnings,
        completed: job.ended.clone(),
        published: handler::now(),
        replaced,
    }
}
