//! `submit`: an upload, or a task of S3 Batch Operations, becomes a MediaConvert job. See `docs/handlers.md`.
//!
//! The flow is in [`Submitter`]; what it is asked in [`event`], what the source is in [`probe`], what the job says in
//! [`job`].

pub mod event;
pub mod job;
pub mod probe;
mod settings;
mod submitter;

pub use settings::{InvalidSettings, Settings};
pub use submitter::{Outcome, SubmitError, Submitter};
