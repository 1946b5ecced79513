//! What apply and teardown share: the home bucket, the run itself with its interrupt, and what is noted of it.

use std::process::ExitCode;

use miette::miette;
use serde_json::Value;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::exit::{self, Interrupted, Refused};
use super::interrupt::Writing;
use super::noted::Noted;
use super::session::{Session, Survey};
use crate::execute::{self, Ending, Execution, Outcome};
use crate::graph::Graph;
use crate::home::{Lease, Locked, Record, Recorded};
use crate::model::{Address, Contents, Known, Readiness, Snapshot, resolve};
use crate::observe;
use crate::plan::check::{Permits, check};
use crate::plan::{self, Action, Plan, Reason};
use crate::report::out::{errln, outln};
use crate::report::{self, Progress};
use crate::resource::route53::RecordSet;
use crate::resource::{Removal, Resource as _};
use crate::saved::PlanFingerprint;
use crate::stack;

/// How a plan is carried out.
pub(super) struct Under<'a> {
    pub(super) settle: bool,
    pub(super) removal: Removal,
    /// Cancelled when the stack's lock is lost.
    pub(super) lost: CancellationToken,
    pub(super) writing: &'a Writing,
}

/// Makes the account's home bucket as declared: a small stack of its own, planned and executed like any other.
pub(super) async fn make_home(session: &Session, writing: &Writing) -> miette::Result<()> {
    let scope = session.regions.scope();
    let graph = Graph::new(stack::home::declare(scope))?;
    let look = async { Ok(observe::declared(&session.regions, session.registry, &graph).await?) };
    let live = writing.unless(look).await?;
    let snapshot = Snapshot { live, orphans: Vec::new() };
    let plan = plan::plan(scope, &graph, &snapshot, &|kind| session.rules(kind));
    check(&home_as_ours(plan.clone()), Permits::default())?;
    let (events, _unheard) = tokio::sync::mpsc::unbounded_channel();
    let execution = Execution {
        regions: &session.regions,
        registry: session.registry,
        events,
        cancel: writing.token().clone(),
        settle: true,
        removal: Removal::OnlyEmpty,
    };
    let outcome = execute::execute(&execution, &plan).await;
    if writing.token().is_cancelled() {
        return Err(Interrupted.into());
    }
    match report::failures(&plan, &outcome) {
        None => Ok(()),
        Some(failed) => Err(miette!("the home bucket {} could not be made\n{failed}", session.home.bucket())),
    }
}

/// The home bucket belongs to all stacks of an account: its mark names none of them.
fn home_as_ours(mut plan: Plan) -> Plan {
    plan.scope.stack = stack::home::STACK.to_owned();
    plan
}

/// Removes what the home bucket keeps of the stack, and the bucket itself once no stack needs it; unless somebody has begun
/// to make the stack meanwhile, whose lock and record these are.
pub(super) async fn forget_home(session: &Session) -> miette::Result<()> {
    if let Some(holder) = session.home.holder(session.stack()).await? {
        let stack = session.stack().to_owned();
        return Err(Locked::Elsewhere { stack, holder: Box::new(holder) }.into());
    }
    session.home.forget(session.stack()).await?;
    if session.home.is_used().await? {
        return Ok(());
    }
    let graph = Graph::new(stack::home::declare(session.regions.scope()))?;
    for declaration in graph.in_order().rev() {
        let cx = session.regions.context(&declaration.region);
        let Some(adapter) = session.registry.get(&declaration.kind) else { continue };
        let mark = cx.scope.mark(&declaration.address);
        if let Some(live) = adapter.find(&cx, &declaration.properties, &mark).await? {
            adapter.delete(&cx, &live.id, Removal::WithContents).await?;
        }
    }
    Ok(())
}

