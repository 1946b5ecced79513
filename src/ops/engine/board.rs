//! The steps of a plan while CloudFormation works on them: which resource is whose step, and how each ended.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use crate::aws;
use crate::cloudformation::logical_id;
use crate::deploy::{ResourceFailure, ResourceProgress};
use crate::execute::StepEnding;
use crate::model::{Address, Event, Obstacle, StepState};
use crate::plan::{Plan, StepAction};

/// The steps of a plan, and what CloudFormation said of them.
pub(super) struct Board<'a> {
    plan: &'a Plan,
    events: UnboundedSender<Event>,
    steps: Mutex<Vec<Progressed>>,
    /// CloudFormation stacks that failed without a fault of a step.
    stacks: Mutex<Vec<(String, aws::Error)>>,
}

/// How far a step is.
#[derive(Clone, Debug, Default)]
struct Progressed {
    started: Option<Instant>,
    told_done: bool,
    ending: Option<StepEnding>,
}

impl<'a> Board<'a> {
    pub(super) fn new(plan: &'a Plan, events: UnboundedSender<Event>) -> Self {
        let steps = Mutex::new(vec![Progressed::default(); plan.steps.len()]);
        Self { plan, events, steps, stacks: Mutex::default() }
    }

    fn stacks(&self) -> MutexGuard<'_, Vec<(String, aws::Error)>> {
        self.stacks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn steps(&self) -> MutexGuard<'_, Vec<Progressed>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, step: usize, state: StepState) {
        // If no one receives events any more, the work goes on.
        let _ = self.events.send(Event { step, state });
    }

    /// The numbers of the steps at these addresses.
    pub(super) fn at<'b>(&'b self, has: &'b dyn Fn(&Address) -> bool) -> impl Iterator<Item = usize> + 'b {
        self.plan.steps.iter().enumerate().filter(|(_, step)| has(&step.address)).map(|(number, _)| number)
    }

    /// The numbers of the steps that have not ended.
    pub(super) fn open(&self) -> Vec<usize> {
        let steps = self.steps();
        (0..steps.len()).filter(|number| steps[*number].ending.is_none()).collect()
    }

    /// Takes what CloudFormation says of a resource.
    pub(super) fn hear(&self, progress: &ResourceProgress) {
        for number in 0..self.plan.steps.len() {
            if logical_id(&self.plan.steps[number].address) == progress.logical_id {
                self.hear_of(number, progress);
            }
        }
    }

    fn hear_of(&self, number: usize, progress: &ResourceProgress) {
        let mut steps = self.steps();
        let step = &mut steps[number];
        if step.told_done {
            return;
        }
        if step.started.is_none() {
            step.started = Some(Instant::now());
            self.tell(number, StepState::Started);
        }
        let deletes = matches!(self.plan.steps[number].action, StepAction::Delete { .. });
        // A rollback deletes what a step created, and a deletion that is skipped retains the resource.
        let fits = progress.status.starts_with("DELETE") == deletes;
        if progress.is_done() && fits {
            step.told_done = true;
            let took = step.started.map_or_else(Default::default, |began| began.elapsed());
            self.tell(number, StepState::Done(took));
        } else if progress.is_start() && !progress.reason.is_empty() && fits {
            self.tell(number, StepState::Waiting(progress.reason.clone()));
        }
    }

    /// Ends these steps of a CloudFormation stack: those that failed by themselves, and the others because of them. If none
    /// did, the failure is the stack's.
    pub(super) fn fail(
        &self,
        stack: &str,
        numbers: &[usize],
        causes: &[ResourceFailure],
        error: &aws::Error,
    ) {
        let open = self.open();
        let open: Vec<usize> = numbers.iter().copied().filter(|number| open.contains(number)).collect();
        let id_of = |number: &usize| logical_id(&self.plan.steps[*number].address);
        let at_fault = |number: &usize| causes.iter().find(|cause| cause.logical_id == id_of(number));
        let oldest =
            causes.iter().find_map(|cause| open.iter().find(|number| id_of(number) == cause.logical_id));
        let obstacle = if let Some(oldest) = oldest {
            Obstacle::Step(self.plan.steps[*oldest].address.clone())
        } else {
            self.stacks().push((stack.to_owned(), error.clone()));
            Obstacle::Stack(stack.to_owned())
        };
        for number in open {
            let ending = match at_fault(&number) {
                Some(cause) => {
                    StepEnding::Failed(aws::Error { hint: error.hint.clone(), ..failure(&cause.reason) })
                }
                None => StepEnding::Skipped(obstacle.clone()),
            };
            self.end(number, ending);
        }
    }

    /// Ends every step that has not ended as skipped because of this.
    pub(super) fn skip_rest(&self, because: &Obstacle) {
        for number in self.open() {
            self.end(number, StepEnding::Skipped(because.clone()));
        }
    }

    /// What failed first: a step, or a CloudFormation stack.
    pub(super) fn failed(&self) -> Option<Obstacle> {
        let stack = || self.stacks().first().map(|(name, _)| Obstacle::Stack(name.clone()));
        let steps = self.steps();
        let failed = steps.iter().position(|step| matches!(step.ending, Some(StepEnding::Failed(_))));
        failed.map(|number| Obstacle::Step(self.plan.steps[number].address.clone())).or_else(stack)
    }

    /// Ends one step whose end was told already.
    pub(super) fn end_told(&self, number: usize, ending: StepEnding) {
        let mut steps = self.steps();
        (steps[number].told_done, steps[number].ending) = (true, Some(ending));
    }

    /// Ends one step.
    pub(super) fn end(&self, number: usize, ending: StepEnding) {
        let mut steps = self.steps();
        let step = &mut steps[number];
        let state = match &ending {
            StepEnding::Done(_) if step.told_done => None,
            StepEnding::Done(_) => {
                Some(StepState::Done(step.started.map_or_else(Default::default, |began| began.elapsed())))
            }
            StepEnding::Failed(error) => Some(StepState::Failed(error.to_string())),
            StepEnding::Skipped(obstacle) => Some(StepState::Skipped(obstacle.clone())),
            StepEnding::Interrupted => Some(StepState::Interrupted),
        };
        if step.started.is_none() && matches!(ending, StepEnding::Done(_)) {
            self.tell(number, StepState::Started);
        }
        (step.told_done, step.ending) = (true, Some(ending));
        if let Some(state) = state {
            self.tell(number, state);
        }
    }

    /// How each step ended. One that did not end was interrupted.
    pub(super) fn endings(&self) -> Vec<StepEnding> {
        let steps = self.steps();
        steps.iter().map(|step| step.ending.clone().unwrap_or(StepEnding::Interrupted)).collect()
    }

    /// The CloudFormation stacks that failed without a fault of a step.
    pub(super) fn failed_stacks(&self) -> Vec<(String, aws::Error)> {
        self.stacks().clone()
    }
}

