//! What the command line chose of a stack file: the stack's name, and the target of a fleet.

use std::path::Path;
use std::sync::OnceLock;

use crate::stack::config::{self, FleetTarget, StackFile, StackName};

/// The name of the stack, if the command line named it.
static NAME: OnceLock<StackName> = OnceLock::new();

/// Takes each stack file of this process for a stack of this name. The first call counts.
pub fn use_name(name: StackName) {
    drop(NAME.set(name));
}

/// The target of a fleet, if the command line named one.
static TARGET: OnceLock<FleetTarget> = OnceLock::new();

/// Takes each fleet of this process for its stack in this target. The first call counts.
pub fn use_target(target: FleetTarget) {
    drop(TARGET.set(target));
}

/// The target of a fleet that the command line named, if it named one.
pub(super) fn target() -> Option<&'static FleetTarget> {
    TARGET.get()
}

/// Whether the command line named the stack.
pub(super) fn is_named() -> bool {
    NAME.get().is_some()
}

/// The stack file at `path` as the next command must name it: with the name and the environment that this one has.
#[must_use]
pub fn argument(path: &Path) -> String {
    let name = NAME.get().map(|name| format!(" --name {name}")).unwrap_or_default();
    let environment = config::chosen_environment().map(|name| format!(" --env {name}")).unwrap_or_default();
    format!("{}{name}{environment}", path.display())
}

/// The stack file at `path`, for a stack of the name that the command line gave, if it gave one.
pub(super) fn load(path: &Path) -> miette::Result<StackFile> {
    let file = config::load(path)?;
    Ok(match NAME.get() {
        Some(name) => file.renamed(name.clone()),
        None => file,
    })
}
