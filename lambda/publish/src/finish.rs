//! The steps after a run is in service: tag its source, remove what it replaced, tell the app, clean up. All can be
//! repeated.

use std::time::Duration;

use asset::event::VideoEvent;
use asset::printable::plain;
use asset::{Description, PUBLISHED_TAG, output, work};
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use aws_sdk_s3::types::{Tag, Tagging};
use handler::{ApiError, Bus, DEFAULT_BUS, api, chain};
use lambda_runtime::tracing;

use crate::event::{Job, Original};
use crate::notice::Notice;
use crate::settings::Settings;
use crate::site;
use crate::store::Bucket;
use crate::told;

/// What S3 answers for something that is not the id of a version.
const NO_VERSION: &str = "InvalidArgument";

/// S3's maximum number of tags on an object.
const MOST_TAGS: usize = 10;

/// CloudFront runs 15 wildcard invalidations at once, each for some seconds. Others wait for a place, four minutes at
/// most, and then fail until Lambda's retry.
const INVALIDATION_ATTEMPTS: u32 = 25;
const INVALIDATION_PAUSE: Duration = Duration::from_secs(10);

/// Maximum number of wildcards in one invalidation. CloudFront refuses any that would make more than 15 at once, even
/// after waiting. Some are left for other assets.
const WILDCARDS: usize = 10;

/// Finishes publications.
#[derive(Debug, Clone)]
pub(crate) struct Finisher {
    s3: aws_sdk_s3::Client,
    cloudfront: aws_sdk_cloudfront::Client,
    sns: aws_sdk_sns::Client,
    /// The bus that the app listens to.
    app: Bus,
    work: Bucket,
    output: Bucket,
    settings: Settings,
}

impl Finisher {
    pub(crate) fn new(
        s3: aws_sdk_s3::Client,
        cloudfront: aws_sdk_cloudfront::Client,
        events: aws_sdk_eventbridge::Client,
        sns: aws_sdk_sns::Client,
        settings: Settings,
    ) -> Self {
        let bus = settings.event_bus.as_deref().unwrap_or(DEFAULT_BUS);
        Self {
            app: Bus::new(events, bus, asset::event::source(&settings.stack)),
            work: Bucket::new(s3.clone(), settings.work_bucket.as_str()),
            output: Bucket::new(s3.clone(), settings.output_bucket.as_str()),
            s3,
            cloudfront,
            sns,
            settings,
        }
    }

    /// Does all the steps. The work copy is deleted last, because its absence means that all is done. `etag` is that of
    /// the stored description.
    pub(crate) async fn finish(
        &self,
        job: &Job,
        mut description: Description,
        etag: &str,
    ) -> Result<(), ApiError> {
        self.tag_source(job).await?;
        let replaced = description.published.as_mut().and_then(|published| published.replaced.take());
        if let Some(replaced) = replaced {
            for run in &replaced {
                let prefix = output::run_prefix(&job.asset, run);
                let objects = self.output.delete_under(&prefix).await?;
                tracing::info!(asset = job.asset, run, objects, "replaced run deleted");
            }
            self.invalidate_replaced(job, &replaced).await?;
            // Only now may the next publication forget these runs.
            site::settle(&self.output, &description, etag).await?;
        }
        let written = work::prefix(&job.asset, &job.run);
        if !self.work.list(&written).await?.is_empty() {
            if let Some(publication) = &description.published {
                self.tell_app(&told::published(job.original(), publication)).await?;
            }
            self.work.delete_under(&written).await?;
        }
        Ok(())
    }

    /// Tells the app what became of a video.
    pub(crate) async fn tell_app(&self, video: &VideoEvent) -> Result<(), ApiError> {
        self.app.put(video.detail_type(), video).await
    }

    /// False if S3 says that the version of a job was deleted. It can be gone although the key has another one.
    pub(crate) async fn has_version(&self, job: &Job) -> Result<bool, ApiError> {
        let Job { bucket, key, version, .. } = job;
        let get = self.s3.get_object_tagging().bucket(bucket).key(key).version_id(version).send().await;
        match get.map_err(api("s3:GetObjectVersionTagging", format!("s3://{bucket}/{key}"))) {
            Err(error) if error.is_missing() => Ok(false),
            // The ETag that stands for a version in a bucket without versions.
            Err(error) if error.code == NO_VERSION => Ok(true),
            answer => answer.map(|_| true),
        }
    }

