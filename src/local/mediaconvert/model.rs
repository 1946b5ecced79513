//! AWS's published model of the MediaConvert API, and the checks of requests against it.
//!
//! Messages have the same form as MediaConvert's own, for example `/outputGroups/0/outputs/0: containerSettings is a
//! required property`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::local::Error;

/// The operations and shapes of the API.
#[derive(Debug, Deserialize)]
pub struct Model {
    operations: HashMap<String, Operation>,
    shapes: HashMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
struct Operation {
    http: Http,
    input: Option<Reference>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    request_uri: String,
    response_code: u16,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Shape {
    r#type: String,
    members: BTreeMap<String, Reference>,
    required: Vec<String>,
    r#enum: Vec<String>,
    min: Option<f64>,
    max: Option<f64>,
    pattern: Option<String>,
    member: Option<Reference>,
    value: Option<Reference>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    shape: String,
    location: Option<String>,
    location_name: Option<String>,
}

/// An operation named by a request, with the members from its path.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    /// The operation, such as `CreateJob`.
    pub(super) operation: String,
    /// The HTTP status of success.
    pub(super) success: u16,
    /// Members from the path, by their names on the wire.
    pub(super) path: Map<String, Value>,
}

impl Model {
    /// The operation that a request names.
    pub(super) fn call(&self, method: &str, path: &str) -> Option<Call> {
        self.operations.iter().find_map(|(name, operation)| {
            if operation.http.method != method {
                return None;
            }
            let path = match_path(&operation.http.request_uri, path)?;
            Some(Call { operation: name.clone(), success: operation.http.response_code, path })
        })
    }

    /// The members of an operation's input from its query string, typed.
    pub(super) fn query(&self, operation: &str, pairs: &[(String, String)]) -> Map<String, Value> {
        let mut members = Map::new();
        let Some(input) = self.input(operation) else { return members };
        for reference in
            input.members.values().filter(|member| member.location.as_deref() == Some("querystring"))
        {
            let name = reference.location_name.as_deref().unwrap_or_default();
            let Some((_, text)) = pairs.iter().find(|(key, _)| key == name) else { continue };
            let integer = self.shapes.get(&reference.shape).is_some_and(|shape| shape.r#type == "integer");
            let value = match text.parse::<i64>() {
                Ok(number) if integer => Value::from(number),
                _ => Value::from(text.as_str()),
            };
            members.insert(name.to_owned(), value);
        }
        members
    }

    /// Reads the model from a file of the environment.
    pub(in crate::local) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read(path).map_err(Error::files(path))?;
        serde_json::from_slice(&text)
            .map_err(|error| Error::Files { path: path.into(), source: error.into() })
    }

    /// Checks an operation's input.
    ///
    /// # Errors
    /// A list of everything that is wrong with the input.
    pub fn check(&self, operation: &str, input: &Value) -> Result<(), String> {
        let Some(shape) = self.operations.get(operation).and_then(|operation| operation.input.as_ref())
        else {
            return Ok(());
        };
        let mut wrong = Vec::new();
        self.walk(&shape.shape, input, "", &mut wrong);
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
    }

    fn input(&self, operation: &str) -> Option<&Shape> {
        self.shapes.get(&self.operations.get(operation)?.input.as_ref()?.shape)
    }

    fn walk(&self, shape: &str, value: &Value, path: &str, wrong: &mut Vec<String>) {
        let Some(shape) = self.shapes.get(shape) else { return };
        let mut say =
            |what: String| wrong.push(format!("{}: {what}", if path.is_empty() { "/" } else { path }));
        match (shape.r#type.as_str(), value) {
            ("structure", Value::Object(members)) => self.structure(shape, members, path, wrong),
            ("list", Value::Array(items)) => {
                length(shape, items.len(), "items").into_iter().for_each(&mut say);
                let Some(member) = &shape.member else { return };
                for (index, item) in items.iter().enumerate() {
                    self.walk(&member.shape, item, &format!("{path}/{index}"), wrong);
                }
            }
            ("map", Value::Object(members)) => {
                let Some(member) = &shape.value else { return };
                for (key, item) in members {
                    self.walk(&member.shape, item, &format!("{path}/{key}"), wrong);
                }
            }
            ("string", Value::String(text)) => string(shape, text).into_iter().for_each(say),
            ("integer" | "long", Value::Number(number)) if number.is_i64() || number.is_u64() => {
                range(shape, number.as_f64().unwrap_or(0.0)).into_iter().for_each(say);
            }
            ("double" | "float", Value::Number(number)) => {
                range(shape, number.as_f64().unwrap_or(0.0)).into_iter().for_each(say);
            }
            ("boolean", Value::Bool(_)) | ("timestamp", Value::Number(_)) => {}
            (kind, _) => say(format!("Should be of type {}", json_type(kind))),
        }
    }

