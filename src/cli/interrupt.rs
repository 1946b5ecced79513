//! What Ctrl-C, SIGTERM and a hang-up do. A command that only reads ends at once. While one writes, calls in flight finish,
//! no others start, and the stack's lock is given back; a second signal ends the program at once.

use std::sync::{Mutex, Once, PoisonError};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit;
use crate::report::out::errln;

/// What the part that writes now waits for.
static WRITING: Mutex<Option<CancellationToken>> = Mutex::new(None);
/// From the first part that writes on, signals come here: the default reaction of the system cannot be restored.
static LISTENING: Once = Once::new();

/// While this lives, a signal cancels its token and does not end the program.
pub(super) struct Deferred;

impl Deferred {
    /// Defers signals to this token.
    pub(super) fn to(token: CancellationToken) -> Self {
        *WRITING.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        LISTENING.call_once(|| drop(tokio::spawn(listen())));
        Self
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        *WRITING.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn listen() {
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
        .map(|kind| may_listen(kind).then(|| signal(kind).ok()).flatten());
    loop {
        let [interrupt, terminate, hangup] = &mut signals;
        tokio::select! {
            () = next(interrupt) => {}
            () = next(terminate) => {}
            () = next(hangup) => {}
        }
        let writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match writing {
            Some(token) if !token.is_cancelled() => {
                errln!(
                    "interrupted: finishing the calls in flight, starting no others (again: stop at once)"
                );
                token.cancel();
                continue;
            }
            Some(_) => errln!("stopped at once: the stack's lock expires by itself within two minutes"),
            None => {}
        }
        std::process::exit(i32::from(exit::INTERRUPTED));
    }
}

async fn next(signal: &mut Option<Signal>) {
    let heard = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if heard.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Whether to listen for a signal. `nohup` sets hang-ups to be ignored. If `/proc` does not say, they stay as they are.
fn may_listen(kind: SignalKind) -> bool {
    kind != SignalKind::hangup()
        || std::fs::read_to_string("/proc/self/status").is_ok_and(|status| !ignores_hangup(&status))
}

/// Whether a process ignores hang-ups, from its `/proc/<pid>/status` (`proc_pid_status(5)`).
fn ignores_hangup(status: &str) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_respected() {
        assert!(ignores_hangup("Name:\tprovision\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n"));
        assert!(!ignores_hangup("SigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n"));
    }
}
