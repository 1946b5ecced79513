//! The picture in Mermaid's language.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::cards::{Card, Cards};

/// The width keeps each row of a card on one line.
const HEAD: &str = "%%{init: {\"flowchart\": {\"wrappingWidth\": 400}}}%%\ngraph LR\n";

/// Words that Mermaid does not accept as the name of a node.
const RESERVED: [&str; 8] =
    ["end", "graph", "subgraph", "flowchart", "style", "class", "classDef", "default"];

pub(super) fn draw(cards: &Cards<'_>) -> String {
    let mut text = HEAD.to_owned();
    let mut names = Names::default();
    let ids: Vec<String> = cards.cards.iter().map(|card| names.of(card.address())).collect();
    flow(&mut text, cards, &ids, &mut names);
    let mut lanes = Vec::new();
    for (concern, indices) in cards.concerns() {
        let lane = names.of(concern);
        let _ = writeln!(text, "  subgraph {lane}[\"{}\"]", escaped(concern));
        lanes.push(lane);
        for index in indices {
            let card = &cards.cards[index];
            let class = card.fate().map(|fate| format!(":::{}", fate.paint().word)).unwrap_or_default();
            let _ = writeln!(text, "    {}[\"{}\"]{class}", ids[index], label(card));
        }
        text.push_str("  end\n");
    }
    for (needing, needed) in cards.pairs() {
        let _ = writeln!(text, "  {} -.-> {}", ids[needing], ids[needed]);
    }
    legend(&mut text, cards, &mut names);
    colours(&mut text, cards, &lanes);
    text
}

/// The rows of a card. A sign is in bold: Mermaid reads a plain one at the start of a line as a list.
fn label(card: &Card<'_>) -> String {
    let row = |row: &super::cards::Row<'_>| {
        let sign = row.fate.map(|fate| format!("<b>{}</b> ", fate.paint().sign)).unwrap_or_default();
        let name = escaped(&row.name);
        let name = if row.part { format!("<i>{name}</i>") } else { format!("<b>{name}</b>") };
        format!("{sign}{name} {}", escaped(&row.kind))
    };
    card.rows.iter().map(row).collect::<Vec<_>>().join("<br/>")
}

/// The flow of a video. It comes first: Mermaid turns round the arrows that would lead back along it.
fn flow(text: &mut String, cards: &Cards<'_>, ids: &[String], names: &mut Names) {
    if let Some(entry) = cards.entry {
        let _ = writeln!(text, "  {}([upload]):::outside ==> {}", names.of("upload"), ids[entry]);
    }
    for hop in &cards.hops {
        let _ = writeln!(text, "  {} == {} ==> {}", ids[hop.from], hop.label, ids[hop.to]);
    }
    if let Some(exit) = cards.exit {
        let _ = writeln!(text, "  {} ==> {}([viewers]):::outside", ids[exit], names.of("viewers"));
    }
}

fn legend(text: &mut String, cards: &Cards<'_>, names: &mut Names) {
    let lines: Vec<String> = cards.legend().iter().map(|line| escaped(line)).collect();
    if !lines.is_empty() {
        let _ = writeln!(text, "  {}[\"{}\"]:::legend", names.of("legend"), lines.join("<br/>"));
    }
}

/// The colours, readable on a light and on a dark page.
fn colours(text: &mut String, cards: &Cards<'_>, lanes: &[String]) {
    text.push_str("  classDef default fill:#ffffff,stroke:#8c959f,color:#1f2328,text-align:left\n");
    text.push_str("  classDef lane fill:none,stroke:#8c959f\n");
    text.push_str("  classDef legend fill:none,stroke:none,color:#59636e,text-align:left\n");
    let _ = writeln!(text, "  class {} lane", lanes.join(","));
    for fate in cards.fates() {
        let paint = fate.paint();
        let (word, fill, border) = (paint.word, paint.fill, paint.border);
        let _ = writeln!(text, "  classDef {word} fill:{fill},stroke:{border},color:#1f2328,text-align:left");
    }
    let thick = cards.hops.len() + usize::from(cards.entry.is_some()) + usize::from(cards.exit.is_some());
    if thick > 0 {
        text.push_str("  classDef outside fill:#0969da,stroke:#0969da,color:#ffffff\n");
        let links: Vec<String> = (0..thick).map(|link| link.to_string()).collect();
        let _ = writeln!(text, "  linkStyle {} stroke:#0969da,stroke-width:3px", links.join(","));
    }
}

/// A text in a label. Characters that Mermaid, HTML or Markdown could act on are written as their codes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_alphanumeric() || " -_/.,:;()~±−".contains(letter) {
            escaped.push(letter);
        } else {
            let _ = write!(escaped, "#{};", u32::from(letter));
        }
    }
    escaped
}

/// The names of nodes. No name is used twice.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    /// A name for an address, in the letters that Mermaid accepts.
    fn of(&mut self, address: &str) -> String {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
        let mut name: String = address.chars().map(plain).collect();
        while RESERVED.contains(&name.as_str()) || !self.0.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}
