//! The scripts of the release and of the Action, with a stand-in for `gh`: what is packed is what is installed, and
//! nothing else is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{PROGRAM, output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// The targets of `.github/workflows/release.yml`.
const TARGETS: [&str; 4] = [
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "x86_64-unknown-linux-musl",
];
/// Plays GitHub: a release is a folder, and an attestation is good if a file says so.
const GH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
echo "gh $*" >>"$RELEASES/log"
case "$1 $2" in
    "release download")
        [[ $4-$5 == --repo-someone/provision && $6 == --pattern && $8 == --dir ]]
        cp "$RELEASES/$3/$7" "$9"
        ;;
    "attestation verify")
        [[ $4-$5 == --repo-someone/provision ]]
        [[ $6 == --signer-workflow && $7 == someone/provision/.github/workflows/release.yml ]]
        grep -q "$(sha256sum <"$3" | cut -d' ' -f1)" "$RELEASES/attested"
        ;;
    *) exit 1 ;;
esac
"#;

/// A folder with programs, what comes with them, and the stand-in.
struct Release {
    folder: TempDir,
}

fn executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn script(name: &str) -> Command {
    let mut command = Command::new(Path::new(ROOT).join(".ci").join(name));
    command.current_dir(ROOT).env("SOURCE_DATE_EPOCH", "1780000000");
    command
}

