//! Which resources are manual additions.

use serde_json::json;

use super::*;
use crate::model::{Contents, Mark, Outputs, Readiness};

const FUNCTION: &str = "handlers/submit";

fn live(id: &str, ownership: Ownership) -> Live {
    Live {
        id: id.into(),
        properties: json!({}),
        outputs: Outputs::new(),
        ownership,
        readiness: Readiness::Ready,
        contents: Contents::Nothing,
    }
}

/// The orphans after an addition to a function that is observed like this.
fn added(function: Option<Ownership>, former: Vec<Orphan>) -> Vec<Orphan> {
    named("by-hand", function, former)
}

fn named(name: &str, function: Option<Ownership>, former: Vec<Orphan>) -> Vec<Orphan> {
    let seen = function.map(|ownership| (FUNCTION.into(), live("vod-submit", ownership)));
    let mut snapshot = Snapshot { live: seen.into_iter().collect(), orphans: former };
    let found =
        UndeclaredPart { name: name.to_owned(), seen: live("vod-submit/by-hand", Ownership::Inherited) };
    let kind = Kind::new("AWS::Lambda::Permission");
    let addition = Addition { parent: FUNCTION.into(), kind, region: "eu-west-1".into(), found };
    add(&mut snapshot, "vod", vec![addition]);
    snapshot.orphans
}

fn of(stack: &str) -> Ownership {
    Ownership::Marked(Mark { stack: stack.into(), address: FUNCTION.into() })
}

#[test]
fn what_was_added_to_a_resource_of_the_stack_is_undeclared() {
    let found = added(Some(of("vod")), Vec::new());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].address.as_str(), "handlers/submit/permission/by-hand");
    assert!(found[0].by_hand && found[0].live.ownership == Ownership::Inherited);
}

#[test]
fn a_name_that_somebody_gave_does_nothing_to_whoever_reads_the_address() {
    let name = "email:on call@example.com\u{1b}[2K\n";
    let found = named(name, Some(of("vod")), Vec::new());
    let shown = "handlers/submit/permission/email:on%20call@example.com%1B%5B2K%0A";
    assert_eq!(found[0].address.as_str(), shown);
}

#[test]
fn what_was_added_to_somebody_elses_is_not_ours_to_remove() {
    assert_eq!(added(Some(of("other")), Vec::new()), []);
    assert_eq!(added(None, Vec::new()), []);
    assert_eq!(added(Some(Ownership::Unmarked), Vec::new())[0].live.ownership, Ownership::Unmarked);
}

#[test]
fn what_the_stack_declared_once_is_no_addition() {
    let former = Orphan {
        address: "handlers/submit/old".into(),
        kind: Kind::new("AWS::Lambda::Permission"),
        region: "eu-west-1".into(),
        live: live("vod-submit/by-hand", Ownership::Inherited),
        by_hand: false,
    };
    assert_eq!(added(Some(of("vod")), vec![former.clone()]), [former]);
}
