//! A request as the rules see it.

use super::members::Members;
use crate::local::operation::ServiceCall;

/// What a call asks for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The service that it is signed for, such as `cloudfront`.
    pub(super) service: String,
    /// The operation, such as `CreateDistribution`.
    pub(super) operation: String,
    /// The region.
    pub(super) region: String,
    /// The path's `Id`, such as a distribution's.
    pub(super) id: String,
    /// The function that the call names.
    pub(super) function: String,
    /// The bucket.
    pub(super) bucket: String,
    /// The key of the object.
    pub(super) key: String,
    /// What the body says.
    pub(super) members: Members,
    /// The body as a text, which a bucket's policy is.
    pub(super) text: String,
}

impl Asked {
    /// What a call asks for.
    pub(super) fn of(call: &ServiceCall) -> Self {
        let text = |name: &str| call.text(name).unwrap_or_default().to_owned();
        Self {
            service: call.service.clone(),
            operation: call.operation.clone(),
            region: call.region.clone(),
            id: text("Id"),
            function: text("FunctionName"),
            bucket: text("Bucket"),
            key: text("Key"),
            members: Members::read(&call.body),
            text: call.xml().to_owned(),
        }
    }

    /// The service and the operation.
    pub(super) fn call(&self) -> (&str, &str) {
        (&self.service, &self.operation)
    }
}

/// A request with this body, for tests.
#[cfg(test)]
pub(super) fn asked(service: &str, operation: &str, body: &str) -> Asked {
    Asked {
        service: service.into(),
        operation: operation.into(),
        region: "ap-northeast-2".into(),
        id: String::new(),
        function: String::new(),
        bucket: String::new(),
        key: String::new(),
        members: Members::read(body.as_bytes()),
        text: body.into(),
    }
}
