//! The digests of everything that can change the handlers' programs: one of the sources, and one of the sources with the
//! compiler. If the second is known, there is a bundle for it, and no build is needed.
//!
//! The sources are what is under `lambda/`, the manifests, the lock file, cargo's configuration, the architecture and the
//! profile. They may cover too much: a changed dependency of the command line alone also counts. Then cargo runs, and
//! it knows best: it compiles nothing, and the zips come out the same. Tests and the linker are left out, because
//! neither says which code a function runs.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::toolchain::Toolchain;
use super::{Architecture, Error, Profile};

/// Raise it when the way bundles are built or packed changes, so that those kept become stale.
const FORMAT: &str = "provision bundle 4";
/// Files of the workspace that decide about its programs; those that are absent count as absent.
const FILES: [&str; 4] = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", ".cargo/config"];
/// Directories next to a package's manifest that are in no program. Deeper down they are modules like any other.
const UNBUILT: [&str; 4] = ["tests", "benches", "examples", "target"];

/// A digest of named parts.
#[derive(Default)]
struct Parts(Sha256);

impl Parts {
    fn note(&mut self, name: &str, content: &[u8]) {
        for part in [name.as_bytes(), content] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }

    fn hex(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// The digest of the sources, in hexadecimal: it is the same on every machine.
pub(super) fn sources(
    workspace: &Path,
    architecture: Architecture,
    profile: Profile,
) -> Result<String, Error> {
    let mut parts = Parts::default();
    parts.note("format", FORMAT.as_bytes());
    parts.note("architecture", architecture.as_str().as_bytes());
    parts.note("profile", profile.name().as_bytes());
    for name in FILES {
        if let Some(content) = read_if_present(&workspace.join(name))? {
            parts.note(name, &content);
        }
    }
    for file in files(&workspace.join("lambda"))? {
        let name = file.strip_prefix(workspace).unwrap_or(&file).to_string_lossy();
        parts.note(&name, &fs::read(&file).map_err(Error::io("read", &file))?);
    }
    Ok(parts.hex())
}

/// The digest of the sources and of the compiler, in hexadecimal.
pub(super) fn with_compiler(sources: &str, toolchain: &Toolchain) -> String {
    let mut parts = Parts::default();
    parts.note("sources", sources.as_bytes());
    parts.note("rustc", toolchain.version.as_bytes());
    parts.hex()
}

fn read_if_present(file: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(file) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", file)(error)),
    }
}

/// Every file below `directory` that can be in a program, in one order on every file system.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        let entries = fs::read_dir(&directory).map_err(Error::io("list", &directory))?;
        let is_package = directory.join("Cargo.toml").is_file();
        for entry in entries {
            let entry = entry.map_err(Error::io("list", &directory))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // Editors and file managers leave hidden files.
            if name.starts_with('.') {
                continue;
            }
            let path = entry.path();
            if !path.is_dir() {
                files.push(path);
            } else if !(is_package && UNBUILT.contains(&name.as_ref())) {
                pending.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Checkout(tempfile::TempDir);

    impl Checkout {
        fn new() -> Self {
            let checkout = Self(tempfile::tempdir().unwrap());
            checkout.write("Cargo.toml", "[workspace]");
            checkout.write("Cargo.lock", "version = 4");
            checkout.write("lambda/submit/Cargo.toml", "[package]");
            checkout.write("lambda/submit/src/main.rs", "fn main() {}");
            checkout.write("lambda/asset/src/lib.rs", "//! Types.");
            checkout
        }

        fn write(&self, name: &str, content: &str) {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }

        fn digest(&self) -> String {
            sources(self.0.path(), Architecture::Arm64, Profile::Lambda).unwrap()
        }
    }

    #[test]
    fn is_the_same_in_another_checkout() {
        assert_eq!(Checkout::new().digest(), Checkout::new().digest());
    }

    #[test]
    fn changes_with_whatever_the_programs_are_made_of() {
        let checkout = Checkout::new();
        let mut seen = vec![checkout.digest()];
        for (name, content) in [
            ("Cargo.toml", "[workspace]\n[profile.lambda]"),
            ("Cargo.lock", "version = 5"),
            (".cargo/config.toml", "[build]"),
            ("lambda/toolchain", "1.96.0"),
            ("lambda/asset/src/lib.rs", "//! Other types."),
            ("lambda/submit/src/policy.json", "{}"),
            ("lambda/submit/src/target/mod.rs", "//! Not cargo's."),
            ("lambda/new/src/lib.rs", ""),
        ] {
            checkout.write(name, content);
            seen.push(checkout.digest());
        }
        let root = checkout.0.path();
        seen.push(sources(root, Architecture::X86_64, Profile::Lambda).unwrap());
        seen.push(sources(root, Architecture::Arm64, Profile::Dev).unwrap());
        for version in ["rustc 1.95.0", "rustc 1.96.0"] {
            let toolchain = Toolchain { version: version.to_owned(), ..Toolchain::default() };
            seen.push(with_compiler(&seen[0], &toolchain));
        }
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{seen:#?}");
    }

    #[test]
    fn ignores_what_is_in_no_program() {
        let checkout = Checkout::new();
        let before = checkout.digest();
        checkout.write("lambda/submit/tests/events/created.json", "{}");
        checkout.write("lambda/submit/src/.main.rs.swp", "half a line");
        checkout.write("src/main.rs", "fn main() {}");
        checkout.write("README.md", "# provision");
        // It chooses the compiler, which is told apart.
        checkout.write("rust-toolchain.toml", "[toolchain]");
        assert_eq!(checkout.digest(), before);
    }

    #[test]
    fn a_moved_file_is_a_change() {
        let (one, two) = (Checkout::new(), Checkout::new());
        one.write("lambda/asset/src/a.rs", "");
        two.write("lambda/asset/src/b.rs", "");
        assert_ne!(one.digest(), two.digest());
    }
}