/// Passes when the account still asks for exactly what was shown. That a distribution has reached the edges meanwhile, or
/// that somebody uploaded into a bucket whose settings change, is no reason to stop.
pub(super) fn same(shown: &Plan, now: &Plan) -> miette::Result<()> {
    let moved = PlanFingerprint::of(&binding(shown)).changes_since(&PlanFingerprint::of(&binding(now)));
    if moved.is_empty() {
        return Ok(());
    }
    let what: Vec<String> = moved.iter().map(ToString::to_string).collect();
    let says =
        format!("the account moved since the plan was shown; nothing was changed\n{}", what.join("\n"));
    Err(Refused::new(says, "read the new plan and apply that").into())
}

/// What of a plan is agreed to: all but what goes on changing by itself where that does not matter.
pub(super) fn binding(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        match &mut step.action {
            Action::Update { seen, .. } => {
                (seen.readiness, seen.contents) = (Readiness::Ready, Contents::Nothing);
            }
            Action::Delete { seen, .. } => seen.readiness = Readiness::Ready,
            Action::Create { .. } => {}
        }
    }
    plan
}

/// Passes while the stack's lock is held: whoever took a lost one over writes now, the record too.
pub(super) fn still_held(lost: &CancellationToken) -> miette::Result<()> {
    if !lost.is_cancelled() {
        return Ok(());
    }
    let says = "the stack's lock was lost: somebody else took it over, or it could not be renewed in time; nothing was changed";
    Err(Refused::new(says, "run the command again").into())
}

/// Cancelled by an interrupt, and by the loss of the lock: in the same moment where it is lost already.
fn stopped_by(interrupt: &CancellationToken, lost: &CancellationToken) -> (CancellationToken, AbortHandle) {
    let stop = interrupt.child_token();
    if lost.is_cancelled() {
        stop.cancel();
    }
    let (lost, stopping) = (lost.clone(), stop.clone());
    let losing = tokio::spawn(async move {
        lost.cancelled().await;
        stopping.cancel();
    });
    (stop, losing.abort_handle())
}

/// Carries out the plan with progress on stderr. Ctrl-C finishes the calls in flight and starts no others; so does the
/// loss of the lock.
pub(super) async fn execute(session: &Session, plan: &Plan, under: Under<'_>) -> Outcome {
    let (cancel, losing) = stopped_by(under.writing.token(), &under.lost);
    let progress = Progress::begin(plan);
    let execution = Execution {
        regions: &session.regions,
        registry: session.registry,
        events: progress.events.clone(),
        cancel,
        settle: under.settle,
        removal: under.removal,
    };
    let outcome = execute::execute(&execution, plan).await;
    drop(execution);
    progress.end().await;
    losing.abort();
    if under.lost.is_cancelled() {
        errln!(
            "the stack's lock was lost, to somebody else or since it could not be renewed in time: finished the calls in \
             flight, started no others"
        );
    }
    outcome
}

/// Gives the stack's lock back. Where that fails, nothing is lost but time.
pub(super) async fn give_back(lease: Lease) {
    if let Err(error) = lease.release().await {
        errln!("the stack's lock could not be given back, and expires by itself within two minutes: {error}");
    }
}

/// Notes what exists after an apply.
pub(super) async fn note_end(
    session: &Session,
    graph: &Graph,
    plan: &Plan,
    survey: &Survey,
    outcome: &Outcome,
    noted: Noted,
) -> miette::Result<()> {
    let complete = outcome.endings.iter().all(|ending| matches!(ending, Ending::Done(_)));
    noted.end(session, plan, outcome, complete, existing(graph, plan, survey, outcome)).await
}