    fn structure(&self, shape: &Shape, members: &Map<String, Value>, path: &str, wrong: &mut Vec<String>) {
        let at = if path.is_empty() { "/" } else { path };
        let wire = |name: &str| {
            let reference = shape.members.get(name).and_then(|member| member.location_name.clone());
            reference.unwrap_or_else(|| name.to_owned())
        };
        for required in shape.required.iter().map(|name| wire(name)) {
            if members.get(&required).is_none_or(Value::is_null) {
                wrong.push(format!("{at}: {required} is a required property"));
            }
        }
        for (name, value) in members {
            let member = shape.members.iter().find(|(key, _)| wire(key) == *name);
            match member {
                None => wrong.push(format!("{at}: {name} is not an allowed property")),
                Some(_) if value.is_null() => {}
                // MediaConvert's messages leave out `settings` in the path of its members.
                Some((_, member)) if path.is_empty() && name == "settings" => {
                    self.walk(&member.shape, value, "", wrong);
                }
                Some((_, member)) => self.walk(&member.shape, value, &format!("{path}/{name}"), wrong),
            }
        }
    }
}

fn string(shape: &Shape, text: &str) -> Vec<String> {
    let mut wrong: Vec<String> = length(shape, text.chars().count(), "characters").into_iter().collect();
    if !shape.r#enum.is_empty() && !shape.r#enum.iter().any(|allowed| allowed == text) {
        wrong.push(format!("Should be one of: {}", shape.r#enum.join(", ")));
    }
    if let Some(pattern) = &shape.pattern {
        // A pattern that this engine cannot parse is not checked.
        if regex_lite::Regex::new(pattern).is_ok_and(|compiled| !compiled.is_match(text)) {
            wrong.push(format!("Should match pattern \"{pattern}\""));
        }
    }
    wrong
}

fn length(shape: &Shape, length: usize, unit: &str) -> Option<String> {
    let length = length as f64;
    match (shape.min, shape.max) {
        (Some(min), _) if length < min => Some(format!("Should have at least {min} {unit}")),
        (_, Some(max)) if length > max => Some(format!("Should have at most {max} {unit}")),
        _ => None,
    }
}

fn range(shape: &Shape, number: f64) -> Option<String> {
    match (shape.min, shape.max) {
        (Some(min), _) if number < min => Some(format!("Should be greater than or equal to {min}")),
        (_, Some(max)) if number > max => Some(format!("Should be less than or equal to {max}")),
        _ => None,
    }
}

fn json_type(kind: &str) -> &str {
    match kind {
        "structure" | "map" => "object",
        "list" => "array",
        "long" => "integer",
        "double" | "float" | "timestamp" => "number",
        other => other,
    }
}

fn match_path(template: &str, path: &str) -> Option<Map<String, Value>> {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let mut members = Map::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(members),
            (Some(name), Some(text)) if name.starts_with('{') => {
                let text = percent_decode(text).filter(|text| !text.is_empty())?;
                members.insert(name.trim_matches(['{', '}']).to_owned(), Value::from(text));
            }
            (Some(name), Some(text)) if name == text => {}
            _ => return None,
        }
    }
}

/// Decodes `%XX`; `None` if the result is not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn model() -> Model {
        serde_json::from_value(json!({
            "operations": {
                "CreateThing": {
                    "http": { "method": "POST", "requestUri": "/v/things", "responseCode": 201 },
                    "input": { "shape": "CreateThing" },
                },
                "GetThing": {
                    "http": { "method": "GET", "requestUri": "/v/things/{name}", "responseCode": 200 },
                    "input": { "shape": "GetThing" },
                },
            },
            "shapes": {
                "CreateThing": { "type": "structure", "required": ["Role"], "members": {
                    "Role": { "shape": "String", "locationName": "role" },
                    "Settings": { "shape": "Settings", "locationName": "settings" },
                } },
                "GetThing": { "type": "structure", "members": {
                    "Name": { "shape": "String", "location": "uri", "locationName": "name" },
                    "MaxResults": { "shape": "Small", "location": "querystring", "locationName": "maxResults" },
                } },
                "Settings": { "type": "structure", "members": {
                    "Sizes": { "shape": "Sizes", "locationName": "sizes" },
                    "Mode": { "shape": "Mode", "locationName": "mode" },
                    "Color": { "shape": "Color", "locationName": "color" },
                } },
                "Sizes": { "type": "list", "min": 1, "member": { "shape": "Small" } },
                "Small": { "type": "integer", "min": 1, "max": 20 },
                "Mode": { "type": "string", "enum": ["ON", "OFF"] },
                "Color": { "type": "string", "pattern": "^[0-9a-f]{6}$" },
                "String": { "type": "string" },
            },
        }))
        .unwrap()
    }

    #[test]
    fn a_path_names_an_operation_and_carries_members() {
        let call = model().call("GET", "/v/things/a%3Ab%2Fc").unwrap();
        assert_eq!((call.operation.as_str(), call.success), ("GetThing", 200));
        assert_eq!(call.path["name"], "a:b/c");
        assert_eq!(model().call("PUT", "/v/things"), None);
        let query = model().query("GetThing", &[("maxResults".into(), "7".into()), ("x".into(), "1".into())]);
        assert_eq!(Value::Object(query), json!({ "maxResults": 7 }));
    }

    #[test]
    fn everything_that_is_wrong_is_said_with_its_place() {
        let check = |input: Value| model().check("CreateThing", &input).unwrap_err();
        assert_eq!(check(json!({})), "/: role is a required property");
        let settings = json!({ "sizes": [0, 5, "x"], "mode": "MAYBE", "color": "red", "size": 1 });
        let said = check(json!({ "role": "r", "settings": settings }));
        for part in [
            "/sizes/0: Should be greater than or equal to 1",
            "/sizes/2: Should be of type integer",
            "/mode: Should be one of: ON, OFF",
            "/color: Should match pattern \"^[0-9a-f]{6}$\"",
            "/: size is not an allowed property",
        ] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(
            check(json!({ "role": "r", "settings": { "sizes": [] } })),
            "/sizes: Should have at least 1 items"
        );
        model().check("CreateThing", &json!({ "role": "r", "settings": null })).unwrap();
    }
}
