//! `provision plan`: what apply would do, to one stack or to many side by side.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use futures::future::join_all;
use miette::miette;

use super::exit::{self, Refused};
use super::session::Session;
use super::{offline, protected, saved};
use crate::plan::check::{Permits, check};
use crate::report;
use crate::report::out::{errln, out, outln};
use crate::review::{Action, Review, Totals};

/// Show what apply would do, property by property; changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack files; several are planned side by side.
    #[arg(value_name = "STACK", required = true)]
    stacks: Vec<PathBuf>,
    /// Plan to take over resources in the way that carry nobody's mark.
    #[arg(long)]
    adopt: bool,
    /// Compare with a git revision of the stack file, or with another stack file, instead of the account: no AWS call is
    /// made and no credentials are needed.
    // Of no revision git shows what is staged: a pipeline whose variable is empty would compare a file with itself.
    #[arg(long, value_name = "REVISION|FILE", conflicts_with = "adopt", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    base: Option<String>,
    /// Save the plan, so that `apply FILE` carries out exactly this.
    #[arg(long, value_name = "FILE", conflicts_with = "base")]
    out: Option<PathBuf>,
    /// How to print it: `json` for programs (its schema: `provision schema plan`), `markdown` for pull requests.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The most bytes that `markdown` may have; what matters least is left out first.
    #[arg(long, value_name = "BYTES", default_value_t = 65_000, value_parser = clap::value_parser!(u32).range(i64::from(LEAST_BYTES)..))]
    max_bytes: u32,
    /// Exit 2 where there is something to do.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exit 3 where the plan holds such a change.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
}

/// The least room in which a plan's totals and first dangers can be said.
const LEAST_BYTES: u32 = 1_000;

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
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
    /// Somebody may do more than before.
    Broadening,
    /// Something is removed.
    Destroy,
    /// Something is removed and made anew.
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
            Self::Destroy => of(Action::Delete).map(|found| format!("it deletes {found}")),
            Self::Replace => of(Action::Replace).map(|found| format!("it replaces {found}")),
            Self::Broadening => {
                let count = review.security.len();
                (count > 0).then(|| format!("somebody may do more than before, in {count} ways"))
            }
        }
    }
}

/// One stack's plan, and what is wrong with it.
struct Planned {
    path: PathBuf,
    review: Option<Review>,
    problem: Option<miette::Report>,
}

/// Prints the plans, and refuses like apply what is not safe; a stack that cannot be planned hides no other.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    if args.out.is_some() && args.stacks.len() > 1 {
        let help = "run it once for each stack, with a file of its own";
        return Err(miette!(
            help = help,
            "`--out` saves the plan of one stack, and {} are given",
            args.stacks.len()
        ));
    }
    let least = LEAST_BYTES as usize * args.stacks.len();
    if args.format == Format::Markdown && (args.max_bytes as usize) < least {
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
        errln!("{problem:?}");
    }
    Err(last)
}

async fn plan(path: &Path, args: &Args) -> Planned {
    let path = path.to_owned();
    let reviewed = match &args.base {
        Some(base) => {
            let compared = offline::compare(&path, base);
            compared.map(|(review, refused)| (review, refused.map(miette::Report::from)))
        }
        None => reviewed(&path, args).await,
    };
    match reviewed {
        Err(problem) => Planned { path, review: None, problem: Some(problem) },
        Ok((review, unsafe_plan)) => {
            let problem = unsafe_plan.map_or_else(|| forbidden(&review, &args.fail_on), Some);
            Planned { path, review: Some(review), problem }
        }
    }
}

/// The review of a stack's plan, and why apply would refuse it. What is safe is saved where that is asked for.
async fn reviewed(path: &Path, args: &Args) -> miette::Result<(Review, Option<miette::Report>)> {
    let look = async |session: &Session| {
        let (graph, bundles) = session.declare().await?;
        let (plan, survey) = session.plan(&graph).await?;
        Ok((graph, bundles, plan, survey))
    };
    let (session, (graph, bundles, plan, survey)) = Session::open_and(path, look).await?;
    let review = session.review(&graph, &plan, &survey);
    let safe = check(&plan, Permits { adopt: args.adopt, lose_data: false }).map_err(miette::Report::new);
    let safe = safe.and_then(|()| Ok(protected::check(&session.file, &review)?));
    if let (Ok(()), Some(out)) = (&safe, &args.out) {
        saved::save(out, &session, (&graph, &bundles), &plan, args.adopt)?;
    }
    Ok((review, safe.err()))
}

/// What `--fail-on` says of a plan.
fn forbidden(review: &Review, fail_on: &[FailOn]) -> Option<miette::Report> {
    let found: Vec<String> = fail_on.iter().filter_map(|what| what.found(review)).collect();
    let says = format!("the plan of {} is refused: {}", review.stack, found.join("; "));
    (!found.is_empty())
        .then(|| Refused::new(says, "let somebody who may agree read it, or leave --fail-on out").into())
}

fn print(planned: &[Planned], args: &Args) {
    let reviews: Vec<&Review> = planned.iter().filter_map(|one| one.review.as_ref()).collect();
    let many = planned.len() > 1;
    match args.format {
        Format::Json if many => out!("{}", report::json(&reviews)),
        Format::Json => reviews.iter().for_each(|review| out!("{}", report::json(review))),
        Format::Markdown => out!("{}", markdown(planned, args.max_bytes as usize)),
        Format::Human => {
            for Planned { path, review, problem } in planned {
                if many {
                    outln!("{}", heading(path, review.as_ref(), problem.as_ref()));
                }
                if let Some(review) = review {
                    outln!("{}", report::human(review).trim_end());
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
fn markdown(planned: &[Planned], max_bytes: usize) -> String {
    let room = max_bytes / planned.len().max(1);
    let each = planned.iter().map(|one| match (&one.review, &one.problem) {
        (Some(review), _) => report::markdown(review, room),
        (None, problem) => {
            let problem = problem.as_ref().map(ToString::to_string).unwrap_or_default();
            let text = format!("### {}: cannot be planned\n\n{problem}\n\n", one.path.display());
            text.chars().take(room / 4).collect()
        }
    });
    each.collect()
}

fn heading(path: &Path, review: Option<&Review>, problem: Option<&miette::Report>) -> String {
    let path = path.display();
    match (review, problem) {
        (Some(Review { stack, account, region, .. }), _) => {
            format!("# {path}: stack {stack}, account {account}, region {region}\n")
        }
        (None, problem) => {
            let problem = problem.map(ToString::to_string).unwrap_or_default();
            format!("# {path}: cannot be planned: {problem}")
        }
    }
}

/// All stacks in one line.
fn sum(planned: &[Planned]) -> String {
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
