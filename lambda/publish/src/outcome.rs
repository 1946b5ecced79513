//! How an ended job was handled, and the failures that Lambda retries.

use handler::{ApiError, chain};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::event::UnknownPayload;
use crate::rendition_set::IncompleteSet;

/// How an ended job was handled. All outcomes are final: none is retried.
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
    /// The job failed, and this is recorded.
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
    /// Submit did not start this job.
    Ignored,
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
