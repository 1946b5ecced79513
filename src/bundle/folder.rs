//! Bundles of one architecture in a folder, and the folders that a program carries.
//!
//! `provision bundle --out DIR` writes `DIR/<architecture>/bundles.json` with a zip for each handler next to it. A build
//! with `PROVISION_BUNDLES=DIR` puts the same files into the program (`build.rs`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::ValueEnum as _;
use serde::{Deserialize, Serialize};

use super::cache::{self, Entry, Packed};
use super::{Architecture, Bundle, Error, archive};
use crate::model::CodeOrigin;

/// The version of the index's form.
const FORMAT: u32 = 1;
const INDEX: &str = "bundles.json";

/// A folder of bundles in a program, as `build.rs` writes it.
#[derive(Debug)]
pub struct IncludedFolder {
    /// The text of its index.
    pub index: &'static str,
    /// The zip of each handler.
    pub zips: &'static [(&'static str, &'static [u8])],
}

/// What this program carries.
static INCLUDED: OnceLock<&'static [IncludedFolder]> = OnceLock::new();

/// Says what this program carries. The first call counts; without one, it carries nothing.
pub fn carry(included: &'static [IncludedFolder]) {
    let _ = INCLUDED.set(included);
}

/// What this program carries.
pub(super) fn carried() -> &'static [IncludedFolder] {
    INCLUDED.get().copied().unwrap_or_default()
}

/// What a folder says of its bundles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FolderIndex {
    format: u32,
    pub(super) architecture: Architecture,
    #[serde(flatten)]
    pub(super) origin: CodeOrigin,
    handlers: BTreeMap<String, Entry>,
}

impl IncludedFolder {
    pub(super) fn index(&self) -> Result<FolderIndex, String> {
        parse(self.index)
    }

    fn zip(&self, handler: &str) -> Option<&'static [u8]> {
        self.zips.iter().find(|(name, _)| *name == handler).map(|(_, zip)| *zip)
    }
}

fn parse(text: &str) -> Result<FolderIndex, String> {
    let index: FolderIndex = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if index.format == FORMAT {
        return Ok(index);
    }
    Err(format!("its format is {}, and this program reads format {FORMAT}", index.format))
}

/// Whether a folder holds bundles of any architecture.
pub(super) fn is_one(folder: &Path) -> bool {
    Architecture::value_variants()
        .iter()
        .any(|&architecture| path(folder, architecture).join(INDEX).is_file())
}

fn path(folder: &Path, architecture: Architecture) -> PathBuf {
    folder.join(architecture.as_str())
}

/// Copies bundles of one architecture to a folder, in the place of what it has of that architecture.
pub(super) fn write(folder: &Path, bundles: &[Bundle]) -> Result<Vec<Bundle>, Error> {
    let Some(first) = bundles.first() else { return Ok(Vec::new()) };
    let target = path(folder, first.architecture);
    fs::create_dir_all(&target).map_err(Error::io("create", &target))?;
    let mut handlers = BTreeMap::new();
    let mut written = Vec::new();
    for bundle in bundles {
        let zip = target.join(format!("{}.zip", bundle.handler));
        cache::write(&zip, &fs::read(&bundle.zip).map_err(Error::io("read", &bundle.zip))?)?;
        let entry = Entry { sha256_base64: bundle.sha256_base64.clone(), size: bundle.size };
        handlers.insert(bundle.handler.clone(), entry);
        written.push(Bundle { zip, ..bundle.clone() });
    }
    let index = FolderIndex {
        format: FORMAT,
        architecture: first.architecture,
        origin: first.origin.clone(),
        handlers,
    };
    let text = serde_json::to_string_pretty(&index).expect("strings and numbers always serialise");
    // Last, so that a folder with an index is complete.
    cache::write(&target.join(INDEX), format!("{text}\n").as_bytes())?;
    Ok(written)
}

/// The bundles of `handlers` in a folder, each with the bytes that the index says.
pub(super) fn read(
    folder: &Path,
    architecture: Architecture,
    handlers: &[String],
) -> Result<Vec<Bundle>, Error> {
    let folder = path(folder, architecture);
    let file = folder.join(INDEX);
    let broken = |why: String| Error::BrokenFolder { file: file.clone(), why };
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::NoSuchBundles { folder, architecture });
        }
        Err(error) => return Err(Error::io("read", &file)(error)),
    };
    let index = parse(&text).map_err(broken)?;
    if index.architecture != architecture {
        return Err(broken(format!("it is of {}", index.architecture)));
    }
    let bundle = |handler: &String| {
        let zip = folder.join(format!("{handler}.zip"));
        let bytes = fs::read(&zip).map_err(Error::io("read", &zip))?;
        let entry = checked(&index, handler, &bytes).map_err(broken)?;
        Ok(made(&index, handler, entry, zip))
    };
    handlers.iter().map(bundle).collect()
}

/// The bundles of `handlers` that this program carries. They are written to the cache, once.
pub(super) fn unpack(
    cache: &Path,
    architecture: Architecture,
    handlers: &[String],
) -> Result<Vec<Bundle>, Error> {
    unpack_from(carried(), cache, architecture, handlers)
}

