//! Runs one `cargo build` for all handlers and finds the programs it made.
//!
//! The environment is cleared of the variables that `cargo run` sets: some dependencies (`ring`) would be built again.
//! For AWS it is also cleared of what makes programs depend on the machine or on who starts the build, such as flags and
//! profile overrides, and paths of this machine are remapped. For the local cloud all that stays as it was for
//! `cargo run`, so that cargo finds its dependencies compiled.

use std::collections::{HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::elf::GLIBC;
use super::toolchain::{Toolchain, find_on_path, toolchains};
use super::{Architecture, Error, Profile, Progress};

/// How much of a failed build's output an error shows.
const OUTPUT_LINES: usize = 60;
/// Variables of an outer cargo, which would have dependencies built again; a `*` stands for any ending.
const OF_AN_OUTER_CARGO: [&str; 7] = [
    "CARGO_PKG_*",
    "CARGO_MANIFEST_*",
    "CARGO_BIN_*",
    "CARGO_CRATE_NAME",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
];
/// Variables by which a user's settings change the programs.
const OF_THE_USER: [&str; 12] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_*",
    "CARGO_TARGET_*_RUSTFLAGS",
    "SOURCE_DATE_EPOCH",
    // Of C and assembly in dependencies: with `-march=native` they run on machines like this one alone.
    "CFLAGS",
    "CFLAGS_*",
    "HOST_CFLAGS",
    "TARGET_CFLAGS",
];

/// What compiles and links for an architecture on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builder {
    /// Plain cargo with this machine's linker, or with the one the environment names.
    Cargo,
    /// Plain cargo with the cross compiler of the distribution.
    CrossGcc,
    /// cargo-zigbuild, which links against exactly the runtime's glibc.
    Zigbuild,
}

impl Builder {
    /// The best builder that is installed.
    pub(super) fn choose(architecture: Architecture) -> Result<Self, Error> {
        if architecture.is_native() || std::env::var_os(architecture.linker_variable()).is_some() {
            Ok(Self::Cargo)
        } else if Self::has_zigbuild() {
            Ok(Self::Zigbuild)
        } else if find_on_path(architecture.cross_gcc()).is_some() {
            Ok(Self::CrossGcc)
        } else {
            Err(Error::LinkerMissing { architecture })
        }
    }

    /// Whether [`Builder::Zigbuild`] can be used.
    pub(super) fn has_zigbuild() -> bool {
        find_on_path("cargo-zigbuild").is_some()
    }

    fn arguments(self, profile: Profile, architecture: Architecture, handlers: &[String]) -> Vec<String> {
        if profile == Profile::Dev {
            // No package is named: the features are then those of `cargo run`, which has the same default members.
            let programs = handlers.iter().flat_map(|handler| ["--bin", handler]);
            return ["build", "--locked"].into_iter().chain(programs).map(str::to_owned).collect();
        }
        let target = architecture.target();
        let (verb, target) = match self {
            Self::Cargo | Self::CrossGcc => ("build", target.to_owned()),
            Self::Zigbuild => ("zigbuild", format!("{target}.{}.{}", GLIBC.0, GLIBC.1)),
        };
        let mut arguments: Vec<String> =
            [verb, "--profile", profile.name(), "--locked", "--target"].map(str::to_owned).into();
        arguments.push(target);
        for handler in handlers {
            arguments.extend(["-p".to_owned(), handler.clone()]);
        }
        arguments
    }
}

/// A build that is about to run.
pub(super) struct Build<'a> {
    pub(super) workspace: &'a Path,
    pub(super) toolchain: &'a Toolchain,
    pub(super) architecture: Architecture,
    pub(super) profile: Profile,
    pub(super) handlers: &'a [String],
    pub(super) builder: Builder,
    pub(super) target_directory: Option<&'a Path>,
}

