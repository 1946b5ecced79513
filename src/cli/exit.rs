//! The exit codes of all commands, and the errors that carry one of their own. `docs/exit-codes.md` is their table.

use std::fmt;
use std::process::ExitCode;

use miette::Diagnostic;

use crate::home::Locked;
use crate::plan::check;
use crate::saved;

/// Done, or nothing to do.
pub(super) const DONE: u8 = 0;
/// It failed, and nothing was changed; also wrong usage.
pub(super) const FAILED: u8 = 1;
/// `plan --detailed-exitcode`: there is something to do.
pub(super) const CHANGES: u8 = 2;
/// A rule, a person or somebody else's lock forbids it; nothing was changed.
pub(super) const REFUSED: u8 = 3;
/// Some of it was done and some was not; running it again goes on from there.
pub(super) const PARTIAL: u8 = 4;
/// Ctrl-C, or the stack's lock was lost: the calls in flight were finished and no others were started.
pub(super) const INTERRUPTED: u8 = 130;

/// Something that is not done since a rule or a person says so.
#[derive(Debug)]
pub(super) struct Refused {
    says: String,
    help: Option<String>,
}

impl Refused {
    /// A refusal that tells how to go on.
    pub(super) fn new(says: impl Into<String>, help: impl Into<String>) -> Self {
        Self { says: says.into(), help: Some(help.into()) }
    }

    /// A refusal that needs no advice: a person said no.
    pub(super) fn plain(says: impl Into<String>) -> Self {
        Self { says: says.into(), help: None }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.says)
    }
}

impl std::error::Error for Refused {}

impl Diagnostic for Refused {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

/// The run was interrupted before it changed anything of the stack.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("interrupted; nothing of the stack was changed")]
#[diagnostic(help("run the command again"))]
pub(super) struct Interrupted;

/// The exit code of an error.
pub(super) fn of(report: &miette::Report) -> u8 {
    let refused = report.downcast_ref::<Refused>().is_some()
        || report.downcast_ref::<check::Refused>().is_some()
        || report.downcast_ref::<Locked>().is_some()
        || report.downcast_ref::<saved::Refused>().is_some()
        || report.downcast_ref::<saved::Fault>().is_some();
    match report.downcast_ref::<Interrupted>() {
        Some(_) => INTERRUPTED,
        None if refused => REFUSED,
        None => FAILED,
    }
}

/// The code of a command whose results could not be written. That something was refused, or done in part, counts for more.
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

    #[test]
    fn refusals_are_told_from_failures() {
        assert_eq!(of(&Refused::plain("no").into()), REFUSED);
        assert_eq!(of(&check::Refused { refusals: Vec::new() }.into()), REFUSED);
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
