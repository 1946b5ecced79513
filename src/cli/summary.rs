//! The line that every run with API calls ends with: how many resources, calls and seconds it took.

use std::sync::{Mutex, PoisonError};

use crate::ops::Figures;
use crate::report::out::errln;

/// The lines of the sessions that are over. They are printed at the end of the run: an error comes before them.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps a session's line until the end of the run.
pub(super) fn keep(figures: Figures) {
    let Figures { resources, calls, round_trips, took } = figures;
    let seconds = took.as_secs_f64();
    let line = format!(
        "{resources} resources, {calls} API calls in {round_trips} dependent round trips, {seconds:.1} s"
    );
    LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}

/// Prints the lines, once everything else is printed.
pub(super) fn print() {
    for line in LINES.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        errln!("{line}");
    }
}
