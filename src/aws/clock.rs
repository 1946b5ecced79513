//! The time by the cloud's own clock, from the `Date` header of its answers. Machines that share a lease need not have
//! the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_smithy_types::date_time::{DateTime, Format};
use jiff::{SignedDuration, Timestamp};

/// How far the cloud's clock is ahead of this machine's, from its last answer. `Date` counts whole seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    ahead_by_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// Records the `Date` of an answer (RFC 9110, section 6.6.1). Ignores a value that is not a date.
    pub(super) fn heard(&self, date: &str) {
        let Ok(date) = DateTime::from_str(date, Format::HttpDate) else { return };
        self.ahead_by_seconds.store(date.secs() - Timestamp::now().as_second(), Ordering::Relaxed);
    }

    /// The time now. Before the first answer: this machine's time.
    pub(super) fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead_by_seconds.load(Ordering::Relaxed));
        let here = Timestamp::now();
        here.checked_add(ahead).unwrap_or(here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_the_answers_not_the_machines() {
        let clock = Clock::default();
        clock.heard("Fri, 31 Dec 2099 23:59:59 GMT");
        clock.heard("yesterday");
        let says = clock.now().duration_since("2099-12-31T23:59:59Z".parse().unwrap());
        assert!(says.abs() <= SignedDuration::from_secs(2), "{says:?} off");
    }
}
