//! The local cloud: AWS's services on this machine, behind one loopback address, so that a stack can be
//! converged, played and tested without an account.
//!
//! [`ensure`] finds the running cloud or starts it; it outlives the command that started it. The server
//! ([`serve()`]) is this same program: a gateway that forwards to the emulator *ministack* and adds what no
//! emulator has, a MediaConvert service that transcodes and a CloudFront front that viewers can play from.
//! See `docs/local-cloud.md`.

mod accounts;
mod answer;
mod batch;
mod clients;
mod cloudformation;
mod cors;
mod emulator;
mod error;
mod exchange_log;
mod ffmpeg;
mod gateway;
mod guard;
mod identifier;
mod install;
mod instance;
mod like_aws;
mod mediaconvert;
mod operation;
mod plain;
mod process;
mod record;
mod secret;
mod serve;
mod signature;
mod viewer;

use std::path::PathBuf;
use std::time::Duration;

use aws_credential_types::Credentials;
pub use cloudformation::{
    CloudFormationFact, HandledResource, HandledType, HandlerCaller, HandlerErrorCode, HandlerFailure,
    ResourceHandlers, cloudformation_facts, is_same_identifier,
};
pub use error::Error;
pub use ffmpeg::{ColorTags, Ffmpeg, Film, Shown, ffmpeg};
pub use instance::Status;
pub use like_aws::refusals::{Ban, table as bans};
pub use like_aws::{LikeAws, rules_as_markdown};
pub use mediaconvert::Model as MediaConvertModel;
pub use serve::{Options as ServeOptions, serve};

use instance::{DEFAULT_NAME, Instance};
use record::Record;

/// The port of the local cloud unless another is asked for.
pub const DEFAULT_PORT: u16 = 4566;
/// The account that the local cloud plays unless another is asked for.
pub const DEFAULT_ACCOUNT: &str = "000000000000";
/// The region that the local cloud plays unless another is asked for.
pub const DEFAULT_REGION: &str = "us-east-1";

/// Which local cloud is wanted.
#[derive(Debug, Clone)]
pub struct CloudSettings {
    /// Distinguishes several clouds on one machine: a test gives its own. The default is `default`.
    pub name: String,
    /// The loopback port of the gateway; 0 takes any free one, which [`Running::endpoint`] then tells.
    pub port: u16,
    /// The account id, 12 digits. It is also the access key id that may do everything in this cloud.
    pub account: String,
    /// The region of the regional services.
    pub region: String,
    /// Delays every answer of an API; `None` leaves a running cloud as it is.
    pub latency: Option<Duration>,
    /// Whether IAM policies count: what is called with keys of its own users and roles must be allowed. The account id as
    /// a key may do everything in either case.
    pub enforce: bool,
    /// Whether it refuses, delays and limits calls as AWS does.
    pub like_aws: Option<LikeAws>,
    /// A file to which each exchange with a service is written; `None` for none. Only its owner can read it.
    pub exchange_log: Option<PathBuf>,
    /// The program that serves; `None` is the running one. A test binary names `provision` here.
    pub server: Option<PathBuf>,
    /// A process whose end ends the cloud as well: a test gives its own, and need not stop what it started.
    /// `None` lets the cloud stay until it is stopped.
    pub owner: Option<u32>,
}

impl Default for CloudSettings {
    fn default() -> Self {
        Self {
            name: DEFAULT_NAME.into(),
            port: DEFAULT_PORT,
            account: DEFAULT_ACCOUNT.into(),
            region: DEFAULT_REGION.into(),
            latency: None,
            enforce: false,
            like_aws: None,
            exchange_log: None,
            server: None,
            owner: None,
        }
    }
}

impl CloudSettings {
    /// The exchange log from wherever the server works.
    fn absolute_log(&self) -> Result<Option<PathBuf>, Error> {
        let absolute = |path: &PathBuf| std::path::absolute(path).map_err(Error::files(path));
        self.exchange_log.as_ref().map(absolute).transpose()
    }
}

/// A local cloud that answers.
#[derive(Debug, Clone)]
pub struct Running {
    /// The one address of every service, `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The account it plays.
    pub account: String,
    /// The region it plays.
    pub region: String,
    /// What it said of itself.
    pub status: Status,
    record: Record,
}

