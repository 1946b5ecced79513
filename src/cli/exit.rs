//! The exit codes of all commands. `docs/exit-codes.md` is their table.

use std::process::ExitCode;

use crate::ops::{ErrorKind, RunStatus};

/// Done, or nothing to do.
pub(super) const DONE: u8 = 0;
/// It failed, and nothing was changed; also wrong usage.
pub(super) const FAILED: u8 = 1;
/// `plan --detailed-exitcode`: there is something to do.
pub(super) const CHANGES: u8 = 2;
/// A rule, a person or somebody else's lock forbids it; nothing was changed.
pub(super) const REFUSED: u8 = 3;
/// Some of it was done. Running it again continues from there.
pub(super) const PARTIAL: u8 = 4;
/// An interrupt, or the stack's lock was lost: calls in flight were finished and no others were started.
pub(super) const INTERRUPTED: u8 = 130;

/// The exit code of an error.
pub(super) fn of(report: &miette::Report) -> u8 {
    match ErrorKind::of(report) {
        ErrorKind::Interrupted => INTERRUPTED,
        ErrorKind::Refused => REFUSED,
        ErrorKind::Failed => FAILED,
    }
}

/// The exit code of a run.
pub(super) const fn of_run(status: RunStatus) -> u8 {
    match status {
        RunStatus::Complete => DONE,
        RunStatus::Partial => PARTIAL,
        RunStatus::Interrupted => INTERRUPTED,
    }
}

/// The code of a command whose results could not be written. A refusal or a partial run counts for more.
pub(super) fn unwritten(code: ExitCode) -> ExitCode {
    let done = [DONE, CHANGES].map(self::code).contains(&code);
    if done { self::code(FAILED) } else { code }
}

/// A code for the operating system.
pub(super) fn code(code: u8) -> ExitCode {
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{Interrupted, Refused};

    #[test]
    fn errors_have_the_code_of_their_kind() {
        assert_eq!(of(&Refused::plain("no").into()), REFUSED);
        assert_eq!(of(&Interrupted.into()), INTERRUPTED);
        assert_eq!(of(&miette::miette!("the disk is full")), FAILED);
    }

    #[test]
    fn lost_results_do_not_hide_what_was_done_in_part() {
        assert_eq!([DONE, CHANGES].map(code).map(unwritten), [FAILED; 2].map(code));
        for graver in [FAILED, REFUSED, PARTIAL, INTERRUPTED].map(code) {
            assert_eq!(unwritten(graver), graver);
        }
    }

    #[test]
    fn every_code_stands_in_the_documentation() {
        let table = include_str!("../../docs/exit-codes.md");
        for code in [DONE, FAILED, CHANGES, REFUSED, PARTIAL, INTERRUPTED] {
            assert!(table.lines().any(|line| line.starts_with(&format!("| {code} |"))), "{code}");
        }
    }
}
