//! Carries out a plan. Every step starts as soon as the steps it needs are done; independent steps run in parallel.
//!
//! A failure skips only the steps that depend on it; all others finish. Dependents start as soon as a resource's
//! outputs exist. Settling, such as the minutes of a distribution, is awaited in parallel. Some types, such as DNS records,
//! start only after that. Progress is sent as events.

mod settling;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::{BoxFuture, try_join_all};
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

pub use self::settling::{Dependent, Dependents, STALE};
use self::settling::{Proof, Wait};
use crate::aws::{self, Context, Regions};
use crate::model::{Address, Event, Obstacle, Outputs, StepState, Tally, resolve};
use crate::plan::{Plan, Reason, Step, StepAction};
use crate::resource::{Adapter, Registry, Removal};

/// The settings of an execution.
pub struct Execution<'a> {
    /// The regions to work in.
    pub regions: &'a Regions,
    /// The adapters to use.
    pub registry: &'a Registry,
    /// Receives the progress events.
    pub events: UnboundedSender<Event>,
    /// When cancelled, calls in flight finish and no new call starts.
    pub cancel: CancellationToken,
    /// Whether to wait until created and changed resources have settled.
    pub settle: bool,
    /// How long AWS may answer what was before a change: [`STALE`], in the time of the cloud. Nothing where all happens at once.
    pub stale: Duration,
    /// What settles again after a change of something else.
    pub dependents: Dependents,
    /// Whether deletes also remove contents.
    pub removal: Removal,
}

/// How one step ended.
#[derive(Clone, Debug)]
pub enum StepEnding {
    /// Done as planned, with the id of the created or changed resource.
    Done(Option<String>),
    /// It failed.
    Failed(aws::Error),
    /// Not tried, because of this.
    Skipped(Obstacle),
    /// The run was interrupted before it began.
    Interrupted,
}

/// How a plan ended: one ending per step, in the plan's order.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The endings.
    pub endings: Vec<StepEnding>,
    /// Resources that were created or changed but did not settle, with the reason.
    pub unsettled: Vec<(Address, aws::Error)>,
    /// CloudFormation stacks that failed without a fault of a resource, with the reason.
    pub stacks: Vec<(String, aws::Error)>,
    /// Whether the run was interrupted before all was done and settled.
    pub interrupted: bool,
    /// The outputs of the resources that exist after the run.
    pub outputs: BTreeMap<Address, Outputs>,
}

impl Outcome {
    /// Whether every step was done and has settled.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.interrupted
            && self.unsettled.is_empty()
            && self.stacks.is_empty()
            && self.endings.iter().all(|ending| matches!(ending, StepEnding::Done(_)))
    }

    /// Counts of what was done. A replacement counts once.
    #[must_use]
    pub fn tally(&self, plan: &Plan) -> Tally {
        let mut tally = Tally::default();
        let replaced = plan.replaced();
        for (step, ending) in plan.steps.iter().zip(&self.endings) {
            let count = match (ending, &step.action) {
                (StepEnding::Done(_), StepAction::Create { .. }) if replaced.contains(&step.address) => {
                    &mut tally.replaced
                }
                (StepEnding::Done(_), StepAction::Create { .. }) => &mut tally.created,
                (StepEnding::Done(_), StepAction::Update { .. }) => &mut tally.changed,
                (StepEnding::Done(_), StepAction::Delete { reason: Reason::Replacement(_), .. }) => continue,
                (StepEnding::Done(_), StepAction::Delete { .. }) => &mut tally.deleted,
                (StepEnding::Failed(_), _) => &mut tally.failed,
                (StepEnding::Skipped(_) | StepEnding::Interrupted, _) => &mut tally.not_tried,
            };
            *count += 1;
        }
        tally
    }
}

#[cfg(test)]
mod tests;

enum Finished {
    Step { number: usize, began: Instant, result: aws::Result<Made> },
    Settled { number: usize, result: aws::Result<()> },
}

struct Made {
    id: Option<String>,
    outputs: Option<Outputs>,
}

struct Run<'a> {
    execution: &'a Execution<'a>,
    plan: &'a Plan,
    outputs: BTreeMap<Address, Outputs>,
    endings: Vec<Option<StepEnding>>,
    started: Vec<bool>,
    /// The steps whose resources settle now.
    settling: BTreeSet<usize>,
    unsettled: Vec<(Address, aws::Error)>,
    work: FuturesUnordered<BoxFuture<'a, Finished>>,
}