    /// Adds the tag that lets the source be archived to the version's existing tags.
    async fn tag_source(&self, job: &Job) -> Result<(), ApiError> {
        let source = format!("s3://{}/{}", job.bucket, job.key);
        let (bucket, key) = (&job.bucket, &job.key);
        let get = self.s3.get_object_tagging().bucket(bucket).key(key);
        let get = get.version_id(&job.version).send().await;
        let mut tags = match get.map_err(api("s3:GetObjectVersionTagging", source.as_str())) {
            Ok(answer) => answer.tag_set,
            // The version was deleted or never existed: there is nothing to archive.
            Err(error) if error.is_missing() || error.code == NO_VERSION => {
                tracing::warn!(asset = job.asset, error = chain(&error), "source not tagged");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let (name, value) = PUBLISHED_TAG;
        if tags.iter().any(|tag| tag.key() == name && tag.value() == value) {
            return Ok(());
        }
        tags.retain(|tag| tag.key() != name);
        if tags.len() == MOST_TAGS {
            tracing::warn!(asset = job.asset, key, "source not tagged: it has {MOST_TAGS} tags");
            return Ok(());
        }
        tags.extend(Tag::builder().key(name).value(value).build().ok());
        let Ok(tagging) = Tagging::builder().set_tag_set(Some(tags)).build() else {
            return Ok(());
        };
        self.s3
            .put_object_tagging()
            .bucket(bucket)
            .key(key)
            .version_id(&job.version)
            .tagging(tagging)
            .send()
            .await
            .map(drop)
            .map_err(api("s3:PutObjectVersionTagging", source))
    }

    /// Removes the replaced objects from CloudFront's caches.
    async fn invalidate_replaced(&self, job: &Job, replaced: &[String]) -> Result<(), ApiError> {
        // Asset ids and runs are URL-safe, so the paths need no encoding.
        let paths = if replaced.len() > WILDCARDS {
            vec![format!("/{}*", output::prefix(&job.asset))]
        } else {
            let small = [output::playlist(&job.asset), output::description(&job.asset)];
            let runs = replaced.iter().map(|run| output::run_prefix(&job.asset, run) + "*");
            small.into_iter().chain(runs).map(|path| format!("/{path}")).collect()
        };
        self.invalidate(format!("{}-{}-{}", job.asset, job.run, job.id), paths).await
    }

    /// Removes a whole asset from CloudFront's caches.
    pub(crate) async fn invalidate_asset(&self, asset: &str, removed: &str) -> Result<(), ApiError> {
        let paths = vec![format!("/{}*", output::prefix(asset))];
        self.invalidate(format!("{asset}-{removed}"), paths).await
    }

    /// Removes these paths from CloudFront's caches. `reference` identifies the change, so that repeating it starts no
    /// second invalidation.
    async fn invalidate(&self, reference: String, paths: Vec<String>) -> Result<(), ApiError> {
        let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
        let paths = Paths::builder().quantity(quantity).set_items(Some(paths));
        let batch = paths
            .build()
            .and_then(|paths| InvalidationBatch::builder().paths(paths).caller_reference(reference).build());
        let Ok(batch) = batch else { return Ok(()) };
        let mut attempt = 1;
        loop {
            let distribution = &self.settings.distribution;
            let invalidation = self
                .cloudfront
                .create_invalidation()
                .distribution_id(distribution)
                .invalidation_batch(batch.clone())
                .send()
                .await;
            match invalidation.map_err(api("cloudfront:CreateInvalidation", distribution)) {
                Ok(_) => return Ok(()),
                Err(error)
                    if error.code == "TooManyInvalidationsInProgress" && attempt < INVALIDATION_ATTEMPTS =>
                {
                    attempt += 1;
                    tokio::time::sleep(INVALIDATION_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends a notice to the topic, if there is a topic.
    pub(crate) async fn tell(&self, notice: Notice) -> Result<(), ApiError> {
        let Some(topic) = &self.settings.topic else {
            return Ok(());
        };
        self.sns
            .publish()
            .topic_arn(topic)
            .subject(notice.subject)
            .message(notice.text)
            .send()
            .await
            .map(drop)
            .map_err(api("sns:Publish", topic))
    }

    /// A message for viewers: one line, with keys, but without buckets, ARNs and the account.
    pub(crate) fn for_viewers(&self, original: Original<'_>, account: Option<&str>, message: &str) -> String {
        let buckets = [original.bucket, self.settings.work_bucket.as_str()];
        let mut message = message.to_owned();
        for bucket in buckets {
            message = message.replace(&format!("s3://{bucket}/"), "");
        }
        let telling = |word: &str| {
            let names = buckets.into_iter().chain(["arn:"]).chain(account);
            names.into_iter().any(|name| word.contains(name))
        };
        let mut shown = String::with_capacity(message.len());
        for part in message.split_inclusive(|c: char| c.is_whitespace() || "[](){}<>\"',;".contains(c)) {
            if telling(part) {
                shown.push('…');
                let end = part.chars().next_back().filter(|end| !end.is_alphanumeric() && *end != '/');
                shown.extend(end);
            } else {
                shown.push_str(part);
            }
        }
        plain(&shown).into_owned()
    }
}
