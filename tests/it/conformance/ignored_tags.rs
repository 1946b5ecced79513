//! Tags that others put on a resource: with `ignore_tags` they are neither seen nor removed, whatever the type.

use std::sync::Arc;

use provision::aws::Context;
use provision::diff::diff;
use provision::model::IgnoredTags;
use provision::resource::Adapter;
use serde_json::{Value, json};

use super::Case;

/// The tag of somebody else.
const THEIRS: (&str, &str) = ("map-migrated", "d-server-1");
/// The stack's own tag that is changed while it is there.
const OWN: (&str, &str) = ("team", "moved");

/// The same properties with this tag, added or with another value.
fn tagged(properties: &Value, (key, value): (&str, &str)) -> Value {
    let mut properties = properties.clone();
    match &mut properties["Tags"] {
        Value::Array(tags) => {
            tags.retain(|tag| tag["Key"] != key);
            tags.push(json!({ "Key": key, "Value": value }));
        }
        Value::Object(tags) => drop(tags.insert(key.to_owned(), value.into())),
        other => panic!("no tags: {other}"),
    }
    properties
}

/// Makes the live one so.
async fn make(cx: &Context, adapter: &dyn Adapter, id: &str, desired: &Value) {
    let live = adapter.observe(cx, id).await.unwrap().expect("it is there");
    let desired = adapter.normal()(desired);
    let changes = diff(&desired, &live.properties, adapter.create_only(), adapter.write_only());
    let updated = adapter.update(cx, &live, &desired, &changes).await;
    updated.unwrap_or_else(|error| panic!("{}: {error}", adapter.kind()));
}

/// What a plan would change.
async fn differs(cx: &Context, adapter: &dyn Adapter, id: &str, desired: &Value) -> Vec<String> {
    let live = adapter.observe(cx, id).await.unwrap().expect("it is there");
    let desired = adapter.normal()(desired);
    let changes = diff(&desired, &live.properties, adapter.create_only(), adapter.write_only());
    changes.0.into_iter().map(|change| change.path).collect()
}

/// Tries it with what a case made.
pub(super) async fn stay(cx: &Context, adapter: &dyn Adapter, case: &Case, id: &str) {
    if case.base["Tags"].is_null() {
        return;
    }
    let kind = &case.kind;
    let ignoring = cx.clone().ignoring(Arc::new(IgnoredTags::new(["map-*".to_owned()])));
    make(cx, adapter, id, &tagged(&case.base, THEIRS)).await;
    assert_ne!(differs(cx, adapter, id, &case.base).await, Vec::<String>::new(), "{kind}: drift");
    assert_eq!(differs(&ignoring, adapter, id, &case.base).await, Vec::<String>::new(), "{kind}: ignored");

    let moved = tagged(&case.base, OWN);
    assert_ne!(differs(&ignoring, adapter, id, &moved).await, Vec::<String>::new(), "{kind}: own tags count");
    make(&ignoring, adapter, id, &moved).await;
    let both = tagged(&moved, THEIRS);
    assert_eq!(differs(cx, adapter, id, &both).await, Vec::<String>::new(), "{kind}: theirs is still there");
    make(cx, adapter, id, &case.base).await;
}
