//! Builds the Lambda handlers and packs them for deployment.
//!
//! [`bundle`] turns the packages under `lambda/` into one zip each for the `provided.al2023` runtime. For AWS, the same
//! sources and compiler give the same zip, so the digest that Lambda reports (`CodeSha256`) tells whether a function
//! runs this code. For the local cloud, what `cargo run` has compiled is used again ([`Profile`]). A release carries the
//! zips, and builds nothing ([`Place`]).
//! What was built before from the same inputs is taken from the cache without starting cargo. A program that could
//! not start on Lambda is refused here. See `docs/decisions/bundling.md`.

mod architecture;
mod archive;
mod build;
mod cache;
mod elf;
mod error;
mod folder;
mod inputs;
mod place;
mod profile;
mod strip;
mod toolchain;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use architecture::Architecture;
pub use elf::CannotStart;
pub use error::Error;
pub use folder::{IncludedFolder, carry};
pub use place::{IN_THE_PROGRAM, Place, included};
pub use profile::Profile;

use build::{Build, Builder};
use cache::{Entry, Packed, Shelf};
use toolchain::Toolchain;

use crate::model::CodeOrigin;

/// The handlers of the stack.
pub const HANDLERS: [&str; 2] = ["submit", "publish"];

/// The size of a zip that Lambda takes in a request, in bytes: 50 MiB.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const SIZE_LIMIT: u64 = 50 * 1024 * 1024;

/// What to bundle.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where the handlers come from.
    pub place: Place,
    /// What the functions run on.
    pub architecture: Architecture,
    /// How they are built, if they are.
    pub profile: Profile,
    /// Names of packages under `lambda/`, each with a binary of the same name.
    pub handlers: Vec<String>,
}

impl Request {
    /// All handlers of `place`.
    #[must_use]
    pub fn all(place: Place, architecture: Architecture, profile: Profile) -> Self {
        let handlers = HANDLERS.map(str::to_owned).into();
        Self { place, architecture, profile, handlers }
    }
}

/// A handler, ready to deploy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Bundle {
    /// The package it was built from.
    pub handler: String,
    /// What it runs on.
    pub architecture: Architecture,
    /// The deployment package.
    pub zip: PathBuf,
    /// Lambda's `CodeSha256` of a function with this code.
    pub sha256_base64: String,
    /// Size of the zip in bytes.
    pub size: u64,
    /// Whether it was built now rather than found in the cache.
    pub built: bool,
    /// What it was built from.
    #[serde(flatten)]
    pub origin: CodeOrigin,
}

impl Bundle {
    /// The same digest in lower-case hexadecimal, as keys in the home bucket carry it.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        // It was encoded by this program, so it decodes.
        STANDARD.decode(&self.sha256_base64).map(hex::encode).unwrap_or_default()
    }
}

/// What [`bundle`] is doing, for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The compiler that the sources ask for is not installed, so the zips may differ from those of others.
    OtherCompiler {
        /// The version that `lambda/toolchain` asks for.
        pinned: &'a str,
        /// The compiler that is used.
        used: &'a str,
    },
    /// Cargo starts. Nothing is reported if all bundles are fresh.
    Building {
        /// The command as a person would type it.
        command: &'a str,
    },
    /// Another build holds the build directory.
    Waiting,
    /// Cargo has finished a library or program, or found it finished.
    Compiled {
        /// Its name.
        package: &'a str,
        /// How many there are so far. The total is not known before the end.
        done: usize,
    },
    /// A program is checked and compressed.
    Packing {
        /// The handler.
        handler: &'a str,
    },
}

/// What is there without a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtHand {
    /// All bundles.
    Ready(Vec<Bundle>),
    /// Not all. They would be built from the sources with this digest, and the compiler was not asked for if there is none.
    Stale {
        /// The digest of the sources.
        sources: String,
    },
}

/// The bundles that `request` names, if they are there without a build.
///
/// # Errors
/// See [`Error`]: the place has no such bundles, or cannot be read.
pub fn at_hand(request: &Request) -> Result<AtHand, Error> {
    at_hand_in(&cache::root()?, request)
}

fn at_hand_in(cache: &Path, request: &Request) -> Result<AtHand, Error> {
    let Request { place, architecture, profile, handlers } = request;
    let workspace = match place {
        Place::Program => return folder::unpack(cache, *architecture, handlers).map(AtHand::Ready),
        Place::Bundles(bundles) => return folder::read(bundles, *architecture, handlers).map(AtHand::Ready),
        Place::Sources(workspace) => workspace,
    };
    let sources = inputs::sources(workspace, *architecture, *profile)?;
    // Without a compiler nothing was built here. That is no error yet: perhaps nothing has to be built.
    let Ok(toolchain) = Toolchain::identify(workspace, cache, *profile) else {
        return Ok(AtHand::Stale { sources });
    };
    let shelf = Shelf::new(cache, &inputs::with_compiler(&sources, &toolchain));
    Ok(match shelf.find(handlers) {
        Some(entries) => {
            AtHand::Ready(bundles(request, &shelf, &entries, &toolchain.origin(&sources), false))
        }
        None => AtHand::Stale { sources },
    })
}

