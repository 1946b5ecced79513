//! What people and other programs read: plans in several forms, pictures, progress and outcomes.
//!
//! [`crate::review`] decides what a plan means. The forms here only render it.

mod access;
mod grouping;
mod human;
mod json;
mod markdown;
pub(crate) mod out;
mod outcome;
pub mod picture;
mod printable;
mod progress;
#[cfg(test)]
mod tests;
mod units;
mod value;

pub use human::{human, totals};
pub use json::{json, json_schema};
pub use markdown::markdown;
pub use outcome::{failures, summary};
pub use printable::plain;
pub use progress::progress;
