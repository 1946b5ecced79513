//! Holds the cases to the types: every member that a type can have is changed alone by a variant, or a case says why not.
//!
//! The members come from the type and not from the case, so that a new member fails the test until it is tried.

use std::collections::{BTreeMap, BTreeSet};

use provision::aws::{Connection, Context, LocalCloud};
use provision::model::Kind;
use provision::resource::{Adapter, Struct, registry};
use serde_json::Value;

use super::{Case, STACK, cases, set};
use crate::support::{ACCOUNT, REGION};

/// Members by the name that a reason has for them: `Member` of the properties, `Struct.Member` further down.
type Names = BTreeSet<String>;

/// The members that a type was seen to have, and those of them that a variant changes and nothing else with them.
#[derive(Default)]
struct Tried {
    known: Names,
    alone: Names,
}

/// Properties in their normal form, and the structs in them by where they are.
struct Sample {
    properties: Value,
    structs: BTreeMap<String, Struct>,
}

impl Sample {
    fn new(adapter: &dyn Adapter, properties: &Value) -> Self {
        let properties = adapter.normal()(properties);
        let structs = adapter.structs(&properties).unwrap_or_else(|error| panic!("{error}"));
        // Tags count as one member: adapters read and write them as pairs.
        let structs = structs.into_iter().filter(|found| found.name != "Tag");
        let structs = structs.map(|found| (found.pointer.clone(), found)).collect();
        Self { properties, structs }
    }
}

fn name(of: &Struct, member: &str) -> String {
    if of.pointer.is_empty() { member.to_owned() } else { format!("{}.{member}", of.name) }
}

/// Whether something is under a top-level property that no update can change, or that no read returns.
fn exempt(adapter: &dyn Adapter, pointer: &str) -> bool {
    let top = pointer.split('/').nth(1).unwrap_or_default();
    adapter.create_only().contains(&top) || adapter.write_only().contains(&top)
}

impl Tried {
    fn of(adapter: &dyn Adapter, cases: &[&Case]) -> Self {
        let mut tried = Self::default();
        for case in cases {
            let base = Sample::new(adapter, &case.base);
            tried.know(adapter, &base);
            for (pointer, value) in &case.variants {
                let mut varied = case.base.clone();
                set(&mut varied, pointer, value.clone());
                let varied = Sample::new(adapter, &varied);
                tried.know(adapter, &varied);
                let (before, after) = (&base.properties, &varied.properties);
                tried.compare(&base, &varied, [("", before), ("", after)]);
            }
        }
        tried
    }

    /// Notes every member of the structs in a sample. A type that flattens a map counts as one member, `*`.
    fn know(&mut self, adapter: &dyn Adapter, sample: &Sample) {
        for found in sample.structs.values() {
            let members = found.members.unwrap_or(&["*"]);
            let inside_flattened = found.members.is_none() && {
                let mut others = sample.structs.values().filter(|other| other.members.is_none());
                others.any(|other| found.pointer.starts_with(&format!("{}/", other.pointer)))
            };
            let pointers = members.iter().map(|member| (member, format!("{}/{member}", found.pointer)));
            let tried = pointers.filter(|(_, pointer)| !inside_flattened && !exempt(adapter, pointer));
            self.known.extend(tried.map(|(member, _)| name(found, member)));
        }
    }

    /// Finds what differs between two samples from a place on, and notes members that differ alone on the way down.
    fn compare(&mut self, before: &Sample, after: &Sample, at: [(&str, &Value); 2]) {
        let [(pointer, old), (other, new)] = at;
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => {
                let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
                let differ: Vec<_> = keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).collect();
                let [key] = differ[..] else { return };
                if let (Some(of), Some(_)) = (before.structs.get(pointer), after.structs.get(other)) {
                    self.alone.insert(name(of, key));
                }
                if let (Some(old), Some(new)) = (old.get(key), new.get(key)) {
                    let (pointer, other) = (format!("{pointer}/{key}"), format!("{other}/{key}"));
                    self.compare(before, after, [(&pointer, old), (&other, new)]);
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                let only = |one: &[Value], other: &[Value]| -> Vec<usize> {
                    let indexes = 0..one.len();
                    indexes.filter(|index| !other.contains(&one[*index])).collect()
                };
                let ([index], [now]) = (&only(old, new)[..], &only(new, old)[..]) else { return };
                let (pointer, other) = (format!("{pointer}/{index}"), format!("{other}/{now}"));
                self.compare(before, after, [(&pointer, &old[*index]), (&other, &new[*now])]);
            }
            _ => {}
        }
    }
}

/// What is wrong with the cases of a type: members that are not tried, and reasons that nothing needs.
fn faults(adapter: &dyn Adapter, cases: &[&Case]) -> Vec<String> {
    let kind = adapter.kind();
    let tried = Tried::of(adapter, cases);
    let reasons: Names =
        cases.iter().flat_map(|case| &case.fixed).map(|(member, _)| (*member).to_owned()).collect();
    let open = tried.known.difference(&tried.alone).cloned().collect::<Names>();
    let missing = open.difference(&reasons);
    let missing =
        missing.map(|member| format!("{kind}: no variant changes {member} alone, and no reason says why"));
    let idle = reasons.difference(&open);
    let idle = idle.map(|member| format!("{kind}: a reason is given for {member}, which needs none"));
    missing.chain(idle).collect()
}

/// A context for names alone: nothing answers at its endpoint.
async fn nowhere() -> Context {
    let target = LocalCloud::new("http://127.0.0.1:1", ACCOUNT, "secret");
    let connection = std::sync::Arc::new(Connection::to_local(target, REGION).await);
    let scope = provision::model::Scope {
        stack: STACK.to_owned(),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
    };
    Context::new(connection, scope, REGION)
}

#[tokio::test]
async fn every_member_of_every_type_is_tried_or_has_a_reason() {
    let cases = cases(&nowhere().await, "Z0123456789");
    let of = |kind: &Kind| -> Vec<&Case> { cases.iter().filter(|case| case.kind == *kind).collect() };
    let faults: Vec<String> =
        registry().iter().flat_map(|adapter| faults(adapter, &of(&adapter.kind()))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