/// A failure that CloudFormation reports for a resource.
fn failure(reason: &str) -> aws::Error {
    aws::Error::unexpected("cloudformation:ExecuteChangeSet", plain_reason(reason))
}

/// What a resource handler said, without CloudFormation's words around it: `Resource handler returned message: "…"
/// (RequestToken: …, HandlerErrorCode: …)`.
pub(super) fn plain_reason(reason: &str) -> String {
    let inner = reason.strip_prefix("Resource handler returned message: ").unwrap_or(reason);
    let inner = inner.split(" (RequestToken: ").next().unwrap_or(inner);
    inner.trim().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::collections::BTreeMap;

    use crate::model::{Guard, Kind, Outputs, Scope};
    use crate::plan::Step;

    fn plan() -> Plan {
        let step = |address: &str| Step {
            address: address.into(),
            kind: Kind::new("AWS::S3::Bucket"),
            region: "eu-west-1".into(),
            action: StepAction::Create { desired: serde_json::json!({}) },
            guard: Guard::None,
            needs: Vec::new(),
        };
        let scope = Scope { stack: "vod".into(), account: "1".into(), region: "eu-west-1".into() };
        let steps = ["a/one", "a/two", "a/three"].map(step).to_vec();
        Plan { scope, steps, unchanged: Vec::new(), kept: Vec::new(), outputs: BTreeMap::<_, Outputs>::new() }
    }

    fn progress(logical_id: &str, status: &str, reason: &str) -> ResourceProgress {
        ResourceProgress { logical_id: logical_id.into(), status: status.into(), reason: reason.into() }
    }

    /// CloudFormation cancels and deletes what it was creating. The report names what failed by itself first.
    #[test]
    fn the_oldest_cause_fails_and_the_rest_is_skipped_because_of_it() {
        let plan = plan();
        let (events, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let board = Board::new(&plan, events);
        board.hear(&progress("AOne", "CREATE_IN_PROGRESS", ""));
        board.hear(&progress("ATwo", "CREATE_IN_PROGRESS", ""));
        board.hear(&progress("AOne", "CREATE_COMPLETE", ""));
        board.hear(&progress("ATwo", "CREATE_FAILED", "it is full"));
        board.hear(&progress("AOne", "DELETE_COMPLETE", ""));
        let causes = [ResourceFailure { logical_id: "ATwo".into(), reason: "it is full".into() }];
        board.fail(
            "vod",
            &[0, 1, 2],
            &causes,
            &aws::Error::unexpected("cloudformation:ExecuteChangeSet", "rolled back"),
        );
        let endings = board.endings();
        let two = Obstacle::Step("a/two".into());
        assert!(matches!(&endings[0], StepEnding::Skipped(needed) if *needed == two), "{endings:?}");
        assert!(
            matches!(&endings[1], StepEnding::Failed(error) if error.message == "it is full"),
            "{endings:?}"
        );
        assert!(matches!(&endings[2], StepEnding::Skipped(needed) if *needed == two), "{endings:?}");
        let mut told = Vec::new();
        while let Ok(Event { step, state }) = heard.try_recv() {
            told.push(format!("{step} {}", format!("{state:?}").split(['(', ' ']).next().unwrap()));
        }
        assert_eq!(told, ["0 Started", "1 Started", "0 Done", "0 Skipped", "1 Failed", "2 Skipped"]);
    }

    /// To blame a step would send the reader to a resource that is as it should be.
    #[test]
    fn a_failure_of_no_resource_is_the_stack_s() {
        let plan = plan();
        let (events, _heard) = tokio::sync::mpsc::unbounded_channel();
        let board = Board::new(&plan, events);
        board.end(0, StepEnding::Done(Some("one".into())));
        // A resource that no step is for: the plan leaves it as it is.
        let causes = [ResourceFailure { logical_id: "AFour".into(), reason: "it is full".into() }];
        board.fail("vod", &[1], &causes, &aws::Error::unexpected("cloudformation:CreateChangeSet", "no"));
        let stack = Obstacle::Stack("vod".into());
        assert_eq!(board.failed(), Some(stack.clone()));
        board.skip_rest(&stack);
        let endings = board.endings();
        assert!(matches!(&endings[0], StepEnding::Done(_)), "{endings:?}");
        for ending in &endings[1..] {
            assert!(matches!(ending, StepEnding::Skipped(because) if *because == stack), "{endings:?}");
        }
        let failed = board.failed_stacks();
        assert!(
            matches!(&failed[..], [(name, error)] if name == "vod" && error.message == "no"),
            "{failed:?}"
        );
    }

    #[test]
    fn a_reason_is_what_the_service_said() {
        let said = plain_reason(
            "Resource handler returned message: \"Role is invalid (Service: Lambda, Status Code: 400)\" \
             (RequestToken: 5d, HandlerErrorCode: InvalidRequest)",
        );
        assert_eq!(said, "Role is invalid (Service: Lambda, Status Code: 400)");
        assert_eq!(
            plain_reason("vod-queue already exists in stack x"),
            "vod-queue already exists in stack x"
        );
    }
}
