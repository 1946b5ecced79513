//! Taking an asset down: `asset.json` says so first, then its playlist goes, then its other objects, everywhere. Every
//! step can be repeated.
//!
//! Only what was seen before the source was looked at is deleted. So nothing of an upload that arrives meanwhile is
//! deleted with it. A removal that was interrupted is completed even if the key has a new upload by then.

use asset::{Cause, output, work};
use handler::ApiError;
use lambda_runtime::tracing;

use crate::event::{Job, Original};
use crate::original;
use crate::outcome::{Outcome, PublishError};
use crate::publisher::Publisher;
use crate::request::Removal;
use crate::site::{self, Site};
use crate::takedown::{self, Decision, Objects, Occasion, Takedown};
use crate::told;

impl Publisher {
    /// Takes an asset down, unless its original was only replaced.
    pub(crate) async fn remove(&self, removal: &Removal) -> Result<Outcome, PublishError> {
        let Removal { asset, bucket, key, cause, erased } = removal;
        let occasion = Occasion { cause: *cause, erased: erased.as_deref() };
        self.take_down(Original { asset, bucket, key }, occasion).await
    }

    /// Takes the asset of a job down if that was asked for, or if its version was deleted, while the run came into
    /// service. The event of the deletion found nothing to take down then.
    pub(crate) async fn removed_meanwhile(
        &self,
        job: &Job,
        site: &Site,
    ) -> Result<Option<Outcome>, PublishError> {
        let asked = site.removed().is_some_and(|removed| original::forbids(removed, &job.version));
        let occasion = match asked {
            true => Some(Occasion { cause: Cause::Requested, erased: None }),
            false => self.deletion(job).await?,
        };
        let Some(occasion) = occasion else { return Ok(None) };
        self.take_down(job.original(), occasion).await?;
        let reason = if asked { original::TAKEN_DOWN } else { original::DELETED };
        Ok(Some(Outcome::Superseded { reason: reason.to_owned() }))
    }

    /// Whether the version of a job was deleted, and how.
    async fn deletion<'j>(&self, job: &'j Job) -> Result<Option<Occasion<'j>>, ApiError> {
        if !self.unpublish {
            return Ok(None);
        }
        let erased = match self.current(job.original()).await? {
            None => None,
            Some(current) if current == job.version || self.finisher.has_version(job).await? => {
                return Ok(None);
            }
            Some(_) => Some(job.version.as_str()),
        };
        Ok(Some(Occasion { cause: Cause::Deleted, erased }))
    }

    async fn take_down(
        &self,
        original: Original<'_>,
        occasion: Occasion<'_>,
    ) -> Result<Outcome, PublishError> {
        let asset = original.asset.to_owned();
        let seen = self.objects(&asset).await?;
        let current = self.current(original).await?;
        let site = Site::read(&self.output, &asset).await?;
        let takedown = match takedown::decide(original, occasion, seen, current, &site) {
            Decision::Nothing => return Ok(Outcome::Absent { asset }),
            Decision::Superseded(reason) => return Ok(Outcome::Superseded { reason }),
            Decision::Takedown(takedown) => takedown,
        };
        let etag = match site.description() == Some(&takedown.description) {
            true => site.described().to_owned(),
            false => site.describe(&self.output, &takedown.description).await?,
        };
        let objects = self.delete(&site, &asset, &takedown).await?;
        self.finisher.invalidate_asset(&asset, &takedown.removed.removed).await?;
        let playable = site.is_live() && !takedown.playlist;
        self.finisher.tell_app(&told::removed(original, &takedown.removed, playable)).await?;
        self.work.delete(&takedown.objects.work).await?;
        // Only now may a repeated event find nothing more to do.
        site::settle(&self.output, &takedown.finished(), &etag).await?;
        Ok(Outcome::Removed { asset, objects })
    }

    async fn objects(&self, asset: &str) -> Result<Objects, ApiError> {
        let (index, described) = (output::playlist(asset), output::description(asset));
        let mut output = self.output.keys(&output::prefix(asset)).await?;
        output.retain(|key| *key != described && *key != index);
        let mut work = self.work.keys(&format!("{asset}/")).await?;
        work.extend(self.work.keys(&work::records(asset)).await?);
        Ok(Objects { output, work })
    }

    /// Deletes what viewers can read: the playlist, if it is still the one read, and then the other objects. Returns how
    /// many.
    async fn delete(&self, site: &Site, asset: &str, takedown: &Takedown) -> Result<usize, ApiError> {
        let etag = site.served().filter(|_| takedown.playlist);
        if let Some(etag) = etag {
            self.output.delete_unchanged(&output::playlist(asset), etag).await?;
        }
        let others = &takedown.objects.output;
        self.output.delete(others).await?;
        let objects = others.len() + usize::from(etag.is_some());
        tracing::info!(asset, objects, "objects deleted");
        Ok(objects)
    }
}
