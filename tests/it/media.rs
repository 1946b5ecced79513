//! What viewers are served, judged: every playlist by a parser that is not ours against every segment as ffmpeg reads it,
//! by RFC 8216 and Apple's HLS authoring specification.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Cloud, StackFile};
use provision::local;
use provision::verify::{Playable, Played, Stage, verify};

/// A short film of a kind that people upload.
struct Film<'a> {
    name: &'a str,
    /// What ffmpeg makes it from.
    inputs: &'a [&'a str],
    seconds: &'a str,
    /// Degrees that players are to turn it by.
    turned: Option<&'a str>,
}

impl Film<'_> {
    fn make(&self, ffmpeg: &Path, folder: &Path) -> PathBuf {
        let (flat, film) = (folder.join("flat.mp4"), folder.join(self.name));
        let mut encode = Command::new(ffmpeg);
        encode.args(["-hide_banner", "-nostdin", "-v", "error", "-y"]);
        encode.args(self.inputs.iter().flat_map(|input| ["-f", "lavfi", "-i", input]));
        encode.args(["-t", self.seconds, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]);
        assert!(encode.args(["-c:a", "aac", "-ac", "2"]).arg(&flat).status().unwrap().success());
        let mut turn = Command::new(ffmpeg);
        turn.args(["-hide_banner", "-nostdin", "-v", "error", "-y"]);
        turn.args(self.turned.iter().flat_map(|degrees| ["-display_rotation", degrees]));
        assert!(turn.arg("-i").arg(&flat).args(["-c", "copy"]).arg(&film).status().unwrap().success());
        film
    }
}

/// The stack of a cloud, and how to upload to it.
struct Theatre<'a> {
    cloud: &'a Cloud,
    ffmpeg: local::Ffmpeg,
    outputs: serde_json::Value,
}

impl Theatre<'_> {
    /// Uploads the film and judges what is published of it. Nothing may be wrong with it.
    async fn shows(&self, film: &Film<'_>) -> Playable {
        let folder = tempfile::tempdir().unwrap();
        let file = film.make(self.ffmpeg.path(), folder.path());
        let output = |name: &str| self.outputs[name].as_str().unwrap();
        let stage = Stage {
            cx: self.cloud.context("vod-local").await,
            source: output("source_bucket"),
            output: output("output_bucket"),
            viewer: output("playback"),
            cookie: None,
            player: "https://player.example",
            logs: "the handlers' logs",
        };
        let played = verify(&stage, Some(&file), &mut |_| ()).await;
        let played = played.unwrap_or_else(|error| panic!("{}: {error}", film.name));
        println!("{}\n{}", film.name, table(&played));
        assert!(played.advice.is_empty(), "{:#?}", played.advice);
        played
    }
}

/// What was measured of each rendition, a line each.
fn table(playable: &Playable) -> String {
    playable.renditions.iter().map(|rendition| format!("  {}\n", line(rendition))).collect()
}

fn line(Played { decoded, stream, bandwidth }: &Played) -> String {
    let starts: Vec<String> = stream.segments.iter().map(|one| format!("{:.3}", one.start)).collect();
    let kind = match (&stream.picture, &stream.sound) {
        (Some(picture), _) => {
            let (width, height) = picture.size;
            format!("{width}x{height} {:.3} fps {}", picture.rate.unwrap_or_default(), picture.codec)
        }
        (None, Some(sound)) => format!("{} channels {}", sound.channels, sound.codec),
        (None, None) => "nothing".to_owned(),
    };
    let rates = bandwidth.map(|(declared, peak)| format!(" peak {peak} of {declared}")).unwrap_or_default();
    format!("{kind}{rates}, {} frames, segments at {}", decoded.frames, starts.join(" "))
}

/// The sizes and rates of its pictures, and how many segments each has; the number of its sounds.
fn offered(playable: &Playable) -> (Vec<(u32, u32, String, usize)>, usize) {
    let streams = || playable.renditions.iter().map(|rendition| &rendition.stream);
    let pictures = streams().filter_map(|stream| {
        let picture = stream.picture.as_ref()?;
        let (width, height) = picture.size;
        Some((width, height, format!("{:.3}", picture.rate.unwrap_or_default()), stream.segments.len()))
    });
    (pictures.collect(), streams().filter(|stream| stream.picture.is_none()).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_what_its_playlists_say() {
    let cloud = Cloud::start("media").await;
    cloud.provision(&["apply", "stacks/local.yaml", "--yes"], 0);
    let (json, _) = cloud.provision(&["outputs", "stacks/local.yaml", "--format", "json"], 0);
    let ffmpeg = local::ffmpeg(&mut |text| println!("{text}")).await.unwrap();
    let theatre = Theatre { cloud: &cloud, ffmpeg, outputs: serde_json::from_str(&json).unwrap() };

    let broadcast = Film {
        name: "broadcast.mp4",
        inputs: &["testsrc2=size=1280x720:rate=30000/1001", "sine=frequency=440:sample_rate=44100"],
        seconds: "21",
        turned: None,
    };
    let sizes = [(416, 234), (640, 360), (768, 432), (960, 540), (1280, 720), (1280, 720)];
    let expected = sizes.map(|(width, height)| (width, height, "29.970".to_owned(), 4));
    assert_eq!(offered(&theatre.shows(&broadcast).await), (expected.to_vec(), 1));

    let phone = Film {
        name: "phone.mov",
        inputs: &["testsrc2=size=1280x720:rate=24000/1001"],
        seconds: "20",
        turned: Some("90"),
    };
    let sizes = [(132, 234), (202, 360), (244, 432), (304, 540), (406, 720), (406, 720)];
    let expected = sizes.map(|(width, height)| (width, height, "23.976".to_owned(), 4));
    assert_eq!(offered(&theatre.shows(&phone).await), (expected.to_vec(), 0), "upright, and without sound");

    // HEVC comes in fragmented MP4, and so does everything beside it.
    let rungs = "[{ height: 234, max_bitrate: 145k }, { height: 360, max_bitrate: 365k, codec: hevc }]";
    let hevc = StackFile::new(&[("ladder: hls-720p ", &format!("ladder: {rungs} "))]);
    cloud.provision(&["apply", hevc.path(), "--yes"], 0);
    let cinema = Film {
        name: "cinema.mp4",
        inputs: &["testsrc2=size=640x268:rate=24", "sine=frequency=440:sample_rate=48000"],
        seconds: "13.5",
        turned: None,
    };
    let expected = [(416, 174), (640, 268)].map(|(width, height)| (width, height, "24.000".to_owned(), 3));
    assert_eq!(offered(&theatre.shows(&cinema).await), (expected.to_vec(), 1));
}
