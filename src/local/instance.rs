//! One local cloud on this machine: where its files are, how it is found, started and stopped.
//!
//! `<cache>/instances/<name>/` holds `instance.json` (while it runs), `lock`, `log` and `state/`.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use super::error::tail;
use super::{Error, Settings, plain};

/// The instance that commands mean unless told otherwise; its directory and log stay.
pub(super) const DEFAULT_NAME: &str = "default";

const LOCK_WAIT: Duration = Duration::from_secs(600);
const START_WAIT: Duration = Duration::from_secs(60);
const ANSWER_WAIT: Duration = Duration::from_secs(20);
const STOP_WAIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(40);

/// What a running local cloud says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// The instance's name.
    pub name: String,
    /// The one address of every service.
    pub endpoint: String,
    /// The gateway's process.
    pub pid: u32,
    /// The version of `provision` that serves.
    pub version: String,
    /// Tells builds of one version apart.
    pub build: String,
    /// The account it plays.
    pub account: String,
    /// The region it plays.
    pub region: String,
    /// Whether IAM policies count.
    #[serde(default)]
    pub enforce: bool,
    /// How much every answer is delayed, in milliseconds.
    pub latency_ms: u64,
    /// Where the server writes its log.
    pub log: PathBuf,
    /// The emulator behind the gateway.
    pub emulator: EmulatorStatus,
    /// MediaConvert jobs by status.
    pub jobs: BTreeMap<String, usize>,
}

/// How the emulator behind the gateway is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EmulatorStatus {
    /// Its process.
    pub pid: u32,
    /// The port it listens on, behind the gateway.
    pub port: u16,
    /// How it ended; `None` while it runs.
    pub failure: Option<String>,
}

/// The files of one local cloud.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) name: String,
    directory: PathBuf,
}

