//! What a review says about a plan.

mod converges;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Action, Against, Applied, Cause, Review, review};
use crate::graph::Graph;
use crate::model::{
    Address, Contents, Declaration, Guard, Kind, Live, Mark, Orphan, Ownership, Readiness, Scope, Snapshot,
};
use crate::plan::{self, Rules};

fn scope() -> Scope {
    Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() }
}

fn rules(_: &Kind) -> Rules {
    Rules { create_only: &["QueueName"], write_only: &["Secret"], rank: 0, normal: Value::clone }
}

fn queue(properties: Value) -> Declaration {
    Declaration {
        address: Address::new("handlers/queue"),
        kind: Kind::new("AWS::SQS::Queue"),
        region: "eu-west-1".into(),
        properties,
        after: std::collections::BTreeSet::new(),
        predicted: BTreeMap::new(),
        guard: Guard::None,
    }
}

fn live(properties: Value) -> Live {
    Live {
        id: "https://queue".into(),
        properties,
        outputs: BTreeMap::new(),
        ownership: Ownership::Marked(Mark { stack: "vod".into(), address: "handlers/queue".into() }),
        readiness: Readiness::Ready,
        contents: Contents::Nothing,
    }
}

fn of(declared: Value, seen: Option<Value>, applied: Option<Value>) -> Review {
    let graph = Graph::new(vec![queue(declared)]).unwrap();
    let seen = seen.map(|seen| (Address::new("handlers/queue"), live(seen)));
    let snapshot = Snapshot { live: seen.into_iter().collect(), orphans: Vec::new() };
    let plan = plan::plan(&scope(), &graph, &snapshot, &rules);
    let applied: Option<Applied> =
        applied.map(|properties| BTreeMap::from([(Address::new("handlers/queue"), properties)]));
    review(&plan, &graph, Against::Account, applied.as_ref(), &rules)
}

#[test]
fn the_declaration_the_account_or_both_moved() {
    let declared = json!({ "QueueName": "q", "A": 2, "B": 1, "C": 3, "D": { "E": 1, "F": 1 } });
    let applied = json!({ "QueueName": "q", "A": 1, "B": 1, "C": 1, "D": { "E": 1, "F": 1 } });
    let seen = json!({ "QueueName": "q", "A": 1, "B": 2, "C": 2, "D": { "E": 1 } });
    let review = of(declared, Some(seen), Some(applied));
    let [queue] = &review.changes[..] else { panic!("{review:?}") };
    let causes: Vec<_> =
        queue.properties.iter().map(|p| (p.path.as_str(), p.cause, p.applied.clone())).collect();
    assert_eq!(
        causes,
        [
            ("A", Cause::Change, None),
            ("B", Cause::Drift, Some(json!(1))),
            ("C", Cause::Both, Some(json!(1))),
            ("D.F", Cause::Drift, Some(json!(1))),
        ]
    );
}

#[test]
fn without_a_record_nobody_is_blamed() {
    let review = of(json!({ "QueueName": "q", "A": 2 }), Some(json!({ "QueueName": "q", "A": 1 })), None);
    assert_eq!(review.changes[0].properties[0].cause, Cause::Unknown);
}

#[test]
fn a_resource_that_is_missing_since_the_last_apply_says_so() {
    let declared = json!({ "QueueName": "q" });
    let review = of(declared.clone(), None, Some(declared.clone()));
    assert_eq!(review.changes[0].action, Action::Create);
    insta::assert_snapshot!(review.changes[0].reasons.join(", "), @"missing from the account since the last apply");
    assert!(of(declared, None, None).changes[0].reasons.is_empty());
}

/// A record that points to a distribution which somebody deleted.
#[test]
fn a_reference_to_a_deleted_resource_was_changed_by_the_account() {
    let parent = Declaration { address: Address::new("handlers/parent"), ..queue(json!({})) };
    let child = json!({ "QueueName": "q", "To": { "Fn::GetAtt": ["handlers/parent", "Id"] } });
    let graph = Graph::new(vec![parent.clone(), queue(child)]).unwrap();
    let was = json!({ "QueueName": "q", "To": "id-1" });
    let address = Address::new("handlers/queue");
    let snapshot =
        Snapshot { live: BTreeMap::from([(address.clone(), live(was.clone()))]), orphans: Vec::new() };
    let plan = plan::plan(&scope(), &graph, &snapshot, &rules);
    let cause = |applied: &Applied| {
        let review = review(&plan, &graph, Against::Account, Some(applied), &rules);
        review.changes.iter().find(|one| one.address == address.as_str()).unwrap().properties[0].cause
    };
    let mut applied = Applied::from([(address.clone(), was)]);
    assert_eq!(cause(&applied), Cause::Change, "the parent is new");
    applied.insert(parent.address, json!({}));
    assert_eq!(cause(&applied), Cause::Drift);
}

