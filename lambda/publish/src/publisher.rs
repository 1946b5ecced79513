//! The flow: decide, check, copy, make visible, finish. Every step can be repeated, and their order matters.

use asset::{Description, Failure, State, output, work};
use aws_sdk_s3::Client as S3;
use handler::{ApiError, chain};
use lambda_runtime::tracing;
use serde_json::{Value, json};

use crate::event::{End, Job};
use crate::finish::Finisher;
use crate::notice::Notice;
use crate::outcome::{self, Outcome, PublishError};
use crate::rendition_set::{self, IncompleteSet, RenditionSet};
use crate::request::Request;
use crate::settings::Settings;
use crate::site::{self, Site};
use crate::store::Bucket;
use crate::{playlist, told};

/// By how many seconds an encode may be longer than its source: frame rates and sound are rounded up.
const GRACE: f64 = 10.0;

/// By how much an encode may be shorter than its source: this part of it, and at least so many seconds. Tracks of
/// different lengths, and the file's own rounding, are within it.
const SHORTER: (f64, f64) = (0.05, 1.0);

/// What an app may show of an asset that is that of another upload. It does not tell the other's key.
pub(crate) const TAKEN: &str =
    "the name is too much like that of another video: rename the file and upload it again";

/// Handles publish's events.
#[derive(Debug, Clone)]
pub struct Publisher {
    pub(crate) s3: S3,
    pub(crate) work: Bucket,
    pub(crate) output: Bucket,
    /// The longest video to publish, in seconds.
    max_duration: Option<u64>,
    /// True if the asset of a deleted original is taken down.
    pub(crate) unpublish: bool,
    /// The stack's name.
    pub(crate) stack: String,
    pub(crate) finisher: Finisher,
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
        events: aws_sdk_eventbridge::Client,
        sns: aws_sdk_sns::Client,
    ) -> Self {
        Self {
            work: Bucket::new(s3.clone(), settings.work_bucket.as_str()),
            output: Bucket::new(s3.clone(), settings.output_bucket.as_str()),
            max_duration: settings.max_duration,
            unpublish: settings.unpublish,
            stack: settings.stack.clone(),
            finisher: Finisher::new(s3.clone(), cloudfront, events, sns, settings),
            s3,
        }
    }

    /// Handles one event and logs the outcome in one line.
    ///
    /// # Errors
    ///
    /// If it could not be handled; viewers then still see what they saw before.
    pub async fn answer(&self, payload: Value) -> Result<Value, PublishError> {
        let request = Request::parse(handler::event(payload))
            .inspect_err(|error| tracing::error!(error = chain(error), "not a payload of publish"))?;
        let mut outcome = self.handle(&request).await;
        if outcome.as_ref().is_err_and(PublishError::may_be_a_race) {
            outcome = self.handle(&request).await;
        }
        outcome::log(&request, &outcome);
        outcome.map(|outcome| json!(outcome))
    }

    async fn handle(&self, request: &Request) -> Result<Outcome, PublishError> {
        match request {
            Request::Ended(job) => self.end(job).await,
            Request::Refused(refusal) => self.record_refusal(refusal).await,
            Request::Removal(removal) => self.remove(removal).await,
            Request::Foreign => Ok(Outcome::Ignored),
        }
    }

    async fn end(&self, job: &Job) -> Result<Outcome, PublishError> {
        let site = Site::read(&self.output, &job.asset).await?;
        match &job.end {
            End::Complete { duration, .. } => self.publish(job, *duration, &site).await,
            End::Failed { state, code, message } => {
                tracing::info!(job = job.id, code, message, "the job failed");
                let words = code.and_then(asset::of_the_file).map(str::to_owned);
                let told = || self.finisher.for_viewers(job.original(), job.account.as_deref(), message);
                let message = words.unwrap_or_else(told);
                let failure = Failure { state: *state, code: *code, ..failure(job, message) };
                self.fail(job, failure, &site).await
            }
        }
    }

    async fn publish(&self, job: &Job, duration: Option<f64>, site: &Site) -> Result<Outcome, PublishError> {
        let (asset, run) = (job.asset.clone(), job.run.clone());
        if let Some(outcome) = self.decided(job, duration, site).await? {
            return Ok(outcome);
        }
        if let Some(message) = self.too_long(duration).or_else(|| too_short(job, duration)) {
            return self.fail(job, failure(job, message), site).await;
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
        if let Some(outcome) = self.removed_meanwhile(job, site).await? {
            return Ok(outcome);
        }
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
        let of_another = site.is_of_another(job.original());
        // Check this first: a run in service is neither outdated nor incomplete, whatever happened to its source and
        // work.
        if !of_another && site.live_run() == Some(job.run.as_str()) {
            if let Some(outcome) = self.removed_meanwhile(job, site).await? {
                return Ok(Some(outcome));
            }
            self.repair(job).await?;
            self.resume(job, duration, site).await?;
            let (asset, run) = (job.asset.clone(), job.run.clone());
            return Ok(Some(Outcome::AlreadyPublished { asset, run }));
        }
        match self.outdated_run(job, site).await? {
            Some(reason) => self.discard(job, reason).await.map(Some),
            None if of_another => self.refuse(job, site).await.map(Some),
            None => Ok(None),
        }
    }

    /// Why an encode that is longer than allowed is a failure. Submit refuses what Probe measures, so this one it could
    /// not measure, or the file lied.
    fn too_long(&self, duration: Option<f64>) -> Option<String> {
        let (seconds, limit) = (duration?, self.max_duration?);
        let message = format!("the video is {seconds:.0} s long, and source.max_duration allows {limit} s");
        (seconds > limit as f64 + GRACE).then_some(message)
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

    /// Removes what a superseded run left in the output and work buckets.
    async fn discard(&self, job: &Job, reason: String) -> Result<Outcome, PublishError> {
        self.withdraw(job).await?;
        self.clean(job).await?;
        Ok(Outcome::Superseded { reason })
    }

    /// Leaves an asset to the upload that has it, tells the app and the topic once, and removes what this run left.
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
            let notice = Notice::taken(job.original(), &job.version, Some(&job.id), &reason);
            self.finisher.tell(notice).await?;
            let failure = Failure { state: State::Refused, ..failure(job, TAKEN.to_owned()) };
            self.finisher.tell_app(&told::failed(job.original(), &failure, false)).await?;
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
        let of_another = site.is_of_another(job.original());
        // A second job for a run in service may fail without harm.
        if (of_another || site.live_run() != Some(job.run.as_str()))
            && let Some(reason) = self.outdated_run(job, site).await?
        {
            return self.discard(job, reason).await;
        }
        if of_another {
            return self.refuse(job, site).await;
        }
        let reason = failure.message.clone();
        if matches!(job.end, End::Failed { .. }) {
            self.escalate(job, &failure, site).await?;
        }
        self.record(job.original(), failure, site).await?;
        self.clean(job).await?;
        let asset = job.asset.clone();
        Ok(Outcome::Failed { asset, reason })
    }
}

/// Why an encode that is much shorter than its source is a failure: the upload was cut off, and the encoder took what
/// was there.
fn too_short(job: &Job, duration: Option<f64>) -> Option<String> {
    let (seconds, expected) = (duration?, job.expected?);
    let (part, least) = SHORTER;
    let message = format!(
        "the file is cut off: it says that it is {expected:.1} s long, and only {seconds:.1} s of it can be read"
    );
    (seconds < expected - (expected * part).max(least)).then_some(message)
}

/// The failure of a job because of its file.
fn failure(job: &Job, message: String) -> Failure {
    Failure {
        state: State::Error,
        version: job.version.clone(),
        job: Some(job.id.clone()),
        code: None,
        message,
        failed: job.ended.clone(),
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
