//! `provision asset`: what became of a key, where it plays, and taking it down.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::confirm::confirm;
use super::exit;
use super::format::Format;
use super::terminal::Terminal;
use crate::ops::Refused;
use crate::ops::asset::{self, Answered, AssetState, AssetStatus, LatestUpload};
use crate::report;
use crate::report::out::{errln, out, outln};

/// Show what became of an uploaded video: id, state, playlist, and the reason if it does not play.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<AssetCommand>,
    #[command(flatten)]
    show: Option<Show>,
}

#[derive(Debug, clap::Subcommand)]
enum AssetCommand {
    /// Take a video down: viewers lose it, and its original stays.
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The key in the source bucket, such as films/holiday.mp4.
    #[arg(value_name = "KEY")]
    key: String,
    /// The output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Remove {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// The key in the source bucket, such as films/holiday.mp4.
    #[arg(value_name = "KEY")]
    key: String,
    /// Do not ask for confirmation.
    #[arg(short, long)]
    yes: bool,
}

/// Runs the command, or its subcommand.
pub(super) async fn run(args: Args) -> miette::Result<ExitCode> {
    match args {
        Args { command: Some(AssetCommand::Remove(args)), .. } => remove(args).await,
        Args { show: Some(args), .. } => show(args).await,
        Args { command: None, show: None } => {
            unreachable!("clap requires STACK and KEY without a subcommand")
        }
    }
}

async fn show(args: Show) -> miette::Result<ExitCode> {
    let status = asset::asset(&args.stack, &args.key, &Terminal::ui()).await?;
    match args.format {
        Format::Human => outln!("{}", human(&status)),
        Format::Json => out!("{}", report::json(&status)),
    }
    Ok(exit::code(code(status.state)))
}

/// There is no asset without an upload. Every other state is an answer.
fn code(state: AssetState) -> u8 {
    if state == AssetState::Absent { exit::FAILED } else { exit::DONE }
}

/// One aligned line each.
pub(super) fn human(status: &AssetStatus) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<11}{}", report::plain(value));
    };
    line("asset", &status.asset);
    line("key", &status.key);
    line("state", word(status.state));
    let known = [
        ("playlist", status.playlist.as_deref()),
        ("reason", status.reason.as_deref()),
        ("version", status.version.as_deref()),
        ("published", status.published.as_deref()),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            line(name, value);
        }
    }
    if let Some(seconds) = status.duration {
        line("duration", &format!("{seconds} s"));
    }
    for one in &status.renditions {
        line("rendition", &rendition(one));
    }
    if let Some(stills) = &status.stills {
        line("stills", &format!("{} at {}", stills.count, stills.pattern));
    }
    if let Some(latest) = &status.latest {
        line("upload", &upload(latest));
    }
    if status.playlist.is_none() {
        line("address", &status.address);
    }
    text.trim_end().to_owned()
}

/// A state as JSON has it.
fn word(state: AssetState) -> &'static str {
    match state {
        AssetState::Published => "published",
        AssetState::Error => "error",
        AssetState::Canceled => "canceled",
        AssetState::Refused => "refused",
        AssetState::Removed => "removed",
        AssetState::Encoding => "encoding",
        AssetState::Waiting => "waiting",
        AssetState::Absent => "absent",
    }
}

/// Size, frame rate, bit rate and codecs, as far as the playlist tells them.
fn rendition(one: &asset::Rendition) -> String {
    let size = one.width.zip(one.height).map(|(width, height)| format!("{width}x{height}"));
    let rate = one.frame_rate.map(|rate| format!("{rate} fps"));
    let bits = Some(format!("{} kbit/s", one.bandwidth / 1_000));
    let parts: Vec<String> = [size, rate, bits, one.codecs.clone()].into_iter().flatten().collect();
    parts.join(", ")
}

fn upload(LatestUpload { version, uploaded, job }: &LatestUpload) -> String {
    let job = job
        .as_ref()
        .map_or_else(|| "no job was started yet".to_owned(), |job| format!("encoded by job {job}"));
    format!("version {version} of {uploaded}: {job}")
}

async fn remove(args: Remove) -> miette::Result<ExitCode> {
    let assets = asset::open(&args.stack, &Terminal::ui()).await?;
    if !args.yes {
        errln!("{}", warning(assets.source(), &args.key));
        let question = format!("Take down {} ({})?", report::plain(&args.key), assets.id(&args.key));
        if !confirm(&question, "--yes")? {
            return Err(Refused::plain("nothing was taken down").into());
        }
    }
    outln!("{}", answered(&assets.remove(&args.key).await?));
    Ok(ExitCode::SUCCESS)
}

/// What a person must know before.
pub(super) fn warning(source: &str, key: &str) -> String {
    format!(
        "Viewers lose the video at once. The original stays: s3://{}/{}.\n\
         This version is never published again. A new upload under this key is published.",
        report::plain(source),
        report::plain(key)
    )
}

