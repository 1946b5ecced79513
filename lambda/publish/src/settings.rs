//! Publish's settings, which provision sets.

use handler::{MissingSetting, optional, required};

/// The settings of publish, from its environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `WORK_BUCKET`: where MediaConvert writes.
    pub work_bucket: String,
    /// `OUTPUT_BUCKET`: what CloudFront reads.
    pub output_bucket: String,
    /// `DISTRIBUTION`: the id of the distribution that caches the output bucket.
    pub distribution: String,
    /// `TOPIC`: the ARN of the topic for notices about every asset; optional.
    pub topic: Option<String>,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// If a required setting is missing.
    pub fn from_env() -> Result<Self, MissingSetting> {
        Ok(Self {
            work_bucket: required("WORK_BUCKET")?,
            output_bucket: required("OUTPUT_BUCKET")?,
            distribution: required("DISTRIBUTION")?,
            topic: optional("TOPIC"),
        })
    }
}
