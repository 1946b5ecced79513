//! Who may broaden access with `--yes` alone: a first apply, and whoever finishes it. A forged record makes nobody that.

use serde_json::{Value, json};

use super::*;
use world::chain;

/// A role that may do what these managed policies allow.
fn role(name: &str, policies: &[&str]) -> Value {
    json!({ "Name": name, "RoleName": name, "ManagedPolicyArns": policies })
}

/// A role, and one that needs it, which nothing needs.
fn roles(needed: &[&str], last: &[&str]) -> Graph {
    chain([("needed", role("needed", needed)), ("last", role("last", last))])
}

/// `apply --yes` by somebody who agrees to nothing else. Returns the questions with it.
async fn apply_with_yes(world: &World, graph: Graph) -> (Ended, Vec<String>) {
    let (account, declared) = (world.account(ME).await, declared_as(graph));
    let options = ApplyOptions { agreed: true, ..ApplyOptions::default() };
    let operation = Apply { account: &account, declared: &declared, options, source: None };
    let person = Person::new(world, false);
    let ended = carry_out(world, &person, &operation).await;
    let asked = person.heard.into_inner().unwrap().into_iter().filter(|heard| heard != "plan").collect();
    (ended, asked)
}

/// Applies the roles, then writes a record as a first apply that was killed would have left it.
async fn applied_and_forged() -> World {
    let world = World::default();
    let (ended, asked) = apply_with_yes(&world, roles(&["read"], &["read"])).await;
    assert_eq!((status(ended), asked), (Some(RunStatus::Complete), vec![]), "a first apply asks once");
    world.forge(|record| (record.established, record.complete) = (false, false));
    world
}

#[tokio::test]
async fn a_forged_record_does_not_waive_the_question_about_what_is_whole() {
    let both: &[&str] = &["read", "write"];
    for broader in [roles(both, &["read"]), roles(&["read"], both), roles(&["write"], &["read"])] {
        let world = applied_and_forged().await;
        let (ended, asked) = apply_with_yes(&world, broader).await;
        assert_eq!(asked, ["Broaden { ways: 1 }"]);
        assert_eq!(kind(ended), ErrorKind::Refused);
        assert!(changes(&world.calls()).iter().all(|call| call.starts_with("create ")), "nothing is changed");
    }
}

#[tokio::test]
async fn narrower_access_is_no_question() {
    let world = applied_and_forged().await;
    let (ended, asked) = apply_with_yes(&world, roles(&[], &["read"])).await;
    assert_eq!((status(ended), asked), (Some(RunStatus::Complete), vec![]));
}

#[tokio::test]
async fn a_first_apply_that_was_killed_at_any_call_is_finished_with_yes_alone() {
    at_each_call(
        Fault::Kill,
        nothing,
        async |world| apply_with_yes(world, roles(&["read"], &["read"])).await.0,
        async |world, number, ended, calls| {
            assert!(ended.is_none());
            // The role is made, and its policies are not attached yet.
            if let Some(name) = calls[number].strip_prefix("create ") {
                world.leave(name, role(name, &[]));
            }
            world.free_lock();
            let (ended, asked) = apply_with_yes(world, roles(&["read"], &["read"])).await;
            assert_eq!(asked, Vec::<String>::new(), "killed at {}", calls[number]);
            ended.unwrap().unwrap();
            let (ended, _) = apply_with_yes(world, roles(&["read"], &["read"])).await;
            assert_eq!(status(ended), None, "nothing is left to do");
        },
    )
    .await;
}

#[tokio::test]
async fn what_a_killed_first_apply_finished_is_whole() {
    let world = World::default();
    world.leave("needed", role("needed", &["read"]));
    world.leave("last", role("last", &[]));
    world.begin_first();
    let (ended, asked) = apply_with_yes(&world, roles(&["read", "write"], &["read"])).await;
    assert_eq!(asked, ["Broaden { ways: 1 }"], "the half-made one is not counted");
    assert_eq!(kind(ended), ErrorKind::Refused);
}