/// What exists after an apply, of what is declared and of what was.
fn existing(graph: &Graph, plan: &Plan, survey: &Survey, outcome: &Outcome) -> Vec<Recorded> {
    let mut ids: std::collections::BTreeMap<_, _> =
        survey.snapshot.live.iter().map(|(address, live)| (address.clone(), live.id.clone())).collect();
    for (step, ending) in plan.steps.iter().zip(&outcome.endings) {
        match (ending, &step.action) {
            (Ending::Done(Some(id)), _) => drop(ids.insert(step.address.clone(), id.clone())),
            // A former resource may have gone from an address at which another one is declared now.
            (Ending::Done(None), Action::Delete { seen, .. }) if ids.get(&step.address) == Some(&seen.id) => {
                drop(ids.remove(&step.address));
            }
            _ => {}
        }
    }
    let applied = survey.record.as_ref().map(Record::applied).unwrap_or_default();
    let declared = graph.in_order().filter_map(|declaration| {
        let known = Known {
            address: declaration.address.clone(),
            kind: declaration.kind.clone(),
            region: declaration.region.clone(),
            id: ids.get(&declaration.address)?.clone(),
        };
        let properties = match undone(plan, outcome, &declaration.address) {
            // Whose these are once their distribution is gone, only where they led tells.
            None if declaration.kind == RecordSet::KIND => {
                resolve(&declaration.properties, &|address| outcome.outputs.get(address).cloned())
            }
            None => declaration.properties.clone(),
            Some(seen) => applied.get(&declaration.address).unwrap_or(seen).clone(),
        };
        Some(Recorded { known, properties })
    });
    // Where both are at one address, the later counts for what was applied there.
    former(plan, survey, outcome).into_iter().chain(declared).collect()
}

/// What was there of a resource whose change was not carried out: it is not as declared, and the record must not say
/// that somebody else changed it.
fn undone<'a>(plan: &'a Plan, outcome: &Outcome, address: &Address) -> Option<&'a Value> {
    plan.steps.iter().zip(&outcome.endings).find_map(|(step, ending)| match (&step.action, ending) {
        (_, Ending::Done(_)) | (Action::Create { .. } | Action::Delete { reason: Reason::Orphan, .. }, _) => {
            None
        }
        (Action::Update { seen, .. } | Action::Delete { seen, .. }, _) => {
            (step.address == *address).then_some(&seen.properties)
        }
    })
}

/// Orphans that are still there because their deletion failed or was not tried. What somebody added is none of them: it is
/// seen beside what is declared, and remembered it would pass for something that was declared once.
fn former(plan: &Plan, survey: &Survey, outcome: &Outcome) -> Vec<Recorded> {
    let left = |orphan: &&crate::model::Orphan| {
        let mut steps = plan.steps.iter().zip(&outcome.endings);
        !steps.any(|(step, ending)| {
            matches!(&step.action, Action::Delete { seen, .. } if seen.id == orphan.live.id && step.kind == orphan.kind)
                && matches!(ending, Ending::Done(_))
        })
    };
    let orphans = survey.snapshot.orphans.iter().filter(|orphan| !orphan.by_hand).filter(left);
    orphans
        .map(|orphan| Recorded {
            known: Known {
                address: orphan.address.clone(),
                kind: orphan.kind.clone(),
                region: orphan.region.clone(),
                id: orphan.live.id.clone(),
            },
            properties: orphan.live.properties.clone(),
        })
        .collect()
}

