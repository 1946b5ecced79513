//! Property values as a reviewer reads them: short, on one line, references named.

use serde_json::Value;

use crate::model::{Input, Part};

/// The longest value that is printed whole.
const WIDTH: usize = 72;

/// One side of a property change.
pub(super) fn side(value: Option<&Value>) -> String {
    value.map_or_else(|| "(none)".to_owned(), brief)
}

fn brief(value: &Value) -> String {
    let text = text(value);
    if text.chars().count() <= WIDTH {
        return text;
    }
    let head: String = text.chars().take(WIDTH - 1).collect();
    format!("{head}…")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        Value::Array(list) => format!("[{}]", list.iter().map(text_of).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            if let Ok(input) = serde_json::from_value::<Input>(value.clone()) {
                return reference(&input);
            }
            let members = map.iter().map(|(key, inner)| format!("{key}: {}", text_of(inner)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}

fn text_of(value: &Value) -> String {
    text(value)
}

fn reference(input: &Input) -> String {
    let parts = input.parts().iter().map(|part| match part {
        Part::Literal(text) => text.clone(),
        Part::Ref(to) => match &to.foreseen {
            Some(value) => value.clone(),
            None => format!("(known after apply: {} of {})", to.attribute, to.address),
        },
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_short_and_references_are_named() {
        assert_eq!(side(Some(&json!("a"))), "\"a\"");
        assert_eq!(side(Some(&json!(["a", 1]))), "[\"a\", 1]");
        assert_eq!(side(Some(&json!({ "A": true }))), "{A: true}");
        assert_eq!(side(None), "(none)");
        let reference = json!({ "Fn::GetAtt": ["delivery/distribution", "Id"] });
        assert_eq!(side(Some(&reference)), "(known after apply: Id of delivery/distribution)");
        assert_eq!(side(Some(&json!("x".repeat(200)))).chars().count(), WIDTH);
    }
}
