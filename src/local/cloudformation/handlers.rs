//! What makes, changes, removes and reads the resources of a stack. The service knows no type: it is given its handlers.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use futures::future::BoxFuture;
use serde_json::{Map, Value};

/// Whose calls a handler makes, and where.
#[derive(Debug, Clone)]
pub struct HandlerCaller {
    /// The gateway.
    pub endpoint: String,
    /// The credentials of the caller of CloudFormation, or of the service role.
    pub credentials: Credentials,
    /// The account.
    pub account: String,
    /// The region of the stack.
    pub region: String,
    /// How many times faster than on AWS the cloud's time goes, if it plays AWS.
    pub pace: Option<u32>,
}

/// A resource that exists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HandledResource {
    /// The handlers' own name of it, which their other verbs take.
    pub handle: String,
    /// `PhysicalResourceId`.
    pub physical_id: String,
    /// What `Ref` gives.
    pub reference: String,
    /// What `Fn::GetAtt` gives.
    pub attributes: BTreeMap<String, String>,
}

/// Why a handler failed, by the codes of CloudFormation's handlers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandlerErrorCode {
    /// There is one already.
    AlreadyExists,
    /// There is none.
    NotFound,
    /// The caller may not.
    AccessDenied,
    /// The properties cannot be used.
    InvalidRequest,
    /// It did not become ready.
    NotStabilized,
    /// Anything else that the service said.
    GeneralServiceException,
}

/// A handler's failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandlerFailure {
    /// The properties do not fit the type's schema: `#: required key [Type] not found`, as events show it.
    Properties(String),
    /// What the service said.
    Service(HandlerErrorCode, String),
}

/// What a type is.
#[derive(Debug, Clone, Copy, Default)]
pub struct HandledType {
    /// Top-level properties that cannot be changed in place.
    pub create_only: &'static [&'static str],
    /// Top-level properties that no read returns.
    pub write_only: &'static [&'static str],
    /// Top-level properties without which none can be made.
    pub required: &'static [&'static str],
    /// What `Fn::GetAtt` can read.
    pub attributes: &'static [&'static str],
    /// The properties that name one for an import.
    pub identifiers: &'static [&'static str],
    /// The property with the custom name.
    pub name: Option<&'static str>,
    /// Whether one can be imported.
    pub importable: bool,
}

/// What is done with resources. Properties are those of CloudFormation's schemas, without functions.
pub trait ResourceHandlers: Send + Sync {
    /// A type, if there are handlers for it.
    fn describe_type(&self, kind: &str) -> Option<HandledType>;

    /// Makes one. It fails if there is one already.
    fn create<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        properties: &'a Value,
    ) -> BoxFuture<'a, Result<HandledResource, HandlerFailure>>;

    /// Waits until one that was made or changed can be used.
    fn settle<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        handle: &'a str,
    ) -> BoxFuture<'a, Result<(), HandlerFailure>>;

    /// Changes one in place. `before` are the properties that it was made or changed with: an old answer of the service must
    /// not hide that they differ.
    fn update<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        handle: &'a str,
        before: &'a Value,
        properties: &'a Value,
    ) -> BoxFuture<'a, Result<HandledResource, HandlerFailure>>;

    /// Removes one. What is not there is removed.
    fn delete<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        handle: &'a str,
    ) -> BoxFuture<'a, Result<(), HandlerFailure>>;

    /// The properties of one as they are now; `None` if it is gone. Both sides are in the same form: what was declared is
    /// given, and comes back first.
    fn read<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        handle: &'a str,
        declared: &'a Value,
    ) -> BoxFuture<'a, Result<Option<(Value, Value)>, HandlerFailure>>;

    /// The one that identifiers name, for an import. `properties` are those of the template.
    fn find<'a>(
        &'a self,
        caller: &'a HandlerCaller,
        kind: &'a str,
        identifiers: &'a Map<String, Value>,
        properties: &'a Value,
    ) -> BoxFuture<'a, Result<HandledResource, HandlerFailure>>;
}

/// Whether two values of an identifier mean the same resource. Addresses mean the same if their paths are the same: the
/// emulator's addresses of queues are at its own host.
#[must_use]
pub fn is_same_identifier(one: &str, other: &str) -> bool {
    let path = |text: &str| {
        text.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path.to_owned())
    };
    one == other || path(one).is_some_and(|path_of_one| path(other) == Some(path_of_one))
}

#[cfg(test)]
mod tests {
    use super::is_same_identifier;

    #[test]
    fn a_queue_is_named_at_any_host() {
        assert!(is_same_identifier("https://sqs.eu-west-1.amazonaws.com/1/q", "http://127.0.0.1:1/1/q"));
        assert!(!is_same_identifier("https://sqs.eu-west-1.amazonaws.com/1/q", "http://127.0.0.1:1/1/r"));
        assert!(is_same_identifier("a", "a") && !is_same_identifier("a", "b"));
    }
}
