//! Makes texts of the account safe to print. Somebody who can name a rule or write a description there must not be able
//! to write on the reviewer's terminal.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::review::Review;

/// Members with values of properties. These may have several lines; all others are printed in one.
const VALUES: [&str; 3] = ["before", "after", "applied"];

/// The review with escape codes for every character that a terminal would act on, or that hides or reverses text next
/// to it.
pub(super) fn printable(review: &Review) -> Cow<'_, Review> {
    let Ok(whole) = serde_json::to_value(review) else { return Cow::Borrowed(review) };
    let clean = cleaned(&whole, false);
    if clean == whole {
        return Cow::Borrowed(review);
    }
    // Only texts differ, so it reads back.
    serde_json::from_value(clean).map_or(Cow::Borrowed(review), Cow::Owned)
}

fn cleaned(value: &Value, lines: bool) -> Value {
    match value {
        Value::String(text) => Value::String(escaped(text, lines).into_owned()),
        Value::Array(list) => list.iter().map(|inner| cleaned(inner, lines)).collect(),
        Value::Object(map) => {
            let member = |(key, inner): (&String, &Value)| {
                let lines = lines || VALUES.contains(&key.as_str());
                (escaped(key, false).into_owned(), cleaned(inner, lines))
            };
            Value::Object(map.iter().map(member).collect::<Map<_, _>>())
        }
        scalar => scalar.clone(),
    }
}

/// A text in one line without active characters, such as an ID or a name from the account.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// A text of several lines without other active characters, such as a service's error message.
pub(super) fn plain_lines(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

/// A text without active characters. With `lines`, it keeps line ends and tabs.
fn escaped(text: &str, lines: bool) -> Cow<'_, str> {
    let acts = |letter: char| acts(letter) && !(lines && matches!(letter, '\n' | '\t'));
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        if acts(letter) {
            clean.extend(letter.escape_default());
        } else {
            clean.push(letter);
        }
    }
    Cow::Owned(clean)
}

/// Control characters, and those of Unicode that have no width, end a line or change the direction of the text.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_written_as_its_code() {
        assert_eq!(escaped("\u{1b}[2K\r한글 é", false), "\\u{1b}[2K\\r한글 é");
        assert_eq!(escaped("a\u{202e}b\u{9b}0m", false), "a\\u{202e}b\\u{9b}0m");
        assert_eq!(escaped("a\n\tb", true), "a\n\tb");
        assert_eq!(escaped("a\n\tb\r", false), "a\\n\\tb\\r");
    }
}
