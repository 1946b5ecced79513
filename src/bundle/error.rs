//! What can go wrong on the way to a bundle, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::elf::{CannotStart, GLIBC};
use super::{Architecture, SIZE_LIMIT};

/// Why there is no bundle.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// This program carries no handlers, and no sources were found.
    #[error("this program carries no handlers, and there is no checkout at or above {}", start.display())]
    #[diagnostic(help(
        "install a release, which carries them; or run this inside a checkout of provision; or name a checkout, or a \
         folder that `provision bundle --out DIR` made there, by `--handlers DIR`"
    ))]
    NoWorkspace {
        /// Where the search began.
        start: PathBuf,
    },
    /// `--handlers included` was asked of a program that carries none.
    #[error("this program carries no handlers")]
    #[diagnostic(help(
        "install a release, which carries them; or build one with PROVISION_BUNDLES=DIR, the folder that \
         `provision bundle --out DIR` made"
    ))]
    NotIncluded,
    /// The folder that was named has neither bundles nor sources.
    #[error("{} has no handlers", folder.display())]
    #[diagnostic(help(
        "name a checkout of provision, or a folder that `provision bundle --out DIR` made in one"
    ))]
    NoHandlers {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder of bundles without those of this architecture.
    #[error("{} has no bundles for {architecture}", folder.display())]
    #[diagnostic(help(
        "run `provision bundle --arch {architecture} --out DIR` in a checkout, or change `handlers.architecture` in the \
         stack file"
    ))]
    NoSuchBundles {
        /// Where they would be.
        folder: PathBuf,
        /// What the functions run on.
        architecture: Architecture,
    },
    /// This program carries handlers, but not for this architecture.
    #[error("this program carries handlers for {}, and none for {architecture}", listed(has))]
    #[diagnostic(help(
        "name a checkout of provision by `--handlers DIR`, or change `handlers.architecture` in the stack file"
    ))]
    OtherArchitecture {
        /// What the functions run on.
        architecture: Architecture,
        /// Those that it carries.
        has: Vec<Architecture>,
    },
    /// A folder of bundles is damaged.
    #[error("{} cannot be used: {why}", file.display())]
    #[diagnostic(help("make the folder again, by `provision bundle --out DIR` in a checkout of provision"))]
    BrokenFolder {
        /// Its index.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The bundles that this program carries are damaged.
    #[error("the handlers in this program cannot be used: {why}")]
    #[diagnostic(help("install the release again"))]
    BrokenProgram {
        /// What is wrong.
        why: String,
    },
    /// No directory to keep bundles in.
    #[error("no cache directory: this user has no home directory")]
    #[diagnostic(help("set PROVISION_CACHE to a directory that can be written"))]
    NoCache,
    /// This machine's processor is none of Lambda's.
    #[error("Lambda has no architecture like this machine's, {}", std::env::consts::ARCH)]
    #[diagnostic(help("name one: arm64 or x86_64"))]
    NoHostArchitecture,
    /// `rustc` or `cargo` cannot be run.
    #[error("cannot run {program}")]
    #[diagnostic(help(
        "the handlers of a checkout are built from source: install Rust from https://rustup.rs and see that {program} is \
         on PATH; or use the handlers of a release, by `--handlers included`"
    ))]
    Toolchain {
        /// The program, as it was called.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// `rustc` answered with an error, for example because the toolchain the workspace asks for is missing.
    #[error("{program} failed: {message}")]
    #[diagnostic(help("run it by hand in the checkout; `rustup show` tells which toolchain is in use"))]
    ToolchainAnswer {
        /// The program with its arguments.
        program: String,
        /// What it said.
        message: String,
    },
    /// The standard library for the target is not installed.
    #[error("Rust cannot build for {architecture}: the target {} is not installed", architecture.target())]
    #[diagnostic(help("rustup target add {}", architecture.target()))]
    TargetMissing {
        /// What the functions run on.
        architecture: Architecture,
    },
    /// Nothing on this machine links programs for the target.
    #[error("no linker for {architecture} on this machine")]
    #[diagnostic(help(
        "`rustup target add {}`, and install a linker that provision finds on PATH: \
         `pip install cargo-zigbuild ziglang`, or a cross compiler such as Debian's `gcc-{}`; or name one in {}",
        architecture.target(),
        architecture.cross_gcc().trim_end_matches("-gcc").replace('_', "-"),
        architecture.linker_variable()
    ))]
    LinkerMissing {
        /// What the functions run on.
        architecture: Architecture,
    },
    /// The build ran and failed.
    #[error("{command} failed ({status})\n{output}")]
    #[diagnostic(help(
        "the handlers are under lambda/ in the checkout; run the command there to see all of its output"
    ))]
    Build {
        /// The command as a person would type it.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it wrote.
        output: String,
    },
    /// The build succeeded but made no program of that name.
    #[error("the build made no program `{handler}`")]
    #[diagnostic(help("the package lambda/{handler} must have a binary of its own name"))]
    NoProgram {
        /// The handler.
        handler: String,
    },
    /// The program would not start on Lambda.
    #[error("{handler} cannot start on provided.al2023: {refusal}")]
    #[diagnostic(help("{}", how_to_build(refusal, *architecture)))]
    Refused {
        /// The handler.
        handler: String,
        /// What its function runs on.
        architecture: Architecture,
        /// What is wrong with the program.
        refusal: CannotStart,
    },
    /// The zip exceeds what Lambda takes in a request.
    #[error("the bundle of {handler} has {size} bytes, Lambda takes {SIZE_LIMIT} (50 MiB)")]
    #[diagnostic(help("see that [profile.lambda] strips symbols, and trim the handler's dependencies"))]
    TooLarge {
        /// The handler.
        handler: String,
        /// Size of the zip in bytes.
        size: u64,
    },
    /// The program could not be packed.
    #[error("cannot pack {handler}")]
    Pack {
        /// The handler.
        handler: String,
        /// What the zip writer said.
        #[source]
        source: zip::result::ZipError,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    #[diagnostic(help("check permissions and free space; PROVISION_CACHE moves the bundles elsewhere"))]
    Io {
        /// The verb: `read`, `write` and such.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: what was done, to which file.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

fn listed(architectures: &[Architecture]) -> String {
    architectures.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn how_to_build(refusal: &CannotStart, architecture: Architecture) -> String {
    let target = architecture.target();
    match refusal {
        CannotStart::Glibc { .. } | CannotStart::Machine { .. } | CannotStart::Interpreter { .. } => format!(
            "`pip install cargo-zigbuild ziglang`, and provision builds with it for the runtime's glibc \
             (`cargo zigbuild --target {target}.{}.{}`)",
            GLIBC.0, GLIBC.1
        ),
        CannotStart::Library(library) => format!(
            "find the dependency that links {library} (`cargo tree -i` names who uses its -sys crate) and \
             replace it, or link it statically"
        ),
        _ => format!("remove the build directory's {target}/lambda and run again"),
    }
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic as _;

    use super::*;

    fn shown(error: &Error) -> String {
        format!("{error}\n{}", error.help().unwrap())
    }

    #[test]
    fn says_what_to_install() {
        let architecture = Architecture::Arm64;
        insta::assert_snapshot!(shown(&Error::TargetMissing { architecture }), @"
        Rust cannot build for arm64: the target aarch64-unknown-linux-gnu is not installed
        rustup target add aarch64-unknown-linux-gnu
        ");
        insta::assert_snapshot!(shown(&Error::LinkerMissing { architecture }), @"
        no linker for arm64 on this machine
        `rustup target add aarch64-unknown-linux-gnu`, and install a linker that provision finds on PATH: `pip install cargo-zigbuild ziglang`, or a cross compiler such as Debian's `gcc-aarch64-linux-gnu`; or name one in CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER
        ");
    }

    #[test]
    fn a_refusal_says_how_to_build() {
        let refused = |refusal| Error::Refused {
            handler: "submit".to_owned(),
            architecture: Architecture::X86_64,
            refusal,
        };
        insta::assert_snapshot!(shown(&refused(CannotStart::Glibc {
            version: "GLIBC_2.38".to_owned(),
            library: "libc.so.6".to_owned(),
        })), @"
        submit cannot start on provided.al2023: it needs GLIBC_2.38 of libc.so.6, the runtime has glibc 2.34
        `pip install cargo-zigbuild ziglang`, and provision builds with it for the runtime's glibc (`cargo zigbuild --target x86_64-unknown-linux-gnu.2.34`)
        ");
        insta::assert_snapshot!(shown(&refused(CannotStart::Library("libssl.so.3".to_owned()))), @"
        submit cannot start on provided.al2023: it needs the shared library libssl.so.3, which the runtime does not promise
        find the dependency that links libssl.so.3 (`cargo tree -i` names who uses its -sys crate) and replace it, or link it statically
        ");
    }

    #[test]
    fn without_handlers_it_says_where_they_are() {
        insta::assert_snapshot!(shown(&Error::NoWorkspace { start: "/empty".into() }), @"
        this program carries no handlers, and there is no checkout at or above /empty
        install a release, which carries them; or run this inside a checkout of provision; or name a checkout, or a folder that `provision bundle --out DIR` made there, by `--handlers DIR`
        ");
        let architecture = Architecture::Arm64;
        insta::assert_snapshot!(shown(&Error::NoSuchBundles { folder: "bundles/arm64".into(), architecture }), @"
        bundles/arm64 has no bundles for arm64
        run `provision bundle --arch arm64 --out DIR` in a checkout, or change `handlers.architecture` in the stack file
        ");
        let has = vec![Architecture::X86_64];
        insta::assert_snapshot!(shown(&Error::OtherArchitecture { architecture, has }), @"
        this program carries handlers for x86_64, and none for arm64
        name a checkout of provision by `--handlers DIR`, or change `handlers.architecture` in the stack file
        ");
    }

    #[test]
    fn names_the_limit() {
        let error = Error::TooLarge { handler: "submit".to_owned(), size: 60_000_000 };
        insta::assert_snapshot!(error, @"the bundle of submit has 60000000 bytes, Lambda takes 52428800 (50 MiB)");
    }
}
