//! Which characters of a text act on whoever reads it, and the text with codes in their place.

use std::borrow::Cow;

/// What Unicode calls default ignorable: characters without a glyph. They hide text, join it, or change its direction.
/// From `DerivedCoreProperties.txt` of Unicode 16.
const IGNORABLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// True for control characters, for line and paragraph separators, and for characters without a glyph.
#[must_use]
pub fn acts(letter: char) -> bool {
    match letter {
        ' '..='~' => false,
        '\u{2028}' | '\u{2029}' => true,
        _ => letter.is_control() || IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&letter)),
    }
}

/// A text in one line with codes (`\n`, `\u{202e}`) for the characters that act, such as a key, an ID or a name from the
/// account. So nothing in it can look like a line of its own in a mail or a report.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    escaped(text, acts)
}

/// A text with codes for the characters that `acts` finds.
#[must_use]
pub fn escaped(text: &str, acts: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&acts) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_turns_text_acts_and_what_is_read_does_not() {
        for letter in "\u{0}\u{7}\u{8}\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{200b}\u{200d}\u{202e}\u{2066}\u{2028}\u{feff}\u{e0041}".chars() {
            assert!(acts(letter), "{letter:?}");
        }
        for letter in "aZ09 ~éß한글日本語אב∑→±…\u{fffd}😀".chars() {
            assert!(!acts(letter), "{letter:?}");
        }
    }

    #[test]
    fn what_ends_a_line_or_acts_is_written_as_its_code() {
        assert_eq!(plain("a.mp4\r\nJob: 1"), "a.mp4\\r\\nJob: 1");
        assert_eq!(plain("\u{1b}[2Ja\u{9b}0m\u{85}"), "\\u{1b}[2Ja\\u{9b}0m\\u{85}");
        assert_eq!(plain("a\u{2028}b\u{2029}c\u{202e}4pm"), "a\\u{2028}b\\u{2029}c\\u{202e}4pm");
        assert_eq!(plain("a\u{3164}b"), "a\\u{3164}b", "an invisible letter");
        assert_eq!(plain("films/한 여름 100%+é.mp4"), "films/한 여름 100%+é.mp4");
    }

    #[test]
    fn no_letter_acts_once_it_is_written_so() {
        let all: String = ('\0'..=char::MAX).collect();
        assert!(!plain(&all).chars().any(acts));
        assert_eq!(plain(&all).lines().count(), 1);
    }
}
