//! The flow: decide, check, copy, make visible, finish. Every step can be repeated, and their order matters.

use asset::{Description, Failure, State, output, work};
use aws_sdk_s3::Client as S3;
use handler::{ApiError, api, chain};
use lambda_runtime::tracing;
use serde_json::{Value, json};

use crate::event::{End, Job};
use crate::finish::Finisher;
use crate::notice::Notice;
use crate::outcome::{Outcome, PublishError};
use crate::playlist;
use crate::rendition_set::{self, IncompleteSet, RenditionSet};
use crate::settings::Settings;
use crate::site::{self, Site};
use crate::store::Bucket;

/// By how many seconds an encode may be longer than its source: frame rates and sound are rounded up.
const GRACE: f64 = 10.0;

/// Handles publish's events.
#[derive(Debug, Clone)]
pub struct Publisher {
    s3: S3,
    work: Bucket,
    output: Bucket,
    /// The longest video to publish, in seconds.
    max_duration: Option<u64>,
    finisher: Finisher,
}

/// What happens to copies that already exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Present {
    /// Equal objects need not be copied again: an interrupted invocation left them. No playlist refers to them yet.
    Compared,
    /// They are in service, and caches treat them as immutable.
    Stays,
}

impl Publisher {
    /// A publisher that calls AWS with these clients.
    #[must_use]
    pub fn new(
        settings: Settings,
        s3: S3,
        cloudfront: aws_sdk_cloudfront::Client,
        sns: aws_sdk_sns::Client,
    ) -> Self {
        Self {
            work: Bucket::new(s3.clone(), settings.work_bucket.as_str()),
            output: Bucket::new(s3.clone(), settings.output_bucket.as_str()),
            max_duration: settings.max_duration,
            finisher: Finisher::new(s3.clone(), cloudfront, sns, settings),
            s3,
        }
    }

    /// Handles one event and logs the outcome in one line.
    ///
    /// # Errors
    ///
    /// If the ended job could not be handled; viewers then still see what they saw before.
    pub async fn answer(&self, payload: Value) -> Result<Value, PublishError> {
        let parsed = Job::parse(handler::event(payload))
            .inspect_err(|error| tracing::error!(error = chain(error), "not a payload of publish"))?;
        let Some(job) = parsed else {
            tracing::warn!("ignored: the job was not started by submit");
            return Ok(json!(Outcome::Ignored));
        };
        let mut outcome = self.handle(&job).await;
        if outcome.as_ref().is_err_and(PublishError::may_be_a_race) {
            outcome = self.handle(&job).await;
        }
        let (asset, key, id, run) = (&job.asset, &job.key, &job.id, &job.run);
        match &outcome {
            Ok(Outcome::Published { .. }) => tracing::info!(asset, key, job = id, run, "published"),
            Ok(Outcome::AlreadyPublished { .. }) => {
                tracing::info!(asset, key, job = id, run, "already published");
            }
            Ok(Outcome::Superseded { reason }) => {
                tracing::warn!(asset, key, job = id, run, reason, "superseded: not published");
            }
            Ok(Outcome::Failed { reason, .. }) => {
                tracing::warn!(asset, key, job = id, run, reason, "the encode failed");
            }
            Ok(Outcome::Refused { reason, .. }) => {
                tracing::warn!(asset, key, job = id, run, reason, "refused: not published");
            }
            Ok(Outcome::Ignored) => tracing::warn!(job = id, "ignored"),
            Err(error) => {
                tracing::error!(asset, key, job = id, run, error = chain(error), "failed");
            }
        }
        outcome.map(|outcome| json!(outcome))
    }

    async fn handle(&self, job: &Job) -> Result<Outcome, PublishError> {
        let site = Site::read(&self.output, &job.asset).await?;
        match &job.end {
            End::Complete { duration, .. } => self.publish(job, *duration, &site).await,
            End::Failed { state, code, message } => {
                let failure = Failure {
                    state: *state,
                    version: job.version.clone(),
                    job: Some(job.id.clone()),
                    code: *code,
                    message: self.finisher.for_viewers(job, message),
                    failed: job.ended.clone(),
                };
                self.fail(job, failure, &site).await
            }
        }
    }

    async fn publish(&self, job: &Job, duration: Option<f64>, site: &Site) -> Result<Outcome, PublishError> {
        let (asset, run) = (job.asset.clone(), job.run.clone());
        if let Some(outcome) = self.decided(job, duration, site).await? {
            return Ok(outcome);
        }
        if let Some(failure) = self.too_long(job, duration) {
            return self.fail(job, failure, site).await;
        }
        let set = rendition_set::read(&self.work, &asset, &run).await?;
        self.copy(job, &set, Present::Compared).await?;
        // Copying took a while: a newer upload may have arrived, or another run may have been published.
        let site = &Site::read(&self.output, &asset).await?;
        if let Some(outcome) = self.decided(job, duration, site).await? {
            return Ok(outcome);
        }
        let replaced = site.replaced_by(&run);
        let publication = site::publication(job, duration, set.multivariant, &set.thumbnails, replaced);
        site.serve(&self.output, job, playlist::relocate(&set.text, &run)).await?;
        let description = described(job, publication, site);
        let etag = site.describe(&self.output, &description).await?;
        self.finisher.finish(job, description, &etag).await?;
        Ok(Outcome::Published { asset, run })
    }

