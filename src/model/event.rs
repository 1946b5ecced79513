//! Events while a plan is carried out, for the code that displays them.

use std::time::Duration;

use serde::Serialize;

use super::Address;

/// The state of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum StepState {
    /// Its calls are being made.
    Started,
    /// It is waiting for AWS. The text says for what.
    Waiting(String),
    /// It is done, after this long.
    Done(Duration),
    /// Its resource has settled, or is no longer waited for.
    Settled,
    /// It failed. The text is the whole chain of causes.
    Failed(String),
    /// It was not tried, because the step at this address failed or was skipped.
    Skipped(Address),
    /// It was not started, because the run was interrupted.
    Interrupted,
}

/// A change of one step's state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The step's number in the plan.
    pub step: usize,
    /// Its new state.
    pub state: StepState,
}
