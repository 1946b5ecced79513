//! The course of each line. Gutters lie between the columns and channels between the bands, so no line crosses a card.
//!
//! All lines to one resource share their tracks and join, like rails. Lines to different resources never run on the same
//! track at the same place.

use std::collections::BTreeMap;

use super::cards::{Cards, Spot};
use super::grid::{self, GAP, Grid, PADDING};

/// The space between two tracks.
const PITCH: f64 = 7.0;
/// The space between a card and the first track of a gutter.
const SIDE: f64 = 18.0;
/// The space between a concern's border and its cards, at the sides and below.
pub(super) const BORDER: f64 = 10.0;
/// The same above, where the concern's name is.
pub(super) const ABOVE: f64 = 24.0;
/// The space between a concern's border and the first track of a channel.
const CLEAR: f64 = 8.0;
/// The width of a gutter that holds labels of the flow.
const WORDS: f64 = 76.0;
/// The width that `upload` or `viewers` takes in a gutter.
pub(super) const END: f64 = 92.0;
/// The height at which the flow of a video touches a card, below its upper edge.
pub(super) const WAIST: f64 = 16.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A point, from the left and from the top.
pub(super) type Point = (f64, f64);

/// All cards and lines in their places.
#[derive(Debug, Default)]
pub(super) struct Plane {
    pub(super) width: f64,
    pub(super) height: f64,
    /// By the index of the card.
    pub(super) cards: Vec<Rect>,
    /// The lines by the resource that they lead to.
    pub(super) lines: BTreeMap<Spot, Vec<Vec<Point>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Flank {
    Left,
    Right,
}

/// One line, from the needing resource to the needed one.
#[derive(Debug)]
struct Leg {
    from: Spot,
    to: Spot,
    /// The side and the gutter where it leaves.
    exit: (Flank, usize),
    /// The side and the gutter where it arrives.
    enter: (Flank, usize),
    /// The channel between the two gutters, if they are not the same.
    channel: Option<usize>,
}

impl Leg {
    fn new(grid: &Grid, from: Spot, to: Spot) -> Self {
        let (start, end) = (grid.cells[from.card], grid.cells[to.card]);
        let (exit, enter) = if start.column < end.column {
            ((Flank::Right, start.column + 1), (Flank::Left, end.column))
        } else if start.column > end.column {
            ((Flank::Left, start.column), (Flank::Right, end.column + 1))
        } else if start.column + 1 < grid.columns {
            ((Flank::Right, start.column + 1), (Flank::Right, start.column + 1))
        } else {
            ((Flank::Left, start.column), (Flank::Left, start.column))
        };
        let near = if start.band < end.band { end.band } else { end.band + 1 };
        Self { from, to, exit, enter, channel: (exit.1 != enter.1).then_some(near) }
    }
}

/// A gutter or a channel, and the resource that a track in it leads to.
type Key = (usize, Spot);

/// The extent of a track, and the sides to which lines branch off from it.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: f64,
    end: f64,
    /// True if lines branch off to the left, or upwards.
    before: bool,
    /// True if lines branch off to the right, or downwards.
    after: bool,
}

type Spans = BTreeMap<Key, Span>;

/// Widens a span to a place. `after` says to which side a line branches off there, if one does.
fn reach(spans: &mut Spans, key: Key, place: f64, after: Option<bool>) {
    let span = spans.entry(key).or_insert(Span { start: place, end: place, before: false, after: false });
    (span.start, span.end) = (span.start.min(place), span.end.max(place));
    span.before |= after == Some(false);
    span.after |= after == Some(true);
}

impl Span {
    fn overlaps(&self, other: &Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// The best order among neighbours, so that branches cross few of them. A track that branches off to one side is on
    /// that side, and a shorter track is further out.
    fn rank(&self) -> (u8, f64) {
        match (self.before, self.after) {
            (true, false) => (0, self.end - self.start),
            (false, true) => (2, self.start - self.end),
            _ => (1, self.start),
        }
    }
}

/// The tracks of all gutters, or of all channels.
#[derive(Debug, Default)]
struct Tracks {
    of: BTreeMap<Key, usize>,
    /// The spans on each track, by gutter or channel.
    taken: BTreeMap<usize, Vec<Vec<Span>>>,
}

impl Tracks {
    /// Few tracks on which no two spans overlap.
    fn new(spans: &Spans) -> Self {
        let mut sorted: Vec<(&Key, &Span)> = spans.iter().collect();
        sorted.sort_by(|(_, one), (_, other)| {
            let (one, other) = (one.rank(), other.rank());
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
        });
        let mut tracks = Self::default();
        for (key, span) in sorted {
            let taken = tracks.taken.entry(key.0).or_default();
            let fits = |track: &Vec<Span>| {
                track.iter().all(|other| other.rank().0 == span.rank().0 && !other.overlaps(span))
            };
            let free = taken.iter().position(fits).unwrap_or(taken.len());
            if free == taken.len() {
                taken.push(Vec::new());
            }
            taken[free].push(*span);
            tracks.of.insert(*key, free);
        }
        tracks
    }