    /// The outcome, if nothing is to be made visible: the run is in service, or something newer replaces it.
    async fn decided(
        &self,
        job: &Job,
        duration: Option<f64>,
        site: &Site,
    ) -> Result<Option<Outcome>, PublishError> {
        let of_another = site.is_of_another(job);
        // Check this first: a run in service is neither outdated nor incomplete, whatever happened to its source and
        // work.
        if !of_another && site.live_run() == Some(job.run.as_str()) {
            self.repair(job).await?;
            self.resume(job, duration, site).await?;
            let (asset, run) = (job.asset.clone(), job.run.clone());
            return Ok(Some(Outcome::AlreadyPublished { asset, run }));
        }
        match self.superseded(job, site).await? {
            Some(reason) => self.discard(job, reason).await.map(Some),
            None if of_another => self.refuse(job, site).await.map(Some),
            None => Ok(None),
        }
    }

    /// The failure of an encode that is longer than allowed. Submit refuses what Probe measures, so this one it could
    /// not measure, or the file lied.
    fn too_long(&self, job: &Job, duration: Option<f64>) -> Option<Failure> {
        let (seconds, limit) = (duration?, self.max_duration?);
        let message = format!("the video is {seconds:.0} s long, and source.max_duration allows {limit} s");
        let failure = Failure {
            state: State::Error,
            version: job.version.clone(),
            job: Some(job.id.clone()),
            code: None,
            message,
            failed: job.ended.clone(),
        };
        (seconds > limit as f64 + GRACE).then_some(failure)
    }

    /// Copies segments and thumbnails first, then the media playlists.
    async fn copy(&self, job: &Job, set: &RenditionSet, present: Present) -> Result<(), PublishError> {
        let from = work::prefix(&job.asset, &job.run);
        let to = output::run_prefix(&job.asset, &job.run);
        let there = self.output.list(&to).await?;
        let wanted = |path: &&str| {
            let written = set.listed.get(*path).map(|object| &object.etag);
            there.get(*path).is_none_or(|copy| present == Present::Compared && Some(&copy.etag) != written)
        };
        let segments = set.segments.iter().chain(&set.thumbnails);
        let segments = segments.map(String::as_str).filter(wanted);
        self.output.copy(&self.work, &from, &to, segments).await?;
        let playlists = set.multivariant.playlists.iter().map(String::as_str).filter(wanted);
        self.output.copy(&self.work, &from, &to, playlists).await?;
        Ok(())
    }

    /// Restores missing objects of the run in service, if there is another complete encode of it: this is the purpose
    /// of a forced job. Otherwise the work copy is gone or half removed, as interrupted invocations leave it.
    async fn repair(&self, job: &Job) -> Result<(), PublishError> {
        match rendition_set::read(&self.work, &job.asset, &job.run).await {
            Ok(set) => self.copy(job, &set, Present::Stays).await,
            Err(IncompleteSet::Api(error)) if !error.is_missing() => Err(error.into()),
            Err(_) => Ok(()),
        }
    }

    /// The run is in service: completes only the steps that an interrupted invocation left.
    async fn resume(&self, job: &Job, duration: Option<f64>, site: &Site) -> Result<(), PublishError> {
        let described_already =
            site.description().filter(|_| site.published().is_some_and(|seen| seen.run == job.run));
        let (description, etag) = match (described_already, site.offered()) {
            (Some(description), _) => {
                let mut description = description.clone();
                // This encode repairs earlier failures of the same version.
                let mended = |old: &mut Failure| old.version == job.version && old.failed < job.ended;
                let etag = match description.failure.take_if(mended) {
                    Some(_) => site.describe(&self.output, &description).await?,
                    None => site.described().to_owned(),
                };
                (description, etag)
            }
            (None, Some(offered)) => {
                let prefix = output::run_prefix(&job.asset, &job.run);
                let there = self.output.list(&prefix).await?;
                let thumbnails: Vec<String> =
                    there.into_keys().filter(|path| path.starts_with(work::THUMBNAILS)).collect();
                let replaced = site.replaced_by(&job.run);
                let publication = site::publication(job, duration, offered, &thumbnails, replaced);
                let description = described(job, publication, site);
                let etag = site.describe(&self.output, &description).await?;
                (description, etag)
            }
            (None, None) => return Ok(()),
        };
        Ok(self.finisher.finish(job, description, &etag).await?)
    }

