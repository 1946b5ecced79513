//! actionlint, zizmor and shellcheck over the workflows, the Action, and the scripts that they run.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::environment::{WORKFLOWS, run};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// The scripts of a folder, by their first line.
fn scripts(folder: &str) -> Vec<PathBuf> {
    let is_script =
        |path: &PathBuf| std::fs::read(path).is_ok_and(|text| text.starts_with(b"#!/usr/bin/env bash"));
    files(folder).into_iter().filter(is_script).collect()
}

fn passes(command: &mut Command) {
    let output = run(command);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{stdout}{stderr}");
}

#[test]
fn actionlint_finds_nothing_in_the_workflows() {
    // With shellcheck, it also reads the scripts in them.
    let shellcheck = WORKFLOWS.program("shellcheck");
    let lint = |workflows: Vec<PathBuf>| {
        let mut lint = WORKFLOWS.script("actionlint");
        lint.arg("-shellcheck").arg(shellcheck.get_program()).args(workflows).current_dir(ROOT);
        lint
    };
    passes(&mut lint(files(".github/workflows")));

    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(Path::new(ROOT).join(".github/workflows/release.yml")).unwrap();
    let broken =
        text.replace("needs: handlers", "needs: handler").replace("cd \"$RUNNER_TEMP/alone\"", "cd $X");
    let workflow = folder.path().join("release.yml");
    std::fs::write(&workflow, broken).unwrap();
    let said = String::from_utf8_lossy(&run(&mut lint(vec![workflow])).stdout).into_owned();
    assert!(said.contains("handler") && said.contains("SC2086"), "{said}");
}

#[test]
fn zizmor_finds_nothing_in_workflows_and_action() {
    let mut zizmor = WORKFLOWS.program("zizmor");
    zizmor.args(["--offline", "--no-progress", "--no-config"]).args(files(".github/workflows"));
    passes(zizmor.arg("action.yml").current_dir(ROOT));
}

#[test]
fn zizmor_sees_an_expression_in_a_script() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(Path::new(ROOT).join(".github/workflows/ci.yml")).unwrap();
    let broken = text.replace("- run: |\n", "- run: |\n          echo \"${{ github.head_ref }}\"\n");
    assert_ne!(broken, text);
    let workflows = folder.path().join(".github/workflows");
    std::fs::create_dir_all(&workflows).unwrap();
    std::fs::write(workflows.join("ci.yml"), broken).unwrap();
    let mut zizmor = WORKFLOWS.program("zizmor");
    let output = run(zizmor.args(["--offline", "--no-progress", "--no-config"]).arg(folder.path()));
    assert!(String::from_utf8_lossy(&output.stdout).contains("template-injection"), "{output:?}");
    assert!(!output.status.success());
}

#[test]
fn shellcheck_finds_nothing_in_the_scripts() {
    let scripts: Vec<PathBuf> = [".ci", ".ci/release", ".ci/action"].into_iter().flat_map(scripts).collect();
    assert!(scripts.len() >= 9, "{scripts:?}");
    passes(WORKFLOWS.program("shellcheck").args(["--severity", "warning"]).args(scripts));
}
