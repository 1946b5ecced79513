//! The CloudFormation engine: it carries out a plan by change sets, and does itself what no template can say.
//!
//! For each template, in order: it makes a change set, holds it against the plan, executes it, and follows its events. Then
//! the account is read again. What the plan says and CloudFormation did not do is done by the services' APIs: repairing
//! what somebody changed by hand, removing parts that somebody added, resources outside of every template. See
//! `docs/decisions/cloudformation-engine.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::board::{Board, plain_reason};
use super::refusals::{self, SET_PREFIX};
use super::removal;
use super::stacks::{HeldStack, Stacks};
use super::verdict::{refused, verdicts};
use super::{Engine, Work};
use crate::aws::{Context, Error, Result};
use crate::cloudformation::{Template, logical_id, synth_without};
use crate::deploy::{self, OperationEnd, Phase, Request, SetKind, StackSeen, TemplateText};
use crate::execute::{self, Execution, Outcome, StepEnding};
use crate::graph::Graph;
use crate::home::Record;
use crate::model::{Address, Guard, STACK_TAG};
use crate::ops::dependents::dependents;
use crate::ops::session::Account;
use crate::ops::state::ObservedState;
use crate::ops::ui::{Notice, Ui};
use crate::plan::{self, Plan, StepAction};
use crate::resource::Removal;
use crate::stack::config::{self, StackFile};

/// The longest template that a call takes (CloudFormation quotas).
const INLINE: usize = 51_200;

/// Carries out plans by CloudFormation.
pub(in crate::ops) struct CloudFormation {
    pub(super) role: Option<String>,
    tags: BTreeMap<String, String>,
    protected: bool,
    ui: Arc<dyn Ui>,
}

/// Why a deployment did not go on. What failed is on the board.
pub(super) struct Stopped;

impl CloudFormation {
    pub(in crate::ops) fn new(file: &StackFile, ui: &Arc<dyn Ui>) -> Self {
        let mut tags = file.tags.clone();
        tags.insert(STACK_TAG.to_owned(), file.stack.to_string());
        let (role, protected) = (file.cloudformation.role.clone(), file.protected);
        Self { role, tags, protected, ui: Arc::clone(ui) }
    }

    /// The CloudFormation stacks as they are, once nothing works on them.
    pub(in crate::ops) async fn stacks(&self, account: &Account) -> Result<Stacks> {
        let waits = |seen: &StackSeen| {
            let text = format!(
                "CloudFormation works on {} ({}), for an earlier run or for somebody else: waiting for the end",
                seen.name, seen.status
            );
            self.ui.notice(Notice::Awaited(&text));
        };
        Stacks::look(&account.regions, &waits).await
    }

