//! What people and other programs read: plans in several forms, progress and outcomes.

mod access;
mod human;
mod json;
mod markdown;
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
pub use progress::Progress;
