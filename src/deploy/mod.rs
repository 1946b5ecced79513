//! CloudFormation stacks in the account: what they are, their change sets, and how an operation on one goes.
//!
//! A [`StackSeen`] is a stack as it is. [`prepare`] makes a change set and [`ChangeSet`] says what it would do. [`follow`]
//! waits for an operation and reports each resource. Nothing here decides what is done; `ops` does. The statuses and texts
//! are those of the CloudFormation API reference and of recorded answers.

mod change_set;
mod events;
mod stack;
mod status;

pub use change_set::{
    Change, ChangeAction, ChangeSet, Identified, Replacement, Request, SetKind, TemplateText, change_sets,
    discard, execute, prepare,
};
pub use events::{Marker, OperationEnd, Progress, ResourceFailure, follow, newest};
pub use stack::{
    Deletion, Member, StackSeen, continue_rollback, delete, look, members, protect, set_policy, steady,
    template,
};
pub use status::{Phase, StackStatus};

use crate::model::Allow;

/// Permissions to read the CloudFormation stacks of a stack.
pub const READ: &[Allow] = &[Allow::new(
    &["cloudformation:DescribeStacks", "cloudformation:ListStackResources", "cloudformation:GetStackPolicy"],
    &[
        "arn:aws:cloudformation:{region}:{account}:stack/{stack}/*",
        "arn:aws:cloudformation:us-east-1:{account}:stack/{stack}-*",
    ],
)];
