//! Short films of the kinds that people upload, made by ffmpeg.
//!
//! Each shows a white flash and lets a beep be heard at the same moment, so that what is published can be checked for it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// When the flash and the beep are, in seconds.
const MOMENT: f64 = 1.0;

/// A film, and what ffmpeg makes it from.
#[derive(Clone, Debug)]
pub(super) struct Film {
    /// Its name without a suffix: the kind of film that it is.
    pub(super) kind: &'static str,
    suffix: &'static str,
    arguments: Vec<String>,
    after: After,
}

/// What is done to a film when it is made.
#[derive(Clone, Copy, Debug)]
enum After {
    Nothing,
    /// Players are told to turn it by so many degrees.
    Turned(&'static str),
    /// Only so many bytes of a hundred have arrived.
    Cut(u64),
    /// Nothing has arrived.
    Emptied,
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A picture of this size and rate, with the flash at `moment`, and more filters.
fn seen(size: &str, rate: &str, moment: f64, filters: &str) -> Vec<String> {
    let flash = format!("drawbox=c=white:t=fill:enable='between(t,{moment},{moment}+0.2)'");
    let source = format!("testsrc2=size={size}:rate={rate},{flash}{filters}");
    vec!["-f".into(), "lavfi".into(), "-i".into(), source]
}

/// A sound with a beep at `moment`.
fn heard(moment: f64) -> Vec<String> {
    let tone = format!("aevalsrc='0.5*sin(5529*t)*between(t,{moment},{moment}+0.2)':s=48000");
    vec!["-f".into(), "lavfi".into(), "-i".into(), tone]
}

/// H.264 and stereo AAC, as long as this.
fn encoded(seconds: &str) -> Vec<String> {
    words(&format!(
        "-t {seconds} -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -ac 2 -movflags +faststart"
    ))
}

impl Film {
    fn of(kind: &'static str, parts: &[Vec<String>]) -> Self {
        Self { kind, suffix: ".mp4", arguments: parts.concat(), after: After::Nothing }
    }

    /// A film of this size and rate with a sound, 3.2 seconds long.
    fn plain(kind: &'static str, size: &str, rate: &str) -> Self {
        Self::of(kind, &[seen(size, rate, MOMENT, ""), heard(MOMENT), encoded("3.2")])
    }

    fn silent(kind: &'static str, size: &str, rate: &str, filters: &str, seconds: &str) -> Self {
        Self::of(kind, &[seen(size, rate, MOMENT, filters), encoded(seconds)])
    }

    /// A film with ten bits and a high dynamic range.
    fn hdr(kind: &'static str, transfer: &str) -> Self {
        let colors = format!(
            ",setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc,format=yuv420p10le"
        );
        let coded = words(
            "-t 2.2 -c:v libx265 -x265-params log-level=error -preset ultrafast -tag:v hvc1 -c:a aac -ac 2",
        );
        let film = Self::of(kind, &[seen("640x360", "30", MOMENT, &colors), heard(MOMENT), coded]);
        Self { suffix: ".mov", ..film }
    }

    fn then(self, after: After) -> Self {
        Self { after, ..self }
    }

    /// The file's name.
    pub(super) fn name(&self) -> String {
        format!("{}{}", self.kind, self.suffix)
    }

    /// Makes the file.
    pub(super) fn make(&self, ffmpeg: &Path, folder: &Path) -> PathBuf {
        let file = folder.join(self.name());
        let made = if matches!(self.after, After::Turned(_)) {
            folder.join(format!("flat-{}", self.name()))
        } else {
            file.clone()
        };
        let run = |arguments: &[String], to: &Path| {
            let mut command = Command::new(ffmpeg);
            command.args(["-hide_banner", "-nostdin", "-v", "error", "-y"]).args(arguments);
            // A name without a suffix does not say what the container is.
            let format: &[&str] = if self.suffix.is_empty() { &["-f", "mp4"] } else { &[] };
            assert!(command.args(format).arg(to).status().unwrap().success(), "{}", self.kind);
        };
        run(&self.arguments, &made);
        match self.after {
            After::Nothing => {}
            After::Turned(degrees) => {
                let copy = [
                    words("-display_rotation"),
                    vec![degrees.to_owned(), "-i".into(), made.display().to_string()],
                ];
                run(&[copy.concat(), words("-c copy")].concat(), &file);
            }
            After::Cut(percent) => {
                let opened = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
                let whole = opened.metadata().unwrap().len();
                opened.set_len(whole * percent / 100).unwrap();
            }
            After::Emptied => std::fs::write(&file, "").unwrap(),
        }
        file
    }
}

/// The kinds that MPEG-2 TS and a ladder of three rungs are tried with.
pub(super) fn kinds() -> Vec<Film> {
    let (flash, beep) = (|| seen("640x360", "30", MOMENT, ""), || heard(MOMENT));
    let two_tracks = [words("-map 0 -map 1 -map 2"), encoded("3.2"), words("-ac 1")].concat();
    // The beep is in the first segment: ffmpeg reads the clock of raw AAC wrong where a first segment is all silent.
    let late = [flash_at(1.2), words("-itsoffset 0.7"), heard(0.5), encoded("3.2")].concat();
    let longer = [flash(), beep(), words("-t 5.2"), words("-filter_complex [0:v]trim=duration=2.2[v]")];
    let longer = [longer.concat(), words("-map [v] -map 1:a"), encoded("5.2")].concat();
    let variable = ",select='not(mod(n\\,3))+lt(n\\,40)'";
    vec![
        Film::of("landscape", &[flash(), beep(), encoded("4.5")]),
        Film::plain("portrait", "360x640", "30"),
        Film::plain("portrait-turned", "640x360", "30").then(After::Turned("90")),
        Film::plain("square", "360x360", "25"),
        Film::plain("scope", "640x268", "24"),
        Film::silent("anamorphic", "720x576", "25", ",setsar=64/45", "2.2"),
        Film::of(
            "interlaced",
            &[
                seen("640x360", "50", MOMENT, ",interlace=scan=tff"),
                beep(),
                encoded("2.2"),
                words("-flags +ilme+ildct -x264-params tff=1"),
            ],
        ),
        Film::plain("ntsc-60", "960x540", "60000/1001"),
        Film::silent("slow-motion-120", "960x540", "120", "", "2.2"),
        Film::of(
            "variable-rate",
            &[seen("640x360", "30", MOMENT, variable), beep(), encoded("3.2"), words("-fps_mode vfr")],
        ),
        Film::hdr("pq", "smpte2084"),
        Film::hdr("hlg", "arib-std-b67"),
        Film::silent("silent", "640x360", "30", "", "3.2"),
        Film::of("surround", &[flash(), beep(), encoded("3.2"), words("-ac 6")]),
        Film::of("two-mono", &[flash(), beep(), heard(2.0), two_tracks]),
        Film::of("late-sound", &[late]),
        Film::of("longer-sound", &[longer]),
        Film::of("one-picture", &[flash(), encoded("1"), words("-frames:v 1")]),
        Film::plain("sd", "854x480", "30"),
        Film::of("truncated", &[flash(), beep(), encoded("8")]).then(After::Cut(15)),
        Film::of("sound-alone", &[beep(), encoded("2.2")]),
        Film::of("empty", &[flash(), encoded("0.2")]).then(After::Emptied),
        Film { suffix: "", ..Film::plain("no-suffix", "640x360", "30") },
    ]
}

/// The kinds that fragmented MP4 with H.265 is tried with.
pub(super) fn fragmented() -> Vec<Film> {
    let late = [flash_at(2.0), words("-itsoffset 1.5"), heard(0.5), encoded("3.2")].concat();
    vec![
        Film::plain("cinema", "640x268", "24"),
        Film::of("slow", &[seen("640x360", "15", MOMENT, ""), heard(MOMENT), encoded("3.2")]),
        Film::of("late-sound", &[late]),
        Film::hdr("hlg", "arib-std-b67"),
    ]
}

fn flash_at(moment: f64) -> Vec<String> {
    seen("640x360", "30", moment, "")
}
