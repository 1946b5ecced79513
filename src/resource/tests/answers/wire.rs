//! An answer as bytes, in the protocol of its service.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::Response;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{Member, Operation, Service, Shape, Structure};

/// The answer to an operation. Its members have the names of the model, and times are text.
pub(super) fn answer(service: &Service, operation: &Operation, value: &Value) -> Response<Body> {
    let Shape::Structure(output) = service.shape(&operation.output) else {
        panic!("an answer is a structure")
    };
    let mut response = Response::builder();
    for (name, member) in output.members.iter().filter(|(_, member)| member.location.is_some()) {
        let Some(text) = text(&value[name]) else { continue };
        match member.location.as_deref() {
            Some("header") => response = response.header(member.name.as_deref().unwrap_or(name), text),
            Some("statusCode") => response = response.status(text.parse::<u16>().unwrap()),
            other => panic!("{name} is in {other:?}"),
        }
    }
    let cbor = service.protocol == "smithy-rpc-v2-cbor";
    if cbor {
        response =
            response.header("smithy-protocol", "rpc-v2-cbor").header("content-type", "application/cbor");
    }
    let body = match service.protocol.as_str() {
        "json" | "rest-json" => service.json(&operation.output, value).to_string().into_bytes(),
        "query" => service.query(operation, value).into_bytes(),
        "rest-xml" => service.rest_xml(operation, output, value).into_bytes(),
        _ if cbor => {
            let mut bytes = Vec::new();
            service.cbor(&operation.output, value, &mut bytes);
            bytes
        }
        other => panic!("the protocol {other}"),
    };
    response.body(body.into()).unwrap()
}

/// A scalar as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        scalar => Some(scalar.to_string()),
    }
}

fn seconds(value: &Value) -> i64 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no time"));
    text.parse::<Timestamp>().unwrap_or_else(|error| panic!("{text}: {error}")).as_second()
}

impl Service {
    fn json(&self, shape: &str, value: &Value) -> Value {
        match (self.shape(shape), value) {
            (Shape::Structure(structure), Value::Object(members)) => {
                let mut renamed = Map::new();
                for (name, value) in members {
                    let member = structure.member(name);
                    if member.location.is_none() {
                        let wire = member.name.as_deref().unwrap_or(name);
                        renamed.insert(wire.to_owned(), self.json(&member.shape, value));
                    }
                }
                renamed.into()
            }
            (Shape::List { list }, Value::Array(items)) => {
                items.iter().map(|item| self.json(&list.shape, item)).collect()
            }
            (Shape::Map { value: inner, .. }, Value::Object(members)) => {
                let inner = |(key, value): (&String, &Value)| (key.clone(), self.json(&inner.shape, value));
                members.iter().map(inner).collect::<Map<_, _>>().into()
            }
            (Shape::Scalar { is, format, .. }, value)
                if is == "timestamp" && format.as_deref() != Some("iso8601") =>
            {
                json!(seconds(value))
            }
            (_, value) => value.clone(),
        }
    }

    fn query(&self, operation: &Operation, value: &Value) -> String {
        let Some(wrapper) = &operation.wrapper else { return "<Response/>".to_owned() };
        let root = wrapper.replace("Result", "Response");
        let mut xml = format!("<{root}><{wrapper}>");
        self.members(&operation.output, value, &mut xml);
        write!(xml, "</{wrapper}></{root}>").unwrap();
        xml
    }

    fn rest_xml(&self, operation: &Operation, output: &Structure, value: &Value) -> String {
        let mut xml = String::new();
        if let Some(payload) = &output.payload {
            let member = output.member(payload);
            match self.shape(&member.shape) {
                Shape::Scalar { .. } => xml = text(&value[payload]).unwrap_or_default(),
                _ => self.element(
                    member.name.as_deref().unwrap_or(&member.shape),
                    member,
                    &value[payload],
                    &mut xml,
                ),
            }
            return xml;
        }
        let root = operation.root.as_deref().unwrap_or(&operation.output);
        write!(xml, "<{root}>").unwrap();
        self.members(&operation.output, value, &mut xml);
        write!(xml, "</{root}>").unwrap();
        xml
    }

    /// The elements in the body that the members of a structure are.
    fn members(&self, shape: &str, value: &Value, xml: &mut String) {
        let Shape::Structure(structure) = self.shape(shape) else { panic!("{shape} is no structure") };
        let Value::Object(members) = value else { panic!("{value} is no {shape}") };
        for (name, value) in members {
            let member = structure.member(name);
            if member.location.is_none() && !member.attribute {
                self.element(member.name.as_deref().unwrap_or(name), member, value, xml);
            }
        }
    }

