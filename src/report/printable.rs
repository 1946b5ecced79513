//! Makes a review or another result safe to print. Somebody who can name a rule or write a description in the account must not be able to
//! write on the reviewer's terminal.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::model::printable::{plain, plain_lines};

/// Members with values of properties. These may have several lines; all others are printed in one.
const VALUES: [&str; 3] = ["before", "after", "applied"];

/// The result with escape codes for every character that a terminal would act on, or that hides or reverses text next
/// to it.
pub(super) fn printable<T: Serialize + DeserializeOwned + Clone>(result: &T) -> Cow<'_, T> {
    let Ok(whole) = serde_json::to_value(result) else { return Cow::Borrowed(result) };
    let clean = cleaned(&whole, false);
    if clean == whole {
        return Cow::Borrowed(result);
    }
    // Only texts differ, so it reads back.
    serde_json::from_value(clean).map_or(Cow::Borrowed(result), Cow::Owned)
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
