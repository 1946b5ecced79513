//! What ffmpeg sees and hears of a published film, and one line that says it.

use std::path::Path;

use provision::verify::{Playable, Stream};
use tokio::process::Command;

/// A flash is brighter than this, on average.
const BRIGHT: f64 = 200.0;

/// What is seen and heard of the smallest rendition, on one clock.
#[derive(Debug)]
pub(super) struct Moments {
    /// When the flash begins.
    flash: Option<f64>,
    /// When the beep begins, on the left and on the right.
    beeps: [Option<f64>; 2],
    /// How bright the first frame is, from 16 to 235.
    pub(super) luma: f64,
}

async fn said(ffmpeg: &Path, address: &str, filters: &[&str]) -> String {
    let mut command = Command::new(ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-copyts", "-i", address]).args(filters);
    let output = command.args(["-f", "null", "-"]).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// The number after `name`, in each line that has it.
fn numbers<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = f64> + 'a {
    text.lines().filter_map(move |line| line.split_once(name)?.1.split_whitespace().next()?.parse().ok())
}

impl Moments {
    /// Watches and listens.
    pub(super) async fn of(ffmpeg: &Path, address: &str) -> Self {
        let bright = "signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-";
        let seen = said(ffmpeg, address, &["-map", "0:v:0?", "-vf", bright]).await;
        let lumas: Vec<f64> = numbers(&seen, "signalstats.YAVG=").collect();
        let mut frames = numbers(&seen, "pts_time:").zip(lumas.iter().copied());
        let mut beeps = [None, None];
        for (side, beep) in ["c0", "c1"].into_iter().zip(&mut beeps) {
            let filter = format!("pan=mono|c0={side},silencedetect=noise=-30dB:duration=0.1");
            let heard = said(ffmpeg, address, &["-map", "0:a:0?", "-af", &filter]).await;
            *beep = numbers(&heard, "silence_end: ").next();
        }
        Self {
            flash: frames.find(|(_, luma)| *luma > BRIGHT).map(|(time, _)| time),
            beeps,
            luma: lumas.first().copied().unwrap_or_default(),
        }
    }

    /// Whether the beep is heard within a frame of the flash, and which side hears it later.
    fn sync(&self, frame: f64) -> String {
        let [left, right] = self.beeps;
        let apart = |beep: Option<f64>| Some(beep? - self.flash?);
        match (apart(left), apart(right)) {
            (None, None) => "no beep".to_owned(),
            (Some(left), Some(right)) if left.abs() <= frame && right.abs() <= frame => "in sync".to_owned(),
            (Some(left), Some(right)) if left.abs() <= frame => format!("in sync, right {right:.1} s later"),
            (left, right) => format!("apart by {left:.3?} and {right:.3?} s"),
        }
    }
}

/// The facts of a published film: sizes and rates, colors, sound, the segments of the picture, sync.
pub(super) fn line(playable: &Playable, moments: &Moments) -> String {
    let streams = || playable.renditions.iter().map(|rendition| &rendition.stream);
    let pictures: Vec<_> = streams().filter_map(|stream| stream.picture.as_ref()).collect();
    let sizes = pictures.iter().map(|picture| {
        let rate = picture.rate.map(|rate| format!("@{rate:.2}")).unwrap_or_default();
        format!("{}x{}{rate}", picture.size.0, picture.size.1)
    });
    let mut facts = vec![sizes.collect::<Vec<_>>().join(" ")];
    if let Some(picture) = pictures.first() {
        facts.push(picture.color.transfer.clone().unwrap_or_else(|| "unspecified".to_owned()));
        assert!(pictures.iter().all(|picture| picture.sample == (1, 1)), "{pictures:?}");
        facts.push(lengths(streams().find(|stream| stream.picture.is_some()).unwrap(), 2));
    }
    let sounds: Vec<&Stream> = streams().filter(|stream| stream.picture.is_none()).collect();
    if sounds.is_empty() {
        facts.push("silent".to_owned());
    }
    for stream in sounds {
        let channels = stream.sound.as_ref().map_or(0, |sound| sound.channels);
        facts.push(format!("{channels} ch {}", lengths(stream, 1)));
    }
    let rate = pictures.first().and_then(|picture| picture.rate);
    facts.push(moments.sync(rate.map_or(0.05, |rate| 1.0 / rate)));
    facts.extend(playable.advice.iter().map(|fault| format!("advice: {fault}")));
    facts.join(" | ")
}

/// How long each segment lasts. Of sound, a frame of 21 ms more or less is no difference: `digits` is 1.
fn lengths(stream: &Stream, digits: usize) -> String {
    let lengths = stream.segments.iter().map(|segment| format!("{:.digits$}", segment.end - segment.start));
    lengths.collect::<Vec<_>>().join("+")
}
