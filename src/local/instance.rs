//! One local cloud on this machine: where its files are, how it is found, started and stopped.
//!
//! `<cache>/instances/<name>/` holds `instance.json` (while it runs), `lock`, `log` and `state/`. Only its owner can enter
//! it: the record has the instance's secret, and the emulator's socket is in there.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use super::error::tail;
use super::like_aws::LikeAws;
use super::process::{POLL, gone, is_server, kill};
use super::record::Record;
use super::secret::Secret;
use super::{CloudSettings, Error};

/// The instance that commands mean unless told otherwise; its directory and log stay.
pub(super) const DEFAULT_NAME: &str = "default";

const LOCK_WAIT: Duration = Duration::from_secs(600);
const START_WAIT: Duration = Duration::from_secs(60);
const ANSWER_WAIT: Duration = Duration::from_secs(20);
const STOP_WAIT: Duration = Duration::from_secs(10);

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
    /// Whether it behaves as AWS does, and how fast.
    #[serde(default)]
    pub like_aws: Option<LikeAws>,
    /// How much every answer is delayed, in milliseconds.
    pub latency_ms: u64,
    /// Where the server writes its log.
    pub log: PathBuf,
    /// Where it writes each exchange, if it does.
    #[serde(default)]
    pub exchange_log: Option<PathBuf>,
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
    /// How it ended; `None` while it runs.
    pub failure: Option<String>,
}

/// The folder of an instance that is emptied at each start.
const STATE: &str = "state";

