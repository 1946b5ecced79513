//! `provision local`: starts, stops, empties and shows the cloud on this machine, and tells how to call it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;

use super::exit;
use crate::ops::local;
use crate::report::out::{errln, outln};

/// The instance that is meant unless another is named.
const DEFAULT: &str = "default";

/// Start, stop, empty or show the cloud on this machine.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start the local cloud, or show that it runs
    Start(Start),
    /// Stop it and delete everything in it
    Stop(Which),
    /// Show whether it runs, and its addresses
    Status(Which),
    /// Empty it without stopping it
    Reset(Which),
    /// Print what other tools need to call it: eval "$(provision local env)"
    Env(Env),
    /// Be the server, until told to stop
    #[command(hide = true)]
    Serve(Serve),
}

/// Which local cloud is meant, as every command takes it.
#[derive(Debug, clap::Args)]
struct Instance {
    /// Name of the instance
    #[arg(long, env = "PROVISION_LOCAL", hide_env_values = true, default_value = DEFAULT, value_parser = name)]
    name: String,
}

/// Which running local cloud is meant.
#[derive(Debug, clap::Args)]
struct Which {
    #[command(flatten)]
    instance: Instance,
    /// Loopback port; the default is wherever the instance runs
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
}

/// What other tools need to call it.
#[derive(Debug, clap::Args)]
struct Env {
    #[command(flatten)]
    which: Which,
    /// The account whose root user calls; the default is the local cloud's own. A local cloud has every account.
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    account: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Start {
    #[command(flatten)]
    instance: Instance,
    /// Loopback port; 0 takes any free one. The default is wherever the instance runs, else 4566, or any free port for an
    /// instance with a name of its own
    #[arg(long)]
    port: Option<u16>,
    /// Account id of the cloud; the default is that of stacks/local.yaml
    #[arg(long, default_value = "111122223333")]
    account: String,
    /// Region of the cloud; the default is that of stacks/local.yaml
    #[arg(long, default_value = "ap-northeast-2")]
    region: String,
    /// Delay every API answer, as a distant region does (for example 50ms)
    #[arg(long, value_parser = duration)]
    latency: Option<Duration>,
    /// Enforce IAM policies for everyone except the account itself
    #[arg(long)]
    enforce: bool,
    #[command(flatten)]
    like_aws: LikeAws,
    /// Write each call and its answer to this file, as lines of JSON; only you can read it
    #[arg(long, value_name = "FILE")]
    log_exchanges: Option<PathBuf>,
}

/// Whether the cloud behaves as AWS does, and how fast.
#[derive(Debug, clap::Args)]
struct LikeAws {
    /// Refuse, delay and limit calls as AWS does (docs/local-cloud.md lists the rules)
    #[arg(long)]
    like_aws: bool,
    /// How many times faster than on AWS the time goes
    #[arg(long, requires = "like_aws", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pace: u32,
    /// Choose other delays: the same seed chooses the same ones
    #[arg(long, requires = "like_aws", default_value_t = 1)]
    seed: u64,
}

impl LikeAws {
    fn settings(&self) -> Option<local::LikeAws> {
        self.like_aws.then_some(local::LikeAws { pace: self.pace, seed: self.seed })
    }
}

#[derive(Debug, clap::Args)]
struct Serve {
    #[command(flatten)]
    which: Which,
    #[arg(long)]
    account: String,
    #[arg(long)]
    region: String,
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    #[arg(long)]
    enforce: bool,
    #[command(flatten)]
    like_aws: LikeAws,
    #[arg(long)]
    log_exchanges: Option<PathBuf>,
    #[arg(long)]
    owner: Option<u32>,
}

/// Carries out the command. Exit codes are those of `docs/exit-codes.md`.
///
/// # Errors
/// Whatever [`local`] reports.
pub async fn run(args: Args) -> miette::Result<ExitCode> {
    match args.action {
        Action::Start(start) => self::start(start).await?,
        Action::Stop(which) => {
            let stopped = local::stop(&which.instance.name, which.port).await?;
            outln!("{}", if stopped { "local cloud stopped" } else { "the local cloud does not run" });
        }
        Action::Status(which) => return status(&which).await,
        Action::Reset(which) => {
            let reset = local::reset(&which.instance.name, which.port).await?;
            outln!("{}", if reset { "local cloud emptied" } else { "the local cloud does not run" });
        }
        Action::Env(args) => return env(&args).await,
        Action::Serve(serve) => {
            let Which { instance: Instance { name }, port } = serve.which;
            let latency = Duration::from_millis(serve.latency_ms);
            let Serve { account, region, enforce, like_aws, log_exchanges: exchange_log, owner, .. } = serve;
            let like_aws = like_aws.settings();
            local::serve(local::ServeOptions {
                name,
                port,
                account,
                region,
                latency,
                enforce,
                like_aws,
                exchange_log,
                owner,
            })
            .await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(start: Start) -> miette::Result<()> {
    let Start {
        instance: Instance { name },
        port,
        account,
        region,
        latency,
        enforce,
        like_aws,
        log_exchanges,
    } = start;
    let port = match port {
        Some(port) => port,
        None => local::usual_port(&name).await?,
    };
    let settings = local::CloudSettings {
        name,
        port,
        account,
        region,
        latency,
        enforce,
        like_aws: like_aws.settings(),
        exchange_log: log_exchanges,
        ..local::CloudSettings::default()
    };
    let running = local::ensure(&settings, &mut |text| errln!("{text}")).await?;
    outln!("local cloud at {}", running.endpoint);
    outln!("  account {}, region {}", running.account, running.region);
    outln!("  log {}", running.status.log.display());
    if let Some(path) = &running.status.exchange_log {
        outln!("  exchanges {}", path.display());
    }
    Ok(())
}

/// Shows whether it runs. It is a failure if it does not answer calls.
async fn status(which: &Which) -> miette::Result<ExitCode> {
    let Some(status) = local::status(&which.instance.name, which.port).await? else {
        outln!("the local cloud does not run");
        return Ok(exit::code(exit::FAILED));
    };
    outln!("local cloud at {}", status.endpoint);
    outln!("  account {}, region {}", status.account, status.region);
    outln!("  provision {}, process {}", status.version, status.pid);
    match &status.emulator.failure {
        None => outln!("  emulator runs, process {}", status.emulator.pid),
        Some(why) => outln!("  emulator ended: {why}"),
    }
    if status.enforce {
        outln!("  IAM policies count");
    }
    if let Some(local::LikeAws { pace, seed }) = status.like_aws {
        outln!("  behaves as AWS does, {pace} times as fast (seed {seed})");
    }
    if status.latency_ms > 0 {
        outln!("  every answer takes {} ms longer", status.latency_ms);
    }
    for (state, count) in &status.jobs {
        outln!("  jobs {state}: {count}");
    }
    outln!("  log {}", status.log.display());
    if let Some(path) = &status.exchange_log {
        outln!("  exchanges {}", path.display());
    }
    Ok(exit::code(if status.emulator.failure.is_none() { exit::DONE } else { exit::FAILED }))
}

/// Prints the variables that the AWS CLI and the SDKs read. Nothing is printed on stdout if there is no cloud to call.
async fn env(args: &Env) -> miette::Result<ExitCode> {
    let Env { which, account } = args;
    let Some(running) = local::running(&which.instance.name, which.port).await? else {
        errln!("the local cloud does not run: start it with `provision local start`");
        return Ok(exit::code(exit::FAILED));
    };
    let credentials = match account {
        Some(account) => running.credentials_of(account),
        None => running.credentials(),
    };
    outln!("export AWS_ENDPOINT_URL={}", running.endpoint);
    outln!("export AWS_ACCESS_KEY_ID={}", credentials.access_key_id());
    outln!("export AWS_SECRET_ACCESS_KEY={}", credentials.secret_access_key());
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        outln!("export {variable}={}", running.region);
    }
    // A token of other credentials would be sent with these.
    outln!("unset AWS_SESSION_TOKEN");
    Ok(ExitCode::SUCCESS)
}

/// Reads the id of an account.
fn account(text: &str) -> Result<String, String> {
    let good = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if good { Ok(text.to_owned()) } else { Err("an account has 12 digits".to_owned()) }
}

/// An empty variable means none, as everywhere.
#[expect(clippy::unnecessary_wraps, reason = "clap takes it so")]
fn name(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(if text.is_empty() { DEFAULT } else { text }.to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit): (String, String) = text.chars().partition(char::is_ascii_digit);
    let number: u64 = number.parse().map_err(|_| format!("`{text}` has no number"))?;
    match unit.as_str() {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        _ => Err(format!("`{text}` has no unit: write 50ms or 1s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_has_a_number_and_a_unit() {
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(duration("1s"), Ok(Duration::from_secs(1)));
        assert!(duration("50").is_err());
        assert!(duration("ms").is_err());
    }
}
