//! Permissions: the least-privilege IAM policy of a command for one stack, offline.

use std::path::Path;

use super::session::scope;
use crate::model::PolicyDocument;
use crate::permissions::{self, Subject};
use crate::resource::registry;
use crate::stack;
use crate::stack::config::{self, StackFile};
use crate::stack::domain::Zone;
use crate::stack::handlers::PackageDigests;

pub use crate::permissions::{Command as PolicyFor, INLINE_LIMIT, MANAGED_LIMIT, json, length, split};

/// The policy that a command needs for a stack.
pub struct StackPolicy {
    /// The stack's name.
    pub stack: String,
    /// The policy.
    pub policy: PolicyDocument,
}

/// The policy that a command needs for the stack that the file at `path` declares. `zone_id` is the only hosted zone that it
/// allows; without it, it allows all.
///
/// # Errors
/// When the stack file cannot be used.
pub fn permissions(path: &Path, command: PolicyFor, zone_id: Option<&str>) -> miette::Result<StackPolicy> {
    let file = config::load(path)?;
    Ok(StackPolicy { stack: file.stack.to_string(), policy: policy(&file, command, zone_id)? })
}

fn policy(file: &StackFile, command: PolicyFor, zone_id: Option<&str>) -> miette::Result<PolicyDocument> {
    let scope = scope(file);
    // Neither the code nor the zone changes what is declared, only the values in it.
    let code = PackageDigests::default();
    let zone = Zone { id: zone_id.unwrap_or("*").to_owned() };
    let declarations = stack::declare(file, &code, Some(&zone));
    let subject = Subject {
        scope: &scope,
        declarations: &declarations,
        domain: file.domain.as_ref().map(|domain| domain.name.as_str()),
        zone: zone_id,
    };
    Ok(permissions::policy(registry(), command, subject)?)
}
