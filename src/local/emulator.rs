//! The emulator's process: started in a clean environment, watched, and gone when the gateway goes.

use std::fs::{self, File};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use axum::body::Body;
use http::Request;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::Error;
use super::error::tail;
use super::install::Installed;
use super::plain::{self, Plain};
use super::secret::Secret;

const LAUNCHER: &str = include_str!("launch.py");
const AUTHORIZE: &str = include_str!("authorize.py");
const HEALTHY: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(30);

/// What the emulator is to play.
pub(super) struct Role<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    /// The gateway's port: what functions are told to call, and what the emulator takes for its own.
    pub(super) port: u16,
    /// What the keys of functions and role sessions are derived from.
    pub(super) secret: &'a Secret,
    /// Whether IAM policies count.
    pub(super) enforce: bool,
    /// How long after it was switched on for a bucket S3 begins to send its events to EventBridge.
    pub(super) events_after: Duration,
}

/// A running emulator.
pub(super) struct Emulator {
    /// Its process.
    pub(super) pid: u32,
    /// How it ended, once it did.
    pub(super) failure: watch::Receiver<Option<String>>,
}

/// The socket that `launch.py` listens on, in `state`.
pub(super) const SOCKET: &str = "emulator.sock";

/// The file in the state's folder that it writes to, and with it the functions that it runs.
pub(super) const LOG: &str = "emulator.log";

/// Starts the emulator in `state`, writing to `state/emulator.log`, and waits until `http` has an answer of it.
pub(super) async fn start(
    installed: &Installed,
    role: &Role<'_>,
    state: &Path,
    http: &Plain,
) -> Result<Emulator, Error> {
    let temporary = state.join("tmp");
    fs::create_dir_all(&temporary).map_err(Error::files(&temporary))?;
    let launcher = state.join("launch.py");
    fs::write(&launcher, LAUNCHER).map_err(Error::files(&launcher))?;
    let authorize = state.join("authorize.py");
    fs::write(&authorize, AUTHORIZE).map_err(Error::files(&authorize))?;
    let log = state.join(LOG);
    let output = File::create(&log).map_err(Error::files(&log))?;
    let errors = output.try_clone().map_err(Error::files(&log))?;
    let mut child = Command::new(installed.python())
        .arg(&launcher)
        .env_clear()
        .envs(environment(role))
        .env("HOME", state)
        .env("TMPDIR", &temporary)
        .current_dir(state)
        // The launcher reads the secret, then waits for the end of its input, which comes when this process ends.
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(errors)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::files(installed.python()))?;
    // Waiting would close the input, which is the launcher's sign to end: it is held here instead.
    let mut input = child.stdin.take().expect("it is piped");
    let secret = format!("{}\n", role.secret.hex());
    // If the launcher has ended already, its log says why.
    let _ = input.write_all(secret.as_bytes()).await;
    await_health(&mut child, http, &log).await?;
    let (told, failure) = watch::channel(None);
    let pid = child.id().unwrap_or_default();
    tokio::spawn(async move {
        let end = child.wait().await;
        drop(input);
        told.send_replace(Some(last_words(end.ok(), &log)));
    });
    Ok(Emulator { pid, failure })
}

/// Everything the emulator, and so every function, sees of this machine's environment.
fn environment(role: &Role<'_>) -> Vec<(&'static str, String)> {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".into());
    vec![
        ("PATH", path),
        ("LANG", "C.UTF-8".into()),
        ("GATEWAY_PORT", role.port.to_string()),
        ("MINISTACK_ACCOUNT_ID", role.account.into()),
        ("MINISTACK_REGION", role.region.into()),
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", role.port)),
        ("AUTH", role.enforce.to_string()),
        ("EVENTS_AFTER", role.events_after.as_secs_f64().to_string()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("SFTP_ENABLED", "0".into()),
        ("IOT_MTLS_ENABLED", "0".into()),
    ]
}

async fn await_health(child: &mut Child, http: &Plain, log: &Path) -> Result<(), Error> {
    let end = Instant::now() + HEALTHY;
    loop {
        let health = Request::get("http://127.0.0.1/_ministack/health").body(Body::empty());
        let health = health.expect("the address is one");
        let answer = plain::exchange(http, health, Duration::from_secs(2)).await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Err(Error::DidNotStart { why: last_words(Some(status), log), log: log.into() });
        }
        if Instant::now() > end {
            return Err(Error::TooLong { what: "starting the emulator".into(), seconds: HEALTHY.as_secs() });
        }
        tokio::time::sleep(POLL).await;
    }
}

fn last_words(status: Option<ExitStatus>, log: &Path) -> String {
    let exited = status.is_some_and(|status| status.code().is_some());
    let status = status.map_or_else(|| "it is gone".to_owned(), |status| status.to_string());
    // A process that was killed had nothing to say about it.
    let text = if exited { fs::read(log).unwrap_or_default() } else { Vec::new() };
    let said = tail(&String::from_utf8_lossy(&text), 3);
    if said.is_empty() { status } else { format!("{status}\n{said}") }
}
