//! `provision plan`: what apply would do, to one stack or to many side by side.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use futures::future::join_all;
use miette::miette;

use super::exit;
use super::handlers::HandlersArgs;
use super::name::NameArgs;
use super::terminal::Terminal;
use crate::ops::{self, Action, PlanWishes, Refused, Review, SavedPlan, TargetAction, Totals};
use crate::report;
use crate::report::out::{self, errln, out, outln};

/// Show what apply would do, property by property; changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack files. Several are planned in parallel.
    #[arg(value_name = "STACK", required = true)]
    stacks: Vec<PathBuf>,
    /// Plan to adopt existing untagged resources that have the same name.
    #[arg(long)]
    adopt: bool,
    /// Plan to take the stack's name from another distribution that has it.
    #[arg(long, conflicts_with_all = ["base", "out"])]
    move_name: bool,
    /// Compare with a git revision of the stack file, or with another stack file, instead of the account. This makes no AWS
    /// call and needs no credentials.
    // An empty revision is rejected: `git show :file` prints the staged file, so an empty CI variable would compare the file with
    // itself.
    #[arg(long, value_name = "REVISION|FILE", conflicts_with = "adopt", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    base: Option<String>,
    /// Save the plan, so that `apply FILE` carries out exactly this.
    #[arg(long, value_name = "FILE", conflicts_with = "base")]
    out: Option<PathBuf>,
    /// The output format: `json` for programs (schema: `provision schema plan`), `markdown` for pull requests.
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    format: PlanFormat,
    /// The limit of `markdown` output in bytes. The least important parts are left out first.
    #[arg(long, value_name = "BYTES", default_value_t = 65_000, value_parser = clap::value_parser!(u32).range(i64::from(LEAST_BYTES)..))]
    max_bytes: u32,
    /// Exit with 2 if there are changes.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exit with 3 if the plan has such a change.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
    #[command(flatten)]
    handlers: HandlersArgs,
    #[command(flatten)]
    name: NameArgs,
}

/// The least room in which a plan's totals and first dangers can be said.
const LEAST_BYTES: u32 = 1_000;

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PlanFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

/// What a plan is refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// A change that grants more access.
    Broadening,
    /// A deletion.
    Destroy,
    /// A replacement.
    Replace,
}

impl FailOn {
    /// Why a plan is refused for this, if it is.
    fn found(self, review: &Review) -> Option<String> {
        let of = |action: Action| {
            let found = review.changes.iter().filter(|change| change.action == action);
            let addresses: Vec<&str> = found.map(|change| change.address.as_str()).collect();
            (!addresses.is_empty()).then(|| addresses.join(", "))
        };
        match self {
            Self::Destroy => {
                let removed = review.targets.iter().filter(|target| target.action == TargetAction::Remove);
                let removed =
                    removed.map(|target| format!("the stack of {} in {}", target.target, target.region));
                let found: Vec<String> = of(Action::Delete).into_iter().chain(removed).collect();
                (!found.is_empty()).then(|| format!("it deletes {}", found.join(", ")))
            }
            Self::Replace => of(Action::Replace).map(|found| format!("it replaces {found}")),
            Self::Broadening => {
                let count = review.security.len();
                (count > 0).then(|| format!("it grants more access (findings: {count})"))
            }
        }
    }
}

/// One stack's plan, and what is wrong with it.
struct Row {
    path: PathBuf,
    review: Option<Review>,
    problem: Option<miette::Report>,
}

/// Prints the plans, and refuses unsafe ones as apply does. A stack that cannot be planned does not hide the others.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    args.name.choose();
    args.handlers.choose();
    if args.out.is_some() && args.stacks.len() > 1 {
        let help = "run it once for each stack, with a file of its own";
        return Err(miette!(
            help = help,
            "`--out` saves the plan of one stack, and {} are given",
            args.stacks.len()
        ));
    }
    let least = LEAST_BYTES as usize * args.stacks.len();
    if args.format == PlanFormat::Markdown && (args.max_bytes as usize) < least {
        return Err(miette!(
            help = format!("--max-bytes {least}, or fewer stacks"),
            "{} bytes are too few for {} stacks",
            args.max_bytes,
            args.stacks.len()
        ));
    }
    let planned = join_all(args.stacks.iter().map(|path| plan(path, &args))).await;
    print(&planned, &args);
    let something = planned.iter().filter_map(|one| one.review.as_ref()).any(|review| !review.is_empty());
    let mut problems: Vec<miette::Report> = planned.into_iter().filter_map(|one| one.problem).collect();
    // The one with the gravest code speaks last, for the program.
    problems.sort_by_key(|problem| exit::of(problem) == exit::FAILED);
    let Some(last) = problems.pop() else {
        let changes = args.detailed_exitcode && something;
        return Ok(exit::code(if changes { exit::CHANGES } else { exit::DONE }));
    };
    for problem in problems {
        out::report(&problem);
    }
    Err(last)
}

async fn plan(path: &Path, args: &Args) -> Row {
    let path = path.to_owned();
    let reviewed = match &args.base {
        Some(base) => {
            let compared = ops::compare(&path, base);
            compared.map(|(review, refused)| (review, refused.map(miette::Report::from)))
        }
        None => reviewed(&path, args).await,
    };
    match reviewed {
        Err(problem) => Row { path, review: None, problem: Some(problem) },
        Ok((review, unsafe_plan)) => {
            let problem = unsafe_plan.map_or_else(|| forbidden(&review, &args.fail_on), Some);
            Row { path, review: Some(review), problem }
        }
    }
}

