//! The facts, by concern. `docs/impact.md` has the same table with links; a test keeps them equal.

mod behavior;
mod delivery;
mod distribution;
mod operation;
mod processing;
mod storage;

use super::super::{Action, Severity};
use super::{Row, When};

/// All rows.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    [storage::ROWS, processing::ROWS, behavior::ROWS, distribution::ROWS, delivery::ROWS, operation::ROWS]
        .into_iter()
        .flatten()
}

const UPDATE: &[Action] = &[Action::Update];
const CREATE: &[Action] = &[Action::Create];
const DELETE: &[Action] = &[Action::Delete];
const REPLACE: &[Action] = &[Action::Replace];
/// It is removed, permanently or for a while.
const GO: &[Action] = &[Action::Delete, Action::Replace];
/// It is created, or changed in place.
const BECOME: &[Action] = &[Action::Create, Action::Update];

/// A fact about a whole resource.
const fn whole(
    kind: &'static str,
    on: &'static [Action],
    severity: Severity,
    text: &'static str,
    source: &'static str,
) -> Row {
    Row { kind, on, path: "", when: When::Changes, severity, text, source }
}

/// A fact about a property of a resource that is changed in place.
const fn part(
    kind: &'static str,
    path: &'static str,
    when: When,
    severity: Severity,
    text: &'static str,
    source: &'static str,
) -> Row {
    Row { kind, on: UPDATE, path, when, severity, text, source }
}
