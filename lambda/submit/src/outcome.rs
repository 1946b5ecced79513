//! How an upload was handled, and the failures that Lambda retries.

use asset::printable::plain;
use handler::{ApiError, chain};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::event::{ResultCode, UnknownPayload};
use crate::job::UnusableTemplate;

/// How an upload was handled. All four outcomes are final: none is retried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// A job was created.
    Started {
        /// The asset id.
        asset: String,
        /// The job id.
        job: String,
    },
    /// This version already has a job with this template.
    Duplicate {
        /// The asset id.
        asset: String,
        /// That job's id.
        job: String,
    },
    /// There will never be a job for it, and publish is told so.
    Refused {
        /// The reason.
        reason: String,
    },
    /// It is no upload, or no longer the current one: there is nothing to tell.
    Ignored {
        /// The reason.
        reason: String,
    },
}

/// Why there is no job for an upload.
pub(crate) enum Not {
    /// This version is refused.
    Refused {
        /// The version.
        version: String,
        /// The reason.
        reason: String,
        /// The asset is that of another upload.
        taken: bool,
    },
    /// There is nothing to tell.
    Ignored(String),
}

/// A failure. It is returned to Lambda, which retries and then sends the event to the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// An API call failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// No job can be made from the template.
    #[error(transparent)]
    Template(#[from] UnusableTemplate),
    /// The payload is not for submit.
    #[error(transparent)]
    Payload(#[from] UnknownPayload),
    /// MediaConvert's response lacks a required value.
    #[error("{0} returned no {1}; retry, and if it happens again, contact AWS Support")]
    Empty(&'static str, &'static str),
}

impl SubmitError {
    pub(crate) fn result_code(&self) -> ResultCode {
        match self {
            Self::Api(error) if error.retriable => ResultCode::TemporaryFailure,
            _ => ResultCode::PermanentFailure,
        }
    }
}

impl From<SubmitError> for Diagnostic {
    fn from(error: SubmitError) -> Self {
        let error_type = match &error {
            SubmitError::Api(error) => error.code.clone(),
            SubmitError::Template(_) => "UnusableTemplate".to_owned(),
            SubmitError::Payload(_) => "UnknownPayload".to_owned(),
            SubmitError::Empty(..) => "InvalidResponse".to_owned(),
        };
        Self { error_type, error_message: chain(&error) }
    }
}

/// A task's result in the format of S3 Batch Operations. Its text is one line, whatever the key is.
pub(crate) fn result(outcome: Result<Outcome, SubmitError>) -> (ResultCode, String) {
    let (code, text) = match outcome {
        Ok(Outcome::Started { job, .. }) => (ResultCode::Succeeded, format!("job {job} started")),
        Ok(Outcome::Duplicate { job, .. }) => (ResultCode::Succeeded, format!("already given to job {job}")),
        Ok(Outcome::Refused { reason } | Outcome::Ignored { reason }) => {
            (ResultCode::PermanentFailure, reason)
        }
        Err(error) => (error.result_code(), chain(&error)),
    };
    (code, plain(&text).into_owned())
}
