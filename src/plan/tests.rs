//! The steps of plans and their order, on small made-up stacks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::check::{self, Permits};
use super::*;
use crate::graph::Graph;
use crate::model::{Contents, Declaration, Mark, Orphan, Ownership, Readiness, Snapshot};

fn scope() -> Scope {
    Scope { stack: "vod".into(), account: "111122223333".into(), region: "ap-northeast-2".into() }
}

fn kind(name: &str) -> Kind {
    Kind::new(match name {
        "bucket" => "AWS::Test::Bucket",
        _ => "AWS::Test::Thing",
    })
}

fn rules(kind: &Kind) -> Rules {
    let rank = usize::from(kind.as_str() == "AWS::Test::Thing");
    Rules { create_only: &["Name"], write_only: &[], rank, normal: Value::clone }
}

fn declared(address: &str, properties: Value) -> Declaration {
    let guard = if address.starts_with("storage/") { Guard::Data } else { Guard::None };
    let kind = kind(if guard == Guard::Data { "bucket" } else { "thing" });
    Declaration {
        address: address.into(),
        kind,
        region: "ap-northeast-2".into(),
        properties,
        predicted: Outputs::new(),
        after: BTreeSet::new(),
        guard,
    }
}

fn live(address: &str, properties: Value) -> Live {
    Live {
        id: format!("id-of-{address}"),
        properties,
        outputs: Outputs::from([("Id".to_owned(), format!("id-of-{address}"))]),
        ownership: Ownership::Marked(Mark { stack: "vod".into(), address: address.into() }),
        readiness: Readiness::Ready,
        contents: Contents::Nothing,
    }
}

fn reference(to: &str) -> Value {
    json!({ "Fn::GetAtt": [to, "Id"] })
}

fn planned(declarations: &[Declaration], seen: &[(&str, Live)], orphans: &[Orphan]) -> Plan {
    let graph = Graph::new(declarations.to_vec()).unwrap();
    let live = seen.iter().map(|(address, live)| ((*address).into(), live.clone())).collect();
    plan(&scope(), &graph, &Snapshot { live, orphans: orphans.to_vec() }, &rules)
}

/// The steps as `verb address <- needed steps`.
fn steps(plan: &Plan) -> Vec<String> {
    let verb = |action: &StepAction| match action {
        StepAction::Create { .. } => "create",
        StepAction::Update { .. } => "update",
        StepAction::Delete { .. } => "delete",
    };
    let needs = |step: &Step| step.needs.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    plan.steps
        .iter()
        .map(|step| format!("{} {} <- {}", verb(&step.action), step.address, needs(step)))
        .collect()
}

/// The check, with the names of the stack's buckets.
fn check(plan: &Plan, permits: Permits) -> Result<(), check::UnsafePlan> {
    check::check(plan, permits, &crate::stack::names::region_in)
}

#[test]
fn what_is_as_declared_is_left_alone() {
    let stack =
        [declared("a", json!({ "Name": "a" })), declared("b", json!({ "Name": "b", "A": reference("a") }))];
    let seen =
        [("a", live("a", json!({ "Name": "a" }))), ("b", live("b", json!({ "Name": "b", "A": "id-of-a" })))];
    let plan = planned(&stack, &seen, &[]);
    assert!(plan.is_empty(), "{:?}", steps(&plan));
    assert_eq!(plan.totals(), Totals { unchanged: 2, ..Totals::default() });
}

#[test]
fn everything_new_is_created_along_the_graph() {
    let stack =
        [declared("a", json!({ "B": reference("b") })), declared("b", json!({})), declared("c", json!({}))];
    let plan = planned(&stack, &[], &[]);
    assert_eq!(plan.totals().create, 3);
    let order = steps(&plan);
    let at = |name: &str| order.iter().position(|step| step.contains(&format!("create {name}"))).unwrap();
    assert!(at("b") < at("a"));
    assert!(order.iter().any(|step| *step == format!("create a <- {}", at("b"))), "{order:?}");
    assert!(order.contains(&"create c <- ".to_owned()), "{order:?}");
}

#[test]
fn a_reference_to_what_is_not_yet_there_is_known_after_apply() {
    let stack = [declared("a", json!({})), declared("b", json!({ "A": reference("a"), "N": 1 }))];
    let plan = planned(&stack, &[("b", live("b", json!({ "A": "old", "N": 1 })))], &[]);
    let StepAction::Update { changes, .. } = &plan.steps[1].action else { panic!("{:?}", plan.steps) };
    assert_eq!(changes.0.len(), 1);
    assert_eq!(changes.0[0].after, Some(reference("a")));
}

