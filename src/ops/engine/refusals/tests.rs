//! What is refused, by the status of a CloudFormation stack and by what lives.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;
use crate::deploy::{Member, StackSeen, StackStatus};
use crate::home::{Record, Run};
use crate::model::{Contents, Declaration, Guard, Kind, Live, Mark, Outputs, Readiness, Snapshot};
use crate::plan::StepAction;

fn scope() -> Scope {
    Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() }
}

fn held(status: &str, tag: Option<&str>, in_review: &[&str]) -> Stacks {
    let seen = StackSeen {
        name: "vod".into(),
        id: "arn:vod".into(),
        region: "eu-west-1".into(),
        status: StackStatus::new(status),
        reason: "it says why".into(),
        parameters: BTreeMap::new(),
        outputs: BTreeMap::new(),
        tags: tag.map(|tag| (STACK_TAG.to_owned(), tag.to_owned())).into_iter().collect(),
        protected: false,
    };
    let member = Member {
        logical_id: "StorageWork".into(),
        physical_id: Some("vod-work".into()),
        status: "CREATE_COMPLETE".into(),
    };
    let members = BTreeMap::from([("StorageWork".to_owned(), member)]);
    let in_review = in_review.iter().map(|set| (*set).to_owned()).collect();
    Stacks::from(vec![HeldStack::new(seen, members, in_review)])
}

fn state(live: bool, engine: Option<&str>) -> ObservedState {
    let work = Live {
        id: "vod-work".into(),
        properties: json!({}),
        outputs: Outputs::new(),
        ownership: Ownership::Marked(Mark { stack: "vod".into(), address: "storage/work".into() }),
        readiness: Readiness::Ready,
        contents: Contents::Nothing,
    };
    let live = live.then(|| ("storage/work".into(), work)).into_iter().collect();
    let record = engine.map(|engine| {
        let mut record = Record::new("vod", "me", true, Vec::new(), Run::default(), Vec::new());
        record.engine = Some(engine.to_owned());
        record
    });
    ObservedState { snapshot: Snapshot { live, orphans: Vec::new() }, record }
}

fn said(stacks: &Stacks, removes: bool) -> String {
    let refused = of_stacks(&scope(), stacks, &state(true, None), removes);
    refused.map_or_else(|| "accepted".to_owned(), |refused| refused.to_string())
}

#[test]
fn each_stuck_state_is_used_or_told() {
    let statuses = [
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "DELETE_FAILED",
    ];
    let lines = statuses.map(|status| {
        let stacks = held(status, Some("vod"), &[]);
        format!("{status}: apply {}; teardown {}", said(&stacks, false), said(&stacks, true))
    });
    insta::assert_snapshot!(lines.join("\n"), @"
    UPDATE_COMPLETE: apply accepted; teardown accepted
    UPDATE_ROLLBACK_FAILED: apply accepted; teardown accepted
    ROLLBACK_COMPLETE: apply accepted; teardown accepted
    ROLLBACK_FAILED: apply the CloudFormation stack vod in eu-west-1 is in ROLLBACK_FAILED: it says why; teardown accepted
    DELETE_FAILED: apply the CloudFormation stack vod in eu-west-1 is in DELETE_FAILED: it says why; teardown accepted
    ");
}

#[test]
fn a_stack_of_somebody_else_is_never_touched() {
    for removes in [false, true] {
        for tag in [None, Some("other")] {
            let said = said(&held("CREATE_COMPLETE", tag, &[]), removes);
            assert!(said.contains("provision did not make it"), "{said}");
        }
        let review = |sets: &[&str]| said(&held("REVIEW_IN_PROGRESS", None, sets), removes);
        assert!(review(&["provision-1", "theirs"]).contains("provision did not make it"));
    }
}

#[test]
fn a_stack_in_review_is_ours_by_its_change_sets() {
    let stacks = held("REVIEW_IN_PROGRESS", None, &["provision-1"]);
    let refused = of_stacks(&scope(), &stacks, &state(false, None), false);
    assert!(refused.is_none(), "{refused:?}");
}

/// What lives with the stack's mark and is in no CloudFormation stack was made by another engine, unless the last run was
/// this one's: a deletion may have left buckets.
#[test]
fn what_another_engine_made_is_not_taken_over() {
    let of = |live, engine| of_stacks(&scope(), &Stacks::default(), &state(live, engine), false).is_some();
    assert!(of(true, None) && of(true, Some("direct")));
    assert!(!of(true, Some("cloudformation")));
    assert!(!of(false, None) && !of(false, Some("direct")));
}

/// A stack with nothing but a certificate that somebody deleted: no template can leave it out.
#[test]
fn a_stack_that_would_have_nothing_left_is_refused() {
    let refused = |kind: &'static str| {
        let kind = Kind::new(kind);
        let declared = Declaration {
            address: "storage/work".into(),
            kind: kind.clone(),
            region: "eu-west-1".into(),
            properties: json!({}),
            predicted: Outputs::new(),
            after: BTreeSet::new(),
            guard: Guard::None,
        };
        let step = Step {
            address: "storage/work".into(),
            kind,
            region: "eu-west-1".into(),
            action: StepAction::Create { desired: json!({}) },
            guard: Guard::None,
            needs: Vec::new(),
        };
        let plan = Plan {
            scope: scope(),
            steps: vec![step],
            unchanged: Vec::new(),
            kept: Vec::new(),
            outputs: BTreeMap::new(),
        };
        let graph = Graph::new([declared]).unwrap();
        let stacks = held("UPDATE_COMPLETE", Some("vod"), &[]);
        of_freed(&plan, &graph, &stacks, &|_| false).map(|refused| refused.to_string())
    };
    insta::assert_snapshot!(refused("AWS::CertificateManager::Certificate").unwrap(), @"CloudFormation cannot create storage/work again: it must leave the CloudFormation stack vod in eu-west-1 before, and that stack has nothing else");
    assert_eq!(refused("AWS::CloudFront::Distribution"), None, "a drift-aware change set creates it again");
}
