//! Lines that change in place on a terminal: a spinner, a message, and the time so far. What is shown cannot act.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::model::printable::plain;

/// Lines below what was printed.
#[derive(Default)]
pub(crate) struct Lines(MultiProgress);

/// One line. It goes with this value.
pub(crate) struct Line(ProgressBar);

impl Lines {
    /// A new line at the end.
    pub(crate) fn add(&self, message: &str) -> Line {
        Line::begin(self.0.add(ProgressBar::new_spinner()), "  {spinner} {wide_msg} {elapsed}", message)
    }

    /// Prints a line above these. A terminal that was closed is not an error.
    pub(crate) fn print(&self, text: &str) {
        let _ = self.0.println(plain(text));
    }
}

impl Line {
    /// A line alone. It draws on stderr, and only if that is a terminal.
    pub(crate) fn alone(message: &str) -> Self {
        Self::begin(ProgressBar::new_spinner(), "{spinner} {wide_msg} {elapsed:.dim}", message)
    }

    fn begin(bar: ProgressBar, template: &str, message: &str) -> Self {
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = bar.with_style(style).with_message(plain(message).into_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Shows another message.
    pub(crate) fn say(&self, message: &str) {
        self.0.set_message(plain(message).into_owned());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
