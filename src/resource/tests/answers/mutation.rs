//! Every way in which one member of an answer can differ: changed, added, gone.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::model::{Operation, Service, Shape, Structure};

/// How a member differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// It has another value.
    Changed,
    /// It is there in addition.
    Added,
    /// It is not there.
    Gone,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Changed, Self::Added, Self::Gone];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Gone => "gone",
        }
    }
}

/// An answer of which one member differs.
pub(crate) struct Mutation {
    /// The member: `Attributes.QueueArn`, `Rules[].Status`, `Policy{Statement[].Sid}` inside a text that holds JSON.
    pub(crate) path: String,
    /// How it differs.
    pub(crate) way: Way,
    /// The value, once it differs. `None`: it is gone.
    value: Option<Value>,
}

/// Every mutation of an answer, as a whole answer. `others` has members that the models do not name, or not with a value
/// that the service would answer.
pub(crate) fn mutations(
    service: &Service,
    operation: &Operation,
    answer: &Value,
    others: &Value,
) -> Vec<(String, Way, Value)> {
    let all = service.of(&operation.output, answer, others);
    all.into_iter().map(|one| (one.path, one.way, one.value.expect("an answer is there"))).collect()
}

/// How deep an added structure is filled.
const DEPTH: usize = 3;

/// A path to a member of what is at a path.
fn within(outer: &str, inner: &str) -> String {
    let joined = if inner.is_empty() || inner.starts_with(['[', '{']) { "" } else { "." };
    if outer.is_empty() { inner.to_owned() } else { format!("{outer}{joined}{inner}") }
}

impl Mutation {
    fn new(way: Way, value: Option<Value>) -> Self {
        Self { path: String::new(), way, value }
    }

    /// The mutation of what holds the member, under this name.
    fn lifted(self, name: &str, put: impl FnOnce(Option<Value>) -> Value) -> Self {
        Self { path: within(name, &self.path), way: self.way, value: Some(put(self.value)) }
    }
}

impl Service {
    /// An answer to an operation, all of its members present.
    pub(crate) fn whole(&self, operation: &Operation) -> Value {
        self.sample(&operation.output, DEPTH).unwrap()
    }

    /// Every mutation of a value of this shape.
    fn of(&self, shape: &str, value: &Value, others: &Value) -> Vec<Mutation> {
        match (self.shape(shape), value) {
            (Shape::Structure(structure), Value::Object(members)) => {
                self.of_structure(structure, members, others)
            }
            (Shape::Map { key, value }, Value::Object(entries)) => {
                let keys = match self.shape(&key.shape) {
                    Shape::Scalar { values, .. } => values.clone(),
                    _ => Vec::new(),
                };
                self.of_map(&keys, &value.shape, entries, others)
            }
            (Shape::List { list }, Value::Array(items)) => self.of_list(&list.shape, items),
            (Shape::Scalar { values, is, .. }, scalar) => {
                let mut all = vec![Mutation::new(Way::Changed, Some(other(is, values, scalar)))];
                all.extend(scalar.as_str().into_iter().flat_map(of_text));
                all
            }
            (_, value) => panic!("{value} is no {shape}"),
        }
    }

    fn of_structure(
        &self,
        structure: &Structure,
        members: &Map<String, Value>,
        others: &Value,
    ) -> Vec<Mutation> {
        let mut all = Vec::new();
        for (name, member) in &structure.members {
            match members.get(name) {
                Some(value) => {
                    let gone = Mutation::new(Way::Gone, None);
                    let inner = self.of(&member.shape, value, &others[name]);
                    all.extend(
                        inner
                            .into_iter()
                            .chain([gone])
                            .map(|one| one.lifted(name, |new| with(members, name, new))),
                    );
                }
                None => {
                    let given = others.get(name).cloned();
                    let added = given.or_else(|| self.sample(&member.shape, DEPTH));
                    let added = added.map(|value| Mutation::new(Way::Added, Some(value)));
                    all.extend(added.map(|one| one.lifted(name, |new| with(members, name, new))));
                }
            }
        }
        all
    }

