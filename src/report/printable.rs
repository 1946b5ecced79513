//! Makes a review safe to print. Somebody who can name a rule or write a description in the account must not be able to
//! write on the reviewer's terminal.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::printable::{plain, plain_lines};
use crate::review::Review;

/// Members with values of properties. These may have several lines; all others are printed in one.
const VALUES: [&str; 3] = ["before", "after", "applied"];

/// The review with escape codes for every character that a terminal would act on, or that hides or reverses text next
/// to it.
pub(super) fn printable(review: &Review) -> Cow<'_, Review> {
    let Ok(whole) = serde_json::to_value(review) else { return Cow::Borrowed(review) };
    let clean = cleaned(&whole, false);
    if clean == whole {
        return Cow::Borrowed(review);
    }
    // Only texts differ, so it reads back.
    serde_json::from_value(clean).map_or(Cow::Borrowed(review), Cow::Owned)
}

fn cleaned(value: &Value, lines: bool) -> Value {
    match value {
        Value::String(text) => {
            Value::String((if lines { plain_lines(text) } else { plain(text) }).into_owned())
        }
        Value::Array(list) => list.iter().map(|inner| cleaned(inner, lines)).collect(),
        Value::Object(map) => {
            let member = |(key, inner): (&String, &Value)| {
                let lines = lines || VALUES.contains(&key.as_str());
                (plain(key).into_owned(), cleaned(inner, lines))
            };
            Value::Object(map.iter().map(member).collect::<Map<_, _>>())
        }
        scalar => scalar.clone(),
    }
}
