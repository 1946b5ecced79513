//! cfn-lint: no error and no warning.

use std::collections::BTreeMap;
use std::path::PathBuf;

use provision::cloudformation::Template;
use serde_json::Value;

use super::environment::{ENVIRONMENT, run};
use super::stacks;

/// What cfn-lint says about all templates, each in its region.
fn judged() -> Vec<Value> {
    let mut by_region: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (template, path) in stacks::written("cfn-lint", Template::to_yaml, "yaml") {
        by_region.entry(template.region).or_default().push(path);
    }
    by_region.into_iter().flat_map(|(region, paths)| lint(&region, &paths)).collect()
}

/// What cfn-lint says about templates of a region.
fn lint(region: &str, paths: &[PathBuf]) -> Vec<Value> {
    let mut command = ENVIRONMENT.script("cfn-lint");
    let output = run(command.args(["--format", "json", "--regions", region, "--"]).args(paths));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("cfn-lint: {}", String::from_utf8_lossy(&output.stderr)))
}

/// What cfn-lint says about templates of a region, a line each.
pub(crate) fn said_of(region: &str, paths: &[PathBuf]) -> Vec<String> {
    lint(region, paths).iter().map(line).collect()
}

fn line(found: &Value) -> String {
    let place = found["Location"]["Path"].as_array().into_iter().flatten();
    let place: Vec<String> =
        place.map(|step| step.as_str().map_or(step.to_string(), str::to_owned)).collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let file = text(&found["Filename"]);
    format!("{} {file} {}: {}", text(&found["Rule"]["Id"]), place.join("/"), text(&found["Message"]))
}

#[test]
fn the_templates_have_no_error_and_no_warning() {
    // A test of synth shows that the JSON says the same.
    let said: Vec<String> = judged().iter().map(line).collect();
    assert!(said.is_empty(), "cfn-lint:\n{}", said.join("\n"));
}
