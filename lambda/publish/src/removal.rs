//! Taking an asset down: its playlist first, then its other objects, everywhere. Every step can be repeated.
//!
//! Only what was seen before the source was looked at is deleted. So nothing of an upload that arrives meanwhile is
//! deleted with it.

use asset::{Cause, Description, Removed, State, output, work};
use handler::ApiError;
use lambda_runtime::tracing;

use crate::event::{Job, Original};
use crate::outcome::{Outcome, PublishError};
use crate::publisher::Publisher;
use crate::request::Removal;
use crate::site::{self, Site};
use crate::told;

/// The objects of an asset in both buckets.
struct Objects {
    /// What viewers can read, but for `asset.json` and the playlist.
    output: Vec<String>,
    /// What jobs wrote, and their records.
    work: Vec<String>,
}

impl Publisher {
    /// Takes an asset down, unless its original was only replaced.
    pub(crate) async fn remove(&self, removal: &Removal) -> Result<Outcome, PublishError> {
        let Removal { asset, bucket, key, cause } = removal;
        self.take_down(Original { asset, bucket, key }, *cause).await
    }

    /// Takes the asset of a job down if its original was deleted while the run came into service. The event of the
    /// deletion found nothing to take down then.
    pub(crate) async fn deleted_meanwhile(&self, job: &Job) -> Result<Option<Outcome>, PublishError> {
        if !self.unpublish || self.current(job.original()).await?.is_some() {
            return Ok(None);
        }
        self.take_down(job.original(), Cause::Deleted).await?;
        Ok(Some(Outcome::Superseded { reason: "the source was deleted".to_owned() }))
    }

    async fn take_down(&self, original: Original<'_>, cause: Cause) -> Result<Outcome, PublishError> {
        let asset = original.asset;
        let objects = self.objects(asset).await?;
        let current = match self.current(original).await {
            // If no version of it is left, S3 has nothing to tell. The event, or the person, says enough.
            Err(error) if error.is_missing() => None,
            current => current?,
        };
        if let Some(current) = current.as_ref().filter(|_| cause == Cause::Deleted) {
            let reason = format!("the key has a version: {current}");
            return Ok(Outcome::Superseded { reason });
        }
        let site = Site::read(&self.output, asset).await?;
        if site.is_of_another(original) || !is_there(&site, cause) {
            return Ok(Outcome::Absent { asset: asset.to_owned() });
        }
        let removed = removed(&site, cause, current);
        let deleted = self.delete(&site, asset, &objects.output).await?;
        let etag = site.describe(&self.output, &description(original, removed.clone())).await?;
        self.finisher.invalidate_asset(asset, &removed.removed).await?;
        self.finisher.tell_app(&told::removed(original, &removed)).await?;
        self.work.delete(&objects.work).await?;
        // Only now may a repeated event find nothing more to do.
        let removed = Removed { unfinished: false, ..removed };
        site::settle(&self.output, &description(original, removed), &etag).await?;
        Ok(Outcome::Removed { asset: asset.to_owned(), objects: deleted })
    }

    async fn objects(&self, asset: &str) -> Result<Objects, ApiError> {
        let (index, described) = (output::playlist(asset), output::description(asset));
        let mut output = self.output.keys(&output::prefix(asset)).await?;
        output.retain(|key| *key != described && *key != index);
        let mut work = self.work.keys(&format!("{asset}/")).await?;
        work.extend(self.work.keys(&format!("{}{asset}/", work::RECORDS)).await?);
        Ok(Objects { output, work })
    }

    /// Deletes the playlist, if it is still the one read, and then the other objects; returns how many.
    async fn delete(&self, site: &Site, asset: &str, others: &[String]) -> Result<usize, ApiError> {
        if let Some(etag) = site.served() {
            self.output.delete_unchanged(&output::playlist(asset), etag).await?;
        }
        self.output.delete(others).await?;
        let objects = others.len() + usize::from(site.is_live());
        tracing::info!(asset, objects, "objects deleted");
        Ok(objects)
    }
}

/// True if there is something to take down. A deleted original that failed is gone too, so its `asset.json` must not say
/// for ever that it failed.
fn is_there(site: &Site, cause: Cause) -> bool {
    let unfinished = site.removed().is_some_and(|removed| removed.unfinished);
    let described = site.description().is_some() && !site.is_removed();
    let published = site.is_live() || site.published().is_some();
    unfinished || published || (described && cause == Cause::Deleted)
}

/// What `asset.json` says from now on. An interrupted attempt is continued with its own time, so that the app gets the
/// same event again.
fn removed(site: &Site, cause: Cause, current: Option<String>) -> Removed {
    if let Some(begun) = site.removed().filter(|begun| begun.unfinished) {
        return begun.clone();
    }
    let published = site.published().map(|seen| seen.version.clone());
    let failed = site.failure().map(|seen| seen.version.clone());
    // A job for the current version may still run, and must not publish it.
    let version = current.or(published).or(failed).unwrap_or_else(|| "null".to_owned());
    Removed { version, cause, removed: handler::now(), unfinished: true }
}

fn description(original: Original<'_>, removed: Removed) -> Description {
    Description {
        asset: original.asset.to_owned(),
        state: State::Removed,
        key: original.key.to_owned(),
        published: None,
        failure: None,
        removed: Some(removed),
    }
}
