//! The emulator's process: started in a clean environment, watched, and gone when the gateway goes.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::error::tail;
use super::install::Installed;
use super::{Error, plain};

const LAUNCHER: &str = include_str!("launch.py");
const AUTHORIZE: &str = include_str!("authorize.py");
const HEALTHY: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(30);

/// What the emulator is to play.
pub(super) struct Role<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    /// The gateway's address: what functions are told to call.
    pub(super) gateway: &'a str,
    /// Whether IAM policies count.
    pub(super) enforce: bool,
}

/// A running emulator.
pub(super) struct Emulator {
    /// Its process.
    pub(super) pid: u32,
    /// Its port, known to the gateway alone.
    pub(super) port: u16,
    /// How it ended, once it did.
    pub(super) failure: watch::Receiver<Option<String>>,
}

/// Starts the emulator in `state`, writing to `state/emulator.log`, and waits until it answers.
pub(super) async fn start(installed: &Installed, role: &Role<'_>, state: &Path) -> Result<Emulator, Error> {
    let temporary = state.join("tmp");
    fs::create_dir_all(&temporary).map_err(Error::files(&temporary))?;
    let launcher = state.join("launch.py");
    fs::write(&launcher, LAUNCHER).map_err(Error::files(&launcher))?;
    let authorize = state.join("authorize.py");
    fs::write(&authorize, AUTHORIZE).map_err(Error::files(&authorize))?;
    let log = state.join("emulator.log");
    let port = free_port().map_err(Error::files("127.0.0.1:0"))?;
    let output = File::create(&log).map_err(Error::files(&log))?;
    let errors = output.try_clone().map_err(Error::files(&log))?;
    let mut child = Command::new(installed.python())
        .arg(&launcher)
        .env_clear()
        .envs(environment(role, port))
        .env("HOME", state)
        .env("TMPDIR", &temporary)
        .current_dir(state)
        // The launcher waits for the end of its input, which comes when this process ends.
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(errors)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::files(installed.python()))?;
    await_health(&mut child, port, &log).await?;
    let (told, failure) = watch::channel(None);
    let pid = child.id().unwrap_or_default();
    // Waiting would close the input, which is the launcher's sign to end: it is held here instead.
    let input = child.stdin.take();
    tokio::spawn(async move {
        let end = child.wait().await;
        drop(input);
        told.send_replace(Some(last_words(end.ok(), &log)));
    });
    Ok(Emulator { pid, port, failure })
}

/// Everything the emulator, and so every function, sees of this machine's environment.
fn environment(role: &Role<'_>, port: u16) -> Vec<(&'static str, String)> {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".into());
    vec![
        ("PATH", path),
        ("LANG", "C.UTF-8".into()),
        ("BIND_HOST", "127.0.0.1".into()),
        ("GATEWAY_PORT", port.to_string()),
        ("MINISTACK_ACCOUNT_ID", role.account.into()),
        ("MINISTACK_REGION", role.region.into()),
        ("AWS_ENDPOINT_URL", role.gateway.into()),
        ("AUTH", role.enforce.to_string()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("SFTP_ENABLED", "0".into()),
        ("IOT_MTLS_ENABLED", "0".into()),
    ]
}

async fn await_health(child: &mut Child, port: u16, log: &Path) -> Result<(), Error> {
    let end = Instant::now() + HEALTHY;
    let health = format!("http://127.0.0.1:{port}/_ministack/health");
    loop {
        if let Ok((status, _)) = plain::get(&health, Duration::from_secs(2)).await
            && status.is_success()
        {
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

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
