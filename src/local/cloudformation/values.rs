//! Property values: how they are shown, and where two of them differ. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::functions::text;

/// One difference in a resource's properties.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    pub(super) path: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

/// Every scalar as text, as contexts have them.
pub(super) fn as_texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_texts).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, inner)| (name.clone(), as_texts(inner))).collect::<Map<_, _>>().into()
        }
        scalar => Value::from(text(scalar)),
    }
}

/// A value of a detail: a scalar as it is, anything else as JSON text.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => as_texts(value).to_string(),
        scalar => text(scalar),
    }
}

/// What differs, down to the members that differ.
pub(super) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("/Properties", Some(before), Some(after), &mut found);
    found
}

/// Whether two values mean the same: numbers and booleans may be written as text.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    as_texts(one) == as_texts(other)
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, after) {
        (Some(one), Some(other)) if is_same(one, other) => {}
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                compare(&format!("{path}/{name}"), one.get(name), other.get(name), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for index in 0..one.len().max(other.len()) {
                compare(&format!("{path}/{index}"), one.get(index), other.get(index), found);
            }
        }
        (before, after) => {
            found.push(Difference { path: path.to_owned(), before: before.cloned(), after: after.cloned() });
        }
    }
}
