//! Where the handlers come from: this program, a folder of bundles, or the sources of a checkout.

use std::path::{Path, PathBuf};

use super::folder;
use super::{Architecture, Error};
use crate::model::CodeOrigin;

/// What `--handlers` takes for the handlers in the program.
pub const IN_THE_PROGRAM: &str = "included";

/// Where the handlers come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The program carries them. A release does.
    Program,
    /// A folder that `provision bundle --out` made. Nothing is built.
    Bundles(PathBuf),
    /// A checkout. They are built from its sources where they are stale.
    Sources(PathBuf),
}

impl Place {
    /// The place that `named` names: `included`, a folder of bundles, or a checkout. If nothing is named, it is the
    /// checkout at or above `here`, else this program.
    ///
    /// # Errors
    /// When there are no handlers.
    pub fn find(named: Option<&Path>, here: &Path) -> Result<Self, Error> {
        let carries = !folder::carried().is_empty();
        match named {
            Some(named) if named == Path::new(IN_THE_PROGRAM) && carries => Ok(Self::Program),
            Some(named) if named == Path::new(IN_THE_PROGRAM) => Err(Error::NotIncluded),
            Some(folder) if folder::is_one(folder) => Ok(Self::Bundles(folder.to_owned())),
            Some(folder) if is_checkout(folder) => Ok(Self::Sources(folder.to_owned())),
            Some(folder) => Err(Error::NoHandlers { folder: folder.to_owned() }),
            None => match here.ancestors().find(|folder| is_checkout(folder)) {
                Some(checkout) => Ok(Self::Sources(checkout.to_owned())),
                None if carries => Ok(Self::Program),
                None => Err(Error::NoWorkspace { start: here.to_owned() }),
            },
        }
    }
}

/// The handlers that this program carries: the architectures, with the compiler that built them.
#[must_use]
pub fn included() -> Vec<(Architecture, CodeOrigin)> {
    let index = folder::carried().iter().filter_map(|folder| folder.index().ok());
    index.map(|index| (index.architecture, index.origin)).collect()
}

fn is_checkout(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file() && folder.join("lambda/submit/Cargo.toml").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("lambda/submit/src")).unwrap();
        for manifest in ["Cargo.toml", "lambda/submit/Cargo.toml"] {
            std::fs::write(directory.path().join(manifest), "").unwrap();
        }
        directory
    }

    #[test]
    fn searches_upward_past_a_members_own_manifest() {
        let checkout = checkout();
        let found = Place::find(None, &checkout.path().join("lambda/submit/src")).unwrap();
        assert_eq!(found, Place::Sources(checkout.path().to_owned()));
    }

    #[test]
    fn the_checkout_that_the_program_was_built_from_is_not_asked() {
        let elsewhere = tempfile::tempdir().unwrap();
        let found = Place::find(None, elsewhere.path());
        assert!(matches!(found, Err(Error::NoWorkspace { start }) if start == elsewhere.path()));
    }

    #[test]
    fn a_named_folder_must_have_handlers() {
        let (checkout, empty) = (checkout(), tempfile::tempdir().unwrap());
        let named = Place::find(Some(checkout.path()), empty.path()).unwrap();
        assert_eq!(named, Place::Sources(checkout.path().to_owned()));
        let error = Place::find(Some(empty.path()), checkout.path()).unwrap_err();
        assert!(matches!(error, Error::NoHandlers { folder } if folder == empty.path()));
    }

    #[test]
    fn a_program_without_handlers_says_so() {
        let checkout = checkout();
        let found = Place::find(Some(Path::new(IN_THE_PROGRAM)), checkout.path());
        assert!(matches!(found, Err(Error::NotIncluded)), "{found:?}");
    }
}
