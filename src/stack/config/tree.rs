//! Parses YAML text to a tree in which every node and key has its position.
//!
//! The tree is built directly from the parser's events, because a stack file needs what a generic loader drops: every
//! duplicate key, a number's text as written, and whether a value was quoted. Anchors, aliases, tags and a second
//! document are refused, so that a file can be read from top to bottom.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::problem::{Problem, Problems};

/// Maximum nesting depth. It bounds the recursion over the tree.
const MAX_DEPTH: usize = 32;

/// One YAML value.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Bytes of the source that it covers.
    pub(super) span: Range<usize>,
    /// The value.
    pub(super) kind: Shape,
}

impl Node {
    /// The value with another one laid over it: mappings are joined key by key, and anything else is replaced.
    pub(super) fn overlaid(&self, over: &Self) -> Self {
        let (Shape::Mapping(base), Shape::Mapping(entries)) = (&self.kind, &over.kind) else {
            return over.clone();
        };
        let named =
            |list: &[(Key, Self)], key: &Key| list.iter().find(|(one, _)| one.name == key.name).cloned();
        let kept = base.iter().map(|(key, node)| match named(entries, key) {
            Some((key, over)) => (key, node.overlaid(&over)),
            None => (key.clone(), node.clone()),
        });
        let new = entries.iter().filter(|(key, _)| named(base, key).is_none()).cloned();
        Self { span: self.span.clone(), kind: Shape::Mapping(kept.chain(new).collect()) }
    }

    /// The position of the value at `place`, or of the nearest one above it.
    pub(super) fn span_of(&self, place: &[&str]) -> Range<usize> {
        let (Some((first, rest)), Shape::Mapping(entries)) = (place.split_first(), &self.kind) else {
            return self.span.clone();
        };
        let found = entries.iter().find(|(key, _)| key.name == *first);
        found.map_or_else(|| self.span.clone(), |(_, node)| node.span_of(rest))
    }
}

/// The three shapes of a YAML value.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// A single value, as written.
    Scalar(Text),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values, in file order, each key once.
    Mapping(Vec<(Key, Node)>),
}

/// A scalar as it was written: `plain` ones may mean a number, a boolean or nothing.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) plain: bool,
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) span: Range<usize>,
}

/// A collection that is not closed yet.
enum Open {
    Sequence(usize, Vec<Node>),
    Mapping(usize, Vec<(Key, Node)>, Option<Pending>),
}

/// A key without its value yet; `None` if the key itself was refused.
struct Pending(Option<Key>);

/// Parses `source`. Returns `None` if it is not YAML or holds no document; `problems` then says why.
pub(super) fn parse(source: &str, problems: &Problems) -> Option<Node> {
    let mut builder =
        Builder { offsets: Offsets::new(source), problems, open: Vec::new(), root: None, documents: 0 };
    let mut parser = Parser::new_from_str(source);
    // One event at a time: the parser's own `load` recurses as deep as the input does.
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => builder.event(event, span)?,
            Err(error) => {
                let at = builder.offsets.byte(error.marker().index());
                let info = error.info().trim();
                problems.add(Problem::new(at..at, format!("this is not YAML: {info}"), "parsing stops here"));
                return None;
            }
        }
    }
    if builder.root.is_none() && problems.is_empty() {
        let help = "start with `stack: vod-staging`, and see docs/stack-file.md";
        problems.add(Problem::new(0..0, "the stack file is empty", "nothing is declared").help(help));
    }
    builder.root
}

struct Builder<'p> {
    offsets: Offsets,
    problems: &'p Problems,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

impl Builder<'_> {
    /// Handles one event; `None` stops the parser.
    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let span = self.offsets.range(span);
        match event {
            Event::DocumentStart(_) => self.document(span)?,
            Event::Scalar(text, style, anchor, tag) => {
                self.plain_yaml(anchor, tag.is_some(), &span);
                let text = Text { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                self.value(Node { span, kind: Shape::Scalar(text) });
            }
            Event::SequenceStart(anchor, tag) => {
                self.plain_yaml(anchor, tag.is_some(), &span);
                self.enter(Open::Sequence(span.start, Vec::new()), &span)?;
            }
            Event::MappingStart(anchor, tag) => {
                self.plain_yaml(anchor, tag.is_some(), &span);
                self.enter(Open::Mapping(span.start, Vec::new(), None), &span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(span.end),
            Event::Alias(_) => {
                self.refuse(&span, "aliases (`*name`) are not read", "write the value out");
                self.value(Node { span, kind: Shape::Scalar(Text { text: String::new(), plain: true }) });
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Some(())
    }

    fn document(&mut self, span: Range<usize>) -> Option<()> {
        self.documents += 1;
        if self.documents == 1 {
            return Some(());
        }
        self.refuse(
            &span,
            "a second document begins here",
            "one file declares one stack: move it to a file of its own",
        );
        None
    }

    fn enter(&mut self, open: Open, span: &Range<usize>) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            self.refuse(span, "this is nested too deeply", "a stack file needs four levels at most");
            return None;
        }
        self.open.push(open);
        Some(())
    }

    fn leave(&mut self, end: usize) {
        let (start, kind) = match self.open.pop() {
            Some(Open::Sequence(start, items)) => (start, Shape::Sequence(items)),
            Some(Open::Mapping(start, entries, _)) => (start, Shape::Mapping(entries)),
            None => return,
        };
        self.value(Node { span: start..end.max(start), kind });
    }

    /// Stores a finished value: as an item, as a key, under a key, or as the document itself.
    fn value(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence(_, items)) => items.push(node),
            Some(Open::Mapping(_, entries, pending)) => match pending.take() {
                Some(Pending(Some(key))) => entries.push((key, node)),
                Some(Pending(None)) => {}
                None => *pending = Some(Pending(key(node, entries, self.problems))),
            },
        }
    }

    fn plain_yaml(&self, anchor: usize, tagged: bool, span: &Range<usize>) {
        if anchor != 0 {
            self.refuse(span, "anchors (`&name`) are not read", "write each value out where it is used");
        }
        if tagged {
            self.refuse(span, "tags (`!name`) are not read", "write the plain value");
        }
    }

    fn refuse(&self, span: &Range<usize>, message: &str, help: &str) {
        self.problems.add(Problem::new(span.clone(), message, "not allowed in a stack file").help(help));
    }
}

/// Reads a node as a key. Duplicates and keys that are not single words are problems, and their values are dropped.
fn key(node: Node, entries: &[(Key, Node)], problems: &Problems) -> Option<Key> {
    let Shape::Scalar(text) = node.kind else {
        problems.add(Problem::new(node.span, "a key must be a single word", "this is a list or a mapping"));
        return None;
    };
    let key = Key { name: text.text, span: node.span };
    let Some((first, _)) = entries.iter().find(|(earlier, _)| earlier.name == key.name) else {
        return Some(key);
    };
    let problem = Problem::new(key.span, format!("`{}` is written twice", key.name), "again here")
        .also(first.span.clone(), "first here")
        .help("keep one of the two");
    problems.add(problem);
    None
}

/// Converts the parser's character positions to the byte positions that `miette` needs.
struct Offsets(Vec<usize>);

impl Offsets {
    fn new(source: &str) -> Self {
        let ends = std::iter::once(source.len());
        Self(source.char_indices().map(|(at, _)| at).chain(ends).collect())
    }

    fn byte(&self, character: usize) -> usize {
        let last = self.0.len() - 1;
        self.0[character.min(last)]
    }

    fn range(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }
}
