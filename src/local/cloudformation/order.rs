//! What depends on what in a template: `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The names that a value refers to, resources and parameters alike; pseudo parameters are left out.
pub(super) fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            for (key, inner) in members {
                match (key.as_str(), inner) {
                    ("Ref", Value::String(name)) => add(name, found),
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        if let Some(Value::String(name)) = parts.first() {
                            add(name, found);
                        }
                        parts.iter().skip(1).for_each(|part| references(part, found));
                    }
                    ("Fn::GetAtt", Value::String(text)) => add(text.split('.').next().unwrap_or(text), found),
                    ("Fn::Sub", Value::String(text)) => substitutions(text, &BTreeSet::new(), found),
                    ("Fn::Sub", Value::Array(parts)) => {
                        let own = parts.get(1).and_then(Value::as_object);
                        let own: BTreeSet<&str> =
                            own.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                        if let Some(Value::String(text)) = parts.first() {
                            substitutions(text, &own, found);
                        }
                        parts.iter().skip(1).for_each(|part| references(part, found));
                    }
                    _ => references(inner, found),
                }
            }
        }
        _ => {}
    }
}

fn add(name: &str, found: &mut BTreeSet<String>) {
    if !name.starts_with("AWS::") {
        found.insert(name.to_owned());
    }
}

fn substitutions(text: &str, own: &BTreeSet<&str>, found: &mut BTreeSet<String>) {
    for name in placeholders(text).filter(|name| !own.contains(name)) {
        add(name.split('.').next().unwrap_or(name), found);
    }
}

/// The names in `${…}`, without the literal `${!…}`.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("${").skip(1);
    parts
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.starts_with('!'))
}

/// What a resource needs, of what the template declares.
pub(super) fn needs(body: &Value, declared: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    references(&body["Properties"], &mut found);
    match &body["DependsOn"] {
        Value::String(name) => drop(found.insert(name.clone())),
        Value::Array(names) => found.extend(names.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    found.retain(|name| declared.contains(name.as_str()));
    found
}

/// The names, each after what it needs; a circle is an error with its members.
pub(super) fn sorted(needs: &BTreeMap<String, BTreeSet<String>>) -> Result<Vec<String>, Vec<String>> {
    let mut order: Vec<String> = Vec::new();
    let mut left: BTreeMap<&String, &BTreeSet<String>> = needs.iter().collect();
    while !left.is_empty() {
        let open = |name: &&String| left[*name].iter().all(|need| !left.contains_key(need));
        let ready: Vec<&String> = left.keys().copied().filter(open).collect();
        if ready.is_empty() {
            return Err(left.into_keys().cloned().collect());
        }
        for name in ready {
            left.remove(name);
            order.push(name.clone());
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_function_that_refers_orders() {
        let body = json!({ "DependsOn": ["E", "F"], "Properties": { "A": { "Ref": "A" }, "P": { "Ref": "AWS::Region" },
            "B": [{ "Fn::GetAtt": ["B", "Arn"] }, { "Fn::GetAtt": "C.Arn" }],
            "D": { "Fn::Sub": ["${D.Arn} ${Own} ${!No} ${AWS::Region}", { "Own": { "Ref": "G" } }] } } });
        let declared = ["A", "B", "C", "D", "E", "F", "G", "H", "Own"].into();
        assert_eq!(Vec::from_iter(needs(&body, &declared)), ["A", "B", "C", "D", "E", "F", "G"]);
    }

    #[test]
    fn what_is_needed_comes_first_and_circles_are_told() {
        let graph = |edges: &[(&str, &[&str])]| {
            let one = |(name, needs): &(&str, &[&str])| {
                ((*name).to_owned(), needs.iter().map(|need| (*need).to_owned()).collect())
            };
            edges.iter().map(one).collect::<BTreeMap<String, BTreeSet<String>>>()
        };
        assert_eq!(sorted(&graph(&[("A", &["B"]), ("B", &["C"]), ("C", &[])])).unwrap(), ["C", "B", "A"]);
        assert_eq!(sorted(&graph(&[("A", &["B"]), ("B", &["A"]), ("C", &[])])).unwrap_err(), ["A", "B"]);
    }
}
