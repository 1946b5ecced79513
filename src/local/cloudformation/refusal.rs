//! Refusals of the API, with CloudFormation's codes and texts.

use axum::http::StatusCode;

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiRefusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl ApiRefusal {
    /// A refusal with status 400.
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// The code of nearly every refusal.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }

    /// A template that cannot be read, or does not hold together.
    pub(super) fn format(message: impl std::fmt::Display) -> Self {
        Self::validation(format!("Template format error: {message}"))
    }

    /// `DescribeStacks` and `GetTemplate` word it so; all other operations as [`no_stack`](Self::no_stack).
    pub(super) fn no_stack_with_id(stack: &str) -> Self {
        Self::validation(format!("Stack with id {stack} does not exist"))
    }

    pub(super) fn no_stack(stack: &str) -> Self {
        Self::validation(format!("Stack [{stack}] does not exist"))
    }

    pub(super) fn no_change_set(name: &str) -> Self {
        let message = format!("ChangeSet [{name}] does not exist");
        Self { status: StatusCode::NOT_FOUND, code: "ChangeSetNotFound", message }
    }
}