/// Carries out the plan and returns how each step ended. It never fails itself: failures are in the outcome.
pub async fn execute(execution: &Execution<'_>, plan: &Plan) -> Outcome {
    let mut run = Run {
        execution,
        plan,
        outputs: plan.outputs.clone(),
        endings: vec![None; plan.steps.len()],
        started: vec![false; plan.steps.len()],
        settling: BTreeSet::new(),
        unsettled: Vec::new(),
        work: FuturesUnordered::new(),
    };
    run.start_ready();
    while let Some(finished) = run.next().await {
        match finished {
            Finished::Step { number, began, result } => run.finish(number, began, result),
            Finished::Settled { number, result } => run.settled(number, result),
        }
        run.start_ready();
    }
    let settling = !run.work.is_empty();
    let endings: Vec<StepEnding> =
        run.endings.into_iter().map(|ending| ending.unwrap_or(StepEnding::Interrupted)).collect();
    let all_done = endings.iter().all(|ending| matches!(ending, StepEnding::Done(_)));
    let interrupted = execution.cancel.is_cancelled() && (settling || !all_done);
    Outcome { endings, unsettled: run.unsettled, stacks: Vec::new(), interrupted, outputs: run.outputs }
}

impl<'a> Run<'a> {
    /// The next step or wait to finish. After an interrupt, steps in flight are still awaited; settling is not.
    async fn next(&mut self) -> Option<Finished> {
        let steps_in_flight =
            self.started.iter().zip(&self.endings).any(|(started, ending)| *started && ending.is_none());
        if self.execution.cancel.is_cancelled() && !steps_in_flight {
            return None;
        }
        tokio::select! {
            finished = self.work.next() => finished,
            () = self.execution.cancel.cancelled(), if !self.execution.cancel.is_cancelled() && !steps_in_flight => None,
        }
    }

    fn tell(&self, step: usize, state: StepState) {
        // If no one receives events any more, converging still continues.
        let _ = self.execution.events.send(Event { step, state });
    }

    /// Starts every step that has all it needs. Skips every step that needs a failed or skipped one.
    fn start_ready(&mut self) {
        for number in 0..self.plan.steps.len() {
            if self.started[number] || self.endings[number].is_some() {
                continue;
            }
            match self.blocked_by(number) {
                Some(address) => {
                    let needed = Obstacle::Step(address);
                    self.tell(number, StepState::Skipped(needed.clone()));
                    self.endings[number] = Some(StepEnding::Skipped(needed));
                }
                None if self.execution.cancel.is_cancelled() => {
                    self.tell(number, StepState::Interrupted);
                    self.endings[number] = Some(StepEnding::Interrupted);
                }
                None if self.has_all_it_needs(number) => {
                    self.start(number);
                }
                None => {}
            }
        }
    }

    fn is_done(&self, number: usize) -> bool {
        matches!(self.endings[number], Some(StepEnding::Done(_)))
    }

    fn has_all_it_needs(&self, number: usize) -> bool {
        let settles_first = self.starts_settled(number);
        let ready = |need: &usize| self.is_done(*need) && !(settles_first && self.settling.contains(need));
        self.plan.steps[number].needs.iter().all(ready)
    }

    /// Whether a step may start only when what it needs has settled. A removal need not wait.
    fn starts_settled(&self, number: usize) -> bool {
        let step = &self.plan.steps[number];
        let adapter = self.execution.registry.get(&step.kind);
        !matches!(step.action, StepAction::Delete { .. })
            && adapter.is_some_and(|adapter| adapter.starts_settled())
    }

    /// The address of a needed step that will not be done, or not settle.
    fn blocked_by(&self, number: usize) -> Option<Address> {
        let settles_first = self.starts_settled(number);
        let unsettled = |need: usize| {
            let address = &self.plan.steps[need].address;
            settles_first && self.unsettled.iter().any(|(unsettled, _)| unsettled == address)
        };
        let blocked = |need: &&usize| {
            let ended = matches!(self.endings[**need], Some(StepEnding::Failed(_) | StepEnding::Skipped(_)));
            ended || unsettled(**need)
        };
        let need = self.plan.steps[number].needs.iter().find(blocked)?;
        Some(self.plan.steps[*need].address.clone())
    }

