//! What happens while a plan is carried out, for whoever shows it.

use std::time::Duration;

use serde::Serialize;

use super::Address;

/// Where a step of a plan stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum StepState {
    /// Its calls are being made.
    Started,
    /// It is waiting for AWS; the text says for what.
    Waiting(String),
    /// It is done, after this long.
    Done(Duration),
    /// What it made has settled, or will not be waited for any longer.
    Settled,
    /// It failed; the text is the whole chain of causes.
    Failed(String),
    /// It was not tried, since the step of this address failed or was not tried either.
    Skipped(Address),
    /// It was not started, since the run was interrupted.
    Interrupted,
}

/// One thing that happened to one step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The step's number in the plan.
    pub step: usize,
    /// Where it stands now.
    pub state: StepState,
}