impl Release {
    /// One with a program for each target: it starts the program under test.
    fn packed() -> Self {
        let release = Self { folder: tempfile::tempdir().unwrap() };
        for target in TARGETS {
            let text = format!("#!/bin/sh\n# {target}\nexec '{PROGRAM}' \"$@\"\n");
            executable(&release.path("programs").join(target).join("provision"), &text);
        }
        let mut common = script("release/handlers");
        common.arg(release.path("common")).env("PROVISION", PROGRAM).env("ARCHITECTURES", "");
        output(common, 0);
        release.pack("v0.1.0");
        executable(&release.path("bin/gh"), GH);
        let sums = fs::read_to_string(release.path("v0.1.0/SHA256SUMS")).unwrap();
        fs::write(release.path("attested"), sums).unwrap();
        release
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn pack(&self, out: &str) {
        let mut pack = script("release/package");
        pack.arg(self.path("programs")).arg(self.path("common/share")).arg(self.path(out));
        output(pack, 0);
    }

    /// The digest of an archive.
    fn digest(&self, target: &str) -> String {
        let sums = fs::read_to_string(self.path("v0.1.0/SHA256SUMS")).unwrap();
        let line = sums.lines().find(|line| line.ends_with(&format!("provision-{target}.tar.gz"))).unwrap();
        line.split(' ').next().unwrap().to_owned()
    }

    /// The archive of this machine.
    fn own(&self) -> PathBuf {
        self.path(&format!("v0.1.0/provision-{}-unknown-linux-musl.tar.gz", std::env::consts::ARCH))
    }

    /// What the Action's installation says; panics unless it exits with `code`.
    fn install(&self, sha256: &str, code: i32) -> String {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut install = script("action/install");
        install.env("PATH", path).env("RELEASES", self.folder.path()).env("GITHUB_PATH", self.path("path"));
        install.envs([("VERSION", "v0.1.0"), ("REPOSITORY", "someone/provision"), ("SHA256", sha256)]);
        install.env("DESTINATION", self.path("installed"));
        let (stdout, stderr) = output(install, code);
        stdout + &stderr
    }
}

#[test]
fn the_same_programs_make_the_same_archives() {
    let release = Release::packed();
    for target in TARGETS {
        // Neither the time nor the mode of a file counts.
        let program = release.path("programs").join(target).join("provision");
        fs::write(&program, fs::read(&program).unwrap()).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap();
    }
    release.pack("again");
    let read = |folder: &str| fs::read_to_string(release.path(folder).join("SHA256SUMS")).unwrap();
    assert_eq!(read("v0.1.0"), read("again"));
    assert_eq!(read("again").lines().count(), TARGETS.len());

    let mut list = Command::new("tar");
    list.arg("-tvzf").arg(release.own());
    let (listed, _) = output(list, 0);
    for expected in [
        "-rwxr-xr-x 0/0",
        "./provision\n",
        "./LICENSE-APACHE\n",
        "./completions/_provision\n",
        "./man/man1/provision-plan.1\n",
    ] {
        assert!(listed.contains(expected), "{expected} is missing: {listed}");
    }
}

#[test]
fn the_action_installs_what_was_released_and_nothing_else() {
    let release = Release::packed();
    let digest = release.digest(&format!("{}-unknown-linux-musl", std::env::consts::ARCH));
    let said = release.install(&digest, 0);
    assert!(said.contains(&format!("provision {}", provision::model::VERSION)), "{said}");
    let added = fs::read_to_string(release.path("path")).unwrap();
    assert_eq!(added.trim_end(), release.path("installed").to_str().unwrap());
    release.install("", 0);

    fs::remove_dir_all(release.path("installed")).unwrap();
    let said = release.install(&release.digest("aarch64-apple-darwin"), 1);
    assert!(said.contains("it was not installed"), "{said}");
    // Somebody replaced the archive of the release, and its digest with it: nothing attests that.
    let mut other = fs::read(release.own()).unwrap();
    other.push(0);
    fs::write(release.own(), other).unwrap();
    release.install("", 1);
    assert!(!release.path("installed").exists());
}

#[test]
fn the_action_plans_and_exits_as_the_program_does() {
    let release = Release::packed();
    let path =
        format!("{}:{}", Path::new(PROGRAM).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let plan = |stacks: &str, fail_on: &str, code| {
        let [report, summary, outputs] = ["report.md", "summary", "outputs"].map(|name| release.path(name));
        drop(fs::remove_file(&outputs));
        let mut plan = script("action/plan");
        plan.env("PATH", &path).envs([("STACKS", stacks), ("FAIL_ON", fail_on)]);
        plan.env("BASE", "stacks/staging.yaml").env("REPORT", &report);
        plan.env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_OUTPUT", &outputs);
        output(plan, code);
        assert_eq!(fs::read_to_string(&report).unwrap(), fs::read_to_string(&summary).unwrap());
        fs::remove_file(&summary).unwrap();
        let exited = fs::read_to_string(outputs).unwrap();
        assert!(exited.contains(&format!("exit-code={code}\n")), "{exited}");
        fs::read_to_string(report).unwrap()
    };
    let report = plan("stacks/production.yaml", "", 0);
    assert!(report.contains("handlers") && report.contains('|'), "{report}");
    plan("stacks/production.yaml", "broadening,destroy,replace", 3);
    let both = plan("stacks/production.yaml\nstacks/staging.yaml\n", "", 0);
    assert!(both.contains("vod-staging"), "{both}");
    // No option comes in by the name of a file.
    plan("--out=stolen.plan", "", 1);
}

#[test]
fn a_tag_must_be_the_version_with_its_changes() {
    let version = env!("CARGO_PKG_VERSION");
    let check = |tag: &str, code| {
        let mut check = script("release/check");
        check.arg(tag);
        output(check, code)
    };
    let (_, said) = check("v9.9.9", 1);
    assert!(said.contains(&format!("Cargo.toml has version {version}")), "{said}");
    let changes = fs::read_to_string(Path::new(ROOT).join("CHANGELOG.md")).unwrap();
    let released = changes.contains(&format!("## [{version}]"));
    let (notes, said) = check(&format!("v{version}"), i32::from(!released));
    assert_eq!(notes.trim().is_empty(), !released, "{notes}");
    assert_eq!(said.contains("rename [Unreleased]"), !released, "{said}");
}

#[test]
fn the_image_holds_the_static_programs() {
    let release = Release::packed();
    fs::write(release.path("certificates"), "roots").unwrap();
    let mut image = script("release/image");
    image
        .arg(release.path("v0.1.0"))
        .arg(release.path("image"))
        .env("CERTIFICATES", release.path("certificates"));
    output(image, 0);
    for (folder, target) in [("amd64", "x86_64-unknown-linux-musl"), ("arm64", "aarch64-unknown-linux-musl")]
    {
        let program = fs::read_to_string(release.path("image").join(folder).join("provision")).unwrap();
        assert!(program.contains(target), "{program}");
    }
    let recipe = fs::read_to_string(release.path("image/Dockerfile")).unwrap();
    for line in recipe.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        let from = line.split(' ').next().unwrap().replace("${TARGETARCH}", "amd64");
        assert!(release.path("image").join(&from).is_file(), "{from}");
    }
}

/// `cargo binstall` finds the archives where the release puts them.
#[test]
fn binstall_finds_the_archives() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let setting = |name: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")));
        line.unwrap_or_else(|| panic!("{name} is not set")).trim_end_matches('"').to_owned()
    };
    let release = Release::packed();
    let url = setting("pkg-url").replace("{ repo }/releases/download/v{ version }", "v0.1.0");
    for target in TARGETS {
        let archive = url.replace("{ name }", "provision").replace("{ target }", target);
        assert!(release.path(&archive).is_file(), "{archive}");
    }
    assert_eq!(setting("pkg-fmt"), "tgz");
    assert_eq!(setting("bin-dir"), "{ bin }{ binary-ext }");
}
