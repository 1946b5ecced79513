//! Pictures of small stacks, of the stacks in `stacks/`, and of whatever else an account may hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;

use super::cards::Cards;
use super::flow::{self, STATIONS, STEPS};
use super::grid::Grid;
use super::tracks::{self, Plane, Point, Rect};
use super::{Node, NodeFate, Picture};
use crate::graph::Graph;
use crate::stack;
use crate::stack::config;
use crate::stack::domain::Zone;
use crate::stack::handlers::Code;

fn picture(nodes: &[(&str, &str, Option<NodeFate>)], needs: &[(&str, &str)]) -> Picture {
    let node = |(address, kind, fate): &(&str, &str, Option<NodeFate>)| {
        ((*address).to_owned(), Node { kind: (*kind).to_owned(), fate: *fate })
    };
    let pair = |(needing, needed): &(&str, &str)| ((*needing).to_owned(), (*needed).to_owned());
    Picture { nodes: nodes.iter().map(node).collect(), needs: needs.iter().map(pair).collect() }
}

/// Half a stack: uploads start jobs. The rule's need for the role is implied, and so is the function's for the log group.
fn uploads() -> Picture {
    picture(
        &[
            ("handlers/submit", "Lambda Function", Some(NodeFate::Change)),
            ("handlers/submit/logs", "Logs LogGroup", None),
            ("handlers/submit/role", "IAM Role", Some(NodeFate::Create)),
            ("handlers/upload-rule", "Events Rule", None),
            ("storage/logs", "S3 Bucket", None),
            ("storage/source", "S3 Bucket", None),
            ("storage/source/policy", "S3 BucketPolicy", Some(NodeFate::Replace)),
            ("transcode/queue", "MediaConvert Queue", None),
            ("transcode/template", "MediaConvert JobTemplate", Some(NodeFate::Delete)),
        ],
        &[
            ("handlers/submit", "handlers/submit/logs"),
            ("handlers/submit", "handlers/submit/role"),
            ("handlers/submit", "transcode/queue"),
            ("handlers/submit/role", "handlers/submit/logs"),
            ("handlers/submit/role", "storage/source"),
            ("handlers/submit/role", "transcode/queue"),
            ("handlers/upload-rule", "handlers/submit"),
            ("handlers/upload-rule", "handlers/submit/role"),
            ("handlers/upload-rule", "storage/source"),
            ("storage/source", "storage/logs"),
            ("storage/source/policy", "storage/source"),
        ],
    )
}

/// A stack of the repository as it is declared.
fn declared(file: &str) -> Picture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks").join(file);
    let file = config::load(&path).unwrap();
    let zone = file.domain.as_ref().map(|_| Zone { id: "Z1".into() });
    Picture::of(&Graph::new(stack::declare(&file, &Code::default(), zone.as_ref())).unwrap())
}

#[test]
fn it_is_drawn_in_mermaids_language() {
    insta::assert_snapshot!(uploads().mermaid(), @"");
}

#[test]
fn it_is_drawn_in_graphvizs_language() {
    insta::assert_snapshot!(uploads().dot(), @"");
}

/// The pictures of a stack that an account may lead to: as declared, and with much done to it.
fn stacks() -> impl Iterator<Item = Picture> {
    ["local.yaml", "staging.yaml", "production.yaml"].into_iter().flat_map(|file| {
        let plain = declared(file);
        let mut painted = plain.clone();
        for (node, fate) in painted.nodes.values_mut().zip(NodeFate::ALL.into_iter().cycle()) {
            node.fate = Some(fate);
        }
        painted.nodes.insert("elsewhere/old".into(), Node { kind: "SNS Topic".into(), fate: None });
        [plain, painted]
    })
}

#[test]
fn the_flow_leads_through_resources_that_the_stack_declares() {
    let production = declared("production.yaml");
    for station in &STATIONS {
        assert!(production.nodes.contains_key(station.address), "{} is not declared", station.address);
    }
    for (from, to, _) in STEPS {
        let column = |address| flow::at(address).map(|station| station.column).unwrap();
        assert!(column(from) <= column(to), "{from} to {to} leads to the left");
    }
    let cards = Cards::of(&production);
    let exit = &cards.cards[cards.exit.unwrap()];
    assert_eq!(cards.cards[cards.entry.unwrap()].address(), "storage/source");
    assert_eq!(
        exit.rows.iter().map(|row| &*row.address).collect::<Vec<_>>(),
        STATIONS[9..].iter().map(|it| it.address).collect::<Vec<_>>()
    );
    let local = declared("local.yaml");
    let cards = Cards::of(&local);
    assert_eq!(cards.cards[cards.exit.unwrap()].address(), "delivery/distribution");
}

