//! API errors, classified by what they mean for us. Each keeps the call, code, message and request id that AWS gave.

mod sign_in;
mod unreadable;

use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use miette::Diagnostic;

pub(super) use sign_in::{enable_region, region_status};
use unreadable::unreadable;

/// What an API error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The credentials are missing, wrong or expired.
    Credentials,
    /// The credentials may not do this.
    Denied,
    /// The service could not be reached, or did not answer in time.
    Unreachable,
    /// The service asked for less, or failed itself; the SDK's retries are used up.
    Throttled,
    /// The service refused the request.
    Refused,
    /// The run was interrupted while it waited.
    Interrupted,
}

/// AWS's codes for a full quota. Those of CloudFront and S3 begin with `TooMany`.
const FULL_QUOTA: &[&str] = &[
    "CodeStorageExceededException",
    "LimitExceeded",
    "LimitExceededException",
    "ServiceQuotaExceededException",
    "SubscriptionLimitExceeded",
    "TopicLimitExceeded",
];

/// AWS's codes for an access key that it does not know.
const UNKNOWN_KEY: &[&str] =
    &["AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"];

/// A call that failed.
#[derive(Clone, Debug)]
pub struct Error {
    /// The call, in IAM's spelling: `sqs:CreateQueue`.
    pub call: &'static str,
    /// What it means.
    pub class: Class,
    /// AWS's error code. Empty if no answer came.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// AWS's request id, if there is one.
    pub request_id: Option<String>,
    /// What to do next, where the class does not tell.
    pub hint: Option<String>,
}

/// The result of adapters and other AWS work.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An answer that lacks what the API promises.
    #[must_use]
    pub fn unexpected(call: &'static str, message: impl Into<String>) -> Self {
        let (class, code, message) = (Class::Refused, String::new(), message.into());
        Self { call, class, code, message, request_id: None, hint: None }
    }

    /// An answer without a member that we need.
    #[must_use]
    pub fn missing(call: &'static str, member: &str) -> Self {
        Self::unexpected(call, format!("the answer has no {member}"))
    }

    /// A wait that ended because the run was interrupted.
    #[must_use]
    pub fn interrupted(call: &'static str, message: impl Into<String>) -> Self {
        Self { class: Class::Interrupted, ..Self::unexpected(call, message) }
    }

    /// True if the only cause is a missing permission of the caller. In that case the message names the caller.
    /// Cross-account refusals do not name it. Within an organization they may say that no policy of the resource allows
    /// the call, but within one account a resource needs no policy. See the IAM user guide, "Troubleshoot access denied
    /// error messages", and the S3 user guide, "Troubleshoot access denied errors".
    #[must_use]
    pub fn lacks_permission(&self) -> bool {
        self.class == Class::Denied
            && self.message.contains(" is not authorized to perform: ")
            && !self.message.contains("because no resource-based policy allows")
    }

    /// Whether the organization forbids it. Such policies often deny whole regions, and no policy of the account can allow
    /// what they deny.
    #[must_use]
    pub fn is_denied_by_organization(&self) -> bool {
        self.class == Class::Denied && self.message.contains("explicit deny in a service control policy")
    }

    /// Whether the account has as many of something as it may have. CloudFront's codes name what: `TooManyCachePolicies`.
    fn is_full_quota(&self) -> bool {
        let other = self.code.contains("InProgress") || self.code.contains("Tags");
        self.is(FULL_QUOTA) || self.code.starts_with("TooMany") && !other
    }

    /// Whether AWS does not know the access key. A region that is not enabled answers the same.
    #[must_use]
    pub(super) fn is_unknown_key(&self) -> bool {
        self.is(UNKNOWN_KEY)
    }

    /// The action that is not allowed. AWS may name another than the call: creating a function needs `iam:PassRole`.
    fn denied_action(&self) -> &str {
        let named = self.message.split_once(" is not authorized to perform: ").map(|(_, rest)| rest);
        let named = named.and_then(|rest| rest.split_whitespace().next());
        match named.map(|action| action.trim_matches(|c: char| !c.is_alphanumeric())) {
            Some(action) if action.contains(':') => action,
            _ if self.message.contains("Your access has been denied by S3") => "s3:GetObject",
            _ => self.call,
        }
    }

    /// Whether AWS gave one of these codes.
    #[must_use]
    pub fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }
}

