//! Results for other programs: a plan's review as JSON, whose schema `provision schema plan` prints, and what else is printed.

use serde::Serialize;

use crate::review::Review;

/// A result as JSON text, ended by a line end: a review, several, or what else a command prints for programs.
///
/// # Panics
/// Never: results hold only what JSON can say.
#[must_use]
pub fn json(value: &(impl Serialize + ?Sized)) -> String {
    let text = serde_json::to_string_pretty(value).expect("results hold only what JSON can say");
    format!("{text}\n")
}

/// The JSON Schema of a plan.
#[must_use]
pub fn json_schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Review);
    schema.insert("title".to_owned(), "provision plan".into());
    schema
}
