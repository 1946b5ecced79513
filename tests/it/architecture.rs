//! Holds the code to the import table of `docs/architecture.md` (rustc permits module cycles, we do not), and files to a
//! length at which they still say one thing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The most lines of a file, and of one that holds only tests: what they list is read case by case.
const LONGEST: usize = 400;
const LONGEST_TESTS: usize = 450;

const HEADER: &str = "| module | may import, of ours | AWS SDK |";

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What the table allows each module: other modules, and whether it may name SDK crates.
pub(crate) struct Allowed {
    pub(crate) modules: BTreeSet<String>,
    pub(crate) sdk: bool,
}

pub(crate) fn table() -> BTreeMap<String, Allowed> {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rows =
        text.lines().skip_while(|line| *line != HEADER).skip(2).take_while(|line| line.starts_with('|'));
    let table: BTreeMap<String, Allowed> = rows
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let modules = cells[1]
                .split(',')
                .map(str::trim)
                .filter(|name| *name != "nothing")
                .map(str::to_owned)
                .collect();
            (cells[0].to_owned(), Allowed { modules, sdk: cells[2] == "yes" })
        })
        .collect();
    assert!(table.len() > 10, "docs/architecture.md has no import table under `{HEADER}`");
    table
}

/// Every file of Rust in a folder, at any depth.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Every file of Rust in the repository: its path inside, and its text.
pub(crate) fn all_files() -> impl Iterator<Item = (PathBuf, String)> {
    let files = ["src", "lambda", "tests", "benches"].map(|folder| rust_files(&root().join(folder)));
    assert!(files.iter().all(|files| !files.is_empty()), "a folder has moved");
    files.into_iter().flatten().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.strip_prefix(root()).unwrap().to_owned(), text)
    })
}

/// Every source file with the top-level module it belongs to.
fn sources() -> Vec<(String, PathBuf)> {
    let src = root().join("src");
    rust_files(&src).into_iter().map(|path| (module_of(&src, &path), path)).collect()
}

