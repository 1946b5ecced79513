//! Uploads a clip, and waits for what becomes of it.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use asset::{Description, Failure, State, output};
use aws_sdk_s3::primitives::ByteStream;

use super::{Clip, Error, Stage};
use crate::aws::{self, Patience, Poll, SdkResult, unhurried};

/// How long to wait for a clip.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    /// How long nothing is unusual: a test clip is usually published within this time.
    quiet: Duration,
    /// How long to wait for a sign of the test clip before it is uploaded again. S3 sends events only from about five
    /// minutes after they are enabled, and never for earlier uploads (S3 user guide, "Enabling Amazon EventBridge").
    /// Without a second upload, the check of a new stack would wait in vain. `None` uploads once.
    again: Option<Duration>,
    /// How long to wait at all, after the last upload.
    longest: Duration,
}

impl Waits {
    /// A user's clip may take long to encode and may be expensive, so it is uploaded only once. `pace` is the cloud's: one
    /// without a pace sends events at once.
    pub(super) fn new(is_test_clip: bool, pace: Option<u32>) -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        // A local cloud may hurry, but its encoder does not.
        let faster = |pace: u32| (minutes(10) / pace.max(1)).max(minutes(1));
        let again = pace.filter(|_| is_test_clip).map(faster);
        Self { quiet: minutes(1), again, longest: minutes(40) }
    }
}

/// Uploads the clip and returns its version.
async fn upload(stage: &Stage<'_>, clip: &Clip, key: &str) -> Result<String, Error> {
    let body = ByteStream::from_path(&clip.path).await;
    let body = body.map_err(|error| Error::Clip { name: clip.name.clone(), why: error.to_string() })?;
    let put = stage.cx.s3().put_object().bucket(stage.source).key(key).body(body);
    let put = put.expected_bucket_owner(&stage.cx.scope.account);
    let answer = put.customize().config_override(unhurried()).send().await.named("s3:PutObject")?;
    Ok(asset::version(answer.version_id(), answer.e_tag()).to_owned())
}

/// Uploads the clip and waits until it is published. If that takes long, it says where to look, and may upload the clip a
/// second time. Returns when the last upload ended.
pub(super) async fn publish(
    stage: &Stage<'_>,
    clip: &Clip,
    (key, asset): (&str, &str),
    waits: Waits,
    progress: &mut dyn FnMut(&str),
) -> Result<Instant, Error> {
    progress(&format!("uploading {key}"));
    let version = upload(stage, clip, key).await?;
    let mut began = Instant::now();
    progress("waiting until it is encoded and published");
    let mut verdict = published(stage, asset, &version, began + waits.quiet).await?;
    if verdict == Verdict::Unheard {
        progress(&format!("it is not published yet; if this takes long, see {}", stage.logs));
        let limit = began + waits.again.unwrap_or(waits.longest);
        verdict = published(stage, asset, &version, limit).await?;
    }
    if waits.again.is_some() && verdict == Verdict::Unheard {
        progress("nothing was published, perhaps because S3 did not send events yet: uploading it again");
        let version = upload(stage, clip, key).await?;
        began = Instant::now();
        verdict = published(stage, asset, &version, began + waits.longest).await?;
    }
    match verdict {
        Verdict::Published => Ok(began),
        Verdict::Failed(why) => Err(Error::NotPublished { why }),
        Verdict::BadFile(why) => Err(Error::BadFile { why }),
        Verdict::Refused(why) => Err(Error::Refused { why }),
        Verdict::Unheard => {
            Err(Error::Silent { minutes: began.elapsed().as_secs() / 60, logs: stage.logs.to_owned() })
        }
    }
}

/// The result of an upload.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Published,
    Failed(String),
    /// The job failed because of the file.
    BadFile(String),
    /// There was no job.
    Refused(String),
    /// Nothing happened within the time limit.
    Unheard,
}

/// Waits until the asset's description names this version, or until `limit`.
async fn published(stage: &Stage<'_>, asset: &str, version: &str, limit: Instant) -> Result<Verdict, Error> {
    // `limit` ends the wait, not the patience.
    let patience = Patience { longest: Duration::from_secs(1), limit: Duration::MAX, ..Patience::MINUTES };
    let look = || async {
        let call = stage.cx.s3().get_object().bucket(stage.output).key(output::description(asset));
        let call = call.expected_bucket_owner(&stage.cx.scope.account);
        let found = match call.send().await.unless("s3:GetObject", &["NoSuchKey"])? {
            Some(answer) => Some(description(asset, answer.body).await?),
            None => None,
        };
        Ok(match verdict(found.as_ref(), version) {
            Poll::Pending(_) if Instant::now() >= limit => Poll::Done(Verdict::Unheard),
            verdict => verdict,
        })
    };
    Ok(aws::until(&stage.cx, "the clip is not published:", patience, look).await?)
}

async fn description(asset: &str, body: ByteStream) -> aws::Result<Description> {
    let unreadable = |error: String| aws::Error::unexpected("s3:GetObject", format!("{asset}: {error}"));
    let bytes = body.collect().await.map_err(|error| unreadable(error.to_string()))?.into_bytes();
    serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))
}

/// Whether the description, if there is one, says that this version is published, or why it is not.
fn verdict(found: Option<&Description>, version: &str) -> Poll<Verdict> {
    let Some(found) = found else {
        return Poll::Pending("waiting until the clip is published".to_owned());
    };
    if found.published.as_ref().is_some_and(|publication| publication.version == version) {
        return Poll::Done(Verdict::Published);
    }
    match &found.failure {
        Some(failure) if failure.version == version => Poll::Done(verdict_of(failure)),
        _ => Poll::Pending("waiting until the new version is published".to_owned()),
    }
}

/// Why the version is not published, and whose fault it is.
fn verdict_of(failure: &Failure) -> Verdict {
    let job = failure.job.as_ref().map_or_else(|| "the job".to_owned(), |job| format!("job {job}"));
    let why = &failure.message;
    match failure.state {
        State::Refused => Verdict::Refused(why.clone()),
        State::Canceled => Verdict::Failed(format!("{job} canceled: {why}")),
        _ if failure.code.is_some_and(asset::is_of_the_file) => {
            Verdict::BadFile(format!("{job} failed: {why}"))
        }
        _ => Verdict::Failed(format!("{job} failed: {why}")),
    }
}
