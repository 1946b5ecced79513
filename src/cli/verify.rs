//! `provision verify`: a clip goes in, and every rendition that comes out is played.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::outputs::Outputs;
use super::session::Session;
use super::sign;
use crate::graph::Graph;
use crate::report::out::{errln, outln};
use crate::verify::{self, Playable, Played, Stage};

/// Upload a clip, wait until it is published, and play every rendition as a viewer would.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// A video file of yours, instead of a test clip made on the spot.
    #[arg(long, value_name = "FILE")]
    clip: Option<PathBuf>,
    /// The private half of one of the viewers' keys, where nothing plays unsigned.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Checks the stack end to end.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    let session = Session::open(&args.stack).await?;
    sign::need_key(&session.file, args.key.as_deref())?;
    let graph = session.declare_unbuilt().await?;
    let outputs = Outputs::read(&session, &graph).await?;
    let cookie = cookie(&session, &graph, &outputs, args.key.as_deref()).await?;
    check(&session, &outputs, args.clip.as_deref(), cookie.as_deref()).await?;
    Ok(())
}

/// What the check sends along, where there is a key to sign it with.
pub(super) async fn cookie(
    session: &Session,
    graph: &Graph,
    outputs: &Outputs,
    key: Option<&Path>,
) -> miette::Result<Option<String>> {
    match key.filter(|_| session.file.delivery.signed_urls.is_some()) {
        Some(key) => sign::check_cookie(session, graph, &outputs.playback, key).await.map(Some),
        None => Ok(None),
    }
}

/// Checks an applied stack end to end and prints what plays.
pub(super) async fn check(
    session: &Session,
    outputs: &Outputs,
    clip: Option<&Path>,
    cookie: Option<&str>,
) -> miette::Result<()> {
    let stage = Stage {
        cx: session.regions.home(),
        source: &outputs.source_bucket,
        output: &outputs.output_bucket,
        viewer: &outputs.playback,
        cookie,
    };
    let playable = verify::verify(&stage, clip, &mut |text| errln!("verify: {text}")).await?;
    outln!("\n{}", human(&playable).trim_end());
    Ok(())
}

fn human(playable: &Playable) -> String {
    let mut text = String::new();
    for Played { decoded, stream, bandwidth } in &playable.renditions {
        let kilobytes = decoded.bytes / 1000;
        let _ = write!(
            text,
            "  plays  {:<24} {:>3} segments  {kilobytes:>7} kB  {:>6.2} s  {:>5} frames",
            decoded.label, decoded.segments, decoded.seconds, decoded.frames
        );
        if let Some(picture) = &stream.picture {
            let _ = write!(text, "  {} {:.3} fps", picture.codec, picture.rate);
        } else if let Some(sound) = &stream.sound {
            let _ = write!(text, "  {}", sound.codec);
        }
        if let Some((declared, peak)) = bandwidth {
            let megabits = |bits: &u64| *bits as f64 / 1e6;
            let _ = write!(text, "  peak {:.2} of {:.2} Mbit/s", megabits(peak), megabits(declared));
        }
        text.push('\n');
    }
    for fault in &playable.advice {
        let _ = writeln!(text, "  advice {fault}");
    }
    let _ = writeln!(text, "playable {:.1} s after the upload", playable.took.as_secs_f64());
    let _ = writeln!(text, "play     {}", playable.address);
    text
}
