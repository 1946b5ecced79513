//! `provision library`: encodes of videos that are in the source bucket already.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use miette::miette;
use tokio_util::sync::CancellationToken;

use super::confirm::confirm;
use super::exit;
use super::terminal::Terminal;
use crate::ops::library::{Counts, Failed, Job, JobState, LibraryError, StackLibrary, Wanted};
use crate::ops::{self, Refused};
use crate::report;
use crate::report::out::{errln, outln};

/// Transcode videos that are in the source bucket already, with S3 Batch Operations.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: LibraryCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LibraryCommand {
    /// Start an encode of every video whose current version is neither published nor failed.
    Start(Start),
    /// Show the progress of a batch job, or how it ended.
    Status(Which),
    /// Start no more encodes. Encodes that have started continue.
    Cancel(Which),
}

#[derive(Debug, clap::Args)]
struct Start {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// Only keys with this prefix.
    #[arg(long, value_name = "PREFIX", default_value = "")]
    prefix: String,
    /// Encode videos instead that failed, were refused, or whose encode was cancelled.
    #[arg(long, conflicts_with = "all")]
    failed: bool,
    /// Encode all videos instead, published ones too.
    #[arg(long)]
    all: bool,
    /// Show what would be encoded, and start nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation.
    #[arg(short, long)]
    yes: bool,
    /// Return at once; do not follow the job.
    #[arg(long)]
    no_wait: bool,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The batch job; the default is the stack's newest.
    #[arg(long, value_name = "ID")]
    job: Option<String>,
}

/// How many failed videos are named here; the report has them all.
const NAMED: usize = 20;

/// Runs the subcommand.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    match args.command {
        LibraryCommand::Start(args) => start(args).await,
        LibraryCommand::Status(args) => {
            let (library, job) = which(args).await?;
            print(&library, &library.look(&job).await?).await?;
            Ok(ExitCode::SUCCESS)
        }
        LibraryCommand::Cancel(args) => {
            let (library, job) = which(args).await?;
            library.cancel(&job).await?;
            outln!("batch job {job} starts no more encodes; encodes that have started continue");
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn start(args: Start) -> miette::Result<ExitCode> {
    let library = ops::open_library(&args.stack, &Terminal::ui()).await?;
    let wanted = match args {
        Start { all: true, .. } => Wanted::All,
        Start { failed: true, .. } => Wanted::Failed,
        Start { .. } => Wanted::New,
    };
    let choice = library.choose(&args.prefix, wanted).await?;
    outln!("{}", summary(&library.source, &args.prefix, &choice.counts));
    if choice.counts.videos == 0 {
        outln!("nothing to do");
        return Ok(ExitCode::SUCCESS);
    }
    if args.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    let question = format!("Encode {}? Each costs money.", videos(choice.counts.videos));
    if !args.yes && !confirm(&question, "--yes")? {
        return Err(Refused::plain("no encode was started").into());
    }
    let started = library.begin(&choice).await?;
    outln!("batch job  {}", started.id);
    if args.no_wait {
        outln!("follow it with: provision library status {}", args.stack.display());
        return Ok(ExitCode::SUCCESS);
    }
    let followed = follow(&library, &started.id).await;
    let followed = followed.inspect_err(|_| {
        errln!(
            "batch job {} was started and continues; do not start it again: `provision library status {}` follows it",
            started.id,
            args.stack.display()
        );
    });
    match followed? {
        Some(job) => {
            print(&library, &job).await?;
            Ok(code(&job))
        }
        None => {
            errln!("the batch job continues; `provision library cancel` ends it");
            Ok(exit::code(exit::INTERRUPTED))
        }
    }
}

fn code(job: &Job) -> ExitCode {
    match (&job.state, job.failed, job.taken) {
        (JobState::Complete, 0, _) => ExitCode::SUCCESS,
        (JobState::Failed(_), _, 0) => exit::code(exit::FAILED),
        _ => exit::code(exit::PARTIAL),
    }
}

/// The stack's library, and the job that is meant.
async fn which(args: Which) -> miette::Result<(StackLibrary, String)> {
    let library = ops::open_library(&args.stack, &Terminal::ui()).await?;
    if let Some(job) = args.job {
        return Ok((library, job));
    }
    let newest = library.newest().await?;
    let none = || {
        miette!(
            help = "`provision library start STACK` starts one",
            "stack {} had no batch job in the last 90 days",
            library.stack()
        )
    };
    let job = newest.ok_or_else(none)?;
    Ok((library, job))
}

/// Follows the job to its end with a line on stderr for every change. Ctrl-C ends that, not the job.
async fn follow(library: &StackLibrary, id: &str) -> Result<Option<Job>, LibraryError> {
    let cancel = CancellationToken::new();
    let interrupt = tokio::spawn({
        let cancel = cancel.clone();
        async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                cancel.cancel();
            }
        }
    });
    let said = Mutex::new(String::new());
    let notes = move |text: &str| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if *said != text {
            errln!("{text}");
            text.clone_into(&mut said);
        }
    };
    let ended = library.follow(id, notes, cancel).await;
    interrupt.abort();
    ended
}

