//! Apply: makes the account as a stack declares it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures::future::try_join_all;

use super::account::Account;
use super::converge::{self, Operation, RunOutcome};
use super::error::Refused;
use super::exists;
use super::fleet;
use super::journal::{Exists, RunKind};
use super::key;
use super::name_move::NameMove;
use super::outputs::Outputs;
use super::protected;
use super::session::Session;
use super::source::{ApplySource, Declared};
use super::state::ObservedState;
use super::ui::{Question, Ui};
use crate::execute::Outcome;
use crate::graph::Graph;
use crate::model::{Address, Outputs as Values};
use crate::plan::Plan;
use crate::plan::check::{Permits, check};
use crate::resource::Removal;
use crate::review::Review;
use crate::saved::Digest;
use crate::stack::names;

/// What to apply.
#[derive(Clone, Copy, Debug)]
pub struct ApplyRequest<'a> {
    /// A stack file, or a saved plan.
    pub path: &'a Path,
    /// Adopt existing untagged resources that have the same name.
    pub adopt: bool,
    /// The digest of the saved plan that was reviewed; any other file is refused.
    pub digest: Option<Digest>,
    /// Which part of moving the stack's name it does.
    pub name: NameMove,
}

/// How to apply.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplyOptions {
    /// Return before the distribution has reached every edge.
    pub no_wait: bool,
    /// The plan was agreed to beforehand: do not ask.
    pub agreed: bool,
    /// Changes that grant more access were agreed to beforehand: do not ask.
    pub broadening_agreed: bool,
}

/// An apply that is planned and not carried out yet.
pub struct PlannedApply {
    source: ApplySource,
    declared: Declared,
    plan: Plan,
    state: ObservedState,
    options: ApplyOptions,
}

/// An apply that was carried out.
pub struct Applied {
    /// How it ended; `None` where there was nothing to do.
    pub run: Option<RunOutcome>,
    /// The stack's declarations.
    pub graph: Graph,
    /// The session that it was done in.
    pub session: Session,
    live: BTreeMap<Address, Values>,
}

impl Applied {
    /// What the stack is reached by. It is known from the run, without another call.
    ///
    /// # Errors
    /// When the stack has no distribution.
    pub fn outputs(&self) -> miette::Result<Outputs> {
        Outputs::known(&self.session, &self.graph, &self.live)
    }
}

impl PlannedApply {
    /// Plans to apply a stack file or a saved plan. `accepts` may refuse the stack before anything is read.
    ///
    /// # Errors
    /// When the file cannot be used, the account cannot be read completely, or the plan is refused.
    pub async fn open(
        request: ApplyRequest<'_>,
        options: ApplyOptions,
        ui: &Arc<dyn Ui>,
        accepts: impl FnOnce(&Session) -> miette::Result<()>,
    ) -> miette::Result<Self> {
        let reads = async |source: &ApplySource| {
            accepts(&source.session)?;
            let (declared, plan, state) = source.planned().await?;
            source.still_holds(&state, &plan).await?;
            allowed(&plan, Some(source))?;
            Ok((declared, plan, state))
        };
        let (source, (declared, plan, state)) = ApplySource::open_and(request, ui, reads).await?;
        if let Some(refused) =
            key::refusal(&source.session.account, &declared.graph, &state, ui.as_ref()).await?
        {
            return Err(refused.into());
        }
        Ok(Self { source, declared, plan, state, options })
    }

    /// Shows the plan, asks, and carries it out.
    ///
    /// # Errors
    /// When it is refused or not agreed to; the stack was not changed then.
    pub async fn carry_out(self) -> miette::Result<Applied> {
        let Self { source, declared, plan, state, options } = self;
        let ui = Arc::clone(&source.session.ui);
        let operation =
            Apply { account: &source.session.account, declared: &declared, options, source: Some(&source) };
        let run = converge::converge(&operation, (&plan, &state), ui.as_ref()).await?;
        let live = run.as_ref().map_or(plan.outputs, |run| run.outcome.outputs.clone());
        Ok(Applied { run, graph: declared.graph, session: source.session, live })
    }
}