/// Says how it ended, and whether that could be noted, and returns the exit code. What was done counts: an error after it
/// hides nothing of it.
pub(super) fn verdict(plan: &Plan, outcome: &Outcome, noted: miette::Result<()>) -> ExitCode {
    outln!("\n{}", report::summary(plan, outcome));
    let failures = report::failures(plan, outcome);
    if failures.is_none() && noted.is_ok() {
        return ExitCode::SUCCESS;
    }
    errln!("\n{}", failures.unwrap_or_default().trim_end());
    if let Err(error) = noted {
        errln!("what was done could not be noted, so the next plan looks for it by its marks:\n{error:?}");
    }
    errln!("what was done stays; run the command again to continue from here");
    exit::code(if outcome.interrupted { exit::INTERRUPTED } else { exit::PARTIAL })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::model::{Declaration, Guard, Kind, Live, Orphan, Outputs, Ownership};
    use crate::plan::Rules;

    fn live(id: &str, ownership: Ownership) -> Live {
        Live {
            id: id.into(),
            properties: json!({ "Name": id }),
            outputs: Outputs::new(),
            ownership,
            readiness: Readiness::Ready,
            contents: Contents::Nothing,
        }
    }

    #[tokio::test]
    async fn a_lock_that_is_lost_already_lets_no_step_begin() {
        let (interrupt, lost) = (CancellationToken::new(), CancellationToken::new());
        assert!(still_held(&lost).is_ok() && !stopped_by(&interrupt, &lost).0.is_cancelled());
        lost.cancel();
        assert!(stopped_by(&interrupt, &lost).0.is_cancelled());
        assert_eq!(exit::of(&still_held(&lost).unwrap_err()), exit::REFUSED);
        assert!(!interrupt.is_cancelled());
    }

    /// Interrupted before it went, it would else be told as "no longer declared" by the next plan, and wait for the rest.
    #[test]
    fn what_somebody_added_is_not_remembered_as_the_stacks() {
        let part = Orphan {
            address: "handlers/submit/permission/by-hand".into(),
            kind: Kind::new("AWS::Test::Thing"),
            region: "eu-west-1".into(),
            live: live("by-hand", Ownership::Inherited),
            by_hand: true,
        };
        let snapshot = Snapshot { orphans: vec![part], ..Snapshot::default() };
        let scope = crate::model::Scope {
            stack: "vod".into(),
            account: "111122223333".into(),
            region: "eu-west-1".into(),
        };
        let graph = Graph::new([]).unwrap();
        let rules = |_: &Kind| Rules { create_only: &[], write_only: &[], rank: 0, normal: Value::clone };
        let plan = plan::plan(&scope, &graph, &snapshot, &rules);
        let outcome = Outcome { endings: vec![Ending::Interrupted], ..Outcome::default() };
        assert_eq!(existing(&graph, &plan, &Survey { snapshot, record: None }, &outcome), []);
    }

    /// A certificate of another name: the former one is an orphan at the address of the new one.
    #[test]
    fn what_takes_the_address_of_something_former_is_remembered() {
        let (kind, region) = (Kind::new("AWS::Test::Thing"), "eu-west-1".to_owned());
        let certificate = Declaration {
            address: "delivery/certificate".into(),
            kind: kind.clone(),
            region: region.clone(),
            properties: json!({ "Name": "new" }),
            predicted: Outputs::new(),
            after: BTreeSet::new(),
            guard: Guard::None,
        };
        let address = certificate.address.clone();
        let former = Orphan {
            address,
            kind,
            region: region.clone(),
            live: live("old", Ownership::Inherited),
            by_hand: false,
        };
        let snapshot = Snapshot { orphans: vec![former], ..Snapshot::default() };
        let scope = crate::model::Scope { stack: "vod".into(), account: "111122223333".into(), region };
        let graph = Graph::new([certificate]).unwrap();
        let rules = |_: &Kind| Rules { create_only: &[], write_only: &[], rank: 0, normal: Value::clone };
        let plan = plan::plan(&scope, &graph, &snapshot, &rules);
        let survey = Survey { snapshot, record: None };
        let ended = |deleted: Ending| {
            let endings = vec![Ending::Done(Some("new".into())), deleted];
            let outcome = Outcome { endings, ..Outcome::default() };
            let existing = existing(&graph, &plan, &survey, &outcome);
            existing.into_iter().map(|one| (one.known.id, one.properties)).collect::<Vec<_>>()
        };
        let new = ("new".to_owned(), json!({ "Name": "new" }));
        assert_eq!(ended(Ending::Done(None)), std::slice::from_ref(&new));
        assert_eq!(ended(Ending::Interrupted), [("old".to_owned(), json!({ "Name": "old" })), new]);
    }
}
