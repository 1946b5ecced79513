//! A whole teardown: the run, the audit, and the removal of the stack's home bucket, with a fault at each call.

use serde_json::json;

use super::*;
use crate::model::{Guard, Kind, Live, Outputs, Ownership, Scope};
use crate::ops::teardown;
use crate::plan::{Reason, Step};

/// A plan that deletes a bucket with these contents.
fn deletion(reason: Reason, contents: Contents) -> Plan {
    let seen = Live {
        id: "vod-source".into(),
        properties: json!({}),
        outputs: Outputs::new(),
        ownership: Ownership::Unmarked,
        readiness: Readiness::Ready,
        contents,
    };
    let step = Step {
        address: "storage/source".into(),
        kind: Kind::new("AWS::S3::Bucket"),
        region: "eu-west-1".into(),
        action: StepAction::Delete { seen: Box::new(seen), reason },
        guard: Guard::Data,
        needs: Vec::new(),
    };
    let scope = Scope { stack: "vod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
    Plan { scope, steps: vec![step], unchanged: Vec::new(), kept: Vec::new(), outputs: BTreeMap::new() }
}

#[test]
fn an_upload_does_not_stop_a_teardown_and_stops_any_other_deletion() {
    let uploaded = |reason: Reason| {
        let shown = deletion(reason.clone(), Contents::Empty);
        unchanged_since(&shown, &deletion(reason, Contents::Some))
    };
    uploaded(Reason::Teardown).unwrap();
    assert!(uploaded(Reason::Orphan).is_err());
}

/// A whole teardown, as the command carries it out: with the audit and the removal of the home bucket. A killed one has no end.
async fn tear_down(world: &World) -> Option<miette::Result<Vec<String>>> {
    let (account, graph, person) = (world.account(ME).await, stack(BOTH), Person::new(world, true));
    let operation = Teardown { account: &account, graph: &graph, agreed: true };
    let run = async {
        let (plan, state) = operation.plan().await?;
        let (_, left) = teardown::carry_out(&operation, (&plan, &state), &person).await?;
        Ok(left.into_iter().flatten().map(|known| known.id).collect())
    };
    tokio::select! {
        biased;
        ended = run => Some(ended),
        () = world.killed.notified() => None,
    }
}

/// Nothing of the stack is left, and tearing it down once more only reads.
async fn is_gone(world: &World, context: &str) {
    assert_eq!((world.things(), world.lock_holder()), (BTreeMap::new(), None), "{context}");
    assert!(!world.has_home() && world.records().is_empty(), "{context}: the home bucket is there");
    world.expect(None);
    assert_eq!(tear_down(world).await.unwrap().unwrap(), Vec::<String>::new());
    let reads = ["read ", "sweep", "look for home"];
    assert!(world.calls().iter().all(|call| reads.iter().any(|read| call.starts_with(read))), "{context}");
}

/// Every fault at every call of a whole teardown.
async fn at_each_call_of_a_teardown(
    fault: Fault,
    judge: impl AsyncFn(&World, Option<miette::Result<Vec<String>>>, (usize, &[String])),
) {
    let clean = World::default();
    both_are_there(&clean).await;
    clean.expect(None);
    tear_down(&clean).await.unwrap().unwrap();
    for number in 0..clean.calls().len() {
        let world = World::default();
        both_are_there(&world).await;
        world.expect(Some((number, fault)));
        let ended = tear_down(&world).await;
        let calls = world.calls();
        assert!(calls.len() > number, "the fault was not met: {calls:?}");
        world.expect(None);
        judge(&world, ended, (number, &calls)).await;
    }
}

#[tokio::test]
async fn a_teardown_removes_its_home_last_and_under_the_lock() {
    let world = World::default();
    both_are_there(&world).await;
    world.expect(None);
    assert_eq!(tear_down(&world).await.unwrap().unwrap(), Vec::<String>::new());
    let calls = world.calls();
    let ended = calls.iter().position(|call| call == "record end").unwrap();
    insta::assert_snapshot!(calls[ended..].join("\n"), @"
    record end
    unlock
    look for home
    lock for teardown
    read a
    read b
    sweep
    empty home
    erase lock
    delete home
    ");
    is_gone(&world, "after a clean run").await;
}

#[tokio::test]
async fn a_teardown_that_is_ended_at_any_call_is_finished_by_the_next_one_with_its_home() {
    for fault in [Fault::Interrupt, Fault::Kill, Fault::Fail] {
        at_each_call_of_a_teardown(fault, async |world, _, (number, calls)| {
            let context = format!("{fault:?} at {}", calls[number]);
            world.free_lock();
            assert_eq!(tear_down(world).await.unwrap().unwrap(), Vec::<String>::new(), "{context}");
            is_gone(world, &context).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_home_bucket_that_another_run_took_over_at_any_call_stays() {
    at_each_call_of_a_teardown(Fault::LoseLock, async |world, _, (number, calls)| {
        let locked = calls.iter().position(|call| call.starts_with("lock ")).unwrap();
        if number <= locked {
            return;
        }
        let at = &calls[number];
        assert!(world.has_home(), "lost at {at}");
        assert_eq!(world.lock_holder().as_deref(), Some(OTHER), "lost at {at}");
        let emptied = calls[number + 1..].iter().any(|call| call == "empty home");
        assert!(!emptied, "lost at {at}: the other run's record and bundles are gone");
    })
    .await;
}
