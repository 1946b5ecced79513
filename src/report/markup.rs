//! Texts of the account inside Markdown: where one could act there, it is written as code. So it makes no HTML, link,
//! image, mention, emphasis or new cell.

/// A text in a sentence. Words that Markdown could act on are code.
pub(super) fn inline(text: &str) -> String {
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn word(text: &str) -> String {
    let rest = text.trim_end_matches([',', ';', '.', ':']);
    if is_plain(rest) { text.to_owned() } else { format!("{}{}", code(rest), &text[rest.len()..]) }
}

/// True if Markdown takes a word for nothing else than its letters.
fn is_plain(word: &str) -> bool {
    let letter = |letter: char| letter.is_alphanumeric() || ".,:;/()'\"+=-→…?%".contains(letter);
    word.chars().all(letter) && !word.contains("//") && !word.to_lowercase().contains("www.")
}

/// The same in a cell of a table.
pub(super) fn cell(text: &str) -> String {
    // A backslash before the bar would itself be escaped, and the bar would end the cell.
    inline(&text.replace("\\|", "\\u{7c}")).replace('|', "\\|")
}

/// A text as code.
pub(super) fn code(text: &str) -> String {
    let fence = "`".repeat(longest_ticks(text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // Without any text, the fence would begin a code span that ends at a later one.
    if text.is_empty() { String::new() } else { format!("{fence}{space}{text}{space}{fence}") }
}

/// A fence that no line of the text closes.
pub(super) fn fence(text: &str) -> String {
    "`".repeat(longest_ticks(text).max(2) + 1)
}

fn longest_ticks(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default()
}

/// A text in the heading of a folded part, which is HTML.
pub(super) fn heading(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{safe}</code>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_acts_is_code() {
        assert_eq!(
            inline("MaxAge changes from 1d to 2d (30 MiB)."),
            "MaxAge changes from 1d to 2d (30 MiB)."
        );
        assert_eq!(inline("s3:Get*, s3:Put*"), "`s3:Get*`, `s3:Put*`");
        assert_eq!(inline("ask @team or www.evil.example, #1"), "ask `@team` or `www.evil.example`, `#1`");
        assert_eq!(inline("![x](https://a) <b> a`b _c_"), "`![x](https://a)` `<b>` ``a`b`` `_c_`");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(heading("a<b>@c"), "<code>a&lt;b&gt;@c</code>");
    }

    #[test]
    fn a_cell_ends_where_it_should() {
        assert_eq!(cell("a|b c"), "`a\\|b` c");
        assert_eq!(cell("a\\|b"), "`a\\u{7c}b`");
        assert_eq!(cell("arn:aws:s3:::vod-output"), "arn:aws:s3:::vod-output");
    }
}
