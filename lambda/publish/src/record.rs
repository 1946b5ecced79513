//! Why a version did not become visible: written to `asset.json`, and told to the app.

use std::io::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use asset::event::Refusal;
use asset::{Description, Failure, State};
use handler::ApiError;

use crate::event::{Job, Original};
use crate::notice::Notice;
use crate::outcome::{Outcome, PublishError};
use crate::publisher::{Publisher, TAKEN};
use crate::site::Site;
use crate::{fault, told};

impl Publisher {
    /// Records an upload that submit refused. An earlier publication stays playable.
    pub(crate) async fn record_refusal(&self, refusal: &Refusal) -> Result<Outcome, PublishError> {
        let Refusal { asset, bucket, key, version, reason, taken, time } = refusal;
        let original = Original { asset, bucket, key };
        let site = Site::read(&self.output, asset).await?;
        if let Some(reason) = self.outdated(original, version, &site).await? {
            return Ok(Outcome::Superseded { reason });
        }
        let failure = Failure {
            state: State::Refused,
            version: version.clone(),
            job: None,
            code: None,
            message: self.finisher.for_viewers(original, None, reason),
            failed: time.clone(),
        };
        let (asset, reason) = (asset.clone(), failure.message.clone());
        if *taken || site.is_of_another(original) {
            let failure = Failure { message: TAKEN.to_owned(), ..failure };
            self.finisher.tell(Notice::taken(original, version, None, &reason)).await?;
            self.finisher.tell_app(&told::failed(original, &failure, false)).await?;
            return Ok(Outcome::Refused { asset, reason });
        }
        self.record(original, failure, &site).await?;
        Ok(Outcome::Failed { asset, reason })
    }

    /// Writes a failure to `asset.json`, then tells the app. It does neither if something newer is written there. A
    /// repeated event is told again, because the first attempt may have been interrupted before.
    pub(crate) async fn record(
        &self,
        original: Original<'_>,
        failure: Failure,
        site: &Site,
    ) -> Result<(), ApiError> {
        if is_late(&failure, site) {
            return Ok(());
        }
        let video = told::failed(original, &failure, site.is_live());
        if !is_recorded(&failure, site) {
            let description = Description {
                asset: original.asset.to_owned(),
                state: if site.is_live() { State::Published } else { failure.state },
                key: original.key.to_owned(),
                published: site.published().cloned(),
                failure: Some(failure),
                removed: site.removed().cloned(),
            };
            site.describe(&self.output, &description).await?;
        }
        self.finisher.tell_app(&video).await
    }

    /// Wakes those who run the stack if the file is not the cause of a failure: counts it for the alarm, and sends a
    /// notice. It comes before the failure is recorded, so that an interruption does not hide it.
    pub(crate) async fn escalate(&self, job: &Job, failure: &Failure, site: &Site) -> Result<(), ApiError> {
        if !fault::is_of_the_service(failure.state, failure.code)
            || is_recorded(failure, site)
            || is_late(failure, site)
        {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
        let line = fault::metric(&self.stack, &job.id, now);
        // A metric that is lost is no reason to do the rest again: the notice follows.
        drop(writeln!(io::stdout(), "{line}"));
        self.finisher.tell(Notice::failed(job, site.is_live())).await
    }
}

fn is_recorded(failure: &Failure, site: &Site) -> bool {
    let same = |seen: &Failure| match &failure.job {
        Some(job) => seen.job.as_ref() == Some(job),
        None => seen == failure,
    };
    site.failure().is_some_and(same)
}

/// True if this version was published or taken down, or failed again, after this failure. What became of another version
/// does not count, whenever it was: this one is the source's current version.
fn is_late(failure: &Failure, site: &Site) -> bool {
    let published = site.published().map(|seen| (&seen.version, &seen.published));
    let removed = site.removed().map(|seen| (&seen.version, &seen.removed));
    let failed = site.failure().map(|seen| (&seen.version, &seen.failed));
    let later = |(version, time): (&String, &String)| *version == failure.version && *time > failure.failed;
    published.into_iter().chain(removed).chain(failed).any(later)
}
