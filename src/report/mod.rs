//! What people and other programs read: plans in several forms, pictures, progress and outcomes.
//!
//! [`crate::review`] decides what a plan means. The forms here only render it.

mod access;
pub(crate) mod clean;
mod grouping;
mod human;
mod import;
mod json;
pub(crate) mod live;
mod markdown;
mod markup;
pub(crate) mod out;
mod outcome;
pub mod picture;
mod printable;
mod progress;
mod targets;
#[cfg(test)]
mod tests;
mod units;
mod value;

pub use crate::model::printable::plain;
pub use human::{counts, human, totals};
pub use import::import;
pub use json::{import_schema, json, json_schema};
pub use markdown::{markdown, unplanned};
pub use outcome::{failures, summary};
pub use progress::progress;
