//! The page of the local cloud lists the rules by which it is like AWS.

#[test]
fn the_page_lists_the_rules_as_the_program_has_them() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/local-cloud.md")).unwrap();
    let (_, rest) = page.split_once("<!-- the rules of --like-aws").unwrap();
    let (_, rest) = rest.split_once("-->\n").unwrap();
    let (listed, _) = rest.split_once("<!-- end of the rules").unwrap();
    let expected = provision::local::rules_as_markdown();
    assert!(listed.trim() == expected.trim(), "docs/local-cloud.md must have:\n{expected}");
}