    fn of_map(
        &self,
        keys: &[String],
        shape: &str,
        entries: &Map<String, Value>,
        others: &Value,
    ) -> Vec<Mutation> {
        let mut all = Vec::new();
        for (key, value) in entries {
            let inner =
                self.of(shape, value, &Value::Null).into_iter().chain([Mutation::new(Way::Gone, None)]);
            all.extend(inner.map(|one| one.lifted(key, |new| with(entries, key, new))));
        }
        let given = others.as_object().into_iter().flat_map(Map::keys);
        let any = if keys.is_empty() && others.is_null() { Some("added".to_owned()) } else { None };
        let added: Vec<String> = keys.iter().chain(given).cloned().chain(any).collect();
        for key in added.iter().filter(|key| !entries.contains_key(*key)) {
            let value = others.get(key).cloned().or_else(|| self.sample(shape, DEPTH));
            all.push(Mutation::new(Way::Added, value).lifted(key, |new| with(entries, key, new)));
        }
        all
    }

    fn of_list(&self, shape: &str, items: &[Value]) -> Vec<Mutation> {
        let mut all = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let inner =
                self.of(shape, item, &Value::Null).into_iter().chain([Mutation::new(Way::Gone, None)]);
            all.extend(inner.map(|one| {
                one.lifted("[]", |new| {
                    let mut items = items.to_vec();
                    drop(match new {
                        Some(new) => std::mem::replace(&mut items[index], new),
                        None => items.remove(index),
                    });
                    items.into()
                })
            }));
        }
        let another = match (self.shape(shape), items.last()) {
            (_, None) => self.sample(shape, DEPTH),
            (Shape::Scalar { values, .. }, Some(_)) if !values.is_empty() => {
                values.iter().map(|value| json!(value)).find(|value| !items.contains(value))
            }
            (_, Some(item)) => Some(self.another(shape, item)),
        };
        let added = another.map(|item| {
            let items = items.iter().cloned().chain([item]).collect();
            Mutation { path: "[]".to_owned(), way: Way::Added, value: Some(items) }
        });
        all.extend(added);
        all
    }

    /// The same value with other scalars all over: another item of its list.
    fn another(&self, shape: &str, value: &Value) -> Value {
        match (self.shape(shape), value) {
            (Shape::Structure(structure), Value::Object(members)) => {
                let inner = |(name, value): (&String, &Value)| {
                    (name.clone(), self.another(&structure.members[name].shape, value))
                };
                members.iter().map(inner).collect::<Map<_, _>>().into()
            }
            (Shape::Map { value: shape, .. }, Value::Object(entries)) => {
                let inner =
                    |(key, value): (&String, &Value)| (key.clone(), self.another(&shape.shape, value));
                entries.iter().map(inner).collect::<Map<_, _>>().into()
            }
            (Shape::List { list }, Value::Array(items)) => {
                items.iter().map(|item| self.another(&list.shape, item)).collect()
            }
            (Shape::Scalar { is, values, .. }, scalar) => other(is, values, scalar),
            (_, other) => other.clone(),
        }
    }

    /// A value of a shape, all of its members present.
    fn sample(&self, shape: &str, depth: usize) -> Option<Value> {
        match self.shape(shape) {
            Shape::Structure(structure) => {
                let required = |name: &String| structure.required.contains(name);
                let wanted = structure.members.iter().filter(|(name, _)| depth > 0 || required(name));
                let members = wanted.filter_map(|(name, member)| {
                    Some((name.clone(), self.sample(&member.shape, depth.saturating_sub(1))?))
                });
                let most = if structure.union { 1 } else { usize::MAX };
                Some(members.take(most).collect::<Map<_, _>>().into())
            }
            Shape::List { list } => {
                (depth > 0).then(|| Some(json!([self.sample(&list.shape, depth - 1)?])))?
            }
            Shape::Map { value, .. } => {
                (depth > 0).then(|| Some(json!({ "added": self.sample(&value.shape, depth - 1)? })))?
            }
            Shape::Scalar { is, values, .. } => Some(match is.as_str() {
                "boolean" => json!(true),
                "integer" | "long" | "short" => json!(7),
                "double" | "float" => json!(7.5),
                "timestamp" => json!("2026-03-01T00:00:00Z"),
                "blob" => json!("YWRkZWQ="),
                _ => json!(values.first().map_or("added", String::as_str)),
            }),
        }
    }
}

