//! `provision local`: starts, stops, empties and shows the cloud on this machine.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;

use super::exit;
use crate::ops::local;
use crate::report::out::{errln, outln};

/// Start, stop, empty or show the cloud on this machine.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start the local cloud, or find it running
    Start(Start),
    /// Stop it, with everything in it
    Stop(Which),
    /// Show how it is
    Status(Which),
    /// Empty it without stopping it
    Reset(Which),
    /// Be the server, until told to stop
    #[command(hide = true)]
    Serve(Serve),
}

/// Which local cloud is meant.
#[derive(Debug, clap::Args)]
struct Which {
    /// Name of the instance
    #[arg(long, default_value = "default")]
    name: String,
    /// Loopback port; the default is wherever the instance runs
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
}

#[derive(Debug, clap::Args)]
struct Start {
    /// Name of the instance
    #[arg(long, default_value = "default")]
    name: String,
    /// Loopback port; 0 takes any free one
    #[arg(long, default_value_t = local::DEFAULT_PORT)]
    port: u16,
    /// Account id that it plays; the default is that of stacks/local.yaml
    #[arg(long, default_value = "111122223333")]
    account: String,
    /// Region that it plays; the default is that of stacks/local.yaml
    #[arg(long, default_value = "ap-northeast-2")]
    region: String,
    /// Delay every answer of an API, as a region far away does (for example 50ms)
    #[arg(long, value_parser = duration)]
    latency: Option<Duration>,
    /// Let IAM policies count for everyone but the account itself
    #[arg(long)]
    enforce: bool,
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
    #[arg(long)]
    owner: Option<u32>,
}

/// Performs the command; exit codes are those of `docs/exit-codes.md`.
///
/// # Errors
/// Whatever [`local`] reports.
pub async fn run(args: Args) -> miette::Result<ExitCode> {
    match args.action {
        Action::Start(start) => self::start(start).await?,
        Action::Stop(which) => {
            let stopped = local::stop(&which.name, which.port).await?;
            outln!("{}", if stopped { "local cloud stopped" } else { "the local cloud does not run" });
        }
        Action::Status(which) => return status(&which).await,
        Action::Reset(which) => {
            let reset = local::reset(&which.name, which.port).await?;
            outln!("{}", if reset { "local cloud emptied" } else { "the local cloud does not run" });
        }
        Action::Serve(serve) => {
            let Which { name, port } = serve.which;
            let latency = Duration::from_millis(serve.latency_ms);
            let Serve { account, region, enforce, owner, .. } = serve;
            local::serve(local::ServeOptions { name, port, account, region, latency, enforce, owner })
                .await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(start: Start) -> miette::Result<()> {
    let Start { name, port, account, region, latency, enforce } = start;
    let settings =
        local::Settings { name, port, account, region, latency, enforce, ..local::Settings::default() };
    let running = local::ensure(&settings, &mut |text| errln!("{text}")).await?;
    outln!("local cloud at {}", running.endpoint);
    outln!("  account {}, region {}", running.account, running.region);
    outln!("  log {}", running.status.log.display());
    Ok(())
}

/// Shows how it is; that it does not answer calls is no success.
async fn status(which: &Which) -> miette::Result<ExitCode> {
    let Some(status) = local::status(&which.name, which.port).await? else {
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
    if status.latency_ms > 0 {
        outln!("  every answer takes {} ms longer", status.latency_ms);
    }
    for (state, count) in &status.jobs {
        outln!("  jobs {state}: {count}");
    }
    outln!("  log {}", status.log.display());
    Ok(exit::code(if status.emulator.failure.is_none() { exit::DONE } else { exit::FAILED }))
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
