//! The ffmpeg of this machine, and what it says of a media file.
//!
//! Only `ffmpeg` itself is used, never `ffprobe`: the one that comes from the Python package index has none.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::{Error, install};

const PROBE: Duration = Duration::from_secs(60);

/// An ffmpeg that can encode H.264 and AAC.
#[derive(Debug, Clone)]
pub struct Ffmpeg {
    path: PathBuf,
}

/// Finds ffmpeg: the one in `PATH` if it has the encoders, else the one that the local cloud's environment
/// brings, which is installed if need be.
///
/// # Errors
/// When there is none and none can be installed.
pub async fn ffmpeg(progress: &mut dyn FnMut(&str)) -> Result<Ffmpeg, Error> {
    let on_path = Ffmpeg { path: "ffmpeg".into() };
    if on_path.has_encoders().await {
        return Ok(on_path);
    }
    let path = install::ensure(progress).await?.ffmpeg().ok_or(Error::NoFfmpeg)?;
    Ok(Ffmpeg { path })
}

impl Ffmpeg {
    /// What to execute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a file holds sound and no picture. What cannot be told is not said.
    pub async fn hears_only_sound(&self, file: &Path) -> bool {
        self.probe(file).await.is_ok_and(|media| media.video.is_none())
    }

    async fn has_encoders(&self) -> bool {
        let listing = Command::new(&self.path)
            .args(["-hide_banner", "-encoders"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .output();
        match tokio::time::timeout(PROBE, listing).await {
            Ok(Ok(output)) => String::from_utf8_lossy(&output.stdout).contains("libx264"),
            _ => false,
        }
    }

    /// What is in a file; the error is ffmpeg's own last words.
    pub(super) async fn probe(&self, file: &Path) -> Result<Media, String> {
        let asked = Command::new(&self.path)
            .args(["-hide_banner", "-nostdin", "-i"])
            .arg(file)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(PROBE, asked)
            .await
            .map_err(|_| "probing took too long".to_owned())?
            .map_err(|error| error.to_string())?;
        parse(&String::from_utf8_lossy(&output.stderr))
            .ok_or_else(|| "No parser found for container".to_owned())
    }
}

/// What ffmpeg says of a media file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Media {
    /// ffmpeg's names of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub(super) format: String,
    /// In seconds.
    pub(super) duration: Option<f64>,
    /// In bits a second.
    pub(super) bitrate: Option<u64>,
    /// The first picture stream.
    pub(super) video: Option<Video>,
    /// Every sound stream.
    pub(super) audio: Vec<Audio>,
}

/// A picture stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Video {
    pub(super) index: u32,
    /// ffmpeg's name: `h264`, `hevc`, …
    pub(super) codec: String,
    pub(super) pixels: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) rate: Rate,
    /// Degrees clockwise that the file says to turn the picture by.
    pub(super) rotation: i32,
}

/// A sound stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Audio {
    pub(super) index: u32,
    /// ffmpeg's name: `aac`, `ac3`, …
    pub(super) codec: String,
    pub(super) rate: u32,
    pub(super) channels: u32,
    /// ISO 639-2, `und` where the file does not say.
    pub(super) language: String,
}

/// Frames a second, exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    pub(super) numerator: u32,
    pub(super) denominator: u32,
}

impl Rate {
    /// ffmpeg prints rates rounded; those a hair under a whole number are NTSC's thousand-and-oneths.
    fn from_printed(printed: f64) -> Self {
        let whole = printed.round();
        if (printed - whole * 1000.0 / 1001.0).abs() < 0.006 && (printed - whole).abs() > 0.004 {
            return Self { numerator: whole as u32 * 1000, denominator: 1001 };
        }
        if (printed - whole).abs() < 0.004 {
            return Self { numerator: whole as u32, denominator: 1 };
        }
        Self { numerator: (printed * 1000.0).round() as u32, denominator: 1000 }
    }

