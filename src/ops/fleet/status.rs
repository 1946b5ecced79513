//! Where a fleet is, and how it is there.

use std::path::Path;
use std::sync::Arc;

use miette::miette;
use serde::Serialize;

use crate::ops::session::Session;
use crate::ops::ui::Ui;
use crate::resource::cloudformation::{Instance, LastOperation, instances, last_operation};

/// A fleet as it is in its accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FleetStatus {
    /// The stack set.
    pub stack_set: String,
    /// The account of the stack set.
    pub account: String,
    /// The region of the stack set.
    pub region: String,
    /// Its targets, by account and region.
    pub instances: Vec<Instance>,
    /// The last operation on it. None if there is no stack set.
    pub last_operation: Option<LastOperation>,
}

/// How the fleet that the file at `path` declares is in its accounts.
///
/// # Errors
/// When the stack file cannot be used or declares no fleet, or the stack set cannot be read.
pub async fn status(path: &Path, ui: &Arc<dyn Ui>) -> miette::Result<FleetStatus> {
    let reads = async |session: &Session| {
        if session.file.fleet.is_none() {
            let help = "`provision plan` shows how a stack is, and `provision history` what was done with it";
            return Err(miette!(help = help, "`status` is for a fleet, and the stack file has no `fleet`"));
        }
        FleetStatus::read(session).await
    };
    Ok(Session::open_and(path, ui, reads).await?.1)
}

impl FleetStatus {
    /// How a session's fleet is in its accounts.
    ///
    /// # Errors
    /// When the stack set cannot be read.
    pub async fn read(session: &Session) -> miette::Result<Self> {
        let (cx, scope) = (session.account.regions.home(), session.account.scope());
        let (instances, last_operation) =
            tokio::try_join!(instances(&cx, &scope.stack), last_operation(&cx, &scope.stack))?;
        session.counts(instances.len());
        Ok(Self {
            stack_set: scope.stack.clone(),
            account: scope.account.clone(),
            region: scope.region.clone(),
            instances,
            last_operation,
        })
    }
}
