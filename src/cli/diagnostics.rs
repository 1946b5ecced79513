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
    // A terminal has a width of its own.
    let width = (!std::io::stderr().is_terminal()).then_some(120);
    // Installing fails only where a handler is installed already, as in tests: then that one serves.
    let _ = miette::set_hook(Box::new(move |_| Box::new(Handler::new(!plain, width))));
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
    /// With or without colours, in lines of this width or of the terminal's.
    pub(super) fn new(coloured: bool, width: Option<usize>) -> Self {
        let theme = if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let options = MietteHandlerOpts::new().graphical_theme(theme).color(coloured).terminal_links(false);
        Self(width.into_iter().fold(options, MietteHandlerOpts::width).build())
    }
}

impl ReportHandler for Handler {
    fn debug(&self, error: &dyn Diagnostic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug(&Clean::of(error), f)
    }
}
