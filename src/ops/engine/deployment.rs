//! The deployment of a plan's templates, one after the other: change set, verdict, execution, events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Work;
use super::board::Board;
use super::cloudformation::CloudFormation;
use super::ends::{Stopped, failed, stop, stuck, succeeded};
use super::removal;
use super::rest::restore;
use super::stacks::HeldStack;
use super::templates::{parameters, set_name, template_text};
use super::verdict::{refused, verdicts};
use crate::aws::{Context, Error, Result};
use crate::cloudformation::{Template, logical_id, synth_without};
use crate::deploy::{self, ChangeSet, ChangeSetRequest, Deletion, OperationEnd, Phase, SetKind};
use crate::home::Record;
use crate::model::Address;
use crate::ops::ui::Notice;
use crate::plan::{Step, StepAction};

/// A plan that CloudFormation carries out.
pub(super) struct Deployment<'a> {
    pub(super) engine: &'a CloudFormation,
    pub(super) work: &'a Work<'a>,
    pub(super) board: &'a Board<'a>,
}

/// Stacks that were made and could not be protected, by an address in them.
type Unprotected = Vec<(Address, Error)>;

impl Deployment<'_> {
    /// Deploys every template, and deletes the CloudFormation stacks that no template is for any more. Returns the new
    /// stacks that could not be protected.
    pub(super) async fn deploy(&self) -> std::result::Result<Unprotected, Stopped> {
        let Self { engine, work, board } = self;
        let begun = async {
            let stacks = engine.stacks(work.account).await?;
            let outside = stacks.outside(&work.state.snapshot);
            let templates = synth_without(work.account.scope(), work.graph, &outside);
            Ok((stacks, templates.map_err(|error| Error::unexpected("provision", error.to_string()))?))
        };
        let (stacks, templates) =
            begun.await.map_err(|error| stop(board, (work.account.stack(), &[]), &error))?;
        let missing = |step: &Step| {
            let creates = matches!(step.action, StepAction::Create { .. });
            creates && stacks.holder(&step.address).is_some() && work.account.is_named(step)
        };
        if !restore(work, board, &work.plan.only(&missing)).await {
            return Err(Stopped);
        }
        let mut unprotected = Unprotected::new();
        let mut outputs: BTreeMap<String, String> =
            stacks.iter().flat_map(|held| held.seen.outputs.clone()).collect();
        for template in &templates {
            let part = TemplatePart::new(work, template, stacks.get(&template.name));
            outputs.extend(self.part(&part, &outputs, &mut unprotected).await?);
        }
        let names: BTreeSet<&str> = templates.iter().map(|template| template.name.as_str()).collect();
        for held in stacks.not_in(&names).rev() {
            let numbers: Vec<usize> = board.at(&|address| held.has(address)).collect();
            let end = removal::delete(&quiet(work, &held.seen.region), held, engine.role(), board).await;
            succeeded(board, (&held.seen.name, &numbers), end)?;
        }
        Ok(unprotected)
    }

    /// Deploys one template. Returns the outputs of its stack.
    async fn part(
        &self,
        part: &TemplatePart<'_>,
        outputs: &BTreeMap<String, String>,
        unprotected: &mut Unprotected,
    ) -> std::result::Result<BTreeMap<String, String>, Stopped> {
        let numbers: Vec<usize> = self.board.at(&|address| part.has(address)).collect();
        let known = part.held.map(|held| held.seen.outputs.clone()).unwrap_or_default();
        if numbers.is_empty() && part.is_whole() {
            return Ok(known);
        }
        let cx = quiet(self.work, &part.template.region);
        match self.executed(&cx, part, &numbers, outputs).await.transpose() {
            None => Ok(known),
            Some(end) => {
                let stack = succeeded(self.board, (&part.template.name, &numbers), end)?;
                let (engine, graph) = (self.engine, self.work.graph);
                if !part.is_there()
                    && let Err(error) = engine.protect(&cx, graph, part.template, &stack).await
                {
                    unprotected.extend(part.members.values().next().map(|address| (address.clone(), error)));
                }
                Ok(stack.outputs)
            }
        }
    }

    /// Makes the change set of a template, and executes it if it does what was agreed to. `None` if there is nothing to
    /// execute.
    async fn executed(
        &self,
        cx: &Context,
        part: &TemplatePart<'_>,
        numbers: &[usize],
        outputs: &BTreeMap<String, String>,
    ) -> Result<Option<OperationEnd>> {
        let Self { engine, work, board } = self;
        let template = part.template;
        let kind = self.readied(cx, part.held, reverts_drift(work, numbers)).await?;
        let creates = kind == SetKind::Create;
        if let Some(held) = part.held.filter(|_| !creates) {
            // Before the update: a bucket that is no longer declared leaves the template, which the former policy forbids.
            engine.protect(cx, work.graph, template, &held.seen).await?;
        }
        let name = set_name();
        let request = ChangeSetRequest {
            stack: &template.name,
            name: &name,
            kind,
            template: template_text(work.account, template).await?,
            parameters: parameters(template, outputs)?,
            tags: engine.tags().clone(),
            role: engine.role(),
        };
        let agreed = async {
            let set = deploy::prepare(cx, request).await?;
            if let Some(set) = &set {
                self.judge(cx, part, set).await?;
            }
            Ok(set)
        };
        let set = match agreed.await {
            Ok(Some(set)) => set,
            Ok(None) => return Ok(None),
            Err(error) => {
                if creates {
                    self.forget(cx, &template.name).await;
                }
                return Err(error);
            }
        };
        let since = deploy::newest(cx, &set.stack_id).await?;
        deploy::execute(cx, &set, &name).await?;
        deploy::follow(cx, &set.stack_id, &since, &|progress| board.hear(progress)).await.map(Some)
    }

    /// Deletes the empty stack that a first change set leaves if it is not executed. If that fails, the next run uses it.
    async fn forget(&self, cx: &Context, stack: &str) {
        if let Ok(Some(seen)) = deploy::look(cx, stack).await
            && seen.status.phase() == Phase::Review
        {
            let how = Deletion { role: self.engine.role(), retain: Vec::new(), token: set_name() };
            let _ = deploy::delete(cx, &seen.id, how).await;
        }
    }

    /// Shows a change set beside the plan. One that does what nobody agreed to is discarded.
    async fn judge(&self, cx: &Context, part: &TemplatePart<'_>, set: &ChangeSet) -> Result<()> {
        let verdicts = verdicts(self.work.plan, &part.members, &set.changes);
        let (stack, region) = (&part.template.name, &part.template.region);
        self.work.ui.notice(Notice::ChangeSet { stack, region, verdicts: &verdicts });
        let refused = refused(&verdicts);
        if refused.is_empty() {
            return Ok(());
        }
        deploy::discard(cx, &set.id).await?;
        let lines: Vec<String> = refused.iter().map(|(address, why)| format!("{address}: {why}")).collect();
        let text = format!("the change set is not what was agreed to: {}", lines.join("; "));
        Err(Error::unexpected("cloudformation:CreateChangeSet", text))
    }

    /// Makes a stack ready for a change set: what a failed creation left is deleted, and a rollback that got stuck goes on.
    async fn readied(&self, cx: &Context, held: Option<&HeldStack>, reverts_drift: bool) -> Result<SetKind> {
        let Some(held) = held else { return Ok(SetKind::Create) };
        let role = self.engine.role();
        match held.phase() {
            Phase::Review | Phase::Gone => Ok(SetKind::Create),
            Phase::NotCreated | Phase::NotDeleted => {
                let end = removal::delete(cx, held, role, self.board).await?;
                if end.is_success() { Ok(SetKind::Create) } else { Err(failed(&end)) }
            }
            Phase::RollbackFailed => {
                let since = deploy::newest(cx, &held.seen.id).await?;
                deploy::continue_rollback(cx, &held.seen.id, role, &set_name()).await?;
                let end = deploy::follow(cx, &held.seen.id, &since, &|_| {}).await?;
                match end.stack.status.phase() {
                    Phase::Steady => Ok(SetKind::Update { reverts_drift }),
                    _ => Err(stuck(&end)),
                }
            }
            Phase::Steady | Phase::Working => Ok(SetKind::Update { reverts_drift }),
        }
    }
}

