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
    ChangeAction, ChangeSet, ChangeSetRequest, Identified, Replacement, ResourceChange, SetKind,
    TemplateText, change_sets, discard, execute, prepare,
};
pub use events::{Marker, OperationEnd, ResourceFailure, ResourceProgress, follow, newest};
pub use stack::{
    Deletion, Member, StackSeen, continue_rollback, delete, look, members, protect, set_policy, steady,
    template,
};
pub use status::{Phase, StackStatus};

use crate::model::Allow;

/// The CloudFormation stacks of a stack, in its region and in us-east-1.
const STACKS: &[&str] = &[
    "arn:aws:cloudformation:{region}:{account}:stack/{stack}/*",
    "arn:aws:cloudformation:us-east-1:{account}:stack/{stack}-us-east-1-*/*",
];
/// Permissions to read the CloudFormation stacks of a stack.
pub const READ: &[Allow] = &[Allow::new(
    &["cloudformation:DescribeStacks", "cloudformation:ListStackResources", "cloudformation:ListChangeSets"],
    STACKS,
)];
/// Permissions to change them by change sets.
pub const CHANGE: &[Allow] = &[Allow::new(
    &[
        "cloudformation:CreateChangeSet",
        "cloudformation:DescribeChangeSet",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:DeleteChangeSet",
        "cloudformation:DescribeStackEvents",
        "cloudformation:SetStackPolicy",
        "cloudformation:UpdateTerminationProtection",
        "cloudformation:ContinueUpdateRollback",
        "cloudformation:DeleteStack",
        "cloudformation:GetTemplate",
        "cloudformation:TagResource",
        "cloudformation:UntagResource",
    ],
    STACKS,
)];
/// Permissions to delete them.
pub const DELETE: &[Allow] = &[Allow::new(
    &[
        "cloudformation:DescribeStackEvents",
        "cloudformation:UpdateTerminationProtection",
        "cloudformation:DeleteStack",
    ],
    STACKS,
)];
/// Permissions of the role that makes a fleet's stack in a target (CloudFormation user guide, "Grant self-managed permissions":
/// the execution role needs CloudFormation itself).
pub const IN_TARGETS: &[Allow] = &[Allow::new(&["cloudformation:*"], &["*"])];
/// Permissions to let go of what they have.
pub const RELEASE: &[Allow] = &[Allow::new(&["cloudformation:GetTemplate"], STACKS)];
