//! The API's error responses: AWS's codes and statuses.

use axum::http::StatusCode;

/// An error response.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "BadRequestException", message: message.into() }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "NotFoundException", message: message.into() }
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, code: "ConflictException", message: message.into() }
    }

    pub(super) fn too_many() -> Self {
        let message = "Too Many Requests".to_owned();
        Self { status: StatusCode::TOO_MANY_REQUESTS, code: "TooManyRequestsException", message }
    }

    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { status, code: "UnprocessableEntityException", message: message.into() }
    }
}
