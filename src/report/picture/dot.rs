//! The picture in Graphviz's language.

use std::fmt::Write as _;

use super::cards::{Card, Cards, Row};
use super::grid::Grid;

const HEAD: &str = r##"digraph stack {
  rankdir=LR; newrank=true; pad=0.3; nodesep=0.25; ranksep=0.9; fontname="Helvetica"; fontcolor="#59636e";
  node [shape=plain, fontname="Helvetica", fontsize=11, fontcolor="#1f2328"];
  edge [fontname="Helvetica", fontsize=9, color="#8c959f", arrowsize=0.6, constraint=false];
"##;

/// The style of the flow of a video.
const FLOW: &str = r##"color="#0969da", fontcolor="#0969da", penwidth=2.5"##;

pub(super) fn draw(cards: &Cards<'_>) -> String {
    let mut text = HEAD.to_owned();
    for (number, (concern, indices)) in cards.concerns().into_iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{number} {{");
        let _ = writeln!(text, "    label={}; color=\"#d0d7de\"; labeljust=l;", quoted(concern));
        for index in indices {
            let card = &cards.cards[index];
            let _ = writeln!(text, "    {} [label=<{}>];", quoted(card.address()), table(card));
        }
        text.push_str("  }\n");
    }
    columns(&mut text, cards);
    let id = |index: usize| quoted(cards.cards[index].address());
    for hop in &cards.hops {
        let _ = writeln!(text, "  {} -> {} [{FLOW}, xlabel=\"{}\"];", id(hop.from), id(hop.to), hop.label);
    }
    for (needing, needed) in cards.pairs() {
        let _ = writeln!(text, "  {} -> {} [style=dashed];", id(needing), id(needed));
    }
    ends(&mut text, cards);
    let _ = writeln!(text, "  label=\"{}\";", cards.legend().join("     "));
    text.push_str("}\n");
    text
}

/// Where uploads and viewers come in.
fn ends(text: &mut String, cards: &Cards<'_>) {
    let end = r##"shape=box, style="rounded,filled", fillcolor="#0969da", fontcolor="white""##;
    let id = |card: usize| quoted(cards.cards[card].address());
    if let Some(entry) = cards.entry {
        let _ = writeln!(text, "  upload [{end}];\n  upload -> {} [{FLOW}, constraint=true];", id(entry));
    }
    if let Some(exit) = cards.exit {
        let _ = writeln!(text, "  viewers [{end}];\n  {} -> viewers [{FLOW}, constraint=true];", id(exit));
    }
}

/// Holds every card in its column, by an invisible chain with one link for each column.
fn columns(text: &mut String, cards: &Cards<'_>) {
    let grid = Grid::of(cards);
    let chain: Vec<String> = (0..grid.columns).map(|column| format!("\"column {column}\"")).collect();
    let chain_style = "style=invis, shape=point";
    for link in &chain {
        let _ = writeln!(text, "  {link} [{chain_style}];");
    }
    for pair in chain.windows(2) {
        let _ = writeln!(text, "  {} [style=invis, constraint=true];", pair.join(" -> "));
    }
    for (column, link) in chain.iter().enumerate() {
        let its = grid.cells.iter().zip(&cards.cards).filter(|(cell, _)| cell.column == column);
        let its: Vec<String> = its.map(|(_, card)| quoted(card.address())).collect();
        let _ = writeln!(text, "  {{ rank=same; {link}; {}; }}", its.join("; "));
    }
}

fn table(card: &Card<'_>) -> String {
    let border = card.fate().map_or("#8c959f", |fate| fate.paint().border);
    let rows: String = card.rows.iter().map(row).collect();
    format!(
        "<table border=\"1\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"3\" color=\"{border}\" \
         bgcolor=\"white\" style=\"rounded\">{rows}</table>"
    )
}

fn row(row: &Row<'_>) -> String {
    let (sign, fill) = row.fate.map_or(("", String::new()), |fate| {
        let paint = fate.paint();
        (paint.sign, format!(" bgcolor=\"{}\"", paint.fill))
    });
    let name = html(&row.name);
    let name = if row.part { format!("   {name}") } else { format!("<b>{name}</b>") };
    let sign = if sign.is_empty() { String::new() } else { format!("<b>{sign}</b> ") };
    format!(
        "<tr><td align=\"left\"{fill}>{sign}{name}</td><td align=\"right\"{fill}>\
         <font color=\"#59636e\" point-size=\"9\">{}</font></td></tr>",
        html(&row.kind)
    )
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text in an HTML-like label, or in XML.
pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
