//! The place of each card: columns follow the flow of a video, bands hold the concerns.

use super::cards::{Card, Cards, Row};
use super::flow;

/// The height of a resource's row: name and type below each other.
pub(super) const HEAD: f64 = 36.0;
/// The height of a part's row.
pub(super) const PART: f64 = 17.0;
/// The space above and below the rows of a card.
pub(super) const PADDING: f64 = 4.0;
/// The space between cards of one column in one band.
pub(super) const GAP: f64 = 14.0;
/// One column further from the neighbours costs as much as this much more height in a column.
const FURTHER: f64 = 70.0;

/// The place of one card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) column: usize,
    pub(super) band: usize,
    /// The place among the cards of the same column and band, from the top.
    pub(super) slot: usize,
}

/// The places of all cards. No column and no band is empty.
#[derive(Debug)]
pub(super) struct Grid {
    /// By the index of the card.
    pub(super) cells: Vec<Cell>,
    pub(super) columns: usize,
    pub(super) bands: usize,
}

/// The height of a row.
pub(super) const fn row_height(row: &Row<'_>) -> f64 {
    if row.part { PART } else { HEAD }
}

/// The height of a card.
pub(super) fn height(card: &Card<'_>) -> f64 {
    card.rows.iter().map(row_height).sum::<f64>() + 2.0 * PADDING
}

impl Grid {
    /// Puts stations where the flow leads, and every other card near its neighbours in the lane of its concern.
    pub(super) fn of(cards: &Cards<'_>) -> Self {
        let lanes = lanes(cards);
        let mut columns: Vec<Option<usize>> =
            cards.cards.iter().map(|card| card.station.map(|station| station.column)).collect();
        let neighbours = neighbours(cards);
        let mut order: Vec<usize> = (0..columns.len()).filter(|card| columns[*card].is_some()).collect();
        while let Some(card) = next(&columns, &neighbours) {
            let near: Vec<usize> = neighbours[card].iter().filter_map(|other| columns[*other]).collect();
            let lane = &lanes[card];
            let wanted = if near.is_empty() {
                *lane.columns.start() as f64
            } else {
                near.iter().sum::<usize>() as f64 / near.len() as f64
            };
            let stacked = |column: usize| -> f64 {
                let there =
                    |other: &usize| columns[*other] == Some(column) && lanes[*other].band == lane.band;
                (0..columns.len()).filter(there).map(|other| height(&cards.cards[other]) + GAP).sum()
            };
            let cost = |column: &usize| (*column as f64 - wanted).abs() * FURTHER + stacked(*column);
            columns[card] = lane.columns.clone().min_by(|one, other| cost(one).total_cmp(&cost(other)));
            order.push(card);
        }
        let bands: Vec<usize> = lanes.iter().map(|lane| lane.band).collect();
        let columns: Vec<usize> = columns.into_iter().map(Option::unwrap_or_default).collect();
        Self::dense(&columns, &bands, &order)
    }

    /// The same places with what is empty left out.
    fn dense(columns: &[usize], bands: &[usize], order: &[usize]) -> Self {
        let used = |places: &[usize]| {
            let mut used = places.to_vec();
            used.sort_unstable();
            used.dedup();
            used
        };
        let (used_columns, used_bands) = (used(columns), used(bands));
        let place = |used: &[usize], at: usize| used.binary_search(&at).unwrap_or_default();
        let cell = |card: usize| Cell {
            column: place(&used_columns, columns[card]),
            band: place(&used_bands, bands[card]),
            slot: order
                .iter()
                .take_while(|other| **other != card)
                .filter(|other| (columns[**other], bands[**other]) == (columns[card], bands[card]))
                .count(),
        };
        let cells = (0..columns.len()).map(cell).collect();
        Self { cells, columns: used_columns.len(), bands: used_bands.len() }
    }
}

/// The lane of each card.
fn lanes(cards: &Cards<'_>) -> Vec<flow::Lane> {
    let unknown: Vec<&str> =
        cards.concerns().into_iter().map(|(concern, _)| concern).filter(|it| !flow::knows(it)).collect();
    let place = |concern: &str| unknown.iter().position(|other| *other == concern).unwrap_or_default();
    cards.cards.iter().map(|card| flow::lane(&card.concern, place(&card.concern))).collect()
}

/// The cards that each card is joined to.
fn neighbours(cards: &Cards<'_>) -> Vec<Vec<usize>> {
    let mut neighbours = vec![Vec::new(); cards.cards.len()];
    let hops = cards.hops.iter().map(|hop| (hop.from, hop.to));
    let needs = cards.needs.iter().map(|need| (need.needing.card, need.needed.card));
    for (one, other) in needs.chain(hops) {
        neighbours[one].push(other);
        neighbours[other].push(one);
    }
    neighbours
}

/// The card to place next: the one with the fewest neighbours that have no place yet.
fn next(columns: &[Option<usize>], neighbours: &[Vec<usize>]) -> Option<usize> {
    let open = |card: &usize| neighbours[*card].iter().filter(|other| columns[**other].is_none()).count();
    (0..columns.len()).filter(|card| columns[*card].is_none()).min_by_key(open)
}
