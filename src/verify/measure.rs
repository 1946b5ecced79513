//! Measures the segments of a rendition with ffmpeg: codec, size, colors, rate, times, key frames.
//!
//! Nothing here comes from a playlist, so [`super::judge`] can compare the two.

mod describe;

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::process::Command;

use crate::local::ColorTags;

use super::Error;
use super::fetch::Fetched;
use describe::describe;

/// How many segments are read at once. ffmpeg only copies here, so starting it is most of the work.
const AT_ONCE: usize = 4;
/// MPEG's clock, in ticks a second.
const CLOCK: f64 = 90_000.0;
/// The owner of the ID3 tag with the time of a raw audio segment (RFC 8216, 3.4). Eight bytes of ticks follow.
const TIMESTAMP_OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";

/// A rendition's stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stream {
    /// Its picture, if it has one.
    pub picture: Option<Picture>,
    /// Its sound, if it has one.
    pub sound: Option<Sound>,
    /// Its segments, in the playlist's order.
    pub segments: Vec<Segment>,
}

/// The picture of a rendition.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Its RFC 6381 name, from its sequence parameter set.
    pub codec: String,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// How wide a sample is shown, for each unit of height.
    pub sample: (u32, u32),
    /// What its samples mean.
    pub color: ColorTags,
    /// Frames a second, from the times of its frames. One frame has no rate.
    pub rate: Option<f64>,
}

/// The sound of a rendition.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Its RFC 6381 name.
    pub codec: String,
    /// How many channels it has.
    pub channels: u32,
    /// Seconds of silence at its beginning. Only measured of a rendition without a picture.
    pub quiet: f64,
}

/// One segment. Times are those of its picture. Without a picture, those of its sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its size.
    pub bytes: u64,
    /// When the first frame is shown, in seconds on the stream's own clock.
    pub start: f64,
    /// When the last frame is over.
    pub end: f64,
    /// How many frames it has.
    pub frames: u64,
    /// Whether it begins with a key frame and shows nothing before it.
    pub independent: bool,
}

/// Reads every segment of a rendition.
///
/// # Errors
/// When ffmpeg cannot read it, or it has neither picture nor sound.
pub(super) async fn measure(ffmpeg: &Path, rendition: &Fetched) -> Result<Stream, Error> {
    let fail = |why: String| Error::Unplayable { address: rendition.address.clone(), why };
    let header = rendition.header.as_deref();
    let first = rendition.files.first().ok_or_else(|| fail("it has no segments".to_owned()))?;
    let described = describe(ffmpeg, header, first).await.map_err(&fail)?;
    let segments: Vec<(Vec<Frame>, Segment)> = stream::iter(&rendition.files)
        .map(|file| async move { segment(ffmpeg, header, file).await })
        .buffered(AT_ONCE)
        .try_collect()
        .await
        .map_err(&fail)?;
    let (mut picture, mut sound) = (described.picture, described.sound);
    if let (None, Some(sound)) = (&picture, &mut sound) {
        sound.quiet = quiet(ffmpeg, &rendition.playlist).await.map_err(&fail)?;
    }
    if let Some(picture) = &mut picture {
        let frames: Vec<Frame> = segments.iter().flat_map(|(frames, _)| frames).copied().collect();
        picture.rate = rate(&frames);
    }
    Ok(Stream { picture, sound, segments: segments.into_iter().map(|(_, segment)| segment).collect() })
}

/// The input for ffmpeg. Fragmented MP4 segments cannot be read without their header.
fn input(header: Option<&Path>, file: &Path) -> OsString {
    let Some(header) = header else { return file.into() };
    let mut both = OsString::from("concat:");
    both.push(header);
    both.push("|");
    both.push(file);
    both
}

async fn run(mut command: Command) -> Result<(String, String), String> {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| format!("ffmpeg: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => Ok((String::from_utf8_lossy(&output.stdout).into_owned(), said)),
        false => Err(format!("ffmpeg: {}", said.trim())),
    }
}

/// A frame of a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    start: f64,
    end: f64,
    key: bool,
}

async fn segment(ffmpeg: &Path, header: Option<&Path>, file: &Path) -> Result<(Vec<Frame>, Segment), String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let bytes = tokio::fs::read(file).await.map_err(|error| format!("{name}: {error}"))?;
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-v", "error", "-copyts", "-i"]).arg(input(header, file));
    command.args(["-map", "0", "-c", "copy", "-copyts", "-f", "framecrc", "-"]);
    let (listing, _) = run(command).await.map_err(|why| format!("{name}: {why}"))?;
    let mut frames = frames(&listing);
    let Some(first) = frames.first().copied() else { return Err(format!("{name}: it has no frame")) };
    let ticks = timestamp(&bytes).map_or(0.0, |ticks| ticks as f64 / CLOCK);
    let moved = frames.iter_mut().map(|frame| {
        (frame.start, frame.end) = (frame.start + ticks, frame.end + ticks);
        *frame
    });
    let frames: Vec<Frame> = moved.collect();
    let start = frames.iter().map(|frame| frame.start).fold(f64::INFINITY, f64::min);
    let segment = Segment {
        bytes: bytes.len() as u64,
        start,
        end: frames.iter().map(|frame| frame.end).fold(f64::NEG_INFINITY, f64::max),
        frames: frames.len() as u64,
        independent: first.key && first.start + ticks <= start,
    };
    Ok((frames, segment))
}

