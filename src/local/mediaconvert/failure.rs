//! Why jobs fail, in the form that jobs and their events show.

/// Why a job failed, with MediaConvert's error code.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: u32,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// For settings that AWS supports and the local cloud does not.
    pub(super) fn unsupported(what: &str) -> Self {
        Self::new(1999, format!("the local cloud does not make {what}"))
    }
}

/// For problems of this machine, such as a full disk.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(1999, error.to_string())
    }
}
