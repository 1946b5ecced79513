//! The program alone: a binary that carries its handlers and a stack file, in a folder without sources, with an empty
//! `PATH` and another home.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use provision::bundle::{self, Architecture, Bundle, Place, Profile, Request};
use provision::model::CodeOrigin;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::support::{ACCOUNT, Cloud, PROGRAM, output};

#[path = "../../build.rs"]
#[expect(dead_code, reason = "one function of the build script is tried here")]
mod build_script;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What cargo sets for the tests that it runs: a build inside one must not see it.
const OF_AN_OUTER_CARGO: [&str; 7] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_CRATE_NAME",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
];

/// The architecture of this machine, and the other one of Lambda.
fn architectures() -> (Architecture, Architecture) {
    match Architecture::host().unwrap() {
        Architecture::Arm64 => (Architecture::Arm64, Architecture::X86_64),
        Architecture::X86_64 => (Architecture::X86_64, Architecture::Arm64),
    }
}

/// The handlers of this machine's architecture, as the local cloud runs them: the tests have them compiled.
async fn handlers() -> Vec<Bundle> {
    let request = Request::all(Place::Sources(ROOT.into()), architectures().0, Profile::Dev);
    bundle::bundle(&request, |step| println!("{step:?}")).await.unwrap()
}

/// The same with bytes of their own, as if another compiler had built them.
fn altered(bundles: &[Bundle], folder: &Path, change: impl Fn(&mut Bundle)) -> Vec<Bundle> {
    let alter = |bundle: &Bundle| {
        let mut bundle = bundle.clone();
        change(&mut bundle);
        let zip = folder.join(format!("{}-{}.zip", bundle.handler, bundle.architecture));
        fs::copy(&bundle.zip, &zip).unwrap();
        let text = format!("{:?}{:?}", bundle.origin, bundle.architecture);
        fs::OpenOptions::new().append(true).open(&zip).unwrap().write_all(text.as_bytes()).unwrap();
        let bytes = fs::read(&zip).unwrap();
        let digest = Sha256::digest(&bytes);
        bundle.sha256_base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
        bundle.size = bytes.len() as u64;
        Bundle { zip, ..bundle }
    };
    bundles.iter().map(alter).collect()
}

/// A program that carries the bundles of a folder: this one, linked again, in a build directory of its own.
fn program_with(bundles: &Path) -> PathBuf {
    let built = Path::new(PROGRAM).parent().unwrap();
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("carrying");
    let copy = own.join(built.file_name().unwrap());
    drop(fs::remove_dir_all(&own));
    fs::create_dir_all(&copy).unwrap();
    for folder in ["deps", "build", ".fingerprint"] {
        mirror(&built.join(folder), &copy.join(folder), folder == "deps");
    }
    let script =
        fs::read_dir(copy.join("build")).unwrap().map(|entry| entry.unwrap().path().join("out/included.rs"));
    let scripts: Vec<PathBuf> = script.filter(|file| file.is_file()).collect();
    assert!(!scripts.is_empty(), "the build script has written its file");
    for file in scripts {
        fs::write(&file, build_script::included(Some(bundles))).unwrap();
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--locked", "--bin", "provision"]).current_dir(ROOT).env("CARGO_TARGET_DIR", &own);
    if built.ends_with("release") {
        cargo.arg("--release");
    }
    let outer = |name: &str| OF_AN_OUTER_CARGO.iter().any(|start| name.starts_with(start));
    for (name, _) in std::env::vars().filter(|(name, _)| outer(name)) {
        cargo.env_remove(name);
    }
    output(cargo, 0);
    copy.join("provision")
}

/// Copies a folder with the times of its files. Compiled dependencies are linked, which costs no room: nothing writes them
/// again. What cargo writes in place is copied, so that it stays as it is where it came from.
fn mirror(from: &Path, to: &Path, links: bool) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            mirror(&from, &to, links);
        } else if links && !entry.file_name().to_string_lossy().contains("provision") {
            fs::hard_link(from, to).unwrap();
        } else if !links || from.extension().is_some() {
            fs::copy(&from, &to).unwrap();
            let time = fs::metadata(&from).unwrap().modified().unwrap();
            fs::File::options().append(true).open(&to).unwrap().set_modified(time).unwrap();
        }
    }
}

