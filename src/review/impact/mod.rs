//! What viewers or uploads will notice of a change. The facts are data ([`table`]). This module matches them to a change.

mod table;
#[cfg(test)]
mod tests;
mod wildcard;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::path::{PropertyPath, within, without_names};
use super::{Action, Impact, Property, Severity};
use wildcard::Wildcard;

/// A fact: what is noticed when this happens to that property of a resource of this type.
struct Row {
    /// The CloudFormation type.
    kind: &'static str,
    /// What happens to the resource.
    on: &'static [Action],
    /// The property, with `[]` for each entry of a list. It is empty if the fact is about the whole resource.
    path: &'static str,
    /// What happens to the property.
    when: When,
    severity: Severity,
    /// In sentences.
    text: &'static str,
    /// The page of AWS's documentation that says so.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "it is for `docs/impact.md` and the test that holds it")
    )]
    source: &'static str,
}

/// What happens to a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Anything.
    Changes,
    /// It had a value and has another one or none, while the object that holds it stays.
    Moves,
    /// It had no value before.
    Comes,
    /// It is removed.
    Goes,
    /// It had a value and has another one; one of these if there are any.
    Turns(&'static [&'static str]),
    /// It is one of these now.
    Is(&'static [&'static str]),
    /// A limit is lowered, or is new.
    Shortens,
    /// A number is lowered or removed.
    Falls,
    /// A list that stays gains members.
    Gains,
    /// A list that stays loses members.
    Loses,
    /// A list that stays loses members, and none of its members now stands for them.
    Uncovers(Wildcard),
}

/// All properties that facts are about, with the values that they wait for.
pub(super) fn property_paths() -> impl Iterator<Item = PropertyPath> {
    table::rows().filter(|row| !row.path.is_empty()).map(|row| {
        let values = match row.when {
            When::Turns(values) | When::Is(values) => values,
            _ => &[],
        };
        PropertyPath { values, ..PropertyPath::new(row.kind, row.path) }
    })
}

/// What viewers or uploads will notice of this change to a resource of this CloudFormation type, if anything is worth
/// saying. `properties` are those that differ.
#[must_use]
pub fn impact(kind: &str, action: Action, properties: &[Property]) -> Option<Impact> {
    let moves: Vec<Move> = properties.iter().filter(|property| !is_tag(property)).flat_map(moves).collect();
    if action == Action::Update && moves.is_empty() {
        return None;
    }
    let mut rows: Vec<&Row> = table::rows()
        .filter(|row| row.kind == kind && row.on.contains(&action) && row.matches(&moves))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.severity));
    let severity = rows.first()?.severity;
    let mut texts: Vec<&str> = Vec::new();
    for row in rows {
        if !texts.contains(&row.text) {
            texts.push(row.text);
        }
    }
    Some(Impact { severity, text: texts.join(" ") })
}

/// Nobody notices tags.
fn is_tag(property: &Property) -> bool {
    property.path.split(['.', '[']).next() == Some("Tags")
}

/// A plain value that differs.
#[derive(Debug)]
struct Move {
    /// Where, with `[]` for each entry of a list.
    path: String,
    before: Option<Value>,
    after: Option<Value>,
    /// Whether the object that holds it is added or removed with it.
    with_its_holder: bool,
}

/// A property that differs, down to its plain values and lists of those.
fn moves(property: &Property) -> Vec<Move> {
    let path = without_names(&property.path);
    let leaves = |side: &Option<Value>| {
        let mut found = BTreeMap::new();
        side.iter().for_each(|value| leaves(&path, "", value, &mut found));
        found
    };
    let (mut before, mut after) = (leaves(&property.before), leaves(&property.after));
    let all: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    let moves = all.into_iter().map(|key| {
        let (was, will_be) = (before.remove(&key), after.remove(&key));
        let found = was.as_ref().or(will_be.as_ref()).map(|(path, _)| path.clone()).unwrap_or_default();
        let (before, after) = (was.map(|(_, value)| value), will_be.map(|(_, value)| value));
        let whole = property.before.is_none() || property.after.is_none();
        Move { with_its_holder: whole && found != path, path: found, before, after }
    });
    moves.filter(|found| found.before != found.after).collect()
}

/// The leaves of a value by their exact place, each with its path.
fn leaves(path: &str, place: &str, value: &Value, found: &mut BTreeMap<String, (String, Value)>) {
    match value {
        Value::Object(members) if !members.keys().all(|key| key.starts_with("Fn::")) => {
            for (key, inner) in members {
                leaves(&format!("{path}.{key}"), &format!("{place}.{key}"), inner, found);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_object) => {
            for (index, inner) in list.iter().enumerate() {
                leaves(&format!("{path}[]"), &format!("{place}[{index}]"), inner, found);
            }
        }
        leaf => drop(found.insert(place.to_owned(), (path.to_owned(), leaf.clone()))),
    }
}

impl Row {
    fn matches(&self, moves: &[Move]) -> bool {
        self.path.is_empty()
            || moves.iter().any(|found| within(&found.path, self.path) && self.when.holds(found))
    }
}

impl When {
    fn holds(self, found: &Move) -> bool {
        let Move { before, after, .. } = found;
        match self {
            Self::Changes => true,
            Self::Moves => before.is_some() && !(found.with_its_holder && after.is_none()),
            Self::Comes => before.is_none(),
            Self::Goes => after.is_none(),
            Self::Turns(values) => {
                let turned = after.as_ref().filter(|_| before.is_some());
                turned.is_some_and(|after| values.is_empty() || values.contains(&text(after).as_str()))
            }
            Self::Is(values) => after.as_ref().is_some_and(|after| values.contains(&text(after).as_str())),
            Self::Shortens => match (number(before.as_ref()), number(after.as_ref())) {
                (Some(before), Some(after)) => after < before,
                (before, after) => before.is_none() && after.is_some(),
            },
            Self::Falls => match (number(before.as_ref()), number(after.as_ref())) {
                (Some(before), Some(after)) => after < before,
                (before, after) => before.is_some() && after.is_none() && !found.with_its_holder,
            },
            Self::Gains => before.is_some() && !set(after.as_ref()).is_subset(&set(before.as_ref())),
            Self::Loses => after.is_some() && !set(before.as_ref()).is_subset(&set(after.as_ref())),
            Self::Uncovers(wildcard) => {
                let left = set(after.as_ref());
                let covered = |lost: &String| left.iter().any(|member| wildcard.covers(member, lost));
                after.is_some() && !set(before.as_ref()).iter().all(covered)
            }
        }
    }

    /// In words, for the table of the documentation.
    #[cfg(test)]
    fn words(self) -> String {
        match self {
            Self::Changes => "changes".to_owned(),
            Self::Moves => "is changed or removed".to_owned(),
            Self::Comes => "is added".to_owned(),
            Self::Goes => "is removed".to_owned(),
            Self::Turns([]) => "gets another value".to_owned(),
            Self::Turns(values) => format!("changes to {}", values.join(" or ")),
            Self::Is(values) => format!("is {}", values.join(" or ")),
            Self::Shortens => "is lowered or added".to_owned(),
            Self::Falls => "is lowered or removed".to_owned(),
            Self::Gains => "gains members".to_owned(),
            Self::Loses => "loses members".to_owned(),
            Self::Uncovers(_) => "loses members that no wildcard stands for".to_owned(),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: Option<&Value>) -> Option<f64> {
    text(value?).parse().ok()
}

fn set(value: Option<&Value>) -> BTreeSet<String> {
    match value {
        Some(Value::Array(list)) => list.iter().map(text).collect(),
        other => other.map(text).into_iter().collect(),
    }
}
