//! The one rule for texts from outside: files, the account, uploaders and records must not act on the terminal of
//! whoever reads them. Everything that prints asks here. What acts, the handlers know too (`asset::printable`).

use std::borrow::Cow;

use asset::printable::escaped;
pub use asset::printable::{acts, plain};

/// The character in the place of one that acts.
pub const REPLACEMENT: char = '\u{fffd}';

/// A text in several lines with codes for the characters that act, such as a service's error message. Line ends and tabs
/// stay.
#[must_use]
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| acts(letter) && !matches!(letter, '\n' | '\t'))
}

/// A text with [`REPLACEMENT`] for each character that acts. Line ends and tabs stay.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    let acts = |letter: char| acts(letter) && !matches!(letter, '\n' | '\t');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|letter| if acts(letter) { REPLACEMENT } else { letter }).collect())
}

/// A source text that an error quotes. Each character that acts is replaced by as many bytes, so that positions in it
/// stay right. Line ends (also those of Windows) and tabs stay.
#[must_use]
pub fn quotable(source: &str) -> Cow<'_, str> {
    if !source.contains(|letter: char| acts(letter) && !matches!(letter, '\n' | '\t')) {
        return Cow::Borrowed(source);
    }
    let mut letters = source.chars().peekable();
    let mut clean = String::with_capacity(source.len());
    while let Some(letter) = letters.next() {
        let stays = matches!(letter, '\n' | '\t') || letter == '\r' && letters.peek() == Some(&'\n');
        if stays || !acts(letter) {
            clean.push(letter);
        } else if letter.len_utf8() == REPLACEMENT.len_utf8() {
            clean.push(REPLACEMENT);
        } else {
            clean.extend(std::iter::repeat_n('?', letter.len_utf8()));
        }
    }
    Cow::Owned(clean)
}

/// JSON text with an escape for each character that acts inside its strings. It has the same meaning.
#[must_use]
pub fn escaped_json(json: &str) -> Cow<'_, str> {
    let acts = |letter: char| acts(letter) && !letter.is_ascii_whitespace();
    if !json.contains(acts) {
        return Cow::Borrowed(json);
    }
    let mut clean = String::with_capacity(json.len());
    for letter in json.chars() {
        if acts(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                clean.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            clean.push(letter);
        }
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_written_as_its_code() {
        assert_eq!(plain("\u{1b}[2K\r한글 é"), "\\u{1b}[2K\\r한글 é");
        assert_eq!(plain("a\u{202e}b\u{9b}0m"), "a\\u{202e}b\\u{9b}0m");
        assert_eq!(plain_lines("a\n\tb"), "a\n\tb");
        assert_eq!(plain_lines("a\n\tb\r"), "a\n\tb\\r");
        assert_eq!(plain("a\n\tb\r"), "a\\n\\tb\\r");
    }

    #[test]
    fn a_quoted_source_keeps_its_positions() {
        let source = "a: \"\u{1b}[2J\u{202e}b\"\r\nc:\t\u{85}\u{e0041}d\re\n";
        let quoted = quotable(source);
        assert_eq!(quoted, "a: \"?[2J\u{fffd}b\"\r\nc:\t??????d?e\n");
        let places =
            |text: &str| text.match_indices(['a', 'b', 'c', 'd', 'e']).map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(places(&quoted), places(source));
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({ "a\u{202e}": ["\u{1b}\u{7f}\u{9b}\u{feff}\u{e0041}\n", "한글"] });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let escaped = escaped_json(&text);
        assert!(!escaped.contains(|letter: char| acts(letter) && letter != '\n'), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }
}
