//! AWS Lambda.

mod event_invoke_config;
mod function;
mod function_calls;
mod function_rows;
mod function_state;
mod permission;
mod properties;
mod quota;
mod regrant;
mod statement;
mod url;

pub use event_invoke_config::{Destination, DestinationConfig, EventInvokeConfig};
pub use function::Function;
pub use permission::Permission;
pub use properties::{
    Code, DeadLetterConfig, Environment, EphemeralStorage, FileSystemConfig, LoggingConfig, TracingConfig,
    VpcConfig,
};
pub use quota::{QUOTA, concurrency};
pub use regrant::ROLE_ID;
pub use url::Url;

use std::future::Future;

use crate::aws::{Context, Error, Patience, Result, retry_while};

const FUNCTIONS: &[&str] = &["arn:aws:lambda:{region}:{account}:function:{name}"];

const ABSENT: &[&str] = &["ResourceNotFoundException"];
/// The function is still being created or updated; also: something of this name exists.
const CONFLICT: &[&str] = &["ResourceConflictException"];
const INVALID: &[&str] = &["InvalidParameterValueException"];

/// What Lambda says of a role, policy, destination or bundle made seconds ago. S3 may not find an object for 15 minutes
/// after the versioning of its bucket was enabled, and a bucket for seconds after it was made. The code is the same for
/// every invalid parameter, so only the message tells which error passes by itself.
const UNSETTLED: &[&str] = &[
    "cannot be assumed by Lambda",
    "execution role does not have permissions",
    "KMS key is invalid for CreateGrant",
    "destination ARN",
    "S3 Error Code: NoSuchKey",
    "S3 Error Code: NoSuchBucket",
];

/// Whether Lambda does not see yet what was just made in IAM, KMS, SQS or S3.
fn unsettled(error: &Error) -> bool {
    error.is(INVALID) && UNSETTLED.iter().any(|said| error.message.contains(said))
}

/// Repeats a call on a function while IAM settles or Lambda still works on the change before.
async fn patiently<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    patiently_while(cx, |_| false, call).await
}

/// The same for a call that may come right after the function was made, when some servers of Lambda do not know it yet.
async fn patiently_if_new<T, F>(cx: &Context, call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    patiently_while(cx, |error| error.is(ABSENT), call).await
}

async fn patiently_while<T, F>(
    cx: &Context,
    also: impl Fn(&Error) -> bool,
    call: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let passing = |error: &Error| unsettled(error) || error.is(CONFLICT) || also(error);
    let awaited = "waiting until Lambda is done with the change before and sees the function's role and code";
    retry_while(cx, Patience::SECONDS, awaited, passing, call).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_by_itself_is_waited_out() {
        let said = |message: &str| Error {
            code: "InvalidParameterValueException".into(),
            ..Error::unexpected("lambda:CreateFunction", message)
        };
        assert!(unsettled(&said("The role defined for the function cannot be assumed by Lambda.")));
        assert!(unsettled(&said(
            "The provided execution role does not have permissions to call SendMessage on SQS"
        )));
        assert!(unsettled(&said(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."
        )));
        assert!(!unsettled(&said("Error occurred while GetObject. S3 Error Code: AccessDenied.")));
        assert!(!unsettled(&said("Unzipped size must be smaller than 262144000 bytes")));
    }
}
