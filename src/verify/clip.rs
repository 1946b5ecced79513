//! The clip that a check uploads: a user's file, or a moving test picture with a tone made by ffmpeg.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::{Error, unusable};

/// S3's limit for one `PutObject`: 5 GiB.
const LIMIT: u64 = 5 << 30;

/// A video file to upload.
#[derive(Debug)]
pub struct Clip {
    /// Where it is.
    pub path: PathBuf,
    /// Its file name.
    pub name: String,
}

impl Clip {
    /// A user's file. Whether it is a video is for the stack to say.
    ///
    /// # Errors
    /// When it does not exist, or is too large for one upload.
    pub fn given(file: &Path) -> Result<Self, Error> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let refuse = |why: &str| Err(Error::Clip { name: file.display().to_string(), why: why.to_owned() });
        let found = std::fs::metadata(file).map_err(|error| unusable(&file.display().to_string(), &error))?;
        match found.len() {
            _ if !found.is_file() => refuse("it is not a file"),
            size if size > LIMIT => {
                refuse("it is larger than 5 GiB: upload it with a tool that uploads in parts")
            }
            _ => Ok(Self { path: file.to_owned(), name }),
        }
    }

    /// Ten seconds of a moving test picture, 1280 by 720 at 30 frames a second, with a tone.
    ///
    /// # Errors
    /// When ffmpeg fails.
    pub async fn make(ffmpeg: &Path, folder: &Path) -> Result<Self, Error> {
        let path = folder.join("clip.mp4");
        let picture = "testsrc2=size=1280x720:rate=30:duration=10";
        let tone = "sine=frequency=440:sample_rate=48000:duration=10";
        let made = Command::new(ffmpeg)
            .args(["-hide_banner", "-nostdin", "-v", "error", "-y"])
            .args(["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone])
            .args([
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-pix_fmt",
                "yuv420p",
                "-c:a",
                "aac",
                "-ac",
                "2",
            ])
            .arg(&path)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|error| unusable("clip.mp4", &error))?;
        if made.status.success() {
            return Ok(Self { path, name: "clip.mp4".to_owned() });
        }
        let why = String::from_utf8_lossy(&made.stderr).trim().to_owned();
        Err(Error::Clip { name: "clip.mp4".to_owned(), why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_cannot_be_uploaded_is_refused_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Clip::given(&path).map(|clip| clip.name).map_err(|error| error.to_string())
        };
        assert_eq!(file("a.MP4", "x"), Ok("a.MP4".to_owned()));
        assert_eq!(file("empty", ""), Ok("empty".to_owned()), "the stack says why it refuses it");
        assert!(Clip::given(&folder.path().join("none.mp4")).is_err());
        assert!(Clip::given(folder.path()).unwrap_err().to_string().ends_with("it is not a file"));
    }
}
