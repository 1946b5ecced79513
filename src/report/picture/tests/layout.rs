//! The layout: cards and frames do not overlap, and lines keep clear of cards and of each other.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::cards::Cards;
use super::super::flow::STATIONS;
use super::super::grid::Grid;
use super::super::svg::frame;
use super::super::tracks::{self, Plane, Point, Rect};
use super::{Node, NodeFate, Picture, elements, stacks};

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
    let frames: Vec<Rect> = cards.concerns().iter().map(|(_, its)| frame(its, &plane)).collect();
    for (index, one) in frames.iter().enumerate() {
        for other in &frames[index + 1..] {
            prop_assert!(!overlap(*one, *other), "{:?} and {:?} overlap", one, other);
        }
    }
    // The first and the last piece of a line lead across a gutter. All others run on a track.
    let mut on_tracks: Vec<(usize, Rect)> = Vec::new();
    for (number, lines) in plane.lines.values().enumerate() {
        for line in lines {
            for (place, ends) in line.windows(2).enumerate() {
                let piece = piece(ends[0], ends[1]);
                let crossed = plane.cards.iter().find(|card| overlap(**card, piece));
                prop_assert!(crossed.is_none(), "{:?} crosses {:?}", piece, crossed);
                if place > 0 && place + 2 < line.len() {
                    on_tracks.push((number, piece));
                }
            }
        }
    }
    for (index, (number, one)) in on_tracks.iter().enumerate() {
        for (_, other) in on_tracks[index + 1..].iter().filter(|(other, _)| other != number) {
            prop_assert!(!along(*one, *other), "{:?} runs along {:?}", one, other);
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
