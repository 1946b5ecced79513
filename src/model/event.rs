//! Events while a plan is carried out, for the code that displays them.

use std::fmt;
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
    /// It was not tried, because of this.
    Skipped(Obstacle),
    /// It was not started, because the run was interrupted.
    Interrupted,
}

/// What kept a step from being tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Obstacle {
    /// The step at this address, which it needs, failed or was skipped.
    Step(Address),
    /// The CloudFormation stack of this name failed, and none of its resources was at fault.
    Stack(String),
}

impl fmt::Display for Obstacle {
    /// `needs storage/source`, as the reason why something was not tried.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(address) => write!(f, "needs {address}"),
            Self::Stack(name) => write!(f, "CloudFormation stack {name} failed"),
        }
    }
}

/// A change of one step's state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The step's number in the plan.
    pub step: usize,
    /// Its new state.
    pub state: StepState,
}
