//! A string property: literal text, or a value from another resource's outputs.
//!
//! A [`StringExpr`] serialises as in CloudFormation: a plain string, `{"Fn::GetAtt": [address, attribute]}`, or
//! `{"Fn::Join": ["", [..]]}` of both. A third element of `Fn::GetAtt` carries the value if it is known beforehand,
//! because names are deterministic. So a plan can print a whole policy while the reference still orders the work. All
//! references have this form, so [`refs`] and [`resolve`] work on any resource's JSON without knowing its type.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Add;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::{Address, Outputs};

const GET_ATT: &str = "Fn::GetAtt";
const JOIN: &str = "Fn::Join";

/// A reference to an output of another resource of the stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutputRef {
    /// The resource that has the output.
    pub address: Address,
    /// The output's name, as in CloudFormation's `GetAtt` if it exists there (`Arn`, `Id`, `DomainName`).
    pub attribute: String,
    /// The value, if it is known before the resource exists.
    pub predicted: Option<String>,
}

/// One piece of a [`StringExpr`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Text written out.
    Literal(String),
    /// Another resource's output.
    Ref(OutputRef),
}

/// A string property: text, another resource's output, or both joined. It is ordered by its text, so a set keeps its
/// order when references are resolved to predicted values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StringExpr(Vec<Part>);

impl StringExpr {
    /// An input that is the given output of another resource.
    #[must_use]
    pub fn output(reference: OutputRef) -> Self {
        Self(vec![Part::Ref(reference)])
    }

    /// The pieces, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The text. A reference is shown as its predicted value, or as `${address.attribute}` if AWS has yet to assign it.
    /// A resolved resource has no references left, so the text is exactly the value.
    #[must_use]
    pub fn text(&self) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Ref(OutputRef { predicted: Some(value), .. }) => value.clone(),
                Part::Ref(OutputRef { address, attribute, .. }) => format!("${{{address}.{attribute}}}"),
            })
            .collect()
    }

    /// The value. `None` while it depends on an output that AWS has yet to assign.
    #[must_use]
    pub fn known(&self) -> Option<String> {
        let unknown = |part: &Part| matches!(part, Part::Ref(OutputRef { predicted: None, .. }));
        if self.0.iter().any(unknown) { None } else { Some(self.text()) }
    }

    fn push(&mut self, part: Part) {
        match (self.0.last_mut(), part) {
            (Some(Part::Literal(last)), Part::Literal(more)) => last.push_str(&more),
            (_, part) => self.0.push(part),
        }
    }
}

impl From<&str> for StringExpr {
    fn from(text: &str) -> Self {
        Self(vec![Part::Literal(text.to_owned())])
    }
}

impl From<String> for StringExpr {
    fn from(text: String) -> Self {
        Self(vec![Part::Literal(text)])
    }
}

impl From<&String> for StringExpr {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl Add<&str> for StringExpr {
    type Output = Self;

    fn add(mut self, text: &str) -> Self {
        self.push(Part::Literal(text.to_owned()));
        self
    }
}

impl Add<StringExpr> for StringExpr {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        other.0.into_iter().for_each(|part| self.push(part));
        self
    }
}

impl Ord for StringExpr {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(&other.text()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for StringExpr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for StringExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl PartialEq<str> for StringExpr {
    fn eq(&self, other: &str) -> bool {
        self.known().is_some_and(|text| text == other)
    }
}

fn part_to_json(part: &Part) -> Value {
    match part {
        Part::Literal(text) => Value::String(text.clone()),
        Part::Ref(OutputRef { address, attribute, predicted: None }) => {
            json!({ GET_ATT: [address, attribute] })
        }
        Part::Ref(OutputRef { address, attribute, predicted: Some(value) }) => {
            json!({ GET_ATT: [address, attribute, value] })
        }
    }
}

fn part_from_json(value: &Value) -> Option<Part> {
    if let Value::String(text) = value {
        return Some(Part::Literal(text.clone()));
    }
    let list = value.as_object().filter(|map| map.len() == 1)?.get(GET_ATT)?.as_array()?;
    let text = |index: usize| list.get(index).and_then(Value::as_str);
    Some(Part::Ref(OutputRef {
        address: Address::new(text(0)?),
        attribute: text(1)?.to_owned(),
        predicted: text(2).map(str::to_owned),
    }))
}

fn input_from_json(value: &Value) -> Option<StringExpr> {
    if let Some(joined) = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.get(JOIN)) {
        let parts = joined.as_array()?.get(1)?.as_array()?;
        return parts.iter().map(part_from_json).collect::<Option<Vec<_>>>().map(StringExpr);
    }
    part_from_json(value).map(|part| StringExpr(vec![part]))
}

impl Serialize for StringExpr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [] => serializer.serialize_str(""),
            [part] => part_to_json(part).serialize(serializer),
            parts => json!({ JOIN: ["", parts.iter().map(part_to_json).collect::<Vec<_>>()] })
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for StringExpr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        input_from_json(&value).ok_or_else(|| {
            serde::de::Error::custom(format!("expected a string or a reference, found {value}"))
        })
    }
}

