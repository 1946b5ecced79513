//! The server process of the local cloud: the gateway and everything behind it, until it is told to stop.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::accounts::Accounts;
use super::batch;
use super::clients::Clients;
use super::cloudformation::{CloudFormation, ResourceHandlers, Surroundings};
use super::emulator::{self, Role};
use super::exchange_log::ExchangeLog;
use super::gateway::{self, Gateway};
use super::instance::{self, EmulatorStatus, Instance, Status};
use super::like_aws::{LikeAws, Played};
use super::mediaconvert::{Common, Everywhere};
use super::secret::Secret;
use super::viewer::Viewer;
use super::{Error, ffmpeg, install, plain, process};

/// How long requests under way may take to end once the server stops.
const LINGER: Duration = Duration::from_secs(2);
/// How often an owner is looked for.
const OWNER_POLL: Duration = Duration::from_millis(500);

/// What the server is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// The instance's name.
    pub name: String,
    /// The loopback port; 0 for any.
    pub port: u16,
    /// The account to play.
    pub account: String,
    /// The region to play.
    pub region: String,
    /// Delays every answer of an API.
    pub latency: Duration,
    /// Whether IAM policies count.
    pub enforce: bool,
    /// Whether it behaves as AWS does, and how fast.
    pub like_aws: Option<LikeAws>,
    /// A file to which each exchange with a service is written.
    pub exchange_log: Option<PathBuf>,
    /// The process whose end is the server's too.
    pub owner: Option<u32>,
}

/// Serves until it is stopped by request or signal; then everything it started is gone as well. `handlers` make the resources
/// of CloudFormation's stacks.
///
/// # Errors
/// When the port is taken, or when the emulator or ffmpeg cannot be had.
pub async fn serve(options: Options, handlers: Arc<dyn ResourceHandlers>) -> Result<(), Error> {
    // A session of its own: the terminal's Ctrl-C and hang-up are for the command that started it.
    // It fails where this is a session's leader already, which is as good.
    let _ = rustix::process::setsid();
    let instance = Instance::of(&options.name)?;
    let state = instance.state();
    instance.prepare()?;
    let _ = fs::remove_dir_all(&state);
    fs::create_dir_all(&state).map_err(Error::files(&state))?;

    let listener = TcpListener::bind(("127.0.0.1", options.port))
        .await
        .map_err(|source| unusable(options.port, source))?;
    let port = listener.local_addr().map_err(Error::files("127.0.0.1"))?.port();
    let gateway = Arc::new(gateway(&options, &instance, port, handlers).await?);
    let app = axum::Router::new().fallback(gateway::handle).with_state(Arc::clone(&gateway));
    instance.write_record(&gateway.secret, gateway.status())?;

    let stop = gateway.stop.clone();
    tokio::spawn(stop_on_signal(stop.clone()));
    if let Some(owner) = options.owner {
        let stop = stop.clone();
        tokio::spawn(async move {
            process::ended(owner, OWNER_POLL).await;
            stop.cancel();
        });
    }
    let stopped = stop.clone();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move { stopped.cancelled().await });
    let deadline = async {
        stop.cancelled().await;
        tokio::time::sleep(LINGER).await;
    };
    tokio::select! {
        _ = server => {}
        () = deadline => {}
    }
    gateway.mediaconvert.reset();
    gateway.batch.reset();
    gateway.cloudformation.reset();
    instance.remove_record();
    Ok(())
}

fn unusable(port: u16, source: std::io::Error) -> Error {
    match source.kind() {
        std::io::ErrorKind::AddrInUse => Error::PortInUse { port },
        _ => Error::Port { port, source },
    }
}

async fn gateway(
    options: &Options,
    instance: &Instance,
    port: u16,
    handlers: Arc<dyn ResourceHandlers>,
) -> Result<Gateway, Error> {
    let mut silent = |_: &str| {};
    let installed = install::ensure(&mut silent).await?;
    let ffmpeg = ffmpeg(&mut silent).await?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let secret = Secret::generate().map_err(Error::files("the system's random numbers"))?;
    let role = Role {
        account: &options.account,
        region: &options.region,
        port,
        secret: &secret,
        enforce: options.enforce,
        events_after: options.like_aws.map_or(Duration::ZERO, |like_aws| like_aws.events_after()),
    };
    let exchange_log = options.exchange_log.as_deref().map(ExchangeLog::open).transpose()?;
    // A socket's path must be short, and that of the cache need not be: it is named from here.
    let state = instance.state();
    std::env::set_current_dir(&state).map_err(Error::files(&state))?;
    let http = plain::through(Path::new(emulator::SOCKET));
    let emulator = emulator::start(&installed, &role, &state, &http).await?;
    let credentials = secret.credentials(&options.account);
    let clients = Clients::new(&http, &endpoint, credentials, &options.region);
    let upstream = endpoint.clone();
    let common = Common {
        endpoint: endpoint.clone(),
        http: http.clone(),
        secret: secret.clone(),
        ffmpeg,
        work: instance.state().join("jobs"),
    };
    let accounts = Accounts::new(http.clone(), &endpoint, secret.clone(), &options.account, &options.region);
    let accounts = Arc::new(accounts);
    let surroundings = Surroundings {
        secret: secret.clone(),
        http: http.clone(),
        endpoint: endpoint.clone(),
        accounts: Arc::clone(&accounts),
        pace: options.like_aws.map(|like_aws| like_aws.pace),
    };
    let cloudformation = CloudFormation::new(handlers, surroundings);
    let batch = batch::BatchOperations::new(clients.clone());
    let model = installed.mediaconvert_model();
    let mediaconvert = Everywhere::new(common, &model, &options.account, &options.region)?;
    let own = std::env::current_exe().map_err(Error::files("the running program"))?;
    let status = Status {
        name: options.name.clone(),
        endpoint,
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").into(),
        build: instance::build_of(&own),
        account: options.account.clone(),
        region: options.region.clone(),
        enforce: options.enforce,
        like_aws: options.like_aws,
        latency_ms: 0,
        log: instance.log(),
        exchange_log: options.exchange_log.clone(),
        emulator: EmulatorStatus { pid: emulator.pid, failure: None },
        jobs: BTreeMap::new(),
    };
    Ok(Gateway {
        status,
        secret,
        accounts,
        viewer: Viewer::new(clients.clone(), http.clone(), upstream.clone()),
        clients,
        upstream,
        http,
        emulator,
        mediaconvert,
        batch,
        cloudformation,
        latency: AtomicU64::new(u64::try_from(options.latency.as_millis()).unwrap_or(u64::MAX)),
        played: options.like_aws.map(Played::new),
        exchange_log,
        stop: CancellationToken::new(),
    })
}

async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.cancel();
}