    /// The tags of its stacks.
    pub(in crate::ops) fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }

    /// The service role that it works as.
    pub(in crate::ops) fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Protects a stack as the stack file says, and what holds data against every update.
    pub(in crate::ops) async fn protect(
        &self,
        cx: &Context,
        graph: &Graph,
        template: &Template,
        seen: &StackSeen,
    ) -> Result<()> {
        if let Some(policy) = stack_policy(graph, template) {
            deploy::set_policy(cx, &seen.name, &policy).await?;
        }
        if seen.protected != self.protected {
            deploy::protect(cx, &seen.name, self.protected).await?;
        }
        Ok(())
    }

    async fn apply(&self, work: &Work<'_>) -> Outcome {
        let board = Board::new(work.plan, work.execution.events.clone());
        let deployed = self.deploy(work, &board).await;
        if deployed.is_err() {
            if let Some(failed) = board.failed() {
                board.skip_rest(&failed);
            }
            return ended(work, &board, Outcome { outputs: work.plan.outputs.clone(), ..Outcome::default() });
        }
        match observed(work.account, work.graph).await {
            Ok((plan, state)) => {
                let agreed: BTreeSet<&Address> = work.plan.steps.iter().map(|step| &step.address).collect();
                let rest = plan.only(&|step| agreed.contains(&step.address));
                let outcome = finish(work, &board, &rest, &state).await;
                ended(work, &board, outcome)
            }
            Err(error) => {
                let error = Error::unexpected("cloudformation:ExecuteChangeSet", unread(&error));
                board.fail(&board.at(&|_| true).collect::<Vec<_>>(), &[], &error);
                ended(work, &board, Outcome::default())
            }
        }
    }

    async fn deploy(&self, work: &Work<'_>, board: &Board<'_>) -> std::result::Result<(), Stopped> {
        let begun = async {
            let stacks = self.stacks(work.account).await?;
            let outside = stacks.outside(&work.state.snapshot);
            let templates = synth_without(work.account.scope(), work.graph, &outside);
            let refused =
                |error: crate::cloudformation::Error| Error::unexpected("provision", error.to_string());
            Ok((stacks, templates.map_err(refused)?))
        };
        let (stacks, templates) = begun.await.map_err(|error| stop(board, &[], &error))?;
        let mut outputs: BTreeMap<String, String> =
            stacks.iter().flat_map(|held| held.seen.outputs.clone()).collect();
        for template in &templates {
            let held = stacks.get(&template.name);
            outputs.extend(self.template(work, board, (template, held), &outputs).await?);
        }
        let names: BTreeSet<&str> = templates.iter().map(|template| template.name.as_str()).collect();
        for held in stacks.not_in(&names).rev() {
            let numbers: Vec<usize> = board.at(&|address| held.has(address)).collect();
            let cx = quiet(work, &held.seen.region);
            let end = removal::delete(&cx, held, self.role.as_deref(), board).await;
            succeeded(board, &numbers, end)?;
        }
        Ok(())
    }

    /// Deploys one template. Returns the outputs of its stack.
    async fn template(
        &self,
        work: &Work<'_>,
        board: &Board<'_>,
        (template, held): (&Template, Option<&HeldStack>),
        outputs: &BTreeMap<String, String>,
    ) -> std::result::Result<BTreeMap<String, String>, Stopped> {
        let members = members(work.plan, template, held);
        let numbers: Vec<usize> = board.at(&|address| members.values().any(|one| one == address)).collect();
        let known = held.map(|held| held.seen.outputs.clone()).unwrap_or_default();
        let wanted = template.body["Outputs"].as_object().into_iter().flat_map(|all| all.keys());
        let is_whole = held.is_some_and(|held| held.phase() == Phase::Steady);
        if numbers.is_empty() && is_whole && wanted.into_iter().all(|name| known.contains_key(name)) {
            return Ok(known);
        }
        let cx = quiet(work, &template.region);
        let executed = async {
            let kind = self.readied(&cx, held, board, reverts_drift(work, &numbers)).await?;
            // A bucket that is no longer declared leaves the template, which the former policy forbids.
            if let (SetKind::Update { .. }, Some(policy)) = (&kind, stack_policy(work.graph, template)) {
                deploy::set_policy(&cx, &template.name, &policy).await?;
            }
            let name = set_name();
            let request = Request {
                stack: &template.name,
                name: &name,
                kind,
                template: template_text(work.account, template).await?,
                parameters: parameters(template, outputs)?,
                tags: self.tags.clone(),
                role: self.role.as_deref(),
            };
            let Some(set) = deploy::prepare(&cx, request).await? else { return Ok(None) };
            let verdicts = verdicts(work.plan, &members, &set.changes);
            work.ui.notice(Notice::ChangeSet {
                stack: &template.name,
                region: &template.region,
                verdicts: &verdicts,
            });
            let refused = refused(&verdicts);
            if !refused.is_empty() {
                deploy::discard(&cx, &set.id).await?;
                let lines = refused.iter().map(|(address, why)| format!("{address}: {why}"));
                let text = format!(
                    "the change set is not what was agreed to: {}",
                    lines.collect::<Vec<_>>().join("; ")
                );
                return Err(Error::unexpected("cloudformation:CreateChangeSet", text));
            }
            let since = deploy::newest(&cx, &set.stack_id).await?;
            deploy::execute(&cx, &set, &name).await?;
            let end = deploy::follow(&cx, &set.stack_id, &since, &|progress| board.hear(progress)).await?;
            if end.is_success() {
                self.protect(&cx, work.graph, template, &end.stack).await?;
            }
            Ok(Some(end))
        };
        let end = executed.await.transpose();
        match end {
            None => Ok(known),
            Some(end) => Ok(succeeded(board, &numbers, end)?.outputs),
        }
    }

    /// Makes a stack ready for a change set: what a failed creation left is deleted, and a rollback that got stuck goes on.
    async fn readied(
        &self,
        cx: &Context,
        held: Option<&HeldStack>,
        board: &Board<'_>,
        reverts_drift: bool,
    ) -> Result<SetKind> {
        let Some(held) = held else { return Ok(SetKind::Create) };
        let role = self.role.as_deref();
        let done = |end: OperationEnd| match end.is_success() {
            true => Ok(()),
            false => Err(failed(&end)),
        };
        match held.phase() {
            Phase::Review | Phase::Gone => Ok(SetKind::Create),
            Phase::NotCreated | Phase::NotDeleted => {
                done(removal::delete(cx, held, role, board).await?)?;
                Ok(SetKind::Create)
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

impl Engine for CloudFormation {
    fn kind(&self) -> config::Engine {
        config::Engine::Cloudformation
    }

    fn look<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, miette::Result<Stacks>> {
        async move { Ok(self.stacks(account).await?) }.boxed()
    }

    fn accepts<'a>(
        &'a self,
        account: &'a Account,
        stacks: &'a Stacks,
        (state, plan): (&'a ObservedState, &'a Plan),
        removes: bool,
    ) -> BoxFuture<'a, miette::Result<()>> {
        async move {
            if let Some(refused) = refusals::of_stacks(account.scope(), stacks, state, removes) {
                return Err(refused.into());
            }
            let is_named = |address: &Address| {
                let step = plan.steps.iter().find(|step| step.address == *address);
                step.is_some_and(|step| account.is_named(step))
            };
            match refusals::of_replacements(plan, stacks, &is_named).filter(|_| !removes) {
                Some(refused) => Err(refused.into()),
                None => Ok(()),
            }
        }
        .boxed()
    }

    fn carry_out<'a>(&'a self, work: Work<'a>) -> BoxFuture<'a, Outcome> {
        async move {
            match work.execution.removal {
                Removal::OnlyEmpty => self.apply(&work).await,
                Removal::WithContents => removal::remove(self, &work).await,
            }
        }
        .boxed()
    }
}

/// What is live now, and the plan that is left.
async fn observed(account: &Account, graph: &Graph) -> miette::Result<(Plan, ObservedState)> {
    let state = ObservedState::read(account, graph).await?;
    let plan = plan::plan(account.scope(), graph, &state.snapshot, &|kind| account.rules(kind));
    Ok((plan, state))
}

/// What to say where CloudFormation is done and the account cannot be read afterwards.
pub(super) fn unread(error: &miette::Report) -> String {
    format!("CloudFormation is done, but the account could not be read completely afterwards: {error}")
}

/// Executes what is left of a plan, and ends its steps on the board. Returns what the run came to, without endings.
pub(super) async fn finish(
    work: &Work<'_>,
    board: &Board<'_>,
    rest: &Plan,
    state: &ObservedState,
) -> Outcome {
    let numbers: Vec<usize> = rest.steps.iter().map(|step| number_of(work.plan, step)).collect();
    let (events, mut received) = tokio::sync::mpsc::unbounded_channel::<crate::model::Event>();
    let execution = Execution {
        regions: work.execution.regions,
        registry: work.execution.registry,
        events,
        cancel: work.execution.cancel.clone(),
        settle: work.execution.settle,
        stale: work.execution.stale,
        dependents: dependents(work.account.registry, work.graph, rest, &state.snapshot.live),
        removal: work.execution.removal,
    };
    let shown = work.execution.events.clone();
    let forward = async {
        while let Some(event) = received.recv().await {
            let step = numbers[event.step];
            // If no one receives events any more, the work goes on.
            let _ = shown.send(crate::model::Event { step, ..event });
        }
    };
    let execute = async {
        let outcome = execute::execute(&execution, rest).await;
        drop(execution);
        outcome
    };
    let (outcome, ()) = tokio::join!(execute, forward);
    for (number, step) in work.plan.steps.iter().enumerate() {
        let mut of_step = numbers.iter().zip(&outcome.endings).filter(|(mine, _)| **mine == number);
        let ending = match of_step.find(|(_, ending)| !matches!(ending, StepEnding::Done(_))) {
            Some((_, StepEnding::Interrupted)) => continue,
            Some((_, ending)) => ending.clone(),
            None => done(step, rest, &outcome, state),
        };
        board.end(number, ending);
    }
    outcome
}

/// The ending of a step that was carried out.
fn done(step: &plan::Step, rest: &Plan, outcome: &Outcome, state: &ObservedState) -> StepEnding {
    if matches!(step.action, StepAction::Delete { .. }) {
        return StepEnding::Done(None);
    }
    let made = rest.steps.iter().zip(&outcome.endings).find_map(|(one, ending)| match ending {
        StepEnding::Done(Some(id)) if one.address == step.address => Some(id.clone()),
        _ => None,
    });
    let live = || state.snapshot.live.get(&step.address).map(|live| live.id.clone());
    StepEnding::Done(made.or_else(live))
}

/// The number of the agreed step that a left one belongs to.
fn number_of(agreed: &Plan, step: &plan::Step) -> usize {
    let deletes = |step: &plan::Step| matches!(step.action, StepAction::Delete { .. });
    let at = |same: bool| {
        let fits =
            |one: &&plan::Step| one.address == step.address && (!same || deletes(one) == deletes(step));
        agreed.steps.iter().position(|one| fits(&one))
    };
    at(true).or_else(|| at(false)).unwrap_or_default()
}

/// The outcome, with the endings of the board.
pub(super) fn ended(work: &Work<'_>, board: &Board<'_>, outcome: Outcome) -> Outcome {
    let endings = board.endings();
    let all_done = endings.iter().all(|ending| matches!(ending, StepEnding::Done(_)));
    let interrupted = outcome.interrupted || work.execution.cancel.is_cancelled() && !all_done;
    Outcome { endings, interrupted, ..outcome }
}

/// A region's clients for work that an interrupt ends.
pub(super) fn quiet(work: &Work<'_>, region: &str) -> Context {
    work.execution.regions.context(region).working(Arc::new(|_: &str| {}), work.execution.cancel.clone())
}

/// The stack after an operation that succeeded. Otherwise its steps end on the board.
pub(super) fn succeeded(
    board: &Board<'_>,
    numbers: &[usize],
    end: Result<OperationEnd>,
) -> std::result::Result<StackSeen, Stopped> {
    match end {
        Ok(end) if end.is_success() => Ok(end.stack),
        Ok(end) => {
            board.fail(numbers, &end.causes, &failed(&end));
            Err(Stopped)
        }
        Err(error) => Err(stop(board, numbers, &error)),
    }
}

/// Ends these steps with an error, unless the run was interrupted.
pub(super) fn stop(board: &Board<'_>, numbers: &[usize], error: &Error) -> Stopped {
    if error.class != crate::aws::Class::Interrupted {
        board.fail(numbers, &[], error);
    }
    Stopped
}

/// What failed, by the oldest cause.
pub(in crate::ops) fn failed(end: &OperationEnd) -> Error {
    let stack = &end.stack;
    let why = match end.causes.first() {
        Some(cause) => format!("{}: {}", cause.logical_id, plain_reason(&cause.reason)),
        None if stack.reason.is_empty() => format!("it ended in {}", stack.status),
        None => stack.reason.clone(),
    };
    Error::unexpected(
        "cloudformation:ExecuteChangeSet",
        format!("stack {} ended in {}: {why}", stack.name, stack.status),
    )
}

/// A rollback that cannot go on by itself.
fn stuck(end: &OperationEnd) -> Error {
    let ids: Vec<&str> = end.causes.iter().map(|cause| cause.logical_id.as_str()).collect();
    let (name, region, ids) = (&end.stack.name, &end.stack.region, ids.join(" "));
    let hint = format!(
        "mend what keeps these resources from going back and run the command again; or skip them, which leaves them as they \
         are: `aws cloudformation continue-update-rollback --stack-name {name} --region {region} --resources-to-skip {ids}`"
    );
    Error { hint: Some(hint), ..failed(end) }
}

/// The addresses of a template's resources and of those that its stack has so far, by logical id.
fn members(plan: &Plan, template: &Template, held: Option<&HeldStack>) -> BTreeMap<String, Address> {
    let mut members = template.members.clone();
    let former =
        plan.steps.iter().map(|step| &step.address).chain(plan.kept.iter().map(|known| &known.address));
    for address in former.filter(|address| held.is_some_and(|held| held.has(address))) {
        members.insert(logical_id(address), address.clone());
    }
    members
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

/// A stack policy that keeps CloudFormation from replacing or deleting what holds data.
fn stack_policy(graph: &Graph, template: &Template) -> Option<String> {
    let guarded = |address: &Address| graph.get(address).is_some_and(|one| one.guard == Guard::Data);
    let guarded: Vec<String> = template
        .members
        .iter()
        .filter(|(_, address)| guarded(address))
        .map(|(id, _)| format!("LogicalResourceId/{id}"))
        .collect();
    if guarded.is_empty() {
        return None;
    }
    let policy = json!({ "Statement": [
        { "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": guarded },
    ] });
    Some(policy.to_string())
}

/// The values of a template's parameters: outputs of the stacks that were deployed before.
pub(in crate::ops) fn parameters(
    template: &Template,
    outputs: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let value = |name: &str| match outputs.get(name) {
        Some(value) => Ok((name.to_owned(), value.clone())),
        None => Err(Error::missing("cloudformation:DescribeStacks", &format!("output {name}"))),
    };
    template.parameters().map(value).collect()
}

/// The template for a call: in it, or, if it is too long, in the home bucket.
pub(in crate::ops) async fn template_text(account: &Account, template: &Template) -> Result<TemplateText> {
    put_text(account, template.body.to_string()).await
}

/// The text of a template for a call.
pub(in crate::ops) async fn put_text(account: &Account, text: String) -> Result<TemplateText> {
    if text.len() <= INLINE {
        return Ok(TemplateText::Inline(text));
    }
    let digest = hex::encode(Sha256::digest(&text));
    let key = account.store.put_template(&digest, &text).await?;
    Ok(TemplateText::Url(url_of(account, &key)))
}

/// The URL of an object in the home bucket.
fn url_of(account: &Account, key: &str) -> String {
    let (scope, connection) = (account.scope(), account.regions.connection());
    let bucket = scope.home_bucket();
    match connection.local_endpoint() {
        Some(endpoint) => format!("{endpoint}/{bucket}/{key}"),
        None => format!("https://{bucket}.s3.{}.amazonaws.com/{key}", scope.region),
    }
}

/// A name for a change set, and a token for its execution.
pub(in crate::ops) fn set_name() -> String {
    format!("{SET_PREFIX}{}", Timestamp::now().as_nanosecond())
}
