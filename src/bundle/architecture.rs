//! The instruction sets Lambda offers, and what each means to Rust and to the loader.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An instruction set of Lambda, by Lambda's own name (`Architectures` of `AWS::Lambda::Function`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
pub enum Architecture {
    /// AWS Graviton.
    #[serde(rename = "arm64")]
    Arm64,
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    #[value(name = "x86_64")]
    X86_64,
}

impl Architecture {
    /// The architecture this program was built for; `None` where Lambda has no such architecture.
    pub const fn host() -> Option<Self> {
        if cfg!(target_arch = "aarch64") {
            Some(Self::Arm64)
        } else if cfg!(target_arch = "x86_64") {
            Some(Self::X86_64)
        } else {
            None
        }
    }

    /// Whether a plain `cargo build` on this machine makes programs for this architecture. A release is linked with musl, and
    /// runs on machines whose cargo links with glibc.
    pub fn is_native(self) -> bool {
        cfg!(target_os = "linux") && Self::host() == Some(self)
    }

    /// Rust's name of the target that `provided.al2023` runs.
    pub const fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// Lambda's name, which is also the one in stack files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    /// The name Debian and its kin give the cross compiler for this architecture.
    pub(super) const fn cross_gcc(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-linux-gnu-gcc",
            Self::X86_64 => "x86_64-linux-gnu-gcc",
        }
    }

    /// Cargo's environment variable that names the linker for this architecture.
    pub(super) const fn linker_variable(self) -> &'static str {
        match self {
            Self::Arm64 => "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            Self::X86_64 => "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
        }
    }

    /// The glibc loader that a program for this architecture must ask for.
    pub(super) const fn interpreter(self) -> &'static str {
        match self {
            Self::Arm64 => "/lib/ld-linux-aarch64.so.1",
            Self::X86_64 => "/lib64/ld-linux-x86-64.so.2",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Architecture;
    use clap::ValueEnum as _;

    #[test]
    fn one_name_everywhere() {
        for architecture in Architecture::value_variants() {
            let name = architecture.as_str();
            assert_eq!(architecture.to_string(), name);
            assert_eq!(serde_json::to_value(architecture).unwrap(), serde_json::json!(name));
            assert_eq!(Architecture::from_str(name, false).as_ref(), Ok(architecture));
        }
    }

    #[test]
    fn at_most_one_is_native() {
        let native = Architecture::value_variants().iter().filter(|architecture| architecture.is_native());
        assert!(native.count() <= 1);
    }
}
