//! The members of a request, in one form for JSON, XML and query bodies.
//!
//! A path such as `DistributionConfig/Origins/Items/Origin` finds every member that it names: lists are passed through.

use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// What a request says. Texts of XML and of queries are strings.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Members(Value);

/// How deep a body may be. AWS's requests are not half as deep, and each level takes room on the stack.
const DEEPEST: usize = 64;

impl Members {
    /// Reads a body, whichever form it has. What cannot be read, or is too deep, has no members: the emulator refuses it.
    pub(super) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start();
        let read = match text.chars().next() {
            Some('{') => serde_json::from_str(text).ok(),
            Some('<') => from_xml(text),
            Some(_) => Some(from_query(text)),
            None => None,
        };
        Self(read.unwrap_or_default())
    }

    /// Every value at a path.
    pub(super) fn all(&self, path: &str) -> Vec<&Value> {
        let start = flat(&self.0);
        path.split('/').fold(start, |found, name| {
            found.into_iter().filter_map(|value| value.get(name)).flat_map(flat).collect()
        })
    }

    /// Everything at a path, each with its own members.
    pub(super) fn each(&self, path: &str) -> Vec<Self> {
        self.all(path).into_iter().map(|value| Self(value.clone())).collect()
    }

    /// The texts at a path. An element without content is no text.
    pub(super) fn texts(&self, path: &str) -> Vec<&str> {
        self.all(path).into_iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).collect()
    }

    /// The first text at a path.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.texts(path).into_iter().next()
    }

    /// The number at a path, written as a number or as a text.
    pub(super) fn number(&self, path: &str) -> Option<i64> {
        let value = self.all(path).into_iter().next()?;
        value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    /// Whether there is something at a path, even if it is empty.
    pub(super) fn has(&self, path: &str) -> bool {
        !self.all(path).is_empty()
    }

    /// The pairs of the map at a path.
    pub(super) fn pairs(&self, path: &str) -> Vec<(&str, &str)> {
        let maps = self.all(path).into_iter().filter_map(Value::as_object);
        maps.flatten().map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())).collect()
    }
}

/// The items of a list; anything else is one item.
fn flat(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}

/// Adds a child. A second one of the same name makes a list.
fn add(members: &mut Map<String, Value>, name: String, value: Value) {
    match members.get_mut(&name) {
        Some(Value::Array(items)) => items.push(value),
        Some(one) => *one = Value::Array(vec![one.take(), value]),
        None => {
            members.insert(name, value);
        }
    }
}

/// An element that is being read.
#[derive(Default)]
struct Open {
    name: String,
    children: Map<String, Value>,
    text: String,
}

impl Open {
    fn new(start: &BytesStart<'_>) -> Self {
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        Self { name, ..Self::default() }
    }

    fn close(self) -> (String, Value) {
        let value =
            if self.children.is_empty() { Value::String(self.text) } else { Value::Object(self.children) };
        (self.name, value)
    }
}

fn from_xml(text: &str) -> Option<Value> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut open = vec![Open::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(_) if open.len() > DEEPEST => return None,
            Event::Start(start) => open.push(Open::new(&start)),
            Event::Empty(start) => {
                let (name, value) = Open::new(&start).close();
                add(&mut open.last_mut()?.children, name, value);
            }
            Event::End(_) => {
                let (name, value) = open.pop()?.close();
                add(&mut open.last_mut()?.children, name, value);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
            Event::CData(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
            Event::GeneralRef(name) => {
                let name = name.decode().ok()?;
                let text = resolve_predefined_entity(&name).map(str::to_owned);
                let text = text.or_else(|| unescape(&format!("&{name};")).ok().map(Into::into))?;
                open.last_mut()?.text.push_str(&text);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Some(Value::Object(open.pop()?.children))
}

/// `Tags.member.1.Key=a` is the key of the first item of the list `Tags/member`.
fn from_query(text: &str) -> Value {
    let mut members = Value::Object(Map::new());
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if name.split('.').count() > DEEPEST {
            continue;
        }
        let mut at = &mut members;
        for part in name.split('.') {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            at = &mut at[part];
        }
        *at = Value::String(value.into_owned());
    }
    listed(members)
}

/// Maps whose keys are numbers become lists.
fn listed(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let numbered = members.keys().all(|key| key.parse::<u32>().is_ok());
    let items = members.into_iter().map(|(key, value)| (key, listed(value)));
    if numbered {
        Value::Array(items.map(|(_, value)| value).collect())
    } else {
        Value::Object(items.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_read_with_its_lists_and_references() {
        let members = Members::read(
            b"<?xml version=\"1.0\"?>\n<A xmlns=\"urn:x\"><B><C>1</C><C>a &amp; &#98;</C></B><B/><D><C>2</C></D></A>",
        );
        assert_eq!(members.texts("A/B/C"), ["1", "a & b"]);
        assert_eq!((members.number("A/D/C"), members.text("A/E")), (Some(2), None));
        assert!(members.has("A/B"));
        assert_eq!(members.each("A/D")[0].text("C"), Some("2"));
    }

    #[test]
    fn what_is_deeper_than_any_request_has_no_members() {
        let xml = format!("{}{}", "<a>".repeat(60_000), "</a>".repeat(60_000));
        let query = format!("{}=1", "a.".repeat(20_000));
        let json = format!("{}{}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
        for body in [xml, query, json] {
            assert!(!Members::read(body.as_bytes()).has("a"), "{}", &body[..9]);
        }
    }

    #[test]
    fn a_query_is_read_with_its_lists() {
        let members = Members::read(b"Action=CreateRole&Tags.member.1.Key=a&Tags.member.2.Key=b%2Fc&Empty=");
        assert_eq!(members.texts("Tags/member/Key"), ["a", "b/c"]);
        assert_eq!(members.text("Empty"), None);
    }

    #[test]
    fn json_is_read_as_it_is() {
        let members = Members::read(
            b"{\"Targets\": [{\"Id\": \"1\"}, {\"Id\": \"2\"}], \"Tags\": {\"a\": \"b\"}, \"N\": 3}",
        );
        assert_eq!(members.texts("Targets/Id"), ["1", "2"]);
        assert_eq!((members.pairs("Tags"), members.number("N")), (vec![("a", "b")], Some(3)));
    }

    #[test]
    fn what_is_broken_has_no_members() {
        for body in [&b"<A><B></A>"[..], b"{\"a\": ", b"", b"\xff\x00"] {
            assert_eq!(Members::read(body).text("A"), None);
        }
    }
}