async fn plan(
    account: &Account,
    graph: &Graph,
    source: Option<&ApplySource>,
) -> miette::Result<(Plan, ObservedState)> {
    let zone = async {
        match source {
            Some(source) => source.same_zone(graph).await,
            None => Ok(()),
        }
    };
    let (zone, planned) = tokio::join!(zone, account.plan(graph));
    zone?;
    let (plan, state) = planned?;
    if let Some(source) = source {
        source.still_holds(&state, &plan).await?;
    }
    allowed(&plan, source)?;
    Ok((plan, state))
}

/// Passes if the plan touches nothing of others and loses no data.
fn allowed(plan: &Plan, source: Option<&ApplySource>) -> miette::Result<()> {
    let adopt = source.is_some_and(|source| source.adopt);
    let move_name = source.is_some_and(|source| source.session.takes_name());
    Ok(check(plan, Permits { adopt, move_name, lose_data: false }, &names::region_in)?)
}

/// Making the account as declared.
pub(super) struct Apply<'a> {
    pub(super) account: &'a Account,
    pub(super) declared: &'a Declared,
    pub(super) options: ApplyOptions,
    /// The stack file or saved plan that the declarations come from, which may forbid what the account allows.
    pub(super) source: Option<&'a ApplySource>,
}

impl Operation for Apply<'_> {
    fn account(&self) -> &Account {
        self.account
    }

    fn graph(&self) -> &Graph {
        &self.declared.graph
    }

    fn kind(&self) -> RunKind<'_> {
        RunKind {
            command: "apply",
            saved: self.source.and_then(ApplySource::digest),
            packages: &self.declared.packages,
        }
    }

    fn removal(&self) -> Removal {
        Removal::OnlyEmpty
    }

    fn waits(&self) -> bool {
        !self.options.no_wait
    }

    async fn plan(&self) -> miette::Result<(Plan, ObservedState)> {
        plan(self.account, &self.declared.graph, self.source).await
    }

    /// An empty plan says that nothing is to be done, and what stays although it is not declared.
    fn is_shown(&self, _: &Plan) -> bool {
        true
    }

    fn permits(&self, review: &Review) -> miette::Result<()> {
        match self.source {
            Some(source) => Ok(protected::check(&source.session.file, review)?),
            None => Ok(()),
        }
    }

    /// The first question covers what a first apply makes, so that `--yes` can finish what it began.
    fn questions<'a>(&'a self, review: &'a Review, state: &ObservedState) -> Vec<Question<'a>> {
        let apply = (!self.options.agreed).then_some(Question::Apply { stack: &review.stack });
        let ways = state.broadenings(self.graph(), review).len();
        let asks = ways > 0 && !self.options.broadening_agreed;
        apply.into_iter().chain(asks.then_some(Question::Broaden { ways })).collect()
    }

    fn declined(&self) -> Refused {
        Refused::plain("not applied; nothing was changed")
    }

    async fn stage(&self) -> miette::Result<()> {
        let store = &self.account().store;
        let bundles = self.declared.packages.iter().zip(&self.declared.files);
        let uploads = bundles.filter_map(|(package, file)| Some((package, file.as_ref()?)));
        let puts = uploads.map(async |(package, file)| store.put_bundle(&package.sha256, file).await);
        let template = async {
            match fleet::long_template(&self.declared.graph) {
                Some((sha256, text)) => store.put_template(&sha256, text).await.map(drop),
                None => Ok(()),
            }
        };
        Ok(tokio::try_join!(try_join_all(puts), template).map(drop)?)
    }

    fn exists(&self, plan: &Plan, state: &ObservedState, outcome: &Outcome) -> Exists {
        exists::exists(self.account(), &self.declared.graph, (plan, state, outcome))
    }
}
