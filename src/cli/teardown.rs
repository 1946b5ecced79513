//! `provision teardown`: plan of deletes, confirm, remove, and prove that nothing is left.

use std::path::PathBuf;
use std::process::ExitCode;

use super::confirm::confirm;
use super::converge::{self, Under};
use super::exit::{self, Refused};
use super::interrupt::Writing;
use super::noted::Noted;
use super::session::{Session, Survey};
use crate::graph::Graph;
use crate::model::{Known, Snapshot};
use crate::observe::{self, OrphanSource};
use crate::plan::Plan;
use crate::plan::check::{Permits, check};
use crate::report::out::outln;
use crate::resource::Removal;
use crate::{plan, report};

/// Remove the stack with everything in it: objects, versions, logs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

/// Removes the stack and audits that it is gone; exit codes are those of `docs/exit-codes.md`.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    let look = async |session: &Session| {
        refuse_protected(session)?;
        let graph = session.declare_unbuilt().await?;
        let planned = plan_of(session, &graph).await?;
        Ok((graph, planned))
    };
    let (session, (graph, planned)) = Session::open_and(&args.stack, look).await?;
    let Planned { plan, survey, left: foreign } = planned;
    session.counts(plan.steps.len());
    if plan.is_empty() {
        outln!("nothing of stack {} is there", session.stack());
    } else {
        outln!("{}", report::human(&session.review(&graph, &plan, &survey)).trim_end());
    }
    for Known { address, kind, id, .. } in &foreign {
        outln!("= {address} {} ({}) is not this stack's: left alone", kind.short(), report::plain(id));
    }
    if !plan.is_empty() {
        let question = format!("\nRemove {} for good, with every object in its buckets?", session.stack());
        if !args.yes && !confirm(&question, "--yes")? {
            return Err(Refused::plain("not removed; nothing was changed").into());
        }
        let code = carry_out(&session, &graph, &plan).await?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    let left = audit(&session, &graph).await?;
    if left.is_empty() {
        converge::forget_home(&session).await?;
        outln!("audit: nothing of stack {} is left", session.stack());
    } else {
        outln!("audit: these are left:");
        for known in &left {
            outln!("  {:<32} {:<32} {}", known.address, known.kind.short(), report::plain(&known.id));
        }
    }
    Ok(exit::code(if left.is_empty() { exit::DONE } else { exit::PARTIAL }))
}

fn refuse_protected(session: &Session) -> miette::Result<()> {
    if !session.file.protected {
        return Ok(());
    }
    let says = format!("stack {} is protected, so teardown is refused; nothing was changed", session.stack());
    Err(Refused::new(says, "set `protected: false`, apply that on purpose, and run it again").into())
}

/// A teardown's plan, what was seen for it, and what it leaves alone.
struct Planned {
    plan: Plan,
    survey: Survey,
    left: Vec<Known>,
}

async fn plan_of(session: &Session, graph: &Graph) -> miette::Result<Planned> {
    let Survey { snapshot, record } = session.survey(graph).await?;
    let (snapshot, left) = plan::ours(session.regions.scope(), graph, snapshot);
    let survey = Survey { snapshot, record };
    let plan = plan::teardown(session.regions.scope(), graph, &survey.snapshot, &|kind| session.rules(kind));
    check(&plan, Permits { adopt: false, lose_data: true })?;
    Ok(Planned { plan, survey, left })
}

/// Under the stack's lock: looks again, and removes exactly what was shown.
async fn carry_out(session: &Session, graph: &Graph, shown: &Plan) -> miette::Result<ExitCode> {
    let writing = Writing::begin();
    converge::make_home(session, &writing).await?;
    let lease = session.home.lock(session.stack(), &session.by, "teardown").await?;
    let lost = lease.lost();
    let work = async {
        let Planned { plan, survey, .. } = writing.unless(plan_of(session, graph)).await?;
        converge::same(shown, &plan)?;
        converge::still_held(&lost)?;
        let noted = Noted::begin(session, (&survey, &plan), "teardown", None, &[]).await?;
        let under =
            Under { settle: false, removal: Removal::WithContents, lost: lost.clone(), writing: &writing };
        let outcome = converge::execute(session, &plan, under).await;
        // Whoever took a lost lock over writes the record now.
        let noted = if lost.is_cancelled() {
            Ok(())
        } else {
            noted.end_teardown(session, &survey, &plan, &outcome).await
        };
        Ok(converge::verdict(&plan, &outcome, noted))
    };
    let result = work.await;
    converge::give_back(lease).await;
    result
}

/// What of the stack is still there: of the declaration, and of anything with the stack's mark.
async fn audit(session: &Session, graph: &Graph) -> miette::Result<Vec<Known>> {
    let (regions, registry) = (session.regions.read_pass(), session.registry);
    let declared = observe::declared(&regions, registry, graph);
    let (live, marked) =
        tokio::join!(declared, observe::remembered(&regions, registry, OrphanSource::Sweep(&[])));
    let live = live?;
    let orphans = observe::orphans(&regions, registry, graph, &live, marked?).await?;
    let snapshot = Snapshot { live, orphans };
    let (Snapshot { live, orphans }, _) = plan::ours(session.regions.scope(), graph, snapshot);
    let declared = graph.in_order().filter_map(|declaration| {
        let live = live.get(&declaration.address)?;
        Some(Known {
            address: declaration.address.clone(),
            kind: declaration.kind.clone(),
            region: declaration.region.clone(),
            id: live.id.clone(),
        })
    });
    let marked = orphans.into_iter().map(|orphan| Known {
        address: orphan.address,
        kind: orphan.kind,
        region: orphan.region,
        id: orphan.live.id,
    });
    Ok(declared.chain(marked).collect())
}