#[test]
fn replacement_is_two_steps_and_dependents_follow() {
    let stack = [declared("a", json!({ "Name": "new" })), declared("b", json!({ "A": reference("a") }))];
    let seen = [("a", live("a", json!({ "Name": "old" }))), ("b", live("b", json!({ "A": "id-of-a" })))];
    let plan = planned(&stack, &seen, &[]);
    assert_eq!(steps(&plan), ["delete a <- ", "create a <- 0", "update b <- 1"]);
    assert_eq!(plan.totals(), Totals { replace: 1, update: 1, ..Totals::default() });
}

#[test]
fn replaced_dependents_are_deleted_before_what_they_rest_on() {
    let stack = [declared("a", json!({ "Name": "new" })), declared("b", json!({ "Name": reference("a") }))];
    let seen = [("a", live("a", json!({ "Name": "old" }))), ("b", live("b", json!({ "Name": "id-of-a" })))];
    let plan = planned(&stack, &seen, &[]);
    let order = steps(&plan);
    let at = |text: &str| order.iter().position(|step| step.starts_with(text)).unwrap();
    assert!(
        at("delete b") < at("delete a") && at("delete a") < at("create a") && at("create a") < at("create b")
    );
    for (number, step) in plan.steps.iter().enumerate() {
        assert!(step.needs.iter().all(|need| *need < number), "{order:?}");
    }
}

#[test]
fn deletes_of_replaced_resources_keep_their_order_whatever_they_are_called() {
    let stack = [
        declared("z", json!({ "Name": "new" })),
        declared("a", json!({ "Name": reference("z") })),
        declared("m", json!({ "Name": reference("a") })),
    ];
    let seen = ["z", "a", "m"].map(|address| (address, live(address, json!({ "Name": "old" }))));
    let plan = planned(&stack, &seen, &[]);
    assert_eq!(
        steps(&plan),
        [
            "delete m <- ",
            "delete a <- 0",
            "delete z <- 1",
            "create z <- 2",
            "create a <- 3,1",
            "create m <- 4,0"
        ]
    );
}

#[test]
fn what_is_a_part_of_something_replaced_goes_with_it_and_is_made_anew() {
    let predicted = json!({ "Fn::GetAtt": ["a", "Arn", "arn-of-a"] });
    let stack = [
        declared("a", json!({ "Name": "new" })),
        declared("a/part", json!({ "A": predicted })),
        declared("b", json!({ "A": predicted })),
    ];
    let properties = json!({ "A": "arn-of-a" });
    let part = Live {
        id: "id-of-a/part".into(),
        ownership: Ownership::Inherited,
        ..live("a/part", properties.clone())
    };
    let seen =
        [("a", live("a", json!({ "Name": "old" }))), ("a/part", part.clone()), ("b", live("b", properties))];
    let plan = planned(&stack, &seen, &[]);
    assert_eq!(steps(&plan), ["delete a/part <- ", "delete a <- 0", "create a <- 1", "create a/part <- 2,0"]);
    assert_eq!(plan.totals(), Totals { replace: 2, unchanged: 1, ..Totals::default() });
    let updated =
        planned(&stack[..2], &[("a", live("a", json!({ "Name": "new", "N": 1 }))), ("a/part", part)], &[]);
    assert_eq!(steps(&updated), ["update a <- "], "a change in place takes nothing along");
}

#[test]
fn orphans_go_after_everything_else_and_what_rests_on_others_first() {
    let orphan = |address: &str, kind_name: &str| Orphan {
        address: address.into(),
        kind: kind(kind_name),
        region: "ap-northeast-2".into(),
        live: live(address, json!({})),
        by_hand: false,
    };
    let stack = [declared("a", json!({ "N": 1 }))];
    let seen = [("a", live("a", json!({ "N": 2 })))];
    let plan = planned(&stack, &seen, &[orphan("storage/x", "bucket"), orphan("y", "thing")]);
    assert_eq!(steps(&plan), ["update a <- ", "delete y <- 0", "delete storage/x <- 0,1"]);
}

