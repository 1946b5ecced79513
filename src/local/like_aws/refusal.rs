//! An error that AWS answers, in its own words.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::super::answer;
use super::call::Call;

/// An error instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct Refusal {
    /// AWS's error code.
    pub(in crate::local) code: &'static str,
    /// The HTTP status.
    pub(in crate::local) status: u16,
    /// AWS's message.
    pub(in crate::local) message: String,
}

impl Refusal {
    /// It, in the caller's protocol.
    pub(in crate::local) fn answer(&self, call: &Call) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        answer::error(&call.parts, status, self.code, &self.message)
    }
}
