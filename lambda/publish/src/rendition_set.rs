//! The finished set of one run in the work bucket. It is checked to be complete before anything is copied.

use std::collections::{BTreeMap, BTreeSet};

use asset::work;
use futures::{StreamExt, TryStreamExt, stream};
use handler::ApiError;

use crate::playlist::{self, Multivariant, PlaylistError};
use crate::store::{Bucket, Listed};

/// Playlists read at the same time; a ladder has about a dozen.
const READS_AT_ONCE: usize = 16;

/// How many missing files an error names, in addition to the count.
const NAMED: usize = 5;

/// Everything that one run makes visible. Paths are relative to the run's prefix.
#[derive(Debug)]
pub struct RenditionSet {
    /// The multivariant playlist as MediaConvert wrote it.
    pub text: String,
    /// The parsed multivariant playlist.
    pub multivariant: Multivariant,
    /// The files that the media playlists refer to.
    pub segments: BTreeSet<String>,
    /// The frame captures.
    pub thumbnails: Vec<String>,
    /// Every object of the run.
    pub listed: BTreeMap<String, Listed>,
}

/// A set that must not become visible.
#[derive(Debug, thiserror::Error)]
pub enum IncompleteSet {
    /// It cannot be read.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A playlist cannot be published.
    #[error(transparent)]
    Playlist(#[from] PlaylistError),
    /// Files are missing or empty.
    #[error("the encode is incomplete: {count} of its files missing or empty, among them {named}")]
    Missing {
        /// How many.
        count: usize,
        /// The first few.
        named: String,
    },
}

impl IncompleteSet {
    fn missing(paths: &[String]) -> Self {
        let named = &paths[..paths.len().min(NAMED)];
        Self::Missing { count: paths.len(), named: named.join(", ") }
    }
}

/// Reads the set of a run. Checks that every playlist and segment that the multivariant playlist refers to exists and
/// is not empty.
///
/// # Errors
///
/// If the set is incomplete or cannot be read.
pub async fn read(bucket: &Bucket, asset: &str, run: &str) -> Result<RenditionSet, IncompleteSet> {
    let prefix = work::prefix(asset, run);
    let entry = work::multivariant(asset, run);
    let name = entry.strip_prefix(&prefix).unwrap_or(&entry);
    let listed = bucket.list(&prefix).await?;
    let Some(stored) = bucket.get(&entry).await? else {
        return Err(IncompleteSet::missing(&[name.to_owned()]));
    };
    let multivariant = playlist::multivariant(name, &stored.body)?;
    check(&listed, &multivariant.playlists)?;
    let segments: Vec<BTreeSet<String>> = stream::iter(&multivariant.playlists)
        .map(|name| media(bucket, &prefix, name))
        .buffer_unordered(READS_AT_ONCE)
        .try_collect()
        .await?;
    let segments: BTreeSet<String> = segments.into_iter().flatten().collect();
    check(&listed, &segments)?;
    let thumbnails = listed
        .iter()
        .filter(|(path, object)| path.starts_with(work::THUMBNAILS) && object.size > 0)
        .map(|(path, _)| path.clone())
        .collect();
    Ok(RenditionSet {
        text: String::from_utf8_lossy(&stored.body).into_owned(),
        multivariant,
        segments,
        thumbnails,
        listed,
    })
}

async fn media(bucket: &Bucket, prefix: &str, name: &str) -> Result<BTreeSet<String>, IncompleteSet> {
    let stored = bucket
        .get(&format!("{prefix}{name}"))
        .await?
        .ok_or_else(|| IncompleteSet::missing(&[name.to_owned()]))?;
    Ok(playlist::media(name, &stored.body)?)
}

fn check(listed: &BTreeMap<String, Listed>, wanted: &BTreeSet<String>) -> Result<(), IncompleteSet> {
    let there = |path: &&String| listed.get(*path).is_some_and(|object| object.size > 0);
    let missing: Vec<String> = wanted.iter().filter(|path| !there(path)).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(IncompleteSet::missing(&missing))
}