impl Build<'_> {
    /// Runs the build and returns the path of each handler's program.
    pub(super) async fn run(
        &self,
        progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<HashMap<String, PathBuf>, Error> {
        if !self.toolchain.has_target(self.architecture.target()) {
            return Err(Error::TargetMissing { architecture: self.architecture });
        }
        let arguments = self.builder.arguments(self.profile, self.architecture, self.handlers);
        let shown = format!("cargo {}", arguments.join(" "));
        progress(Progress::Building { command: &shown });
        let cargo = self.cargo();
        let mut child = self
            .command(&cargo, &arguments)
            .spawn()
            .map_err(|source| Error::Toolchain { program: cargo.to_string_lossy().into_owned(), source })?;
        let (programs, output) = follow(&mut child, progress).await?;
        let status = child.wait().await.map_err(Error::io("wait for", "cargo"))?;
        if !status.success() {
            return Err(Error::Build { command: shown, status: status.to_string(), output });
        }
        Ok(programs)
    }

    /// The cargo to start: the one that `CARGO` names. An outer cargo names itself there, and only that one gives way to
    /// the cargo of the pinned toolchain.
    fn cargo(&self) -> OsString {
        let named = std::env::var_os("CARGO");
        let is_rustups = |cargo: &OsString| toolchains().is_some_and(|all| Path::new(cargo).starts_with(all));
        if self.toolchain.is_pinned && named.as_ref().is_none_or(is_rustups) {
            return self.toolchain.program("cargo").into();
        }
        named.unwrap_or_else(|| "cargo".into())
    }

    fn command(&self, cargo: &OsStr, arguments: &[String]) -> Command {
        let mut command = Command::new(cargo);
        command
            .args(arguments)
            // Programs as JSON on stdout, what is for people on stderr.
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(self.workspace)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_cleared(name, self.profile)) {
            command.env_remove(name);
        }
        if self.profile == Profile::Lambda {
            command.env("CARGO_ENCODED_RUSTFLAGS", self.flags().join("\u{1f}"));
        }
        if self.toolchain.is_pinned {
            command.env("RUSTC", self.toolchain.program("rustc"));
            // cargo-zigbuild asks rustup's programs.
            command.envs(self.toolchain.rustup_name().map(|name| ("RUSTUP_TOOLCHAIN", name)));
        }
        if let Some(directory) = self.target_directory {
            command.env("CARGO_TARGET_DIR", directory);
        }
        if self.builder == Builder::CrossGcc {
            command.env(self.architecture.linker_variable(), self.architecture.cross_gcc());
        }
        command
    }

    /// Keeps this machine's paths out of panic messages. Those of the workspace itself are relative
    /// already, and naming it here would have every checkout build all dependencies anew.
    fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if let Some(home) = cargo_home() {
            flags.push(format!("--remap-path-prefix={}=/cargo", home.display()));
        }
        if let Some(prefix) = self.toolchain.std_prefix() {
            let installed = self.toolchain.sysroot.join("lib/rustlib/src/rust");
            flags.push(format!("--remap-path-prefix={}={prefix}", installed.display()));
        }
        flags
    }
}

fn is_cleared(name: &OsStr, profile: Profile) -> bool {
    let name = name.to_string_lossy();
    let fits = |pattern: &&str| match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => name == **pattern,
    };
    OF_AN_OUTER_CARGO.iter().any(fits) || (profile == Profile::Lambda && OF_THE_USER.iter().any(fits))
}

fn cargo_home() -> Option<PathBuf> {
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(etcetera::home_dir().ok()?.join(".cargo")))
}

