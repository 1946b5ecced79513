//! A plan for other programs: the review as JSON, whose schema `provision schema plan` prints.

use serde::Serialize;

use crate::review::Review;

/// The plan as JSON text.
///
/// # Panics
/// Never: a review holds only what JSON can say.
#[must_use]
pub fn json(value: &(impl Serialize + ?Sized)) -> String {
    let text = serde_json::to_string_pretty(value).expect("a review holds only what JSON can say");
    format!("{text}\n")
}

/// The JSON Schema of a plan.
#[must_use]
pub fn json_schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Review);
    schema.insert("title".to_owned(), "provision plan".into());
    schema
}
