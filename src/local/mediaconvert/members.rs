//! The members of requests and responses that several operations share: texts, tags, pages.

use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::state::Tags;

const LONGEST_PAGE: usize = 20;

/// One page of `items`, and the token of the next.
pub(super) fn page(items: Vec<Value>, member: &str, input: &Value) -> Result<Value, Refusal> {
    let start: usize = match input["nextToken"].as_str() {
        Some(token) => token.parse().map_err(|_| Refusal::bad("Invalid NextToken"))?,
        None => 0,
    };
    let length = input["maxResults"].as_u64().map_or(LONGEST_PAGE, |most| most as usize);
    let more = items.len() > start + length;
    let items: Vec<Value> = items.into_iter().skip(start).take(length).collect();
    let mut answer = json!({ member: items });
    if more {
        answer["nextToken"] = (start + length).to_string().into();
    }
    Ok(answer)
}

/// A text member of a request; empty if absent.
pub(super) fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input[member].as_str().unwrap_or_default()
}

/// The tags of a request.
pub(super) fn tags_of(input: &Value) -> Tags {
    let tags = input["tags"].as_object().into_iter().flatten();
    tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// The members of an object.
pub(super) fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}