/// A certificate of another name: the declaration no longer means the existing one.
#[test]
fn what_takes_the_place_of_another_does_not_call_it_gone() {
    let (declared, former) = (json!({ "QueueName": "new" }), json!({ "QueueName": "old" }));
    let graph = Graph::new(vec![queue(declared)]).unwrap();
    let address = Address::new("handlers/queue");
    let orphan = Orphan {
        address: address.clone(),
        kind: Kind::new("AWS::SQS::Queue"),
        region: "eu-west-1".into(),
        live: live(former.clone()),
        by_hand: false,
    };
    let snapshot = Snapshot { live: BTreeMap::new(), orphans: vec![orphan] };
    let plan = plan::plan(&scope(), &graph, &snapshot, &rules);
    let applied = Applied::from([(address, former)]);
    let review = review(&plan, &graph, Against::Account, Some(&applied), &rules);
    let made = review.changes.iter().find(|change| change.action == Action::Create).unwrap();
    insta::assert_snapshot!(made.reasons.join(", "), @"it takes the place of https://queue");
}

#[test]
fn a_replacement_is_one_change_and_names_what_forces_it() {
    let review = of(json!({ "QueueName": "new", "A": 2 }), Some(json!({ "QueueName": "q", "A": 1 })), None);
    let [queue] = &review.changes[..] else { panic!("{review:?}") };
    assert_eq!(queue.action, Action::Replace);
    insta::assert_snapshot!(queue.reasons.join(", "), @"QueueName cannot change in place");
    let forces: Vec<_> = queue.properties.iter().map(|p| (p.path.as_str(), p.forces_replacement)).collect();
    assert_eq!(forces, [("QueueName", true), ("A", false)]);
    assert_eq!(review.totals.replace, 1);
}

/// A function's permission, say: its own properties do not change.
#[test]
fn a_part_of_a_replaced_resource_says_so() {
    let name = json!({ "Fn::GetAtt": ["handlers/queue", "Arn", "arn"] });
    let address = Address::new("handlers/queue/policy");
    let part = Declaration { address: address.clone(), ..queue(json!({ "Queue": name })) };
    let graph = Graph::new(vec![queue(json!({ "QueueName": "new" })), part]).unwrap();
    let seen = Live { ownership: Ownership::Inherited, ..live(json!({ "Queue": "arn" })) };
    let whole = (Address::new("handlers/queue"), live(json!({ "QueueName": "q" })));
    let snapshot = Snapshot { live: BTreeMap::from([whole, (address, seen)]), orphans: Vec::new() };
    let plan = plan::plan(&scope(), &graph, &snapshot, &rules);
    let review = review(&plan, &graph, Against::Account, None, &rules);
    let reasons = review.changes.iter().map(|one| format!("{:?}: {}", one.action, one.reasons.join(", ")));
    insta::assert_snapshot!(reasons.collect::<Vec<_>>().join("\n"), @r"
    Replace: QueueName cannot change in place
    Replace: part of handlers/queue, which is replaced
    ");
}

#[test]
fn that_a_stack_is_torn_down_is_said_once() {
    let graph = Graph::new(vec![queue(json!({}))]).unwrap();
    let seen = BTreeMap::from([(Address::new("handlers/queue"), live(json!({})))]);
    let plan = plan::teardown(&scope(), &graph, &Snapshot { live: seen, orphans: Vec::new() }, &rules);
    let review = review(&plan, &graph, Against::Account, None, &rules);
    assert_eq!(review.changes[0].reasons, [""; 0]);
    insta::assert_snapshot!(review.notes.join("\n"), @"the whole stack is deleted");
}

#[test]
fn what_aws_never_returns_is_never_shown() {
    let review = of(json!({ "QueueName": "q", "Secret": "s" }), None, None);
    let paths: Vec<_> = review.changes[0].properties.iter().map(|p| p.path.as_str()).collect();
    assert_eq!(paths, ["QueueName"]);
}

#[test]
fn the_json_form_reads_back() {
    let review = of(json!({ "QueueName": "new" }), Some(json!({ "QueueName": "q" })), None);
    let text = serde_json::to_string(&review).unwrap();
    assert_eq!(serde_json::from_str::<Review>(&text).unwrap(), review);
}