fn with(members: &Map<String, Value>, name: &str, value: Option<Value>) -> Value {
    let mut members = members.clone();
    match value {
        Some(value) => drop(members.insert(name.to_owned(), value)),
        None => drop(members.remove(name)),
    }
    members.into()
}

/// Another value of the same type.
fn other(is: &str, values: &[String], value: &Value) -> Value {
    match value {
        Value::Bool(yes) => json!(!yes),
        Value::Number(number) if number.is_f64() => json!(number.as_f64().unwrap() + 1.0),
        Value::Number(number) => json!(number.as_i64().unwrap() + 1),
        Value::String(_) if is == "timestamp" => json!("2026-02-01T00:00:00Z"),
        Value::String(text) if is == "blob" => json!(format!("AAAA{text}")),
        Value::String(text) => {
            let another = values.iter().find(|value| !value.eq_ignore_ascii_case(text));
            json!(another.cloned().unwrap_or_else(|| other_text(text)))
        }
        other => panic!("{other} is no scalar"),
    }
}

/// Another text of the same kind: a number stays one, and so does base64.
fn other_text(text: &str) -> String {
    match text {
        "true" => "false".to_owned(),
        "false" => "true".to_owned(),
        "Allow" => "Deny".to_owned(),
        "Deny" => "Allow".to_owned(),
        base64 if base64.ends_with('=') => format!("AAAA{base64}"),
        _ => text.parse::<i64>().map_or_else(|_| format!("{text}x"), |number| (number + 1).to_string()),
    }
}

/// Mutations inside a text that holds JSON, as it is or percent-encoded.
fn of_text(text: &str) -> Vec<Mutation> {
    let object = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    let decoded = percent_decode_str(text).decode_utf8().ok();
    let (inner, encoded) = match (object(text), decoded.and_then(|text| object(&text))) {
        (Some(inner), _) => (inner, false),
        (None, Some(inner)) => (inner, true),
        (None, None) => return Vec::new(),
    };
    let written = |value: Option<Value>| {
        let text = value.unwrap_or_default().to_string();
        json!(if encoded { utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string() } else { text })
    };
    let all = of_json(&inner).into_iter();
    all.map(|one| Mutation {
        path: format!("{{{}}}", one.path),
        way: one.way,
        value: Some(written(one.value)),
    })
    .collect()
}

fn of_json(value: &Value) -> Vec<Mutation> {
    match value {
        Value::Object(members) => {
            let mut all = Vec::new();
            for (name, value) in members {
                let inner = of_json(value).into_iter().chain([Mutation::new(Way::Gone, None)]);
                all.extend(inner.map(|one| one.lifted(name, |new| with(members, name, new))));
            }
            let added = Mutation::new(Way::Added, Some(json!("added")));
            all.push(added.lifted("Added", |new| with(members, "Added", new)));
            all
        }
        Value::Array(items) => {
            let of_item = |(index, item): (usize, &Value)| {
                let put = move |new: Option<Value>| {
                    let mut items = items.clone();
                    items[index] = new.unwrap_or_default();
                    Value::from(items)
                };
                of_json(item).into_iter().map(|one| one.lifted("[]", put)).collect::<Vec<_>>()
            };
            items.iter().enumerate().flat_map(of_item).collect()
        }
        Value::Null => Vec::new(),
        scalar => vec![Mutation::new(Way::Changed, Some(other("string", &[], scalar)))],
    }
}
