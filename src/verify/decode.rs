//! Decodes every rendition completely with ffmpeg. It must have no error and the length that its playlist says.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::Error;
use super::fetch::{Fetched, Set};

/// How far a rendition's decoded length may be from its playlist's, in seconds: half a GOP of the ladder.
const SLACK: f64 = 1.0;

/// A rendition that decodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Its description in the multivariant playlist.
    pub label: String,
    /// How many segments it has.
    pub segments: usize,
    /// Their size in bytes.
    pub bytes: u64,
    /// Its decoded length in seconds.
    pub seconds: f64,
    /// How many pictures were decoded. Zero for audio.
    pub frames: u64,
}

/// Decodes all renditions, one after the other, because ffmpeg uses every core.
///
/// # Errors
/// The first rendition that does not decode.
pub(super) async fn decode(ffmpeg: &Path, set: &Set) -> Result<Vec<Decoded>, Error> {
    let mut decoded = Vec::new();
    for rendition in &set.renditions {
        decoded.push(one(ffmpeg, rendition).await?);
    }
    Ok(decoded)
}

async fn one(ffmpeg: &Path, rendition: &Fetched) -> Result<Decoded, Error> {
    let fail = |why: String| Error::Unplayable { address: rendition.address.clone(), why };
    let output = Command::new(ffmpeg)
        .args(["-hide_banner", "-nostdin", "-v", "error", "-xerror", "-progress", "pipe:1", "-i"])
        .arg(&rendition.playlist)
        .args(["-f", "null", "-"])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| fail(format!("ffmpeg: {error}")))?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || !complaints.trim().is_empty() {
        return Err(fail(format!("ffmpeg: {}", complaints.trim())));
    }
    let (frames, seconds) = last_progress(&String::from_utf8_lossy(&output.stdout));
    if (seconds - rendition.seconds).abs() > SLACK {
        return Err(fail(format!(
            "it lasts {seconds:.2} s, and its playlist says {:.2} s",
            rendition.seconds
        )));
    }
    if rendition.picture && frames == 0 {
        return Err(fail("it has no picture".to_owned()));
    }
    let Fetched { label, segments, bytes, .. } = rendition;
    Ok(Decoded { label: label.clone(), segments: *segments, bytes: *bytes, seconds, frames })
}

/// Frames and seconds of ffmpeg's last progress block.
fn last_progress(text: &str) -> (u64, f64) {
    let last =
        |key: &str| text.lines().rev().find_map(|line| line.strip_prefix(key)?.trim().parse::<u64>().ok());
    let microseconds = last("out_time_us=").unwrap_or_default();
    (last("frame=").unwrap_or_default(), microseconds as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_progress_counts() {
        let text =
            "frame=10\nout_time_us=N/A\nprogress=continue\nframe=300\nout_time_us=10010000\nprogress=end\n";
        assert_eq!(last_progress(text), (300, 10.01));
        assert_eq!(last_progress("out_time_us=2000000\n"), (0, 2.0));
    }
}
