//! The query protocol: a form comes in and becomes JSON, JSON goes out and becomes XML.
//!
//! `Parameters.member.1.ParameterKey=A` is `{"Parameters": [{"ParameterKey": "A"}]}`, and
//! `ResourceIdentifier.entry.1.key=A` with its `value` is `{"ResourceIdentifier": {"A": …}}`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_xml::escape::escape;
use serde_json::{Map, Value};
use url::form_urlencoded;

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

/// A form, by the parts of its names.
#[derive(Default)]
struct Node {
    text: Option<String>,
    members: BTreeMap<String, Node>,
}

impl Node {
    fn put(&mut self, name: &str, text: String) {
        match name.split_once('.') {
            Some((first, rest)) => self.members.entry(first.to_owned()).or_default().put(rest, text),
            None => self.members.entry(name.to_owned()).or_default().text = Some(text),
        }
    }

    fn into_json(mut self) -> Value {
        if self.members.len() == 1 {
            if let Some(list) = self.members.remove("member") {
                return list.in_order().map(Self::into_json).collect();
            }
            if let Some(entries) = self.members.remove("entry") {
                return entries.in_order().filter_map(Self::into_pair).collect::<Map<_, _>>().into();
            }
        }
        if self.members.is_empty() {
            return self.text.map_or(Value::Null, Value::from);
        }
        self.members.into_iter().map(|(name, node)| (name, node.into_json())).collect::<Map<_, _>>().into()
    }

    /// The members of a list by their numbers.
    fn in_order(self) -> impl Iterator<Item = Self> {
        let numbered =
            self.members.into_iter().filter_map(|(number, node)| Some((number.parse::<u32>().ok()?, node)));
        numbered.collect::<BTreeMap<_, _>>().into_values()
    }

    fn into_pair(mut self) -> Option<(String, Value)> {
        let key = self.members.remove("key")?.text?;
        Some((key, self.members.remove("value")?.into_json()))
    }
}

/// A form as JSON. Every value is text.
pub(super) fn read(form: &[u8]) -> Value {
    let mut root = Node::default();
    for (name, text) in form_urlencoded::parse(form) {
        root.put(&name, text.into_owned());
    }
    root.into_json()
}

/// The answer of an operation. `None` for the operations whose answers have no result.
pub(super) fn answer(operation: &str, result: Option<&Value>, request: &str) -> String {
    let mut xml = format!("<{operation}Response xmlns=\"{NAMESPACE}\">");
    if let Some(result) = result {
        element(&format!("{operation}Result"), result, &mut xml);
    }
    let _ = write!(
        xml,
        "<ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata></{operation}Response>"
    );
    xml
}

/// An error.
pub(super) fn error(code: &str, message: &str, request: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error>\
         <RequestId>{request}</RequestId></ErrorResponse>",
        escape(message)
    )
}

fn element(name: &str, value: &Value, xml: &mut String) {
    let content = match value {
        Value::Null => return,
        Value::Object(members) => {
            let mut inner = String::new();
            members.iter().for_each(|(name, value)| element(name, value, &mut inner));
            inner
        }
        Value::Array(items) => {
            let mut inner = String::new();
            items.iter().for_each(|item| element("member", item, &mut inner));
            inner
        }
        Value::String(text) => escape(text.as_str()).into_owned(),
        scalar => scalar.to_string(),
    };
    let _ = write!(xml, "<{name}>{content}</{name}>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_has_lists_and_maps() {
        let form = "StackName=a%20b&Tags.member.2.Key=k&Tags.member.1.Key=j&Tags.member.10.Key=l&R.member.1.Id.entry.1.key=K\
                    &R.member.1.Id.entry.1.value=V&Capabilities.member.1=C";
        assert_eq!(
            read(form.as_bytes()),
            json!({ "Capabilities": ["C"], "R": [{ "Id": { "K": "V" } }], "StackName": "a b",
                "Tags": [{ "Key": "j" }, { "Key": "k" }, { "Key": "l" }] })
        );
    }

    #[test]
    fn an_answer_leaves_out_what_is_absent_and_escapes_text() {
        let answer = answer("A", Some(&json!({ "L": ["<", 1], "N": null, "T": true })), "r");
        assert_eq!(
            answer,
            "<AResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><AResult><L><member>&lt;</member>\
             <member>1</member></L><T>true</T></AResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>\
             </AResponse>"
        );
    }
}
