//! Bundles that are kept: one directory for each digest of inputs, with the zips and an index.
//!
//! A directory appears whole, by a rename, so another run sees all of it or nothing. The index holds the zips' digests;
//! reading it instead of the zips is what makes a run with nothing to build quick.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};

use super::Error;

/// The variable that names another cache directory.
const VARIABLE: &str = "PROVISION_CACHE";
const INDEX: &str = "index.json";
/// How many builds are kept: a few branches in two architectures.
const KEPT: usize = 12;

/// What the index says about a zip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) sha256_base64: String,
    pub(super) size: u64,
}

/// A zip with its entry of the index.
pub(super) struct Packed {
    pub(super) entry: Entry,
    pub(super) zip: Vec<u8>,
}

/// `PROVISION_CACHE`, else `provision` in the user's cache directory.
pub(super) fn root() -> Result<PathBuf, Error> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        return Ok(PathBuf::from(named));
    }
    let strategy = etcetera::choose_base_strategy().map_err(|_| Error::NoCache)?;
    Ok(strategy.cache_dir().join("provision"))
}

/// The bundles made from one set of inputs.
pub(super) struct Shelf {
    all: PathBuf,
    directory: PathBuf,
}

impl Shelf {
    pub(super) fn new(root: &Path, inputs: &str) -> Self {
        let all = root.join("bundles");
        let directory = all.join(inputs);
        Self { all, directory }
    }

    pub(super) fn zip(&self, handler: &str) -> PathBuf {
        self.directory.join(format!("{handler}.zip"))
    }

    /// The entries of all `handlers`, if each of their zips is here and has the size it was written with.
    pub(super) fn find(&self, handlers: &[String]) -> Option<BTreeMap<String, Entry>> {
        let index = fs::read(self.directory.join(INDEX)).ok()?;
        let mut index: BTreeMap<String, Entry> = serde_json::from_slice(&index).ok()?;
        index.retain(|handler, _| handlers.contains(handler));
        let whole = index.len() == handlers.len()
            && index.iter().all(|(handler, entry)| {
                fs::metadata(self.zip(handler)).is_ok_and(|zip| zip.len() == entry.size)
            });
        whole.then_some(index)
    }

    /// Puts `packed` here, all at once, in the place of what may be here.
    pub(super) fn put(&self, packed: &BTreeMap<String, Packed>) -> Result<(), Error> {
        fs::create_dir_all(&self.all).map_err(Error::io("create", &self.all))?;
        let new = tempfile::Builder::new()
            .prefix(".new-")
            .tempdir_in(&self.all)
            .map_err(Error::io("create a directory in", &self.all))?;
        let mut index = BTreeMap::new();
        for (handler, Packed { entry, zip }) in packed {
            let path = new.path().join(format!("{handler}.zip"));
            fs::write(&path, zip).map_err(Error::io("write", &path))?;
            index.insert(handler, entry);
        }
        let path = new.path().join(INDEX);
        let text = serde_json::to_vec(&index).expect("strings and numbers always serialise");
        fs::write(&path, text).map_err(Error::io("write", &path))?;
        self.replace(new)?;
        self.forget_oldest();
        Ok(())
    }

    /// Renames `new` into place. A directory that holds something cannot be renamed over, so what is
    /// there (damaged, or of other handlers) moves away first.
    fn replace(&self, new: tempfile::TempDir) -> Result<(), Error> {
        let new = new.keep();
        if fs::rename(&new, &self.directory).is_ok() {
            return Ok(());
        }
        let old = new.with_extension("old");
        fs::rename(&self.directory, &old).map_err(Error::io("replace", &self.directory))?;
        fs::rename(&new, &self.directory).map_err(Error::io("create", &self.directory))?;
        fs::remove_dir_all(&old).map_err(Error::io("remove", &old))
    }

    /// Bundles are only kept to save time, so one that cannot be removed is no error.
    fn forget_oldest(&self) {
        let entries = fs::read_dir(&self.all).into_iter().flatten().flatten();
        let mut kept: Vec<_> = entries
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        kept.sort();
        let surplus = kept.len().saturating_sub(KEPT);
        for (_, directory) in kept.drain(..surplus).filter(|(_, path)| *path != self.directory) {
            drop(fs::remove_dir_all(directory));
        }
    }
}

/// Writes a small file so that a reader sees it whole.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(Error::io("write in", directory))?;
    file.write_all(content).map_err(Error::io("write", path))?;
    file.persist(path).map_err(|error| Error::io("write", path)(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(zip: &[u8]) -> Packed {
        Packed {
            entry: Entry { sha256_base64: super::super::archive::code_sha256(zip), size: zip.len() as u64 },
            zip: zip.to_vec(),
        }
    }

    fn both(content: &[u8]) -> BTreeMap<String, Packed> {
        handlers().into_iter().map(|handler| (handler, packed(content))).collect()
    }

    fn handlers() -> Vec<String> {
        vec!["submit".to_owned(), "publish".to_owned()]
    }

    #[test]
    fn finds_what_was_put() {
        let root = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(root.path(), "0123");
        assert_eq!(shelf.find(&handlers()), None);
        shelf.put(&both(b"zip")).unwrap();
        let found = shelf.find(&handlers()).unwrap();
        assert_eq!(found["submit"], packed(b"zip").entry);
        assert_eq!(fs::read(shelf.zip("publish")).unwrap(), b"zip");
        assert_eq!(Shelf::new(root.path(), "4567").find(&handlers()), None);
    }

    #[test]
    fn does_not_trust_a_damaged_shelf() {
        let root = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(root.path(), "0123");
        shelf.put(&both(b"zip")).unwrap();
        fs::write(shelf.zip("submit"), b"zi").unwrap();
        assert_eq!(shelf.find(&handlers()), None);
        fs::remove_file(shelf.zip("submit")).unwrap();
        assert_eq!(shelf.find(&handlers()), None);
        shelf.put(&both(b"zip again")).unwrap();
        assert_eq!(shelf.find(&handlers()).unwrap().len(), 2);
        let left: Vec<_> = fs::read_dir(root.path().join("bundles")).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn a_shelf_without_one_of_the_handlers_does_not_do() {
        let root = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(root.path(), "0123");
        let mut only = both(b"zip");
        only.remove("publish");
        shelf.put(&only).unwrap();
        assert_eq!(shelf.find(&handlers()), None);
        assert!(shelf.find(&["submit".to_owned()]).is_some());
    }

    #[test]
    fn keeps_a_bounded_number() {
        let root = tempfile::tempdir().unwrap();
        for number in 0..KEPT + 3 {
            Shelf::new(root.path(), &number.to_string()).put(&both(b"zip")).unwrap();
        }
        let kept = fs::read_dir(root.path().join("bundles")).unwrap().count();
        assert_eq!(kept, KEPT);
        let last = Shelf::new(root.path(), &(KEPT + 2).to_string());
        assert!(last.find(&handlers()).is_some());
    }
}
