//! The end-to-end check: a clip goes in where uploads go, and what comes out is played where viewers play it.
//!
//! Nothing is taken on trust: the clip travels through the stack's own buckets, rules, functions and jobs, every
//! playlist and segment is fetched from the viewer's address, every rendition is decoded to its end, and what playlists
//! say is held against the streams.

mod clip;
mod decode;
mod fetch;
mod judge;
mod measure;

use std::path::Path;
use std::time::{Duration, Instant};

use asset::{Description, State, output};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::timeout::TimeoutConfig;
use miette::Diagnostic;

use crate::aws::{self, Context, Patience, Poll, SdkResult};
use crate::local;
use crate::model::Allow;

use fetch::Set;

pub use clip::Clip;
pub use decode::Decoded;
pub use judge::{Fault, Rendition, Rule, bandwidth, judge};
pub use measure::{Picture, Segment, Sound, Stream};

/// What the check needs of the stack's buckets. Who may not list a bucket is told that a missing object is forbidden.
pub const PERMISSIONS: &[Allow] = &[
    Allow::new(&["s3:PutObject"], &["arn:aws:s3:::{source}/provision-verify/*"]),
    Allow::new(&["s3:GetObject"], &["arn:aws:s3:::{output}/*"]),
    Allow::new(&["s3:ListBucket"], &["arn:aws:s3:::{output}"]),
];

/// How long the upload of a clip may take: 5 GiB over a line of 6 Mbit/s.
const UPLOAD: Duration = Duration::from_secs(2 * 3600);
/// The folder of the source bucket that checks upload to. Each clip's name is stable, so that a check replaces what the
/// last one published and leaves no trail.
const FOLDER: &str = "provision-verify";

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
    /// What was published decodes, but its playlists are wrong about it.
    #[error("{address} plays, but not on every player: {}", list(.faults))]
    #[diagnostic(help(
        "the job template makes these: `provision plan` shows whether somebody changed it; if not, RFC 8216 or the \
         encoder's documentation says which of its settings to correct"
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
    progress(&format!("uploading {key}"));
    let version = upload(stage, &clip, &key).await?;
    let began = Instant::now();
    progress("waiting until it is encoded and published");
    let asset = asset::id(stage.source, &key);
    published(stage, &asset, &version).await?;
    let address = format!("{}/{}", stage.viewer, output::playlist(&asset));
    let set = fetch::fetch(&address, stage.cookie, scratch.path(), progress).await?;
    let took = began.elapsed().saturating_sub(set.took);
    progress("decoding every rendition");
    let decoded = decode::decode(ffmpeg.path(), &set).await?;
    progress("measuring every segment");
    let mut streams = Vec::new();
    for rendition in &set.renditions {
        streams.push(measure::measure(ffmpeg.path(), rendition).await?);
    }
    let (faults, advice) = judged(&set, &streams).into_iter().partition(|fault| fault.rule == Rule::Rfc8216);
    if !Vec::is_empty(&faults) {
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
        .map(|side| Some((declared(side.uri)?.bandwidth, judge::bandwidth(side, &sounds).0)))
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
    // The usual bound of an attempt is for answers, not for gigabytes over a slow line.
    let patient = TimeoutConfig::builder().operation_attempt_timeout(UPLOAD).build();
    let put = put.customize().config_override(aws_sdk_s3::config::Builder::new().timeout_config(patient));
    let answer = put.send().await.named("s3:PutObject")?;
    Ok(asset::version(answer.version_id(), answer.e_tag()).to_owned())
}

/// Waits until the asset's description speaks of this version.
async fn published(stage: &Stage<'_>, asset: &str, version: &str) -> Result<(), Error> {
    let patience = Patience { longest: Duration::from_secs(1), ..Patience::MINUTES };
    let look = || async {
        let call = stage.cx.s3().get_object().bucket(stage.output).key(output::description(asset));
        let call = call.expected_bucket_owner(&stage.cx.scope.account);
        let Some(answer) = call.send().await.unless("s3:GetObject", &["NoSuchKey"])? else {
            return Ok(Poll::Pending("waiting until the clip is published".to_owned()));
        };
        let unreadable = |error: String| aws::Error::unexpected("s3:GetObject", format!("{asset}: {error}"));
        let bytes = answer.body.collect().await.map_err(|error| unreadable(error.to_string()))?.into_bytes();
        let found: Description =
            serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        Ok(verdict(&found, version))
    };
    match aws::until(&stage.cx, "the clip is not published:", patience, look).await? {
        Ok(()) => Ok(()),
        Err(why) => Err(Error::NotPublished { why }),
    }
}

/// Whether the description says that this version is published, or why it is not.
fn verdict(found: &Description, version: &str) -> Poll<Result<(), String>> {
    if found.published.as_ref().is_some_and(|publication| publication.version == version) {
        return Poll::Done(Ok(()));
    }
    match &found.failure {
        Some(failure) if failure.version == version => {
            let state = if failure.state == State::Canceled { "canceled" } else { "failed" };
            Poll::Done(Err(format!("job {} {state}: {}", failure.job, failure.message)))
        }
        _ => Poll::Pending("waiting until the new version is published".to_owned()),
    }
}