/// Builds, checks and packs what `request` names, or finds it where it is; in the order of `request.handlers`.
///
/// # Errors
///
/// See [`Error`]: the toolchain, target or linker is missing, the build fails, or a program could not start on the
/// runtime. No bundle is kept then.
pub async fn bundle(
    request: &Request,
    mut progress: impl FnMut(Progress<'_>) + Send,
) -> Result<Vec<Bundle>, Error> {
    let places = BuildPlaces { cache: cache::root()?, target_directory: None };
    bundle_in(&places, request, &mut progress).await
}

/// Copies bundles of one architecture to a folder for [`Place::Bundles`], or for a build that carries them. Returns them as
/// they are there.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy(bundles: &[Bundle], folder: &Path) -> Result<Vec<Bundle>, Error> {
    folder::write(folder, bundles)
}

/// Where bundling writes.
struct BuildPlaces {
    cache: PathBuf,
    /// Cargo's build directory; `None` leaves it to cargo, which honours `CARGO_TARGET_DIR`.
    target_directory: Option<PathBuf>,
}

async fn bundle_in(
    places: &BuildPlaces,
    request: &Request,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Vec<Bundle>, Error> {
    let sources = match at_hand_in(&places.cache, request)? {
        AtHand::Ready(bundles) => return Ok(bundles),
        AtHand::Stale { sources } => sources,
    };
    let Place::Sources(workspace) = &request.place else { unreachable!("only sources can be stale") };
    let toolchain = Toolchain::identify(workspace, &places.cache, request.profile)?;
    if let Some(pinned) = toolchain.missing_pin.as_deref() {
        progress(Progress::OtherCompiler { pinned, used: toolchain.name() });
    }
    let shelf = Shelf::new(&places.cache, &inputs::with_compiler(&sources, &toolchain));
    let programs = compile(places, request, (workspace, &toolchain), progress).await?;
    for handler in &request.handlers {
        progress(Progress::Packing { handler });
    }
    let level = request.profile.deflate();
    let packed = tokio::task::spawn_blocking(move || pack_all(&programs, level))
        .await
        .expect("packing neither panics nor is aborted")?;
    shelf.put(&packed)?;
    let entries = packed.into_iter().map(|(handler, packed)| (handler, packed.entry)).collect();
    Ok(bundles(request, &shelf, &entries, &toolchain.origin(&sources), true))
}

fn bundles(
    request: &Request,
    shelf: &Shelf,
    entries: &BTreeMap<String, Entry>,
    origin: &CodeOrigin,
    built: bool,
) -> Vec<Bundle> {
    let bundle = |handler: &String| {
        let Entry { sha256_base64, size } = entries.get(handler)?.clone();
        Some(Bundle {
            handler: handler.clone(),
            architecture: request.architecture,
            zip: shelf.zip(handler),
            sha256_base64,
            size,
            built,
            origin: origin.clone(),
        })
    };
    request.handlers.iter().filter_map(bundle).collect()
}

/// Builds and checks. If only this machine's glibc is too new, and cargo-zigbuild is installed, it builds
/// once more against the glibc of Lambda.
async fn compile(
    places: &BuildPlaces,
    request: &Request,
    (workspace, toolchain): (&Path, &Toolchain),
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<HashMap<String, Vec<u8>>, Error> {
    let mut build = Build {
        workspace,
        toolchain,
        architecture: request.architecture,
        profile: request.profile,
        handlers: &request.handlers,
        target_directory: places.target_directory.as_deref(),
        builder: Builder::choose(request.architecture)?,
    };
    let paths = build.run(progress).await?;
    match check_all(request, &paths) {
        Err(Error::Refused { refusal: CannotStart::Glibc { .. }, .. })
            if build.builder != Builder::Zigbuild && Builder::has_zigbuild() =>
        {
            (build.builder, build.profile) = (Builder::Zigbuild, Profile::Lambda);
            let paths = build.run(progress).await?;
            check_all(request, &paths)
        }
        outcome => outcome,
    }
}

fn check_all(request: &Request, paths: &HashMap<String, PathBuf>) -> Result<HashMap<String, Vec<u8>>, Error> {
    let check = |handler: &String| {
        let path = paths.get(handler).ok_or_else(|| Error::NoProgram { handler: handler.clone() })?;
        let program = std::fs::read(path).map_err(Error::io("read", path))?;
        elf::check(&program, request.architecture).map_err(|refusal| Error::Refused {
            handler: handler.clone(),
            architecture: request.architecture,
            refusal,
        })?;
        let program = if request.profile == Profile::Dev { strip::strip(program) } else { program };
        Ok((handler.clone(), program))
    };
    request.handlers.iter().map(check).collect()
}

fn pack_all(programs: &HashMap<String, Vec<u8>>, level: i64) -> Result<BTreeMap<String, Packed>, Error> {
    let pack = |(handler, program): (&String, &Vec<u8>)| {
        let zip = archive::pack(program, level)
            .map_err(|source| Error::Pack { handler: handler.clone(), source })?;
        let entry = Entry { sha256_base64: archive::code_sha256(&zip), size: zip.len() as u64 };
        check_size(handler, entry.size)?;
        Ok((handler.clone(), Packed { entry, zip }))
    };
    programs.iter().map(pack).collect()
}

fn check_size(handler: &str, size: u64) -> Result<(), Error> {
    if size <= SIZE_LIMIT {
        return Ok(());
    }
    Err(Error::TooLarge { handler: handler.to_owned(), size })
}

#[cfg(test)]
mod tests;
