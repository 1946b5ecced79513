//! How many calls a second AWS takes: token buckets.

use std::time::Duration;

use super::Refused;
use super::rule::Rule;
use crate::local::operation::Call;

/// The buckets.
#[derive(Default)]
pub(super) struct Limits {}

impl Limits {
    /// Fills every bucket.
    pub(super) fn reset(&self) {}

    /// Takes a token for a call. A refusal says that there is none.
    pub(super) fn take(&self, _call: &Call, _now: Duration) -> Option<Refused> {
        None
    }
}

/// Every rule of this kind.
pub(super) fn rules() -> Vec<Rule> {
    Vec::new()
}
