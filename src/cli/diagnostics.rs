//! How errors and API calls are shown on stderr.

use std::fmt;
use std::io::IsTerminal;

use miette::{Diagnostic, GraphicalTheme, MietteHandler, MietteHandlerOpts, ReportHandler};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::report::clean::Clean;
use crate::report::out::{Log, errln};

/// Sets up error rendering (no colour without a terminal or with `NO_COLOR`) and the log of calls.
pub(super) fn install(verbose: u8) {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || !std::io::stderr().is_terminal();
    // A terminal has a width. In a log or a pipe, a name that is broken between lines is not found.
    let wraps = std::io::stderr().is_terminal();
    // Installing fails only where a handler is installed already, as in tests: then that one serves.
    let _ = miette::set_hook(Box::new(move |_| Box::new(Handler::new(!plain, wraps))));
    let filter = match verbose {
        0 => "provision=warn",
        1 => "provision::calls=info,provision=warn",
        _ => "provision=debug",
    };
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(|| Log)
        .with_ansi(!plain)
        .with_target(false)
        .with_span_events(FmtSpan::NONE)
        .without_time()
        // Where stderr is gone or full, tracing would say so on stderr, and panic.
        .log_internal_errors(false)
        .try_init();
    std::panic::set_hook(Box::new(|defect| {
        errln!("{defect}\nthis is a defect of provision; with RUST_BACKTRACE=1 it says where it was");
        let trace = std::backtrace::Backtrace::capture();
        if trace.status() == std::backtrace::BacktraceStatus::Captured {
            errln!("{trace}");
        }
    }));
}

/// Draws errors, none of whose texts can act.
pub(super) struct Handler(MietteHandler);

impl Handler {
    /// With or without colours; in lines as wide as the terminal, or as they are.
    pub(super) fn new(coloured: bool, wraps: bool) -> Self {
        let theme = if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let options = MietteHandlerOpts::new().graphical_theme(theme).color(coloured).terminal_links(false);
        Self(options.wrap_lines(wraps).build())
    }
}

impl ReportHandler for Handler {
    fn debug(&self, error: &dyn Diagnostic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug(&Clean::of(error), f)
    }
}

#[cfg(test)]
mod tests {
    use miette::miette;

    use super::*;

    /// An error as it is written.
    fn shown(wraps: bool) -> String {
        struct Shown<'a>(Handler, &'a miette::Report);
        impl fmt::Display for Shown<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.debug(self.1.as_ref(), f)
            }
        }
        let name = "vod-production-source-444455556666-ap-northeast-2";
        let long = format!("s3:GetBucketPolicy failed for the bucket {name}, ").repeat(4);
        let report = miette!(help = long.clone(), "{long}").wrap_err(long);
        Shown(Handler::new(false, wraps), &report).to_string()
    }

    #[test]
    fn without_a_terminal_nothing_is_broken_into_lines() {
        let lines = |wraps| shown(wraps).trim().lines().count();
        assert_eq!(lines(false), 3, "{}", shown(false));
        assert!(lines(true) > 3, "{}", shown(true));
    }
}
