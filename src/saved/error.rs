//! Why a saved plan is not applied.

use jiff::Timestamp;
use miette::Diagnostic;

use super::{ChangedSince, FORMAT, VERSION};

/// What is wrong with a file that should hold a plan.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Fault {
    /// A zip archive without a plan's seal at its end.
    #[error("it is a zip archive, but no whole plan: the seal at its end is missing; nothing was changed")]
    #[diagnostic(help(
        "it was cut off on its way, or is no plan: fetch it again, or make one with `provision plan STACK --out FILE`"
    ))]
    Unsealed,
    /// The bytes are not those that were sealed.
    #[error(
        "it is not what `provision plan --out` wrote: sealed as sha256:{sealed}, it is now sha256:{found}; nothing was changed"
    )]
    #[diagnostic(help("fetch it again, or make, review and apply a new plan"))]
    Tampered {
        /// The digest in the seal.
        sealed: String,
        /// The file's own.
        found: String,
    },
    /// Another form of file.
    #[error(
        "it is of format {found}, and this version of provision ({VERSION}) reads format {FORMAT}; nothing was changed"
    )]
    #[diagnostic(help(
        "apply it with the version of provision that made it, or make, review and apply a new plan with this one"
    ))]
    Format {
        /// The file's format.
        found: u32,
    },
    /// Another version of the program made it.
    #[error("it was made by provision {made_by}, and this is provision {VERSION}; nothing was changed")]
    #[diagnostic(help(
        "apply it with provision {made_by}, or make, review and apply a new plan with this one"
    ))]
    Version {
        /// The version that made it.
        made_by: String,
    },
    /// A member is missing, unreadable, or not what the others say.
    #[error("its {member} is not as a plan's must be: {why}; nothing was changed")]
    #[diagnostic(help("make, review and apply a new plan with `provision plan STACK --out FILE`"))]
    Member {
        /// The member of the archive.
        member: String,
        /// What is wrong.
        why: String,
    },
}

/// Why a whole plan cannot be applied any more, or not like this.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Refused {
    /// It was applied before.
    #[error("this plan was applied already, at {} by {by}; nothing was changed", at.strftime("%Y-%m-%d %H:%M:%S UTC"))]
    #[diagnostic(help(
        "a plan is applied once, whether all of it succeeded or not: `provision history` shows how it ended; make a new plan to see what is left to do"
    ))]
    Applied {
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
    },
    /// What it rests on is not what it was.
    #[error(
        "the account of stack {stack} moved since the plan was made; nothing was changed\n{}",
        list(moved)
    )]
    #[diagnostic(help("make, review and apply a new plan with `provision plan STACK --out FILE`"))]
    Changed {
        /// The stack.
        stack: String,
        /// What moved.
        moved: Vec<ChangedSince>,
    },
    /// `--adopt` with a plan that was made without.
    #[error("the plan was made without `--adopt`, so it cannot be applied with it; nothing was changed")]
    #[diagnostic(help("make, review and apply a new plan with `provision plan STACK --adopt --out FILE`"))]
    Adopt,
}

fn list(moved: &[ChangedSince]) -> String {
    moved.iter().map(|one| format!("  {one}")).collect::<Vec<_>>().join("\n")
}