pub(super) fn answered(answered: &Answered) -> String {
    match answered {
        Answered::Removed { asset, objects } => {
            format!("removed    {}\nobjects    {objects} deleted; the original stays", report::plain(asset))
        }
        Answered::Absent { asset } => format!("nothing to do: {} is not published", report::plain(asset)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::asset::{Rendition, Stills};

    const FOLDER: &str = "https://video.example.com/assets/films-holiday-12f4bc2e79f8f0a1/";

    fn status(state: AssetState) -> AssetStatus {
        AssetStatus {
            asset: "films-holiday-12f4bc2e79f8f0a1".into(),
            bucket: "vod-production-source-444455556666-ap-northeast-2".into(),
            key: "films/holiday.mp4".into(),
            state,
            address: FOLDER.into(),
            playlist: None,
            version: None,
            published: None,
            duration: None,
            renditions: Vec::new(),
            stills: None,
            reason: None,
            failure: None,
            latest: None,
        }
    }

    fn published() -> AssetStatus {
        let rendition = |width, height, bandwidth, codecs: &str| Rendition {
            uri: String::new(),
            bandwidth,
            average_bandwidth: None,
            width: Some(width),
            height: Some(height),
            codecs: Some(codecs.into()),
            frame_rate: Some(29.97),
        };
        AssetStatus {
            playlist: Some(format!("{FOLDER}index.m3u8")),
            version: Some("3HL4kqtJvjVBH40Nrjfkd".into()),
            published: Some("2026-11-29T01:02:03Z".into()),
            duration: Some(61.4),
            renditions: vec![
                rendition(1280, 720, 5_210_000, "avc1.64001f,mp4a.40.2"),
                rendition(640, 360, 912_000, "avc1.4d401e,mp4a.40.2"),
            ],
            stills: Some(Stills {
                pattern: format!("{FOLDER}534e41ee7db2/thumbnails/frame.{{number}}.jpg"),
                digits: 7,
                first: 0,
                count: 31,
            }),
            ..status(AssetState::Published)
        }
    }

    #[test]
    fn the_page_shows_what_is_printed() {
        let printed = human(&published());
        let page = include_str!("../../docs/assets.md");
        assert!(
            page.contains(&format!("```text\n{printed}\n```\n")),
            "docs/assets.md should show\n{printed}"
        );
    }

    #[test]
    fn what_does_not_play_has_a_reason_and_an_address() {
        let failed = AssetStatus {
            reason: Some("the file has no picture".into()),
            version: Some("v1".into()),
            ..status(AssetState::Error)
        };
        insta::assert_snapshot!(human(&failed), @"
        asset      films-holiday-12f4bc2e79f8f0a1
        key        films/holiday.mp4
        state      error
        reason     the file has no picture
        version    v1
        address    https://video.example.com/assets/films-holiday-12f4bc2e79f8f0a1/
        ");
        let latest = LatestUpload {
            version: "v2".into(),
            uploaded: jiff::Timestamp::UNIX_EPOCH,
            job: Some("1764378123456-abcdef".into()),
        };
        let again =
            AssetStatus { version: Some("v2".into()), latest: Some(latest), ..status(AssetState::Encoding) };
        insta::assert_snapshot!(human(&again), @"
        asset      films-holiday-12f4bc2e79f8f0a1
        key        films/holiday.mp4
        state      encoding
        version    v2
        upload     version v2 of 1970-01-01T00:00:00Z: encoded by job 1764378123456-abcdef
        address    https://video.example.com/assets/films-holiday-12f4bc2e79f8f0a1/
        ");
        let absent = AssetStatus {
            reason: Some("nothing was uploaded under this key".into()),
            ..status(AssetState::Absent)
        };
        insta::assert_snapshot!(human(&absent), @"
        asset      films-holiday-12f4bc2e79f8f0a1
        key        films/holiday.mp4
        state      absent
        reason     nothing was uploaded under this key
        address    https://video.example.com/assets/films-holiday-12f4bc2e79f8f0a1/
        ");
    }

    #[test]
    fn only_what_was_never_uploaded_fails() {
        let answers = [
            AssetState::Published,
            AssetState::Error,
            AssetState::Canceled,
            AssetState::Refused,
            AssetState::Removed,
        ];
        let failing: Vec<AssetState> = answers
            .into_iter()
            .chain([AssetState::Encoding, AssetState::Waiting, AssetState::Absent])
            .filter(|state| code(*state) != exit::DONE)
            .collect();
        assert_eq!(failing, [AssetState::Absent]);
    }

    #[test]
    fn a_removal_says_that_the_original_stays() {
        let removed = Answered::Removed { asset: "films-a-1".into(), objects: 42 };
        let absent = Answered::Absent { asset: "films-a-1".into() };
        let said = [warning("uploads", "films/a.mp4"), answered(&removed), answered(&absent)];
        insta::assert_snapshot!(said.join("\n\n"), @"
        Viewers lose the video at once. The original stays: s3://uploads/films/a.mp4.
        This version is never published again. A new upload under this key is published.

        removed    films-a-1
        objects    42 deleted; the original stays

        nothing to do: films-a-1 is not published
        ");
    }

    #[test]
    fn a_stack_and_a_key_are_asked_for_unless_a_subcommand_has_them() {
        #[derive(clap::Parser)]
        struct Command {
            #[command(flatten)]
            args: Args,
        }
        let parsed =
            |words: &[&str]| <Command as clap::Parser>::try_parse_from(["asset"].iter().chain(words));
        let shown = parsed(&["s.yaml", "a.mp4"]).unwrap().args;
        assert_eq!(shown.show.unwrap().key, "a.mp4");
        let removed = parsed(&["remove", "s.yaml", "a.mp4", "--yes"]).unwrap().args;
        assert!(removed.show.is_none() && matches!(removed.command, Some(AssetCommand::Remove(_))));
        for wrong in [
            &[] as &[&str],
            &["s.yaml"],
            &["remove", "s.yaml"],
            &["s.yaml", "a.mp4", "remove", "s.yaml", "a.mp4"],
        ] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
