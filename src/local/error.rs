//! What can go wrong with the local cloud, and what to do about it.

use std::path::PathBuf;

/// Why the local cloud is not there. Every variant's help says what to do next.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum Error {
    /// A file or directory of the cache could not be used.
    #[error("cannot use {}", path.display())]
    #[diagnostic(help(
        "the local cloud keeps its files there; set PROVISION_CACHE to a directory of yours to keep them elsewhere"
    ))]
    Files {
        /// The path in question.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// Neither `PROVISION_CACHE`, `XDG_CACHE_HOME` nor `HOME` is set.
    #[error("there is no cache directory")]
    #[diagnostic(help("set HOME or PROVISION_CACHE"))]
    NoCache,

    /// An instance name that is no file name.
    #[error("`{name}` cannot name a local cloud")]
    #[diagnostic(help("use letters, digits and hyphens"))]
    Name {
        /// The name as given.
        name: String,
    },

    /// Another process has been starting the same cloud for too long.
    #[error("another process is starting the local cloud and does not finish")]
    #[diagnostic(help("it holds {}; end it, then try again", lock.display()))]
    Locked {
        /// The lock file.
        lock: PathBuf,
    },

    /// The port belongs to something that is not a local cloud.
    #[error("port {port} is in use by something else than the local cloud")]
    #[diagnostic(help(
        "end what listens there (`ss -ltnp 'sport = :{port}'` names it), or start the local cloud on any free one: `provision local start --port 0`; the next \
         command finds it there"
    ))]
    PortInUse {
        /// The port.
        port: u16,
    },

    /// The port cannot be had for another reason than that somebody has it.
    #[error("port {port} cannot be listened on")]
    #[diagnostic(help(
        "choose another with `--port`: those below 1024 are mostly for root, and 0 takes any free one"
    ))]
    Port {
        /// The port.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },

    /// The instance runs, on another port than asked.
    #[error("the local cloud already runs at {endpoint}")]
    #[diagnostic(help("`provision local stop` ends it; then start it on the other port"))]
    OtherPort {
        /// Where it runs.
        endpoint: String,
    },

    /// The running cloud plays another account, region or version.
    #[error("the local cloud at {endpoint} has {what} {found}, and {what} {wanted} is wanted")]
    #[diagnostic(help(
        "`provision local stop --port {}` ends it, with everything in it; the next command starts it with {what} {wanted}",
        port_of(endpoint)
    ))]
    Different {
        /// Where it runs.
        endpoint: String,
        /// `account`, `region`, `version`, `IAM enforcement` or `exchange log`.
        what: &'static str,
        /// What was asked for.
        wanted: String,
        /// What it has.
        found: String,
    },

    /// The emulator behind the gateway ended.
    #[error("the emulator of the local cloud at {endpoint} ended: {why}")]
    #[diagnostic(help(
        "`provision local stop --port {}`, then start again; what was in it is gone, and the next apply makes it anew",
        port_of(endpoint)
    ))]
    EmulatorDied {
        /// The gateway.
        endpoint: String,
        /// Its end, and the last lines it wrote.
        why: String,
    },

    /// No usable Python.
    #[error("the local cloud needs Python 3.10 or later: {why}")]
    #[diagnostic(help("install python3, for example with `apt-get install python3 python3-venv`"))]
    Python {
        /// What was found instead.
        why: String,
    },

    /// Python cannot make a virtual environment.
    #[error("python3 cannot make a virtual environment: {why}")]
    #[diagnostic(help(
        "install its venv module, for example with `apt-get install python3-venv`, and see that the disk has room: \
         PROVISION_CACHE names a directory elsewhere"
    ))]
    Venv {
        /// The last lines that it wrote.
        why: String,
    },

    /// pip could not install the emulator.
    #[error("pip cannot install the local cloud's packages: {why}")]
    #[diagnostic(help(
        "the first start needs a Python package index (pip's own configuration, `pip config list`, says which it asks) and \
         300 MB in the cache directory, which PROVISION_CACHE moves"
    ))]
    Pip {
        /// The last lines that it wrote.
        why: String,
    },

    /// A step did not end in time.
    #[error("{what} took longer than {seconds} seconds")]
    #[diagnostic(help(
        "try again; if it repeats, see the log of the local cloud (`provision local status` names it)"
    ))]
    TooLong {
        /// The step.
        what: String,
        /// Its bound.
        seconds: u64,
    },

    /// No ffmpeg to be found.
    #[error("there is no ffmpeg")]
    #[diagnostic(help("install ffmpeg, or run `provision local start`, which fetches one"))]
    NoFfmpeg,

    /// The server ended before it answered.
    #[error("the local cloud did not start: {why}")]
    #[diagnostic(help("its log is {}", log.display()))]
    DidNotStart {
        /// The last lines of its log.
        why: String,
        /// The log.
        log: PathBuf,
    },

    /// The server is there, and does not answer.
    #[error("the local cloud at {endpoint} (process {pid}) does not answer")]
    #[diagnostic(help(
        "the machine may be busy: try again; `provision local stop` ends it, with everything in it, and the next command \
         starts another"
    ))]
    Silent {
        /// The instance's name.
        name: String,
        /// Where it listens.
        endpoint: String,
        /// Its process.
        pid: u32,
    },

    /// The server does not end.
    #[error("the local cloud (process {pid}) does not end")]
    #[diagnostic(help("end it with `kill -9 {pid}`"))]
    DoesNotStop {
        /// Its process.
        pid: u32,
    },

    /// The server did not understand or could not be reached.
    #[error("the local cloud does not answer: {why}")]
    #[diagnostic(help(
        "`provision local status` says how it is; `provision local stop` and another start renew it"
    ))]
    Request {
        /// What was asked and what came back.
        why: String,
    },
}

impl Error {
    /// For `map_err` beside a file operation.
    pub(super) fn files(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Files { path, source }
    }
}

/// The port of an address of ours.
fn port_of(endpoint: &str) -> &str {
    endpoint.rsplit(':').next().unwrap_or(endpoint)
}

/// The last `lines` lines of `text`, for a message.
pub(super) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