    /// The reason why the run must not become visible, if there is one. Its version is not the source's current one, or
    /// the same version was published with a newer revision of the template.
    async fn superseded(&self, job: &Job, site: &Site) -> Result<Option<String>, ApiError> {
        if let Some(published) = site.published()
            && published.version == job.version
            && published.revision > job.revision
        {
            return Ok(Some("the same version is published with a newer template".to_owned()));
        }
        let read = || async {
            let head = self.s3.head_object().bucket(&job.bucket).key(&job.key);
            head.send().await.map_err(api("s3:HeadObject", format!("s3://{}/{}", job.bucket, job.key)))
        };
        match handler::existing(read).await {
            Ok(head) => {
                let current = asset::version(head.version_id(), head.e_tag());
                let reason = || format!("version {current} of the source is the current one");
                Ok((current != job.version).then(reason))
            }
            Err(error) if error.is_deleted() => Ok(Some("the source was deleted".to_owned())),
            Err(error) => Err(error),
        }
    }

    /// Removes what a superseded run left in the output and work buckets.
    async fn discard(&self, job: &Job, reason: String) -> Result<Outcome, PublishError> {
        self.withdraw(job).await?;
        self.clean(job).await?;
        Ok(Outcome::Superseded { reason })
    }

    /// Leaves an asset to the upload that has it, notifies the topic once, and removes what this run left.
    async fn refuse(&self, job: &Job, site: &Site) -> Result<Outcome, PublishError> {
        let asset = job.asset.clone();
        let mut reason = format!("the asset {asset} is that of another upload");
        if let Some(owner) = site.description() {
            reason = format!("{reason}: {}", owner.key);
        }
        self.withdraw(job).await?;
        // A duplicate of the event finds nothing more of the run.
        let record = self.work.get(&work::record(&job.asset, &job.run)).await?;
        if record.is_some() || !self.work.list(&work::prefix(&job.asset, &job.run)).await?.is_empty() {
            self.finisher.tell(Notice::refused(job, &reason)).await?;
        }
        self.clean(job).await?;
        Ok(Outcome::Refused { asset, reason })
    }

    /// Removes the copies of a run, unless it is in service: another invocation for the same run may have put it there
    /// before a newer upload arrived. It then plays until the newer one is published.
    async fn withdraw(&self, job: &Job) -> Result<(), ApiError> {
        let site = Site::read(&self.output, &job.asset).await?;
        // What plays must not be removed because S3 does not find the playlist of a new bucket. A listing shows it.
        let playlist = output::playlist(&job.asset);
        if !site.is_live() && !self.output.list(&playlist).await?.is_empty() {
            return Err(handler::not_found("s3:GetObject", playlist));
        }
        if site.live_run() != Some(job.run.as_str()) {
            let copied = output::run_prefix(&job.asset, &job.run);
            self.output.delete_under(&copied).await?;
        }
        Ok(())
    }

    /// Removes the work copy and its record, so that the next attempt at this version is not a duplicate. Keeps both if
    /// the record names another job: it started later and may be writing there now.
    async fn clean(&self, job: &Job) -> Result<(), ApiError> {
        let record = work::record(&job.asset, &job.run);
        let stored = self.work.get(&record).await?;
        let stored: Option<Value> = stored.and_then(|stored| serde_json::from_slice(&stored.body).ok());
        let named = stored.as_ref().and_then(|stored| stored["job"].as_str());
        if let Some(named) = named.filter(|named| *named != job.id) {
            tracing::info!(asset = job.asset, job = job.id, newer = named, "work left to a newer job");
            return Ok(());
        }
        self.work.delete(&[record]).await?;
        self.work.delete_under(&work::prefix(&job.asset, &job.run)).await.map(drop)
    }

    /// Records a failed job. An earlier publication stays playable and described.
    async fn fail(&self, job: &Job, failure: Failure, site: &Site) -> Result<Outcome, PublishError> {
        let of_another = site.is_of_another(job);
        // A second job for a run in service may fail without harm.
        if (of_another || site.live_run() != Some(job.run.as_str()))
            && let Some(reason) = self.superseded(job, site).await?
        {
            return self.discard(job, reason).await;
        }
        if of_another {
            return self.refuse(job, site).await;
        }
        let reason = failure.message.clone();
        let seen = site.description().and_then(|seen| seen.failure.as_ref());
        let recorded = seen.is_some_and(|seen| seen.job == failure.job);
        // Publishing clears the record of an earlier failure; a late duplicate must not restore it.
        let outdated = site.published().is_some_and(|seen| seen.published > failure.failed);
        if !recorded && !outdated {
            let description = Description {
                asset: job.asset.clone(),
                state: if site.is_live() { State::Published } else { failure.state },
                key: job.key.clone(),
                published: site.published().cloned(),
                failure: Some(failure),
                removed: site.description().and_then(|seen| seen.removed.clone()),
            };
            self.finisher.tell(Notice::ended(job, &description)).await?;
            site.describe(&self.output, &description).await?;
        }
        self.clean(job).await?;
        let asset = job.asset.clone();
        Ok(Outcome::Failed { asset, reason })
    }
}

fn described(job: &Job, publication: asset::Publication, site: &Site) -> Description {
    Description {
        asset: job.asset.clone(),
        state: State::Published,
        key: job.key.clone(),
        published: Some(publication),
        failure: None,
        removed: site.description().and_then(|seen| seen.removed.clone()),
    }
}
