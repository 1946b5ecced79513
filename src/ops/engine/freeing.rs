//! Resources that CloudFormation creates again, and that it must let go of before: by the stack's own template without them.
//! What refers to one gets the value that it has so far, so nothing else changes.
//!
//! * A resource with a name is replaced. CloudFormation creates the new one before it deletes the old one, and both would
//!   have the same name (user guide, "Update behaviors of stack resources").
//! * Somebody deleted a resource, and no drift-aware change set reads its type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::gone::{Gone, is_read};
use super::stacks::HeldStack;
use crate::cloudformation::logical_id;
use crate::graph::Graph;
use crate::model::{Address, Guard, Outputs, Snapshot};
use crate::plan::{Plan, Step};

/// The resources of a CloudFormation stack that it lets go of before the change set, by logical id: those with a name that
/// the plan replaces, those that it replaces because they need one of these, and those that are gone and not read. Never
/// what holds data.
pub(super) fn freed(
    (plan, gone): (&Plan, &Gone),
    graph: &Graph,
    held: &HeldStack,
    is_named: &dyn Fn(&Step) -> bool,
) -> BTreeMap<String, Address> {
    let replaced = plan.replaced();
    let named = |address: &Address| plan.steps.iter().any(|step| step.address == *address && is_named(step));
    let mut freed: BTreeSet<&Address> = BTreeSet::new();
    // In order: what is needed comes before what needs it.
    for declaration in graph.in_order().filter(|declaration| declaration.guard != Guard::Data) {
        let address = &declaration.address;
        let needs_one = || graph.needs(address).any(|needed| freed.contains(needed));
        let goes = replaced.contains(address) && (named(address) || needs_one())
            || gone.recreated.contains(address) && !is_read(&declaration.kind);
        if goes && held.has(address) {
            freed.insert(address);
        }
    }
    freed.into_iter().map(|address| (logical_id(address), address.clone())).collect()
}

/// The values of a resource that templates read.
#[derive(Debug, Default)]
struct LiveValues {
    reference: Option<String>,
    attributes: Outputs,
}

/// A stack's template without some of its resources. What refers to them gets their values.
///
/// # Errors
/// The value that is not known.
pub(super) fn without(
    template: Value,
    freed: &BTreeMap<String, Address>,
    held: &HeldStack,
    snapshot: &Snapshot,
) -> Result<Value, String> {
    let known = freed.iter().map(|(logical_id, address)| {
        let reference = held.members.get(logical_id).and_then(|member| member.physical_id.clone());
        let attributes = snapshot.live.get(address).map(|live| live.outputs.clone()).unwrap_or_default();
        (logical_id.as_str(), LiveValues { reference, attributes })
    });
    let known: BTreeMap<&str, LiveValues> = known.collect();
    let mut template = template;
    if let Some(resources) = template["Resources"].as_object_mut() {
        resources.retain(|logical_id, _| !known.contains_key(logical_id.as_str()));
        for resource in resources.values_mut() {
            independent(resource, &known);
        }
    }
    with_values(&template, &known)
}

/// Takes them out of `DependsOn`.
fn independent(resource: &mut Value, known: &BTreeMap<&str, LiveValues>) {
    let Some(body) = resource.as_object_mut() else { return };
    let is_freed = |one: &Value| one.as_str().is_some_and(|one| known.contains_key(one));
    let is_empty = match body.get_mut("DependsOn") {
        Some(Value::Array(all)) => {
            all.retain(|one| !is_freed(one));
            all.is_empty()
        }
        Some(one) => is_freed(one),
        None => false,
    };
    if is_empty {
        body.remove("DependsOn");
    }
}

fn with_values(value: &Value, known: &BTreeMap<&str, LiveValues>) -> Result<Value, String> {
    match value {
        Value::Array(all) => all.iter().map(|one| with_values(one, known)).collect(),
        Value::Object(members) => {
            if let Some(read) = read(members, known)? {
                return Ok(read);
            }
            let inner = members.iter().map(|(name, inner)| Ok((name.clone(), with_values(inner, known)?)));
            inner.collect::<Result<Map<_, _>, String>>().map(Value::from)
        }
        scalar => Ok(scalar.clone()),
    }
}

/// The value of a function that reads one of them. `None` for anything else.
fn read(members: &Map<String, Value>, known: &BTreeMap<&str, LiveValues>) -> Result<Option<Value>, String> {
    let Some((function, argument)) = members.iter().next().filter(|_| members.len() == 1) else {
        return Ok(None);
    };
    let found = match (function.as_str(), argument) {
        ("Ref", Value::String(name)) => value_of(name, known),
        ("Fn::GetAtt", Value::Array(parts)) => {
            let path: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            value_of(&path.join("."), known)
        }
        ("Fn::GetAtt", Value::String(path)) => value_of(path, known),
        ("Fn::Sub", Value::String(pattern)) => {
            let text = substituted(pattern, known)?;
            return Ok(
                (text != *pattern).then(|| Value::from(Map::from_iter([("Fn::Sub".into(), text.into())])))
            );
        }
        _ => None,
    };
    found.transpose().map(|value| value.map(Value::from))
}

/// What `${A}` or `${A.B}` reads, or `Ref` and `Fn::GetAtt`. `None` if it is not of one of them.
fn value_of(path: &str, known: &BTreeMap<&str, LiveValues>) -> Option<Result<String, String>> {
    let (name, attribute) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let of = known.get(name)?;
    let value = match attribute {
        None => of.reference.as_ref(),
        Some(attribute) => of.attributes.get(attribute),
    };
    Some(value.cloned().ok_or_else(|| path.to_owned()))
}

fn substituted(pattern: &str, known: &BTreeMap<&str, LiveValues>) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { break };
        text.push_str(before);
        match value_of(name, known) {
            Some(value) => text.push_str(&value?),
            None => text.push_str(&format!("${{{name}}}")),
        }
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known() -> BTreeMap<&'static str, LiveValues> {
        let attributes = Outputs::from([("Arn".to_owned(), "arn:a".to_owned())]);
        BTreeMap::from([("A", LiveValues { reference: Some("a-1".into()), attributes })])
    }

    #[test]
    fn what_refers_to_it_gets_its_values() {
        let body = json!({
            "One": { "Ref": "A" }, "Two": [{ "Fn::GetAtt": ["A", "Arn"] }], "Three": { "Fn::Sub": "x/${A}/${B}/${A.Arn}" },
            "Other": { "Ref": "B" }, "Join": { "Fn::Join": ["", ["x", { "Fn::GetAtt": "A.Arn" }]] },
        });
        assert_eq!(
            with_values(&body, &known()).unwrap(),
            json!({
                "One": "a-1", "Two": ["arn:a"], "Three": { "Fn::Sub": "x/a-1/${B}/arn:a" },
                "Other": { "Ref": "B" }, "Join": { "Fn::Join": ["", ["x", "arn:a"]] },
            })
        );
        let unknown = json!({ "Fn::GetAtt": ["A", "DomainName"] });
        assert_eq!(with_values(&unknown, &known()), Err("A.DomainName".to_owned()));
    }

    #[test]
    fn nothing_waits_for_it() {
        let depends = |on: Value| {
            let mut resource = json!({ "Type": "T", "DependsOn": on });
            independent(&mut resource, &known());
            resource.get("DependsOn").cloned()
        };
        assert_eq!(depends(json!("A")), None);
        assert_eq!(depends(json!(["A"])), None);
        assert_eq!(depends(json!(["A", "B"])), Some(json!(["B"])));
        assert_eq!(depends(json!("B")), Some(json!("B")));
    }
}
