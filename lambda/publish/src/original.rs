//! What S3 says about an original now: its current version, and whether one that was encoded still counts.

use asset::{Cause, Removed};
use handler::{ApiError, api};

use crate::event::{Job, Original};
use crate::publisher::Publisher;
use crate::site::Site;

/// Why a version that was taken down on request is not published.
pub(crate) const TAKEN_DOWN: &str = "this version was taken down on request";

/// Why a version whose original was deleted is not published.
pub(crate) const DELETED: &str = "the source was deleted";

impl Publisher {
    /// The reason why the run must not become visible, if there is one. Its version is not the source's current one, or
    /// the same version was published with a newer revision of the template.
    pub(crate) async fn outdated_run(&self, job: &Job, site: &Site) -> Result<Option<String>, ApiError> {
        if let Some(published) = site.published()
            && published.version == job.version
            && published.revision > job.revision
        {
            return Ok(Some("the same version is published with a newer template".to_owned()));
        }
        self.outdated(job.original(), &job.version, site).await
    }

    /// The reason why this version of the source no longer counts, if there is one.
    pub(crate) async fn outdated(
        &self,
        original: Original<'_>,
        version: &str,
        site: &Site,
    ) -> Result<Option<String>, ApiError> {
        if site.removed().is_some_and(|removed| forbids(removed, version)) {
            return Ok(Some(TAKEN_DOWN.to_owned()));
        }
        Ok(match self.current(original).await? {
            Some(current) if current == version => None,
            Some(current) => Some(format!("version {current} of the source is the current one")),
            None => Some(DELETED.to_owned()),
        })
    }

    /// The source's current version. `None` if it was deleted.
    ///
    /// If no version of it is left, S3 answers as it may answer in a bucket whose versioning is new: not found. A
    /// listing tells the two apart.
    pub(crate) async fn current(&self, original: Original<'_>) -> Result<Option<String>, ApiError> {
        let Original { bucket, key, .. } = original;
        let read = || async {
            let head = self.s3.head_object().bucket(bucket).key(key);
            head.send().await.map_err(api("s3:HeadObject", format!("s3://{bucket}/{key}")))
        };
        match handler::existing(read).await {
            Ok(head) => Ok(Some(asset::version(head.version_id(), head.e_tag()).to_owned())),
            Err(error) if error.is_deleted() => Ok(None),
            Err(error) if error.is_missing() && !self.is_listed(original).await? => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// True if a listing shows the object. In order of keys, it comes before all others that begin like it.
    async fn is_listed(&self, Original { bucket, key, .. }: Original<'_>) -> Result<bool, ApiError> {
        let list = self.s3.list_objects_v2().bucket(bucket).prefix(key).max_keys(1);
        let answer = list.send().await.map_err(api("s3:ListObjectsV2", format!("s3://{bucket}/{key}")))?;
        Ok(answer.contents().iter().any(|object| object.key() == Some(key)))
    }
}

/// True if this version was taken down on request: it is never published again.
pub(crate) fn forbids(removed: &Removed, version: &str) -> bool {
    removed.cause == Cause::Requested && removed.version == version
}
