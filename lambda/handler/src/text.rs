//! Text that an uploader chose, in messages for people.

/// The text as one line that shows what it is: characters that end lines, act on a terminal or reorder text are written
/// as their codes (`\n`, `\u{202e}`). So nothing in a key can look like a line of its own in a mail or a report.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if acts(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// True for control characters, line and paragraph separators, and invisible characters that change how others are
/// shown.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_line_or_acts_is_written_as_its_code() {
        assert_eq!(plain("a.mp4\r\nJob: 1"), "a.mp4\\r\\nJob: 1");
        assert_eq!(plain("\u{1b}[2Ja\u{9b}0m\u{85}"), "\\u{1b}[2Ja\\u{9b}0m\\u{85}");
        assert_eq!(plain("a\u{2028}b\u{2029}c\u{202e}4pm"), "a\\u{2028}b\\u{2029}c\\u{202e}4pm");
        assert_eq!(plain("films/한 여름 100%+é.mp4"), "films/한 여름 100%+é.mp4");
    }

    #[test]
    fn no_letter_acts_once_it_is_written_so() {
        let all: String = ('\0'..=char::MAX).collect();
        assert!(!plain(&all).chars().any(acts));
        assert_eq!(plain(&all).lines().count(), 1);
    }
}
