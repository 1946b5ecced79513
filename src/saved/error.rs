//! Why a saved plan is not applied.

use jiff::Timestamp;
use miette::Diagnostic;

use super::{ChangedSince, Digest, FORMAT, VERSION};

/// What is wrong with a file that should hold a plan.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum BrokenPlan {
    /// A zip archive without the seal of a plan at its end.
    #[error(
        "it is a zip archive, but not a complete plan: the seal at its end is missing; nothing was changed"
    )]
    #[diagnostic(help(
        "it was truncated, or is not a plan: fetch it again, or make one with `provision plan STACK --out FILE`"
    ))]
    Unsealed,
    /// The bytes differ from the sealed ones.
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
    /// A plan, but not the one that was reviewed.
    #[error(
        "its digest is {found}, but `--digest` says {reviewed}: it is not the plan that was reviewed; nothing was changed"
    )]
    #[diagnostic(help(
        "fetch the reviewed plan again, or review this one and give its digest; `provision plan STACK --out FILE` prints it"
    ))]
    NotReviewed {
        /// The file's own.
        found: Digest,
        /// The one that was given.
        reviewed: Digest,
    },
    /// A digest was given, but the file is no saved plan.
    #[error("it is not a saved plan, and `--digest` is the digest of one; nothing was changed")]
    #[diagnostic(help(
        "give the file that `provision plan STACK --out FILE` wrote, or apply without `--digest`"
    ))]
    NoPlan,
    /// Another format of the file.
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
    /// A member is missing, unreadable, or contradicts the others.
    #[error("its {member} is not valid in a plan: {why}; nothing was changed")]
    #[diagnostic(help("make, review and apply a new plan with `provision plan STACK --out FILE`"))]
    Member {
        /// The member of the archive.
        member: String,
        /// What is wrong.
        why: String,
    },
}

/// Why a valid plan cannot be applied any more, or not with these options.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum StalePlan {
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
    /// The state that the plan depends on has changed.
    #[error(
        "the account of stack {stack} changed since the plan was made; nothing was changed\n{}",
        list(moved)
    )]
    #[diagnostic(help("make, review and apply a new plan with `provision plan STACK --out FILE`"))]
    Changed {
        /// The stack.
        stack: String,
        /// The changes.
        moved: Vec<ChangedSince>,
    },
    /// The account is as it was, but the file declares something else.
    #[error(
        "the file is not as `provision plan --out` wrote it: somebody altered it and sealed it again; nothing was changed\n{}",
        list(moved)
    )]
    #[diagnostic(help(
        "find out who wrote it, then make, review and apply a new plan, and give its digest: `apply FILE --digest sha256:…`"
    ))]
    Altered {
        /// The differences.
        moved: Vec<ChangedSince>,
    },
    /// `--adopt` was given, but the plan was made without it.
    #[error("the plan was made without `--adopt`, so it cannot be applied with it; nothing was changed")]
    #[diagnostic(help("make, review and apply a new plan with `provision plan STACK --adopt --out FILE`"))]
    Adopt,
}

fn list(moved: &[ChangedSince]) -> String {
    moved.iter().map(|one| format!("  {one}")).collect::<Vec<_>>().join("\n")
}
