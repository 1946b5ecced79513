//! The content of a picture: cards, the flow of a video, and needs. The formats draw this and decide nothing else.
//!
//! * A card is a resource with its parts: `handlers/submit`, its role, its log group.
//! * Resources with the same connections share a card: all settings of the distribution, both alias records.
//! * A need that others imply is left out. So is a need between two cards that the flow of a video joins.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::flow::{self, Station};
use super::reduce::reduced;
use super::{Node, NodeFate, Picture};
use crate::model::printable::plain;

/// What the two kinds of arrows mean.
pub(super) const FLOW_MEANS: &str = "the flow of a video";
pub(super) const NEEDS_MEANS: &str = "needs (points to what is created first); implied needs are left out";

/// The content of a picture. Cards are identified by their index.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Cards<'a> {
    /// The cards, by concern.
    pub(super) cards: Vec<Card<'a>>,
    /// The flow of a video.
    pub(super) hops: Vec<Hop>,
    /// The needs between different cards.
    pub(super) needs: BTreeSet<Need>,
    /// The card that uploads reach first.
    pub(super) entry: Option<usize>,
    /// The card that viewers reach first.
    pub(super) exit: Option<usize>,
}

/// Resources that are drawn in one box.
#[derive(Debug, PartialEq)]
pub(super) struct Card<'a> {
    /// The first segment of their addresses.
    pub(super) concern: Cow<'a, str>,
    /// The place in the flow of a video, if they are on it.
    pub(super) station: Option<&'static Station>,
    /// The resources, each with its parts after it. There is at least one.
    pub(super) rows: Vec<Row<'a>>,
}

/// One resource in a card.
#[derive(Debug, PartialEq)]
pub(super) struct Row<'a> {
    /// Its address.
    pub(super) address: Cow<'a, str>,
    /// Its address without the concern, and for a part without the address of the whole.
    pub(super) name: Cow<'a, str>,
    /// Its type, such as `S3 Bucket`. A part leaves out the service if the whole has the same.
    pub(super) kind: Cow<'a, str>,
    /// True if it is a part of a row above.
    pub(super) part: bool,
    /// What a plan does to it.
    pub(super) fate: Option<NodeFate>,
}

/// A resource by its card and its row. In a shared card, the row is 0 for every resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) card: usize,
    pub(super) row: usize,
}

/// A need of one resource for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub(super) needing: Spot,
    pub(super) needed: Spot,
}

/// A step in the flow of a video, from card to card.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hop {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Its label.
    pub(super) label: &'static str,
}

impl Card<'_> {
    /// The address that identifies the card.
    pub(super) fn address(&self) -> &str {
        self.rows.first().map_or("", |row| &row.address)
    }

    /// True if several resources share the card.
    pub(super) fn is_shared(&self) -> bool {
        self.rows.iter().filter(|row| !row.part).count() > 1
    }

    /// The heaviest fate among its resources.
    pub(super) fn fate(&self) -> Option<NodeFate> {
        self.rows.iter().filter_map(|row| row.fate).min()
    }
}

impl<'a> Cards<'a> {
    /// The cards of a picture.
    pub(super) fn of(picture: &'a Picture) -> Self {
        let things = things(picture);
        let place: BTreeMap<&str, usize> =
            things.iter().enumerate().map(|(index, thing)| (thing.key, index)).collect();
        let thing = |address: &str| place.get(key(address)).copied();
        let known = |address: &&str| picture.nodes.contains_key(*address);
        let steps: Vec<_> = flow::STEPS.iter().filter(|(from, to, _)| known(from) && known(to)).collect();
        let joined = |one: &str, other: &str| {
            let (one, other) = (key(one), key(other));
            one == other
                || steps
                    .iter()
                    .any(|(from, to, _)| (*from, *to) == (one, other) || (*to, *from) == (one, other))
        };
        let needs = reduced(&picture.needs);
        let needs: Vec<_> = needs.into_iter().filter(|(needing, needed)| !joined(needing, needed)).collect();
        let pairs = needs.iter().filter_map(|(needing, needed)| Some((thing(needing)?, thing(needed)?)));
        let (cards, spots) = merged(&things, &pairs.collect());
        let spot = |address: &str| spots.get(address).copied();
        let card = |address: &str| spot(address).map(|spot| spot.card);
        let mut hops = Vec::new();
        for (from, to, label) in &steps {
            let hop = card(from).zip(card(to)).map(|(from, to)| Hop { from, to, label });
            hops.extend(hop.filter(|hop| !hops.contains(hop)));
        }
        let (mut entry, mut exit) = (None, None);
        if !hops.is_empty() {
            (entry, exit) = (card(flow::ENTRY), flow::EXITS.iter().find_map(|address| card(address)));
        }
        let needs = needs
            .iter()
            .filter_map(|(needing, needed)| Some(Need { needing: spot(needing)?, needed: spot(needed)? }));
        Self { needs: needs.collect(), cards, hops, entry, exit }
    }

    /// The concerns with the indices of their cards, in the order in which they are drawn.
    pub(super) fn concerns(&self) -> Vec<(&str, Vec<usize>)> {
        let mut concerns: Vec<(&str, Vec<usize>)> = Vec::new();
        for (index, card) in self.cards.iter().enumerate() {
            match concerns.last_mut() {
                Some((concern, cards)) if *concern == card.concern => cards.push(index),
                _ => concerns.push((&card.concern, vec![index])),
            }
        }
        concerns
    }

