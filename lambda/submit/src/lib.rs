//! `submit`: starts a MediaConvert job for an upload, or for a task of S3 Batch Operations. See `docs/handlers.md`.
//!
//! The flow is in [`Submitter`]. Its input is in [`event`], the facts about the source in [`probe`], the reasons to
//! refuse it in `refusal`, and the job's settings in [`job`].

pub mod event;
pub mod job;
mod outcome;
mod patience;
pub mod probe;
mod record;
mod refusal;
mod settings;
mod submitter;

pub use outcome::{Outcome, SubmitError};
pub use settings::{InvalidSettings, Settings};
pub use submitter::Submitter;
