//! The end-to-end check: it uploads a clip as users do, and plays the result as viewers do.
//!
//! The clip passes through the stack's own buckets, rules, functions and jobs. Every playlist and segment is fetched
//! from the viewer's address, and every rendition is decoded completely. The playlists are compared with the streams,
//! and the headers with what the stack promises.

mod clip;
mod closed_ways;
mod decode;
mod error;
mod fault;
mod fetch;
mod http;
mod measure;
mod served;
mod upload;
mod verdict;

use std::path::Path;
use std::time::Duration;

use asset::output;
use url::Url;

use crate::aws::Context;
use crate::local;
use crate::model::Allow;

use error::unusable;
use fetch::Set;
use upload::{Waits, publish};

pub use crate::local::ColorTags;
pub use clip::Clip;
pub use decode::Decoded;
pub use error::Error;
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
    let waits = Waits::new(clip.is_none(), stage.cx.connection().pace());
    let scratch = tempfile::tempdir().map_err(|error| unusable("for the check", &error))?;
    let clip = match clip {
        Some(file) => Clip::given(file)?,
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
    let (advice, faults): (Vec<Fault>, Vec<Fault>) = found.into_iter().partition(|fault| !fault.rule.fails());
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