    /// As a number.
    pub(super) fn value(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

fn parse(text: &str) -> Option<Media> {
    let mut media =
        Media { format: String::new(), duration: None, bitrate: None, video: None, audio: Vec::new() };
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("Input #0, ") {
            media.format = rest.split(", from ").next()?.to_owned();
        } else if let Some(rest) = line.strip_prefix("Duration: ") {
            media.duration = rest.split(',').next().and_then(clock);
            media.bitrate = number_before(rest, " kb/s").map(|kilobits| (kilobits * 1000.0) as u64);
        } else if let Some(rest) = line.strip_prefix("Stream #0:") {
            stream(rest, &mut media);
        } else if let Some((_, rest)) = line.split_once("rotation of ")
            && let (Some(video), Some(degrees)) = (&mut media.video, number_before(rest, " degrees"))
        {
            video.rotation = (-degrees.round() as i32).rem_euclid(360);
        }
    }
    (!media.format.is_empty() && (media.video.is_some() || !media.audio.is_empty())).then_some(media)
}

fn stream(rest: &str, media: &mut Media) {
    let Some((head, description)) = rest.split_once(": ") else { return };
    let index = head.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let fields: Vec<&str> = description.split(", ").collect();
    let codec = |kind: &str| {
        description.strip_prefix(kind).and_then(|text| text.split([' ', ',']).next()).map(str::to_owned)
    };
    if let Some(codec) = codec("Video: ").filter(|_| !description.contains("(attached pic)")) {
        let size = fields.iter().find_map(|field| size(field));
        if let (Some((width, height)), None) = (size, &media.video) {
            let printed = number_before(description, " fps").or_else(|| number_before(description, " tbr"));
            media.video = Some(Video {
                index,
                codec,
                pixels: fields.get(1).map_or("", |field| field.split('(').next().unwrap_or(field)).to_owned(),
                width,
                height,
                rate: Rate::from_printed(printed.unwrap_or(25.0)),
                rotation: 0,
            });
        }
    } else if let Some(codec) = codec("Audio: ") {
        let language = head.rsplit_once('(').map_or("und", |(_, tail)| tail.trim_end_matches(')'));
        media.audio.push(Audio {
            index,
            codec,
            rate: number_before(description, " Hz").unwrap_or(0.0) as u32,
            channels: fields.get(2).map_or(0, |layout| channels(layout)),
            language: language.to_owned(),
        });
    }
}

fn size(field: &str) -> Option<(u32, u32)> {
    let (width, rest) = field.split_once('x')?;
    let height: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((width.parse().ok()?, height.parse().ok()?))
}

fn channels(layout: &str) -> u32 {
    match layout.split('(').next().unwrap_or(layout) {
        "mono" => 1,
        "stereo" => 2,
        "5.1" => 6,
        "7.1" => 8,
        other => other.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(2),
    }
}

/// The number that ends right before `unit`.
fn number_before(text: &str, unit: &str) -> Option<f64> {
    let (before, _) = text.split_once(unit)?;
    before.rsplit([' ', ',']).next()?.parse().ok()
}

fn clock(text: &str) -> Option<f64> {
    let mut parts = text.trim().split(':').map(|part| part.parse::<f64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    Some(hours * 3600.0 + minutes * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_video_is_read_with_its_rotation() {
        let media = parse(
            "Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'input.mov':
               Duration: 00:01:05.32, start: 0.000000, bitrate: 7590 kb/s
               Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 1920x1080 [SAR 1:1 DAR 16:9], 7453 kb/s, 29.97 fps, 29.97 tbr, 15360 tbn (default)
                 Side data:
                   displaymatrix: rotation of -90.00 degrees
               Stream #0:1[0x2](eng): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp, 128 kb/s (default)
             At least one output file must be specified",
        )
        .unwrap();
        assert_eq!(media.duration, Some(65.32));
        assert_eq!(media.bitrate, Some(7_590_000));
        let video = media.video.unwrap();
        assert_eq!((video.width, video.height, video.rotation), (1920, 1080, 90));
        assert_eq!((video.codec.as_str(), video.pixels.as_str()), ("h264", "yuv420p"));
        assert_eq!(video.rate, Rate { numerator: 30000, denominator: 1001 });
        let sound = &media.audio[0];
        assert_eq!((sound.rate, sound.channels, sound.language.as_str(), sound.index), (48000, 2, "eng", 1));
    }

    #[test]
    fn what_is_no_media_has_no_description() {
        assert_eq!(parse("notes.mp4: Invalid data found when processing input"), None);
    }

    #[test]
    fn printed_rates_become_exact() {
        let exact = |printed| {
            let rate = Rate::from_printed(printed);
            (rate.numerator, rate.denominator)
        };
        assert_eq!(exact(23.98), (24000, 1001));
        assert_eq!(exact(29.97), (30000, 1001));
        assert_eq!(exact(59.94), (60000, 1001));
        assert_eq!(exact(25.0), (25, 1));
        assert_eq!(exact(12.5), (12500, 1000));
    }
}
