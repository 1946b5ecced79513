//! The ffmpeg of this machine, and what it says of a media file.
//!
//! Only `ffmpeg` itself is used, never `ffprobe`: the one that comes from the Python package index has none.

mod lengths;
mod media;
mod parse;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::{Error, install};

#[cfg(test)]
pub(super) use media::Audio;
pub use media::{ColorTags, Film, Shown};
pub(super) use media::{FieldOrder, Media, Rate, Video};

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

    /// What a viewer of a file sees and hears. `None` if ffmpeg cannot read the file.
    pub async fn film(&self, file: &Path) -> Option<Film> {
        self.probe(file).await.ok().map(|media| media.film())
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
        let mut media = parse::parse(&String::from_utf8_lossy(&output.stderr))
            .ok_or_else(|| "No parser found for container".to_owned())?;
        // ffmpeg says how long the file is, not how long its tracks are.
        if let Ok(Some(lengths)) = lengths::of_tracks(file) {
            media.set_lengths(&lengths);
        }
        Ok(media)
    }
}
