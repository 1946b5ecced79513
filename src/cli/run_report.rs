//! How an apply or a teardown ended: the totals on stdout, what failed on stderr.

use crate::ops::{RunOutcome, RunStatus};
use crate::report;
use crate::report::out::{self, errln, outln};

/// Prints how a run ended.
pub(super) fn print(run: &RunOutcome) {
    let RunOutcome { plan, outcome, recorded } = run;
    outln!("\n{}", report::summary(plan, outcome));
    if run.status() == RunStatus::Complete {
        return;
    }
    errln!("\n{}", report::failures(plan, outcome).unwrap_or_default().trim_end());
    if let Err(error) = recorded {
        errln!("could not save the run record; the next plan finds these resources by their tags:");
        out::report(error);
    }
    errln!("what was done stays; run the command again to continue from here");
}
