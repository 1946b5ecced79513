//! Property values as a reviewer reads them: short ones on one line, long ones as a diff of their lines, numbers with
//! their units, references named.

use serde_json::{Map, Value};
use similar::{ChangeTag, TextDiff};

use super::units;
use crate::model::printable::plain_lines;
use crate::model::{Part, StringExpr};

/// The longest value that is printed on one line.
const WIDTH: usize = 72;

/// How many equal lines are shown around a difference. A policy's statement is shown whole.
const CONTEXT: usize = 3;

/// More lines than any value has.
const WHOLE: usize = 1 << 20;

/// Two sides of a property.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    /// Both are short.
    Short {
        /// What is there.
        before: String,
        /// What will be there.
        after: String,
    },
    /// One of them is long: its lines, each with its fate.
    Long(Vec<(Fate, String)>),
}

/// What happens to a line of a long value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays.
    Stays,
    /// It is removed.
    Goes,
    /// It is added.
    Comes,
    /// Equal lines are left out here.
    LeftOut,
}

/// Both sides of the property at a path.
pub(super) fn draw(path: &str, before: Option<&Value>, after: Option<&Value>) -> Drawn {
    let (short_before, short_after) = (line(path, before), line(path, after));
    let fits = |text: &str| text.chars().count() <= WIDTH && !text.contains('\n');
    if fits(&short_before) && fits(&short_after) && !is_statement(path) {
        return Drawn::Short { before: short_before, after: short_after };
    }
    Drawn::Long(lines(&long(before), &long(after), if is_statement(path) { WHOLE } else { CONTEXT }))
}

/// Whether a path names a statement of a policy.
fn is_statement(path: &str) -> bool {
    path.rsplit_once("Statement[").is_some_and(|(_, rest)| rest.ends_with(']'))
}

/// A value on one line, whatever its length.
pub(super) fn line(path: &str, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "(none)".to_owned(),
        Some(Value::Number(number)) => number
            .as_i64()
            .and_then(|count| units::with_unit(path, count))
            .unwrap_or_else(|| number.to_string()),
        Some(value) => text(value),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        Value::Array(list) => format!("[{}]", list.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => match reference(value) {
            Some(reference) => reference,
            None => {
                let members = map.iter().map(|(key, inner)| format!("{key}: {}", text(inner)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        },
        scalar => scalar.to_string(),
    }
}

/// A reference in words: its value if names predict it, otherwise whose output it is.
pub(super) fn reference(value: &Value) -> Option<String> {
    let input = serde_json::from_value::<StringExpr>(value.clone()).ok()?;
    let parts = input.parts().iter().map(|part| match part {
        Part::Literal(text) => text.clone(),
        Part::Ref(to) => match &to.predicted {
            Some(value) => value.clone(),
            None => format!("(known after apply: {} of {})", to.attribute, to.address),
        },
    });
    Some(parts.collect())
}

/// A value on many lines, as YAML with references in words. A text that is JSON becomes YAML too.
fn long(value: Option<&Value>) -> String {
    let Some(value) = value.filter(|value| !value.is_null()) else { return String::new() };
    let text = match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => yaml(&inner),
            _ => format!("{text}\n"),
        },
        value => yaml(&readable(value)),
    };
    // A text that is JSON may hold escapes, which are characters only now.
    plain_lines(&text).into_owned()
}

fn yaml(value: &Value) -> String {
    // Every JSON value is YAML. If the writer fails nevertheless, the value is shown as JSON.
    serde_yaml::to_string(value).unwrap_or_else(|_| format!("{value:#}\n"))
}

fn readable(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(readable).collect(),
        Value::Object(map) => match reference(value) {
            Some(reference) => Value::String(reference),
            None => {
                map.iter().map(|(key, inner)| (key.clone(), readable(inner))).collect::<Map<_, _>>().into()
            }
        },
        scalar => scalar.clone(),
    }
}

/// The lines of two texts with their fates, and this many equal lines around each difference.
fn lines(before: &str, after: &str, context: usize) -> Vec<(Fate, String)> {
    let diff = TextDiff::from_lines(before, after);
    let mut shown = Vec::new();
    for (number, group) in diff.grouped_ops(context).iter().enumerate() {
        if number > 0 {
            shown.push((Fate::LeftOut, "…".to_owned()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let fate = match change.tag() {
                ChangeTag::Equal => Fate::Stays,
                ChangeTag::Delete => Fate::Goes,
                ChangeTag::Insert => Fate::Comes,
            };
            shown.push((fate, change.value().trim_end().to_owned()));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_values_are_one_line_and_references_are_named() {
        let of = |value: Value| line("Name", Some(&value));
        assert_eq!(of(json!("a")), "\"a\"");
        assert_eq!(of(json!(["a", 1])), "[\"a\", 1]");
        assert_eq!(of(json!({ "A": true })), "{A: true}");
        assert_eq!(line("Name", None), "(none)");
        assert_eq!(line("Timeout", Some(&json!(60))), "1m");
        let reference = json!({ "Fn::GetAtt": ["delivery/distribution", "Id"] });
        assert_eq!(of(reference), "(known after apply: Id of delivery/distribution)");
    }

    fn drawn(sides: Drawn) -> String {
        let Drawn::Long(lines) = sides else { panic!("{sides:?}") };
        let sign = |fate| match fate {
            Fate::Stays => ' ',
            Fate::Goes => '-',
            Fate::Comes => '+',
            Fate::LeftOut => '~',
        };
        lines.iter().map(|(fate, text)| format!("{}{text}\n", sign(*fate))).collect()
    }

    #[test]
    fn a_changed_statement_is_shown_whole() {
        let statement = |action: &str| json!({ "Sid": "Read", "Effect": "Allow", "Action": [action] });
        let sides =
            draw("PolicyDocument.Statement[Read]", Some(&statement("a:Get")), Some(&statement("a:*")));
        insta::assert_snapshot!(drawn(sides), @r#"
         Sid: Read
         Effect: Allow
         Action:
        -- a:Get
        +- a:*
        "#);
    }

    #[test]
    fn a_long_text_is_diffed_by_its_lines() {
        let body = |widget: &str| {
            let lines: Vec<String> =
                (0..20).map(|n| if n == 10 { widget.to_owned() } else { format!("w{n}") }).collect();
            Value::String(serde_json::to_string(&lines).unwrap())
        };
        insta::assert_snapshot!(drawn(draw("DashboardBody", Some(&body("old")), Some(&body("new")))), @r#"
         - w7
         - w8
         - w9
        -- old
        +- new
         - w11
         - w12
         - w13
        "#);
    }
}
