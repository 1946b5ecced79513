//! The order in which declared resources are read, with a fake adapter.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::*;
use crate::aws::{Class, Connection, LocalCloud, Result};
use crate::model::{Contents, Guard, OutputRef, Outputs, Readiness, Scope, StringExpr};
use crate::resource::fake::{FakeAdapter, FakeAnswers, KIND};

/// Finds a resource that refers to nothing, or to a known id. One of two reads waits for the other.
#[derive(Default)]
struct Fake {
    hanging_is_found: Notify,
}

impl FakeAnswers for Fake {
    fn id(&self, declared: &Value) -> Option<String> {
        declared["Name"].as_str().map(str::to_owned)
    }
    fn find<'a>(&'a self, declared: &'a Value) -> BoxFuture<'a, Result<Option<Live>>> {
        async move {
            match declared["Name"].as_str() {
                Some("unreadable") => return Err(aws::Error::unexpected("test:Get", "told to fail")),
                Some("taken" | "taken/policy") => {
                    return Err(aws::Error::unexpected("test:Get", "not yours"));
                }
                Some("denied" | "denied/policy") => return Err(denied("Access Denied")),
                Some("taken/tags") => return Err(denied("User: me is not authorized to perform: test:Get")),
                Some("absent") => return Ok(None),
                Some("slow") => self.hanging_is_found.notified().await,
                Some("hanging") if declared["On"] != json!("id-of-middle") => return Ok(None),
                Some("hanging") => self.hanging_is_found.notify_one(),
                Some("middle") if declared["On"] != json!("id-of-first") => return Ok(None),
                _ => {}
            }
            let name = declared["Name"].as_str().unwrap_or_default();
            Ok(Some(Live {
                id: name.to_owned(),
                properties: declared.clone(),
                outputs: Outputs::from([("Id".to_owned(), format!("id-of-{name}"))]),
                ownership: Ownership::Inherited,
                readiness: Readiness::Ready,
                contents: Contents::Nothing,
            }))
        }
        .boxed()
    }
}

fn denied(message: &str) -> aws::Error {
    aws::Error { class: Class::Denied, ..aws::Error::unexpected("test:Get", message) }
}

/// Reads resources with these names, each referring to another one's id.
async fn read(names: &[(&str, Option<&str>)]) -> std::result::Result<BTreeMap<Address, Live>, Unreadable> {
    let declared = names.iter().map(|(name, on)| {
        let id =
            |on: &&str| OutputRef { address: Address::new(*on), attribute: "Id".into(), predicted: None };
        Declaration {
            address: Address::new(*name),
            kind: KIND,
            region: "eu-west-1".into(),
            properties: json!({ "Name": name, "On": on.as_ref().map(|on| StringExpr::output(id(on))) }),
            predicted: Outputs::new(),
            after: BTreeSet::new(),
            guard: Guard::None,
        }
    });
    let graph = Graph::new(declared).unwrap();
    let target = LocalCloud::new("http://127.0.0.1:9", "111122223333", "secret");
    let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
    let regions = Regions::new(Connection::to_local(target, "eu-west-1").await, scope);
    let fake: &'static Fake = Box::leak(Box::default());
    let registry = Registry::new(vec![Box::new(FakeAdapter(fake))]);
    // Reads that wait for each other would wait for ever.
    let read = tokio::time::timeout(Duration::from_secs(60), super::declared(&regions, &registry, &graph));
    read.await.expect("a read waits for what it does not need")
}

#[tokio::test]
async fn a_read_waits_for_the_ids_that_it_needs_and_for_nothing_else() {
    let found =
        read(&[("first", None), ("middle", Some("first")), ("hanging", Some("middle")), ("slow", None)]);
    let found = found.await.unwrap();
    assert_eq!(found.keys().map(Address::as_str).collect::<Vec<_>>(), ["first", "hanging", "middle", "slow"]);
}

#[tokio::test]
async fn what_hangs_on_something_absent_is_absent() {
    assert_eq!(read(&[("absent", None), ("hanging", Some("absent"))]).await.unwrap(), BTreeMap::new());
}

#[tokio::test]
async fn what_cannot_be_read_is_named_once() {
    let unreadable = read(&[("unreadable", None), ("hanging", Some("unreadable"))]).await.unwrap_err();
    assert_eq!(
        unreadable.failures.iter().map(|one| one.subject.as_str()).collect::<Vec<_>>(),
        ["unreadable"]
    );
}

#[tokio::test]
async fn a_part_of_what_is_not_readable_has_nothing_to_add_but_what_is_to_be_allowed() {
    let unreadable = read(&[
        ("taken", None),
        ("taken/policy", Some("taken")),
        ("taken/tags", Some("taken")),
        ("denied", None),
        ("denied/policy", Some("denied")),
        ("unreadable", Some("taken")),
    ]);
    let failures = unreadable.await.unwrap_err().failures;
    let named: Vec<&str> = failures.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(named, ["denied", "denied/policy", "taken", "taken/tags", "unreadable"]);
}
