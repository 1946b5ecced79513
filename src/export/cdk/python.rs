//! Values as Python writes them.

use serde_json::Value;

use crate::model::printable::acts;

/// A value in one line is at most this long.
const LINE: usize = 60;

/// A value of a program.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Code {
    /// Written as it is.
    Expression(String),
    /// A list.
    List(Vec<Self>),
    /// A dictionary.
    Dict(Vec<(String, Self)>),
    /// A call of a function.
    Call(&'static str, Vec<Self>),
}

impl Code {
    /// A text, a number, a switch or nothing.
    pub(super) fn scalar(value: &Value) -> Self {
        Self::Expression(match value {
            Value::String(text) => self::text(text),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Null => "None".to_owned(),
            other => other.to_string(),
        })
    }

    /// The value at this depth. Its first line has no indentation.
    pub(super) fn render(&self, depth: usize) -> String {
        let line = self.line();
        if line.len() <= LINE || matches!(self, Self::Expression(_)) {
            return line;
        }
        let (inside, outside) = ("    ".repeat(depth + 1), "    ".repeat(depth));
        let lines = |items: &[Self]| {
            let items = items.iter().map(|item| format!("{inside}{},\n", item.render(depth + 1)));
            items.collect::<String>()
        };
        match self {
            Self::Expression(text) => text.clone(),
            Self::List(items) => format!("[\n{}{outside}]", lines(items)),
            Self::Call(function, arguments) => format!("{function}(\n{}{outside})", lines(arguments)),
            Self::Dict(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| format!("{inside}{}: {},\n", text(name), value.render(depth + 1)));
                format!("{{\n{}{outside}}}", members.collect::<String>())
            }
        }
    }

    fn line(&self) -> String {
        let list = |items: &[Self]| items.iter().map(Self::line).collect::<Vec<_>>().join(", ");
        match self {
            Self::Expression(text) => text.clone(),
            Self::List(items) => format!("[{}]", list(items)),
            Self::Call(function, arguments) => format!("{function}({})", list(arguments)),
            Self::Dict(members) => {
                let members = members.iter().map(|(name, value)| format!("{}: {}", text(name), value.line()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// The making of a construct with this id.
pub(super) fn call(construct: &str, id: &str, keywords: &[(String, Code)], depth: usize) -> String {
    let (inside, outside) = ("    ".repeat(depth + 1), "    ".repeat(depth));
    let keywords =
        keywords.iter().map(|(name, value)| format!("{inside}{name}={},\n", value.render(depth + 1)));
    format!("{construct}(\n{inside}self,\n{inside}{},\n{}{outside})", text(id), keywords.collect::<String>())
}

/// A text in quotes.
pub(super) fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter if acts(letter) => quoted.push_str(&format!("\\U{:08x}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