impl Running {
    /// The credentials that may do everything in it.
    pub fn credentials(&self) -> Credentials {
        self.credentials_of(&self.account)
    }

    /// The credentials with another access key id: the id of another account selects that account.
    pub fn credentials_of(&self, access_key_id: &str) -> Credentials {
        self.record.credentials(access_key_id)
    }

    /// Sets a quota of a cloud that plays AWS, by its name in `docs/local-cloud.md`.
    ///
    /// # Errors
    /// When the cloud does not play AWS, or knows no such quota.
    pub async fn set_quota(&self, name: &str, most: usize) -> Result<(), Error> {
        self.record.tell(&format!("quota?name={name}&most={most}")).await
    }

    /// Throttles the next calls, as many as `calls`, of the services whose rate is limited in `docs/local-cloud.md`.
    ///
    /// # Errors
    /// When the cloud does not play AWS.
    pub async fn throttle(&self, calls: usize) -> Result<(), Error> {
        self.record.tell(&format!("throttle?calls={calls}")).await
    }

    /// The address from which a viewer plays what a distribution serves, without a trailing slash.
    pub fn viewer(&self, distribution_id: &str) -> String {
        format!("{}{}{distribution_id}", self.endpoint, viewer::PREFIX)
    }

    /// From now on, MediaConvert takes at most `burst` new jobs at once and `per_second` in the long run.
    ///
    /// # Errors
    /// When the cloud does not answer.
    pub async fn limit_new_jobs(&self, per_second: f64, burst: u32) -> Result<(), Error> {
        self.record.tell(&format!("new-jobs?per_second={per_second}&burst={burst}")).await
    }

    /// From now on, MediaConvert merges a job's lists with its template's `by-group` (outputs of a group replace the
    /// template's) or `by-index` (every list item by item). AWS does not say which of them it does.
    ///
    /// # Errors
    /// When the cloud does not answer, or `merge` is another word.
    pub async fn merge_templates(&self, merge: &str) -> Result<(), Error> {
        self.record.tell(&format!("templates?merge={merge}")).await
    }

    fn of(record: Record) -> Self {
        let status = record.status.clone();
        let Status { endpoint, account, region, .. } = status.clone();
        Self { endpoint, account, region, status, record }
    }
}

/// Finds the local cloud or starts it, and returns when it answers.
///
/// `progress` hears, in a person's words, of what takes longer than a moment. Safe to call from several
/// processes at once: one starts it, the others find it.
///
/// # Errors
/// When something else holds the port, when the running cloud plays another account or region, or when
/// what the cloud needs cannot be installed or does not start. Every wait is bounded.
pub async fn ensure(settings: &CloudSettings, progress: &mut dyn FnMut(&str)) -> Result<Running, Error> {
    let instance = Instance::of(&settings.name)?;
    let _lock = instance.lock(progress).await?;
    if let Some(record) = instance.find(settings.port).await? {
        check_identity(settings, &record.status)?;
        if record.status.build != instance::build_of(&instance::server_program(settings)?) {
            progress("the running local cloud is of another build; `provision local stop` renews it");
        }
        if let Some(latency) = settings.latency {
            record.tell(&format!("latency?ms={}", latency.as_millis())).await?;
        }
        return Ok(Running::of(record));
    }
    install::ensure(progress).await?;
    progress("starting the local cloud");
    Ok(Running::of(instance.start(settings).await?))
}

/// AWS's model of the MediaConvert API, which the local cloud holds requests to.
///
/// # Errors
/// When what the cloud needs cannot be installed.
pub async fn mediaconvert_model(progress: &mut dyn FnMut(&str)) -> Result<MediaConvertModel, Error> {
    MediaConvertModel::read(&install::ensure(progress).await?.mediaconvert_model())
}

/// What the local cloud says of itself; `None` when it does not run. With port 0 it is found on whatever port it runs;
/// another port also finds another instance of this cache directory.
///
/// # Errors
/// When the cache directory cannot be read.
pub async fn status(name: &str, port: u16) -> Result<Option<Status>, Error> {
    Ok(running(name, port).await?.map(|running| running.status))
}

/// The local cloud, found as by [`status`].
///
/// # Errors
/// When the cache directory cannot be read.
pub async fn running(name: &str, port: u16) -> Result<Option<Running>, Error> {
    Ok(find(name, port).await?.map(Running::of))
}

