//! The line every run that spoke to the cloud ends with, however it ends: how much it looked at, and what that took.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::aws::Connection;
use crate::report::out::errln;

/// The lines of the sessions that are over. They wait for the end of the run: an error is printed before them.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// One session's closing line, written when the session is dropped.
pub(super) struct Closing {
    connection: Arc<Connection>,
    resources: AtomicUsize,
    began: Instant,
}

impl Closing {
    /// Of a session that began then, and makes its calls over this connection.
    pub(super) fn new(connection: Arc<Connection>, began: Instant) -> Self {
        Self { connection, resources: AtomicUsize::new(0), began }
    }

    /// How many resources the session is about; until it is known, none.
    pub(super) fn counts(&self, resources: usize) {
        self.resources.store(resources, Ordering::Relaxed);
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let (resources, calls) = (self.resources.load(Ordering::Relaxed), self.connection.calls());
        let (count, trips) = (calls.count(), calls.round_trips());
        let seconds = self.began.elapsed().as_secs_f64();
        let line = format!(
            "{resources} resources, {count} API calls in {trips} dependent round trips, {seconds:.1} s"
        );
        LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// Prints the closing lines, once all else is printed.
pub(super) fn print() {
    for line in LINES.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        errln!("{line}");
    }
}
