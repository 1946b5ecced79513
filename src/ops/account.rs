//! The account of a stack as operations use it, and its plan.

use std::sync::Arc;

use super::engine::{Judged, PlanEngine};
use super::fleet;
use super::session::rules;
use super::state::ObservedState;
use super::store::RunStore;
use crate::aws::Regions;
use crate::graph::Graph;
use crate::home::Record;
use crate::model::{Kind, Scope};
use crate::plan::{self, Plan, Rules, Step, StepAction};
use crate::resource::route53::RecordSet;
use crate::resource::{Registry, Resource as _};
use crate::review::{self, Against, Review};

/// The account of a stack as an operation uses it: its services, the adapters, and where runs keep their lock and record.
pub struct Account {
    pub(super) regions: Arc<Regions>,
    pub(super) registry: &'static Registry,
    pub(super) store: Box<dyn RunStore>,
    /// What carries out plans.
    pub(super) engine: Box<dyn PlanEngine>,
    /// The caller's ARN.
    pub(super) by: String,
    /// Whether DNS records stay that the stack does not declare for now.
    pub(super) keeps_records: bool,
}

impl Account {
    /// The stack, its account and region.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        self.regions.scope()
    }

    /// The stack's name.
    #[must_use]
    pub fn stack(&self) -> &str {
        &self.scope().stack
    }

    /// What planning must know of a type.
    pub(super) fn rules(&self, kind: &Kind) -> Rules {
        rules(self.registry, kind)
    }

    /// What is live, as a plan of the declarations needs it.
    ///
    /// # Errors
    /// When the account cannot be read completely.
    pub(super) async fn observe(&self, graph: &Graph) -> miette::Result<ObservedState> {
        let mut state = ObservedState::read(self, graph).await?;
        state.snapshot.orphans.retain(|orphan| !self.keeps_records || orphan.kind != RecordSet::KIND);
        Ok(state)
    }

    /// The plan that makes the account as declared, and what was observed for it.
    ///
    /// # Errors
    /// When the account cannot be read completely.
    pub async fn plan(&self, graph: &Graph) -> miette::Result<(Plan, ObservedState)> {
        let (state, stacks) = tokio::join!(self.observe(graph), self.engine.look(self));
        let (mut state, stacks) = (state?, stacks?);
        if stacks.waited {
            state = self.observe(graph).await?;
        }
        let plan = plan::plan(self.scope(), graph, &state.snapshot, &|kind| self.rules(kind));
        let judged =
            Judged { account: self, graph, state: &state, plan: &plan, stacks: &stacks, left_alone: None };
        match self.engine.refuses(judged).await {
            Some(refused) => Err(refused.into()),
            None => Ok((plan, state)),
        }
    }

    /// Whether what a step is about has a name that the declaration gives it, and AWS assigns no id.
    pub(super) fn is_named(&self, step: &Step) -> bool {
        let declared = match &step.action {
            StepAction::Create { desired } | StepAction::Update { desired, .. } => desired,
            StepAction::Delete { seen, .. } => &seen.properties,
        };
        let cx = self.regions.context(&step.region);
        self.registry.get(&step.kind).is_some_and(|adapter| adapter.id(&cx, declared).is_some())
    }

    /// A plan as reviewers read it.
    #[must_use]
    pub fn review(&self, graph: &Graph, plan: &Plan, state: &ObservedState) -> Review {
        let applied = state.record.as_ref().map(Record::applied);
        let mut review =
            review::review(plan, graph, Against::Account, applied.as_ref(), &|kind| self.rules(kind));
        fleet::expand(&mut review, plan);
        review
    }
}
