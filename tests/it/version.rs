//! The commit in the version: what the build script says of a checkout, an archive, and a release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{PROGRAM, output};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The build script, as cargo compiled it for the program under test.
fn script() -> PathBuf {
    let builds = fs::read_dir(Path::new(PROGRAM).parent().unwrap().join("build")).unwrap();
    let ours = builds
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("provision-"));
    let scripts = ours.map(|entry| entry.path().join("build-script-build")).filter(|path| path.is_file());
    scripts.max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap()).expect("cargo has compiled it")
}

/// A folder with sources like those of a checkout.
struct Sources(TempDir);

impl Sources {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/main.rs"), "fn main() {}").unwrap();
        fs::write(folder.path().join("README.md"), "# provision").unwrap();
        Self(folder)
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=me", "-c", "user.email=me@example.com"]).args(arguments);
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            git.env_remove(variable);
        }
        git.current_dir(self.0.path());
        output(git, 0).0.trim().to_owned()
    }

    fn commit(&self) -> String {
        self.git(&["init", "--quiet"]);
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--message", "All"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// What the build script says for `folder` in them.
    fn build(&self, folder: &str, named: &str, code: i32) -> (String, String) {
        let out = tempfile::tempdir().unwrap();
        let mut build = Command::new(script());
        build.current_dir(self.0.path().join(folder)).env("CARGO_MANIFEST_DIR", self.0.path().join(folder));
        build
            .env("CARGO_PKG_VERSION", "0.1.0")
            .env("OUT_DIR", out.path())
            .env("PROVISION_COMMIT", named)
            .env_remove("PROVISION_BUNDLES");
        output(build, code)
    }

    /// The commit that the program would name.
    fn named(&self, folder: &str, named: &str) -> String {
        let (said, _) = self.build(folder, named, 0);
        let version = said.lines().find_map(|line| line.strip_prefix("cargo:rustc-env=PROVISION_VERSION="));
        let rest = version.unwrap().strip_prefix("0.1.0").unwrap();
        rest.trim_start_matches(" (").trim_end_matches(')').to_owned()
    }
}

#[test]
fn a_checkout_names_its_commit_and_says_if_the_sources_differ() {
    let sources = Sources::new();
    let commit = sources.commit();
    assert_eq!(sources.named("", ""), commit[..12]);
    fs::write(sources.0.path().join("README.md"), "# Other words").unwrap();
    assert_eq!(sources.named("", ""), commit[..12], "it is in no program");
    fs::write(sources.0.path().join("src/more.rs"), "").unwrap();
    assert_eq!(sources.named("", ""), format!("{}+changes", &commit[..12]));
}

#[test]
fn an_archive_names_no_commit_of_what_it_is_unpacked_in() {
    let other = Sources::new();
    fs::create_dir_all(other.0.path().join("vendor/provision/src")).unwrap();
    assert_eq!(other.named("vendor/provision", ""), "");
    other.commit();
    assert_eq!(other.named("vendor/provision", ""), "");
    assert_eq!(other.named("vendor/provision", COMMIT), COMMIT[..12]);
}

#[test]
fn a_named_commit_must_be_one() {
    let sources = Sources::new();
    for named in ["main", "0123", "0123456789ab+changes"] {
        let (_, said) = sources.build("", named, 101);
        assert!(said.contains("at least 12 hexadecimal digits"), "{said}");
    }
}

#[test]
fn the_program_names_it_everywhere() {
    let mut version = Command::new(PROGRAM);
    version.arg("-V");
    assert_eq!(output(version, 0).0.trim_end(), format!("provision {}", provision::model::VERSION));
    assert_eq!(provision::saved::VERSION, provision::model::VERSION);
}
