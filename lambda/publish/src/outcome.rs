//! How an event was handled, and the failures that Lambda retries.

use handler::{ApiError, chain};
use lambda_runtime::{Diagnostic, tracing};
use serde::Serialize;

use crate::rendition_set::IncompleteSet;
use crate::request::{Request, UnknownPayload};

/// How an event was handled. All outcomes are final: none is retried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// The run is now what viewers see.
    Published {
        /// The asset id.
        asset: String,
        /// The run.
        run: String,
    },
    /// The run was published before, and still is.
    AlreadyPublished {
        /// The asset id.
        asset: String,
        /// The run.
        run: String,
    },
    /// A newer run or version took its place; it never becomes visible.
    Superseded {
        /// The reason.
        reason: String,
    },
    /// The job failed, or the upload was refused. This is recorded.
    Failed {
        /// The asset id.
        asset: String,
        /// The reason.
        reason: String,
    },
    /// The asset is that of another upload, and stays as it is.
    Refused {
        /// The asset id.
        asset: String,
        /// The reason.
        reason: String,
    },
    /// The asset is no longer playable.
    Removed {
        /// The asset id.
        asset: String,
        /// How many objects were deleted.
        objects: usize,
    },
    /// There was nothing to take down.
    Absent {
        /// The asset id.
        asset: String,
    },
    /// Submit did not start this job, or a lifecycle rule deleted this object.
    Ignored,
}

/// Logs in one line how an event was handled.
pub(crate) fn log(request: &Request, outcome: &Result<Outcome, PublishError>) {
    let (asset, key) = request.original().map_or(("", ""), |original| (original.asset, original.key));
    let (job, run) = match request {
        Request::Ended(job) => (job.id.as_str(), job.run.as_str()),
        _ => ("", ""),
    };
    match outcome {
        Ok(Outcome::Published { .. }) => tracing::info!(asset, key, job, run, "published"),
        Ok(Outcome::AlreadyPublished { .. }) => tracing::info!(asset, key, job, run, "already published"),
        Ok(Outcome::Superseded { reason }) => {
            tracing::warn!(asset, key, job, run, reason, "superseded: nothing is changed");
        }
        Ok(Outcome::Failed { reason, .. }) => {
            tracing::warn!(asset, key, job, run, reason, "the encode failed, or the upload was refused");
        }
        Ok(Outcome::Refused { reason, .. }) => {
            tracing::warn!(asset, key, job, run, reason, "refused: not published");
        }
        Ok(Outcome::Removed { objects, .. }) => tracing::info!(asset, key, objects, "taken down"),
        Ok(Outcome::Absent { .. }) => tracing::info!(asset, key, "nothing to take down"),
        Ok(Outcome::Ignored) => {
            tracing::warn!("ignored: submit did not start it, or a lifecycle rule deleted it");
        }
        Err(error) => tracing::error!(asset, key, job, run, error = chain(error), "failed"),
    }
}

/// A failure. It is returned to Lambda, which retries and then sends the event to the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// An API call failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The set is incomplete, so nothing was made visible.
    #[error(transparent)]
    Set(#[from] IncompleteSet),
    /// The payload is not for publish.
    #[error(transparent)]
    Payload(#[from] UnknownPayload),
}

impl PublishError {
    /// True if another invocation for the same asset can explain it: one of the two won a race or already cleaned up.
    pub(crate) fn may_be_a_race(&self) -> bool {
        match self {
            Self::Api(error) | Self::Set(IncompleteSet::Api(error)) => {
                error.is_lost_race() || error.is_missing()
            }
            Self::Set(_) => true,
            Self::Payload(_) => false,
        }
    }
}

impl From<PublishError> for Diagnostic {
    fn from(error: PublishError) -> Self {
        let error_type = match &error {
            PublishError::Api(error) | PublishError::Set(IncompleteSet::Api(error)) => error.code.clone(),
            PublishError::Set(_) => "IncompleteSet".to_owned(),
            PublishError::Payload(_) => "UnknownPayload".to_owned(),
        };
        Self { error_type, error_message: chain(&error) }
    }
}
