//! `provision apply`: load, bundle, declare, observe, plan, show, confirm, apply, show. A saved plan brings along what is
//! loaded, bundled and declared.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use futures::future::try_join_all;

use super::confirm::confirm;
use super::converge::{self, Under};
use super::exit::Refused;
use super::interrupt::Writing;
use super::noted::Noted;
use super::outputs::Outputs;
use super::saved::{Declared, Input};
use super::session::Survey;
use super::{protected, sign, verify};
use crate::model::{Address, Outputs as Values, bundle_key};
use crate::plan::Plan;
use crate::plan::check::{Permits, check};
use crate::report;
use crate::report::out::outln;
use crate::resource::Removal;
use crate::review::Review;

/// Make the account match the stack file, or carry out a saved plan.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file, or a plan that `plan --out` wrote.
    #[arg(value_name = "STACK|PLAN")]
    stack: PathBuf,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    /// Do not wait until the distribution has reached every edge.
    #[arg(long)]
    no_wait: bool,
    /// Then upload a clip and play what becomes of it.
    #[arg(long)]
    verify: bool,
    /// The private half of one of the viewers' keys: `--verify` needs it where nothing plays unsigned.
    #[arg(long, value_name = "FILE", requires = "verify")]
    key: Option<PathBuf>,
    /// Take over resources in the way that carry nobody's mark.
    #[arg(long)]
    adopt: bool,
    /// Agree to what lets somebody do more than before, which `--yes` does not.
    #[arg(long)]
    allow_broadening: bool,
}

/// Converges the stack. Exit codes are those of `docs/exit-codes.md`.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    let look = async |input: &Input| {
        if args.verify {
            sign::need_key(&input.session.file, args.key.as_deref())?;
        }
        let declared = input.declare().await?;
        let (plan, survey) = plan_of(input, &declared).await?;
        Ok((declared, plan, survey))
    };
    let (input, (declared, plan, survey)) = Input::open_and(&args.stack, args.adopt, look).await?;
    let (session, graph) = (&input.session, &declared.graph);
    let review = session.review(graph, &plan, &survey);
    outln!("{}", report::human(&review).trim_end());
    let mut live = plan.outputs.clone();
    if !plan.is_empty() {
        protected::check(&session.file, &review)?;
        agree(&review, survey.is_established(), &args)?;
        let (code, made) = carry_out(&input, &declared, &plan, &args).await?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
        live = made;
    }
    let outputs = Outputs::known(session, graph, &live)?;
    outln!("\n{}", outputs.human());
    if args.verify {
        let cookie = verify::cookie(session, graph, &outputs, args.key.as_deref()).await?;
        verify::check(session, &outputs, None, cookie.as_deref()).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Passes where somebody agrees: to the plan, and once more to what lets somebody do more than before. While a stack was
/// never whole, all it has is new and asked for, so that `--yes` can finish what it began.
fn agree(review: &Review, established: bool, args: &Args) -> miette::Result<()> {
    let no = || Refused::plain("not applied; nothing was changed").into();
    if !args.yes && !confirm(&format!("\nApply this to {}?", review.stack), "--yes")? {
        return Err(no());
    }
    if review.security.is_empty() || args.allow_broadening || !established {
        return Ok(());
    }
    let count = review.security.len();
    let question = format!("Somebody may do more than before, in {count} ways listed above. Agreed?");
    if confirm(&question, "--allow-broadening")? { Ok(()) } else { Err(no()) }
}

async fn plan_of(input: &Input, declared: &Declared) -> miette::Result<(Plan, Survey)> {
    let (zone, planned) = tokio::join!(input.same_zone(&declared.graph), input.session.plan(&declared.graph));
    zone?;
    let (plan, survey) = planned?;
    input.still_holds(&survey, &plan).await?;
    check(&plan, Permits { adopt: input.adopt, lose_data: false })?;
    Ok((plan, survey))
}

/// Under the stack's lock: looks again, and carries out exactly what was shown. Returns how that ended, and the outputs of what
/// is live then.
async fn carry_out(
    input: &Input,
    declared: &Declared,
    shown: &Plan,
    args: &Args,
) -> miette::Result<(ExitCode, BTreeMap<Address, Values>)> {
    let session = &input.session;
    let writing = Writing::begin();
    converge::make_home(session, &writing).await?;
    let lease = session.home.lock(session.stack(), &session.by, "apply").await?;
    let lost = lease.lost();
    let work = async {
        let (plan, survey) = writing.unless(plan_of(input, declared)).await?;
        converge::same(shown, &plan)?;
        let bundles = declared.packages.iter().zip(&declared.files);
        let puts = bundles
            .map(async |(package, file)| session.home.put_bundle(&bundle_key(&package.sha256), file).await);
        writing.unless(async { Ok(try_join_all(puts).await.map(drop)?) }).await?;
        converge::still_held(&lost)?;
        let noted =
            Noted::begin(session, (&survey, &plan), "apply", input.digest(), &declared.packages).await?;
        let under = Under {
            settle: !args.no_wait,
            removal: Removal::OnlyEmpty,
            lost: lost.clone(),
            writing: &writing,
        };
        let outcome = converge::execute(session, &plan, under).await;
        // Whoever took a lost lock over writes the record now.
        let noted = if lost.is_cancelled() {
            Ok(())
        } else {
            converge::note_end(session, &declared.graph, &plan, &survey, &outcome, noted).await
        };
        Ok((converge::verdict(&plan, &outcome, noted), outcome.outputs))
    };
    let result = work.await;
    converge::give_back(lease).await;
    result
}