/// What was found, and what of it is to be encoded.
pub(super) fn summary(source: &str, prefix: &str, counts: &Counts) -> String {
    let Counts { videos: chosen, bytes, new, published, failed, taken, removed, others } = counts;
    let mut text = format!("source     s3://{}/{}", report::plain(source), report::plain(prefix));
    let _ = write!(text, "\nto encode  {}, {}", videos(*chosen), size(*bytes));
    let left = [
        (*published, "published as they are"),
        (*failed, "that failed or were refused: `--failed` tries them again"),
        (*new, "not encoded yet"),
        (*taken, "whose asset is that of another key: rename them (docs/handlers.md)"),
        (*removed, "taken down on request: upload them again to publish them"),
        (*others, "that are no videos, by their names or since they are empty"),
    ];
    for (count, what) in left.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(text, "\nleft out   {count} {what}");
    }
    text
}

fn videos(count: u64) -> String {
    if count == 1 { "1 video".to_owned() } else { format!("{count} videos") }
}

/// A size in the largest unit that leaves a whole number before the point.
fn size(bytes: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(one, _)| bytes >= *one) {
        Some((one, unit)) => format!("{:.1} {unit}", bytes as f64 / one as f64),
        None => format!("{bytes} bytes"),
    }
}

/// Prints how a job ended or goes, with the videos that were not taken.
async fn print(library: &StackLibrary, job: &Job) -> miette::Result<()> {
    let named = if job.state != JobState::Running && job.failed > 0 { NAMED } else { 0 };
    let failures = if named > 0 { library.failures(&job.id, named).await? } else { Vec::new() };
    outln!("{}", told(job, &failures, &library.report_at(&job.id)));
    Ok(())
}

pub(super) fn told(job: &Job, failures: &[Failed], report_at: &str) -> String {
    let mut text =
        format!("batch job  {}\ngiven      {job}", report::plain(&format!("{} {}", job.id, job.status)));
    if let JobState::Failed(reasons) = &job.state {
        for reason in reasons {
            let _ = write!(text, "\nfailed     {}", report::plain(reason));
        }
    }
    for Failed { key, why } in failures {
        let _ = write!(text, "\nnot taken  {}: {}", report::plain(key), report::plain(why));
    }
    if job.state != JobState::Running && job.failed > 0 {
        let more = job.failed.saturating_sub(failures.len() as u64);
        let more = if more > 0 { format!("{more} more in ") } else { String::new() };
        let _ = write!(text, "\nreport     {more}{}", report::plain(report_at));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(state: JobState, taken: u64, failed: u64) -> Job {
        Job {
            id: "c8a42dd5-3042-43ef-b994-d70ca529641c".into(),
            status: String::new(),
            state,
            total: Some(taken + failed),
            taken,
            failed,
        }
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!(
            [0, 999, 1_000, 3_210_000_000_000].map(size),
            ["0 bytes", "999 bytes", "1.0 kB", "3.2 TB"]
        );
    }

    #[test]
    fn videos_without_an_asset_of_their_own_are_counted() {
        let removed = summary("source", "", &Counts { removed: 1, ..Counts::default() });
        let left = "left out   1 taken down on request: upload them again to publish them";
        assert_eq!(removed.lines().last(), Some(left));
        let text = summary("source", "", &Counts { taken: 2, ..Counts::default() });
        let left = "left out   2 whose asset is that of another key: rename them (docs/handlers.md)";
        assert_eq!(text.lines().last(), Some(left));
    }

    #[test]
    fn operations_shows_what_is_printed() {
        let counts =
            Counts { videos: 3, bytes: 1_800_000_000, published: 1204, failed: 2, ..Counts::default() };
        let ended = Job { status: "Complete".into(), ..job(JobState::Complete, 2, 1) };
        let failed = Failed { key: "films/sound.mp4".into(), why: "the file has no video track".into() };
        let printed = format!(
            "{}\nbatch job  {}\n{}\n",
            summary("vod-staging-source-111122223333-ap-northeast-2", "films/", &counts),
            ended.id,
            told(
                &ended,
                &[failed],
                "s3://vod-staging-work-111122223333-ap-northeast-2/library/reports/job-c8a42dd5/"
            )
        );
        let page = include_str!("../../docs/operations.md");
        assert!(
            page.contains(&format!("```text\n{printed}```\n")),
            "docs/operations.md should show\n{printed}"
        );
    }

    #[test]
    fn what_is_not_named_is_counted_and_what_keys_hold_is_not_obeyed() {
        let failed = Failed { key: "a\u{1b}[2K".into(), why: "no".into() };
        let text = told(&job(JobState::Failed(vec!["x: y".into()]), 0, 3), &[failed], "s3://report/");
        assert!(
            text.contains("\nfailed     x: y\nnot taken  a\\u{1b}[2K: no\nreport     2 more in s3://report/"),
            "{text}"
        );
    }

    #[test]
    fn a_job_that_left_videos_out_is_partly_done() {
        let is = |code: ExitCode, expected: u8| assert_eq!(code, exit::code(expected));
        is(code(&job(JobState::Complete, 3, 0)), exit::DONE);
        is(code(&job(JobState::Complete, 0, 3)), exit::PARTIAL);
        is(code(&job(JobState::Cancelled, 1, 0)), exit::PARTIAL);
        is(code(&job(JobState::Failed(Vec::new()), 1, 2)), exit::PARTIAL);
        is(code(&job(JobState::Failed(Vec::new()), 0, 0)), exit::FAILED);
    }
}
