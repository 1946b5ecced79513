//! What phones film plays as it was filmed, in hls.js and in Shaka: upright, in high dynamic range, and without sound.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::script;
use crate::support::{Cloud, StackFile};
use provision::local;

/// What one engine saw of one asset.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Watched {
    engine: String,
    playlist: String,
    size: [u32; 2],
    ended: bool,
    seconds: f64,
    frames: u64,
    audio_bytes: u64,
    colours: String,
    errors: Vec<Fault>,
}

/// What a player says is wrong.
#[derive(Debug, Deserialize)]
struct Fault {
    details: String,
    fatal: bool,
}

/// A kind of film: its name, what ffmpeg makes it of, and what viewers must see.
struct Kind {
    name: &'static str,
    make: &'static [&'static str],
    size: [u32; 2],
    has_sound: bool,
}

const SECONDS: f64 = 6.0;
const SOUND: [&str; 4] = ["-f", "lavfi", "-i", "sine=frequency=440"];
const HDR: &str = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=none";

const KINDS: [Kind; 3] = [
    Kind {
        name: "portrait",
        make: &["testsrc2=size=360x640:rate=30", "-c:v", "libx264", "-pix_fmt", "yuv420p"],
        size: [360, 640],
        has_sound: true,
    },
    Kind {
        name: "hdr",
        make: &[
            "testsrc2=size=640x360:rate=30",
            "-c:v",
            "libx265",
            "-x265-params",
            HDR,
            "-pix_fmt",
            "yuv420p10le",
            "-tag:v",
            "hvc1",
            "-color_primaries",
            "bt2020",
            "-color_trc",
            "smpte2084",
            "-colorspace",
            "bt2020nc",
        ],
        size: [640, 360],
        has_sound: true,
    },
    Kind {
        name: "silent",
        make: &["testsrc2=size=640x360:rate=30", "-c:v", "libx264", "-pix_fmt", "yuv420p"],
        size: [640, 360],
        has_sound: false,
    },
];

impl Kind {
    fn film(&self, ffmpeg: &Path, file: &Path) {
        let (picture, encode) = self.make.split_first().unwrap();
        let mut make = Command::new(ffmpeg);
        make.args(["-hide_banner", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture]);
        make.args(SOUND.iter().filter(|_| self.has_sound)).args(["-t", &SECONDS.to_string()]);
        make.args(encode).args(["-preset", "ultrafast", "-c:a", "aac"]);
        assert!(make.arg(file).status().unwrap().success(), "{}", self.name);
    }

    fn judge(&self, seen: &Watched) {
        let Watched { engine, size, ended, seconds, frames, audio_bytes, colours, errors, .. } = seen;
        let fatal = errors.iter().filter(|error| error.fatal).map(|error| error.details.as_str());
        assert_eq!(fatal.collect::<Vec<_>>(), Vec::<&str>::new(), "{} in {engine}", self.name);
        assert!(
            *ended && (SECONDS - 0.5..SECONDS + 0.5).contains(seconds),
            "{} in {engine}: {seen:?}",
            self.name
        );
        assert_eq!(*size, self.size, "{} in {engine}", self.name);
        assert!(*frames > 100, "{} in {engine}: {seen:?}", self.name);
        assert_eq!(*audio_bytes > 0, self.has_sound, "{} in {engine}: {seen:?}", self.name);
        assert_eq!(colours, "bt709 bt709", "{} in {engine}", self.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a browser: PROVISION_BROWSER=/usr/bin/chromium cargo test --test it browser:: -- --ignored"]
async fn what_phones_film_plays_in_both_players() {
    let browser = std::env::var("PROVISION_BROWSER").expect("PROVISION_BROWSER names a Chromium");
    let cloud = Cloud::start("kinds").await;
    let ladder = "ladder: [{ height: 234, max_bitrate: 145k }, { height: 360, max_bitrate: 730k }]";
    let stack = StackFile::new(&[("ladder: hls-720p", ladder)]);
    cloud.provision(&["apply", stack.path(), "--yes"], 0);
    let ffmpeg = local::ffmpeg(&mut |text| println!("{text}")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let playlists = KINDS.iter().map(|kind| {
        let clip = folder.path().join(format!("{}.mp4", kind.name));
        kind.film(ffmpeg.path(), &clip);
        let (verified, _) = cloud.provision(&["verify", stack.path(), "--clip", clip.to_str().unwrap()], 0);
        verified.lines().find_map(|line| line.strip_prefix("play ")).unwrap().trim().to_owned()
    });
    let playlists: Vec<String> = playlists.collect();

    let mut node = Command::new("node");
    node.arg(script("watch.mjs")).arg(&browser).args(&playlists);
    let (seen, _) = crate::support::output(node, 0);
    let seen: Vec<Watched> = serde_json::from_str(&seen).unwrap();
    for (kind, playlist) in KINDS.iter().zip(&playlists) {
        let of_it: Vec<&Watched> = seen.iter().filter(|seen| seen.playlist == *playlist).collect();
        let engines: Vec<&str> = of_it.iter().map(|seen| seen.engine.as_str()).collect();
        assert_eq!(engines, ["hls.js", "Shaka"], "{}", kind.name);
        of_it.iter().for_each(|seen| kind.judge(seen));
    }
}