#[test]
fn what_somebody_added_goes_whatever_becomes_of_the_rest() {
    let by_hand = Orphan {
        address: "a/part/by-hand".into(),
        kind: kind("bucket"),
        region: "ap-northeast-2".into(),
        live: Live { ownership: Ownership::Inherited, ..live("part", json!({})) },
        by_hand: true,
    };
    let orphan = Orphan { address: "y".into(), kind: kind("thing"), by_hand: false, ..by_hand.clone() };
    let stack = [declared("a", json!({ "N": 1 }))];
    let seen = [("a", live("a", json!({ "N": 2 })))];
    let plan = planned(&stack, &seen, &[by_hand, orphan]);
    assert_eq!(steps(&plan), ["update a <- ", "delete y <- 0", "delete a/part/by-hand <- "]);
}

#[test]
fn what_is_not_ours_is_refused_and_only_the_unmarked_can_be_adopted() {
    let stack = [declared("a", json!({ "N": 1 }))];
    let theirs = |ownership| [("a", Live { ownership, ..live("a", json!({ "N": 2 })) })];
    let unmarked = planned(&stack, &theirs(Ownership::Unmarked), &[]);
    assert!(check(&unmarked, Permits::default()).is_err());
    assert!(check(&unmarked, Permits { adopt: true, lose_data: false, ..Permits::default() }).is_ok());
    let other = Ownership::Marked(Mark { stack: "other".into(), address: "a".into() });
    let foreign = planned(&stack, &theirs(other), &[]);
    let refused =
        check(&foreign, Permits { adopt: true, lose_data: true, ..Permits::default() }).unwrap_err();
    assert_eq!(refused.refusals[0].to_string(), "a: id-of-a exists, and belongs to a of stack other");
}

#[test]
fn nobodys_part_that_goes_with_an_adoption_is_not_said_to_be_another_stacks() {
    let by_hand = Orphan {
        address: "a/part/by-hand".into(),
        kind: kind("thing"),
        region: "ap-northeast-2".into(),
        live: Live { ownership: Ownership::Unmarked, ..live("part", json!({})) },
        by_hand: true,
    };
    let plan = planned(&[], &[], &[by_hand]);
    let refused = check(&plan, Permits::default()).unwrap_err();
    let help =
        miette::Diagnostic::help(&refused.refusals[0]).map(|help| help.to_string()).unwrap_or_default();
    assert!(help.contains("--adopt") && !help.contains("another stack"), "{help}");
    assert!(check(&plan, Permits { adopt: true, lose_data: false, ..Permits::default() }).is_ok());
}

#[test]
fn what_serves_a_stack_of_the_same_name_in_another_region_is_refused() {
    let origin = |region: &str| json!({ "Origin": format!("vod-output-111122223333-{region}.s3.{region}.amazonaws.com") });
    let stack = [declared("a", origin("ap-northeast-2"))];
    let updated = |region: &str| planned(&stack, &[("a", live("a", origin(region)))], &[]);
    let refused =
        check(&updated("eu-west-1"), Permits { adopt: true, lose_data: true, ..Permits::default() })
            .unwrap_err();
    assert_eq!(refused.refusals[0].to_string(), "a: id-of-a belongs to the stack of this name in eu-west-1");
    let graph = Graph::new(stack.to_vec()).unwrap();
    let seen = BTreeMap::from([("a".into(), live("a", origin("eu-west-1")))]);
    let removed = teardown(&scope(), &graph, &Snapshot { live: seen, orphans: vec![] }, &rules);
    assert!(check(&removed, Permits { adopt: false, lose_data: true, ..Permits::default() }).is_err());
    let ours = json!({ "Origins": [origin("ap-northeast-2"), origin("eu-west-1")] });
    let drifted = planned(&stack, &[("a", live("a", ours))], &[]);
    assert!(check(&drifted, Permits::default()).is_ok(), "one by hand beside this stack's own");
}

#[test]
fn apply_never_deletes_or_replaces_what_holds_data() {
    let full = Live { contents: Contents::Some, ..live("storage/a", json!({ "Name": "old" })) };
    let replaced =
        planned(&[declared("storage/a", json!({ "Name": "new" }))], &[("storage/a", full.clone())], &[]);
    assert!(check(&replaced, Permits::default()).is_err());
    let emptied = Live { contents: Contents::Empty, ..full };
    let replaced =
        planned(&[declared("storage/a", json!({ "Name": "new" }))], &[("storage/a", emptied)], &[]);
    assert!(check(&replaced, Permits::default()).is_ok());
}