#[test]
fn every_concern_of_the_stacks_has_a_lane() {
    for address in declared("production.yaml").nodes.keys() {
        assert!(flow::knows(address.split('/').next().unwrap()), "{address} is in no lane");
    }
}

/// The texts of all elements of a kind, read as XML.
fn elements(svg: &str, name: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(svg);
    let (mut found, mut inside) = (Vec::new(), false);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) if tag.name().as_ref() == name.as_bytes() => {
                inside = true;
                found.push(String::new());
            }
            Event::End(_) => inside = false,
            Event::Text(text) if inside => found.last_mut().unwrap().push_str(&text.decode().unwrap()),
            Event::GeneralRef(reference) if inside => {
                let name = reference.decode().unwrap();
                found.last_mut().unwrap().push_str(quick_xml::escape::resolve_xml_entity(&name).unwrap());
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn every_resource_is_drawn_once_in_every_format() {
    for picture in stacks() {
        let cards = Cards::of(&picture);
        let rows = || cards.cards.iter().flat_map(|card| &card.rows);
        let addresses: Vec<&str> = rows().map(|row| &*row.address).collect();
        let once: BTreeSet<&str> = addresses.iter().copied().collect();
        assert_eq!(addresses.len(), once.len());
        assert_eq!(once, picture.nodes.keys().map(String::as_str).collect());

        let titles = elements(&picture.svg(), "title");
        let (mermaid, dot) = (picture.mermaid(), picture.dot());
        for row in rows() {
            let title = format!("{} {}", row.address, row.kind);
            assert_eq!(titles.iter().filter(|it| **it == title).count(), 1, "{title}");
        }
        for card in &cards.cards {
            let shown = |text: &str, lead: &str| {
                let address = format!("{lead}{}", card.address());
                text.lines().filter(|line| line.contains(&address)).count()
            };
            assert_eq!(shown(&dot, "    \""), 1, "{}", card.address());
        }
        let drawn = |text: &str, mark: &str| text.matches(mark).count();
        assert_eq!(drawn(&dot, "<tr>"), picture.nodes.len());
        let labels = mermaid.lines().filter(|line| line.starts_with("    ")).collect::<Vec<_>>();
        assert_eq!(labels.len(), cards.cards.len());
        assert_eq!(
            labels.iter().map(|label| drawn(label, "<br/>") + 1).sum::<usize>(),
            picture.nodes.len(),
            "{mermaid}"
        );
    }
}

#[test]
fn a_card_is_painted_like_the_heaviest_in_it() {
    let picture = uploads();
    let cards = Cards::of(&picture);
    let fate = |address: &str| cards.cards.iter().find(|card| card.address() == address).unwrap().fate();
    assert_eq!(fate("storage/source"), Some(NodeFate::Replace));
    assert_eq!(fate("handlers/submit"), Some(NodeFate::Change));
    assert_eq!(fate("handlers/upload-rule"), None);
}

const HOSTILE: [&str; 6] = [
    "alerts/\"]; evil[\"x",
    "alerts/<script>alert(1)</script>",
    "end/`a`\\\" #quot; &lt;",
    "alerts/a\nb\u{202e}c",
    "no-slash",
    "alerts//",
];

#[test]
fn what_an_account_says_is_text_in_every_format() {
    let nodes: Vec<_> =
        HOSTILE.iter().map(|address| (*address, "SNS Topic", Some(NodeFate::Delete))).collect();
    let picture = picture(&nodes, &[(HOSTILE[0], HOSTILE[1])]);
    let titles = elements(&picture.svg(), "title");
    for address in HOSTILE {
        let title = format!("{} SNS Topic", crate::report::plain(address));
        assert_eq!(titles.iter().filter(|it| **it == title).count(), 1, "{title} in {titles:?}");
    }
    insta::assert_snapshot!(picture.mermaid(), @"");
    insta::assert_snapshot!(picture.dot(), @"");
}

fn overlap(one: Rect, other: Rect) -> bool {
    one.x < other.x + other.width
        && other.x < one.x + one.width
        && one.y < other.y + other.height
        && other.y < one.y + one.height
}

/// A piece of a line as a rectangle without an area.
fn piece(from: Point, to: Point) -> Rect {
    Rect {
        x: from.0.min(to.0),
        y: from.1.min(to.1),
        width: (from.0 - to.0).abs(),
        height: (from.1 - to.1).abs(),
    }
}

/// Whether two pieces run along each other, and do not only cross.
fn along(one: Rect, other: Rect) -> bool {
    let upright = |it: Rect| it.width < 0.1 && it.height > 0.1;
    let flat = |it: Rect| it.height < 0.1 && it.width > 0.1;
    let shared = |start: f64, length: f64, other_start: f64, other_length: f64| {
        (start + length).min(other_start + other_length) - start.max(other_start) > 0.1
    };
    (upright(one)
        && upright(other)
        && (one.x - other.x).abs() < 0.1
        && shared(one.y, one.height, other.y, other.height))
        || (flat(one)
            && flat(other)
            && (one.y - other.y).abs() < 0.1
            && shared(one.x, one.width, other.x, other.width))
}

fn plane(cards: &Cards<'_>) -> Plane {
    tracks::lay(cards, &Grid::of(cards), &vec![120.0; cards.cards.len()])
}

fn check(picture: &Picture) -> Result<(), TestCaseError> {
    let cards = Cards::of(picture);
    let plane = plane(&cards);
    for (index, one) in plane.cards.iter().enumerate() {
        prop_assert!(one.x + one.width <= plane.width + 0.1 && one.y + one.height <= plane.height + 0.1);
        for other in &plane.cards[index + 1..] {
            prop_assert!(!overlap(*one, *other), "{:?} and {:?} overlap", one, other);
        }
    }
    let lines = plane.lines.values().map(Vec::len).sum::<usize>();
    prop_assert_eq!(lines, cards.needs.len());
    let mut pieces: Vec<(usize, Rect)> = Vec::new();
    for (number, line) in plane
        .lines
        .values()
        .enumerate()
        .flat_map(|(number, lines)| lines.iter().map(move |line| (number, line)))
    {
        for ends in line.windows(2) {
            let piece = piece(ends[0], ends[1]);
            let crossed = plane.cards.iter().find(|card| overlap(**card, piece));
            prop_assert!(crossed.is_none(), "{:?} crosses {:?}", piece, crossed);
            pieces.push((number, piece));
        }
    }
    for (index, (number, one)) in pieces.iter().enumerate() {
        // Lines meet cards at heights of their own; between cards of different columns these may be the same.
        for (_, other) in pieces[index + 1..].iter().filter(|(other, _)| other != number) {
            let tracks = one.height > 0.1 && other.height > 0.1;
            prop_assert!(!tracks || !along(*one, *other), "{:?} runs along {:?}", one, other);
        }
    }
    Ok(())
}

#[test]
fn no_line_of_the_stacks_crosses_a_card_or_runs_along_another() {
    for picture in stacks() {
        check(&picture).unwrap();
    }
}

/// Addresses of stations, of other resources in known and unknown concerns, and of parts of them.
fn addresses() -> Vec<String> {
    let stations = STATIONS.iter().map(|station| station.address.to_owned());
    let concerns = ["library", "transcode", "handlers", "storage", "alerts", "delivery", "x", "y"];
    let others = concerns.iter().flat_map(|concern| (0..3).map(move |n| format!("{concern}/r{n}")));
    let wholes: Vec<String> = stations.chain(others).collect();
    let parts = wholes.iter().map(|whole| format!("{whole}/policy"));
    wholes.iter().cloned().chain(parts).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_drawn_has_its_place(
        chosen in proptest::collection::btree_set(0usize..70, 1..40),
        needs in proptest::collection::vec((0usize..40, 0usize..40), 0..60),
        fates in proptest::collection::vec(0usize..6, 40),
    ) {
        let all = addresses();
        let mut chosen: Vec<&String> = chosen.iter().map(|index| &all[index % all.len()]).collect();
        chosen.dedup();
        let fate = |index: usize| NodeFate::ALL.get(fates[index]).copied();
        let nodes: BTreeMap<String, Node> = chosen.iter().enumerate()
            .map(|(index, address)| ((*address).clone(), Node { kind: "S3 Bucket".into(), fate: fate(index) }))
            .collect();
        let needs = needs.iter().filter(|(from, to)| from > to && *from < chosen.len());
        let needs = needs.map(|(from, to)| (chosen[*from].clone(), chosen[*to].clone())).collect();
        let picture = Picture { nodes, needs };
        check(&picture)?;
        let titles = elements(&picture.svg(), "title");
        for address in picture.nodes.keys() {
            prop_assert_eq!(titles.iter().filter(|it| it.split(' ').next() == Some(address)).count(), 1);
        }
    }
}
