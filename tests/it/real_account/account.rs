//! The account that is tried: how it is reached, and the stacks that are made in it.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::support::PROGRAM;

/// The stack of the main job. No team would choose the name.
const STACK: &str = "vod-trial";
/// How many minutes the main job may take unless told otherwise. CloudFront takes up to 15 for each change.
const MINUTES: u64 = 60;

/// An account and how it is reached.
pub(crate) struct Account {
    /// Its 12 digits.
    pub(crate) id: String,
    /// The stack's region.
    pub(crate) region: String,
    /// A public hosted zone of the account, for certificate and alias. Without one, these are not tried.
    pub(crate) zone: Option<String>,
    /// Variables for the program beyond this process's own.
    pub(crate) environment: Vec<(String, String)>,
    /// Part of the name of the types that the walk tries; empty for all.
    pub(crate) only: String,
    /// Whether it is AWS, where viewers can reach what is published.
    pub(crate) is_aws: bool,
    /// How long the main job may take before it is interrupted and removed.
    pub(crate) limit: Duration,
    /// Where stack files are written.
    pub(crate) folder: tempfile::TempDir,
}

impl Account {
    /// From `PROVISION_AWS_ACCOUNT`, `…_REGION`, and, if they are set, `…_ZONE`, `…_MINUTES` and `…_ONLY`.
    ///
    /// # Errors
    /// In words, when a variable is missing or is not what it must be.
    pub(crate) fn from_environment() -> Result<Self, String> {
        let minutes = match variable("MINUTES") {
            None => MINUTES,
            Some(text) => {
                text.parse().map_err(|_| format!("PROVISION_AWS_MINUTES={text} is not a number"))?
            }
        };
        Ok(Self {
            id: needed("ACCOUNT")?,
            region: needed("REGION")?,
            zone: variable("ZONE"),
            environment: Vec::new(),
            only: variable("ONLY").unwrap_or_default(),
            is_aws: true,
            limit: Duration::from_secs(60 * minutes),
            folder: tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?,
        })
    }

    /// The variables from which [`Self::from_environment`] reads this account again, in a process of its own.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let own = [
            ("ACCOUNT", self.id.clone()),
            ("REGION", self.region.clone()),
            ("ZONE", self.zone.clone().unwrap_or_default()),
            ("ONLY", self.only.clone()),
        ];
        let own = own.map(|(name, value)| (format!("PROVISION_AWS_{name}"), value));
        own.into_iter().chain(self.environment.iter().cloned()).collect()
    }

    /// The name of the main job's stack.
    pub(crate) fn stack(&self) -> String {
        STACK.to_owned()
    }

    /// The name of the stack whose types are tried one by one. Bucket names are the world's, so it has the account in it.
    pub(crate) fn walked(&self) -> String {
        format!("vod-walk-{}", self.id)
    }

    /// A stack file for this account, as a team's staging is, whose logs are kept for so long.
    pub(crate) fn stack_file(&self, stack: &str, log_retention: &str) -> PathBuf {
        let domain =
            self.zone.as_ref().map(|zone| format!("domain: {{ name: vod-trial.{zone}, zone: {zone} }}\n"));
        let text = format!(
            r#"stack: {stack}
account: "{}"
region: {}
tags: {{ environment: trial }}
{}source: {{ expire_noncurrent_after: 1d, upload_origins: ["https://app.example.com"] }}
transcode: {{ ladder: hls-720p, thumbnails: {{ every: 2s }} }}
handlers: {{ architecture: x86_64, log_retention: {log_retention} }}
delivery: {{ price_class: 100, access_logs: true }}
"#,
            self.id,
            self.region,
            domain.unwrap_or_default(),
        );
        let path = self.folder.path().join(format!("{stack}-{log_retention}.yaml"));
        std::fs::write(&path, text).expect("the file system works");
        path
    }

    /// The program with these arguments, reaching this account, and naming each call.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("-v").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        command.env("NO_COLOR", "1").envs(self.environment.iter().cloned());
        command
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(format!("PROVISION_AWS_{name}")).ok().filter(|value| !value.is_empty())
}

fn needed(name: &str) -> Result<String, String> {
    variable(name).ok_or_else(|| format!("set PROVISION_AWS_{name}, or run `just aws ACCOUNT REGION`"))
}
