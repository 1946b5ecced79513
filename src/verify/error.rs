//! Why a check failed: the clip, the stack, or the published video.

use miette::Diagnostic;

use super::Fault;
use crate::{aws, local};

/// Why a check failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// A call to AWS failed.
    #[error("the check could not continue")]
    Aws(
        #[from]
        #[diagnostic_source]
        aws::Error,
    ),
    /// ffmpeg is missing.
    #[error("the check needs ffmpeg")]
    NoFfmpeg(
        #[from]
        #[diagnostic_source]
        local::Error,
    ),
    /// The clip cannot be used.
    #[error("the clip {name} cannot be used: {why}")]
    #[diagnostic(help("give a video file of at most 5 GiB"))]
    Clip {
        /// The clip.
        name: String,
        /// Why.
        why: String,
    },
    /// MediaConvert could not encode the clip because of what is in it.
    #[error("the clip was not published, because of what is in the file: {why}")]
    #[diagnostic(help(
        "play the file from beginning to end; if it is damaged, copy it again, or make a new one with \
         `ffmpeg -i FILE new.mp4`; `provision verify` without a file checks the stack itself"
    ))]
    BadFile {
        /// MediaConvert's reason.
        why: String,
    },
    /// The stack did not start a job for the clip.
    #[error("the stack refused the clip: {why}")]
    #[diagnostic(help(
        "give another file, or change what `source` in the stack file permits; `provision verify` without a file \
         checks the stack itself"
    ))]
    Refused {
        /// The stack's reason.
        why: String,
    },
    /// The stack reported that it could not encode the clip.
    #[error("the clip was not published: {why}")]
    #[diagnostic(help(
        "see the log groups of the submit and publish functions, and the job in MediaConvert"
    ))]
    NotPublished {
        /// The stack's reason.
        why: String,
    },
    /// Nothing was published, and no reason was given.
    #[error("the clip was not published within {minutes} minutes, and the stack does not say why")]
    #[diagnostic(help("submit or publish may have failed: see {logs}; then run the command again"))]
    Silent {
        /// How long it was awaited.
        minutes: u64,
        /// Where the handlers' logs are.
        logs: String,
    },
    /// The published video does not play.
    #[error("{address} does not play: {why}")]
    Unplayable {
        /// The address that was fetched or decoded.
        address: String,
        /// Why.
        why: String,
    },
    /// The published video decodes, but its playlists are wrong about it, or it is not served as it must be.
    #[error("{address} plays, but has faults: {}", list(.faults))]
    #[diagnostic(help(
        "run `provision plan` to see whether somebody changed the job template (source of the playlists), publish, the \
         distribution and its policies (headers and access), or the bucket's policy (access); if not, RFC 8216 or the \
         encoder's documentation says which setting of the template to correct"
    ))]
    Faulty {
        /// The multivariant playlist.
        address: String,
        /// All faults.
        faults: Vec<Fault>,
    },
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

pub(super) fn unusable(name: &str, error: &std::io::Error) -> Error {
    Error::Clip { name: name.to_owned(), why: error.to_string() }
}
