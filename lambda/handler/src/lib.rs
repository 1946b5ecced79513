//! What both handlers share: settings, SDK configuration, logging, errors, and how they put events on a bus.
//!
//! Everything here keeps cold starts short. Settings and credentials come from the environment that Lambda sets, so no
//! profile file, metadata service or token endpoint is used. TLS is rustls on ring.

#[cfg(feature = "bus")]
mod bus;
mod error;
mod existing;
mod sdk;
mod settings;

#[cfg(feature = "bus")]
pub use bus::{Bus, DEFAULT_BUS};
pub use error::{ApiError, api, chain, is_later};
pub use existing::{existing, not_found};
pub use sdk::{is_local, sdk_config};
pub use settings::{MissingSetting, NotANumber, number, optional, required};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::Value;

/// The event in a payload. It is the payload itself or, if somebody sends a message of the dead-letter queue again, the
/// event that Lambda wrapped in it.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
#[must_use]
pub fn event(mut payload: Value) -> Value {
    match payload.get_mut("requestPayload") {
        Some(wrapped) => wrapped.take(),
        None => payload,
    }
}

/// Milliseconds since the epoch as RFC 3339 in UTC.
#[must_use]
pub fn rfc3339(epoch_millis: i64) -> String {
    DateTime::from_millis(epoch_millis).fmt(Format::DateTime).unwrap_or_default()
}

/// The time now as RFC 3339 in UTC, to the second.
#[must_use]
pub fn now() -> String {
    let now = DateTime::from(std::time::SystemTime::now());
    DateTime::from_secs(now.secs()).fmt(Format::DateTime).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_message_of_the_dead_letter_queue_is_unwrapped() {
        let event = serde_json::json!({"detail-type": "Object Created"});
        let wrapped = serde_json::json!({"version": "1.0", "requestPayload": event, "responsePayload": {}});
        assert_eq!(super::event(wrapped), event);
        assert_eq!(super::event(event.clone()), event);
    }

    #[test]
    fn times_are_rfc3339() {
        assert_eq!(super::rfc3339(1_536_964_380_000), "2018-09-14T22:33:00Z");
        assert!(super::now().ends_with('Z'));
    }
}