    /// The addresses at a spot.
    pub(super) fn named(&self, spot: Spot) -> String {
        let card = &self.cards[spot.card];
        let rows = if card.is_shared() {
            &card.rows[..]
        } else {
            card.rows.get(spot.row..=spot.row).unwrap_or_default()
        };
        let whole = rows.iter().filter(|row| !row.part || rows.len() == 1);
        whole.map(|row| &*row.address).collect::<Vec<_>>().join(", ")
    }

    /// The pairs of cards of which the first needs the second.
    pub(super) fn pairs(&self) -> BTreeSet<(usize, usize)> {
        self.needs.iter().map(|need| (need.needing.card, need.needed.card)).collect()
    }

    /// The legend as text, for formats that draw no samples.
    pub(super) fn legend(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.hops.is_empty() {
            lines.push(format!("thick arrow: {FLOW_MEANS}"));
        }
        if !self.needs.is_empty() {
            lines.push(format!("dashed arrow: {NEEDS_MEANS}"));
        }
        lines.extend(
            self.fates().into_iter().map(NodeFate::paint).map(|it| format!("{} {}", it.sign, it.word)),
        );
        lines
    }

    /// The fates in the picture, for the legend.
    pub(super) fn fates(&self) -> Vec<NodeFate> {
        let rows = || self.cards.iter().flat_map(|card| &card.rows);
        NodeFate::ALL.into_iter().filter(|fate| rows().any(|row| row.fate == Some(*fate))).collect()
    }
}

/// A resource and its parts.
struct Thing<'a> {
    key: &'a str,
    nodes: Vec<(&'a str, &'a Node)>,
}

/// The resources grouped with their parts, in the order in which they are drawn.
fn things(picture: &Picture) -> Vec<Thing<'_>> {
    let mut by_key: BTreeMap<&str, Vec<(&str, &Node)>> = BTreeMap::new();
    for (address, node) in &picture.nodes {
        by_key.entry(key(address)).or_default().push((address, node));
    }
    let mut things: Vec<Thing<'_>> = by_key.into_iter().map(|(key, nodes)| Thing { key, nodes }).collect();
    let station = |key: &str| flow::STATIONS.iter().position(|station| station.address == key);
    things.sort_by_key(|thing| {
        let concern = concern(thing.key);
        (flow::rank(concern), concern, station(thing.key).unwrap_or(usize::MAX), thing.key)
    });
    things
}

/// The address of the whole: the first two segments.
fn key(address: &str) -> &str {
    let end = address.match_indices('/').nth(1).map_or(address.len(), |(at, _)| at);
    &address[..end]
}

fn concern(address: &str) -> &str {
    address.split('/').next().unwrap_or_default()
}

/// Puts things with the same connections into one card. Also returns the spot of each address.
fn merged<'a>(
    things: &[Thing<'a>],
    needs: &BTreeSet<(usize, usize)>,
) -> (Vec<Card<'a>>, BTreeMap<&'a str, Spot>) {
    let mut cards: Vec<Card<'a>> = Vec::new();
    let mut connections = Vec::new();
    let mut card_of = Vec::new();
    for (index, thing) in things.iter().enumerate() {
        let needed: Vec<usize> = needs.iter().filter(|pair| pair.0 == index).map(|pair| pair.1).collect();
        let needing: Vec<usize> = needs.iter().filter(|pair| pair.1 == index).map(|pair| pair.0).collect();
        let station = flow::at(thing.key);
        let its = (concern(thing.key), station.map(|station| station.column), needed, needing);
        let card = connections.iter().position(|others| *others == its).unwrap_or_else(|| {
            connections.push(its);
            cards.push(Card { concern: plain(concern(thing.key)), station, rows: Vec::new() });
            cards.len() - 1
        });
        card_of.push((card, cards[card].rows.len()));
        cards[card].rows.extend(rows(thing));
    }
    let mut spots = BTreeMap::new();
    for (thing, (card, first)) in things.iter().zip(card_of) {
        for (row, (address, _)) in thing.nodes.iter().enumerate() {
            let row = if cards[card].is_shared() { 0 } else { first + row };
            spots.insert(*address, Spot { card, row });
        }
    }
    (cards, spots)
}

fn rows<'a>(thing: &Thing<'a>) -> Vec<Row<'a>> {
    let whole = thing.nodes.first().filter(|(address, _)| *address == thing.key).map(|(_, node)| *node);
    let service = |kind: &'a str| kind.split_once(' ').map(|(service, _)| service);
    let row = |&(address, node): &(&'a str, &'a Node)| {
        let part = whole.is_some() && address != thing.key;
        let above = if part { thing.key } else { concern(address) };
        let name = address.strip_prefix(above).and_then(|rest| rest.strip_prefix('/')).unwrap_or(address);
        let same = whole.filter(|_| part).and_then(|whole| service(&whole.kind)) == service(&node.kind);
        let kind = node.kind.as_str();
        let kind = kind.split_once(' ').filter(|_| part && same).map_or(kind, |(_, kind)| kind);
        Row { address: plain(address), name: plain(name), kind: plain(kind), part, fate: node.fate }
    };
    thing.nodes.iter().map(row).collect()
}
