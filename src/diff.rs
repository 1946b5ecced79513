//! The difference between what is declared and what is seen: the one diff that every plan depends on. Pure.
//!
//! Both sides are properties in normal form, so plain comparison decides whether they differ. This module only names
//! the difference at the depth a reviewer wants: objects in a list by their own key, lists of plain values as a whole.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::{Changes, PropertyChange};

/// The members that tell the objects of a list apart, the first one that every object has. Of each, a path shows the
/// value: `Origins[output]`. The published resource schemas know all of them (`tests/it/judges/paths.rs`).
pub const IDENTITIES: &[&str] = &[
    "Id",
    "Key",
    STATEMENT,
    "PolicyName",
    "NameModifier",
    "Name",
    "CustomName",
    ORDERED,
    "EventType",
    "ErrorCode",
    "Header",
    "DomainName",
    "StorageClass",
    "LocalMountPath",
    "Event",
];

/// Names the statements of a policy. Half a statement means nothing, so one that differs is shown whole.
const STATEMENT: &str = "Sid";

/// Names the cache behaviors of a distribution. Their order decides which one a request meets, so a new order is a
/// change of its own: of `CacheBehaviors[].PathPattern`, the path patterns in their order.
const ORDERED: &str = "PathPattern";

/// What differs, in the order of the desired properties. `create_only` are the top-level properties whose change
/// replaces the resource; `write_only` are not compared. A reference left in `desired` differs from whatever is seen.
#[must_use]
pub fn diff(desired: &Value, seen: &Value, create_only: &[&str], write_only: &[&str]) -> Changes {
    let mut changes = Vec::new();
    compare("", Some(desired), Some(seen), &mut changes);
    let mut changes = Changes(changes);
    changes.0.retain(|change| !write_only.contains(&change.property()));
    for change in &mut changes.0 {
        change.replaces = create_only.contains(&change.property());
    }
    changes
}

/// The member by which the objects of a list are told apart, if there is one.
#[must_use]
pub fn identity(list: &[Value]) -> Option<&'static str> {
    IDENTITIES.iter().copied().find(|key| names(list, key).is_some())
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn compare(path: &str, desired: Option<&Value>, seen: Option<&Value>, changes: &mut Vec<PropertyChange>) {
    match (present(desired), present(seen)) {
        (Some(desired), Some(seen)) if desired == seen => {}
        (Some(Value::Object(desired)), Some(Value::Object(seen))) if !is_reference(desired) => {
            compare_members(path, desired, seen, changes);
        }
        (Some(Value::Array(desired)), Some(Value::Array(seen)))
            if of_objects(desired) && of_objects(seen) =>
        {
            compare_lists(path, desired, seen, changes);
        }
        (None, None) => {}
        (desired, seen) => whole(path.to_owned(), desired.cloned(), seen.cloned(), changes),
    }
}

/// Names a difference as a whole.
fn whole(path: String, after: Option<Value>, before: Option<Value>, changes: &mut Vec<PropertyChange>) {
    if after != before {
        changes.push(PropertyChange { path, before, after, replaces: false });
    }
}

fn is_reference(object: &Map<String, Value>) -> bool {
    object.len() == 1 && object.keys().all(|key| key.starts_with("Fn::"))
}

fn of_objects(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(Value::is_object)
}

fn compare_members(
    path: &str,
    desired: &Map<String, Value>,
    seen: &Map<String, Value>,
    changes: &mut Vec<PropertyChange>,
) {
    let only_seen = seen.keys().filter(|key| !desired.contains_key(*key));
    for key in desired.keys().chain(only_seen) {
        let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        compare(&inner, desired.get(key), seen.get(key), changes);
    }
}

