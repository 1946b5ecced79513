//! A kill at every change that the engine and the moves make: the next run finishes.

use super::{on_path, stack};
use crate::support::kills::{at_each_change, interrupted_at};
use crate::support::quote::{errors, nothing_left, nothing_to_do};
use crate::support::{Cloud, StackFile};

/// An interrupt between the two CloudFormation stacks: one is deleted, and the other has everything still.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_interrupted_between_two_stacks_is_finished() {
    let cloud = Cloud::start("interrupted-move").await;
    let (direct, file) = (StackFile::new(&[]), stack());
    cloud.provision(&["apply", file.path(), "--yes"], 0);
    let back = ["move", direct.path(), "--to", "direct", "--yes"];
    assert_ne!(interrupted_at(&cloud, &back, "DeleteStack"), Some(0));
    for engine in [&direct, &file] {
        let (_, refused) = cloud.provision(&["apply", engine.path(), "--yes"], 3);
        insta::allow_duplicates! {
            insta::assert_snapshot!(errors(&refused), @"
            error: the stack is being moved to another engine, and the move is not finished
            help: run the `provision move` again that was interrupted
            ");
        }
    }
    cloud.provision(&back, 0);
    nothing_to_do(&cloud.provision(&["plan", direct.path()], 0).0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_is_killed_is_finished_by_the_next_one() {
    let cloud = Cloud::start("killed").await;
    let file = stack();
    let tried = at_each_change(
        &cloud,
        &["apply", file.path(), "--yes"],
        async || (),
        || {
            cloud.provision(&["apply", file.path(), "--yes"], 0);
            nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);
        },
    )
    .await;
    assert!(tried > 8, "only {tried} changes");
    println!("{tried} kills of an apply");
}

/// Roles are deleted and created again: whatever the kill leaves of them, the next run finishes.
#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_replaces_and_is_killed_is_finished_by_the_next_one() {
    let cloud = Cloud::start("killed-replacement").await;
    let (file, on_path) = (stack(), on_path());
    let begin = async || drop(cloud.provision(&["apply", file.path(), "--yes"], 0));
    let apply = ["apply", on_path.path(), "--yes", "--allow-broadening"];
    let tried = at_each_change(&cloud, &apply, begin, || {
        cloud.provision(&apply, 0);
        nothing_to_do(&cloud.provision(&["plan", on_path.path()], 0).0);
    })
    .await;
    assert!(tried > 6, "only {tried} changes");
    println!("{tried} kills of a replacement");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teardown_that_is_killed_is_finished_by_the_next_one() {
    let cloud = Cloud::start("killed-teardown").await;
    let file = stack();
    let begin = async || drop(cloud.provision(&["apply", file.path(), "--yes"], 0));
    let tried = at_each_change(&cloud, &["teardown", file.path(), "--yes"], begin, || {
        nothing_left(&cloud.provision(&["teardown", file.path(), "--yes"], 0).0, "vod-local");
    })
    .await;
    assert!(tried > 3, "only {tried} changes");
    println!("{tried} kills of a teardown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_killed_is_finished_by_the_same_command() {
    let cloud = Cloud::start("killed-move").await;
    let (direct, file) = (StackFile::new(&[]), stack());
    let begin = async || drop(cloud.provision(&["apply", direct.path(), "--yes"], 0));
    let there = ["move", file.path(), "--to", "cloudformation", "--yes"];
    let tried = at_each_change(&cloud, &there, begin, || {
        cloud.provision(&there, 0);
        nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);
    })
    .await;
    assert!(tried > 4, "only {tried} changes");
    println!("{tried} kills of a move to CloudFormation");
    let begin = async || {
        cloud.provision(&["apply", file.path(), "--yes"], 0);
    };
    let back = ["move", direct.path(), "--to", "direct", "--yes"];
    let tried = at_each_change(&cloud, &back, begin, || {
        cloud.provision(&back, 0);
        nothing_to_do(&cloud.provision(&["plan", direct.path()], 0).0);
    })
    .await;
    assert!(tried > 4, "only {tried} changes");
    println!("{tried} kills of a move back");
}
