//! Why jobs fail, as jobs and their events say it.

/// Why a job failed, in MediaConvert's own numbers.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: u32,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// For what AWS can do and the local cloud cannot.
    pub(super) fn unsupported(what: &str) -> Self {
        Self::new(1999, format!("the local cloud does not make {what}"))
    }
}

/// For what only this machine can do wrong: a full disk, for one.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(1999, error.to_string())
    }
}
