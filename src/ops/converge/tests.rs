//! The protocol against a fake account and a home in memory, with one fault at each of its calls.

mod broadening;
mod removal;
mod world;

use std::collections::BTreeMap;

use super::*;
use crate::home::Ending;
use crate::ops::apply::{Apply, ApplyOptions};
use crate::ops::error::ErrorKind;
use crate::ops::source::Declared;
use crate::ops::teardown::Teardown;
use crate::saved::Package;
use world::{Fault, OTHER, Person, World, stack};

const ME: &str = "arn:aws:iam::111122223333:user/me";
const BOTH: &[(&str, i64)] = &[("a", 1), ("b", 2)];

/// What a run came to: an error before the first change, nothing to do, or an outcome. A killed run has none.
type Ended = Option<miette::Result<Option<RunOutcome>>>;

fn declared(things: &[(&str, i64)]) -> Declared {
    declared_as(stack(things))
}

fn declared_as(graph: Graph) -> Declared {
    let package = Package { handler: "submit".into(), sha256: "00".into(), origin: None };
    Declared { graph, packages: vec![package], files: vec![Some("submit.zip".into())], _folder: None }
}

/// Carries out an operation as its command would: it reads, then converges. The process may be killed meanwhile.
async fn carry_out(world: &World, person: &Person, operation: &impl Operation) -> Ended {
    let run = async {
        let (plan, state) = operation.plan().await?;
        converge(operation, (&plan, &state), person).await
    };
    tokio::select! {
        biased;
        ended = run => Some(ended),
        () = world.killed.notified() => None,
    }
}

async fn apply_as(world: &World, by: &str, person: &Person, things: &[(&str, i64)]) -> Ended {
    let (account, declared) = (world.account(by).await, declared(things));
    let options = ApplyOptions::default();
    let operation = Apply { account: &account, declared: &declared, options, source: None };
    carry_out(world, person, &operation).await
}

async fn apply(world: &World, things: &[(&str, i64)]) -> Ended {
    apply_as(world, ME, &Person::new(world, true), things).await
}

async fn teardown(world: &World, things: &[(&str, i64)]) -> Ended {
    let (account, graph) = (world.account(ME).await, stack(things));
    let operation = Teardown { account: &account, graph: &graph, agreed: true };
    carry_out(world, &Person::new(world, true), &operation).await
}

fn status(ended: Ended) -> Option<RunStatus> {
    ended.unwrap().unwrap().map(|run| run.status())
}

fn kind(ended: Ended) -> ErrorKind {
    ErrorKind::of(&ended.unwrap().expect_err("it is refused or fails"))
}

