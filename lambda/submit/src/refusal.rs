//! The reasons why an upload never becomes a job: its size, its contents, its length. Pure.
//!
//! Each is in words that an app can show to the person who uploaded the file.

use crate::probe::{Probed, Source};
use crate::settings::Settings;

/// The reason, by the name of a file that Probe does not know. With the suffix of a video, the encoder may know it.
pub(crate) fn of_name(key: &str, probed: &Probed) -> Option<String> {
    let unknown = *probed == Probed::Unknown && !asset::is_video(key);
    unknown.then(|| "the file is not a video that can be read, and its name has no video suffix".to_owned())
}

/// The reason, by the object's size in bytes.
pub(crate) fn of_size(bytes: u64, settings: &Settings) -> Option<String> {
    let limit = settings.max_size.unwrap_or(u64::MAX);
    match bytes {
        0 => Some("the object is empty".to_owned()),
        _ if bytes > limit => {
            Some(format!("the object has {bytes} bytes, and source.max_size allows {limit}"))
        }
        _ => None,
    }
}

/// The facts about the file, or the reason. A file that Probe cannot read is left to the encoder; publish then checks
/// how long the result is.
pub(crate) fn of_file(probed: Probed, settings: &Settings) -> Result<Option<Source>, String> {
    match probed {
        Probed::Unknown => Ok(None),
        Probed::NoVideo => Err("the file has no video track".to_owned()),
        Probed::Video(source) => match (source.duration, settings.max_duration) {
            (Some(seconds), Some(limit)) if seconds > limit as f64 => {
                Err(format!("the video is {seconds:.0} s long, and source.max_duration allows {limit} s"))
            }
            _ => Ok(Some(source)),
        },
    }
}
