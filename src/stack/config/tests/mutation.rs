//! Reading any text returns a stack file or problems that can be displayed.

use proptest::prelude::*;

use super::*;

/// A text that is likely to cause problems in a YAML reader.
fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "-",
        ":",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "!!str ",
        "'",
        "\"",
        "|\n",
        "\n",
        "\r\n",
        "\t",
        "  ",
        "#",
        "---\n",
        "...",
        "<<",
        "~",
        "\"\\e[31m\"",
        "0x",
        "\u{feff}",
        "é",
        "비디오",
        "\0",
        "99999999999999999999",
        "-1",
        "1e999",
        ".nan",
        "30d",
        "8.5M",
        "stack",
        "? ",
    ]);
    prop_oneof![3 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_mutated_file_never_panics(edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, piece()), 1..6)) {
        let mut characters: Vec<char> = FULL.chars().collect();
        for (at, removed, piece) in edits {
            let at = at.index(characters.len() + 1);
            let end = (at + removed).min(characters.len());
            characters.splice(at..end, piece.chars());
        }
        let source: String = characters.into_iter().collect();
        if let Err(invalid) = parse("x.yaml", &source) {
            prop_assert!(!invalid.problems().is_empty());
            prop_assert!(!render(&invalid).contains("Failed to read contents"), "a label outside the file");
        }
    }

    #[test]
    fn any_text_never_panics(source in any::<String>()) {
        if let Err(invalid) = parse("x.yaml", &source) {
            prop_assert!(!render(&invalid).contains("Failed to read contents"));
        }
    }
}

#[test]
fn deep_nesting_is_refused_without_recursion() {
    for source in ["[".repeat(100_000), "- ".repeat(100_000), "a: [".repeat(200)] {
        assert!(!parse("x.yaml", &source).unwrap_err().problems().is_empty());
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_read() {
    let crlf = FULL.replace('\n', "\r\n");
    assert_eq!(
        parse("x.yaml", &crlf).map_err(|invalid| render(&invalid)),
        Ok(parse("x.yaml", FULL).unwrap())
    );
    assert!(parse("x.yaml", &format!("\u{feff}{HEAD}")).is_ok());
}
