//! The terminal as operations see it: plans on stdout, questions and progress on stderr.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::access;
use super::change_set;
use super::confirm::confirm;
use super::interrupt::Deferred;
use super::move_stack;
use super::summary;
use crate::model::{Event, Known};
use crate::ops::{Access, BundleProgress, Figures, Notice, Plan, Question, Review, Ui};
use crate::report;
use crate::report::live::Line;
use crate::report::out::{self, errln, outln};

/// The line of the build that runs now.
static BUILDING: Mutex<Option<Line>> = Mutex::new(None);

/// The person at the terminal, or the log that it is.
pub(super) struct Terminal;

impl Terminal {
    /// It, for operations.
    pub(super) fn ui() -> Arc<dyn Ui> {
        Arc::new(Self)
    }
}

impl Ui for Terminal {
    fn access(&self) -> Access {
        access::chosen()
    }

    fn plan(&self, review: &Review) {
        out::plan(review);
    }

    fn agrees(&self, question: Question<'_>) -> miette::Result<bool> {
        match question {
            Question::Apply { stack } => confirm(&format!("\nApply this to {stack}?"), "--yes"),
            Question::Broaden { ways } => {
                let question = format!("This grants more access (findings above: {ways}). Do you approve?");
                confirm(&question, "--allow-broadening")
            }
            Question::Move { stack, to } => {
                confirm(&format!("\nMove {stack} to {}?", move_stack::named(to)), "--yes")
            }
            Question::TeardownFleet { stack, targets } => {
                let question = format!(
                    "\nDelete the stacks of {stack} in {targets} targets? Nothing is served from them any more."
                );
                confirm(&question, "--yes")
            }
            Question::Teardown { stack } => {
                confirm(&format!("\nDelete {stack} for good, with every object in its buckets?"), "--yes")
            }
        }
    }

    fn notice(&self, notice: Notice<'_>) {
        match notice {
            Notice::LocalCloud(text) => errln!("{text}"),
            Notice::Bundling(step) => bundling(step),
            Notice::Bundled => drop(building().take()),
            Notice::KeepsCode { handler, toolchain } => {
                let text = format!(
                    "{handler} keeps its code: by the stack's record, {toolchain} built it from the same sources"
                );
                errln!("{}", report::plain(&text));
            }
            Notice::SavedPlan { stack, made, by, version, digest } => {
                let made = made.strftime("%Y-%m-%d %H:%M:%S UTC");
                let text =
                    format!("plan of stack {stack}, made {made} by {by} with provision {version}: {digest}");
                errln!("{}", report::plain(&text));
            }
            Notice::LeftAlone(Known { address, kind, id, .. }) => {
                let text =
                    format!("= {address} {} ({id}) does not belong to this stack: left alone", kind.short());
                outln!("{}", report::plain(&text));
            }
            Notice::KeyLacks { key, statements } => {
                errln!("the policy of {} lacks:\n{}", report::plain(key), lines(statements));
            }
            Notice::KeyUnread { key, error, statements } => {
                errln!(
                    "warning: could not read the policy of {} ({}). It must have these statements:\n{}",
                    report::plain(key),
                    report::plain(&error.to_string()),
                    lines(statements)
                );
            }
            Notice::Move { to, steps } => outln!("{}", move_stack::text(to, steps)),
            Notice::ChangeSet { stack, region, verdicts } => {
                errln!("{}", change_set::text(stack, region, verdicts));
            }
            Notice::MovesName(text) => text.lines().for_each(|line| errln!("{}", report::plain(line))),
            Notice::Awaited(text) => errln!("{}", report::plain(text)),
            Notice::LockLost => errln!(
                "the stack's lock was lost: somebody took it over, or it could not be renewed in time. Finished the calls in \
                 flight, started no others"
            ),
            Notice::LockNotReturned(error) => {
                errln!(
                    "could not give back the stack's lock; it expires by itself within two minutes: {error}"
                );
            }
        }
    }

    fn progress(&self, plan: &Plan, events: UnboundedReceiver<Event>) -> BoxFuture<'static, ()> {
        report::progress(plan, events).boxed()
    }

    fn writes(&self, interrupt: CancellationToken) -> Box<dyn Send> {
        Box::new(Deferred::to(interrupt))
    }

    fn ended(&self, figures: Figures) {
        summary::keep(figures);
    }
}

fn bundling(step: BundleProgress<'_>) {
    let message = match step {
        BundleProgress::OtherCompiler { pinned, used } => {
            errln!(
                "bundle: built with {used}; `rustup toolchain install {pinned}` makes the same zips as others have"
            );
            return;
        }
        BundleProgress::Building { command } => command.to_owned(),
        BundleProgress::Waiting => "waiting for another build to release the build directory".to_owned(),
        BundleProgress::Compiled { package, done } => format!("compiled {done}: {package}"),
        BundleProgress::Packing { handler } => format!("packing {handler}"),
    };
    // A log gets only the lines that explain the minutes to come.
    let explains = matches!(step, BundleProgress::Building { .. } | BundleProgress::Waiting);
    if explains && !std::io::stderr().is_terminal() {
        errln!("bundle: {message}");
    }
    building().get_or_insert_with(|| Line::alone("")).say(&message);
}

fn building() -> std::sync::MutexGuard<'static, Option<Line>> {
    BUILDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Text of several lines, with nothing in it that acts on a terminal.
fn lines(text: &str) -> String {
    text.lines().map(report::plain).collect::<Vec<_>>().join("\n")
}
