//! The JSON Schema of a stack file, for editors. It is derived from the types, so the two cannot differ.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use super::StackFile;

/// The JSON Schema (2020-12) of a stack file.
pub fn schema() -> Schema {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<StackFile>();
    RecursiveTransform(strict).transform(&mut schema);
    with_environments(&mut schema);
    schema
}

/// The suffix of the definitions of overrides.
const OVERRIDE: &str = "Override";

/// Adds `environments`: every key of a stack file, none of them required, at any depth.
fn with_environments(schema: &mut Schema) {
    let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let (properties, defs) = (object(schema.get("properties")), object(schema.get("$defs")));
    let mut all = defs.clone();
    for (name, definition) in defs {
        all.insert(format!("{name}{OVERRIDE}"), partial(definition));
    }
    let file = serde_json::json!({
        "description": "What differs in one environment: any key of a stack file.",
        "type": "object",
        "properties": partial(Value::Object(properties.clone())),
        "additionalProperties": false,
    });
    all.insert(format!("StackFile{OVERRIDE}"), file);
    let environments = serde_json::json!({
        "description": "Stacks that share this file, by name. Each is the rest of the file with its own keys laid over it. `--env NAME` chooses one.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": { "pattern": "^[a-z0-9-]{1,24}$" },
        "additionalProperties": { "$ref": format!("#/$defs/StackFile{OVERRIDE}") },
    });
    let mut properties = properties;
    properties.insert(super::environments::KEY.to_owned(), environments);
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("$defs".to_owned(), Value::Object(all));
    if let Some(required) = schema.remove("required") {
        schema.insert("if".to_owned(), serde_json::json!({ "required": [super::environments::KEY] }));
        schema.insert("else".to_owned(), serde_json::json!({ "required": required }));
    }
}

/// The same schema with nothing required and no defaults.
fn partial(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(key, _)| key != "required" && key != "default");
            let renamed = kept.map(|(key, value)| match value {
                Value::String(name) if key == "$ref" => (key, Value::String(format!("{name}{OVERRIDE}"))),
                value => (key, partial(value)),
            });
            Value::Object(renamed.collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(partial).collect()),
        other => other,
    }
}

/// Corrects three things that the derivation adds and the reader does not accept or need: `null` for an absent key, the
/// sizes of Rust's integers as formats, and the line breaks of doc comments.
fn strict(schema: &mut Schema) {
    let null = serde_json::json!({ "type": "null" });
    let alternatives = schema.get("anyOf").and_then(Value::as_array);
    if let Some([Value::Object(only), absent]) = alternatives.map(Vec::as_slice)
        && *absent == null
    {
        let only = only.clone();
        schema.remove("anyOf");
        only.into_iter().for_each(|(key, value)| drop(schema.insert(key, value)));
    }
    if let Some([only, absent]) = schema.get("type").and_then(Value::as_array).map(Vec::as_slice)
        && absent == "null"
    {
        let only = only.clone();
        schema.insert("type".to_owned(), only);
    }
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}
