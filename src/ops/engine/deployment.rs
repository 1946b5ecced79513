//! The deployment of a plan's templates, one after the other: change set, verdict, execution, events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Work;
use super::board::Board;
use super::cloudformation::CloudFormation;
use super::ends::{Stopped, failed, stop, stuck, succeeded};
use super::freeing::{freed, without};
use super::gone::Gone;
use super::names;
use super::removal;
use super::rest::restore;
use super::stacks::HeldStack;
use super::templates::{parameters, put_text, set_name, template_text};
use super::verdict::{Verdict, freeing, refused, verdicts};
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

/// What a deployment came to.
pub(super) struct Deployed {
    /// The new stacks that could not be protected.
    pub(super) unprotected: Unprotected,
    /// What was gone, and CloudFormation was to create again.
    pub(super) recreated: BTreeSet<Address>,
}

impl Deployment<'_> {
    /// Deploys every template, and deletes the CloudFormation stacks that no template is for any more.
    pub(super) async fn deploy(&self) -> std::result::Result<Deployed, Stopped> {
        let Self { engine, work, board } = self;
        let begun = async {
            let stacks = engine.stacks(work.account).await?;
            let outside = stacks.outside(&work.state.snapshot);
            let templates = synth_without(work.account.scope(), work.graph, &outside);
            Ok((stacks, templates.map_err(|error| Error::unexpected("provision", error.to_string()))?))
        };
        let (stacks, templates) =
            begun.await.map_err(|error| stop(board, (work.account.stack(), &[]), &error))?;
        let gone = Gone::of(work.plan, &stacks, &|step| work.account.is_named(step));
        let restored = work.plan.only(&|step| gone.restored.contains(&step.address));
        if !restore(work, board, &restored).await {
            return Err(Stopped);
        }
        names::take(work, board).await?;
        let mut unprotected = Unprotected::new();
        let mut outputs: BTreeMap<String, String> =
            stacks.iter().flat_map(|held| held.seen.outputs.clone()).collect();
        for template in &templates {
            let part = TemplatePart::new(work, template, stacks.get(&template.name), &gone);
            outputs.extend(self.part(&part, &outputs, &mut unprotected).await?);
        }
        let names: BTreeSet<&str> = templates.iter().map(|template| template.name.as_str()).collect();
        for held in stacks.not_in(&names).rev() {
            let numbers: Vec<usize> = board.at(&|address| held.has(address)).collect();
            let end = removal::delete(&quiet(work, &held.seen.region), held, engine.role(), board).await;
            succeeded(board, (&held.seen.name, &numbers), end)?;
        }
        Ok(Deployed { unprotected, recreated: gone.recreated })
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
        let Self { engine, work, .. } = self;
        let template = part.template;
        let kind = self.readied(cx, part, reverts_drift(work, numbers) || !part.recreated.is_empty()).await?;
        let creates = kind == SetKind::Create;
        let mut template = template.clone();
        if let Some(held) = part.held.filter(|_| !creates) {
            // Before the update: a bucket that is no longer declared leaves the template, which the former policy forbids.
            engine.protect(cx, work.graph, &template, &held.seen).await?;
            if let Some(end) = self.freed(cx, part, held).await?.filter(|end| !end.is_success()) {
                return Ok(Some(end));
            }
            if work.account.keeps_records {
                template = names::keep_records(template, &deploy::template(cx, &held.seen.name).await?);
            }
        }
        let name = set_name();
        let request = ChangeSetRequest {
            stack: &template.name,
            name: &name,
            kind,
            template: template_text(work.account, &template).await?,
            parameters: parameters(&template, outputs)?,
            tags: engine.tags().clone(),
            role: engine.role(),
        };
        let verdicts = |set: &ChangeSet| verdicts(work.plan, &part.members, &part.freed, &set.changes);
        let set = match self.agreed(cx, part, request, &verdicts).await {
            Ok(Some(set)) => set,
            Ok(None) => return Ok(None),
            Err(error) => {
                if creates {
                    forget(cx, &template.name, engine.role()).await;
                }
                return Err(error);
            }
        };
        self.followed(cx, &set, &name).await.map(Some)
    }

    /// Has CloudFormation let go of what it creates again by the next change set. `None` if there is nothing of that.
    async fn freed(
        &self,
        cx: &Context,
        part: &TemplatePart<'_>,
        held: &HeldStack,
    ) -> Result<Option<OperationEnd>> {
        if part.freed.is_empty() {
            return Ok(None);
        }
        let call = "cloudformation:CreateChangeSet";
        let current = deploy::template(cx, &held.seen.name).await?;
        let body = without(current, &part.freed, held, &self.work.state.snapshot);
        let body =
            body.map_err(|value| Error::unexpected(call, format!("the value of {value} is not known")))?;
        let name = set_name();
        let request = ChangeSetRequest {
            stack: &held.seen.name,
            name: &name,
            kind: SetKind::Update { reverts_drift: false },
            template: put_text(self.work.account, body.to_string()).await?,
            parameters: held.seen.parameters.clone(),
            tags: held.seen.tags.clone(),
            role: self.engine.role(),
        };
        let verdicts = |set: &ChangeSet| freeing(&part.freed, &set.changes);
        let Some(set) = self.agreed(cx, part, request, &verdicts).await? else { return Ok(None) };
        let end = self.followed(cx, &set, &name).await?;
        if end.is_success() && !end.causes.is_empty() {
            let hint =
                "the stack no longer has it: run the command again, which replaces it by the services' APIs";
            return Err(Error { hint: Some(hint.to_owned()), ..failed(&end) });
        }
        Ok(Some(end))
    }

    /// Makes a change set and shows it beside the plan. One that does what nobody agreed to is discarded.
    async fn agreed(
        &self,
        cx: &Context,
        part: &TemplatePart<'_>,
        request: ChangeSetRequest<'_>,
        verdicts: &(dyn Fn(&ChangeSet) -> Vec<Verdict> + Sync),
    ) -> Result<Option<ChangeSet>> {
        let set = deploy::prepare(cx, request).await?;
        if let Some(set) = &set {
            self.judge(cx, part, set, &verdicts(set)).await?;
        }
        Ok(set)
    }

    /// Executes a change set, and follows it to its end.
    async fn followed(&self, cx: &Context, set: &ChangeSet, token: &str) -> Result<OperationEnd> {
        let since = deploy::newest(cx, &set.stack_id).await?;
        deploy::execute(cx, set, token).await?;
        deploy::follow(cx, &set.stack_id, &since, &|progress| self.board.hear(progress)).await
    }

    async fn judge(
        &self,
        cx: &Context,
        part: &TemplatePart<'_>,
        set: &ChangeSet,
        verdicts: &[Verdict],
    ) -> Result<()> {
        let (stack, region) = (&part.template.name, &part.template.region);
        self.work.ui.notice(Notice::ChangeSet { stack, region, verdicts });
        let refused = refused(verdicts);
        if refused.is_empty() {
            return Ok(());
        }
        deploy::discard(cx, &set.id).await?;
        let lines: Vec<String> = refused.iter().map(|(address, why)| format!("{address}: {why}")).collect();
        let text = format!("the change set is not what was agreed to: {}", lines.join("; "));
        Err(Error::unexpected("cloudformation:CreateChangeSet", text))
    }

    /// Makes a stack ready for a change set: what a failed creation left is deleted, and a rollback that got stuck goes on.
    async fn readied(&self, cx: &Context, part: &TemplatePart<'_>, reverts_drift: bool) -> Result<SetKind> {
        let Some(held) = part.held else { return Ok(SetKind::Create) };
        let role = self.engine.role();
        match held.phase() {
            Phase::Review | Phase::Gone => Ok(SetKind::Create),
            Phase::NotCreated | Phase::NotDeleted => {
                let end = removal::delete(cx, held, role, self.board).await?;
                if end.is_success() { Ok(SetKind::Create) } else { Err(failed(&end)) }
            }
            Phase::RollbackFailed => {
                let since = deploy::newest(cx, &held.seen.id).await?;
                deploy::continue_rollback(cx, &held.seen.id, role, part.lost(held), &set_name()).await?;
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
    /// What the stack lets go of before the change set creates it again.
    freed: BTreeMap<String, Address>,
    /// What somebody deleted and CloudFormation creates again.
    recreated: BTreeMap<String, Address>,
}

impl<'a> TemplatePart<'a> {
    fn new(work: &Work<'_>, template: &'a Template, held: Option<&'a HeldStack>, gone: &Gone) -> Self {
        let mut members = template.members.clone();
        let steps = work.plan.steps.iter().map(|step| &step.address);
        let former = steps.chain(work.plan.kept.iter().map(|known| &known.address));
        for address in former.filter(|address| held.is_some_and(|held| held.has(address))) {
            members.insert(logical_id(address), address.clone());
        }
        let is_named = |step: &Step| work.account.is_named(step);
        let freed =
            held.map(|held| freed((work.plan, gone), work.graph, held, &is_named)).unwrap_or_default();
        let recreated = gone.recreated.iter().filter(|address| held.is_some_and(|held| held.has(address)));
        let recreated = recreated.map(|address| (logical_id(address), address.clone())).collect();
        Self { template, held, members, freed, recreated }
    }

    /// What a rollback cannot set back, because it is gone.
    fn lost(&self, held: &HeldStack) -> Vec<String> {
        let lost = held.members.values().filter(|member| member.is_stuck());
        lost.map(|member| member.logical_id.clone()).filter(|id| self.recreated.contains_key(id)).collect()
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

/// Deletes the empty stack that a first change set leaves if it is not executed. If that fails, the next run uses it.
pub(in crate::ops) async fn forget(cx: &Context, stack: &str, role: Option<&str>) {
    if let Ok(Some(seen)) = deploy::look(cx, stack).await
        && seen.status.phase() == Phase::Review
    {
        let how = Deletion { role, retain: Vec::new(), token: set_name() };
        let _ = deploy::delete(cx, &seen.id, how).await;
    }
}
