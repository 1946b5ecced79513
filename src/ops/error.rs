//! Why an operation was not carried out, as types: whoever shows them decides about words around them and exit codes.

use std::fmt;

use miette::Diagnostic;

/// A rule or a person forbids the operation; nothing was changed.
#[derive(Debug)]
pub struct Refused {
    message: String,
    help: Option<String>,
}

impl Refused {
    /// A refusal, and what to do next.
    #[must_use]
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }

    /// A refusal that needs no advice: a person said no.
    #[must_use]
    pub fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refused {}

impl Diagnostic for Refused {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

/// The run was interrupted before it changed the stack.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("interrupted; the stack was not changed")]
#[diagnostic(help("run the command again"))]
pub struct Interrupted;

/// The run was interrupted, or lost the stack's lock, and some of it was done.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{0}")]
#[diagnostic(help("run the command again: it goes on from there"))]
pub(super) struct Unfinished(pub(super) &'static str);

/// What kind of error ended an operation: what exit codes are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// It failed; nothing was changed.
    Failed,
    /// A rule, a person or somebody else's lock forbids it; nothing was changed.
    Refused,
    /// It was interrupted.
    Interrupted,
}

impl ErrorKind {
    /// The kind of an error that an operation returned.
    #[must_use]
    pub fn of(report: &miette::Report) -> Self {
        let refused = report.downcast_ref::<Refused>().is_some()
            || report.downcast_ref::<crate::plan::check::UnsafePlan>().is_some()
            || report.downcast_ref::<crate::home::Locked>().is_some()
            || report.downcast_ref::<crate::saved::StalePlan>().is_some()
            || report.downcast_ref::<crate::saved::BrokenPlan>().is_some();
        let interrupted =
            report.downcast_ref::<Interrupted>().is_some() || report.downcast_ref::<Unfinished>().is_some();
        match (interrupted, refused) {
            (true, _) => Self::Interrupted,
            (false, true) => Self::Refused,
            (false, false) => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_from_failures() {
        assert_eq!(ErrorKind::of(&Refused::plain("no").into()), ErrorKind::Refused);
        let unsafe_plan = crate::plan::check::UnsafePlan { refusals: Vec::new() };
        assert_eq!(ErrorKind::of(&unsafe_plan.into()), ErrorKind::Refused);
        assert_eq!(ErrorKind::of(&Interrupted.into()), ErrorKind::Interrupted);
        assert_eq!(ErrorKind::of(&Unfinished("half of it is done").into()), ErrorKind::Interrupted);
        assert_eq!(ErrorKind::of(&miette::miette!("the disk is full")), ErrorKind::Failed);
    }
}