/// Every reference inside a resource's properties, in their order.
#[must_use]
pub fn refs(properties: &Value) -> Vec<OutputRef> {
    let mut found = Vec::new();
    collect(properties, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<OutputRef>) {
    if let (Value::Object(_), Some(input)) = (value, input_from_json(value)) {
        found.extend(input.0.into_iter().filter_map(|part| match part {
            Part::Ref(reference) => Some(reference),
            Part::Literal(_) => None,
        }));
        return;
    }
    match value {
        Value::Object(map) => map.values().for_each(|inner| collect(inner, found)),
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

/// The properties with every reference replaced by its output, or else by its predicted value. If neither is known it
/// stays a reference, and [`refs`] of the result returns it.
#[must_use]
pub fn resolve(properties: &Value, outputs: &dyn Fn(&Address) -> Option<Outputs>) -> Value {
    if let (Value::Object(_), Some(input)) = (properties, input_from_json(properties)) {
        let mut resolved = StringExpr::default();
        for part in input.0 {
            resolved.push(match part {
                Part::Ref(reference) => resolve_ref(reference, outputs),
                literal @ Part::Literal(_) => literal,
            });
        }
        return serde_json::to_value(resolved).unwrap_or(Value::Null);
    }
    match properties {
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| (key.clone(), resolve(inner, outputs)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(|inner| resolve(inner, outputs)).collect(),
        scalar => scalar.clone(),
    }
}

fn resolve_ref(reference: OutputRef, outputs: &dyn Fn(&Address) -> Option<Outputs>) -> Part {
    let assigned = outputs(&reference.address).and_then(|found| found.get(&reference.attribute).cloned());
    match assigned.or_else(|| reference.predicted.clone()) {
        Some(value) => Part::Literal(value),
        None => Part::Ref(reference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(predicted: Option<&str>) -> StringExpr {
        StringExpr::output(OutputRef {
            address: "delivery/distribution".into(),
            attribute: "Arn".into(),
            predicted: predicted.map(str::to_owned),
        })
    }

    #[test]
    fn an_input_keeps_its_references_through_json() {
        for input in
            [StringExpr::from("plain"), arn(None), arn(Some("arn:x")) + "/*", StringExpr::from("a") + "b"]
        {
            let json = serde_json::to_value(&input).unwrap();
            assert_eq!(serde_json::from_value::<StringExpr>(json).unwrap(), input);
        }
        assert_eq!(serde_json::to_value(StringExpr::from("a") + "b").unwrap(), json!("ab"));
    }

    #[test]
    fn resolving_what_was_foreseen_changes_no_order() {
        let mut set = [StringExpr::from("m"), arn(Some("z")), arn(Some("a")) + "/*", arn(Some("a"))];
        set.sort();
        let resolved = resolve(&json!(set), &|_| None);
        assert_eq!(resolved, json!(["a", "a/*", "m", "z"]));
    }

    #[test]
    fn references_are_found_wherever_they_stand() {
        let properties = json!({ "Policy": { "Statement": [{ "Resource": [arn(None) + "/*", "x"] }] } });
        assert_eq!(refs(&properties).len(), 1);
        assert_eq!(refs(&properties)[0].attribute, "Arn");
    }

    #[test]
    fn resolving_prefers_what_aws_assigned_over_what_was_foreseen() {
        let properties = json!({ "A": arn(Some("predicted")), "B": arn(None) + "/*", "C": 3 });
        let outputs = |_: &Address| Some(Outputs::from([("Arn".to_owned(), "assigned".to_owned())]));
        assert_eq!(resolve(&properties, &outputs), json!({ "A": "assigned", "B": "assigned/*", "C": 3 }));
        let nothing = |_: &Address| None;
        let partly = resolve(&properties, &nothing);
        assert_eq!(partly["A"], "predicted");
        assert_eq!(refs(&partly).len(), 1);
    }
}
