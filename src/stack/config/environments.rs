//! `environments`: one file for several stacks. Each is the rest of the file with what differs laid over it.
//!
//! The two trees become one before anything is read, and every value keeps its place in the file. So the same rules hold
//! for overrides, and problems point into them.

use std::sync::OnceLock;

use super::problem::{Problem, Problems};
use super::reader::listed;
use super::tree::{Key, Node, Shape};

/// The key of the section.
pub(super) const KEY: &str = "environments";
const LONGEST: usize = 24;

static CHOSEN: OnceLock<String> = OnceLock::new();

/// Chooses the environment of every stack file that this run reads: `--env`.
pub fn choose_environment(name: &str) {
    let _first = CHOSEN.set(name.to_owned());
}

/// The environment that was chosen.
#[must_use]
pub fn chosen_environment() -> Option<&'static str> {
    CHOSEN.get().map(String::as_str)
}

/// One environment of a file.
pub(super) struct EnvironmentTree {
    /// Its name, and where that is written.
    pub(super) key: Key,
    /// The file as it is for it.
    pub(super) root: Node,
}

/// The environments of a file in their order; nothing if it has no such section. `None` after a problem.
pub(super) fn of(root: &Node, problems: &Problems) -> Option<Vec<EnvironmentTree>> {
    let Shape::Mapping(entries) = &root.kind else { return Some(Vec::new()) };
    let Some((section, node)) = entries.iter().find(|(key, _)| key.name == KEY) else {
        return Some(Vec::new());
    };
    let wrong = |span: &std::ops::Range<usize>, message: String, label: &str| {
        let help =
            "write each as `name: { keys that differ }`, for example `staging: { stack: vod-staging }`";
        problems.add(Problem::new(span.clone(), message, label).help(help));
    };
    let named = match &node.kind {
        Shape::Mapping(named) if !named.is_empty() => named,
        _ => {
            wrong(&section.span, format!("`{KEY}` must name the environments"), "no mapping of names");
            return None;
        }
    };
    let shared: Vec<_> = entries.iter().filter(|(key, _)| key.name != KEY).cloned().collect();
    let base = Node { span: root.span.clone(), kind: Shape::Mapping(shared) };
    let mut found = Vec::new();
    for (key, over) in named {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(1..=LONGEST).contains(&key.name.len()) || !key.name.chars().all(plain) {
            let message = format!("`{}` is not a name of an environment", key.name);
            wrong(&key.span, message, "1 to 24 of a-z, 0-9 and hyphen");
        } else if !matches!(over.kind, Shape::Mapping(_)) {
            wrong(&key.span, format!("`{KEY}.{}` must be a mapping", key.name), "no keys that differ");
        } else {
            found.push(EnvironmentTree { key: key.clone(), root: base.overlaid(over) });
        }
    }
    (found.len() == named.len()).then_some(found)
}

/// No environment is chosen, or one that the file does not have.
pub(super) fn unknown(root: &Node, chosen: Option<&str>, names: &[&str]) -> Problem {
    let span = match &root.kind {
        Shape::Mapping(entries) => {
            entries.iter().find(|(key, _)| key.name == KEY).map(|(key, _)| key.span.clone())
        }
        _ => None,
    };
    let span = span.unwrap_or(0..0);
    match (chosen, names) {
        (Some(name), []) => {
            Problem::new(span, format!("there is no environment `{name}`"), "the file has no `environments`")
                .help("run it again without --env")
        }
        (Some(name), _) => Problem::new(span, format!("there is no environment `{name}`"), "not among these")
            .help(format!("use --env with one of: {}", listed(names))),
        (None, _) => {
            Problem::new(span, "the file has several environments, and none is chosen", "one of these")
                .help(format!("use --env with one of: {}", listed(names)))
        }
    }
}

/// Two environments are the same stack.
pub(super) fn same_stack(key: &Key, other: &str, stack: &str) -> Problem {
    let message = format!("the environments `{other}` and `{}` are both the stack {stack}", key.name);
    Problem::new(key.span.clone(), message, "the same stack")
        .help("write another `stack` in one of them: the names of all resources begin with it")
}
