//! The option that gives a stack another name than its file has.

use crate::ops;
use crate::stack::config::StackName;

/// The name of the stack.
#[derive(Debug, clap::Args)]
pub(super) struct NameArgs {
    /// Use this name for the stack, in place of `stack:` in the file: one file serves an environment for each pull request.
    #[arg(long, value_name = "NAME")]
    name: Option<StackName>,
}

impl NameArgs {
    /// Makes it count for what this command does.
    pub(super) fn choose(&self) {
        if let Some(name) = &self.name {
            ops::use_name(name.clone());
        }
    }
}
