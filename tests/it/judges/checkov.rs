//! checkov: no failed check, and no exception without need.

use std::collections::BTreeSet;

use provision::cloudformation::{Template, exceptions};
use serde_json::Value;

use super::environment::{ENVIRONMENT, run};
use super::stacks;

#[test]
fn the_templates_fail_no_check() {
    let templates = stacks::written("checkov", Template::to_json, "json");
    let mut command = ENVIRONMENT.script("checkov");
    command.args(["--framework", "cloudformation", "--output", "json", "--compact"]);
    command.args(["--skip-download", "--soft-fail"]);
    let names = templates.iter().filter_map(|(_, path)| path.file_name());
    command.arg("--file").args(names).current_dir(templates[0].1.parent().unwrap());
    let output = run(&mut command);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("checkov: {}", String::from_utf8_lossy(&output.stderr)));
    let list = |name: &str| report["results"][name].as_array().cloned().unwrap_or_default();
    assert_eq!(report["summary"]["parsing_errors"], 0, "{report:#}");
    assert!(
        report["summary"]["passed"].as_u64().unwrap() > 50,
        "checkov checked too little: {}",
        report["summary"]
    );
    let failed: Vec<String> = list("failed_checks").iter().map(line).collect();
    assert!(failed.is_empty(), "checkov:\n{}", failed.join("\n"));
    let skipped: BTreeSet<String> = list("skipped_checks")
        .iter()
        .filter_map(|check| Some(check["check_id"].as_str()?.to_owned()))
        .collect();
    let declared = exceptions().iter().map(|exception| exception.check.to_owned()).collect();
    assert_eq!(skipped, declared, "the exceptions are what checkov objects to");
}

fn line(check: &Value) -> String {
    let text = |name: &str| check[name].as_str().unwrap_or_default();
    format!("{} {} {}: {}", text("check_id"), text("file_path"), text("resource"), text("check_name"))
}
