//! Where the handlers' sources are.

use std::path::{Path, PathBuf};

use super::Error;

/// The checkout whose handlers are bundled: the nearest directory at or above `start` that holds
/// `lambda/submit`, else the one this program was built from, if it is still there.
///
/// # Errors
///
/// [`Error::NoWorkspace`] if neither exists: an installed program far from a checkout.
pub fn find_workspace(start: &Path) -> Result<PathBuf, Error> {
    find(start, Path::new(env!("CARGO_MANIFEST_DIR")))
}

fn find(start: &Path, built_from: &Path) -> Result<PathBuf, Error> {
    start
        .ancestors()
        .chain([built_from])
        .find(|directory| is_workspace(directory))
        .map(Path::to_owned)
        .ok_or_else(|| Error::NoWorkspace { start: start.to_owned() })
}

fn is_workspace(directory: &Path) -> bool {
    directory.join("Cargo.toml").is_file() && directory.join("lambda/submit/Cargo.toml").is_file()
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
        let found = find(&checkout.path().join("lambda/submit/src"), Path::new("/nowhere"));
        assert_eq!(found.unwrap(), checkout.path());
    }

    #[test]
    fn falls_back_to_where_it_was_built() {
        let (elsewhere, checkout) = (tempfile::tempdir().unwrap(), checkout());
        assert_eq!(find(elsewhere.path(), checkout.path()).unwrap(), checkout.path());
    }

    #[test]
    fn says_so_when_there_is_none() {
        let elsewhere = tempfile::tempdir().unwrap();
        let error = find(elsewhere.path(), Path::new("/nowhere")).unwrap_err();
        assert!(matches!(error, Error::NoWorkspace { start } if start == elsewhere.path()));
    }
}
