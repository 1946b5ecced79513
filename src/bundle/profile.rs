//! The two ways to build handlers: small and reproducible for AWS, quick for the local cloud.

use super::Architecture;

/// The cargo profile that handlers are built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// `lambda`: small programs, and the same bytes from the same sources on any machine. For AWS.
    Lambda,
    /// `dev`, exactly as `cargo build` has it: the dependencies that `cargo run` compiled are used again. For the local
    /// cloud.
    Dev,
}

impl Profile {
    /// The profile for functions that run on this machine: the local cloud runs handlers as plain processes.
    ///
    /// Only a plain `cargo build` has something to use again.
    #[must_use]
    pub fn local(architecture: Architecture) -> Self {
        if architecture.is_native() { Self::Dev } else { Self::Lambda }
    }

    /// Cargo's name of it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::Dev => "dev",
        }
    }

    /// The level of deflate. A bundle for AWS is packed once and uploaded often; a local one is big, and never leaves
    /// the machine.
    pub(super) const fn deflate(self) -> i64 {
        match self {
            Self::Lambda => 9,
            Self::Dev => 1,
        }
    }
}
