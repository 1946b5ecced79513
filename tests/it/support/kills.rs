//! Runs of the program that are killed or interrupted on the way.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use provision::home::LOCK_KEY;

use super::Cloud;
use super::calls::mutating;

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

/// Interrupts a command when it makes its first call of this name, and waits for its end. Returns its exit code.
pub(crate) fn interrupted_at(cloud: &Cloud, arguments: &[&str], call: &str) -> Option<i32> {
    let mut command = cloud.command(&[&["-v"], arguments].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let process = child.id().to_string();
    let mut is_told = false;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        if !is_told && mutating(&line.unwrap()).contains(&call) {
            is_told = Command::new("kill").args(["-INT", &process]).status().unwrap().success();
        }
    }
    assert!(is_told, "{arguments:?} makes the call {call}");
    child.wait().unwrap().code()
}

/// Kills a command after each of its changes. `begin` makes what it begins with; `judge` runs what must finish. Returns how
/// many changes there are.
pub(crate) async fn at_each_change(
    cloud: &Cloud,
    arguments: &[&str],
    begin: impl AsyncFn(),
    judge: impl Fn(),
) -> usize {
    let cx = cloud.context("vod-local").await;
    for changes in 1.. {
        cloud.provision(&["local", "reset"], 0);
        begin().await;
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
