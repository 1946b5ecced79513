//! A stack as a picture: what rests on what, and what a plan does to it.
//!
//! Arrows lead from what is needed to what needs it: the order in which things are made.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use layout::backends::svg::SVGWriter;
use layout::gv::{DotParser, GraphBuilder};

use crate::graph::Graph;
use crate::review::{Action, Review};

/// A graph of resources, ready to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The resources by address.
    pub nodes: BTreeMap<String, Node>,
    /// From what is needed to what needs it.
    pub edges: BTreeSet<(String, String)>,
}

/// One resource in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its type, such as `S3 Bucket`.
    pub kind: String,
    /// What a plan does to it, if anything.
    pub action: Option<Action>,
}

/// How actions are painted: fill and border, readable in light and dark.
const PAINT: [(Action, &str, &str, &str); 4] = [
    (Action::Create, "create", "#dafbe1", "#1a7f37"),
    (Action::Update, "update", "#fff8c5", "#9a6700"),
    (Action::Replace, "replace", "#ffd8b5", "#bc4c00"),
    (Action::Delete, "delete", "#ffebe9", "#cf222e"),
];

impl Picture {
    /// A whole stack as it is declared.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        let mut picture = Self::default();
        for declaration in graph.in_order() {
            let address = declaration.address.to_string();
            let needs = graph.needs(&declaration.address);
            picture.edges.extend(needs.map(|needed| (needed.to_string(), address.clone())));
            let kind = declaration.kind.short().to_owned();
            picture.nodes.insert(address, Node { kind, action: None });
        }
        picture
    }

    /// The part of a stack that a plan changes.
    #[must_use]
    pub fn changed(review: &Review) -> Self {
        let node = |kind, action| Node { kind, action: Some(action) };
        let nodes: BTreeMap<String, Node> = review
            .changes
            .iter()
            .map(|change| (change.address.clone(), node(change.type_name(), change.action)))
            .collect();
        let needs = review
            .changes
            .iter()
            .flat_map(|change| change.needs.iter().map(|needed| (needed.clone(), change.address.clone())));
        let edges = needs.filter(|(needed, _)| nodes.contains_key(needed)).collect();
        Self { nodes, edges }
    }

    /// Paints what a plan does; what it removes is added.
    #[must_use]
    pub fn painted(mut self, review: &Review) -> Self {
        for change in &review.changes {
            let kind = change.type_name();
            let node = self.nodes.entry(change.address.clone()).or_insert(Node { kind, action: None });
            node.action = Some(change.action);
        }
        self
    }

    /// The picture in Mermaid's language, which GitHub draws.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut text = "graph LR\n".to_owned();
        for (concern, nodes) in self.by_concern() {
            let _ = writeln!(text, "  subgraph {concern}");
            for (address, node) in nodes {
                let class = node.action.map(|action| format!(":::{}", class(action))).unwrap_or_default();
                let _ = writeln!(text, "    {}[\"{address}<br/>{}\"]{class}", identifier(address), node.kind);
            }
            text.push_str("  end\n");
        }
        for (needed, needing) in &self.edges {
            let _ = writeln!(text, "  {} --> {}", identifier(needed), identifier(needing));
        }
        let used: BTreeSet<Action> = self.nodes.values().filter_map(|node| node.action).collect();
        for (_, class, fill, border) in PAINT.iter().filter(|(action, ..)| used.contains(action)) {
            let _ = writeln!(text, "  classDef {class} fill:{fill},stroke:{border},color:#1f2328");
        }
        text
    }

    /// The picture in Graphviz's language.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut text =
            "digraph stack {\n  rankdir=LR;\n  node [shape=box, style=filled, fillcolor=\"#f6f8fa\"];\n"
                .to_owned();
        for (address, node) in &self.nodes {
            let painted = node.action.and_then(|action| PAINT.iter().find(|(of, ..)| *of == action));
            let paint =
                painted.map(|(_, _, fill, border)| format!(", fillcolor=\"{fill}\", color=\"{border}\""));
            let _ = writeln!(
                text,
                "  \"{address}\" [label=\"{address}\\n{}\"{}];",
                node.kind,
                paint.unwrap_or_default()
            );
        }
        for (needed, needing) in &self.edges {
            let _ = writeln!(text, "  \"{needed}\" -> \"{needing}\";");
        }
        text.push_str("}\n");
        text
    }

    /// The picture as SVG, laid out here.
    ///
    /// # Panics
    /// Never: what [`Self::dot`] writes is Graphviz's language.
    #[must_use]
    pub fn svg(&self) -> String {
        let dot = self.dot();
        let graph = DotParser::new(&dot).process().expect("what was just written is Graphviz's language");
        let mut builder = GraphBuilder::new();
        builder.visit_graph(&graph);
        let mut svg = SVGWriter::new();
        builder.get().do_it(false, false, false, &mut svg);
        svg.finalize()
    }

    fn by_concern(&self) -> BTreeMap<&str, Vec<(&String, &Node)>> {
        let mut groups: BTreeMap<&str, Vec<(&String, &Node)>> = BTreeMap::new();
        for (address, node) in &self.nodes {
            let concern = address.split('/').next().unwrap_or_default();
            groups.entry(concern).or_default().push((address, node));
        }
        groups
    }
}

fn class(action: Action) -> &'static str {
    PAINT.iter().find(|(of, ..)| *of == action).map_or("", |(_, class, ..)| class)
}

/// An address as a word that Mermaid takes for a node's name.
fn identifier(address: &str) -> String {
    address.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Picture {
        let node = |kind: &str, action| Node { kind: kind.into(), action };
        Picture {
            nodes: BTreeMap::from([
                ("storage/source".into(), node("S3::Bucket", None)),
                ("storage/source/policy".into(), node("S3::BucketPolicy", Some(Action::Update))),
            ]),
            edges: BTreeSet::from([("storage/source".into(), "storage/source/policy".into())]),
        }
    }

    #[test]
    fn it_is_drawn_in_both_languages() {
        insta::assert_snapshot!(picture().mermaid(), @r#"
        graph LR
          subgraph storage
            storage_source["storage/source<br/>S3::Bucket"]
            storage_source_policy["storage/source/policy<br/>S3::BucketPolicy"]:::update
          end
          storage_source --> storage_source_policy
          classDef update fill:#fff8c5,stroke:#9a6700,color:#1f2328
        "#);
        insta::assert_snapshot!(picture().dot(), @r##"
        digraph stack {
          rankdir=LR;
          node [shape=box, style=filled, fillcolor="#f6f8fa"];
          "storage/source" [label="storage/source\nS3::Bucket"];
          "storage/source/policy" [label="storage/source/policy\nS3::BucketPolicy", fillcolor="#fff8c5", color="#9a6700"];
          "storage/source" -> "storage/source/policy";
        }
        "##);
        let svg = picture().svg();
        assert!(svg.contains("storage/source/policy") && svg.trim_end().ends_with("</svg>"), "{svg}");
    }
}