/// Whether a file holds nothing but tests.
pub(crate) fn is_tests(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

fn module_of(src: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(src).unwrap();
    inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The code of a file without comments and without its tests.
pub(crate) fn code(path: &Path) -> String {
    if is_tests(path) {
        return String::new();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The modules that code names through `crate::`, in paths and in lists (`use crate::{a, b::c}`): one or two segments each.
fn imports(code: &str) -> BTreeSet<String> {
    code.split("crate::").skip(1).flat_map(|rest| paths(rest, 2)).collect()
}

/// The paths at the beginning of a text, to this depth: `a::{b, c::d}` is `a::b` and `a::c`.
fn paths(text: &str, depth: usize) -> Vec<String> {
    let text = text.trim_start();
    if let Some(list) = text.strip_prefix('{') {
        return members(list).into_iter().flat_map(|member| paths(member, depth)).collect();
    }
    let head: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if head.is_empty() {
        return Vec::new();
    }
    match text[head.len()..].strip_prefix("::") {
        Some(rest) if depth > 1 => {
            let rest = paths(rest, depth - 1).into_iter().map(|tail| format!("{head}::{tail}"));
            rest.collect()
        }
        _ => vec![head],
    }
}

/// The members of a brace list whose opening brace is gone.
fn members(list: &str) -> Vec<&str> {
    let (mut depth, mut from, mut members) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&list[from..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(&list[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    members
}

/// Whether a module may import a path: the table names it, or the module that it is in.
pub(crate) fn may_import(module: &str, allowed: &Allowed, path: &str) -> bool {
    let head = path.split("::").next().unwrap();
    head == module || allowed.modules.contains(head) || allowed.modules.contains(path)
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let table = table();
    let mut broken = Vec::new();
    for (module, path) in sources() {
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let Some(allowed) = table.get(&module) else {
            broken.push(format!("{module} is not in the table"));
            continue;
        };
        let code = code(&path);
        for import in imports(&code) {
            if !may_import(&module, allowed, &import) {
                broken.push(format!("{}: {module} may not import {import}", path.display()));
            }
        }
        if !allowed.sdk && code.contains("aws_sdk_") {
            broken.push(format!("{}: {module} may not name the AWS SDK", path.display()));
        }
    }
    broken.sort();
    broken.dedup();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_table_has_no_circle() {
    let table = table();
    let head = |path: &String| path.split("::").next().unwrap().to_owned();
    let mut left: BTreeMap<&String, BTreeSet<String>> =
        table.iter().map(|(module, allowed)| (module, allowed.modules.iter().map(head).collect())).collect();
    while !left.is_empty() {
        let free: Vec<&String> = left
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| !left.contains_key(need)))
            .map(|(m, _)| *m)
            .collect();
        assert!(!free.is_empty(), "these modules may import each other in a circle: {:?}", left.keys());
        free.into_iter().for_each(|module| drop(left.remove(module)));
    }
}

#[test]
fn every_module_in_the_table_exists() {
    let modules: BTreeSet<String> = sources().into_iter().map(|(module, _)| module).collect();
    let gone: Vec<String> = table().into_keys().filter(|module| !modules.contains(module)).collect();
    assert!(gone.is_empty(), "docs/architecture.md speaks of modules that do not exist: {gone:?}");
}

#[test]
fn lists_and_paths_are_both_read() {
    let code = "use crate::aws::{Context, Result};\nuse crate::{model::{A, B}, plan};\nfn f() { crate::diff::diff() }\n\
                use crate::stack::config::{self, StackFile};";
    let expected =
        ["aws::Context", "aws::Result", "model::A", "model::B", "plan", "diff::diff", "stack::config"];
    assert_eq!(imports(code), BTreeSet::from(expected.map(str::to_owned)));
    let cli = Allowed { modules: BTreeSet::from(["stack::config".to_owned()]), sdk: false };
    assert!(may_import("cli", &cli, "stack::config") && may_import("cli", &cli, "cli::exit"));
    assert!(!may_import("cli", &cli, "stack::domain") && !may_import("cli", &cli, "stack"));
}

#[test]
fn no_file_is_long() {
    let mut long = Vec::new();
    for (path, text) in all_files() {
        let lines = text.lines().count();
        let most = if is_tests(&path) { LONGEST_TESTS } else { LONGEST };
        if lines > most {
            long.push(format!("{}: {lines} lines, at most {most}: split it along a seam", path.display()));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_file_opens_with_its_purpose() {
    let silent: Vec<_> =
        all_files().filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "these files do not open with `//!` and what they are: {silent:?}");
}

/// Files that write to the terminal. `local/serve.rs` and its like write to logs.
const WRITERS: [&str; 2] = ["src/report/out.rs", "src/report/live.rs"];
/// Ways to write to the terminal, or to let something else write there.
const WRITES: [&str; 11] = [
    "println!",
    "print!",
    "stdout()",
    "stderr()",
    "anstream::",
    "indicatif::",
    "io::stdout",
    "io::stderr",
    "Stdio::inherit",
    "/dev/tty",
    "/dev/stderr",
];

/// How often a text writes to the terminal. Asking whether it is one is no writing.
fn writes(code: &str) -> usize {
    let asks = ["std::io::stderr().is_terminal()", "std::io::stdout().is_terminal()", "usage.use_stderr()"];
    let code = asks.iter().fold(code.to_owned(), |code, asking| code.replace(asking, ""));
    WRITES.iter().map(|way| code.matches(way).count()).sum()
}

/// One writer makes everything that is printed harmless. A printer that has a way of its own would forget to.
#[test]
fn everything_is_printed_by_the_one_writer() {
    let printing: Vec<String> = sources()
        .into_iter()
        .map(|(_, path)| (path.strip_prefix(root()).unwrap().display().to_string(), writes(&code(&path))))
        .filter(|(path, count)| *count > 0 && !WRITERS.contains(&path.as_str()))
        .map(|(path, _)| path)
        .collect();
    assert!(printing.is_empty(), "these print without `report::out`: {printing:?}");
    for writer in WRITERS {
        assert!(writes(&code(&root().join(writer))) > 0, "{writer} has moved");
    }
}

#[test]
fn whatever_prints_is_found() {
    for printing in
        ["println!(\"a\")", "eprint!(\"a\")", "let _ = std::io::stderr().flush();", "use std::io::stdout;"]
    {
        assert!(writes(printing) > 0, "{printing}");
    }
    assert_eq!(writes("if !std::io::stderr().is_terminal() { errln!(\"a\"); outln!(\"b\") }"), 0);
}

/// Cargo does not look for tests in documentation here (`doctest = false`), so one there would never run.
#[test]
fn no_documentation_holds_a_test() {
    let example = |line: &str| {
        let line = line.trim_start();
        let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        doc.is_some_and(|text| text.trim_start().starts_with("```"))
    };
    let holding: Vec<_> =
        all_files().filter(|(_, text)| text.lines().any(example)).map(|(path, _)| path).collect();
    assert!(holding.is_empty(), "these have examples in documentation, which nothing runs: {holding:?}");
}

/// Ways to take an empty text, an empty list or a zero for what is not there.
const EMPTY: &[&str] = &[
    "unwrap_or_default",
    "unwrap_or(\"\")",
    "unwrap_or(0)",
    "unwrap_or(0.0)",
    "unwrap_or_else(String::new)",
    "map_or(\"\"",
    "map_or(String::new()",
];
/// What a comment must say on the same line, or on the one before: why that is right.
const REASON: &str = "absent is empty: ";

/// The lines of code that take nothing for something empty without a reason, by number.
fn silent_defaults(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = |two: &[&str]| two[0] == "#[cfg(test)]" && two[1].contains("mod ") && two[1].ends_with('{');
    let lines = &lines[..lines.windows(2).position(tests).unwrap_or(lines.len())];
    let is_silent = |(index, line): (usize, &&str)| {
        let code = line.split("//").next().unwrap();
        let reasoned = line.contains(REASON) || index > 0 && lines[index - 1].contains(REASON);
        (EMPTY.iter().any(|way| code.contains(way)) && !reasoned).then_some(index + 1)
    };
    lines.iter().enumerate().filter_map(is_silent).collect()
}

/// An answer of AWS that lacks a member must be an error that names it (`aws::required`): an empty text in its place would
/// become an id, a name or a difference. Lists and maps that AWS leaves out are empty (`aws::OrEmpty`).
#[test]
fn adapters_take_nothing_for_something_empty_only_for_a_reason() {
    let adapters = all_files().filter(|(path, _)| path.starts_with("src/resource") && !is_tests(path));
    let silent: Vec<String> = adapters
        .flat_map(|(path, text)| {
            let lines = silent_defaults(&text).into_iter();
            lines.map(move |line| format!("{}:{line}", path.display()))
        })
        .collect();
    assert!(
        silent.is_empty(),
        "use `aws::required` or `.or_empty()`, or say why in a comment (`// {REASON}…`):\n{}",
        silent.join("\n")
    );
}

#[test]
fn an_empty_default_needs_its_reason_next_to_it() {
    let code = "let a = b.unwrap_or_default();\n// absent is empty: a name is optional\nlet a = b.unwrap_or(\"\");\n\n\
                let a = b.unwrap_or(0); // absent is empty: nobody waits\nlet a = c; // .unwrap_or(0)\n\
                #[cfg(test)]\nmod parts;\nlet a = b.unwrap_or(0);\n\
                #[cfg(test)]\nmod tests {\nlet a = b.unwrap_or_default();";
    assert_eq!(silent_defaults(code), [1, 9]);
}
