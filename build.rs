//! Tells the program the commit that it is built from, and gives it the handlers of a release. It compiles nothing.
//!
//! * `PROVISION_COMMIT` names the commit where no `.git` does: in a release made from an archive.
//! * `PROVISION_BUNDLES` is a folder that `provision bundle --out` made. Its handlers are put into the program.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program is made of. A change there that is not committed is told in the version.
const SOURCES: [&str; 5] = ["build.rs", "Cargo.toml", "Cargo.lock", "src", "lambda/asset"];
/// The architectures of Lambda, by the names of their folders.
const ARCHITECTURES: [&str; 2] = ["arm64", "x86_64"];

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets it");
    let commit = commit(&root).map(|commit| format!(" ({commit})")).unwrap_or_default();
    println!("cargo:rustc-env=PROVISION_VERSION={version}{commit}");
    println!("cargo:rerun-if-env-changed=PROVISION_BUNDLES");
    let named = env::var_os("PROVISION_BUNDLES").filter(|named| !named.is_empty());
    let path = out.join("included.rs");
    fs::write(&path, included(named.map(|named| root.join(named)).as_deref()))
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// The commit's first 12 digits. `+changes` follows if the program's sources differ from it. `None` if nobody knows it.
fn commit(root: &Path) -> Option<String> {
    println!("cargo:rerun-if-env-changed=PROVISION_COMMIT");
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    if let Ok(named) = env::var("PROVISION_COMMIT")
        && !named.is_empty()
    {
        let is_commit = named.len() >= 12 && named.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(is_commit, "PROVISION_COMMIT is {named:?}: give at least 12 hexadecimal digits of a commit");
        return Some(named[..12].to_ascii_lowercase());
    }
    // Without this, an archive that is unpacked inside another repository would name that one's commit.
    if !root.join(".git").exists() {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        let path = root.join(git(root, &["rev-parse", "--git-path", file])?);
        // Cargo takes a file that is missing for one that changed.
        if path.exists() {
            println!("cargo:rerun-if-changed={}", path.display());
        }
    }
    let head = git(root, &["rev-parse", "--verify", "HEAD"])?;
    let changed = !git(root, &[&["status", "--porcelain", "--"], &SOURCES[..]].concat())?.is_empty();
    Some(format!("{}{}", head.get(..12)?, if changed { "+changes" } else { "" }))
}

/// What git answers. `None` if it cannot be asked: there is none, or the repository is another user's.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    // A hook of another repository may run this build.
    git.current_dir(root)
        .args(arguments)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE");
    // `status` must not write the index: its time would make cargo build again.
    git.env("GIT_OPTIONAL_LOCKS", "0");
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Rust that holds the handlers of a folder, which has a folder for each architecture.
pub(crate) fn included(bundles: Option<&Path>) -> String {
    let mut text = String::from("&[");
    if let Some(all) = bundles {
        let folders: Vec<PathBuf> =
            ARCHITECTURES.iter().map(|name| all.join(name)).filter(|folder| folder.is_dir()).collect();
        assert!(
            !folders.is_empty(),
            "PROVISION_BUNDLES is {}, which holds no bundles: make them with `provision bundle --arch arm64 --out {0}`",
            all.display()
        );
        for folder in folders {
            text.push_str(&include(&folder));
        }
    }
    text.push(']');
    text
}

/// One folder: its index and its zips.
fn include(folder: &Path) -> String {
    let index = folder.join("bundles.json");
    assert!(index.is_file(), "{} is missing: make it with `provision bundle --out`", index.display());
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut zips: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "zip"))
        .collect();
    zips.sort();
    let mut text = format!("IncludedFolder {{ index: include_str!({index:?}), zips: &[");
    for zip in &zips {
        println!("cargo:rerun-if-changed={}", zip.display());
        let handler = zip.file_stem().unwrap_or_default().to_string_lossy();
        write!(text, "({handler:?}, include_bytes!({zip:?})),").expect("a string takes everything");
    }
    text.push_str("] },");
    text
}