/// The part of cargo's JSON messages that matters here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Reads both streams to their end: programs from the one, the last lines for a person from the other.
async fn follow(
    child: &mut Child,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<(HashMap<String, PathBuf>, String), Error> {
    let read = || Error::io("read", "cargo's output");
    let stdout = child.stdout.take().expect("stdout is piped by command()");
    let stderr = child.stderr.take().expect("stderr is piped by command()");
    let mut messages = BufReader::new(stdout).lines();
    let mut notes = BufReader::new(stderr).lines();
    let mut programs = HashMap::new();
    let mut output = VecDeque::new();
    let mut done = 0;
    let (mut more_messages, mut more_notes) = (true, true);
    while more_messages || more_notes {
        tokio::select! {
            line = messages.next_line(), if more_messages => match line.map_err(read())? {
                None => more_messages = false,
                Some(line) => {
                    if let Some((name, executable)) = artifact(&line) {
                        done += 1;
                        progress(Progress::Compiled { package: &name, done });
                        programs.extend(executable.map(|path| (name, path)));
                    }
                }
            },
            line = notes.next_line(), if more_notes => match line.map_err(read())? {
                None => more_notes = false,
                Some(line) => note(&line, &mut output, progress),
            },
        }
    }
    Ok((programs, Vec::from(output).join("\n")))
}

/// What a message says was compiled, and the program if it is one. Other messages are for other tools.
fn artifact(line: &str) -> Option<(String, Option<PathBuf>)> {
    let message: Message = serde_json::from_str(line).ok()?;
    (message.reason == "compiler-artifact").then_some(())?;
    Some((message.target?.name, message.executable))
}

/// Keeps the last lines, without cargo's own progress.
fn note(line: &str, output: &mut VecDeque<String>, progress: &mut (dyn FnMut(Progress<'_>) + Send)) {
    let status = line.trim_start();
    if status.starts_with("Blocking waiting") {
        progress(Progress::Waiting);
    }
    let verbs = ["Compiling ", "Downloading ", "Downloaded ", "Blocking ", "Locking ", "Fresh "];
    if line.starts_with("  ") && verbs.iter().any(|verb| status.starts_with(verb)) {
        return;
    }
    if output.len() == OUTPUT_LINES {
        output.pop_front();
    }
    output.push_back(line.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_all_handlers_at_once() {
        let handlers = ["submit".to_owned(), "publish".to_owned()];
        let words = |builder: Builder, profile| builder.arguments(profile, Architecture::Arm64, &handlers);
        let line = |builder| words(builder, Profile::Lambda).join(" ");
        insta::assert_snapshot!(line(Builder::Cargo), @"build --profile lambda --locked --target aarch64-unknown-linux-gnu -p submit -p publish");
        insta::assert_snapshot!(line(Builder::Zigbuild), @"zigbuild --profile lambda --locked --target aarch64-unknown-linux-gnu.2.34 -p submit -p publish");
        insta::assert_snapshot!(words(Builder::Cargo, Profile::Dev).join(" "), @"build --locked --bin submit --bin publish");
    }

    #[test]
    fn clears_what_changes_programs_and_keeps_what_finds_tools() {
        for name in [
            "RUSTFLAGS",
            "CARGO_PROFILE_LAMBDA_LTO",
            "CARGO_PKG_NAME",
            "CARGO_MANIFEST_DIR",
            "CFLAGS",
            "CFLAGS_x86_64_unknown_linux_gnu",
            "TARGET_CFLAGS",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
        ] {
            assert!(is_cleared(OsStr::new(name), Profile::Lambda), "{name}");
            let outer = name.starts_with("CARGO_PKG") || name.starts_with("CARGO_MANIFEST");
            assert_eq!(is_cleared(OsStr::new(name), Profile::Dev), outer, "{name}");
        }
        for name in [
            "PATH",
            "CARGO",
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_JOBS",
            "CARGO_NET_OFFLINE",
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            "RUSTC_WRAPPER",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(!is_cleared(OsStr::new(name), Profile::Lambda), "{name}");
        }
    }

    #[test]
    fn finds_programs_among_cargos_messages() {
        let program = r#"{"reason":"compiler-artifact","package_id":"path+file:///w/lambda/submit#0.1.0","target":{"kind":["bin"],"name":"submit"},"filenames":[],"executable":"/t/lambda/submit","fresh":true}"#;
        assert_eq!(artifact(program), Some(("submit".to_owned(), Some(PathBuf::from("/t/lambda/submit")))));
        let library =
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"ring"},"executable":null}"#;
        assert_eq!(artifact(library), Some(("ring".to_owned(), None)));
        assert_eq!(artifact(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(artifact("something else"), None);
    }

    #[test]
    fn keeps_the_end_of_what_matters() {
        let mut output = VecDeque::new();
        let mut waited = false;
        let mut progress = |step: Progress<'_>| waited |= matches!(step, Progress::Waiting);
        note("    Blocking waiting for file lock on build directory", &mut output, &mut progress);
        note("   Compiling ring v0.17.14", &mut output, &mut progress);
        for line in 0..OUTPUT_LINES + 5 {
            note(&format!("error: {line}"), &mut output, &mut progress);
        }
        assert!(waited);
        assert_eq!(output.len(), OUTPUT_LINES);
        assert_eq!(output.front().map(String::as_str), Some("error: 5"));
    }
}
