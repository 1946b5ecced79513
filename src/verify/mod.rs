//! The end-to-end check: a clip goes in where uploads go, and what comes out is played where viewers play it.
//!
//! Nothing is taken on trust: the clip travels through the stack's own buckets, rules, functions and jobs, every
//! playlist and segment is fetched from the viewer's address, every rendition is decoded to its end, what playlists say is
//! held against the streams, and what answers say against what the stack promises.

mod clip;
mod closed_ways;
mod decode;
mod fault;
mod fetch;
mod http;
mod measure;
mod served;
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

pub use clip::Clip;
pub use decode::Decoded;
pub use fault::{Fault, Rule};
pub use measure::{Picture, Segment, Sound, Stream};
pub use verdict::{Rendition, bandwidth, judge};

/// What the check needs of the stack's buckets. Who may not list a bucket is told that a missing object is forbidden.
pub const PERMISSIONS: &[Allow] = &[
    Allow::new(&["s3:PutObject"], &["arn:aws:s3:::{source}/provision-verify/*"]),
    Allow::new(&["s3:GetObject"], &["arn:aws:s3:::{output}/*"]),
    Allow::new(&["s3:ListBucket"], &["arn:aws:s3:::{output}"]),
];

/// The folder of the source bucket that checks upload to. Each clip's name is stable, so that a check replaces what the
/// last one published and leaves no trail.
const FOLDER: &str = "provision-verify";

/// How long nothing is heard of the test clip before it is uploaded again. S3 announces uploads from about five minutes after
/// it was told to, and never those before (S3 user guide, "Enabling Amazon EventBridge"): the check of a stack made just now
/// would wait for nothing.
const UNHEARD: Duration = Duration::from_secs(10 * 60);

/// Where a stack takes videos and shows them.
pub struct Stage<'a> {
    /// The stack's region.
    pub cx: Context,
    /// The source bucket's name.
    pub source: &'a str,
    /// The output bucket's name.
    pub output: &'a str,
    /// The viewer's base address, without a trailing slash.
    pub viewer: &'a str,
    /// The `Cookie` header that viewers must send, where nothing plays unsigned.
    pub cookie: Option<&'a str>,
    /// A site whose players may play: the `Origin` that browsers send from there.
    pub player: &'a str,
}

/// What a check found.
#[derive(Debug)]
pub struct Playable {
    /// The address of the multivariant playlist.
    pub address: String,
    /// From the end of the upload until the playlist could be fetched.
    pub took: Duration,
    /// Every rendition, audio included.
    pub renditions: Vec<Played>,
    /// What players put up with, against Apple's authoring specification.
    pub advice: Vec<Fault>,
}

/// One rendition that plays.
#[derive(Debug)]
pub struct Played {
    /// As it was decoded.
    pub decoded: Decoded,
    /// As it was measured.
    pub stream: Stream,
    /// The declared and the measured peak in bits a second, with the heaviest sound; none for a sound alone.
    pub bandwidth: Option<(u64, u64)>,
}

/// Why a check failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// A call to AWS failed.
    #[error("the check could not go on")]
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
    /// The stack said that it could not encode the clip.
    #[error("the clip was not published: {why}")]
    #[diagnostic(help(
        "see the log groups of the submit and publish functions, and the job in MediaConvert"
    ))]
    NotPublished {
        /// What the stack wrote about it.
        why: String,
    },
    /// What was published does not play.
    #[error("{address} does not play: {why}")]
    Unplayable {
        /// What was fetched or decoded.
        address: String,
        /// Why.
        why: String,
    },
    /// What was published decodes, but its playlists are wrong about it, or it is not served as it must be.
    #[error("{address} plays, but not as it must: {}", list(.faults))]
    #[diagnostic(help(
        "what playlists say comes from the job template, what answers say from publish, the distribution and its policies, \
         and who is let in from these and the bucket's policy: `provision plan` shows whether somebody changed any of them; \
         if not, RFC 8216 or the encoder's documentation says which of the template's settings to correct"
    ))]
    Faulty {
        /// The multivariant playlist.
        address: String,
        /// What is wrong, all of it.
        faults: Vec<Fault>,
    },
}