impl Instance {
    /// The instance of that name, whether there is anything of it or not.
    pub(super) fn of(name: &str) -> Result<Self, Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(Error::Name { name: name.into() });
        }
        Ok(Self { name: name.into(), directory: cache()?.join("instances").join(name) })
    }

    /// Where the server writes what it has to say.
    pub(super) fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Emptied at each start: the emulator's temporary files and the jobs' workplaces.
    pub(super) fn state(&self) -> PathBuf {
        self.directory.join("state")
    }

    fn record(&self) -> PathBuf {
        self.directory.join("instance.json")
    }

    /// Tells the next command where this one serves.
    pub(super) fn write_record(&self, status: &Status) -> Result<(), Error> {
        let path = self.record();
        let new = path.with_extension("new");
        let text = serde_json::to_vec_pretty(status).expect("a status is plain data");
        fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(Error::files(&path))
    }

    /// The last thing a server does.
    pub(super) fn remove_record(&self) {
        // It may be gone already; the next start overwrites it in any case.
        let _ = fs::remove_file(self.record());
        let _ = fs::remove_dir_all(self.state());
    }

    /// Holds back every other process that wants to start this instance, for as long as the file lives.
    pub(super) async fn lock(&self, progress: &mut dyn FnMut(&str)) -> Result<File, Error> {
        fs::create_dir_all(&self.directory).map_err(Error::files(&self.directory))?;
        let waiting = "waiting for another command that starts the local cloud";
        lock(&self.lock_file(), progress, waiting).await
    }

    fn lock_file(&self) -> PathBuf {
        self.directory.join("lock")
    }

    /// The running server of this instance, or of any other on `port`.
    pub(super) async fn find(&self, port: u16) -> Result<Option<Status>, Error> {
        if let Some(status) = self.recorded().await? {
            if port != 0 && !status.endpoint.ends_with(&format!(":{port}")) {
                return Err(Error::OtherPort { endpoint: status.endpoint });
            }
            return Ok(Some(status));
        }
        if port == 0 {
            return Ok(None);
        }
        if let Some(status) = ask(&format!("http://127.0.0.1:{port}")).await {
            return Ok(Some(status));
        }
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let connect = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_secs(2), connect).await {
            Ok(Err(_)) => Ok(None),
            _ => Err(Error::PortInUse { port }),
        }
    }

    async fn recorded(&self) -> Result<Option<Status>, Error> {
        let text = fs::read(self.record()).ok();
        let Some(recorded) = text.and_then(|text| serde_json::from_slice::<Status>(&text).ok()) else {
            return Ok(None);
        };
        let end = Instant::now() + ANSWER_WAIT;
        loop {
            if let Some(status) = ask(&recorded.endpoint).await {
                // Another server may have taken the port since: only one of this name counts.
                return Ok(Some(status).filter(|status| status.name == self.name));
            }
            let Status { pid, endpoint, .. } = &recorded;
            // Long after a server was killed, another process may have its number, and another program its port.
            let is_over = gone(*pid, Duration::ZERO).await || !is_server(*pid, &self.name);
            if is_over || !accepts(endpoint).await {
                return Ok(None);
            }
            // A second one beside one that is only slow would hide what is in the first.
            if Instant::now() > end {
                let Status { endpoint, pid, .. } = recorded;
                return Err(Error::Silent { endpoint, pid });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts the server as a process of its own and waits until it answers.
    pub(super) async fn start(&self, settings: &Settings) -> Result<Status, Error> {
        let _ = fs::remove_file(self.record());
        let program = server_program(settings)?;
        let log = File::create(self.log()).map_err(Error::files(self.log()))?;
        let errors = log.try_clone().map_err(Error::files(self.log()))?;
        let latency = settings.latency.unwrap_or_default().as_millis();
        let mut child = Command::new(&program)
            .args(["local", "serve", "--name", &self.name, "--port", &settings.port.to_string()])
            .args(["--account", &settings.account, "--region", &settings.region])
            .args(["--latency-ms", &latency.to_string()])
            .args(settings.enforce.then_some("--enforce"))
            .args(settings.owner.iter().flat_map(|pid| ["--owner".to_owned(), pid.to_string()]))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(Error::files(&program))?;
        self.await_start(&mut child).await
    }

    async fn await_start(&self, child: &mut Child) -> Result<Status, Error> {
        let end = Instant::now() + START_WAIT;
        loop {
            if let Some(status) = self.recorded().await? {
                return Ok(status);
            }
            let ended = child.try_wait().map_err(Error::files(self.log()))?.is_some();
            if ended || Instant::now() > end {
                if !ended {
                    let _ = child.kill();
                }
                let text = fs::read(self.log()).unwrap_or_default();
                let why = tail(&String::from_utf8_lossy(&text), 8);
                return Err(Error::DidNotStart { why, log: self.log() });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Ends a server that does not even answer.
    pub(super) async fn end(&self, pid: u32) -> Result<(), Error> {
        kill(pid);
        if !gone(pid, STOP_WAIT).await {
            return Err(Error::DoesNotStop { pid });
        }
        self.forget();
        Ok(())
    }

    /// Asks the server to end, and ends it if it does not.
    pub(super) async fn stop(&self, status: &Status) -> Result<(), Error> {
        // Where it does not answer, the signal below ends it.
        let _ = plain::post(&format!("{}/_provision/stop", status.endpoint)).await;
        if !gone(status.pid, STOP_WAIT).await {
            return self.end(status.pid).await;
        }
        self.forget();
        Ok(())
    }

    /// Removes what one that ended by itself has left, unless somebody is starting it.
    pub(super) fn sweep(&self) {
        let lock = File::options().write(true).open(self.lock_file());
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            self.forget();
        }
    }

    fn forget(&self) {
        self.remove_record();
        if self.name != DEFAULT_NAME {
            // A name of its own is for a test or an experiment: nothing of it stays.
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// Whether something listens there, answering or not.
async fn accepts(endpoint: &str) -> bool {
    let address = endpoint.trim_start_matches("http://").to_owned();
    let connect = tokio::net::TcpStream::connect(address);
    !matches!(tokio::time::timeout(Duration::from_secs(2), connect).await, Ok(Err(_)))
}

async fn ask(endpoint: &str) -> Option<Status> {
    let (code, body) =
        plain::get(&format!("{endpoint}/_provision/status"), Duration::from_secs(2)).await.ok()?;
    code.is_success().then(|| serde_json::from_slice(&body).ok()).flatten()
}

fn process(pid: u32) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)
}

fn kill(pid: u32) {
    if let Some(pid) = process(pid) {
        // It may be gone by now, which is what is wanted.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

async fn gone(pid: u32, wait: Duration) -> bool {
    tokio::time::timeout(wait, ended(pid, POLL)).await.is_ok()
}

/// Returns when a process has ended, looking every `interval`.
pub(super) async fn ended(pid: u32, interval: Duration) {
    let Some(process) = process(pid) else { return };
    while rustix::process::test_kill_process(process).is_ok() && !is_zombie(pid) {
        tokio::time::sleep(interval).await;
    }
}

/// Whether a process is the server of the instance of this name, where the system tells.
fn is_server(pid: u32, name: &str) -> bool {
    let Ok(command) = fs::read(format!("/proc/{pid}/cmdline")) else { return true };
    let arguments: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
    arguments.windows(4).any(|four| four == [&b"local"[..], b"serve", b"--name", name.as_bytes()])
}

/// A process that ended and whose parent (the command that started it) has not looked yet.
fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

/// Takes an exclusive lock on `path`, waiting a bounded time for whoever has it.
pub(super) async fn lock(path: &Path, progress: &mut dyn FnMut(&str), waiting: &str) -> Result<File, Error> {
    let file =
        File::options().create(true).truncate(false).write(true).open(path).map_err(Error::files(path))?;
    let end = Instant::now() + LOCK_WAIT;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(Error::files(path)(error)),
            Err(TryLockError::WouldBlock) if Instant::now() > end => {
                return Err(Error::Locked { lock: path.into() });
            }
            Err(TryLockError::WouldBlock) => {
                if !told {
                    progress(waiting);
                    told = true;
                }
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

/// Where the local cloud keeps its files: `PROVISION_CACHE`, else `provision` in the user's cache directory.
pub(super) fn cache() -> Result<PathBuf, Error> {
    if let Some(path) = std::env::var_os("PROVISION_CACHE").filter(|path| !path.is_empty()) {
        return std::path::absolute(&path).map_err(Error::files(path));
    }
    let strategy = etcetera::choose_base_strategy().map_err(|_| Error::NoCache)?;
    Ok(strategy.cache_dir().join("provision"))
}

/// The program that serves.
pub(super) fn server_program(settings: &Settings) -> Result<PathBuf, Error> {
    match &settings.server {
        Some(path) => Ok(path.clone()),
        None => std::env::current_exe().map_err(Error::files("the running program")),
    }
}

/// Tells one build of the program from another: its size and time, since its version rarely changes.
pub(super) fn build_of(program: &Path) -> String {
    let Ok(meta) = fs::metadata(program) else { return String::new() };
    let modified = meta.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{:x}-{:x}", meta.len(), modified.unwrap_or_default().as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_name_is_a_plain_file_name() {
        for bad in ["", "../x", "a/b", "a b", &"x".repeat(65)] {
            assert!(matches!(Instance::of(bad), Err(Error::Name { .. })), "{bad:?}");
        }
    }

    #[test]
    fn another_process_of_the_same_number_is_not_taken_for_the_server() {
        if Path::new("/proc/self/cmdline").exists() {
            assert!(!is_server(std::process::id(), DEFAULT_NAME));
        }
    }

    #[tokio::test]
    async fn a_lock_is_exclusive_and_its_waiter_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let held = lock(&path, &mut |_| {}, "").await.unwrap();
        let mut said = Vec::new();
        let mut say = |text: &str| said.push(text.to_owned());
        let second = async {
            tokio::time::timeout(Duration::from_millis(200), lock(&path, &mut say, "waiting")).await
        };
        assert!(second.await.is_err());
        assert_eq!(said, ["waiting"]);
        drop(held);
        lock(&path, &mut |_| {}, "").await.unwrap();
    }
}
