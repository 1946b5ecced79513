//! What a terminal gets of files that somebody else wrote. The program believes to write to one (`CLICOLOR_FORCE`), so
//! nothing is stripped because of a pipe.

use std::process::Command;

use crate::support::{PROGRAM, output};

/// Sets the title, clears the screen, conceals, reverses.
const ACTS: &str = "\u{1b}]0;pwn\u{7}\u{1b}[2J\u{1b}[8m\u{202e}\u{2066}\u{200b}";

/// What the program writes in a folder, on stdout and stderr.
fn told(folder: &tempfile::TempDir, arguments: &[&str], code: i32) -> String {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder.path()).env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
    let (stdout, stderr) = output(command, code);
    stdout + &stderr
}

/// Fails at an escape, another control character or a character without a glyph.
fn cannot_act(text: &str) {
    let acts = |letter: char| {
        letter.is_control() && letter != '\n' || "\u{202e}\u{2066}\u{200b}\u{3164}\u{feff}".contains(letter)
    };
    assert!(!text.contains(acts), "{text:?}");
}

#[test]
fn neither_a_stack_file_nor_its_name_acts_on_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{ACTS}.yaml");
    let text =
        format!("stack: vod\naccount: \"111122223333\"\nregion: \"{ACTS}eu-west-9\"\n{ACTS}: {ACTS}\n");
    std::fs::write(folder.path().join(&name), text).unwrap();
    for command in ["validate", "plan", "synth", "outputs", "history"] {
        let text = told(&folder, &[command, &name], 1);
        assert!(text.contains("pwn"), "{text}");
        cannot_act(&text);
    }
    cannot_act(&told(&folder, &["plan", &name, "--base", ACTS, "--format", "markdown"], 1));
    cannot_act(&told(&folder, &["validate", &format!("no-such{ACTS}")], 1));
    // Arguments are quoted by the command line's reader, which has colours.
    let usage = told(&folder, &["plan", "--no-such", ACTS], 1);
    assert!(
        !usage.contains("\u{1b}]") && !usage.contains("\u{1b}[2J") && !usage.contains("\u{202e}"),
        "{usage:?}"
    );
}

/// AWS takes every letter in a tag, and Unicode has letters without a glyph.
#[test]
fn a_valid_stack_file_cannot_act_either() {
    let folder = tempfile::tempdir().unwrap();
    let text = "stack: vod\naccount: \"111122223333\"\nregion: eu-west-1\ntags: { team: \"a\u{3164}b\" }\n";
    std::fs::write(folder.path().join("a.yaml"), text).unwrap();
    let other = text.replace("\u{3164}", "");
    std::fs::write(folder.path().join("b.yaml"), other).unwrap();
    for format in ["json", "markdown"] {
        let text = told(&folder, &["plan", "a.yaml", "--base", "b.yaml", "--format", format], 0);
        assert!(text.contains("a\\u3164b") || text.contains("a\\u{3164}b"), "{text}");
        cannot_act(&text);
    }
}
