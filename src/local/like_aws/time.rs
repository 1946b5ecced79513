//! What AWS does not do at once, and what it answers meanwhile.

use std::sync::Mutex;
use std::time::Duration;

use super::Instead;
use super::answered::Answered;
use super::rule::{Dice, Rule};
use crate::local::operation::Call;

/// What time does to the calls of a service. `now` is the time on AWS's clock.
trait Delay: Send {
    /// What comes instead of the service's answer, if it is too early for that.
    fn before(&mut self, call: &Call, now: Duration) -> Option<Instead>;

    /// Notes what a call did, and makes of its answer what AWS would say so early.
    fn after(&mut self, call: &Call, answered: &mut Answered, now: Duration);
}

/// All delays.
pub(super) struct Time {
    dice: Dice,
    delays: Mutex<Vec<Box<dyn Delay>>>,
}

impl Time {
    /// One that has seen nothing yet.
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice, delays: Mutex::new(delays(dice)) }
    }

    /// Forgets everything.
    pub(super) fn reset(&self) {
        *self.delays.lock().expect("no delay panics") = delays(self.dice);
    }

    pub(super) fn before(&self, call: &Call, now: Duration) -> Option<Instead> {
        let mut delays = self.delays.lock().expect("no delay panics");
        delays.iter_mut().find_map(|delay| delay.before(call, now))
    }

    pub(super) fn after(&self, call: &Call, mut answered: Answered, now: Duration) -> Answered {
        let mut delays = self.delays.lock().expect("no delay panics");
        for delay in delays.iter_mut() {
            delay.after(call, &mut answered, now);
        }
        answered
    }
}

fn delays(_dice: Dice) -> Vec<Box<dyn Delay>> {
    Vec::new()
}

/// Every rule of this kind.
pub(super) fn rules() -> Vec<Rule> {
    Vec::new()
}
