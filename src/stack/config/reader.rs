//! Reads typed values from the YAML tree, and collects every problem instead of stopping at the first.
//!
//! A [`Table`] remembers which keys were read. Keys that were never read are unknown when the table is closed. So the
//! list of allowed keys is never written a second time.

use std::cell::RefCell;
use std::ops::Range;

use super::problem::{Problem, Problems};
use super::tree::{Key, Node, Shape, Text};

/// Why a value is refused: `says` follows the key's path, `label` is shown at the value, `help` says what is allowed.
#[derive(Debug)]
pub(super) struct Wrong {
    says: String,
    label: String,
    help: String,
}

impl Wrong {
    pub(super) fn new(says: impl Into<String>, label: impl Into<String>, help: impl Into<String>) -> Self {
        Self { says: says.into(), label: label.into(), help: help.into() }
    }
}

/// A type that is written as a single YAML value.
pub(super) trait Scalar: Sized {
    /// An example, for the message about a missing or empty value.
    const EXAMPLE: &'static str;

    /// Reads the value as written.
    fn scalar(text: &Text) -> Result<Self, Wrong>;
}

/// A value, its key, and its path from the top.
#[derive(Clone)]
pub(super) struct Value<'a> {
    node: &'a Node,
    key: Option<&'a Key>,
    path: String,
    problems: &'a Problems,
}

impl<'a> Value<'a> {
    /// The whole document.
    pub(super) fn root(node: &'a Node, problems: &'a Problems) -> Self {
        Self { node, key: None, path: String::new(), problems }
    }

    /// The key's name, for mappings with free keys such as tags.
    pub(super) fn name(&self) -> &'a str {
        self.key.map_or("", |key| key.name.as_str())
    }

    /// Reads the value as a `T`. If that fails, records the problem and returns `None`.
    pub(super) fn read<T: Scalar>(&self) -> Option<T> {
        let Shape::Scalar(text) = &self.node.kind else {
            self.reject(Wrong::new(
                "must be a single value",
                "this is a list or a mapping",
                format!("for example {}", T::EXAMPLE),
            ));
            return None;
        };
        if text.plain && is_null(&text.text) {
            self.reject(Wrong::new(
                "has no value",
                "nothing is written here",
                format!("write one, for example {}, or remove the key", T::EXAMPLE),
            ));
            return None;
        }
        T::scalar(text).map_err(|wrong| self.reject(wrong)).ok()
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<Vec<Value<'a>>> {
        let Shape::Sequence(nodes) = &self.node.kind else {
            self.reject(Wrong::new("must be a list", "not a list", "write it as [first, second]"));
            return None;
        };
        let item = |(index, node)| Value {
            node,
            key: None,
            path: format!("{}[{index}]", self.path),
            problems: self.problems,
        };
        Some(nodes.iter().enumerate().map(item).collect())
    }

    /// Reads every item of a list as a `T`, each at most once; `None` if one of them is wrong.
    pub(super) fn read_items<T: Scalar + PartialEq>(&self) -> Option<Vec<T>> {
        let items = self.items()?;
        let mut read: Vec<T> = Vec::new();
        let mut complete = true;
        for item in &items {
            match item.read::<T>() {
                Some(value) if read.contains(&value) => {
                    item.reject(Wrong::new("is in the list already", "a duplicate", "remove it"));
                    complete = false;
                }
                Some(value) => read.push(value),
                None => complete = false,
            }
        }
        complete.then_some(read)
    }

    /// True if this is a single value, not a list or a mapping.
    pub(super) fn is_scalar(&self) -> bool {
        matches!(self.node.kind, Shape::Scalar(_))
    }

    /// The value as a mapping.
    pub(super) fn table(&self) -> Option<Table<'a>> {
        match &self.node.kind {
            Shape::Mapping(entries) => Some(Table {
                entries,
                value: self.clone(),
                asked: RefCell::default(),
                missing: RefCell::default(),
            }),
            Shape::Scalar(text) if text.plain && is_null(&text.text) => {
                self.reject(Wrong::new(
                    "is empty",
                    "nothing is written under it",
                    "write its keys, or remove it",
                ));
                None
            }
            _ => {
                self.reject(Wrong::new(
                    "must be a mapping of keys and values",
                    "not a mapping",
                    "write it as `key: value` lines, or as { key: value }",
                ));
                None
            }
        }
    }

    /// Records that the value is wrong.
    pub(super) fn reject(&self, wrong: Wrong) {
        self.problems.add(self.problem(self.span(), wrong));
    }

    /// Records that the value contradicts another one.
    pub(super) fn contradicts(&self, wrong: Wrong, other: &Value<'_>, label: impl Into<String>) {
        self.problems.add(self.problem(self.span(), wrong).also(other.span(), label));
    }

    /// Records that the key of the value is wrong.
    pub(super) fn reject_key(&self, wrong: Wrong) {
        let span = self.key.map_or_else(|| self.span(), |key| key.span.clone());
        self.problems.add(self.problem(span, wrong));
    }

    fn problem(&self, span: Range<usize>, wrong: Wrong) -> Problem {
        let subject =
            if self.path.is_empty() { "the stack file".to_owned() } else { format!("`{}`", self.path) };
        Problem::new(span, format!("{subject} {}", wrong.says), wrong.label).help(wrong.help)
    }

    /// The position to point at: the value, or its key if the value is empty or spans several lines.
    fn span(&self) -> Range<usize> {
        match (&self.node.kind, self.key) {
            (Shape::Scalar(text), Some(key)) if text.text.is_empty() && self.node.span.is_empty() => {
                key.span.clone()
            }
            (Shape::Scalar(_), _) | (_, None) => self.node.span.clone(),
            (_, Some(key)) => key.span.clone(),
        }
    }
}