#[test]
fn an_orphan_that_holds_data_stays_with_its_parts_until_it_is_empty() {
    let orphan = |address: &str, live: Live| Orphan {
        address: address.into(),
        kind: kind("bucket"),
        region: "ap-northeast-2".into(),
        live,
        by_hand: false,
    };
    let bucket = |contents| orphan("logs", Live { contents, ..live("logs", json!({})) });
    let part = Live { ownership: Ownership::Inherited, ..live("logs", json!({})) };
    let policy = orphan("logs/policy", part);
    let other = orphan("other", live("other", json!({})));
    let full = planned(&[], &[], &[bucket(Contents::Some), policy.clone(), other.clone()]);
    assert_eq!(steps(&full), ["delete other <- "]);
    let kept: Vec<&str> = full.kept.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(kept, ["logs", "logs/policy"]);
    let emptied = planned(&[], &[], &[bucket(Contents::Empty), policy, other]);
    assert_eq!((emptied.steps.len(), emptied.kept.len()), (3, 0));
}

#[test]
fn teardown_goes_along_the_graph_backwards() {
    let stack = [
        declared("a", json!({})),
        declared("b", json!({ "A": reference("a") })),
        declared("c", json!({ "B": reference("b") })),
    ];
    let graph = Graph::new(stack.to_vec()).unwrap();
    // b is already deleted, but c must still be deleted before a.
    let live = [("a", live("a", json!({}))), ("c", live("c", json!({})))];
    let snapshot = Snapshot { live: live.into_iter().map(|(a, l)| (a.into(), l)).collect(), orphans: vec![] };
    assert_eq!(steps(&teardown(&scope(), &graph, &snapshot, &rules)), ["delete c <- ", "delete a <- 0"]);
}

#[test]
fn a_stack_of_the_same_name_in_another_region_is_refused_whatever_is_allowed() {
    let made_by = |properties: Value| {
        let seen = [("a", live("a", properties))];
        planned(&[declared("a", json!({ "Tags": [] }))], &seen, &[])
    };
    let tagged = |region: &str| json!({ "Tags": [{ "Key": "provision:region", "Value": region }], "N": 1 });
    let old = |region: &str| json!({ "Policy": format!("arn:aws:s3:::vod-work-111122223333-{region}/*") });
    let everything = Permits { adopt: true, lose_data: true, ..Permits::default() };
    for other in [tagged("us-west-2"), old("us-west-2")] {
        let refused = check(&made_by(other), everything).unwrap_err();
        let says = refused.refusals[0].to_string();
        assert_eq!(says, "a: id-of-a belongs to the stack of this name in us-west-2");
    }
    for own in [tagged("ap-northeast-2"), old("ap-northeast-2"), json!({ "N": 1 })] {
        assert!(check(&made_by(own), Permits::default()).is_ok());
    }
}

#[test]
fn teardown_leaves_what_is_not_the_stacks_and_the_parts_of_it() {
    let stack = [
        declared("queue", json!({})),
        declared("queue/policy", json!({ "Queue": reference("queue") })),
        declared("bucket", json!({})),
        declared("bucket/policy", json!({ "Bucket": reference("bucket"), "For": reference("queue") })),
    ];
    let graph = Graph::new(stack.to_vec()).unwrap();
    let part =
        |of: &str| Live { ownership: Ownership::Inherited, id: format!("id-of-{of}"), ..live(of, json!({})) };
    let theirs = Live { ownership: Ownership::Unmarked, ..live("queue", json!({})) };
    let seen = [
        ("queue", theirs),
        ("queue/policy", part("queue")),
        ("bucket", live("bucket", json!({}))),
        ("bucket/policy", part("bucket")),
    ];
    let live = seen.into_iter().map(|(address, live)| (address.into(), live)).collect();
    let (snapshot, left) = ours(&scope(), &graph, Snapshot { live, orphans: vec![] });
    let left: Vec<&str> = left.iter().map(|known| known.address.as_str()).collect();
    assert_eq!(left, ["queue", "queue/policy"]);
    let plan = teardown(&scope(), &graph, &snapshot, &rules);
    assert_eq!(steps(&plan), ["delete bucket/policy <- ", "delete bucket <- 0"]);
    assert!(check(&plan, Permits { adopt: false, lose_data: true, ..Permits::default() }).is_ok());
}
