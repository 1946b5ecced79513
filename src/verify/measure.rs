//! Measures the segments of a rendition with ffmpeg: codec, size, rate, times, key frames.
//!
//! Nothing here comes from a playlist, so [`super::judge`] can compare the two.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::process::Command;

use super::Error;
use super::fetch::Fetched;

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
    /// Frames a second, from the times of its frames.
    pub rate: f64,
}

/// The sound of a rendition.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Its RFC 6381 name.
    pub codec: String,
    /// How many channels it has.
    pub channels: u32,
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
    let (mut picture, sound) = (described.picture, described.sound);
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

/// The streams of a first segment.
async fn describe(ffmpeg: &Path, header: Option<&Path>, file: &Path) -> Result<Stream, String> {
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-i"]).arg(input(header, file));
    // The filter prints every field of the parameter sets, with the names of the codecs' standards.
    command.args(["-map", "0", "-c", "copy", "-frames:v", "1", "-t", "1", "-bsf:v", "trace_headers"]);
    command.args(["-f", "null", "-"]);
    let (_, said) = run(command).await?;
    described(&said)
}

/// Reads ffmpeg's list of streams and its trace of the parameter sets.
fn described(said: &str) -> Result<Stream, String> {
    let mut stream = Stream::default();
    // The text after this line describes the output.
    let (input, _) = said.split_once("Output #0").unwrap_or((said, ""));
    for line in input.lines().map(str::trim).filter(|line| line.starts_with("Stream #0:")) {
        if let Some((_, text)) = line.split_once(": Video: ") {
            let codec = codec(text, said).ok_or_else(|| format!("it has no parameter set: {line}"))?;
            let size = text.split([',', ' ']).find_map(size).ok_or_else(|| format!("no size: {line}"))?;
            stream.picture = Some(Picture { codec, size, rate: 0.0 });
        } else if let Some((_, text)) = line.split_once(": Audio: ") {
            let codec = sound_codec(text).ok_or_else(|| format!("an unknown kind of sound: {line}"))?;
            stream.sound = Some(Sound { codec: codec.to_owned(), channels: channels(text) });
        }
    }
    match (&stream.picture, &stream.sound) {
        (None, None) => Err("it has neither a picture nor sound".to_owned()),
        _ => Ok(stream),
    }
}

fn size(word: &str) -> Option<(u32, u32)> {
    let (width, height) = word.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// The RFC 6381 name of AAC, by its audio object type (ISO/IEC 14496-3).
fn sound_codec(text: &str) -> Option<&'static str> {
    [("aac (LC)", "mp4a.40.2"), ("aac (HE-AAC)", "mp4a.40.5"), ("aac (HE-AACv2)", "mp4a.40.29")]
        .into_iter()
        .find_map(|(name, codec)| text.starts_with(name).then_some(codec))
}

fn channels(text: &str) -> u32 {
    let layouts = [(", mono", 1), (", stereo", 2), (", 5.1", 6), (", 7.1", 8)];
    layouts.into_iter().find_map(|(name, count)| text.contains(name).then_some(count)).unwrap_or_default()
}

/// The RFC 6381 name of a picture stream, from the traced fields of its parameter sets.
fn codec(text: &str, trace: &str) -> Option<String> {
    let field = |name: &str| {
        let mut lines = trace.lines().filter_map(|line| {
            let (before, value) = line.rsplit_once(" = ")?;
            before.split_whitespace().any(|word| word == name).then_some(value)
        });
        lines.next()?.trim().parse::<u32>().ok()
    };
    if text.starts_with("h264") {
        let flags = (0..6).map(|bit| field(&format!("constraint_set{bit}_flag")).map(|set| set << (7 - bit)));
        let constraints = flags.sum::<Option<u32>>()?;
        return Some(format!(
            "avc1.{:02x}{constraints:02x}{:02x}",
            field("profile_idc")?,
            field("level_idc")?
        ));
    }
    if !text.starts_with("hevc") {
        return None;
    }
    // ISO/IEC 14496-15, annex E: the compatibility flags in reverse, and the constraint bytes without trailing zeros.
    let compatible = (0..32)
        .map(|bit| field(&format!("general_profile_compatibility_flag[{bit}]")).map(|set| set << bit))
        .sum::<Option<u32>>()?;
    let tier = if field("general_tier_flag")? == 0 { 'L' } else { 'H' };
    let source =
        ["progressive_source", "interlaced_source", "non_packed_constraint", "frame_only_constraint"];
    let source = source
        .iter()
        .enumerate()
        .map(|(bit, name)| field(&format!("general_{name}_flag")).map(|set| set << (7 - bit)))
        .sum::<Option<u32>>()?;
    let constraints = if source == 0 { String::new() } else { format!(".{source:X}") };
    let (profile, level) = (field("general_profile_idc")?, field("general_level_idc")?);
    Some(format!("hvc1.{profile}.{compatible:X}.{tier}{level}{constraints}"))
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
fn rate(frames: &[Frame]) -> f64 {
    let first = frames.iter().map(|frame| frame.start).fold(f64::INFINITY, f64::min);
    let last = frames.iter().map(|frame| frame.start).fold(f64::NEG_INFINITY, f64::max);
    if frames.len() < 2 { 0.0 } else { (frames.len() - 1) as f64 / (last - first) }
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
        assert!((rate(&frames) - 15.0).abs() < 1e-9);
    }

    #[test]
    fn streams_are_named_by_their_parameter_sets() {
        let field = |name: &str, value: u32| format!("[trace_headers @ 0x55] 8  {name}   01 = {value}\n");
        let mut said = String::from(
            "Input #0, mpegts, from 'a.ts':\n  Stream #0:0[0x100]: Video: h264 (Main) ([27][0][0][0] / 0x001B), yuv420p(progressive), 416x234 [SAR 1:1 DAR 16:9], 23.98 fps\n\
             Output #0, null, to 'pipe:':\n  Stream #0:0: Video: h264 (Main), yuv420p, 1x1\n",
        );
        said += &field("profile_idc", 77);
        for (bit, value) in [0, 1, 0, 0, 0, 0].into_iter().enumerate() {
            said += &field(&format!("constraint_set{bit}_flag"), value);
        }
        said += &field("level_idc", 13);
        let picture = described(&said).unwrap().picture.unwrap();
        assert_eq!((picture.codec.as_str(), picture.size), ("avc1.4d400d", (416, 234)));

        let sound = "  Stream #0:0: Audio: aac (LC), 48000 Hz, stereo, fltp, 160 kb/s\n";
        let sound = described(sound).unwrap().sound.unwrap();
        assert_eq!((sound.codec.as_str(), sound.channels), ("mp4a.40.2", 2));
        assert!(described("nothing").is_err());
    }

    #[test]
    fn raw_sound_has_its_time_in_a_tag() {
        let tag = [b"ID3\x04\0\0\0\0\0\x3fPRIV\0\0\0\x35\0\0", TIMESTAMP_OWNER, &126_000_u64.to_be_bytes()];
        assert_eq!(timestamp(&[tag.concat(), vec![0xff, 0xf1]].concat()), Some(126_000));
        assert_eq!(timestamp(b"\xff\xf1ID3"), None);
    }
}
