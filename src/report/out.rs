//! The only place that writes to the terminal: results on stdout, all else on stderr. A closed pipe or a full disk does
//! not stop a command half-way. The program remembers that results were lost and says so at the end.
//!
//! Nothing that is written here acts on the terminal, whoever chose the text. Characters that act are replaced one for
//! one ([`harmless`]). Plans, errors, the help and the log may have colours, but only those that this program uses. A test holds all
//! other modules to this one (`tests/it/architecture.rs`).

use std::borrow::Cow;
use std::fmt::Arguments;
use std::io::{Error, ErrorKind, Write};
use std::sync::OnceLock;

use crate::model::printable::harmless;
use crate::review::{Import, Review};

/// Why a part of the results could not be written.
static LOST: OnceLock<Error> = OnceLock::new();

/// How a styling sequence begins: ECMA-48's control sequence introducer.
const CSI: &str = "\u{1b}[";

/// Writes a result to stdout.
pub(crate) fn result(text: Arguments<'_>) {
    keep(write(&mut anstream::stdout(), &harmless(&text.to_string())), &LOST);
}

/// Writes a result that has colours.
fn styled_result(text: &str) {
    keep(write(&mut anstream::stdout(), &styled(text)), &LOST);
}

/// Writes a plan for people.
pub(crate) fn plan(review: &Review) {
    styled_result(&format!("{}\n", super::human(review).trim_end()));
}

/// Writes what an apply with `--adopt` would make of what exists, for people.
pub(crate) fn import(import: &Import) {
    styled_result(&super::import(import));
}

/// Writes a remark to stderr. If that fails, there is no other place to report it.
pub(crate) fn remark(text: Arguments<'_>) {
    let _ = write(&mut anstream::stderr(), &harmless(&text.to_string()));
}

/// Writes an error with its causes.
pub(crate) fn report(error: &miette::Report) {
    styled_remark(&format!("{error:?}\n"));
}

/// Writes what the command line's reader says: the help, or what is wrong with the arguments.
pub(crate) fn usage(usage: &clap::Error) {
    let text = usage.render().ansi().to_string();
    if usage.use_stderr() { styled_remark(&text) } else { styled_result(&text) }
}

/// Writes a remark that has colours.
fn styled_remark(text: &str) {
    let _ = write(&mut anstream::stderr(), &styled(text));
}

fn write(stream: &mut impl Write, text: &str) -> std::io::Result<()> {
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush())
}

/// Lines of the log, on stderr.
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        write(&mut anstream::stderr(), &styled(&String::from_utf8_lossy(bytes)))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A text in which only this program's own styling acts.
pub(crate) fn styled(text: &str) -> Cow<'_, str> {
    if !text.contains(CSI) {
        return harmless(text);
    }
    let mut parts = text.split(CSI);
    let mut clean = harmless(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        match part.split_once('m').filter(|(codes, _)| codes.split(';').all(is_ours)) {
            Some((codes, rest)) => {
                clean.push_str(CSI);
                clean.push_str(codes);
                clean.push('m');
                clean.push_str(&harmless(rest));
            }
            None => {
                clean.push_str(&harmless(CSI));
                clean.push_str(&harmless(part));
            }
        }
    }
    Cow::Owned(clean)
}

/// Parameters of "select graphic rendition" that the reports, the errors, the help and the log use: off, bold, faint,
/// italic, underlined, six colours, and the ends of these. None of them hides text or paints its background.
fn is_ours(code: &str) -> bool {
    matches!(
        code,
        "0" | "1" | "2" | "3" | "4" | "22" | "23" | "24" | "31" | "32" | "33" | "34" | "35" | "36" | "39"
    )
}

/// Why results were lost, if any were. A reader that closes the pipe loses none.
#[must_use]
pub(crate) fn lost() -> Option<&'static Error> {
    LOST.get()
}

fn keep(written: std::io::Result<()>, lost: &OnceLock<Error>) {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            // The first reason counts.
            let _ = lost.set(error);
        }
        _ => {}
    }
}

/// Results.
macro_rules! out {
    ($($arg:tt)*) => { $crate::report::out::result(format_args!($($arg)*)) };
}

/// A line of the results.
macro_rules! outln {
    ($($arg:tt)*) => { $crate::report::out::result(format_args!("{}\n", format_args!($($arg)*))) };
}

/// Remarks.
macro_rules! err {
    ($($arg:tt)*) => { $crate::report::out::remark(format_args!($($arg)*)) };
}

/// A line in addition to the results.
macro_rules! errln {
    ($($arg:tt)*) => { $crate::report::out::remark(format_args!("{}\n", format_args!($($arg)*))) };
}

pub(crate) use {err, errln, out, outln};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_went_away_loses_nothing_and_the_first_other_reason_is_kept() {
        let lost = OnceLock::new();
        keep(Ok(()), &lost);
        keep(Err(ErrorKind::BrokenPipe.into()), &lost);
        assert!(lost.get().is_none());
        keep(Err(ErrorKind::StorageFull.into()), &lost);
        keep(Err(ErrorKind::PermissionDenied.into()), &lost);
        assert_eq!(lost.get().map(Error::kind), Some(ErrorKind::StorageFull));
    }

    #[test]
    fn our_colours_pass_and_nothing_else_does() {
        let ours = "\u{1b}[1mstorage\u{1b}[0m \u{1b}[31m-\u{1b}[39m \u{1b}[36;1;4mlink\u{1b}[0m\n";
        assert_eq!(styled(ours), ours);
        let foreign =
            "\u{1b}[8mhidden\u{1b}[0m\u{1b}[2J\u{1b}]0;title\u{7}\u{1b}[41mred\u{1b}[1\u{1b}[31m\r\u{202e}";
        assert_eq!(
            styled(foreign),
            "\u{fffd}[8mhidden\u{1b}[0m\u{fffd}[2J\u{fffd}]0;title\u{fffd}\u{fffd}[41mred\u{fffd}[1\u{1b}[31m\u{fffd}\u{fffd}"
        );
        assert_eq!(styled("\u{1b}[1;8mx\u{1b}[m"), "\u{fffd}[1;8mx\u{fffd}[m");
        assert_eq!(harmless(ours), ours.replace('\u{1b}', "\u{fffd}"));
    }
}