/// A member that an answer must have. Without this check, an empty string would become an id or a name.
///
/// # Errors
/// When the member is missing: the error names call and member.
pub fn required<T>(value: Option<T>, call: &'static str, member: &str) -> Result<T> {
    value.ok_or_else(|| Error::missing(call, member))
}

/// Lists and maps of answers: AWS leaves an empty one out.
pub trait OrEmpty {
    /// What the answer has, or an empty collection.
    #[must_use]
    fn or_empty(self) -> Self::Collection;
    /// The list or map.
    type Collection;
}

impl<T> OrEmpty for Option<Vec<T>> {
    type Collection = Vec<T>;
    fn or_empty(self) -> Vec<T> {
        self.unwrap_or_default()
    }
}

impl<K, V> OrEmpty for Option<std::collections::HashMap<K, V>> {
    type Collection = std::collections::HashMap<K, V>;
    fn or_empty(self) -> Self::Collection {
        self.unwrap_or_default()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.call)?;
        if !self.code.is_empty() {
            write!(f, " with {}", self.code)?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl Diagnostic for Error {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let text = match self.class {
            _ if self.hint.is_some() => self.hint.clone().unwrap_or_default(),
            _ if sign_in::is_region_off(self) => sign_in::enable_region("REGION"),
            Class::Credentials if self.is_unknown_key() => format!(
                "sign in again (`aws sso login`, `aws login`), or name another profile (`--profile NAME`); a region that the account \
                 has not enabled answers the same: see `{}`",
                sign_in::region_status("REGION")
            ),
            Class::Credentials => "name a profile (`--profile NAME`, AWS_PROFILE), set AWS_ACCESS_KEY_ID and \
                                   AWS_SECRET_ACCESS_KEY, or sign in again (`aws sso login`, `aws login`)"
                .to_owned(),
            Class::Denied if self.call == sign_in::ASSUME_ROLE => sign_in::role_refused(&self.message),
            Class::Denied if self.is_denied_by_organization() => format!(
                "a service control policy of the organization denies `{}` in this region: ask those who manage the \
                 organization to allow it there",
                self.denied_action()
            ),
            Class::Denied => format!("allow `{}` for the identity you run as", self.denied_action()),
            Class::Unreachable => {
                "check the network; with `local: true`, see `provision local status`; then run the command again"
                    .to_owned()
            }
            Class::Throttled => "run the command again in a minute; finished steps are kept".to_owned(),
            Class::Refused if self.is(&["CNAMEAlreadyExists"]) => {
                "another distribution, perhaps in another account, has this alias: to move it here without a gap, run \
                 `provision apply STACK --move-name`"
                    .to_owned()
            }
            Class::Refused if self.message.contains("UnreservedConcurrentExecution") => {
                "the account has too few concurrent executions in this region: ask for more in Service Quotas \
                 (\"Concurrent executions\" of AWS Lambda), or set `handlers: { reserved_concurrency: none }` in the stack \
                 file; then run the command again"
                    .to_owned()
            }
            Class::Refused if self.is_full_quota() => {
                "a quota of the account is full: delete what is not needed, or ask for more in Service Quotas; then run the \
                 command again"
                    .to_owned()
            }
            Class::Refused | Class::Interrupted => return None,
        };
        Some(Box::new(text))
    }
}

fn classify(code: &str) -> Class {
    match code {
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidAccessKeyId"
        | "InvalidSignatureException"
        | "InvalidToken"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "AuthFailure"
        | "OptInRequired"
        | "RegionDisabled"
        | "RegionDisabledException"
        | "RequestExpired" => Class::Credentials,
        "AccessDenied"
        | "AccessDeniedException"
        | "AuthorizationError"
        | "Forbidden"
        | "ForbiddenException"
        | "UnauthorizedOperation" => Class::Denied,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "PriorRequestNotComplete"
        | "SlowDown"
        | "RequestLimitExceeded" => Class::Throttled,
        "ServiceUnavailable" | "LocalCloudUnavailable" => Class::Unreachable,
        _ => Class::Refused,
    }
}

/// Adds the call's name to its result. Maps "not found" to `None`, once, next to the call.
pub trait SdkResult<T>: Sized {
    /// The answer, or the error with the call's name (`service:Operation`, as IAM spells it).
    ///
    /// # Errors
    /// When the call failed.
    fn named(self, call: &'static str) -> Result<T>;

    /// The answer, or `None` if AWS gave one of the codes that mean "does not exist".
    ///
    /// # Errors
    /// When the call failed for another reason.
    fn unless(self, call: &'static str, absent: &[&str]) -> Result<Option<T>> {
        match self.named(call) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is(absent) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<T, E> SdkResult<T> for std::result::Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    fn named(self, call: &'static str) -> Result<T> {
        self.map_err(|error| from_sdk(call, &error))
    }
}

fn from_sdk<E>(call: &'static str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let SdkError::ServiceError(answer) = error {
        let metadata = answer.err().meta();
        let code = metadata.code().unwrap_or_default().to_owned();
        let status = answer.raw().status();
        let unreadable = unreadable(answer.err(), answer.raw());
        let message = match (metadata.message(), &unreadable) {
            (None, Some(what)) if code.is_empty() => what.clone(),
            (None, None) if code.is_empty() => format!("HTTP {status} without a reason"),
            (message, _) => message.unwrap_or_default().to_owned(),
        };
        return Error {
            call,
            class: match status.as_u16() {
                500.. if code.is_empty() => Class::Unreachable,
                // It is probably not of AWS: a proxy or a sign-in page stands in between.
                200..300 if unreadable.is_some() => Class::Unreachable,
                // S3 answers HEAD without a body, so there is no code.
                403 if code.is_empty() => Class::Denied,
                500.. if classify(&code) == Class::Refused => Class::Throttled,
                _ => classify(&code),
            },
            code,
            message,
            request_id: metadata.extra("aws_request_id").map(str::to_owned),
            hint: None,
        };
    }
    // A call cannot be signed without credentials. What gives them may have made calls itself.
    if let Some(refused) = sign_in::of_role(error) {
        return refused;
    }
    let message = DisplayErrorContext(error).to_string();
    let class = sign_in::class(error, &message);
    let hint = unreached(&message);
    Error { class, message: shorten(&message), hint, ..Error::unexpected(call, "") }
}

/// What to do where a proxy stands in between.
fn unreached(message: &str) -> Option<String> {
    let what = [
        (
            "UnknownIssuer",
            "the server's certificate is of an authority that is not trusted here: if a proxy of the company \
          opens TLS, set AWS_CA_BUNDLE (or `ca_bundle` of the profile) to a file with the company's certificate, in PEM",
        ),
        (
            "proxy authorization required",
            "the proxy wants a name and a password: set HTTPS_PROXY to \
          `http://USER:PASSWORD@HOST:PORT`",
        ),
        (
            "unsuccessful tunnel",
            "the proxy does not connect to this host: ask those who run it to allow it, or name the \
          host in NO_PROXY if it can be reached directly",
        ),
    ];
    what.iter().find(|(says, _)| message.contains(says)).map(|(_, hint)| (*hint).to_owned())
}

/// The chain of causes without the debug dumps that the SDK puts into it.
fn shorten(message: &str) -> String {
    let dumps = [" (DispatchFailure", " (TimeoutError", " to request `Request {"];
    let end = dumps.iter().filter_map(|dump| message.find(dump)).min();
    message[..end.unwrap_or(message.len())].to_owned()
}

#[cfg(test)]
mod tests;
