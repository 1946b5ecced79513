//! The dependency graph of a stack as a picture, marked with what a plan does.
//!
//! [`Picture`] holds the graph. `cards` decides what is shown: resources with their parts, grouped by concern, and only
//! the needs that others do not imply. `flow` holds the flow of a video. Mermaid, DOT and SVG draw the same cards.

mod cards;
mod dot;
mod flow;
mod grid;
mod mermaid;
mod reduce;
mod svg;
#[cfg(test)]
mod tests;
mod tracks;

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Graph;
use crate::review::{Action, Review};

/// A graph of resources, ready to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The resources by address.
    pub nodes: BTreeMap<String, Node>,
    /// Pairs of addresses: the first needs the second.
    pub needs: BTreeSet<(String, String)>,
}

/// One resource in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its type, such as `S3 Bucket`.
    pub kind: String,
    /// What a plan does to it, if anything.
    pub fate: Option<NodeFate>,
}

/// What a plan does to a resource, the heaviest first. A card has the colour of its heaviest fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeFate {
    /// The plan deletes it.
    Delete,
    /// The plan deletes it and creates it again.
    Replace,
    /// The plan changes it in place.
    Change,
    /// The plan creates it.
    Create,
    /// It is no longer declared, and stays because it holds data.
    Keep,
}

/// The sign and the colours of a fate. Colour alone never carries a meaning.
struct Paint {
    /// The sign before the name, as in plans.
    sign: &'static str,
    /// The word in the legend, which is also the class in Mermaid.
    word: &'static str,
    /// The background.
    fill: &'static str,
    /// The border and the sign.
    border: &'static str,
}

impl NodeFate {
    const ALL: [Self; 5] = [Self::Create, Self::Change, Self::Replace, Self::Delete, Self::Keep];

    const fn paint(self) -> Paint {
        let (sign, word, fill, border) = match self {
            Self::Create => ("+", "create", "#dafbe1", "#1a7f37"),
            Self::Change => ("~", "change", "#fff8c5", "#9a6700"),
            Self::Replace => ("±", "replace", "#ffd8b5", "#bc4c00"),
            Self::Delete => ("−", "delete", "#ffebe9", "#cf222e"),
            Self::Keep => ("=", "keep", "#eaeef2", "#59636e"),
        };
        Paint { sign, word, fill, border }
    }
}

impl From<Action> for NodeFate {
    fn from(action: Action) -> Self {
        match action {
            Action::Create => Self::Create,
            Action::Update => Self::Change,
            Action::Replace => Self::Replace,
            Action::Delete => Self::Delete,
        }
    }
}

impl Picture {
    /// A whole stack as it is declared.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        let mut picture = Self::default();
        for declaration in graph.in_order() {
            let address = declaration.address.to_string();
            let needs = graph.needs(&declaration.address);
            picture.needs.extend(needs.map(|needed| (address.clone(), needed.to_string())));
            picture.nodes.insert(address, Node { kind: declaration.kind.short(), fate: None });
        }
        picture
    }

    /// The part of a stack that a plan changes.
    #[must_use]
    pub fn changed(review: &Review) -> Self {
        Self::default().painted(review)
    }

    /// Marks what a plan does. Adds the resources that are no longer declared.
    #[must_use]
    pub fn painted(mut self, review: &Review) -> Self {
        let changes = review
            .changes
            .iter()
            .map(|change| (&change.address, change.type_name(), NodeFate::from(change.action)));
        let kept = review.kept.iter().map(|kept| (&kept.address, kept.type_name(), NodeFate::Keep));
        for (address, kind, fate) in changes.chain(kept) {
            self.nodes.entry(address.clone()).or_insert(Node { kind, fate: None }).fate = Some(fate);
        }
        for change in &review.changes {
            let needed = change.needs.iter().filter(|needed| self.nodes.contains_key(*needed));
            self.needs.extend(needed.map(|needed| (change.address.clone(), needed.clone())));
        }
        self
    }

    /// The picture in Mermaid's language, which GitHub draws.
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid::draw(&cards::Cards::of(self))
    }

    /// The picture in Graphviz's language.
    #[must_use]
    pub fn dot(&self) -> String {
        dot::draw(&cards::Cards::of(self))
    }

    /// The picture as SVG, laid out here.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::draw(&cards::Cards::of(self))
    }
}
