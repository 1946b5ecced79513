//! What people read: plans, progress, outcomes and outputs.

mod human;
mod outcome;
mod progress;
mod value;

pub use human::plan;
pub use outcome::{failures, summary};
pub use progress::Progress;