/// Recorded among the keys that were read if every key is allowed.
const ANY: &str = "*";

/// A mapping that is being read.
pub(super) struct Table<'a> {
    entries: &'a [(Key, Node)],
    value: Value<'a>,
    asked: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<(&'static str, &'static str)>>,
}

impl<'a> Table<'a> {
    /// The value under `key`, if present.
    pub(super) fn get(&self, key: &'static str) -> Option<Value<'a>> {
        if !self.asked.borrow().contains(&key) {
            self.asked.borrow_mut().push(key);
        }
        self.value.problems.ask(self.path(key));
        let (key, node) = self.entries.iter().find(|(entry, _)| entry.name == key)?;
        Some(self.entry(key, node))
    }

    /// The value under `key` as a `T`, or the default if absent; `None` after a problem.
    pub(super) fn or<T: Scalar>(&self, key: &'static str, default: T) -> Option<T> {
        self.get(key).map_or(Some(default), |value| value.read())
    }

    /// The value under `key` as a `T`, `Some(None)` if absent; `None` after a problem.
    pub(super) fn optional<T: Scalar>(&self, key: &'static str) -> Option<Option<T>> {
        self.get(key).map_or(Some(None), |value| value.read().map(Some))
    }

    /// The value under `key` as a `T`; a missing key is a problem.
    pub(super) fn required<T: Scalar>(&self, key: &'static str) -> Option<T> {
        let Some(value) = self.get(key) else {
            self.missing(key, T::EXAMPLE);
            return None;
        };
        value.read()
    }

    /// Reads the section under `key`, or returns the default if absent; `None` after a problem.
    pub(super) fn section<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&Table<'a>) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.get(key) else { return Some(default) };
        let table = value.table()?;
        let section = read(&table);
        table.close();
        section
    }

    /// Every entry, for mappings with free keys.
    pub(super) fn entries(&self) -> impl Iterator<Item = Value<'a>> {
        self.entries.iter().map(|(key, node)| self.entry(key, node))
    }

    /// Allows any key here.
    pub(super) fn free(&self) {
        self.asked.borrow_mut().push(ANY);
    }

    /// Records that `key` is missing, unless a misspelt key turns out to be it.
    pub(super) fn missing(&self, key: &'static str, example: &'static str) {
        self.missing.borrow_mut().push((key, example));
    }

    /// Reports every unknown key, and every missing key that no unknown key is a misspelling of.
    pub(super) fn close(self) {
        let asked = self.asked.take();
        let known = |key: &Key| asked.contains(&ANY) || asked.contains(&key.name.as_str());
        let unknown = self.entries.iter().map(|(key, _)| key).filter(|key| !known(key));
        let meant: Vec<_> = unknown.filter_map(|key| self.refuse(key, &asked)).collect();
        for (key, example) in self.missing.take() {
            if !meant.contains(&key) {
                self.miss(key, example);
            }
        }
    }

    /// Reports an unknown key; returns the key that was probably meant.
    fn refuse(&self, key: &Key, allowed: &[&'static str]) -> Option<&'static str> {
        let near = nearest(&key.name, allowed);
        let label =
            near.map_or("not a key of a stack file".to_owned(), |near| format!("did you mean `{near}`?"));
        let place = match self.value.path.as_str() {
            "" => String::new(),
            path => format!(" in `{path}`"),
        };
        let problem = Problem::new(key.span.clone(), format!("unknown key `{}`{place}", key.name), label);
        self.value.problems.add(problem.help(format!("allowed here: {}", listed(allowed))));
        near
    }

    /// Points at the key of the mapping, or at the beginning of the mapping.
    fn miss(&self, key: &str, example: &str) {
        let span = match (self.value.key, self.entries.first()) {
            (Some(key), _) => key.span.clone(),
            (None, Some((first, _))) => first.span.clone(),
            (None, None) => self.value.node.span.clone(),
        };
        let label = format!("`{key}` belongs in here");
        let problem = Problem::new(span, format!("`{}` is missing", self.path(key)), label);
        self.value.problems.add(problem.help(format!("write `{key}: {example}`")));
    }

    fn entry(&self, key: &'a Key, node: &'a Node) -> Value<'a> {
        Value { node, key: Some(key), path: self.path(&key.name), problems: self.value.problems }
    }

    fn path(&self, key: &str) -> String {
        if self.value.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.value.path) }
    }
}

/// The candidate that was probably meant.
pub(super) fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let word = word.to_lowercase().replace('_', "-");
    let score = |candidate: &str| strsim::jaro_winkler(&word, &candidate.to_lowercase().replace('_', "-"));
    let scored = candidates.iter().map(|candidate| (score(candidate), *candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let part = || {
        candidates
            .iter()
            .find(|candidate| word.len() >= 4 && candidate.replace('_', "-").contains(&word))
            .copied()
    };
    if best.0 > 0.82 { Some(best.1) } else { part() }
}

/// `a, b, c` in short lines, because a terminal might break a long line at a hyphen.
pub(super) fn listed<S: AsRef<str>>(words: &[S]) -> String {
    let mut lines = vec![String::new()];
    for (index, word) in words.iter().map(AsRef::as_ref).enumerate() {
        let line = lines.last().map_or(0, String::len);
        if line > 0 && line + word.len() > 60 {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            let comma = if index + 1 < words.len() { "," } else { "" };
            let space = if line.is_empty() { "" } else { " " };
            line.push_str(&format!("{space}{word}{comma}"));
        }
    }
    lines.join("\n")
}

/// True if a plain scalar means "nothing" in YAML 1.2.
fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
