//! Which compiler builds the handlers, without starting it where that can be known.
//!
//! `rustc -vV` names the compiler exactly but costs more than all the rest of a fresh bundle, since `rustc` is mostly
//! rustup's proxy. Its answer is therefore kept, under a digest of everything that decides it: the
//! program found, rustup's settings and installed versions, the override in the environment and the workspace's own
//! toolchain file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

use super::{Error, cache};

/// Files by which a workspace chooses its toolchain.
pub(super) const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain.toml", "rust-toolchain"];

/// A compiler, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Toolchain {
    /// The output of `rustc -vV`: version, commit, host, LLVM.
    pub(super) version: String,
    /// Where its libraries are.
    pub(super) sysroot: PathBuf,
}

impl Toolchain {
    /// The compiler that cargo uses in `workspace`, remembered in `cache`.
    pub(super) fn identify(workspace: &Path, cache: &Path) -> Result<Self, Error> {
        let memo = cache.join("toolchains").join(surroundings(workspace));
        if let Some(known) = fs::read_to_string(&memo).ok().and_then(|text| Self::parse(&text))
            && known.sysroot.is_dir()
        {
            return Ok(known);
        }
        let rustc = rustc();
        let sysroot = ask(&rustc, &["--print", "sysroot"], workspace)?;
        let version = ask(&rustc, &["-vV"], workspace)?;
        let text = format!("{}\n{version}", sysroot.trim());
        cache::write(&memo, text.as_bytes())?;
        Self::parse(&text).ok_or(Error::ToolchainAnswer { program: format!("{rustc} -vV"), message: version })
    }

    fn parse(text: &str) -> Option<Self> {
        let (sysroot, version) = text.split_once('\n')?;
        version
            .starts_with("rustc ")
            .then(|| Self { version: version.to_owned(), sysroot: PathBuf::from(sysroot) })
    }

    /// Whether the standard library for `target` is installed.
    pub(super) fn has_target(&self, target: &str) -> bool {
        self.sysroot.join("lib/rustlib").join(target).join("lib").is_dir()
    }

    /// The prefix under which the standard library's own paths stand in every program.
    pub(super) fn std_prefix(&self) -> Option<String> {
        let commit = self.version.lines().find_map(|line| line.strip_prefix("commit-hash: "))?;
        Some(format!("/rustc/{commit}"))
    }
}

fn rustc() -> String {
    std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned())
}

fn ask(rustc: &str, arguments: &[&str], workspace: &Path) -> Result<String, Error> {
    let output = Command::new(rustc)
        .args(arguments)
        .current_dir(workspace)
        .output()
        .map_err(|source| Error::Toolchain { program: rustc.to_owned(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::ToolchainAnswer {
        program: format!("{rustc} {}", arguments.join(" ")),
        message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// A digest of everything that decides which compiler `rustc` is in `workspace`.
fn surroundings(workspace: &Path) -> String {
    let mut digest = Sha256::new();
    let rustc = rustc();
    let mut note = |part: &[u8]| {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    note(rustc.as_bytes());
    for variable in ["RUSTUP_TOOLCHAIN", "RUSTUP_HOME"] {
        note(std::env::var_os(variable).unwrap_or_default().as_encoded_bytes());
    }
    if let Some(program) = find_on_path(&rustc) {
        note(program.as_os_str().as_encoded_bytes());
        note(&stamp(&program));
    }
    for file in TOOLCHAIN_FILES {
        note(&fs::read(workspace.join(file)).unwrap_or_default());
    }
    if let Some(rustup) = rustup_home() {
        // settings.toml holds the default and the directory overrides, update-hashes one file a
        // toolchain that each update rewrites.
        note(&fs::read(rustup.join("settings.toml")).unwrap_or_default());
        let installed = fs::read_dir(rustup.join("update-hashes"));
        let mut installed: Vec<_> =
            installed.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        installed.sort();
        for version in installed {
            note(version.as_os_str().as_encoded_bytes());
            note(&fs::read(&version).unwrap_or_default());
        }
    }
    // An override by directory is decided by where the workspace is.
    note(workspace.as_os_str().as_encoded_bytes());
    hex::encode(&digest.finalize()[..16])
}

fn rustup_home() -> Option<PathBuf> {
    std::env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(etcetera::home_dir().ok()?.join(".rustup")))
}

/// Size and time of change, the cheapest sign that a file is another one.
fn stamp(file: &Path) -> [u8; 24] {
    let mut bytes = [0; 24];
    if let Ok(metadata) = fs::metadata(file) {
        let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        bytes[..8].copy_from_slice(&metadata.len().to_le_bytes());
        bytes[8..].copy_from_slice(&changed.map_or(0, |time| time.as_nanos()).to_le_bytes());
    }
    bytes
}

/// The file a shell would start for `program`.
pub(super) fn find_on_path(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "/toolchains/stable\nrustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\n\
                          commit-hash: 59807616e1fa2540724bfbac14d7976d7e4a3860\n";

    #[test]
    fn remembers_what_the_compiler_said() {
        let toolchain = Toolchain::parse(ANSWER).unwrap();
        assert_eq!(toolchain.sysroot, Path::new("/toolchains/stable"));
        assert_eq!(
            toolchain.std_prefix().as_deref(),
            Some("/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860")
        );
        assert_eq!(Toolchain::parse("half a fi"), None);
        assert_eq!(Toolchain::parse("/toolchains/stable\n"), None);
    }

    #[test]
    fn knows_this_compiler_again() {
        let (workspace, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let asked = Toolchain::identify(workspace.path(), cache.path()).unwrap();
        assert!(asked.version.contains("LLVM version"), "{}", asked.version);
        assert!(asked.has_target(super::super::Architecture::host().unwrap().target()));
        assert!(!asked.has_target("pdp11-unknown-unix"));
        let remembered = Toolchain::identify(workspace.path(), cache.path()).unwrap();
        assert_eq!(remembered, asked);
    }

    #[test]
    fn a_toolchain_file_decides_anew() {
        let workspace = tempfile::tempdir().unwrap();
        let before = surroundings(workspace.path());
        assert_eq!(surroundings(workspace.path()), before);
        fs::write(workspace.path().join("rust-toolchain.toml"), "[toolchain]\n").unwrap();
        assert_ne!(surroundings(workspace.path()), before);
    }
}