fn compare_lists(path: &str, desired: &[Value], seen: &[Value], changes: &mut Vec<PropertyChange>) {
    match IDENTITIES.iter().find_map(|key| Some((*key, names(desired, key)?, names(seen, key)?))) {
        Some((key, wanted, found)) if key == ORDERED || same_order(&wanted, &found) => {
            let at = |names: &[Cow<'_, str>], list: &[Value], name: &str| {
                names.iter().position(|other| other == name).map(|index| list[index].clone())
            };
            let only_seen = found.iter().filter(|name| !wanted.contains(name));
            for name in wanted.iter().chain(only_seen) {
                let (after, before) = (at(&wanted, desired, name), at(&found, seen, name));
                let path = format!("{path}[{name}]");
                match key {
                    STATEMENT => whole(path, after, before, changes),
                    _ => compare(&path, after.as_ref(), before.as_ref(), changes),
                }
            }
            if key == ORDERED && new_ones_last(&wanted, &found) != wanted {
                let order = |names: &[Cow<'_, str>]| Some(names.iter().map(AsRef::as_ref).collect());
                whole(format!("{path}[].{key}"), order(&wanted), order(&found), changes);
            }
        }
        _ => {
            for index in 0..desired.len().max(seen.len()) {
                compare(&format!("{path}[{index}]"), desired.get(index), seen.get(index), changes);
            }
        }
    }
}

/// The objects' names under a key, if each has one and no two are the same.
fn names<'a>(list: &'a [Value], key: &str) -> Option<Vec<Cow<'a, str>>> {
    let name = |item: &'a Value| match item.get(key)? {
        Value::String(text) => Some(Cow::from(text)),
        Value::Number(number) => Some(Cow::from(number.to_string())),
        _ => None,
    };
    let names: Vec<_> = list.iter().map(name).collect::<Option<_>>()?;
    let mut distinct = names.clone();
    distinct.sort_unstable();
    distinct.dedup();
    (distinct.len() == names.len()).then_some(names)
}

/// Whether the names that both lists have are in the same order: an order that types do not normalise has meaning.
fn same_order(wanted: &[Cow<'_, str>], found: &[Cow<'_, str>]) -> bool {
    let common = |list: &[Cow<'_, str>], other: &[Cow<'_, str>]| -> Vec<String> {
        list.iter().filter(|name| other.contains(name)).map(|name| name.clone().into_owned()).collect()
    };
    common(wanted, found) == common(found, wanted)
}