fn things(all: &[(&str, i64)]) -> BTreeMap<String, i64> {
    all.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

/// The changes among these calls.
fn changes(calls: &[String]) -> Vec<&String> {
    let changes = ["create ", "update ", "delete "];
    calls.iter().filter(|call| changes.iter().any(|change| call.starts_with(change))).collect()
}

/// Every fault at every call of a clean run. `begin` prepares the world; `run` is the run that meets the fault; `judge` gets
/// the number of the call, how the run ended, and the calls it made.
async fn at_each_call(
    fault: Fault,
    begin: impl AsyncFn(&World),
    run: impl AsyncFn(&World) -> Ended,
    judge: impl AsyncFn(&World, usize, Ended, Vec<String>),
) {
    let clean = World::default();
    begin(&clean).await;
    clean.expect(None);
    assert_eq!(status(run(&clean).await), Some(RunStatus::Complete), "without a fault");
    let count = clean.calls().len();
    assert!(count > 8, "{:?}", clean.calls());
    for number in 0..count {
        let world = World::default();
        begin(&world).await;
        world.expect(Some((number, fault)));
        let ended = run(&world).await;
        let calls = world.calls();
        assert!(calls.len() > number, "the fault was not met: {calls:?}");
        world.expect(None);
        judge(&world, number, ended, calls).await;
    }
}

async fn nothing(_: &World) {}

async fn both_are_there(world: &World) {
    assert_eq!(status(apply(world, BOTH).await), Some(RunStatus::Complete));
}

#[tokio::test]
async fn a_run_asks_locks_reads_again_and_records_its_begin_before_the_first_change() {
    let (world, person) = (World::default(), Person::new(&World::default(), true));
    assert_eq!(status(apply_as(&world, ME, &person, BOTH).await), Some(RunStatus::Complete));
    insta::assert_snapshot!(world.calls().join("\n"), @"
    read a
    read b
    read record
    sweep
    ensure home
    lock for apply
    read a
    read b
    read record
    upload bundle/00.zip
    read record
    sweep
    record begin
    create a
    create b
    record end
    unlock
    ");
    let heard = person.heard.lock().unwrap().join("\n");
    insta::assert_snapshot!(heard, @r#"
    plan
    Apply { stack: "vod" }
    "#);
    let [begun, ended] = &world.records()[..] else { panic!("two records") };
    assert!(!begun.complete && begun.run.ended.is_none() && begun.resources.is_empty());
    assert!(ended.complete && ended.established && ended.resources.len() == 2);
    assert_eq!(ended.run.ended.unwrap().how, Ending::Complete);
    assert_eq!(world.bundles(), ["bundle/00.zip"]);
}

#[tokio::test]
async fn nothing_to_do_asks_nothing_and_writes_nothing() {
    let world = World::default();
    both_are_there(&world).await;
    world.expect(None);
    let person = Person::new(&world, false);
    assert_eq!(status(apply_as(&world, ME, &person, BOTH).await), None);
    assert_eq!(world.calls(), ["read a", "read b", "read record"]);
    assert_eq!(*person.heard.lock().unwrap(), ["plan"]);
}

#[tokio::test]
async fn whoever_does_not_agree_changes_nothing() {
    let world = World::default();
    let person = Person::new(&world, false);
    assert_eq!(kind(apply_as(&world, ME, &person, BOTH).await), ErrorKind::Refused);
    assert_eq!((world.things(), world.records(), world.lock_holder()), (BTreeMap::new(), Vec::new(), None));
}

#[tokio::test]
async fn an_account_that_moved_after_the_plan_was_shown_is_left_as_it_is() {
    let world = World::default();
    both_are_there(&world).await;
    let (account, declared) = (world.account(ME).await, declared(&[("a", 1), ("b", 3)]));
    let options = ApplyOptions { agreed: true, ..ApplyOptions::default() };
    let operation = Apply { account: &account, declared: &declared, options, source: None };
    let (plan, state) = operation.plan().await.unwrap();
    world.set("a", 9);
    let refused = converge(&operation, (&plan, &state), &Person::new(&world, true)).await.unwrap_err();
    insta::assert_snapshot!(refused, @r"
    the account changed after the plan was shown; nothing was changed
    a: it was changed: Value
    ");
    assert_eq!(ErrorKind::of(&refused), ErrorKind::Refused);
    assert_eq!((world.things(), world.lock_holder()), (things(&[("a", 9), ("b", 2)]), None));
    assert_eq!(world.records().len(), 2, "those of the first run");
}

#[tokio::test]
async fn of_two_runs_at_once_one_is_refused_and_the_other_converges() {
    let world = World::default();
    let (one, two) = (Person::new(&world, true), Person::new(&world, true));
    let (mine, theirs) = tokio::join!(apply_as(&world, ME, &one, BOTH), apply_as(&world, OTHER, &two, BOTH));
    let (ran, refused) = if matches!(mine, Some(Ok(_))) { (mine, theirs) } else { (theirs, mine) };
    assert_eq!(status(ran), Some(RunStatus::Complete));
    assert_eq!(kind(refused), ErrorKind::Refused);
    assert_eq!((world.things(), world.lock_holder()), (things(BOTH), None));
    assert_eq!(world.records().len(), 2, "only one run wrote");
}

#[tokio::test]
async fn a_run_that_is_interrupted_at_any_call_gives_its_lock_back_and_the_next_one_finishes_it() {
    at_each_call(
        Fault::Interrupt,
        nothing,
        async |world| apply(world, BOTH).await,
        async |world, number, ended, calls| {
            assert_eq!(world.lock_holder(), None, "interrupted at {}", calls[number]);
            match ended.unwrap() {
                Ok(run) => {
                    let run = run.unwrap();
                    let done = run.status() == RunStatus::Complete;
                    assert!(done || run.status() == RunStatus::Interrupted, "at {}", calls[number]);
                    assert_eq!(world.records().last().unwrap().complete, done);
                }
                Err(error) => {
                    assert_eq!(
                        ErrorKind::of(&error),
                        ErrorKind::Interrupted,
                        "at {}: {error:?}",
                        calls[number]
                    );
                    assert!(world.things().is_empty(), "the stack was not changed");
                }
            }
            // No change begins after the interrupt: the call in flight is the last one.
            let later = if number + 1 < calls.len() { &calls[number + 1..] } else { &[] };
            let locked = calls[..=number].iter().any(|call| call.starts_with("lock "));
            assert!(!locked || changes(later).is_empty(), "after {}: {later:?}", calls[number]);
            apply(world, BOTH).await.unwrap().unwrap();
            assert_eq!(world.things(), things(BOTH));
            assert!(world.records().last().unwrap().complete);
        },
    )
    .await;
}

#[tokio::test]
async fn a_run_whose_lock_is_lost_at_any_call_starts_no_change_and_writes_no_record_after_that() {
    at_each_call(
        Fault::LoseLock,
        nothing,
        async |world| apply(world, BOTH).await,
        async |world, number, ended, calls| {
            let Some(locked) = calls.iter().position(|call| call.starts_with("lock ")) else {
                panic!("no lock")
            };
            if number <= locked {
                return;
            }
            let at = &calls[number];
            let later = &calls[number + 1..];
            assert!(changes(later).is_empty(), "after {at}: {later:?}");
            // The write in flight at that moment cannot be called back. No other one follows.
            assert!(!later.iter().any(|call| call.starts_with("record ")), "after {at}: {later:?}");
            assert_eq!(world.lock_holder().as_deref(), Some(OTHER), "the new holder keeps the lock");
            match ended.unwrap() {
                Ok(run) => {
                    let status = run.unwrap().status();
                    let over = ["record end", "unlock"].contains(&at.as_str()) || at == "create b";
                    assert!(status == RunStatus::Interrupted || over, "{status:?} at {at}");
                }
                Err(error) => assert_eq!(ErrorKind::of(&error), ErrorKind::Refused, "at {at}: {error:?}"),
            }
            world.free_lock();
            apply(world, BOTH).await.unwrap().unwrap();
            assert_eq!(world.things(), things(BOTH));
        },
    )
    .await;
}

#[tokio::test]
async fn what_a_killed_run_made_is_found_by_an_apply_that_no_longer_declares_it_and_by_a_teardown() {
    let run = async |world: &World| apply(world, BOTH).await;
    at_each_call(Fault::Kill, nothing, run, async |world, number, ended, calls| {
        assert!(ended.is_none());
        world.free_lock();
        let other = &[("c", 3)];
        apply(world, other).await.unwrap().unwrap();
        assert_eq!(world.things(), things(other), "killed at {}", calls[number]);
    })
    .await;
    at_each_call(Fault::Kill, nothing, run, async |world, number, _, calls| {
        world.free_lock();
        teardown(world, &[("c", 3)]).await.unwrap().unwrap();
        assert!(world.things().is_empty(), "killed at {}", calls[number]);
    })
    .await;
}

#[tokio::test]
async fn an_update_that_is_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = &[("a", 5), ("c", 3)];
    at_each_call(
        Fault::Kill,
        both_are_there,
        async |world| apply(world, wanted).await,
        async |world, number, _, calls| {
            world.free_lock();
            apply(world, wanted).await.unwrap().unwrap();
            assert_eq!(world.things(), things(wanted), "killed at {}", calls[number]);
            world.expect(None);
            assert_eq!(status(apply(world, wanted).await), None, "nothing is left to do");
        },
    )
    .await;
}

#[tokio::test]
async fn a_call_that_fails_at_any_point_is_reported_and_hides_nothing_that_was_done() {
    at_each_call(
        Fault::Fail,
        nothing,
        async |world| apply(world, BOTH).await,
        async |world, number, ended, calls| {
            let at = calls[number].as_str();
            match ended.unwrap() {
                Err(error) => {
                    assert_eq!(
                        ErrorKind::of(&error),
                        if at.starts_with("lock ") { ErrorKind::Refused } else { ErrorKind::Failed }
                    );
                    assert!(changes(&calls).is_empty(), "failed at {at} after {calls:?}");
                }
                Ok(run) => {
                    let run = run.unwrap();
                    let expected = match at {
                        "unlock" => RunStatus::Complete,
                        _ => RunStatus::Partial,
                    };
                    assert_eq!(run.status(), expected, "at {at}");
                    assert_eq!(run.recorded.is_err(), at == "record end");
                }
            }
            // Without the record of its end, the run counts as killed: the next one sweeps.
            world.free_lock();
            apply(world, BOTH).await.unwrap().unwrap();
            assert_eq!(world.things(), things(BOTH));
        },
    )
    .await;
}

#[tokio::test]
async fn a_record_that_cannot_be_written_lets_no_change_begin() {
    let world = World::default();
    apply(&World::default(), BOTH).await;
    world.expect(Some((12, Fault::Fail)));
    assert_eq!(kind(apply(&world, BOTH).await), ErrorKind::Failed);
    let calls = world.calls();
    assert_eq!((calls[12].as_str(), calls[13].as_str(), calls.len()), ("record begin", "unlock", 14));
}

#[tokio::test]
async fn a_teardown_that_meets_a_fault_at_any_call_is_finished_by_the_next_one() {
    for fault in [Fault::Interrupt, Fault::Kill, Fault::Fail] {
        at_each_call(
            fault,
            both_are_there,
            async |world| teardown(world, BOTH).await,
            async |world, number, ended, calls| {
                if fault == Fault::Interrupt {
                    assert_eq!(world.lock_holder(), None, "{fault:?} at {}", calls[number]);
                }
                if let Some(Ok(Some(run))) = ended {
                    assert!(
                        !world.records().last().unwrap().complete,
                        "{:?}: the audit decides",
                        run.status()
                    );
                }
                world.free_lock();
                teardown(world, BOTH).await.unwrap().unwrap();
                assert!(world.things().is_empty(), "{fault:?} at {}", calls[number]);
            },
        )
        .await;
    }
}