    fn element(&self, name: &str, member: &Member, value: &Value, xml: &mut String) {
        match (self.shape(&member.shape), value) {
            (_, Value::Null) => {}
            (Shape::Structure(structure), Value::Object(_)) => {
                write!(xml, "<{name}").unwrap();
                for (attribute, _) in structure.members.iter().filter(|(_, member)| member.attribute) {
                    if let Some(text) = text(&value[attribute]) {
                        let name = structure.member(attribute).name.as_deref().unwrap_or(attribute);
                        write!(
                            xml,
                            " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" {name}=\"{text}\""
                        )
                        .unwrap();
                    }
                }
                xml.push('>');
                self.members(&member.shape, value, xml);
                write!(xml, "</{name}>").unwrap();
            }
            (Shape::List { list }, Value::Array(items)) => {
                let (outer, inner) = match (&list.name, member.flattened) {
                    (inner, true) => (None, inner.as_deref().unwrap_or(name)),
                    (inner, false) => (Some(name), inner.as_deref().unwrap_or("member")),
                };
                wrapped(outer, xml, |xml| items.iter().for_each(|item| self.element(inner, list, item, xml)));
            }
            (Shape::Map { key, value: inner }, Value::Object(entries)) => {
                let (outer, entry) = if member.flattened { (None, name) } else { (Some(name), "entry") };
                wrapped(outer, xml, |xml| {
                    for (name, value) in entries {
                        let name = Value::String(name.clone());
                        wrapped(Some(entry), xml, |xml| {
                            self.element(key.name.as_deref().unwrap_or("key"), key, &name, xml);
                            self.element(inner.name.as_deref().unwrap_or("value"), inner, value, xml);
                        });
                    }
                });
            }
            (Shape::Scalar { .. }, scalar) => {
                let text = text(scalar).unwrap_or_default();
                wrapped(Some(name), xml, |xml| xml.push_str(&quick_xml::escape::escape(&text)));
            }
            (_, value) => panic!("{name} is {value}"),
        }
    }

    fn cbor(&self, shape: &str, value: &Value, bytes: &mut Vec<u8>) {
        match (self.shape(shape), value) {
            (Shape::Scalar { is, .. }, value) if is == "timestamp" => {
                bytes.push(0xc1);
                head(0, seconds(value).cast_unsigned(), bytes);
            }
            (shape, Value::Object(members)) => {
                head(5, members.len() as u64, bytes);
                for (name, value) in members {
                    head(3, name.len() as u64, bytes);
                    bytes.extend(name.as_bytes());
                    let inner = match shape {
                        Shape::Structure(structure) => structure.member(name),
                        Shape::Map { value, .. } => value,
                        _ => panic!("{name} is in a list"),
                    };
                    self.cbor(&inner.shape, value, bytes);
                }
            }
            (Shape::List { list }, Value::Array(items)) => {
                head(4, items.len() as u64, bytes);
                items.iter().for_each(|item| self.cbor(&list.shape, item, bytes));
            }
            (Shape::Scalar { is, .. }, value) if is == "double" || is == "float" => {
                bytes.push(0xfb);
                bytes.extend(value.as_f64().unwrap().to_be_bytes());
            }
            (_, Value::Bool(yes)) => bytes.push(if *yes { 0xf5 } else { 0xf4 }),
            (_, Value::String(text)) => {
                head(3, text.len() as u64, bytes);
                bytes.extend(text.as_bytes());
            }
            (_, value) => head(0, value.as_u64().unwrap_or_else(|| panic!("{value} is no number")), bytes),
        }
    }
}

impl Structure {
    fn member(&self, name: &str) -> &Member {
        self.members.get(name).unwrap_or_else(|| panic!("AWS's model has no member {name} here"))
    }
}

/// What `inner` writes, in an element if it has a name.
fn wrapped(name: Option<&str>, xml: &mut String, inner: impl FnOnce(&mut String)) {
    if let Some(name) = name {
        write!(xml, "<{name}>").unwrap();
    }
    inner(xml);
    if let Some(name) = name {
        write!(xml, "</{name}>").unwrap();
    }
}

/// A CBOR map of texts.
pub(super) fn texts(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    head(5, pairs.len() as u64, &mut bytes);
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        head(3, text.len() as u64, &mut bytes);
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// The beginning of a CBOR item: its major type, and its length or value.
fn head(major: u8, number: u64, bytes: &mut Vec<u8>) {
    bytes.push((major << 5) | 27);
    bytes.extend(number.to_be_bytes());
}