/// The list that is found after what is not wanted is removed from it and what is missing is added at its end.
fn new_ones_last<'a>(wanted: &[Cow<'a, str>], found: &[Cow<'a, str>]) -> Vec<Cow<'a, str>> {
    let kept = found.iter().filter(|name| wanted.contains(name));
    let added = wanted.iter().filter(|name| !found.contains(name));
    kept.chain(added).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn paths(desired: &Value, seen: &Value) -> Vec<String> {
        diff(desired, seen, &[], &[]).0.into_iter().map(|change| change.path).collect()
    }

    #[test]
    fn differences_are_named_where_they_are() {
        let desired = json!({ "A": { "B": 1, "C": [1, 2] }, "Tags": [{ "Key": "team", "Value": "media" }], "New": true });
        let seen = json!({ "A": { "B": 2, "C": [1] }, "Tags": [{ "Key": "team", "Value": "x" }, { "Key": "by", "Value": "hand" }], "Old": 1 });
        assert_eq!(paths(&desired, &seen), ["A.B", "A.C", "Tags[team].Value", "Tags[by]", "New", "Old"]);
    }

    #[test]
    fn a_statement_of_a_policy_differs_as_a_whole() {
        let policy =
            |action: &str| json!({ "Statement": [{ "Sid": "Read", "Action": [action], "Effect": "Allow" }] });
        assert_eq!(paths(&policy("s3:Get*"), &policy("s3:GetObject")), ["Statement[Read]"]);
        assert!(paths(&policy("s3:Get*"), &policy("s3:Get*")).is_empty());
    }

    #[test]
    fn cache_behaviors_are_named_by_their_path_and_their_order_is_a_change_of_its_own() {
        let config = |behaviors: &[(&str, &str)]| {
            let one = |(path, policy): &(&str, &str)| json!({ "PathPattern": path, "CachePolicyId": policy });
            json!({ "CacheBehaviors": behaviors.iter().map(one).collect::<Vec<_>>() })
        };
        let now = config(&[("/thumbs/*", "p"), ("*.m3u8", "q")]);
        let named = |behaviors: &[(&str, &str)]| paths(&config(behaviors), &now);
        assert_eq!(named(&[("/thumbs/*", "p"), ("*.m3u8", "r")]), ["CacheBehaviors[*.m3u8].CachePolicyId"]);
        assert_eq!(named(&[("*.m3u8", "q")]), ["CacheBehaviors[/thumbs/*]"]);
        assert_eq!(
            named(&[("/thumbs/*", "p"), ("*.m3u8", "q"), ("*.ts", "q")]),
            ["CacheBehaviors[*.ts]"],
            "the last one shadows no other"
        );
        let order = "CacheBehaviors[].PathPattern";
        let first = config(&[("*.ts", "q"), ("/thumbs/*", "p"), ("*.m3u8", "q")]);
        let changes = diff(&first, &now, &[], &[]).0;
        assert_eq!(paths(&first, &now), ["CacheBehaviors[*.ts]", order]);
        assert_eq!(changes[1].before, Some(json!(["/thumbs/*", "*.m3u8"])));
        assert_eq!(changes[1].after, Some(json!(["*.ts", "/thumbs/*", "*.m3u8"])));
        assert_eq!(
            named(&[("*.m3u8", "q"), ("/thumbs/*", "r")]),
            ["CacheBehaviors[/thumbs/*].CachePolicyId", order]
        );
    }

    #[test]
    fn a_number_names_an_object_too() {
        let errors = |seconds: i64| json!({ "CustomErrorResponses": [{ "ErrorCode": 403, "ErrorCachingMinTTL": seconds }] });
        assert_eq!(paths(&errors(1), &errors(2)), ["CustomErrorResponses[403].ErrorCachingMinTTL"]);
    }

    #[test]
    fn absent_and_null_are_the_same() {
        assert!(paths(&json!({ "A": null }), &json!({})).is_empty());
    }

    #[test]
    fn an_unresolved_reference_is_a_change_of_its_whole_value() {
        let reference = json!({ "Fn::GetAtt": ["delivery/distribution", "Id"] });
        let changes = diff(&json!({ "A": reference }), &json!({ "A": { "x": 1 } }), &[], &[]);
        assert_eq!(changes.0.len(), 1);
        assert_eq!(changes.0[0].after, Some(reference));
    }

    #[test]
    fn create_only_properties_replace_and_write_only_ones_do_not_count() {
        let (desired, seen) =
            (json!({ "Name": "a", "Code": 1, "N": 1 }), json!({ "Name": "b", "Code": 2, "N": 2 }));
        let changes = diff(&desired, &seen, &["Name"], &["Code"]);
        assert_eq!(
            changes.0.iter().map(|c| (c.path.as_str(), c.replaces)).collect::<Vec<_>>(),
            [("Name", true), ("N", false)]
        );
    }

    #[test]
    fn another_order_of_an_ordered_list_is_a_change() {
        let rule = |id: &str, n: i32| json!({ "Id": id, "N": n });
        assert!(
            !paths(
                &json!({ "R": [rule("a", 1), rule("b", 2)] }),
                &json!({ "R": [rule("b", 2), rule("a", 1)] })
            )
            .is_empty()
        );
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            (0i64..4).prop_map(Value::from),
            "[ab]{1,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("Id|Key|PathPattern|X|Y", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn there_is_a_difference_exactly_when_values_differ(a in json_value(), b in json_value()) {
            let (a, b) = (json!({ "P": a }), json!({ "P": b }));
            prop_assert_eq!(paths(&a, &a), Vec::<String>::new());
            prop_assert_eq!(paths(&a, &b).is_empty(), a == b);
        }
    }
}