/// Without their dots, at which a terminal would break the line.
fn suffixes() -> String {
    let bare = asset::VIDEO_SUFFIXES.iter().map(|suffix| suffix.trim_start_matches('.'));
    bare.collect::<Vec<_>>().join(", ")
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

/// Uploads the clip, waits until it is published, fetches all of it as a viewer would, and decodes every rendition.
/// `progress` hears what is being done.
///
/// # Errors
/// When any of that fails: the error says at what.
pub async fn verify(
    stage: &Stage<'_>,
    clip: Option<&Path>,
    progress: &mut dyn FnMut(&str),
) -> Result<Playable, Error> {
    let ffmpeg = local::ffmpeg(progress).await?;
    // A clip of somebody's own may take long to encode, and costs what it costs.
    let again = clip.is_none() && !stage.cx.connection().is_local();
    let scratch = tempfile::tempdir().map_err(|error| unusable("for the check", &error))?;
    let clip = match clip {
        Some(file) => {
            let clip = Clip::given(file)?;
            // The stack refuses it in a log that nobody looks at, and the check would wait for it.
            if ffmpeg.hears_only_sound(file).await {
                let (name, why) = (file.display().to_string(), "it has sound and no picture".to_owned());
                return Err(Error::Clip { name, why });
            }
            clip
        }
        None => {
            progress("making a test clip");
            Clip::make(ffmpeg.path(), scratch.path()).await?
        }
    };
    let key = format!("{FOLDER}/{}", clip.name);
    let asset = asset::id(stage.source, &key);
    let began = publish(stage, &clip, (&key, &asset), again, progress).await?;
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
    progress("trying the ways in that must be closed");
    let mut found = judged(&set, &streams);
    found.append(&mut set.faults);
    found.extend(closed_ways::check(stage, &base, &asset).await?);
    let (advice, faults): (Vec<Fault>, Vec<Fault>) =
        found.into_iter().partition(|fault| fault.rule == Rule::Apple);
    if !faults.is_empty() {
        return Err(Error::Faulty { address, faults });
    }
    Ok(Playable { address, took, renditions: played(&set, decoded, streams), advice })
}

fn sides<'a>(set: &'a Set, streams: &'a [Stream]) -> Vec<Rendition<'a>> {
    let sides = set.renditions.iter().zip(streams);
    let sides =
        sides.map(|(fetched, stream)| Rendition { uri: &fetched.uri, playlist: &fetched.media, stream });
    sides.collect()
}

fn judged(set: &Set, streams: &[Stream]) -> Vec<Fault> {
    judge(&set.multivariant, &sides(set, streams))
}

/// Puts together what is known of each rendition.
fn played(set: &Set, decoded: Vec<Decoded>, streams: Vec<Stream>) -> Vec<Played> {
    let sides = sides(set, &streams);
    let sounds: Vec<&Rendition<'_>> = sides.iter().filter(|side| side.stream.picture.is_none()).collect();
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

/// Uploads the clip, once more if nothing is heard of it and that is wanted, and waits until it is published; since when it
/// waited.
async fn publish(
    stage: &Stage<'_>,
    clip: &Clip,
    (key, asset): (&str, &str),
    again: bool,
    progress: &mut dyn FnMut(&str),
) -> Result<Instant, Error> {
    progress(&format!("uploading {key}"));
    let version = upload(stage, clip, key).await?;
    let began = Instant::now();
    progress("waiting until it is encoded and published");
    let unheard = again.then_some(began + UNHEARD);
    let verdict = match published(stage, asset, &version, unheard).await? {
        Verdict::Unheard => {
            progress("nothing was heard of it, as of uploads before S3 announces them: uploading it again");
            let version = upload(stage, clip, key).await?;
            let began = Instant::now();
            (published(stage, asset, &version, None).await?, began)
        }
        verdict => (verdict, began),
    };
    match verdict {
        (Verdict::Failed(why), _) => Err(Error::NotPublished { why }),
        (Verdict::Published | Verdict::Unheard, began) => Ok(began),
    }
}

/// What became of an upload.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Published,
    Failed(String),
    /// Nothing, although there was time.
    Unheard,
}

/// Waits until the asset's description speaks of this version, or until it is too late for that.
async fn published(
    stage: &Stage<'_>,
    asset: &str,
    version: &str,
    unheard: Option<Instant>,
) -> Result<Verdict, Error> {
    let patience = Patience { longest: Duration::from_secs(1), ..Patience::MINUTES };
    let look = || async {
        let call = stage.cx.s3().get_object().bucket(stage.output).key(output::description(asset));
        let call = call.expected_bucket_owner(&stage.cx.scope.account);
        let found = match call.send().await.unless("s3:GetObject", &["NoSuchKey"])? {
            Some(answer) => Some(description(asset, answer.body).await?),
            None => None,
        };
        Ok(match verdict(found.as_ref(), version) {
            Poll::Pending(_) if unheard.is_some_and(|at| Instant::now() >= at) => {
                Poll::Done(Verdict::Unheard)
            }
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
            let state = if failure.state == State::Canceled { "canceled" } else { "failed" };
            Poll::Done(Verdict::Failed(format!("job {} {state}: {}", failure.job, failure.message)))
        }
        _ => Poll::Pending("waiting until the new version is published".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(published: Option<&str>, failed: Option<&str>) -> Description {
        let publication = published.map(|version| {
            serde_json::json!({
                "playlist": "index.m3u8", "version": version, "run": "r", "revision": 1, "job": "j", "renditions": [],
                "completed": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
            })
        });
        let failure = failed.map(|version| {
            serde_json::json!({
                "state": "error", "version": version, "job": "j", "message": "no video", "failed": "2026-01-01T00:00:00Z",
            })
        });
        let text = serde_json::json!({
            "asset": "a", "state": "published", "key": "k.mp4", "published": publication, "failure": failure,
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn only_what_is_said_of_this_version_counts() {
        assert!(matches!(verdict(None, "2"), Poll::Pending(_)));
        assert!(matches!(verdict(Some(&described(Some("1"), Some("1"))), "2"), Poll::Pending(_)));
        assert_eq!(verdict(Some(&described(Some("2"), Some("1"))), "2"), Poll::Done(Verdict::Published));
        let failed = Verdict::Failed("job j failed: no video".to_owned());
        assert_eq!(verdict(Some(&described(Some("1"), Some("2"))), "2"), Poll::Done(failed));
    }
}
