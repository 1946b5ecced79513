//! Processes of this machine: whether one is a server of ours, whether it has ended, and its end.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::time::Duration;

/// How often a process is looked at.
pub(super) const POLL: Duration = Duration::from_millis(40);

fn process(pid: u32) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)
}

/// Ends a process at once.
pub(super) fn kill(pid: u32) {
    if let Some(pid) = process(pid) {
        // It may be gone by now, which is what is wanted.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// Whether a process has ended, or ends within `wait`.
pub(super) async fn gone(pid: u32, wait: Duration) -> bool {
    tokio::time::timeout(wait, ended(pid, POLL)).await.is_ok()
}

/// Returns when a process has ended, looking every `interval`.
pub(super) async fn ended(pid: u32, interval: Duration) {
    let Some(process) = process(pid) else { return };
    while rustix::process::test_kill_process(process).is_ok() && !is_zombie(pid) {
        tokio::time::sleep(interval).await;
    }
}

/// Whether a process is the server of the instance of this name, and of this user. Long after a server was killed, another
/// process may have its number.
pub(super) fn is_server(pid: u32, name: &str) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let found = match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(line) => {
            let is_own = fs::metadata(format!("/proc/{pid}")).is_ok_and(|process| process.uid() == own);
            is_own.then(|| String::from_utf8_lossy(&line).replace('\0', " "))
        }
        // A system without `/proc`, or no such process.
        Err(_) => told_by_ps(pid, own),
    };
    let wanted = ["local", "serve", "--name", name];
    found
        .is_some_and(|line| line.split_whitespace().collect::<Vec<_>>().windows(4).any(|four| four == wanted))
}

/// The command line of a process of this user, as `ps` tells it.
fn told_by_ps(pid: u32, own: u32) -> Option<String> {
    let told = Command::new("ps").args(["-o", "uid=,command=", "-p", &pid.to_string()]).output().ok()?;
    let line = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    let (uid, command) = line.split_once(char::is_whitespace)?;
    (uid.parse() == Ok(own)).then(|| command.to_owned())
}

/// A process that ended and whose parent (the command that started it) has not looked yet.
fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn another_process_is_not_taken_for_the_server() {
        assert!(!is_server(std::process::id(), "default"));
        assert!(!is_server(u32::MAX, "default"));
        let mut other = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(!is_server(other.id(), "default"));
        // Its name says what a server's command line says.
        let mut server = Command::new("sh");
        server.args(["-c", "sleep 60; :", "provision", "local", "serve", "--name", "one", "--port", "0"]);
        let mut server = server.spawn().unwrap();
        // A system shows a command line a moment after the program began.
        let end = Instant::now() + Duration::from_secs(60);
        while !is_server(server.id(), "one") {
            assert!(Instant::now() < end, "it is not seen");
            tokio::time::sleep(POLL).await;
        }
        assert!(!is_server(server.id(), "two"));
        for child in [&mut other, &mut server] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(!is_server(server.id(), "one"));
    }
}
