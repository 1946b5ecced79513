//! The end-to-end check: it uploads a clip as users do, and plays the result as viewers do.
//!
//! The clip passes through the stack's own buckets, rules, functions and jobs. Every playlist and segment is fetched
//! from the viewer's address, and every rendition is decoded completely. The playlists are compared with the streams,
//! and the headers with what the stack promises.

mod clip;
mod closed_ways;
mod decode;
mod fault;
mod fetch;
mod http;
mod measure;
mod served;
#[cfg(test)]
mod tests;
mod verdict;

use std::path::Path;
use std::time::{Duration, Instant};

use asset::{Description, State, output};
use aws_sdk_s3::primitives::ByteStream;
use miette::Diagnostic;
use url::Url;

use crate::aws::{self, Context, Patience, Poll, SdkResult, unhurried};
use crate::local;
use crate::model::Allow;

use fetch::Set;

pub use crate::local::ColorTags;
pub use clip::Clip;
pub use decode::Decoded;
pub use fault::{Authority, Fault};
pub use measure::{Picture, Segment, Sound, Stream};
pub use verdict::{MeasuredRendition, bandwidth, judge};

/// The check's permissions on the stack's buckets. Listing is needed because S3 otherwise answers "access denied" for a
/// missing object.
pub const PERMISSIONS: &[Allow] = &[
    Allow::new(&["s3:PutObject"], &["arn:aws:s3:::{source}/provision-verify/*"]),
    Allow::new(&["s3:GetObject"], &["arn:aws:s3:::{output}/*"]),
    Allow::new(&["s3:ListBucket"], &["arn:aws:s3:::{output}"]),
];

/// The folder of the source bucket for uploads of checks. A clip's name is stable, so a check replaces what the last
/// one published.
const FOLDER: &str = "provision-verify";

/// How long to wait for a clip.
#[derive(Clone, Copy, Debug)]
struct Waits {
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
    /// A user's clip may take long to encode and may be expensive, so it is uploaded only once. A local cloud sends events
    /// at once.
    fn new(is_test_clip: bool, is_local: bool) -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let again = (is_test_clip && !is_local).then(|| minutes(10));
        Self { quiet: minutes(1), again, longest: minutes(40) }
    }
}

/// The places where a stack takes and shows videos.
pub struct Stage<'a> {
    /// The stack's region.
    pub cx: Context,
    /// The source bucket's name.
    pub source: &'a str,
    /// The output bucket's name.
    pub output: &'a str,
    /// The viewer's base address, without a trailing slash.
    pub viewer: &'a str,
    /// The `Cookie` header that viewers must send, if playback is private.
    pub cookie: Option<&'a str>,
    /// A site with allowed players: the `Origin` header of its browsers.
    pub player: &'a str,
    /// Where the handlers' logs are, in words.
    pub logs: &'a str,
}

/// The result of a successful check.
#[derive(Debug)]
pub struct Playable {
    /// The address of the multivariant playlist.
    pub address: String,
    /// From the end of the upload until the playlist could be fetched.
    pub took: Duration,
    /// Every rendition, audio included.
    pub renditions: Vec<Played>,
    /// Deviations from Apple's authoring specification that players tolerate.
    pub advice: Vec<Fault>,
}

/// One rendition that plays.
#[derive(Debug)]
pub struct Played {
    /// The result of decoding it.
    pub decoded: Decoded,
    /// The result of measuring it.
    pub stream: Stream,
    /// The declared and the measured peak in bits per second, with the heaviest sound. `None` for a sound alone.
    pub bandwidth: Option<(u64, u64)>,
}

/// Why a check failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// A call to AWS failed.
    #[error("the check could not continue")]
    Aws(
        #[from]
        #[diagnostic_source]
        aws::Error,
    ),
    /// ffmpeg is missing.
    #[error("the check needs ffmpeg")]
    NoFfmpeg(
        #[from]
        #[diagnostic_source]
        local::Error,
    ),
    /// The clip cannot be used.
    #[error("the clip {name} cannot be used: {why}")]
    #[diagnostic(help("give a video file whose name ends in one of {}", suffixes()))]
    Clip {
        /// The clip.
        name: String,
        /// Why.
        why: String,
    },
    /// The stack reported that it could not encode the clip.
    #[error("the clip was not published: {why}")]
    #[diagnostic(help(
        "see the log groups of the submit and publish functions, and the job in MediaConvert"
    ))]
    NotPublished {
        /// The stack's reason.
        why: String,
    },
    /// Nothing was published, and no reason was given.
    #[error("the clip was not published within {minutes} minutes, and the stack does not say why")]
    #[diagnostic(help("submit or publish may have failed: see {logs}; then run the command again"))]
    Silent {
        /// How long it was awaited.
        minutes: u64,
        /// Where the handlers' logs are.
        logs: String,
    },
    /// The published video does not play.
    #[error("{address} does not play: {why}")]
    Unplayable {
        /// The address that was fetched or decoded.
        address: String,
        /// Why.
        why: String,
    },
    /// The published video decodes, but its playlists are wrong about it, or it is not served as it must be.
    #[error("{address} plays, but has faults: {}", list(.faults))]
    #[diagnostic(help(
        "run `provision plan` to see whether somebody changed the job template (source of the playlists), publish, the \
         distribution and its policies (headers and access), or the bucket's policy (access); if not, RFC 8216 or the \
         encoder's documentation says which setting of the template to correct"
    ))]
    Faulty {
        /// The multivariant playlist.
        address: String,
        /// All faults.
        faults: Vec<Fault>,
    },
}

