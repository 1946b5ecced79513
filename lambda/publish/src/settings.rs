//! Publish's settings, which provision sets.

use handler::{MissingSetting, NotANumber, number, optional, required};

/// The settings of publish, from its environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `WORK_BUCKET`: where MediaConvert writes.
    pub work_bucket: String,
    /// `OUTPUT_BUCKET`: what CloudFront reads.
    pub output_bucket: String,
    /// `DISTRIBUTION`: the id of the distribution that caches the output bucket.
    pub distribution: String,
    /// `STACK`: the stack's name.
    pub stack: String,
    /// `EVENT_BUS`: the bus for the app's events; without it, the default bus.
    pub event_bus: Option<String>,
    /// `ON_DELETE`: true if it is `unpublish`. Then the asset of a deleted original is taken down.
    pub unpublish: bool,
    /// `TOPIC`: the ARN of the topic for notices to those who run the stack; optional.
    pub topic: Option<String>,
    /// `MAX_DURATION`: the longest video to publish, in seconds; without it there is no limit.
    pub max_duration: Option<u64>,
}

/// A setting that publish cannot use.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// It is missing.
    #[error(transparent)]
    Missing(#[from] MissingSetting),
    /// It must be a number.
    #[error(transparent)]
    Number(#[from] NotANumber),
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// If a required setting is missing, or one that must be a number is not.
    pub fn from_env() -> Result<Self, InvalidSettings> {
        Ok(Self {
            work_bucket: required("WORK_BUCKET")?,
            output_bucket: required("OUTPUT_BUCKET")?,
            distribution: required("DISTRIBUTION")?,
            stack: required("STACK")?,
            event_bus: optional("EVENT_BUS"),
            unpublish: optional("ON_DELETE").is_some_and(|action| action == "unpublish"),
            topic: optional("TOPIC"),
            max_duration: number("MAX_DURATION")?,
        })
    }
}
