//! Where everything is written: results on stdout, all else on stderr. A closed pipe or a full disk does not stop a
//! command half-way. The program remembers that results were lost and says so at the end.

use std::fmt::Arguments;
use std::io::{Error, ErrorKind, Write};
use std::sync::OnceLock;

/// Why a part of the results could not be written.
static LOST: OnceLock<Error> = OnceLock::new();

/// Writes a result to stdout as it is.
pub(crate) fn result(text: Arguments<'_>) {
    let mut stdout = anstream::stdout();
    keep(stdout.write_fmt(text).and_then(|()| stdout.flush()), &LOST);
}

/// Writes a remark to stderr as it is. If that fails, there is no other place to report it.
pub(crate) fn remark(text: Arguments<'_>) {
    let _ = anstream::stderr().write_fmt(text);
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

/// Results as they are.
macro_rules! out {
    ($($arg:tt)*) => { $crate::report::out::result(format_args!($($arg)*)) };
}

/// A line of the results.
macro_rules! outln {
    ($($arg:tt)*) => { $crate::report::out::result(format_args!("{}\n", format_args!($($arg)*))) };
}

/// Remarks as they are.
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
}
