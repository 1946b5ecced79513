//! How errors and API calls are shown on stderr.

use std::io::IsTerminal;

use miette::{GraphicalTheme, MietteHandlerOpts};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Sets up error rendering (no colour without a terminal or with `NO_COLOR`) and the log of calls.
pub(super) fn install(verbose: u8) {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || !std::io::stderr().is_terminal();
    // Installing fails only where a handler is installed already, as in tests: then that one serves.
    let _ = miette::set_hook(Box::new(move |_| {
        let theme = if plain { GraphicalTheme::unicode_nocolor() } else { GraphicalTheme::unicode() };
        let options = MietteHandlerOpts::new().graphical_theme(theme).color(!plain).terminal_links(false);
        // A terminal has a width of its own.
        let options = if std::io::stderr().is_terminal() { options } else { options.width(120) };
        Box::new(options.build())
    }));
    let filter = match verbose {
        0 => "provision=warn",
        1 => "provision::calls=info,provision=warn",
        _ => "provision=debug",
    };
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(!plain)
        .with_target(false)
        .with_span_events(FmtSpan::NONE)
        .without_time()
        // Where stderr is gone or full, tracing would say so on stderr, and panic.
        .log_internal_errors(false)
        .try_init();
}
