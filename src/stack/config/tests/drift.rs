//! The reader and the JSON Schema have the same keys.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::stack::config::problem::Problems;
use crate::stack::config::{document, schema};

use super::*;

/// A fleet.
const FLEET: &str = r#"stack: vod-test
account: "111122223333"
region: ap-northeast-2
engine: cloudformation
fleet: { accounts: ["222233334444"], regions: [eu-west-1] }
"#;

#[test]
fn every_key_of_the_reader_is_in_the_schema_and_the_other_way_round() {
    let problems = Problems::default();
    assert!(document(FULL, None, None, &problems).is_some());
    // A fleet cannot have all that a stack can have.
    assert!(document(FLEET, None, None, &problems).is_some());
    // All items of a list share one path in the schema.
    let read: BTreeSet<_> =
        problems.asked().iter().map(|path| path.replace("[0]", "[]").replace("[1]", "[]")).collect();

    let schema = schema().to_value();
    let mut declared = BTreeSet::new();
    keys(&schema, &schema, "", &mut declared);
    assert_eq!(read, declared);
}

#[test]
fn required_keys_and_defaults_are_in_the_schema() {
    let schema = schema().to_value();
    let required = serde_json::json!(["stack", "account", "region"]);
    assert_eq!(schema["else"]["required"], required, "environments may say them");
    assert_eq!(schema["if"], serde_json::json!({ "required": ["environments"] }));
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for (key, property) in schema["properties"].as_object().unwrap() {
        assert!(
            property["description"].is_string() || property["$ref"].is_string(),
            "{key} is not explained"
        );
    }
    // The defaults in the schema are those of a file that leaves the keys out.
    let file = serde_json::to_value(with("").unwrap()).unwrap();
    for key in ["engine", "protected", "source", "transcode", "handlers", "delivery", "local"] {
        assert_eq!(schema["properties"][key]["default"], file[key], "{key}");
    }
}

#[test]
fn the_reference_explains_every_key_and_its_example_is_valid() {
    let reference = include_str!("../../../../docs/stack-file.md");
    let example = reference.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    parse("docs/stack-file.md", example).map_err(|invalid| render(&invalid)).unwrap();

    let schema = schema().to_value();
    let mut declared = BTreeSet::new();
    keys(&schema, &schema, "", &mut declared);
    let explained = |path: &str| reference.contains(&format!("| `{}` |", path.replace("[]", "")));
    let missing: Vec<_> = declared.iter().filter(|path| !explained(path)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

/// Collects the paths of all properties below `node`, following references and alternatives.
fn keys(root: &Value, node: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Some(reference) = node["$ref"].as_str() {
        keys(root, root.pointer(reference.trim_start_matches('#')).unwrap(), path, found);
    }
    for (key, property) in node["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        keys(root, property, &path, found);
        found.insert(path);
    }
    for alternative in node["anyOf"].as_array().into_iter().flatten() {
        keys(root, alternative, path, found);
    }
    if node["items"].is_object() {
        keys(root, &node["items"], &format!("{path}[]"), found);
    }
}
