//! What AWS refuses: the ban, and AWS's words for a case of it.

use super::super::Refused;

/// A call that AWS refuses and the emulator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ban {
    /// What is refused, in a few words.
    pub name: &'static str,
    /// AWS's error code.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Where AWS says so, or where somebody was answered so.
    pub source: &'static str,
}

impl Ban {
    /// Refuses a call, in AWS's words.
    pub(super) fn refuse(&'static self, message: impl Into<String>) -> Objection {
        Objection { ban: Some(self), code: self.code, status: self.status, message: message.into() }
    }

    /// Refuses a call if `wrong`.
    pub(super) fn refuse_if(&'static self, wrong: bool, message: impl FnOnce() -> String) -> Verdict {
        if wrong { Err(self.refuse(message())) } else { Ok(()) }
    }
}

/// Why a call is not passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objection {
    /// The ban; `None` if the emulator could not be asked.
    ban: Option<&'static Ban>,
    /// AWS's error code.
    code: &'static str,
    status: u16,
    /// What is wrong.
    message: String,
}

impl Objection {
    /// The emulator did not say what a ban needs.
    pub(super) fn unanswered(why: &str) -> Self {
        let message = format!("the local cloud cannot judge the call: {why}");
        Self { ban: None, code: "InternalFailure", status: 500, message }
    }

    /// What the caller is told.
    pub(super) fn told(self) -> Refused {
        Refused::new(self.status, self.code, self.message)
    }
}

/// Whether a call is passed on.
pub(super) type Verdict = Result<(), Objection>;

/// The name of the ban, the code and the message of a refused call.
#[cfg(test)]
pub(super) fn said(verdict: Verdict) -> String {
    match verdict {
        Ok(()) => "passed".into(),
        Err(Objection { ban, code, message, .. }) => {
            format!("{}: {code}: {message}", ban.map_or("no ban", |ban| ban.name))
        }
    }
}