async fn find(name: &str, port: u16) -> Result<Option<Record>, Error> {
    match Instance::of(name)?.find(port).await {
        Err(Error::PortInUse { .. }) => Ok(None),
        found => found,
    }
}

/// The port of the cloud of that name, if none is asked for: wherever it runs; otherwise [`DEFAULT_PORT`] for the default
/// one, and any free port (0) for others.
///
/// # Errors
/// When the cache directory cannot be read.
pub async fn usual_port(name: &str) -> Result<u16, Error> {
    let runs = find(name, 0).await?.is_some();
    Ok(if runs || name != DEFAULT_NAME { 0 } else { DEFAULT_PORT })
}

/// Stops the local cloud and everything that it runs; `false` when it did not run. Of one that has a name of its own nothing
/// stays, its log neither.
///
/// Only what this program started is ended: a server that the record of its instance names, and that has its secret.
///
/// # Errors
/// When it does not go within a bounded time.
pub async fn stop(name: &str, port: u16) -> Result<bool, Error> {
    match find(name, port).await {
        Ok(Some(record)) => Instance::of(&record.status.name)?.stop(&record).await.map(|()| true),
        Ok(None) => {
            Instance::of(name)?.sweep();
            Ok(false)
        }
        Err(Error::Silent { name, pid, .. }) => Instance::of(&name)?.end(pid).await.map(|()| true),
        Err(error) => Err(error),
    }
}

/// Empties the local cloud: every resource, object and job is gone, the server stays. `false` when it did
/// not run.
///
/// # Errors
/// When the emulator does not answer.
pub async fn reset(name: &str, port: u16) -> Result<bool, Error> {
    let Some(record) = find(name, port).await? else { return Ok(false) };
    check_emulator(&record.status)?;
    record.tell("reset").await?;
    Ok(true)
}

fn check_identity(wanted: &CloudSettings, found: &Status) -> Result<(), Error> {
    let pairs = [
        ("account", &wanted.account, &found.account),
        ("region", &wanted.region, &found.region),
        ("version", &env!("CARGO_PKG_VERSION").to_owned(), &found.version),
    ];
    for (what, wanted, found_value) in pairs {
        if wanted != found_value {
            return Err(Error::Different {
                endpoint: found.endpoint.clone(),
                what,
                wanted: wanted.clone(),
                found: found_value.clone(),
            });
        }
    }
    if wanted.enforce && !found.enforce {
        let (endpoint, what) = (found.endpoint.clone(), "IAM enforcement");
        return Err(Error::Different { endpoint, what, wanted: "on".into(), found: "off".into() });
    }
    check_likeness(wanted, found)?;
    check_log(wanted, found)?;
    check_emulator(found)
}

/// A running cloud cannot become like AWS, or like it in another way: what is in it already came about otherwise.
fn check_likeness(settings: &CloudSettings, found: &Status) -> Result<(), Error> {
    let Some(wanted) = settings.like_aws.filter(|wanted| found.like_aws.as_ref() != Some(wanted)) else {
        return Ok(());
    };
    let has = found.like_aws.map_or_else(|| "off".to_owned(), |found| found.to_string());
    let (endpoint, what) = (found.endpoint.clone(), "AWS's behaviour");
    Err(Error::Different { endpoint, what, wanted: wanted.to_string(), found: has })
}

/// A running cloud begins no log: what came before would be missing in it.
fn check_log(settings: &CloudSettings, found: &Status) -> Result<(), Error> {
    let Some(wanted) = settings.absolute_log()?.filter(|wanted| found.exchange_log.as_ref() != Some(wanted))
    else {
        return Ok(());
    };
    let shown = |path: &PathBuf| path.display().to_string();
    let has = found.exchange_log.as_ref().map_or_else(|| "none".to_owned(), shown);
    let (endpoint, what) = (found.endpoint.clone(), "exchange log");
    Err(Error::Different { endpoint, what, wanted: shown(&wanted), found: has })
}

fn check_emulator(found: &Status) -> Result<(), Error> {
    match &found.emulator.failure {
        Some(why) => Err(Error::EmulatorDied { endpoint: found.endpoint.clone(), why: why.clone() }),
        None => Ok(()),
    }
}
