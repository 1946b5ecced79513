//! The JSON of a plan is complete, for any declarations and any account: doing exactly what it says makes the account as
//! declared and changes nothing else in it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{live, rules, scope};
use crate::graph::Graph;
use crate::model::{
    Address, Declaration, Guard, Kind, Live, Mark, Orphan, Outputs, Ownership, Snapshot, resolve,
};
use crate::plan;
use crate::review::{Action, Against, Change, Review, review};

const ADDRESSES: [&str; 5] = ["a/bucket", "a/policy", "b/queue", "b/role", "c/function"];

/// What an account holds, by address.
type Account = BTreeMap<Address, Value>;

fn outputs(address: &Address) -> Outputs {
    BTreeMap::from([("Arn".to_owned(), format!("arn:{address}"))])
}

fn seen(address: &Address, properties: &Value) -> Live {
    let mark = Mark { stack: "vod".into(), address: address.clone() };
    Live {
        id: format!("id of {address}"),
        outputs: outputs(address),
        ownership: Ownership::Marked(mark),
        ..live(properties.clone())
    }
}

/// The plan of an account, as JSON.
fn planned(graph: &Graph, account: &Account) -> String {
    let (declared, gone): (Vec<_>, Vec<_>) =
        account.iter().partition(|(address, _)| graph.get(address).is_some());
    let orphan = |(address, properties): (&Address, &Value)| Orphan {
        address: address.clone(),
        kind: Kind::new("AWS::SQS::Queue"),
        region: "eu-west-1".into(),
        live: seen(address, properties),
        by_hand: false,
    };
    let snapshot = Snapshot {
        live: declared.into_iter().map(|(address, value)| (address.clone(), seen(address, value))).collect(),
        orphans: gone.into_iter().map(orphan).collect(),
    };
    let plan = plan::plan(&scope(), graph, &snapshot, &rules);
    serde_json::to_string(&review(&plan, graph, Against::Account, None, &rules)).unwrap()
}

/// Changes an account as the JSON of a plan says.
fn apply(plan: &str, account: &Account) -> Account {
    let review: Review = serde_json::from_str(plan).unwrap();
    let mut account = account.clone();
    for Change { address, action, properties, .. } in review.changes {
        let address = Address::new(address);
        let mut value = account.remove(&address).unwrap_or_else(|| json!({}));
        if action == Action::Delete {
            continue;
        }
        for property in properties {
            let after = property.after.map(|after| resolve(&after, &|address| Some(outputs(address))));
            set(&mut value, &property.path, after);
        }
        account.insert(address, value);
    }
    account
}

/// Sets or removes the value at a path such as `A.B[id].C`.
fn set(value: &mut Value, path: &str, to: Option<Value>) {
    let (head, rest) = match path.find(['.', '[']) {
        Some(0) => (&path[..=path.find(']').unwrap()], &path[path.find(']').unwrap() + 1..]),
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    if let Some(id) = head.strip_prefix('[').and_then(|head| head.strip_suffix(']')) {
        let list = value.as_array_mut().unwrap();
        let at = list.iter().position(|item| item["Id"] == id);
        match (rest, to, at) {
            ("", None, Some(at)) => drop(list.remove(at)),
            ("", Some(to), None) => list.push(to),
            ("", Some(to), Some(at)) => list[at] = to,
            (rest, to, at) => set(&mut list[at.unwrap()], rest, to),
        }
        list.sort_by_key(|item| item["Id"].as_str().map(str::to_owned));
        return;
    }
    let members = value.as_object_mut().unwrap();
    match (rest, to) {
        ("", None) => drop(members.remove(head)),
        ("", Some(to)) => drop(members.insert(head.to_owned(), to)),
        (rest, to) => set(members.get_mut(head).unwrap(), rest, to),
    }
}

fn object(pairs: Vec<(&str, Option<Value>)>) -> Value {
    let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn small() -> impl Strategy<Value = Value> {
    (0..3_i64).prop_map(Value::from)
}

/// Properties: one that cannot change in place, plain and nested ones, a list of plain values, one of named members.
fn properties() -> impl Strategy<Value = Value> {
    let optional = || proptest::option::of(small());
    let nested = (optional(), optional()).prop_map(|(x, y)| object(vec![("X", x), ("Y", y)]));
    let list = proptest::collection::vec(small(), 0..3).prop_map(Value::from);
    let named = proptest::collection::btree_map("[pqr]", (optional(), optional()), 0..3).prop_map(|rules| {
        let rule = |(id, (x, y))| object(vec![("Id", Some(Value::String(id))), ("X", x), ("Y", y)]);
        Value::Array(rules.into_iter().map(rule).collect())
    });
    (
        small(),
        optional(),
        proptest::option::of(nested),
        proptest::option::of(list),
        proptest::option::of(named),
    )
        .prop_map(|(name, a, nested, list, rules)| {
            let pairs = vec![
                ("QueueName", Some(name)),
                ("A", a),
                ("Nested", nested),
                ("List", list),
                ("Rules", rules),
            ];
            object(pairs)
        })
}

fn account() -> impl Strategy<Value = Account> {
    let each = proptest::collection::vec(proptest::option::of(properties()), ADDRESSES.len());
    each.prop_map(|each| {
        let pairs = ADDRESSES.iter().zip(each);
        pairs.filter_map(|(address, value)| Some((Address::new(*address), value?))).collect()
    })
}

/// Declarations with references: each may refer to the first one before it.
fn declared() -> impl Strategy<Value = Graph> {
    let refers = proptest::collection::vec(any::<bool>(), ADDRESSES.len());
    (account(), refers).prop_map(|(account, refers)| {
        let mut declarations: Vec<Declaration> = Vec::new();
        for ((address, mut properties), refers) in account.into_iter().zip(refers) {
            if let (true, Some(first)) = (refers, declarations.first()) {
                properties["Target"] = json!({ "Fn::GetAtt": [first.address, "Arn"] });
            }
            declarations.push(Declaration {
                address,
                kind: Kind::new("AWS::SQS::Queue"),
                region: "eu-west-1".into(),
                properties,
                predicted: BTreeMap::new(),
                after: BTreeSet::new(),
                guard: Guard::None,
            });
        }
        Graph::new(declarations).unwrap()
    })
}

proptest! {
    #[test]
    fn what_the_json_says_is_all_there_is_to_do(graph in declared(), before in account()) {
        let plan = planned(&graph, &before);
        let after = apply(&plan, &before);
        let again: Review = serde_json::from_str(&planned(&graph, &after)).unwrap();
        prop_assert!(again.is_empty(), "{plan}\nleaves {:#?}", again.changes);

        let named: BTreeSet<String> =
            serde_json::from_str::<Review>(&plan).unwrap().changes.into_iter().map(|change| change.address).collect();
        for address in before.keys().chain(after.keys()).filter(|address| !named.contains(address.as_str())) {
            prop_assert_eq!(before.get(address), after.get(address), "{} is not in the plan", address);
        }
    }
}
