//! The `ignore_tags` list: the tags that others put on the stack's resources.

use std::collections::BTreeMap;

use schemars::{Schema, SchemaGenerator, json_schema};

use super::identity::{TAG_HELP, tag_fault};
use super::reader::{Scalar, Table, Wrong};
use super::tree::Text;
use super::values::text;
use crate::model::{ADDRESS_TAG, REGION_TAG, STACK_TAG, key_matches};

/// More than anybody needs: AWS takes 50 tags a resource.
const MAX: usize = 50;
const HELP: &str =
    "the key of a tag, or a pattern with `*` for any characters, such as awsApplication or map-*";

/// A pattern of tag keys.
#[derive(PartialEq)]
struct Pattern(String);

impl Scalar for Pattern {
    const EXAMPLE: &'static str = "awsApplication";

    fn scalar(written: &Text) -> Result<Self, Wrong> {
        let pattern = text(written)?;
        let wrong = |label: String| Wrong::new("is not a pattern of tag keys", label, HELP);
        if pattern.is_empty() {
            return Err(wrong("it is empty".to_owned()));
        }
        if let Some(label) = tag_fault(&pattern.replace('*', ""), 128) {
            return Err(Wrong::new("is not a pattern of tag keys", label, TAG_HELP));
        }
        let owner = [STACK_TAG, ADDRESS_TAG, REGION_TAG].into_iter().find(|own| key_matches(pattern, own));
        match owner {
            None if pattern.starts_with("provision:") => {
                Err(wrong("`provision:` is the program's own".to_owned()))
            }
            None => Ok(Self(pattern.to_owned())),
            Some(own) => {
                let help = "the ownership tags say what belongs to the stack: write a pattern that does not match them";
                Err(Wrong::new("cannot hide ownership tags", format!("it matches `{own}`"), help))
            }
        }
    }
}

/// Reads `ignore_tags`. None of them may be among the stack's own tags.
pub(super) fn read(top: &Table<'_>, own: Option<&BTreeMap<String, String>>) -> Option<Vec<String>> {
    let Some(list) = top.get("ignore_tags") else { return Some(Vec::new()) };
    let patterns: Vec<String> = list.read_items::<Pattern>()?.into_iter().map(|Pattern(text)| text).collect();
    if patterns.len() > MAX {
        let label = format!("{} patterns", patterns.len());
        list.reject(Wrong::new("is too long", label, format!("at most {MAX}: AWS takes 50 tags a resource")));
        return None;
    }
    let mut complete = true;
    for (item, pattern) in list.items()?.iter().zip(&patterns) {
        let clash = own.and_then(|own| own.keys().find(|key| key_matches(pattern, key)));
        if let Some(key) = clash {
            let says = format!("matches `{key}`, which is one of the stack's own `tags`");
            let help = "a tag is either the stack's or somebody else's: remove it here or there";
            item.reject(Wrong::new(says, "both declared and ignored", help));
            complete = false;
        }
    }
    complete.then_some(patterns)
}

/// The schema of `ignore_tags`.
pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": MAX,
        "uniqueItems": true,
        "items": { "type": "string", "minLength": 1, "maxLength": 256, "not": { "pattern": r"^(\*+|provision:.*)$" } }
    })
}
