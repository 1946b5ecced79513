//! Permissions: the least-privilege IAM policy of a command for one stack, or for all stacks with a prefix, offline.

use std::path::Path;

use super::session::scope;
use crate::model::PolicyDocument;
use crate::permissions::{self, Subject};
use crate::resource::registry;
use crate::stack;
use crate::stack::config::{self, StackFile, StackPrefix};
use crate::stack::domain::Zone;
use crate::stack::handlers::PackageDigests;

pub use crate::permissions::{Command as PolicyFor, INLINE_LIMIT, MANAGED_LIMIT, json, length, split};

/// What a policy is for.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRequest<'a> {
    /// The command.
    pub command: PolicyFor,
    /// If set, the policy is for every stack whose name begins with it, and not only for the one that the file declares.
    pub prefix: Option<&'a StackPrefix>,
    /// The only hosted zone that it allows, by id. Without it, it allows all.
    pub zone: Option<&'a str>,
}

/// The policy that a command needs for a stack.
#[derive(Debug)]
pub struct StackPolicy {
    /// The stack's name, or a pattern of names.
    pub stack: String,
    /// The policy.
    pub policy: PolicyDocument,
}

/// The policy that a command needs for the stack that the file at `path` declares, or for stacks like it.
///
/// # Errors
/// When the stack file cannot be used, or the prefix does not cover its stack.
pub fn permissions(path: &Path, wanted: PolicyRequest<'_>) -> miette::Result<StackPolicy> {
    let file = config::load(path)?;
    if let Some(prefix) = wanted.prefix.filter(|prefix| !prefix.covers(&file.stack)) {
        let message = format!("`stack` does not begin with {prefix}");
        let help = "the policy is for stacks that declare what this file declares: use a prefix of its name, or another file";
        return Err(config::against(path, &["stack"], &message, "outside the prefix", help).into());
    }
    let stack = wanted.prefix.map_or_else(|| file.stack.to_string(), |prefix| format!("{prefix}*"));
    Ok(StackPolicy { stack, policy: policy(&file, wanted) })
}

fn policy(file: &StackFile, wanted: PolicyRequest<'_>) -> PolicyDocument {
    let scope = scope(file);
    // Neither the code nor the zone changes what is declared, only the values in it.
    let code = PackageDigests::default();
    let zone = Zone { id: wanted.zone.unwrap_or("*").to_owned() };
    let declarations = stack::declare(file, &code, Some(&zone));
    let subject = Subject {
        scope: &scope,
        prefix: wanted.prefix.map(StackPrefix::as_str),
        declarations: &declarations,
        domain: file.domain.as_ref().map(|domain| domain.name.as_str()),
        zone: wanted.zone,
        key: file.encryption.as_ref().map(|encryption| &encryption.kms_key),
    };
    permissions::policy(registry(), wanted.command, subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_must_cover_the_stack_of_the_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks/staging.yaml");
        let of = |prefix: &str| {
            let prefix: StackPrefix = prefix.parse().unwrap();
            let wanted = PolicyRequest { command: PolicyFor::Plan, prefix: Some(&prefix), zone: None };
            permissions(&path, wanted).map(|permitted| permitted.stack)
        };
        assert_eq!(of("vod-").unwrap(), "vod-*");
        let refused = format!("{:?}", of("vod-pr-").unwrap_err());
        assert!(refused.contains("`stack` does not begin with vod-pr-"), "{refused}");
    }
}
