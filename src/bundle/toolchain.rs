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

use super::{Error, Profile, cache};
use crate::model::CodeOrigin;

/// Files by which a workspace chooses its toolchain.
const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain.toml", "rust-toolchain"];

/// The file that names the version of the compiler for AWS. It is a source: with another version in it, the handlers are
/// deployed anew.
const PIN: &str = "lambda/toolchain";

/// A compiler, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Toolchain {
    /// The output of `rustc -vV`: version, commit, host, LLVM.
    pub(super) version: String,
    /// Where its libraries are.
    pub(super) sysroot: PathBuf,
    /// Whether it is the pinned one of rustup, and not what `rustc` starts in the workspace.
    pub(super) is_pinned: bool,
    /// The pinned version, if the sources pin another one and that is not installed.
    pub(super) missing_pin: Option<String>,
}

impl Toolchain {
    /// The compiler that builds the handlers in `workspace`, remembered in `cache`. For AWS it is the pinned one if that is
    /// installed. The local cloud takes what `cargo run` takes.
    pub(super) fn identify(workspace: &Path, cache: &Path, profile: Profile) -> Result<Self, Error> {
        let usual = Self::of(&rustc(), workspace, cache);
        let Some(pin) = pin(workspace).filter(|_| profile == Profile::Lambda) else { return usual };
        match usual {
            Ok(usual) if usual.is_release(&pin) => Ok(usual),
            usual => match installed(&pin) {
                Some(rustc) => {
                    let pinned = Self::of(&rustc.to_string_lossy(), workspace, cache)?;
                    Ok(Self { is_pinned: true, ..pinned })
                }
                None => Ok(Self { missing_pin: Some(pin), ..usual? }),
            },
        }
    }

    /// The compiler that `rustc` starts in `workspace`.
    fn of(rustc: &str, workspace: &Path, cache: &Path) -> Result<Self, Error> {
        let memo = cache.join("toolchains").join(surroundings(rustc, workspace));
        if let Some(known) = fs::read_to_string(&memo).ok().and_then(|text| Self::parse(&text))
            && known.sysroot.is_dir()
        {
            return Ok(known);
        }
        let sysroot = ask(rustc, &["--print", "sysroot"], workspace)?;
        let version = ask(rustc, &["-vV"], workspace)?;
        let text = format!("{}\n{version}", sysroot.trim());
        cache::write(&memo, text.as_bytes())?;
        Self::parse(&text).ok_or(Error::ToolchainAnswer { program: format!("{rustc} -vV"), message: version })
    }

    /// What it calls itself, in one line.
    pub(super) fn name(&self) -> &str {
        self.version.lines().next().unwrap_or_default()
    }

    /// What these sources and this compiler make.
    pub(super) fn origin(&self, sources: &str) -> CodeOrigin {
        CodeOrigin { sources: sources.to_owned(), toolchain: self.name().to_owned() }
    }

    fn is_release(&self, version: &str) -> bool {
        self.version.lines().any(|line| line.strip_prefix("release: ") == Some(version))
    }

    /// A program of it.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.sysroot.join("bin").join(name)
    }

    /// Its name to rustup: the name of its folder.
    pub(super) fn rustup_name(&self) -> Option<&std::ffi::OsStr> {
        self.sysroot.file_name()
    }

    fn parse(text: &str) -> Option<Self> {
        let (sysroot, version) = text.split_once('\n')?;
        version.starts_with("rustc ").then(|| Self {
            version: version.to_owned(),
            sysroot: sysroot.into(),
            ..Self::default()
        })
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

/// The version that the sources pin.
fn pin(workspace: &Path) -> Option<String> {
    let text = fs::read_to_string(workspace.join(PIN)).ok()?;
    Some(text.trim().to_owned()).filter(|version| !version.is_empty())
}

/// rustup's `rustc` of this version for this machine, if it is installed. Nothing is downloaded.
fn installed(version: &str) -> Option<PathBuf> {
    let all = fs::read_dir(toolchains()?).ok()?;
    let of_this = format!("{version}-{}", std::env::consts::ARCH);
    let fits = |name: &str| name == version || name.starts_with(&of_this);
    let folders = all.flatten().filter(|folder| fits(&folder.file_name().to_string_lossy()));
    let mut programs = folders.map(|folder| folder.path().join("bin/rustc"));
    programs.find(|program| program.is_file())
}

/// Where rustup keeps its toolchains.
pub(super) fn toolchains() -> Option<PathBuf> {
    Some(rustup_home()?.join("toolchains"))
}

/// A digest of everything that decides which compiler `rustc` is in `workspace`.
fn surroundings(rustc: &str, workspace: &Path) -> String {
    let mut digest = Sha256::new();
    let mut note = |part: &[u8]| {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    note(rustc.as_bytes());
    for variable in ["RUSTUP_TOOLCHAIN", "RUSTUP_HOME"] {
        note(std::env::var_os(variable).unwrap_or_default().as_encoded_bytes());
    }
    if let Some(program) = find_on_path(rustc) {
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
        let identify = || Toolchain::identify(workspace.path(), cache.path(), Profile::Lambda).unwrap();
        let asked = identify();
        assert!(asked.version.contains("LLVM version"), "{}", asked.version);
        assert!(asked.has_target(super::super::Architecture::host().unwrap().target()));
        assert!(!asked.has_target("pdp11-unknown-unix"));
        assert_eq!(identify(), asked);
    }

    #[test]
    fn a_pinned_compiler_that_is_not_installed_is_told_and_does_not_stop_a_build() {
        let (workspace, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let identify = |profile| Toolchain::identify(workspace.path(), cache.path(), profile).unwrap();
        let usual = identify(Profile::Lambda);
        fs::create_dir(workspace.path().join("lambda")).unwrap();
        fs::write(workspace.path().join(PIN), "0.99.0\n").unwrap();
        let other = identify(Profile::Lambda);
        assert_eq!(other.missing_pin.as_deref(), Some("0.99.0"));
        assert_eq!(other.version, usual.version);
        assert_eq!(identify(Profile::Dev), usual, "the local cloud takes any");
        let release = usual.version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap();
        fs::write(workspace.path().join(PIN), format!("{release}\n")).unwrap();
        assert_eq!(identify(Profile::Lambda), usual);
    }

    #[test]
    fn a_toolchain_file_decides_anew() {
        let workspace = tempfile::tempdir().unwrap();
        let before = surroundings("rustc", workspace.path());
        assert_eq!(surroundings("rustc", workspace.path()), before);
        fs::write(workspace.path().join("rust-toolchain.toml"), "[toolchain]\n").unwrap();
        assert_ne!(surroundings("rustc", workspace.path()), before);
    }
}