fn unpack_from(
    included: &[IncludedFolder],
    cache: &Path,
    architecture: Architecture,
    handlers: &[String],
) -> Result<Vec<Bundle>, Error> {
    let broken = |why: String| Error::BrokenProgram { why };
    for folder in included {
        let index = folder.index().map_err(broken)?;
        if index.architecture != architecture {
            continue;
        }
        let mut packed = BTreeMap::new();
        for handler in handlers {
            let zip = folder.zip(handler).ok_or_else(|| broken(format!("{handler} is missing")))?;
            let entry = checked(&index, handler, zip).map_err(broken)?;
            packed.insert(handler.clone(), Packed { entry, zip: zip.to_vec() });
        }
        let key = archive::code_sha256(folder.index.as_bytes());
        let key: String = key.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        let shelf = cache::Shelf::new(cache, &format!("included-{key}"));
        if shelf.find(handlers).is_none() {
            shelf.put(&packed)?;
        }
        let bundle = |(handler, packed): (&String, &Packed)| {
            made(&index, handler, packed.entry.clone(), shelf.zip(handler))
        };
        return Ok(handlers.iter().filter_map(|handler| packed.get_key_value(handler)).map(bundle).collect());
    }
    let has = included.iter().filter_map(|folder| Some(folder.index().ok()?.architecture)).collect();
    Err(Error::OtherArchitecture { architecture, has })
}

/// The entry of a handler, if these are its bytes.
fn checked(index: &FolderIndex, handler: &str, zip: &[u8]) -> Result<Entry, String> {
    let entry = index.handlers.get(handler).ok_or_else(|| format!("{handler} is missing"))?;
    if archive::code_sha256(zip) == entry.sha256_base64 {
        return Ok(entry.clone());
    }
    Err(format!("{handler}.zip has another digest than the index says"))
}

fn made(index: &FolderIndex, handler: &str, entry: Entry, zip: PathBuf) -> Bundle {
    Bundle {
        handler: handler.to_owned(),
        architecture: index.architecture,
        zip,
        sha256_base64: entry.sha256_base64,
        size: entry.size,
        built: false,
        origin: index.origin.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARM64: Architecture = Architecture::Arm64;

    fn handlers() -> Vec<String> {
        super::super::HANDLERS.map(str::to_owned).into()
    }

    /// Bundles whose "zips" are their names, and where they are.
    fn bundles(folder: &Path) -> Vec<Bundle> {
        let bundle = |handler: String| {
            let zip = folder.join(format!("{handler}-of-the-cache"));
            fs::write(&zip, &handler).unwrap();
            Bundle {
                sha256_base64: archive::code_sha256(handler.as_bytes()),
                size: handler.len() as u64,
                architecture: ARM64,
                built: true,
                origin: CodeOrigin { sources: "5b".into(), toolchain: "rustc 1.95.0".into() },
                handler,
                zip,
            }
        };
        handlers().into_iter().map(bundle).collect()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let (cache, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert!(!is_one(out.path()));
        let written = write(out.path(), &bundles(cache.path())).unwrap();
        assert!(is_one(out.path()));
        let found = read(out.path(), ARM64, &handlers()).unwrap();
        let as_found = |bundle: Bundle| Bundle { built: false, ..bundle };
        assert_eq!(found, written.into_iter().map(as_found).collect::<Vec<_>>());
        assert_eq!(fs::read(&found[0].zip).unwrap(), b"submit");
        let error = read(out.path(), Architecture::X86_64, &handlers()).unwrap_err();
        assert!(matches!(error, Error::NoSuchBundles { .. }), "{error}");
    }

    #[test]
    fn other_bytes_than_the_index_says_are_refused() {
        let (cache, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(out.path(), &bundles(cache.path())).unwrap();
        fs::write(out.path().join("arm64/publish.zip"), "another").unwrap();
        let error = read(out.path(), ARM64, &handlers()).unwrap_err().to_string();
        assert!(error.contains("publish.zip has another digest than the index says"), "{error}");
        fs::write(out.path().join("arm64").join(INDEX), "{}").unwrap();
        assert!(matches!(read(out.path(), ARM64, &handlers()), Err(Error::BrokenFolder { .. })));
    }

    /// What a release carries comes to the cache, whole, and again if it was damaged there.
    #[test]
    fn the_program_gives_what_it_carries() {
        let (cache, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(out.path(), &bundles(cache.path())).unwrap();
        let index: &'static str = fs::read_to_string(out.path().join("arm64").join(INDEX)).unwrap().leak();
        const ZIPS: &[(&str, &[u8])] = &[("publish", b"publish"), ("submit", b"submit")];
        const OTHERS: &[(&str, &[u8])] = &[("publish", b"other")];
        let carried = [IncludedFolder { index, zips: ZIPS }];
        for _ in 0..2 {
            let found = unpack_from(&carried, cache.path(), ARM64, &handlers()).unwrap();
            assert_eq!(
                found.iter().map(|bundle| bundle.handler.as_str()).collect::<Vec<_>>(),
                ["submit", "publish"]
            );
            assert_eq!(fs::read(&found[1].zip).unwrap(), b"publish");
            assert_eq!(found[0].origin.sources, "5b");
            fs::write(&found[1].zip, "damaged by somebody").unwrap();
        }
        let error = unpack_from(&carried, cache.path(), Architecture::X86_64, &handlers()).unwrap_err();
        assert!(matches!(error, Error::OtherArchitecture { ref has, .. } if *has == [ARM64]), "{error}");
        let other = [IncludedFolder { index, zips: OTHERS }];
        let error = unpack_from(&other, cache.path(), ARM64, &["publish".to_owned()]).unwrap_err();
        assert!(matches!(error, Error::BrokenProgram { .. }), "{error}");
    }
}
