//! `provision status`: the accounts and regions of a fleet, and how its stack is in each.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::exit;
use super::format::Format;
use super::name::NameArgs;
use super::terminal::Terminal;
use crate::ops::{self, FleetInstance, FleetStatus, InstanceState};
use crate::report;
use crate::report::out::out;

/// The version of the JSON form: it grows when a member changes its meaning or goes.
const FORMAT_VERSION: u32 = 1;

/// Show how a fleet is in each of its accounts and regions.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Exit with 2 if a target is not current.
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    name: NameArgs,
}

/// A fleet's status, for programs.
#[derive(Serialize)]
struct Report<'a> {
    format_version: u32,
    #[serde(flatten)]
    status: &'a FleetStatus,
}

/// Prints the fleet's targets.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    args.name.choose();
    let status = ops::status(&args.stack, &Terminal::ui()).await?;
    match args.format {
        Format::Human => out!("{}", human(&status)),
        Format::Json => out!("{}", report::json(&Report { format_version: FORMAT_VERSION, status: &status })),
    }
    let differs =
        args.detailed_exitcode && status.instances.iter().any(|one| one.state != InstanceState::Current);
    Ok(exit::code(if differs { exit::CHANGES } else { exit::DONE }))
}

/// A line for each target, and what the last operation did.
pub(super) fn human(status: &FleetStatus) -> String {
    let mut text = String::new();
    let Some(last) = &status.last_operation else {
        return format!("fleet {} has no stack set in {} yet\n", status.stack_set, status.region);
    };
    for one in &status.instances {
        let _ = writeln!(text, "{}", report::plain(&line(one)));
    }
    let current = status.instances.iter().filter(|one| one.state == InstanceState::Current).count();
    let began = last.began.map(|began| began.strftime(", begun %Y-%m-%d %H:%M:%S UTC").to_string());
    let _ = writeln!(
        text,
        "{current} of {} targets are current; last operation: {} {}{}",
        status.instances.len(),
        report::plain(&last.action),
        report::plain(&last.status),
        began.unwrap_or_default()
    );
    text
}

fn line(one: &FleetInstance) -> String {
    let state = match one.state {
        InstanceState::Current => "current",
        InstanceState::Outdated => "outdated",
        InstanceState::Inoperable => "inoperable",
    };
    let unit = one.unit.as_deref().unwrap_or("");
    let stack = one.stack.as_deref().and_then(|arn| arn.split('/').nth(1)).unwrap_or("");
    let drifted = if one.drift == "DRIFTED" { " DRIFTED" } else { "" };
    let why = match one.state {
        InstanceState::Current => String::new(),
        _ => format!(" {}: {}", one.last, one.reason.as_deref().unwrap_or("CloudFormation gives no reason")),
    };
    let line = format!("{:<14} {:<16} {unit:<20} {state:<11} {stack}{drifted}{why}", one.account, one.region);
    let without = if unit.is_empty() { line.replacen(&format!(" {:<20}", ""), "", 1) } else { line };
    without.trim_end().to_owned()
}