/// The review of a stack's plan, and why apply would refuse it. A safe plan is saved if that is asked for.
async fn reviewed(path: &Path, args: &Args) -> miette::Result<(Review, Option<miette::Report>)> {
    let wishes = PlanWishes { adopt: args.adopt, move_name: args.move_name };
    let planned = ops::plan(path, wishes, args.out.as_deref(), &Terminal::ui()).await?;
    if let (Some(saved), Some(out)) = (&planned.saved, &args.out) {
        errln!("{}", told(saved, &report::plain(&out.display().to_string())));
    }
    Ok((planned.review, planned.refused))
}

/// Where a plan was saved, its digest, and the command that applies it.
fn told(saved: &SavedPlan, out: &str) -> String {
    let SavedPlan { bytes, digest } = saved;
    let megabytes = *bytes as f64 / 1e6;
    format!(
        "saved to {out} ({megabytes:.1} MB)\ndigest {digest}\napply exactly this with: provision apply {out} --digest {digest}"
    )
}

/// What `--fail-on` says of a plan.
fn forbidden(review: &Review, fail_on: &[FailOn]) -> Option<miette::Report> {
    let found: Vec<String> = fail_on.iter().filter_map(|what| what.found(review)).collect();
    let says = format!("the plan of {} is refused: {}", review.stack, found.join("; "));
    (!found.is_empty()).then(|| Refused::new(says, "have the plan approved, or run without --fail-on").into())
}

fn print(planned: &[Row], args: &Args) {
    let reviews: Vec<&Review> = planned.iter().filter_map(|one| one.review.as_ref()).collect();
    let many = planned.len() > 1;
    match args.format {
        PlanFormat::Json if many => out!("{}", report::json(&reviews)),
        PlanFormat::Json => reviews.iter().for_each(|review| out!("{}", report::json(review))),
        PlanFormat::Markdown => out!("{}", markdown(planned, args.max_bytes as usize)),
        PlanFormat::Human => {
            for Row { path, review, problem } in planned {
                if many {
                    outln!("{}", heading(path, review.as_ref(), problem.as_ref()));
                }
                if let Some(review) = review {
                    out::plan(review);
                }
                if many {
                    outln!("");
                }
            }
            if many {
                outln!("{}", sum(planned));
            }
        }
    }
}

/// All plans in one comment, each in its share of the room.
fn markdown(planned: &[Row], max_bytes: usize) -> String {
    let room = max_bytes / planned.len().max(1);
    let each = planned.iter().map(|one| match (&one.review, &one.problem) {
        (Some(review), _) => report::markdown(review, room),
        (None, problem) => {
            let problem = problem.as_ref().map(ToString::to_string).unwrap_or_default();
            report::unplanned(&one.path.display().to_string(), &problem, room)
        }
    });
    each.collect()
}

pub(super) fn heading(path: &Path, review: Option<&Review>, problem: Option<&miette::Report>) -> String {
    let path = path.display().to_string();
    let path = report::plain(&path);
    match (review, problem) {
        (Some(Review { stack, account, region, .. }), _) => {
            format!("# {path}: stack {stack}, account {account}, region {region}\n")
        }
        (None, problem) => {
            let problem = problem.map(ToString::to_string).unwrap_or_default();
            format!("# {path}: cannot be planned: {}", report::plain(&problem))
        }
    }
}

/// All stacks in one line.
fn sum(planned: &[Row]) -> String {
    let mut sum = Totals::default();
    for review in planned.iter().filter_map(|one| one.review.as_ref()) {
        let Totals { create, update, replace, delete, unchanged } = review.totals;
        sum.create += create;
        sum.update += update;
        sum.replace += replace;
        sum.delete += delete;
        sum.unchanged += unchanged;
    }
    let failed = planned.iter().filter(|one| one.review.is_none()).count();
    let seen = (failed < planned.len()).then(|| report::totals(sum));
    let unseen = (failed > 0).then(|| format!("{failed} cannot be planned"));
    let both: Vec<String> = seen.into_iter().chain(unseen).collect();
    format!("{} stacks: {}", planned.len(), both.join("; "))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[tokio::test]
    async fn a_protected_stack_is_judged_against_a_base_too() {
        let stacks = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
        let text = std::fs::read_to_string(stacks.join("local.yaml")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, protected: bool, keep: &str| {
            let text =
                text.replace("expire_noncurrent_after: 1d", &format!("expire_noncurrent_after: {keep}"));
            let file = folder.path().join(name);
            std::fs::write(&file, format!("{text}\nprotected: {protected}\n")).unwrap();
            file.to_str().unwrap().to_owned()
        };
        let (base, open) = (write("base.yaml", true, "9d"), write("open.yaml", false, "5d"));
        let (sooner, later) = (write("sooner.yaml", true, "5d"), write("later.yaml", true, "30d"));
        let code = async |head: &str| {
            let Line { args } = Line::parse_from(["plan", head, "--base", &base]);
            let planned = plan(Path::new(head), &args).await;
            assert!(planned.review.is_some(), "a plan that is refused is shown");
            planned.problem.as_ref().map(exit::of)
        };
        assert_eq!(code(&sooner).await, Some(exit::REFUSED));
        assert_eq!((code(&later).await, code(&open).await), (None, None));
    }
}