/// A folder with a program and a stack file, and nothing else on the machine.
struct Alone {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Alone {
    fn with(program: &Path, cloud: &Cloud, architecture: Architecture) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "no-programs", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let own = folder.path().join("work/provision");
        fs::copy(program, &own).unwrap();
        assert!(fs::metadata(&own).unwrap().permissions().mode() & 0o100 != 0);
        let stack = fs::read_to_string(Path::new(ROOT).join("stacks/local.yaml")).unwrap();
        let stack = stack
            .replace("local: true\n", "")
            .replace("handlers:\n", &format!("handlers:\n  architecture: {architecture}\n"));
        fs::write(folder.path().join("work/stack.yaml"), stack).unwrap();
        Self { folder, environment: cloud.environment_as_on_aws(ACCOUNT) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a command prints on stdout and stderr; panics unless it exits with `code`.
    fn run(&self, arguments: &[&str], code: i32) -> (String, String) {
        let mut command = Command::new(self.path("work/provision"));
        command.args(arguments).current_dir(self.path("work")).env_clear();
        command.env("PATH", self.path("no-programs")).env("HOME", self.path("home")).env("NO_COLOR", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        output(command, code)
    }

    /// What a command prints where the checkout is an empty folder. `None` where the machine has no mount namespaces.
    fn without_the_checkout(&self, arguments: &[&str]) -> Option<String> {
        let unshare = || {
            let mut unshare = Command::new("unshare");
            unshare.args(["--map-root-user", "--mount", "sh", "-c"]);
            unshare
        };
        let hide = format!("mount -t tmpfs none '{ROOT}'");
        if !unshare().arg(&hide).output().is_ok_and(|output| output.status.success()) {
            println!("not tried without the checkout: this machine has no mount namespaces");
            return None;
        }
        let mut hidden = unshare();
        hidden.arg(format!("{hide} && test ! -e '{ROOT}/Cargo.toml' && exec \"$@\"")).arg("sh");
        hidden.arg(self.path("work/provision")).args(arguments).current_dir(self.path("work"));
        hidden.env("HOME", self.path("home")).env("NO_COLOR", "1").env_remove("PROVISION_CACHE");
        Some(output(hidden, 0).0)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(arguments, 0).0).unwrap()
    }
}

fn digests(bundles: &[Bundle]) -> Vec<String> {
    bundles.iter().map(Bundle::sha256_hex).collect()
}

#[tokio::test]
async fn a_binary_and_a_stack_file_are_enough() {
    let (host, other) = architectures();
    let (folder, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let built = handlers().await;
    bundle::copy(&built, folder.path()).unwrap();
    // The other architecture cannot be compiled on every machine. All but the compiler is tried.
    let foreign = altered(&built, work.path(), |bundle| bundle.architecture = other);
    bundle::copy(&foreign, folder.path()).unwrap();
    let cloud = Cloud::start("binary-alone").await;
    let alone = Alone::with(&program_with(folder.path()), &cloud, host);

    let (version, _) = alone.run(&["--version"], 0);
    for expected in ["arm64 (sources ", "x86_64 (sources ", "rustc 1."] {
        assert!(version.contains(expected), "{version}");
    }
    alone.run(&["validate", "stack.yaml"], 0);
    alone.run(&["permissions", "stack.yaml", "--for", "apply"], 0);
    alone.run(&["graph", "stack.yaml", "--offline"], 0);
    for (architecture, bundles) in [(host, &built), (other, &foreign)] {
        let listed = alone.json(&["bundle", "--arch", architecture.as_str(), "--format", "json"]);
        let listed: Vec<&str> =
            listed.as_array().unwrap().iter().map(|one| one["sha256_base64"].as_str().unwrap()).collect();
        assert_eq!(listed, bundles.iter().map(|bundle| bundle.sha256_base64.as_str()).collect::<Vec<_>>());
    }
    let (templates, _) = alone.run(&["synth", "stack.yaml"], 0);
    assert!(digests(&built).iter().all(|digest| templates.contains(digest)), "{templates}");

    assert_eq!(alone.without_the_checkout(&["synth", "stack.yaml"]).unwrap_or(templates.clone()), templates);

    alone.run(&["graph", "stack.yaml"], 0);
    let plan = alone.json(&["plan", "stack.yaml", "--out", "first.plan", "--format", "json"]);
    assert_eq!(plan["totals"]["update"], 0);
    let code = |plan: &Value, address: &str| {
        let changes = plan["changes"].as_array().unwrap();
        let change = changes.iter().find(|change| change["address"] == address).unwrap();
        let properties = change["properties"].as_array().unwrap();
        let code = properties.iter().find(|property| property["path"].as_str().unwrap().starts_with("Code"));
        code.unwrap()["after"].to_string()
    };
    assert!(code(&plan, "handlers/submit").contains(&built[0].sha256_hex()), "{plan}");
    alone.run(&["apply", "first.plan", "--yes", "--allow-broadening"], 0);
    alone.run(&["plan", "stack.yaml", "--detailed-exitcode"], 0);

    let history = alone.json(&["history", "stack.yaml", "--format", "json"]);
    let run = &history["runs"][0];
    assert_eq!(run["provision_version"].as_str().unwrap(), provision::model::VERSION);
    assert_eq!(run["origins"]["submit"]["sources"], built[0].origin.sources.as_str());
    assert_eq!(run["origins"]["publish"]["toolchain"], built[1].origin.toolchain.as_str());

    same_sources_are_no_change(&alone, &built, work.path());
    alone.run(&["teardown", "stack.yaml", "--yes"], 0);
}

/// The stack was applied with `built`. Somebody else has zips of another compiler.
fn same_sources_are_no_change(alone: &Alone, built: &[Bundle], work: &Path) {
    let as_if = |name: &str, change: &dyn Fn(&mut CodeOrigin)| {
        let (folder, zips) = (alone.path(name), work.join(name));
        fs::create_dir(&zips).unwrap();
        let bundles = altered(built, &zips, |bundle| change(&mut bundle.origin));
        bundle::copy(&bundles, &folder).unwrap();
        folder.to_str().unwrap().to_owned()
    };
    let other_compiler = as_if("other-compiler", &|origin| origin.toolchain = "rustc 1.99.0".into());
    let plan = ["plan", "stack.yaml", "--detailed-exitcode", "--handlers"];
    let (plain, _) = alone.run(&plan[..3], 0);
    let (shown, said) = alone.run(&[&plan[..], &[&other_compiler]].concat(), 0);
    assert_eq!(shown, plain);
    let line =
        format!("submit keeps its code: by the stack's record, {} built it", built[0].origin.toolchain);
    assert!(said.contains(&line), "{said}");

    let other_sources = as_if("other-sources", &|origin| {
        (origin.sources, origin.toolchain) = ("0b".repeat(32), "rustc 1.99.0".into());
    });
    let (shown, _) = alone.run(&[&plan[..], &[&other_sources]].concat(), 2);
    assert!(shown.contains("2 to change"), "{shown}");
    let same_compiler = as_if("same-compiler", &|_| ());
    let (shown, _) = alone.run(&[&plan[..], &[&same_compiler]].concat(), 2);
    assert!(shown.contains("2 to change"), "the same compiler makes the same of the same sources: {shown}");

    // A saved plan that keeps code needs no file of it, and goes on recording what it was built from.
    let stack = fs::read_to_string(alone.path("work/stack.yaml")).unwrap();
    let longer = stack.replace("log_retention: 1d", "log_retention: 3d");
    fs::write(alone.path("work/stack.yaml"), &longer).unwrap();
    alone.run(&["plan", "stack.yaml", "--out", "kept.plan", "--handlers", &other_compiler], 0);
    alone.run(&["apply", "kept.plan", "--yes"], 0);
    let history = alone.json(&["history", "stack.yaml", "--format", "json"]);
    assert_eq!(history["runs"][0]["bundles"], history["runs"][1]["bundles"]);
    assert_eq!(history["runs"][0]["origins"], history["runs"][1]["origins"]);
    alone.run(&plan[..3], 0);
}

#[tokio::test]
async fn a_program_without_handlers_says_what_to_do() {
    let cloud = Cloud::start("binary-bare").await;
    let mut alone = Alone::with(Path::new(PROGRAM), &cloud, architectures().0);
    alone.run(&["validate", "stack.yaml"], 0);
    let (_, said) = alone.run(&["plan", "stack.yaml"], 1);
    for expected in ["this program carries no handlers", "install a release", "--handlers DIR"] {
        assert!(said.contains(expected), "{said}");
    }
    let (_, said) = alone.run(&["plan", "stack.yaml", "--handlers", "included"], 1);
    assert!(said.contains("PROVISION_BUNDLES=DIR"), "{said}");
    let (_, said) = alone.run(&["plan", "stack.yaml", "--handlers", "../home"], 1);
    assert!(said.contains("../home has no handlers"), "{said}");
    alone.environment.push(("PROVISION_HANDLERS".to_owned(), String::new()));
    let (_, said) = alone.run(&["plan", "stack.yaml"], 1);
    assert!(said.contains("there is no checkout at or above"), "an empty variable counts as unset: {said}");
    // A folder of bundles is enough as well.
    let bundles = alone.path("bundles");
    bundle::copy(&handlers().await, &bundles).unwrap();
    let (shown, _) = alone.run(&["plan", "stack.yaml", "--handlers", bundles.to_str().unwrap()], 0);
    assert!(shown.contains("handlers/submit"), "{shown}");
    one_file_is_for_stacks_of_other_names(&alone, bundles.to_str().unwrap());
}

fn one_file_is_for_stacks_of_other_names(alone: &Alone, bundles: &str) {
    let plan = ["plan", "stack.yaml", "--handlers", bundles, "--name", "vod-pr-7"];
    let planned = alone.json(&[&plan[..], &["--format", "json", "--out", "preview.plan"]].concat());
    assert_eq!(planned["stack"], "vod-pr-7");
    let (_, said) = alone.run(&["apply", "preview.plan", "--yes", "--name", "vod-pr-8"], 1);
    assert!(said.contains("a saved plan has the name of its stack"), "{said}");
    let (compared, _) = alone.run(&["plan", "stack.yaml", "--base", "stack.yaml", "--name", "vod-pr-7"], 0);
    assert!(compared.contains("stack vod-local is compared as if it were vod-pr-7"), "{compared}");
    let (_, said) = alone.run(&["plan", "stack.yaml", "--name", "VOD"], 1);
    assert!(said.contains("`V` is not allowed; a stack name is 3 to 24"), "{said}");
}