/// A template, and its CloudFormation stack as it is.
struct TemplatePart<'a> {
    template: &'a Template,
    held: Option<&'a HeldStack>,
    /// The addresses of its resources and of those that its stack has so far, by logical id.
    members: BTreeMap<String, Address>,
}

impl<'a> TemplatePart<'a> {
    fn new(work: &Work<'_>, template: &'a Template, held: Option<&'a HeldStack>) -> Self {
        let mut members = template.members.clone();
        let steps = work.plan.steps.iter().map(|step| &step.address);
        let former = steps.chain(work.plan.kept.iter().map(|known| &known.address));
        for address in former.filter(|address| held.is_some_and(|held| held.has(address))) {
            members.insert(logical_id(address), address.clone());
        }
        Self { template, held, members }
    }

    fn has(&self, address: &Address) -> bool {
        self.members.values().any(|member| member == address)
    }

    /// Whether the stack is there and takes an update, so that it was protected before that.
    fn is_there(&self) -> bool {
        self.held.is_some_and(|held| {
            !matches!(held.phase(), Phase::Review | Phase::Gone | Phase::NotCreated | Phase::NotDeleted)
        })
    }

    /// Whether the stack takes no change set first, and has all outputs of its template.
    fn is_whole(&self) -> bool {
        let wanted = self.template.body["Outputs"].as_object();
        self.held.is_some_and(|held| {
            let mut wanted = wanted.into_iter().flat_map(|all| all.keys());
            held.phase() == Phase::Steady && wanted.all(|name| held.seen.outputs.contains_key(name))
        })
    }
}

/// Whether one of these steps sets back what somebody changed by hand: it is declared as it was applied.
fn reverts_drift(work: &Work<'_>, numbers: &[usize]) -> bool {
    let applied = work.state.record.as_ref().map(Record::applied).unwrap_or_default();
    numbers.iter().any(|number| {
        let step = &work.plan.steps[*number];
        let declared = work.graph.get(&step.address).map(|declaration| &declaration.properties);
        matches!(step.action, StepAction::Update { .. }) && declared == applied.get(&step.address)
    })
}

/// A region's clients for work that an interrupt ends.
pub(super) fn quiet(work: &Work<'_>, region: &str) -> Context {
    work.execution.regions.context(region).working(Arc::new(|_: &str| {}), work.execution.cancel.clone())
}
