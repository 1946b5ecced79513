//! The terminal as operations see it: plans on stdout, questions and progress on stderr.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::confirm::confirm;
use super::interrupt::Deferred;
use super::summary;
use crate::model::Event;
use crate::ops::{BundleProgress, Figures, Notice, Plan, Question, Review, Ui};
use crate::report;
use crate::report::out::{errln, outln};

/// The spinner of the build that runs now.
static SPINNER: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// The person at the terminal, or the log that it is.
pub(super) struct Terminal;

impl Terminal {
    /// It, for operations.
    pub(super) fn ui() -> Arc<dyn Ui> {
        Arc::new(Self)
    }
}

impl Ui for Terminal {
    fn plan(&self, review: &Review) {
        outln!("{}", report::human(review).trim_end());
    }

    fn agrees(&self, question: Question<'_>) -> miette::Result<bool> {
        match question {
            Question::Apply { stack } => confirm(&format!("\nApply this to {stack}?"), "--yes"),
            Question::Broaden { ways } => {
                let question = format!("This grants more access (findings above: {ways}). Do you approve?");
                confirm(&question, "--allow-broadening")
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
            Notice::Bundled => drop(spinner().take().inspect(ProgressBar::finish_and_clear)),
            Notice::SavedPlan { stack, made, by, version, digest } => errln!(
                "plan of stack {stack}, made {} by {by} with provision {version}: sha256:{digest}",
                made.strftime("%Y-%m-%d %H:%M:%S UTC")
            ),
            Notice::LeftAlone(known) => outln!(
                "= {} {} ({}) does not belong to this stack: left alone",
                known.address,
                known.kind.short(),
                report::plain(&known.id)
            ),
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

fn spinner() -> std::sync::MutexGuard<'static, Option<ProgressBar>> {
    SPINNER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws on stderr, and only if that is a terminal.
fn new_spinner() -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {wide_msg} {elapsed:.dim}")
            .expect("the template is constant"),
    );
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

fn bundling(step: BundleProgress<'_>) {
    let message = match step {
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
    spinner().get_or_insert_with(new_spinner).set_message(message);
}
