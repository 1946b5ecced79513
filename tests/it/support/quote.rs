//! What the program said, as snapshots quote it: the lines that matter, errors without their frame, and a word in place
//! of each part that differs from run to run.

use regex_lite::Regex;

/// What differs from run to run or from machine to machine, and what stands for it. They are replaced in this order.
const VARIABLE: &[(&str, &str)] = &[
    // Figures of a run. How many calls it takes has tests of its own.
    (
        r"\d+ resources, \d+ API calls in \d+ dependent round trips, [\d.]+ s\b",
        "<n> resources, <n> API calls in <n> dependent round trips, <n> s",
    ),
    // Times.
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "<time>"),
    (r"\d\d:\d\d:\d\d UTC", "<time>"),
    (r"\(\d+\.\ds\)", "(<n>s)"),
    // Digests, whole or their beginning, and ids.
    (r"[0-9a-f]{64}", "<digest>"),
    (r"\b(plan|publish|submit) [0-9a-f]{12}\b", "$1 <digest>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"\b[EKZ][A-Z0-9]{12,20}\b", "<id>"),
    (r"provision \d+\.\d+\.\d+\b( \([0-9a-f]{12}(\+changes)?\))?", "provision <version>"),
    // Files that ffmpeg made.
    (r"\b\d+\.\d [kMG]B\b", "<size>"),
    // This machine: its name in a lock, folders of tests, local clouds of tests, their ports and processes.
    (r"\bprocess \d+\b", "process <n>"),
    (r"on \S+ \(process <n>\) since <time>", "on <host> (process <n>) since <time>"),
    (r"[^\s`:]*/\.tmp\w{6}\b", "<folder>"),
    (r"[^\s`:]*/test-[a-z-]+-\d+/", "<local cloud's folder>/"),
    (r"\btest-[a-z-]+-\d+\b", "<local cloud>"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
    (r"--port \d+", "--port <port>"),
];

/// The numbers of resources in totals, where a test cannot know them.
const COUNTS: &str =
    r"\b\d+ (created|changed|deleted|unchanged|failed|not tried|to create|to change|to delete)\b";

/// The whole text, without blanks at the end of its lines.
pub(crate) fn whole(text: &str) -> String {
    let text = text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let quoted = VARIABLE.iter().fold(text.clone(), |text, (pattern, word)| {
        Regex::new(pattern).expect("the pattern is constant").replace_all(&text, *word).into_owned()
    });
    let left = Regex::new("<[^>]*>").expect("the pattern is constant").replace_all(&quoted, "");
    assert!(left.contains(char::is_alphabetic), "nothing is left to quote of {text:?}");
    quoted
}

/// The lines that contain one of these words, which must be there.
pub(crate) fn lines_with(text: &str, words: &[&str]) -> String {
    for word in words {
        assert!(text.contains(word), "no line has {word:?}:\n{text}");
    }
    let lines = text.lines().filter(|line| words.iter().any(|word| line.contains(word)));
    whole(&lines.collect::<Vec<_>>().join("\n"))
}

/// The last line.
pub(crate) fn last_line(text: &str) -> String {
    whole(text.lines().last().unwrap_or_default())
}

/// A quoted text without the numbers in its totals.
pub(crate) fn uncounted(quoted: &str) -> String {
    whole(&Regex::new(COUNTS).expect("the pattern is constant").replace_all(quoted, "<n> $1"))
}

/// A quoted text with every line once, where a test cannot know how often each comes.
pub(crate) fn once_each(quoted: &str) -> String {
    let mut seen = std::collections::BTreeSet::new();
    whole(&quoted.lines().filter(|line| seen.insert(*line)).collect::<Vec<_>>().join("\n"))
}

/// Asserts that a plan or an apply found nothing to do, and said no more than that.
pub(crate) fn nothing_to_do(text: &str) {
    let said = Regex::new(r"\d+").expect("the pattern is constant").replace_all(text, "<n>");
    insta::allow_duplicates! {
        insta::assert_snapshot!(whole(&said), @"nothing to do: all <n> resources are as declared");
    }
}

/// Asserts that a teardown found nothing left of a stack.
pub(crate) fn nothing_left(text: &str, stack: &str) {
    let said = last_line(text).replace(stack, "<stack>");
    insta::allow_duplicates! {
        insta::assert_snapshot!(whole(&said), @"audit: nothing of stack <stack> is left");
    }
}

/// What errors are framed with.
const FRAME: [char; 7] = [' ', '│', '×', '├', '╰', '─', '▶'];

/// The errors in a text, each with its causes and help: a line each, without the frame and the breaks of long lines.
/// What a message indents stays a line.
pub(crate) fn errors(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // Where the text of the last line begins; nothing after the end of an error.
    let mut column = None;
    for line in text.lines().map(|line| line.strip_prefix("Error: ").unwrap_or(line)) {
        let said = line.trim_start_matches(FRAME);
        let frame = &line[..line.len() - said.len()];
        let begins = match said.strip_prefix("help: ") {
            Some(help) if !frame.is_empty() => Some(("help: ", help)),
            _ if frame.contains('▶') => Some(("cause: ", said)),
            _ if frame.contains('×') => Some(("error: ", said)),
            _ => None,
        };
        let at = frame.chars().count();
        if let Some((word, said)) = begins {
            lines.push(format!("{word}{said}"));
            column = Some(if word == "help: " { at + word.len() } else { at });
        } else if let Some(last) = lines.last_mut().filter(|_| column.is_some_and(|column| at >= column)) {
            continued(last, said, column.is_some_and(|column| at > column));
        } else {
            column = None;
        }
    }
    assert!(!lines.is_empty(), "no error in {text:?}");
    whole(&lines.join("\n"))
}

/// Appends a line to a message. Long lines are broken at spaces, and after a hyphen or a slash inside a word.
fn continued(message: &mut String, line: &str, indented: bool) {
    let inside = message.ends_with(['-', '/']) && !message.ends_with(" -");
    *message += match (indented, inside) {
        (true, _) => "\n  ",
        (false, true) => "",
        (false, false) => " ",
    };
    *message += line;
}

#[test]
fn errors_are_quoted_without_their_frame() {
    let printed = "\
  storage/source                   created (0.1s)
  × this is said in a line that is too long, and names storage/
  │ source and vod-
  │ local
  │   storage/work: it is gone
  ├─▶ because of this
  │   and that
  ╰─▶   × something else
          help: try this
                and that
Error:   × at the end
  help: wait until 07:00:00 UTC

34 resources, 7 API calls in 3 dependent round trips, 1.2 s
";
    insta::assert_snapshot!(errors(printed), @"
    error: this is said in a line that is too long, and names storage/source and vod-local
      storage/work: it is gone
    cause: because of this and that
    cause: something else
    help: try this and that
    error: at the end
    help: wait until <time>
    ");
    insta::assert_snapshot!(last_line(printed), @"<n> resources, <n> API calls in <n> dependent round trips, <n> s");
    insta::assert_snapshot!(lines_with(printed, &["storage/source "]), @"storage/source                   created (<n>s)");
}

#[test]
#[should_panic(expected = "nothing is left to quote")]
fn what_is_all_variable_is_no_quote() {
    whole("127.0.0.1:4566 2026-11-23 07:00:00 UTC\n");
}

#[test]
#[should_panic(expected = "no line has")]
fn a_line_that_is_not_there_is_no_quote() {
    lines_with("something else", &["else", "nothing"]);
}
