//! The problems of a stack file: each with its position and what is allowed there.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use thiserror::Error;

use crate::model::printable::{plain, quotable};

/// One problem, with its position in the stack file.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct Problem {
    message: String,
    #[label(collection)]
    labels: Vec<LabeledSpan>,
    #[help]
    help: Option<String>,
    at: usize,
}

impl Problem {
    /// A problem at `span`; `label` is shown next to the marked text.
    pub(super) fn new(span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        let at = span.start;
        let label = LabeledSpan::new_primary_with_span(Some(plain(&label.into()).into_owned()), span);
        Self { message: plain(&message.into()).into_owned(), labels: vec![label], help: None, at }
    }

    /// Adds what to do about it.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Marks a second place that is part of the problem.
    pub(super) fn also(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        let label = plain(&label.into()).into_owned();
        self.labels.push(LabeledSpan::new_with_span(Some(label), span));
        self
    }
}

/// The problems found so far, in the order they were found, and the keys that were read.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: RefCell<Vec<Problem>>,
    asked: RefCell<BTreeSet<String>>,
}

impl Problems {
    pub(super) fn add(&self, problem: Problem) {
        let mut list = self.list.borrow_mut();
        // What environments share is read once for each of them.
        if !list.iter().any(|other| (other.at, &other.message) == (problem.at, &problem.message)) {
            list.push(problem);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    /// Records that the reader knows the key at `path`; tests compare these with the JSON Schema.
    pub(super) fn ask(&self, path: String) {
        self.asked.borrow_mut().insert(path);
    }

    #[cfg(test)]
    pub(super) fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }

    /// Returns the problems in file order, with the text that they point into.
    pub(super) fn into_invalid(self, name: &str, source: &str) -> Invalid {
        let mut problems = self.list.into_inner();
        problems.sort_by_key(|problem| problem.at);
        let count = match problems.len() {
            1 => "1 problem".to_owned(),
            n => format!("{n} problems"),
        };
        // The file is quoted next to its problems. Neither it nor its name may act on the terminal.
        let (name, source) = (plain(name), quotable(source));
        Invalid {
            message: format!("the stack file {name} has {count}"),
            source_code: Some(Arc::new(NamedSource::new(name, source.into_owned()).with_language("yaml"))),
            problems,
            help: None,
            cause: None,
        }
    }
}

/// A stack file that cannot be used, with all its problems in file order.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct Invalid {
    message: String,
    #[source_code]
    source_code: Option<Arc<NamedSource<String>>>,
    #[help]
    help: Option<String>,
    #[related]
    problems: Vec<Problem>,
    #[source]
    cause: Option<std::io::Error>,
}

impl Invalid {
    /// The file could not be read at all.
    pub(super) fn unreadable(name: &str, cause: std::io::Error) -> Self {
        let help = match cause.kind() {
            std::io::ErrorKind::NotFound => "give the path of a stack file, such as stacks/local.yaml",
            std::io::ErrorKind::InvalidData => "a stack file is UTF-8 text",
            std::io::ErrorKind::PermissionDenied => "check that you may read it",
            _ => "a stack file is a regular file of a few lines, such as stacks/local.yaml",
        };
        Self {
            message: format!("cannot read the stack file {}", plain(name)),
            source_code: None,
            problems: Vec::new(),
            help: Some(help.to_owned()),
            cause: Some(cause),
        }
    }

    /// Each problem, in file order; none when the file could not be read.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}
