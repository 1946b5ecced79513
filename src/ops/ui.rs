//! What operations ask of whoever runs them: to show, to ask, and to say when to stop. The command line is one such.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::engine::verdict::Verdict;
use super::error::Interrupted;
use super::moving::MoveStep;
use crate::aws::{self, Access};
use crate::bundle;
use crate::model::{Event, Known};
use crate::plan::Plan;
use crate::review::Review;
use crate::saved::Digest;
use crate::stack::config::Engine;

/// Something to agree to before anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    /// To apply the plan that was shown.
    Apply {
        /// The stack.
        stack: &'a str,
    },
    /// To let somebody do more than before.
    Broaden {
        /// In how many ways; the review lists them.
        ways: usize,
    },
    /// To move the stack to another engine.
    Move {
        /// The stack.
        stack: &'a str,
        /// The engine.
        to: Engine,
    },
    /// To remove the stack with everything in it.
    Teardown {
        /// The stack.
        stack: &'a str,
    },
    /// To delete a fleet's stacks. The buckets of its targets stay.
    TeardownFleet {
        /// The fleet's stack.
        stack: &'a str,
        /// How many targets it has.
        targets: usize,
    },
}

/// Something worth knowing while an operation runs.
#[derive(Clone, Debug)]
pub enum Notice<'a> {
    /// The local cloud is installed or started.
    LocalCloud(&'a str),
    /// A step of building the handlers.
    Bundling(bundle::Progress<'a>),
    /// No more steps follow: the handlers are built, or building them failed.
    Bundled,
    /// A function keeps its code. The record says that it was built from the same sources, by this compiler.
    KeepsCode {
        /// The handler.
        handler: &'a str,
        /// The compiler, as it names itself.
        toolchain: &'a str,
    },
    /// This saved plan is applied.
    SavedPlan {
        /// The stack it is for.
        stack: &'a str,
        /// When it was made.
        made: Timestamp,
        /// Who made it: the caller's ARN.
        by: &'a str,
        /// The version of this program that made it.
        version: &'a str,
        /// Its digest.
        digest: Digest,
    },
    /// Teardown leaves this alone: it belongs to somebody else.
    LeftAlone(&'a Known),
    /// The policy of the stack's KMS key lacks these statements.
    KeyLacks {
        /// The key's ARN.
        key: &'a str,
        /// Them, ready to paste.
        statements: &'a str,
    },
    /// The policy of the stack's KMS key could not be read. It must have these statements.
    KeyUnread {
        /// The key's ARN.
        key: &'a str,
        /// Why.
        error: &'a aws::Error,
        /// Them, ready to paste.
        statements: &'a str,
    },
    /// What a move does with each resource.
    Move {
        /// The engine that the stack is moved to.
        to: Engine,
        /// What is done.
        steps: &'a [MoveStep],
    },
    /// What a CloudFormation change set would do, beside what the plan says.
    ChangeSet {
        /// The CloudFormation stack.
        stack: &'a str,
        /// Its region.
        region: &'a str,
        /// What it would do with each resource.
        verdicts: &'a [Verdict],
    },
    /// How a name moves here from another distribution.
    MovesName(&'a str),
    /// What the operation waits for, outside of any step.
    Awaited(&'a str),
    /// The stack's lock was lost while steps ran: no more were started.
    LockLost,
    /// The stack's lock could not be given back; it expires by itself.
    LockNotReturned(&'a aws::Error),
}

/// What a session did, once it is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// How many resources it was about.
    pub resources: usize,
    /// How many calls it made.
    pub calls: usize,
    /// How many of them waited for another one's answer, one after the other.
    pub round_trips: usize,
    /// How long it took.
    pub took: Duration,
}

/// Whoever runs an operation. Every method returns at once, except [`agrees`](Self::agrees) and what
/// [`progress`](Self::progress) returns.
pub trait Ui: Send + Sync {
    /// Whose credentials the operation uses on AWS.
    fn access(&self) -> Access {
        Access::default()
    }
    /// Shows a plan before it is agreed to.
    fn plan(&self, review: &Review);
    /// Whether a person agrees.
    ///
    /// # Errors
    /// When there is nobody to ask.
    fn agrees(&self, question: Question<'_>) -> miette::Result<bool>;
    /// Reports what happens.
    fn notice(&self, notice: Notice<'_>);
    /// Shows the steps of a plan until the channel is closed.
    fn progress(&self, plan: &Plan, events: UnboundedReceiver<Event>) -> BoxFuture<'static, ()>;
    /// The operation begins to write. Until the returned guard is dropped, an interrupt cancels the token and does not end the
    /// program.
    fn writes(&self, interrupt: CancellationToken) -> Box<dyn Send>;
    /// A session is over.
    fn ended(&self, figures: Figures);
}

/// The part of an operation that writes: an interrupt lets calls in flight finish.
pub(super) struct Writing {
    token: CancellationToken,
    _guard: Box<dyn Send>,
}

impl Writing {
    pub(super) fn begin(ui: &dyn Ui) -> Self {
        let token = CancellationToken::new();
        Self { _guard: ui.writes(token.clone()), token }
    }

    /// Cancelled by the first interrupt.
    pub(super) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// The result of work that only reads, unless an interrupt comes first.
    pub(super) async fn unless<T>(
        &self,
        reads: impl Future<Output = miette::Result<T>>,
    ) -> miette::Result<T> {
        tokio::select! {
            biased;
            () = self.token.cancelled() => Err(Interrupted.into()),
            result = reads => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::error::ErrorKind;

    #[tokio::test]
    async fn an_interrupt_ends_what_only_reads() {
        let writing = Writing { token: CancellationToken::new(), _guard: Box::new(()) };
        assert_eq!(writing.unless(async { Ok(1) }).await.unwrap(), 1);
        writing.token.cancel();
        let left = writing.unless(std::future::pending::<miette::Result<()>>()).await.unwrap_err();
        assert_eq!(ErrorKind::of(&left), ErrorKind::Interrupted);
    }
}
