//! `docs/assets.md` tells how an id is made: in words, in Python, and by examples. All three agree with the program.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test by panicking, too")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::TestRunner;

const PAGE: &str = include_str!("../../../docs/assets.md");

/// Reads pairs of bucket and key, and prints their ids.
const ASKED: &str =
    "import json, sys\nprint(json.dumps([asset_id(*pair) for pair in json.load(sys.stdin)]))\n";

/// The only block of a page in this language.
fn block(language: &str) -> &'static str {
    let fence = format!("```{language}\n");
    let mut blocks = PAGE.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
    let block = blocks.next().unwrap_or_else(|| panic!("docs/assets.md has no block of {language}"));
    assert_eq!(blocks.next(), None, "docs/assets.md has several blocks of {language}");
    block
}

fn vectors() -> Vec<[String; 3]> {
    let vectors: Vec<[String; 3]> = serde_json::from_str(block("json")).unwrap();
    assert!(vectors.len() > 10, "{vectors:?}");
    vectors
}

/// What the page's Python makes of these buckets and keys.
fn by_python(pairs: &[[String; 2]]) -> Vec<String> {
    let mut python = Command::new("python3");
    python.args(["-I", "-c", &format!("{}\n{ASKED}", block("python"))]);
    let mut running = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let asked = serde_json::to_vec(pairs).unwrap();
    running.stdin.take().unwrap().write_all(&asked).unwrap();
    let ended = running.wait_with_output().unwrap();
    assert!(ended.status.success());
    serde_json::from_slice(&ended.stdout).unwrap()
}

#[test]
fn published_ids_are_those_of_the_page() {
    for [bucket, key, id] in vectors() {
        assert_eq!(asset::id(&bucket, &key), id, "{bucket} {key:?}");
    }
    // These were published before the page was written.
    for known in ["films-my-holiday-1-1cae17cc07a8789f", "video-f4348568dfc49f82", "video-759add74883632a1"] {
        assert!(vectors().iter().any(|[_, _, id]| id == known), "{known} is gone");
    }
}

#[test]
fn the_python_of_the_page_makes_the_same_ids() {
    let mut runner = TestRunner::deterministic();
    let mut pairs: Vec<[String; 2]> = vectors().into_iter().map(|[bucket, key, _]| [bucket, key]).collect();
    for keys in
        ["[a-zA-Z0-9_. /-]{1,90}", "[aB/.\u{212a}é ]{1,12}", ".{1,200}", "[a-b-]{60,70}[./][c-d]{0,3}"]
    {
        let pair = ("[a-z0-9.-]{3,63}", keys).prop_map(|(bucket, key)| [bucket, key]);
        pairs.extend((0..500).map(|_| pair.new_tree(&mut runner).unwrap().current()));
    }
    let made = by_python(&pairs);
    assert_eq!(made.len(), pairs.len());
    for ([bucket, key], by_python) in pairs.iter().zip(made) {
        assert_eq!(asset::id(bucket, key), by_python, "{bucket} {key:?}");
    }
}
