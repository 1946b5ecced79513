//! `provision verify`: a clip goes in, and every rendition that comes out is played.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::name::NameArgs;
use super::terminal::Terminal;
use crate::ops::{self, Playable, Played};
use crate::report;
use crate::report::out::{errln, outln};

/// Upload a clip, wait until it is published, and play every rendition as a viewer would.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack file.
    #[arg(value_name = "STACK")]
    stack: PathBuf,
    /// Your own video file; the default is a generated test clip.
    #[arg(long, value_name = "FILE")]
    clip: Option<PathBuf>,
    /// The private half of one of the viewers' keys; needed if the stack plays nothing unsigned.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    name: NameArgs,
}

/// Checks the stack end to end.
pub(super) async fn run(args: Args) -> miette::Result<()> {
    let Args { stack, clip, key, name } = args;
    name.choose();
    let playable =
        ops::verify(&stack, clip.as_deref(), key.as_deref(), &Terminal::ui(), &mut progress).await?;
    print(&playable);
    Ok(())
}

/// Says what the check does.
pub(super) fn progress(text: &str) {
    errln!("verify: {}", report::plain(text));
}

/// Prints what plays.
pub(super) fn print(playable: &Playable) {
    outln!("\n{}", human(playable).trim_end());
}

pub(super) fn human(playable: &Playable) -> String {
    let mut text = String::new();
    for Played { decoded, stream, bandwidth } in &playable.renditions {
        let kilobytes = decoded.bytes / 1000;
        let _ = write!(
            text,
            "  plays  {:<24} {:>3} segments  {kilobytes:>7} kB  {:>6.2} s",
            report::plain(&decoded.label),
            decoded.segments,
            decoded.seconds
        );
        if let Some(picture) = &stream.picture {
            let rate = picture.rate.map(|rate| format!(" {rate:.3} fps")).unwrap_or_default();
            let _ = write!(text, "  {:>5} frames  {}{rate}", decoded.frames, report::plain(&picture.codec));
        } else if let Some(sound) = &stream.sound {
            let channels = if sound.channels == 1 { "channel " } else { "channels" };
            let _ = write!(text, "  {:>3} {channels}  {}", sound.channels, report::plain(&sound.codec));
        }
        if let Some((declared, peak)) = bandwidth {
            let megabits = |bits: &u64| *bits as f64 / 1e6;
            let _ = write!(text, "  peak {:.2} of {:.2} Mbit/s", megabits(peak), megabits(declared));
        }
        text.push('\n');
    }
    for fault in &playable.advice {
        let _ = writeln!(text, "  advice {}", report::plain(&fault.to_string()));
    }
    let _ = writeln!(text, "playable {:.1} s after the upload", playable.took.as_secs_f64());
    let _ = writeln!(text, "play     {}", report::plain(&playable.address));
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ops::{ColorTags, Decoded, Picture, Sound, Stream};

    #[test]
    fn a_sound_has_channels_and_no_frames() {
        let decoded = |label: &str, frames| Decoded {
            label: label.to_owned(),
            segments: 2,
            bytes: 2_500_000,
            seconds: 10.0,
            frames,
        };
        let picture = Picture {
            codec: "avc1.64001f".into(),
            size: (1280, 720),
            sample: (1, 1),
            color: ColorTags::default(),
            rate: Some(30.0),
        };
        let sound = Sound { codec: "mp4a.40.2".into(), channels: 2, quiet: 0.0 };
        let renditions = vec![
            Played {
                decoded: decoded("1280x720 3.1 Mbit/s", 300),
                stream: Stream { picture: Some(picture), ..Stream::default() },
                bandwidth: Some((3_100_000, 2_900_000)),
            },
            Played {
                decoded: decoded("audio Stereo", 0),
                stream: Stream { sound: Some(sound), ..Stream::default() },
                bandwidth: None,
            },
        ];
        let playable = Playable {
            address: "https://video.example/assets/a/index.m3u8".into(),
            took: Duration::from_millis(12_300),
            renditions,
            advice: Vec::new(),
        };
        insta::assert_snapshot!(human(&playable), @"
          plays  1280x720 3.1 Mbit/s        2 segments     2500 kB   10.00 s    300 frames  avc1.64001f 30.000 fps  peak 2.90 of 3.10 Mbit/s
          plays  audio Stereo               2 segments     2500 kB   10.00 s    2 channels  mp4a.40.2
        playable 12.3 s after the upload
        play     https://video.example/assets/a/index.m3u8
        ");
    }
}