/// The frames of the picture, or of the sound if there is no picture, in stored order. Reads ffmpeg's `framecrc`
/// listing: `stream, dts, pts, duration, size, checksum[, F=flags]`. A key frame has no flags.
fn frames(listing: &str) -> Vec<Frame> {
    let streams: Vec<(&str, &str)> = headers(listing, "media_type ").collect();
    let picture = streams.iter().find(|(_, kind)| kind.trim() == "video");
    let Some((wanted, _)) = picture.or(streams.first()) else { return Vec::new() };
    let tick = headers(listing, "tb ").find(|(stream, _)| stream == wanted).and_then(|(_, base)| {
        let (numerator, denominator) = base.trim().split_once('/')?;
        Some(numerator.parse::<f64>().ok()? / denominator.parse::<f64>().ok()?)
    });
    let Some(tick) = tick else { return Vec::new() };
    let lines = listing.lines().filter(|line| !line.starts_with('#'));
    let read = lines.filter_map(|line| {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [stream, _, pts, duration, _, _, rest @ ..] = fields.as_slice() else { return None };
        let (pts, duration): (f64, f64) = (pts.parse().ok()?, duration.parse().ok()?);
        let key = !rest.iter().any(|field| field.starts_with("F="));
        (stream == wanted).then_some(Frame { start: pts * tick, end: (pts + duration) * tick, key })
    });
    read.collect()
}

/// The listing's header lines of a kind, by stream: `#tb 0: 1/90000`.
fn headers<'a>(listing: &'a str, kind: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> {
    listing.lines().filter_map(move |line| line.strip_prefix('#')?.strip_prefix(kind)?.split_once(": "))
}

/// The start of a raw audio segment in ticks, from its ID3 tag.
fn timestamp(bytes: &[u8]) -> Option<u64> {
    let head = bytes.strip_prefix(b"ID3")?;
    let head = &head[..head.len().min(1024)];
    let owner = head.windows(TIMESTAMP_OWNER.len()).position(|window| window == TIMESTAMP_OWNER)?;
    let ticks = head.get(owner + TIMESTAMP_OWNER.len()..)?.first_chunk::<8>()?;
    Some(u64::from_be_bytes(*ticks))
}

/// Frames a second over all of a rendition.
fn rate(frames: &[Frame]) -> Option<f64> {
    let first = frames.iter().map(|frame| frame.start).fold(f64::INFINITY, f64::min);
    let last = frames.iter().map(|frame| frame.start).fold(f64::NEG_INFINITY, f64::max);
    (frames.len() > 1).then(|| (frames.len() - 1) as f64 / (last - first))
}

/// How long a sound is silent at its beginning, up to a minute.
async fn quiet(ffmpeg: &Path, playlist: &Path) -> Result<f64, String> {
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-i"]).arg(playlist);
    command.args(["-t", "60", "-af", "silencedetect=noise=-60dB:duration=0.05", "-f", "null", "-"]);
    let (_, said) = run(command).await?;
    Ok(beginning(&said))
}

/// The length of a silence that begins the sound, from what ffmpeg's filter says.
fn beginning(said: &str) -> f64 {
    let after = |line: &str, name: &str| -> Option<f64> {
        line.split_once(name)?.1.split_whitespace().next()?.parse().ok()
    };
    let mut lines = said.lines();
    let starts = lines.find_map(|line| after(line, "silence_start: "));
    match starts {
        Some(start) if start < 0.05 => lines.find_map(|line| after(line, "silence_end: ")).unwrap_or(60.0),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_the_picture_with_their_key_frames() {
        let listing = "#tb 0: 1/90000\n#media_type 0: audio\n#tb 1: 1/45000\n#media_type 1: video\n\
                       1, 0, 45000, 1500, 4947, 0x73338e96, S=1, MPEGTS Stream ID, 1, 0x00e000e0\n\
                       0, 486684, 486684, 2089, 205, 0xc23c6532\n\
                       1, 1500, 48000, 1500, 2328, 0x479175e6, F=0x0, S=1, MPEGTS Stream ID, 1, 0x00e000e0\n";
        let frames = frames(listing);
        let keys: Vec<bool> = frames.iter().map(|frame| frame.key).collect();
        assert_eq!(keys, [true, false]);
        assert_eq!((frames[0].start, frames[1].end), (1.0, 1.1));
        assert!((rate(&frames).unwrap() - 15.0).abs() < 1e-9);
        assert_eq!(rate(&frames[..1]), None, "one frame has no rate");
    }

    #[test]
    fn raw_sound_has_its_time_in_a_tag() {
        let tag = [b"ID3\x04\0\0\0\0\0\x3fPRIV\0\0\0\x35\0\0", TIMESTAMP_OWNER, &126_000_u64.to_be_bytes()];
        assert_eq!(timestamp(&[tag.concat(), vec![0xff, 0xf1]].concat()), Some(126_000));
        assert_eq!(timestamp(b"\xff\xf1ID3"), None);
    }

    #[test]
    fn only_a_silence_at_the_beginning_counts() {
        let filter = |text: &str| beginning(&format!("Input #0\n[silencedetect @ 0x1] {text}\n"));
        let late = "silence_start: 0\n[silencedetect @ 0x1] silence_end: 1.502 | silence_duration: 1.502";
        assert!((filter(late) - 1.502).abs() < 1e-9);
        assert!(filter("silence_start: 3.2") < 1e-9, "later");
        assert!((filter("silence_start: 0") - 60.0).abs() < 1e-9, "no sound at all");
    }
}
