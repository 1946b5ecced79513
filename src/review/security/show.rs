//! Parts of policies in words.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Conditions, OutputRef, Part, Principal, Statement, StringExpr};

/// A string property. What AWS will assign reads `known after apply: Id of delivery/distribution`.
pub(super) fn input(input: &StringExpr) -> String {
    let awaited = |reference: &OutputRef| {
        format!("known after apply: {} of {}", reference.attribute, reference.address)
    };
    match input.parts() {
        [Part::Ref(reference)] if reference.predicted.is_none() => awaited(reference),
        parts => parts
            .iter()
            .map(|part| match part {
                Part::Ref(reference) if reference.predicted.is_none() => format!("({})", awaited(reference)),
                Part::Ref(reference) => reference.predicted.clone().unwrap_or_default(),
                Part::Literal(text) => text.clone(),
            })
            .collect(),
    }
}

/// A plain value or a reference.
pub(super) fn value(value: &Value) -> String {
    match serde_json::from_value::<StringExpr>(value.clone()) {
        Ok(found) => input(&found),
        Err(_) => value.to_string(),
    }
}

/// A principal of a type, as `cloudfront.amazonaws.com` or `Federated arn:…`.
pub(super) fn principal(kind: &str, name: &StringExpr) -> String {
    match kind {
        "Service" | "AWS" => input(name),
        other => format!("{other} {}", input(name)),
    }
}

fn principals(of: &Principal) -> String {
    match of {
        Principal::Any => "*".to_owned(),
        Principal::Of(by_type) => {
            let names = |(kind, names): (&String, &BTreeSet<StringExpr>)| {
                names.iter().map(|name| principal(kind, name)).collect::<Vec<_>>()
            };
            by_type.iter().flat_map(names).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Whom a statement means; `holder` if it means the holder of the policy.
pub(super) fn who(statement: &Statement, holder: &str) -> String {
    match (&statement.principal, &statement.not_principal) {
        (Some(found), _) => principals(found),
        (None, Some(but)) => format!("all except {}", principals(but)),
        (None, None) => holder.to_owned(),
    }
}

/// A list, or all except another.
pub(super) fn list(of: &BTreeSet<StringExpr>, but: &BTreeSet<StringExpr>) -> Vec<String> {
    let but = but.iter().map(|but| format!("all except {}", input(but)));
    of.iter().map(input).chain(but).collect()
}

/// A condition: `StringEquals aws:SourceAccount: 111122223333`.
pub(super) fn condition(operator: &str, key: &str, values: &BTreeSet<StringExpr>) -> String {
    let values: Vec<String> = values.iter().map(input).collect();
    format!("{operator} {key}: {}", values.join(", "))
}

/// Conditions, one a line.
pub(super) fn conditions(conditions: &Conditions) -> Vec<String> {
    let keys = |(operator, keys): (&String, &std::collections::BTreeMap<String, BTreeSet<StringExpr>>)| {
        keys.iter().map(|(key, values)| condition(operator, key, values)).collect::<Vec<_>>()
    };
    conditions.iter().flat_map(keys).collect()
}
