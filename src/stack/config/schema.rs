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
    schema
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