    fn start(&mut self, number: usize) {
        self.started[number] = true;
        self.tell(number, StepState::Started);
        let step = &self.plan.steps[number];
        let cx = self.context(number, &step.region);
        let Some(adapter) = self.execution.registry.get(&step.kind) else {
            let error = aws::Error::unexpected("provision", format!("no adapter for {}", step.kind));
            return self.finish(number, Instant::now(), Err(error));
        };
        let desired = match &step.action {
            StepAction::Create { desired } | StepAction::Update { desired, .. } => {
                resolve(desired, &|address| self.outputs.get(address).cloned())
            }
            StepAction::Delete { .. } => serde_json::Value::Null,
        };
        let removal = self.execution.removal;
        self.work.push(Box::pin(async move {
            let began = Instant::now();
            let result = carry_out(&cx, adapter, step, &desired, removal).await;
            Finished::Step { number, began, result }
        }));
    }

    fn context(&self, number: usize, region: &str) -> Context {
        let events = self.execution.events.clone();
        let note = move |text: &str| {
            drop(events.send(Event { step: number, state: StepState::Waiting(text.to_owned()) }));
        };
        self.execution.regions.context(region).working(Arc::new(note), self.execution.cancel.clone())
    }

    fn finish(&mut self, number: usize, began: Instant, result: aws::Result<Made>) {
        let step = &self.plan.steps[number];
        match result {
            Ok(made) => {
                self.tell(number, StepState::Done(began.elapsed()));
                self.outputs.extend(made.outputs.map(|outputs| (step.address.clone(), outputs)));
                if let Some(id) = &made.id {
                    self.settle(number, id);
                }
                self.endings[number] = Some(StepEnding::Done(made.id));
            }
            Err(error) => {
                self.tell(number, StepState::Failed(error.to_string()));
                self.endings[number] = Some(StepEnding::Failed(error));
            }
        }
    }

    /// Waits in parallel until everything that a step has changed is ready.
    fn settle(&mut self, number: usize, id: &str) {
        let waits: Vec<Wait<'a>> = self.waits(number, id).collect();
        if !self.execution.settle || waits.is_empty() {
            return;
        }
        self.settling.insert(number);
        let stale = self.execution.stale;
        self.work.push(Box::pin(async move {
            let result = try_join_all(waits.iter().map(|wait| wait.until_ready(stale))).await.map(drop);
            Finished::Settled { number, result }
        }));
    }

    /// The waits after a step: for its own resource, and for those that AWS rolls out again because of it.
    fn waits(&self, number: usize, id: &str) -> impl Iterator<Item = Wait<'a>> {
        let (step, registry) = (&self.plan.steps[number], self.execution.registry);
        let wait = |kind, region: &str, id: &str, proof| {
            let adapter = registry.get(kind).filter(|adapter| adapter.settles())?;
            Some(Wait { cx: self.context(number, region), adapter, id: id.to_owned(), proof })
        };
        let (proof, dependents) = match &step.action {
            StepAction::Update { desired, .. } => {
                let sent = resolve(desired, &|address| self.outputs.get(address).cloned());
                (Proof::Sent(sent), self.execution.dependents.get(&step.address))
            }
            _ => (Proof::Created, None),
        };
        let own = wait(&step.kind, &step.region, id, proof);
        let others = dependents.into_iter().flatten();
        let others = others.filter_map(|one| wait(&one.kind, &one.region, &one.id, Proof::Unsettled));
        own.into_iter().chain(others.collect::<Vec<_>>())
    }

    fn settled(&mut self, number: usize, result: aws::Result<()>) {
        self.settling.remove(&number);
        self.tell(number, StepState::Settled);
        let address = || self.plan.steps[number].address.clone();
        self.unsettled.extend(result.err().map(|error| (address(), error)));
    }
}

async fn carry_out(
    cx: &Context,
    adapter: &dyn Adapter,
    step: &Step,
    desired: &serde_json::Value,
    removal: Removal,
) -> aws::Result<Made> {
    match &step.action {
        StepAction::Create { .. } => {
            let created = adapter.create(cx, desired).await?;
            Ok(Made { id: Some(created.id), outputs: Some(created.outputs) })
        }
        StepAction::Update { seen, changes, .. } => {
            adapter.update(cx, seen, desired, changes).await?;
            Ok(Made { id: Some(seen.id.clone()), outputs: Some(seen.outputs.clone()) })
        }
        StepAction::Delete { seen, .. } => {
            adapter.delete(cx, &seen.id, removal).await?;
            Ok(Made { id: None, outputs: None })
        }
    }
}
