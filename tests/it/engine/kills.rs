//! A kill at every change that the engine and the moves make: the next run finishes.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use provision::home::LOCK_KEY;

use super::stack;
use crate::support::calls::mutating;
use crate::support::quote::{nothing_left, nothing_to_do};
use crate::support::{Cloud, StackFile};

/// Runs a command and kills it when it has made so many changes. Returns whether it was killed.
fn killed_after(cloud: &Cloud, arguments: &[&str], changes: usize) -> bool {
    let mut command = cloud.command(&[&["-v"], arguments].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut made = 0;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        made += mutating(&line.unwrap()).len();
        if made == changes {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
    }
    assert!(child.wait().unwrap().success(), "what is not killed ends well: {arguments:?}");
    false
}

/// Kills a command after each of its changes. `begin` makes what it begins with; `judge` runs what must finish. Returns how
/// many changes there are.
async fn at_each_change(cloud: &Cloud, arguments: &[&str], begin: impl Fn(), judge: impl Fn()) -> usize {
    let cx = cloud.context("vod-local").await;
    for changes in 1.. {
        cloud.provision(&["local", "reset"], 0);
        begin();
        if !killed_after(cloud, arguments, changes) {
            return changes - 1;
        }
        // The lock of a killed run expires by itself, after two minutes.
        let lock = cx.s3().delete_object().bucket(cx.scope.home_bucket()).key(LOCK_KEY);
        let _ = lock.send().await;
        judge();
    }
    unreachable!("a command ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_is_killed_is_finished_by_the_next_one() {
    let cloud = Cloud::start("killed").await;
    let file = stack();
    let tried = at_each_change(
        &cloud,
        &["apply", file.path(), "--yes"],
        || (),
        || {
            cloud.provision(&["apply", file.path(), "--yes"], 0);
            nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);
        },
    )
    .await;
    assert!(tried > 8, "only {tried} changes");
    println!("{tried} kills of an apply");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teardown_that_is_killed_is_finished_by_the_next_one() {
    let cloud = Cloud::start("killed-teardown").await;
    let file = stack();
    let begin = || drop(cloud.provision(&["apply", file.path(), "--yes"], 0));
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
    let begin = || drop(cloud.provision(&["apply", direct.path(), "--yes"], 0));
    let there = ["move", file.path(), "--to", "cloudformation", "--yes"];
    let tried = at_each_change(&cloud, &there, begin, || {
        cloud.provision(&there, 0);
        nothing_to_do(&cloud.provision(&["plan", file.path()], 0).0);
    })
    .await;
    assert!(tried > 4, "only {tried} changes");
    println!("{tried} kills of a move to CloudFormation");
    let begin = || {
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
