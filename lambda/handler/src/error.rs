//! A failed API call: text for a log line, and whether a retry can succeed.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// Codes that mean "retry later", with any status. S3 and CloudFront send some of them with a 4xx, and S3 sends them
/// with a 200 for copies and bulk deletions.
const LATER: &[&str] = &[
    "ConditionalRequestConflict",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyInvalidationsInProgress",
    "TooManyRequestsException",
];

/// True if a service's error code means "retry later".
#[must_use]
pub fn is_later(code: &str) -> bool {
    LATER.contains(&code)
}

/// A failed API call.
#[derive(Debug, thiserror::Error)]
#[error("{operation} of {subject} failed: {code}: {message}")]
pub struct ApiError {
    /// The operation, as IAM spells it: `s3:CopyObject`.
    pub operation: &'static str,
    /// What the call was about: an `s3://` address, a job, a distribution.
    pub subject: String,
    /// The service's error code, or the kind of failure if there was no response.
    pub code: String,
    /// The service's message.
    pub message: String,
    /// The HTTP status, if there was a response.
    pub status: Option<u16>,
    /// True if the same call may succeed later.
    pub retriable: bool,
    /// True if S3 said that the object's newest version is a delete marker.
    pub delete_marker: bool,
}

impl ApiError {
    /// True if the requested resource does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.status == Some(404)
    }

    /// True if the object was deleted. A 404 alone does not prove that: see [`existing`](crate::existing).
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.is_missing() && self.delete_marker
    }

    /// True if a conditional write lost against another writer.
    #[must_use]
    pub fn is_lost_race(&self) -> bool {
        self.status == Some(412) || self.code == "ConditionalRequestConflict"
    }
}

/// Converts the SDK's error of `operation` on `subject` to an [`ApiError`]; for `map_err`.
pub fn api<E>(
    operation: &'static str,
    subject: impl Into<String>,
) -> impl FnOnce(SdkError<E, HttpResponse>) -> ApiError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let subject = subject.into();
    move |error| {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let marker = error.raw_response().and_then(|response| response.headers().get("x-amz-delete-marker"));
        let delete_marker = marker == Some("true");
        let code = error.code().unwrap_or_else(|| kind(&error, status)).to_owned();
        let message = error.message().map_or_else(|| words(&error, status), ToOwned::to_owned);
        let retriable = is_later(&code)
            || status.map_or_else(
                || !matches!(error, SdkError::ConstructionFailure(_)),
                |status| status >= 500 || status == 429,
            );
        ApiError { operation, subject, code, message, status, retriable, delete_marker }
    }
}

/// The name of a failure without a service code.
fn kind<E>(error: &SdkError<E, HttpResponse>, status: Option<u16>) -> &'static str {
    match (error, status) {
        (_, Some(404)) => "NotFound",
        (_, Some(412)) => "PreconditionFailed",
        (_, Some(403)) => "Forbidden",
        (SdkError::ConstructionFailure(_), _) => "InvalidRequest",
        (SdkError::TimeoutError(_), _) => "TimedOut",
        (SdkError::DispatchFailure(_), _) => "Unreachable",
        (SdkError::ResponseError(_), _) => "InvalidResponse",
        _ => "Unknown",
    }
}

/// What went wrong in plain words, where the service said nothing. The SDK's own texts are for programmers.
fn words<E>(error: &SdkError<E, HttpResponse>, status: Option<u16>) -> String
where
    E: Error + 'static,
{
    let said = |what: &str, error: &(dyn Error + 'static)| match causes(error).last() {
        Some(cause) => format!("{what}: {cause}"),
        None => what.to_owned(),
    };
    match (error, status) {
        (SdkError::ServiceError(answer), Some(status)) if answer.err().source().is_none() => {
            format!("HTTP {status} without a reason")
        }
        (SdkError::ServiceError(_), Some(status)) => format!("the answer (HTTP {status}) cannot be read"),
        (SdkError::ConstructionFailure(_), _) => said("the request could not be made", error),
        (SdkError::TimeoutError(_), _) => said("there was no answer in time", error),
        (SdkError::DispatchFailure(_), _) => said("the service could not be reached", error),
        _ => said("the answer cannot be read", error),
    }
}

/// What an error comes from, the first cause last.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// An error and its sources in one line, without repetition.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        source = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    #[derive(Debug, thiserror::Error)]
    #[error("unhandled error")]
    struct Unhandled(ErrorMetadata);

    impl ProvideErrorMetadata for Unhandled {
        fn meta(&self) -> &ErrorMetadata {
            &self.0
        }
    }

    fn answered(status: u16, code: &str) -> ApiError {
        let metadata = ErrorMetadata::builder().code(code).message("said").build();
        let response = HttpResponse::new(status.try_into().expect("a valid status"), SdkBody::empty());
        api("s3:PutObject", "s3://b/k")(SdkError::service_error(Unhandled(metadata), response))
    }

    #[test]
    fn retriable_is_decided_by_code_and_status() {
        assert!(answered(503, "SlowDown").retriable);
        assert!(answered(500, "InternalError").retriable);
        assert!(answered(200, "InternalError").retriable, "a copy that failed halfway");
        assert!(answered(429, "TooManyRequestsException").retriable);
        assert!(answered(400, "ThrottlingException").retriable);
        assert!(answered(400, "TooManyInvalidationsInProgress").retriable);
        assert!(!answered(400, "BadRequestException").retriable);
        assert!(!answered(403, "AccessDenied").retriable);
        let silent: SdkError<Unhandled, HttpResponse> = SdkError::timeout_error("no answer in 30s");
        let silent = api("s3:PutObject", "s3://b/k")(silent);
        assert!(silent.retriable);
        assert_eq!(
            silent.to_string(),
            "s3:PutObject of s3://b/k failed: TimedOut: there was no answer in time: no answer in 30s"
        );
    }

    #[test]
    fn what_the_service_does_not_say_is_said_in_plain_words() {
        #[derive(Debug, thiserror::Error)]
        #[error("unhandled error")]
        struct Unread(#[source] std::fmt::Error, ErrorMetadata);

        impl ProvideErrorMetadata for Unread {
            fn meta(&self) -> &ErrorMetadata {
                &self.1
            }
        }

        let said = |error: SdkError<Unread, HttpResponse>| api("s3:PutObject", "s3://b/k")(error).message;
        let response = || HttpResponse::new(200.try_into().expect("a valid status"), SdkBody::empty());
        let unread = SdkError::service_error(Unread(std::fmt::Error, ErrorMetadata::default()), response());
        assert_eq!(said(unread), "the answer (HTTP 200) cannot be read");
        let cut = SdkError::response_error("the connection was closed", response());
        assert_eq!(said(cut), "the answer cannot be read: the connection was closed");
        let unsent = SdkError::construction_failure("the key is empty");
        assert_eq!(said(unsent), "the request could not be made: the key is empty");
        let metadata = ErrorMetadata::builder().code("Odd").build();
        let bare: SdkError<Unhandled, HttpResponse> =
            SdkError::service_error(Unhandled(metadata), response());
        assert_eq!(api("s3:PutObject", "s3://b/k")(bare).message, "HTTP 200 without a reason");
    }

    #[test]
    fn the_line_names_operation_subject_and_reason() {
        assert_eq!(
            answered(403, "AccessDenied").to_string(),
            "s3:PutObject of s3://b/k failed: AccessDenied: said"
        );
        assert!(answered(404, "NoSuchKey").is_missing());
        assert!(answered(412, "PreconditionFailed").is_lost_race() && !answered(409, "X").is_lost_race());
    }
}
