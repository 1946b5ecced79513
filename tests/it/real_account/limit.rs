//! A process that ends in time: it is asked to end, as a pipeline that is cancelled asks, then killed.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long an interrupted process may take to finish its calls in flight and to give the lock back.
const GRACE: Duration = Duration::from_secs(120);

/// How a process ended.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    /// Its exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it reported, and its calls.
    pub(crate) stderr: String,
    /// How long it ran.
    pub(crate) took: Duration,
    /// Whether its time was over.
    pub(crate) is_late: bool,
}

/// Runs it to its end, or for so long.
pub(crate) async fn run(command: Command, limit: Duration) -> Ran {
    let began = Instant::now();
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().expect("the program starts");
    let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let mut output = std::pin::pin!(child.wait_with_output());
    let mut is_late = false;
    let ended = match tokio::time::timeout(limit, &mut output).await {
        Ok(ended) => ended,
        Err(_) => {
            is_late = true;
            // It may have ended meanwhile.
            let _ = id.map(|id| kill_process(id, Signal::TERM));
            match tokio::time::timeout(GRACE, &mut output).await {
                Ok(ended) => ended,
                Err(_) => {
                    let _ = id.map(|id| kill_process(id, Signal::KILL));
                    output.await
                }
            }
        }
    };
    let output = ended.expect("its output is readable");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        took: began.elapsed(),
        is_late,
    }
}

#[tokio::test]
async fn a_process_that_takes_too_long_is_interrupted_and_what_it_said_is_kept() {
    let mut command = Command::new("sh");
    command.args(["-c", "trap 'echo interrupted; exit 130' TERM; echo begun; while :; do sleep 0.05; done"]);
    let ran = run(command, Duration::from_millis(300)).await;
    assert!(ran.is_late);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(130), "begun\ninterrupted\n"));
}
