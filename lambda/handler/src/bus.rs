//! An event bus, and the source under which a handler puts its events there.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde::Serialize;

use crate::{ApiError, api};

/// The bus that AWS services send their events to.
pub const DEFAULT_BUS: &str = "default";

/// Puts events on one bus under one source.
#[derive(Debug, Clone)]
pub struct Bus {
    events: Client,
    name: String,
    source: String,
}

impl Bus {
    /// The bus `name`.
    #[must_use]
    pub fn new(events: Client, name: impl Into<String>, source: String) -> Self {
        Self { events, name: name.into(), source }
    }

    /// Puts one event.
    ///
    /// # Errors
    ///
    /// If EventBridge does not take it. It may refuse an entry in an answer that is otherwise a success.
    pub async fn put(&self, detail_type: &str, detail: &impl Serialize) -> Result<(), ApiError> {
        let failed = |code: &str, message: String| ApiError {
            operation: "events:PutEvents",
            subject: self.name.clone(),
            code: code.to_owned(),
            message,
            status: None,
            // Whatever the reason is, the event must not be lost: Lambda tries again.
            retriable: true,
            delete_marker: false,
        };
        let detail =
            serde_json::to_string(detail).map_err(|error| failed("InvalidRequest", error.to_string()))?;
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(&self.source)
            .detail_type(detail_type)
            .detail(detail)
            .build();
        let put = self.events.put_events().entries(entry).send().await;
        let answer = put.map_err(api("events:PutEvents", self.name.as_str()))?;
        if answer.failed_entry_count() == 0 {
            return Ok(());
        }
        let refused = answer.entries().iter().find_map(|entry| Some((entry.error_code()?, entry)));
        Err(match refused {
            Some((code, entry)) => failed(code, entry.error_message().unwrap_or("no reason").to_owned()),
            None => failed("Unknown", "the event was not taken, and no reason was given".to_owned()),
        })
    }
}
