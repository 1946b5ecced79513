//! The option that says where a command takes the handlers from.

use std::ffi::OsString;

use crate::ops;

/// Where the handlers come from.
#[derive(Debug, clap::Args)]
pub(super) struct HandlersArgs {
    /// Take the handlers from this checkout, or from this folder of bundles; `included` takes those that this program
    /// carries, also inside a checkout. The default is the checkout around the current directory, else `included`.
    #[arg(long, value_name = "DIR|included", env = "PROVISION_HANDLERS", hide_env_values = true)]
    handlers: Option<OsString>,
}

impl HandlersArgs {
    /// Makes it count for what this command does.
    pub(super) fn choose(&self) {
        // Pipelines leave variables empty.
        if let Some(named) = self.handlers.as_ref().filter(|named| !named.is_empty()) {
            ops::use_handlers(named.into());
        }
    }
}