impl Status {
    /// Where the emulator writes, and the functions that it runs. It is next to the server's own log.
    #[must_use]
    pub fn emulator_log(&self) -> PathBuf {
        self.log.with_file_name(STATE).join(super::emulator::LOG)
    }
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
        self.directory.join(STATE)
    }

    fn record(&self) -> PathBuf {
        self.directory.join("instance.json")
    }

    /// Makes the directory, which only its owner can enter.
    pub(super) fn prepare(&self) -> Result<(), Error> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.directory);
        // It may be there from before, open to others. If it is another user's, this fails.
        made.and_then(|()| fs::set_permissions(&self.directory, Permissions::from_mode(0o700)))
            .map_err(Error::files(&self.directory))
    }

    /// Tells the next command where this one serves.
    pub(super) fn write_record(&self, secret: &Secret, status: Status) -> Result<(), Error> {
        Record::new(secret, status).write(&self.record())
    }

    /// The last thing a server does.
    pub(super) fn remove_record(&self) {
        // It may be gone already; the next start overwrites it in any case.
        let _ = fs::remove_file(self.record());
        let _ = fs::remove_dir_all(self.state());
    }

    /// Holds back every other process that wants to start this instance, for as long as the file lives.
    pub(super) async fn lock(&self, progress: &mut dyn FnMut(&str)) -> Result<File, Error> {
        self.prepare()?;
        let waiting = "waiting for another command that starts the local cloud";
        lock(&self.lock_file(), progress, waiting).await
    }

    fn lock_file(&self) -> PathBuf {
        self.directory.join("lock")
    }

    /// The running server of this instance; with a port, also another instance of this cache directory on that port.
    pub(super) async fn find(&self, port: u16) -> Result<Option<Record>, Error> {
        if let Some(record) = self.recorded().await? {
            if port != 0 && record.port() != Some(port) {
                return Err(Error::OtherPort { endpoint: record.status.endpoint });
            }
            return Ok(Some(record));
        }
        if port == 0 {
            return Ok(None);
        }
        for other in Self::all()? {
            if Record::read(&other.record()).is_some_and(|record| record.port() == Some(port))
                && let Some(record) = other.recorded().await?
            {
                return Ok(Some(record));
            }
        }
        if accepts(port).await { Err(Error::PortInUse { port }) } else { Ok(None) }
    }

    /// Every instance of this cache directory.
    fn all() -> Result<Vec<Self>, Error> {
        let folder = cache()?.join("instances");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        Ok(entries.filter_map(|entry| Self::of(entry.file_name().to_str()?).ok()).collect())
    }

    async fn recorded(&self) -> Result<Option<Record>, Error> {
        let Some(record) = Record::read(&self.record()) else { return Ok(None) };
        let Status { pid, endpoint, .. } = record.status.clone();
        let end = Instant::now() + ANSWER_WAIT;
        loop {
            if let Ok(told) = record.ask().await {
                // Somebody else may have taken the port since: only the one that has the secret and this name counts.
                return Ok(told.filter(|record| record.status.name == self.name));
            }
            let is_over = gone(pid, Duration::ZERO).await || !is_server(pid, &self.name);
            if is_over || !accepts(record.port().unwrap_or_default()).await {
                return Ok(None);
            }
            // A second one beside one that is only slow would hide what is in the first.
            if Instant::now() > end {
                return Err(Error::Silent { name: self.name.clone(), endpoint, pid });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts the server as a process of its own and waits until it answers.
    pub(super) async fn start(&self, settings: &CloudSettings) -> Result<Record, Error> {
        let _ = fs::remove_file(self.record());
        let program = server_program(settings)?;
        let log = File::create(self.log()).map_err(Error::files(self.log()))?;
        let errors = log.try_clone().map_err(Error::files(self.log()))?;
        let latency = settings.latency.unwrap_or_default().as_millis();
        let exchanges = settings.absolute_log()?;
        let mut child = Command::new(&program)
            .env(CACHE, cache()?)
            .args(["local", "serve", "--name", &self.name, "--port", &settings.port.to_string()])
            .args(["--account", &settings.account, "--region", &settings.region])
            .args(["--latency-ms", &latency.to_string()])
            .args(settings.enforce.then_some("--enforce"))
            .args(settings.like_aws.iter().flat_map(LikeAws::arguments))
            .args(exchanges.iter().flat_map(|path| [OsStr::new("--log-exchanges"), path.as_os_str()]))
            .args(settings.owner.iter().flat_map(|pid| ["--owner".to_owned(), pid.to_string()]))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(Error::files(&program))?;
        self.await_start(&mut child).await
    }

    async fn await_start(&self, child: &mut Child) -> Result<Record, Error> {
        let end = Instant::now() + START_WAIT;
        loop {
            if let Some(record) = self.recorded().await? {
                return Ok(record);
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

    /// Ends this instance's server if it does not even answer.
    pub(super) async fn end(&self, pid: u32) -> Result<(), Error> {
        if is_server(pid, &self.name) {
            kill(pid);
        }
        if is_server(pid, &self.name) && !gone(pid, STOP_WAIT).await {
            return Err(Error::DoesNotStop { pid });
        }
        self.forget();
        Ok(())
    }

    /// Asks this instance's server to end, and ends it if it does not.
    pub(super) async fn stop(&self, record: &Record) -> Result<(), Error> {
        // Where it does not answer, the signal below ends it.
        let _ = record.tell("stop").await;
        if !gone(record.status.pid, STOP_WAIT).await {
            return self.end(record.status.pid).await;
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

/// Whether something listens on this port, answering or not.
async fn accepts(port: u16) -> bool {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let connect = tokio::net::TcpStream::connect(address);
    !matches!(tokio::time::timeout(Duration::from_secs(2), connect).await, Ok(Err(_)))
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

/// The environment variable that names the cache directory.
const CACHE: &str = "PROVISION_CACHE";

/// Where the local cloud keeps its files: `PROVISION_CACHE`, else `provision` in the user's cache directory.
pub(super) fn cache() -> Result<PathBuf, Error> {
    if let Some(path) = std::env::var_os(CACHE).filter(|path| !path.is_empty()) {
        return std::path::absolute(&path).map_err(Error::files(path));
    }
    let strategy = etcetera::choose_base_strategy().map_err(|_| Error::NoCache)?;
    Ok(strategy.cache_dir().join("provision"))
}

/// The program that serves.
pub(super) fn server_program(settings: &CloudSettings) -> Result<PathBuf, Error> {
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
