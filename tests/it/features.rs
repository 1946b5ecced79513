//! `cargo run` and `cargo test` compile every dependency with the same features, and so once.
//!
//! Cargo joins the features that everything in a build asks for. If tests turn on one more feature of `tokio`, then
//! `tokio` and all that is built on it, the SDK included, are compiled for `cargo run` and again for `cargo test`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Each package with the features it is built with; as a build script's dependency it may have others.
fn features(arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--prefix", "none", "--format", "{p}|{f}"]).args(arguments);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut packages: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        if let Some((package, features)) = line.split_once('|') {
            let features = features.trim_end_matches(" (*)").to_owned();
            packages.entry(package.to_owned()).or_default().insert(features);
        }
    }
    packages
}

#[test]
fn running_and_testing_share_every_dependency() {
    let run = features(&["--edges", "normal,build"]);
    let test = features(&["--workspace", "--edges", "normal,build,dev"]);
    assert!(run.keys().any(|package| package.starts_with("aws-sdk-s3 ")), "{run:?}");
    let differing: Vec<String> = run
        .iter()
        .filter(|(package, features)| !features.is_subset(&test[*package]))
        .map(|(package, features)| format!("{package}\n  run  {features:?}\n  test {:?}", test[package]))
        .collect();
    assert!(
        differing.is_empty(),
        "these would be compiled twice; add the missing features to [dependencies] in Cargo.toml:\n{}",
        differing.join("\n")
    );
}
