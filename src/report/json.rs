//! Results for other programs: the review of a plan as JSON (`provision schema plan` prints its schema), and others.

use serde::Serialize;

use crate::model::printable::escaped_json;
use crate::review::{Import, Review};

/// A result as JSON text with a line end: a review, several, or another result for programs. Characters that would act
/// on a terminal are escaped, which changes nothing for programs.
///
/// # Panics
/// Never: results hold only what JSON can say.
#[must_use]
pub fn json(value: &(impl Serialize + ?Sized)) -> String {
    let text = serde_json::to_string_pretty(value).expect("results hold only what JSON can say");
    format!("{}\n", escaped_json(&text))
}

/// The JSON Schema of a plan.
#[must_use]
pub fn json_schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Review);
    schema.insert("title".to_owned(), "provision plan".into());
    schema
}

/// The JSON Schema of what `import` finds.
#[must_use]
pub fn import_schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Import);
    schema.insert("title".to_owned(), "provision import".into());
    schema
}