    fn width(&self, of: usize) -> f64 {
        self.taken.get(&of).map_or(0.0, |tracks| tracks.len() as f64 * PITCH)
    }

    /// The places of all tracks. `starts` has the place of each gutter or channel.
    fn places(&self, starts: &[f64]) -> Places {
        let place = |(key, track): (&Key, &usize)| (*key, starts[key.0] + (*track as f64 + 0.5) * PITCH);
        self.of.iter().map(place).collect()
    }
}

/// Lays out cards of these widths.
pub(super) fn lay(cards: &Cards<'_>, grid: &Grid, widths: &[f64]) -> Plane {
    let legs: Vec<Leg> = cards.needs.iter().map(|need| Leg::new(grid, need.needing, need.needed)).collect();
    let mut plane = Plane { cards: vec![Rect::default(); cards.cards.len()], ..Plane::default() };
    let channels = rows(&mut plane, cards, grid, &legs);
    let ports = ports(&plane, cards, &legs, &channels);
    let gutters = columns(&mut plane, cards, grid, widths, &legs, &ports, &channels);
    for leg in &legs {
        let line = line(&plane, leg, &ports, &gutters, &channels);
        plane.lines.entry(leg.to).or_default().push(line);
    }
    plane
}

/// The places of the tracks.
type Places = BTreeMap<Key, f64>;

/// Puts the bands below each other. Returns the heights of the tracks in the channels.
fn rows(plane: &mut Plane, cards: &Cards<'_>, grid: &Grid, legs: &[Leg]) -> Places {
    let mut spans = BTreeMap::new();
    for leg in legs {
        let Some(channel) = leg.channel else { continue };
        for (gutter, spot) in [(leg.exit.1, leg.from), (leg.enter.1, leg.to)] {
            let below = grid.cells[spot.card].band >= channel;
            reach(&mut spans, (channel, leg.to), gutter as f64, Some(below));
        }
    }
    let tracks = Tracks::new(&spans);
    let (mut top, mut starts) = (0.0, Vec::new());
    for band in 0..grid.bands {
        starts.push(top + CLEAR);
        top += tracks.width(band) + 2.0 * CLEAR + ABOVE;
        let mut lowest: f64 = top;
        for column in 0..grid.columns {
            lowest = lowest.max(stack(plane, cards, grid, (column, band), top));
        }
        top = lowest + BORDER;
    }
    starts.push(top + CLEAR);
    plane.height = top + tracks.width(grid.bands) + 2.0 * CLEAR;
    tracks.places(&starts)
}

/// Puts the cards of one column and band below each other. Returns the lower edge of the last.
fn stack(plane: &mut Plane, cards: &Cards<'_>, grid: &Grid, at: (usize, usize), top: f64) -> f64 {
    let here = |card: &usize| (grid.cells[*card].column, grid.cells[*card].band) == at;
    let mut its: Vec<usize> = (0..grid.cells.len()).filter(here).collect();
    its.sort_by_key(|card| grid.cells[*card].slot);
    let mut y = top;
    for card in its {
        let height = grid::height(&cards.cards[card]);
        (plane.cards[card].y, plane.cards[card].height) = (y, height);
        y += height + GAP;
    }
    if y > top { y - GAP } else { top }
}

/// The heights at which lines touch cards: by resource, side and the resource that the line leads to.
type Ports = BTreeMap<(Spot, Flank, Spot), f64>;

/// Spreads the lines over the sides of the rows, those from above first.
fn ports(plane: &Plane, cards: &Cards<'_>, legs: &[Leg], channels: &Places) -> Ports {
    let mut sides: BTreeMap<(Spot, Flank), BTreeMap<Spot, Vec<f64>>> = BTreeMap::new();
    for leg in legs {
        let through = leg.channel.map(|channel| channels[&(channel, leg.to)]);
        let mut touch = |spot: Spot, flank: Flank, other: Spot| {
            let (top, height) = side(plane, cards, other);
            let comes = through.unwrap_or(top + height / 2.0);
            sides.entry((spot, flank)).or_default().entry(leg.to).or_default().push(comes);
        };
        touch(leg.from, leg.exit.0, leg.to);
        touch(leg.to, leg.enter.0, leg.from);
    }
    let mut ports = Ports::new();
    for ((spot, flank), lines) in sides {
        let mean = |heights: &[f64]| heights.iter().sum::<f64>() / heights.len() as f64;
        let mut lines: Vec<(Spot, f64)> = lines.iter().map(|(to, comes)| (*to, mean(comes))).collect();
        lines.sort_by(|one, other| one.1.total_cmp(&other.1));
        let (top, height) = side(plane, cards, spot);
        let step = height / lines.len() as f64;
        for (place, (to, _)) in lines.iter().enumerate() {
            ports.insert((spot, flank, *to), top + (place as f64 + 0.5) * step);
        }
    }
    ports
}

/// The part of a card's side that lines to and from a resource touch: its upper edge and its height.
fn side(plane: &Plane, cards: &Cards<'_>, spot: Spot) -> (f64, f64) {
    let (rect, card) = (plane.cards[spot.card], &cards.cards[spot.card]);
    if card.is_shared() {
        return (rect.y + WAIST, rect.height - WAIST);
    }
    let (before, rest) = card.rows.split_at(spot.row);
    let top = rect.y + PADDING + before.iter().map(grid::row_height).sum::<f64>();
    let height = rest.first().map_or(0.0, grid::row_height);
    // The upper half of a head is for the flow of a video.
    if spot.row == 0 { (top + WAIST, height - WAIST) } else { (top, height) }
}

/// Puts the columns next to each other. Returns the places of the tracks in the gutters.
fn columns(
    plane: &mut Plane,
    cards: &Cards<'_>,
    grid: &Grid,
    widths: &[f64],
    legs: &[Leg],
    ports: &Ports,
    channels: &Places,
) -> Places {
    let mut spans = BTreeMap::new();
    for leg in legs {
        let (exit, enter) = ((leg.exit.1, leg.to), (leg.enter.1, leg.to));
        // The left side of a card is at the right of a gutter.
        let after = |flank: Flank| Some(flank == Flank::Left);
        reach(&mut spans, exit, ports[&(leg.from, leg.exit.0, leg.to)], after(leg.exit.0));
        reach(&mut spans, enter, ports[&(leg.to, leg.enter.0, leg.to)], after(leg.enter.0));
        if let Some(channel) = leg.channel {
            reach(&mut spans, exit, channels[&(channel, leg.to)], None);
            reach(&mut spans, enter, channels[&(channel, leg.to)], None);
        }
    }
    let tracks = Tracks::new(&spans);
    let (mut left, mut starts) = (0.0, Vec::new());
    for gutter in 0..=grid.columns {
        let before = end_before(cards, grid, gutter);
        let words = if steps(cards, grid, gutter) { WORDS } else { 0.0 };
        let width = (tracks.width(gutter) + 2.0 * SIDE).max(words) + before;
        starts.push(left + before + (width - before - tracks.width(gutter)) / 2.0);
        left += width;
        let its = |card: &usize| grid.cells[*card].column == gutter;
        let column: Vec<usize> = (0..grid.cells.len()).filter(its).collect();
        let widest = column.iter().map(|card| widths[*card]).fold(0.0, f64::max);
        for card in column {
            (plane.cards[card].x, plane.cards[card].width) = (left, widest);
        }
        left += widest;
    }
    plane.width = left;
    tracks.places(&starts)
}

/// The width that the ends of the flow take in a gutter, left of the tracks.
fn end_before(cards: &Cards<'_>, grid: &Grid, gutter: usize) -> f64 {
    let entry = cards.entry.is_some_and(|card| grid.cells[card].column == gutter);
    let exit = cards.exit.is_some_and(|card| grid.cells[card].column + 1 == gutter);
    [entry, exit].into_iter().filter(|end| *end).map(|_| END).sum()
}

/// True if a step of the flow crosses a gutter.
fn steps(cards: &Cards<'_>, grid: &Grid, gutter: usize) -> bool {
    let column = |card: usize| grid.cells[card].column;
    cards.hops.iter().any(|hop| column(hop.from) < gutter && column(hop.to) >= gutter)
}

fn line(plane: &Plane, leg: &Leg, ports: &Ports, gutters: &Places, channels: &Places) -> Vec<Point> {
    let edge = |spot: Spot, flank: Flank| {
        let rect = plane.cards[spot.card];
        let x = if flank == Flank::Left { rect.x } else { rect.x + rect.width };
        (x, ports[&(spot, flank, leg.to)])
    };
    let (start, end) = (edge(leg.from, leg.exit.0), edge(leg.to, leg.enter.0));
    let (first, last) = (gutters[&(leg.exit.1, leg.to)], gutters[&(leg.enter.1, leg.to)]);
    let mut line = vec![start, (first, start.1)];
    if let Some(channel) = leg.channel {
        let y = channels[&(channel, leg.to)];
        line.extend([(first, y), (last, y)]);
    }
    line.extend([(last, end.1), end]);
    line
}