/// The suffixes without their dots, because a terminal would break the line at a dot.
fn suffixes() -> String {
    let bare = asset::VIDEO_SUFFIXES.iter().map(|suffix| suffix.trim_start_matches('.'));
    bare.collect::<Vec<_>>().join(", ")
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

/// Uploads the clip, waits until it is published, fetches it as a viewer would, and decodes every rendition. It reports
/// each step to `progress`.
///
/// # Errors
/// When any step fails. The error names the step.
pub async fn verify(
    stage: &Stage<'_>,
    clip: Option<&Path>,
    progress: &mut dyn FnMut(&str),
) -> Result<Playable, Error> {
    let ffmpeg = local::ffmpeg(progress).await?;
    let waits = Waits::new(clip.is_none(), stage.cx.connection().is_local());
    let scratch = tempfile::tempdir().map_err(|error| unusable("for the check", &error))?;
    let clip = match clip {
        Some(file) => {
            let clip = Clip::given(file)?;
            // The stack would refuse it only in a log, and the check would wait in vain.
            if ffmpeg.film(file).await.is_some_and(|film| film.picture.is_none()) {
                let (name, why) = (file.display().to_string(), "it has sound but no picture".to_owned());
                return Err(Error::Clip { name, why });
            }
            clip
        }
        None => {
            progress("making a test clip");
            Clip::make(ffmpeg.path(), scratch.path()).await?
        }
    };
    // What cannot be read cannot be compared. The stack says why it does not publish it.
    let film = ffmpeg.film(&clip.path).await.unwrap_or_default();
    let key = format!("{FOLDER}/{}", clip.name);
    let asset = asset::id(stage.source, &key);
    let began = publish(stage, &clip, (&key, &asset), waits, progress).await?;
    let address = format!("{}/{}", stage.viewer, output::playlist(&asset));
    let base = Url::parse(&address)
        .map_err(|error| Error::Unplayable { address: address.clone(), why: error.to_string() })?;
    let mut set = fetch::fetch(&base, stage, scratch.path(), progress).await?;
    let took = began.elapsed().saturating_sub(set.took);
    progress("decoding every rendition");
    let decoded = decode::decode(ffmpeg.path(), &set).await?;
    progress("measuring every segment");
    let mut streams = Vec::new();
    for rendition in &set.renditions {
        streams.push(measure::measure(ffmpeg.path(), rendition).await?);
    }
    progress("checking that forbidden access is refused");
    let mut found = judged(&set, &streams, &film);
    found.append(&mut set.faults);
    found.extend(closed_ways::check(stage, &base, &asset).await?);
    let (advice, faults): (Vec<Fault>, Vec<Fault>) =
        found.into_iter().partition(|fault| !fault.rule.fails());
    if !faults.is_empty() {
        return Err(Error::Faulty { address, faults });
    }
    Ok(Playable { address, took, renditions: played(&set, decoded, streams), advice })
}

fn sides<'a>(set: &'a Set, streams: &'a [Stream]) -> Vec<MeasuredRendition<'a>> {
    let sides = set.renditions.iter().zip(streams);
    let sides = sides.map(|(fetched, stream)| MeasuredRendition {
        uri: &fetched.uri,
        playlist: &fetched.media,
        stream,
    });
    sides.collect()
}

fn judged(set: &Set, streams: &[Stream], film: &local::Film) -> Vec<Fault> {
    judge(&set.multivariant, &sides(set, streams), film)
}

/// Combines the results for each rendition.
fn played(set: &Set, decoded: Vec<Decoded>, streams: Vec<Stream>) -> Vec<Played> {
    let sides = sides(set, &streams);
    let sounds: Vec<&MeasuredRendition<'_>> =
        sides.iter().filter(|side| side.stream.picture.is_none()).collect();
    let declared = |uri: &str| set.multivariant.variants.iter().find(|variant| variant.uri == uri);
    let bandwidths: Vec<_> = sides
        .iter()
        .map(|side| Some((declared(side.uri)?.bandwidth, verdict::bandwidth(side, &sounds).0)))
        .collect();
    let renditions = decoded.into_iter().zip(bandwidths).zip(streams);
    renditions.map(|((decoded, bandwidth), stream)| Played { decoded, stream, bandwidth }).collect()
}

fn unusable(name: &str, error: &std::io::Error) -> Error {
    Error::Clip { name: name.to_owned(), why: error.to_string() }
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
async fn publish(
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
        Some(failure) if failure.version == version => {
            let state = match failure.state {
                State::Canceled => "canceled",
                State::Refused => "refused",
                _ => "failed",
            };
            let what =
                failure.job.as_ref().map_or_else(|| "the upload".to_owned(), |job| format!("job {job}"));
            Poll::Done(Verdict::Failed(format!("{what} {state}: {}", failure.message)))
        }
        _ => Poll::Pending("waiting until the new version is published".to_owned()),
    }
}
