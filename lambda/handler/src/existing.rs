//! Reads of objects that exist, in a bucket whose versioning may be minutes old.

use std::future::Future;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, TokioSleep};

use crate::ApiError;

/// The pauses before the next read. The errors are intermittent, and a handler has other work to do in its time.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Repeats a read of an object of a versioned bucket while S3 answers that the object is missing, but not that it was
/// deleted. If that does not end, the error is retriable: Lambda tries again after minutes.
///
/// For 15 minutes after a bucket's versioning was enabled, S3 may answer 404 for an object that exists. If the object
/// was deleted, its newest version is a delete marker, and the answer says so.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html>
///
/// # Errors
///
/// The last error of the read.
pub async fn existing<T, F>(read: impl Fn() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    for pause in PAUSES {
        match read().await {
            Err(error) if error.is_missing() && !error.is_deleted() => TokioSleep::new().sleep(pause).await,
            answered => return answered,
        }
    }
    read().await.map_err(|error| if error.is_missing() { unproven(error) } else { error })
}

/// The same error as one that can pass, with a message that tells the two possible reasons.
fn unproven(error: ApiError) -> ApiError {
    if error.is_deleted() { error } else { not_found(error.operation, error.subject) }
}

/// The error of a read that did not find an object which may exist all the same.
#[must_use]
pub fn not_found(operation: &'static str, subject: String) -> ApiError {
    let message = "S3 does not find the object, and does not say that it was deleted. S3 may answer so for 15 minutes \
                   after the bucket's versioning was enabled. It also answers so if every version was deleted";
    ApiError {
        operation,
        subject,
        code: "NotFound".to_owned(),
        message: message.to_owned(),
        status: Some(404),
        retriable: true,
        delete_marker: false,
    }
}
