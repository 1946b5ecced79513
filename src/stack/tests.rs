//! What holds for all declarations of a stack together.

use std::collections::BTreeSet;

use serde_json::Value;

use super::config;
use super::handlers::PackageDigests;
use crate::model::resolve;
use crate::resource::NAME_WORDS;

/// A stack with everything that gets a name.
const WHOLE: &str =
    "{ stack: vod, account: '111122223333', region: eu-west-1, alerts: { email: on-call@example.com },
    notify: { queue: true, topic: true }, source: { on_delete: unpublish },
    delivery: { access_logs: true, signed_urls: { public_keys: [keys/viewer-2026.pem] } } }";

fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

#[test]
fn the_sweep_knows_the_first_word_of_every_name() {
    let file = config::parse("stacks/stack.yaml", WHOLE).unwrap();
    let code = PackageDigests { submit: "1".repeat(64), publish: "2".repeat(64) };
    let mut found = BTreeSet::new();
    for declared in super::declare(&file, &code, None) {
        texts(&resolve(&declared.properties, &|_| None), &mut found);
    }
    let words: BTreeSet<&str> = found
        .iter()
        .filter(|text| !text.contains(' '))
        .filter_map(|text| text.rsplit(['/', ':']).next()?.strip_prefix("vod-")?.split(['-', '.']).next())
        .collect();
    assert!(words.len() > 15, "{words:?}");
    let unknown: Vec<_> = words.iter().filter(|word| !NAME_WORDS.contains(word)).collect();
    assert_eq!(unknown, Vec::<&&str>::new(), "add them to NAME_WORDS");
}
