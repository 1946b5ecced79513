//! Submit's settings, which provision sets.

use aws_sdk_mediaconvert::types::AccelerationMode;
use handler::{MissingSetting, NotANumber, number, required};

/// The settings of submit, from its environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `JOB_TEMPLATE`: the name of the template that holds the ladder.
    pub job_template: String,
    /// `QUEUE`: the ARN of the queue.
    pub queue: String,
    /// `ROLE`: the ARN of the role that MediaConvert uses to read and write.
    pub role: String,
    /// `WORK_BUCKET`: where MediaConvert writes.
    pub work_bucket: String,
    /// `STACK`: the stack's name.
    pub stack: String,
    /// `ACCELERATION`: `DISABLED`, `PREFERRED` or `ENABLED`.
    pub acceleration: AccelerationMode,
    /// `MAX_SIZE`: the largest object to transcode, in bytes; without it there is no limit.
    pub max_size: Option<u64>,
    /// `MAX_DURATION`: the longest video to transcode, in seconds; without it there is no limit.
    pub max_duration: Option<u64>,
    /// `AUDIO`: `publish` or `refuse`; without it `refuse`.
    pub audio: AudioFiles,
}

/// What becomes of a file with sound and no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioFiles {
    /// It is refused.
    Refuse,
    /// Its sound is published.
    Publish,
}

/// A setting that submit cannot use.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// It is missing.
    #[error(transparent)]
    Missing(#[from] MissingSetting),
    /// It must be a number.
    #[error(transparent)]
    Number(#[from] NotANumber),
    /// It is not one of the allowed values.
    #[error("ACCELERATION is {0:?}; it must be DISABLED, PREFERRED or ENABLED")]
    Acceleration(String),
    /// It is not one of the allowed values.
    #[error("AUDIO is {0:?}; it must be publish or refuse")]
    Audio(String),
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// If a setting is missing or not one of its allowed values.
    pub fn from_env() -> Result<Self, InvalidSettings> {
        Ok(Self {
            job_template: required("JOB_TEMPLATE")?,
            queue: required("QUEUE")?,
            role: required("ROLE")?,
            work_bucket: required("WORK_BUCKET")?,
            stack: required("STACK")?,
            acceleration: acceleration(required("ACCELERATION")?)?,
            max_size: number("MAX_SIZE")?,
            max_duration: number("MAX_DURATION")?,
            audio: audio(std::env::var("AUDIO").ok().as_deref())?,
        })
    }
}

fn acceleration(value: String) -> Result<AccelerationMode, InvalidSettings> {
    AccelerationMode::try_parse(&value).map_err(|_| InvalidSettings::Acceleration(value))
}

/// A function that was deployed with an earlier version has no such variable yet.
fn audio(value: Option<&str>) -> Result<AudioFiles, InvalidSettings> {
    match value {
        None | Some("refuse") => Ok(AudioFiles::Refuse),
        Some("publish") => Ok(AudioFiles::Publish),
        Some(other) => Err(InvalidSettings::Audio(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceleration_is_one_of_three() {
        assert_eq!(acceleration("PREFERRED".into()).unwrap(), AccelerationMode::Preferred);
        assert_eq!(
            acceleration("fast".into()).unwrap_err().to_string(),
            "ACCELERATION is \"fast\"; it must be DISABLED, PREFERRED or ENABLED"
        );
    }
    #[test]
    fn audio_files_are_refused_unless_it_is_told_otherwise() {
        assert_eq!(audio(None).unwrap(), AudioFiles::Refuse);
        assert_eq!(audio(Some("publish")).unwrap(), AudioFiles::Publish);
        assert_eq!(
            audio(Some("yes")).unwrap_err().to_string(),
            "AUDIO is \"yes\"; it must be publish or refuse"
        );
    }
}
