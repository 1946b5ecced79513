//! What is published plays in a browser: hls.js in a headless Chromium, through the viewer's address. And pages of other
//! origins cannot use the local cloud.
//!
//! It needs Chromium, Node and, once, the package registry, so that a plain `cargo test` says that it was ignored;
//! `.ci/run` runs it, and there it fails where any of these is missing.

mod kinds;
mod uploading;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Cloud, cache};
use provision::local;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

const STACK: &str = "stacks/local.yaml";
const PACKAGE: &str = include_str!("browser/package.json");
const LOCK: &str = include_str!("browser/package-lock.json");
const SCRIPTS: [(&str, &str); 5] = [
    ("page.mjs", include_str!("browser/page.mjs")),
    ("play.mjs", include_str!("browser/play.mjs")),
    ("upload.mjs", include_str!("browser/upload.mjs")),
    ("visit.mjs", include_str!("browser/visit.mjs")),
    ("watch.mjs", include_str!("browser/watch.mjs")),
];

/// What the browser saw.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    /// Sizes of the levels that hls.js found.
    levels: Vec<String>,
    /// Levels in the order they were played.
    switched: Vec<usize>,
    /// Sizes of drawn frames, as they changed.
    rendered: Vec<String>,
    errors: Vec<Trouble>,
    /// The player's clock before the switch, at it, and at the end.
    times: Vec<f64>,
    frames: u64,
    audio_bytes: u64,
}

/// An error event.
#[derive(Debug, Deserialize)]
struct Trouble {
    details: String,
    fatal: bool,
    /// Whether at the first fragment.
    first: bool,
    /// At which fragment, and what the player says of it.
    at: String,
}

impl Trouble {
    /// Everything may be a fault of the media but what this player says of every stream with reordered frames, since it
    /// begins its clock at the first decoding time and not at the first picture, and of a machine that decodes too slowly.
    fn counts(&self) -> bool {
        let late = ["bufferSeekOverHole", "bufferAppendNoProgress"].contains(&self.details.as_str());
        self.fatal || !(self.details == "bufferStalledError" || late && self.first)
    }
}

/// A script that drives the browser. What it needs is installed once in the cache directory, never in the source tree.
fn script(name: &str) -> PathBuf {
    let cache = cache();
    let digest = hex::encode(Sha256::digest([PACKAGE, LOCK].concat()));
    let directory = cache.join(format!("browser-{}", &digest[..16]));
    fs::create_dir_all(&directory).unwrap();
    let lock = File::create(cache.join("browser.lock")).unwrap();
    lock.lock().unwrap();
    for (name, text) in SCRIPTS {
        fs::write(directory.join(name), text).unwrap();
    }
    let complete = directory.join("complete");
    if !complete.exists() {
        fs::write(directory.join("package.json"), PACKAGE).unwrap();
        fs::write(directory.join("package-lock.json"), LOCK).unwrap();
        let mut install = Command::new("npm");
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&directory);
        let output = install.output().expect("npm is installed: the player comes from its registry");
        assert!(output.status.success(), "npm ci: {}", String::from_utf8_lossy(&output.stderr));
        fs::write(complete, "").unwrap();
    }
    directory.join(name)
}

/// Twenty seconds of picture and sound.
fn film(ffmpeg: &Path, file: &Path) {
    let mut make = Command::new(ffmpeg);
    make.args(["-hide_banner", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i"]);
    make.args(["testsrc2=size=1280x720:rate=30000/1001", "-f", "lavfi", "-i", "sine=frequency=440"]);
    make.args(["-t", "20", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]);
    assert!(make.arg(file).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a browser: PROVISION_BROWSER=/usr/bin/chromium cargo test --test it browser:: -- --ignored"]
async fn a_browser_plays_it_and_switches_levels() {
    let browser = std::env::var("PROVISION_BROWSER").expect("PROVISION_BROWSER names a Chromium");
    let cloud = Cloud::start("browser").await;
    cloud.provision(&["apply", STACK, "--yes"], 0);
    let folder = tempfile::tempdir().unwrap();
    let clip = folder.path().join("browser.mp4");
    film(local::ffmpeg(&mut |text| println!("{text}")).await.unwrap().path(), &clip);
    let (verified, _) = cloud.provision(&["verify", STACK, "--clip", clip.to_str().unwrap()], 0);
    let address = verified.lines().find_map(|line| line.strip_prefix("play ")).unwrap().trim();

    let mut node = Command::new("node");
    node.arg(script("play.mjs")).args([&browser, address]);
    let (seen, _) = crate::support::output(node, 0);
    let seen: Seen = serde_json::from_str(&seen).unwrap();
    println!("{seen:#?}");

    let troubles = seen.errors.iter().filter(|trouble| trouble.counts());
    let troubles: Vec<_> = troubles.map(|trouble| format!("{}: {}", trouble.details, trouble.at)).collect();
    assert_eq!(troubles, Vec::<String>::new());
    assert_eq!(seen.levels.len(), 7);
    assert_eq!((seen.switched.first(), seen.switched.last()), (Some(&0), Some(&6)), "from lowest to highest");
    let (first, last) = (seen.rendered.first().unwrap(), seen.rendered.last().unwrap());
    assert_eq!((first.as_str(), last.as_str()), ("416x234", "1280x720"), "both are drawn");
    let [before, switched, end] = seen.times[..] else { panic!("{seen:?}") };
    assert!(before > 3.0 && switched > before && end > switched + 1.5, "the clock advances: {seen:?}");
    assert!(seen.frames > 100 && seen.audio_bytes > 0, "picture and sound are decoded: {seen:?}");
}

/// What the pages' tries got.
#[derive(Debug, Deserialize)]
struct Tried {
    /// By `fetch` of a page of another origin on this machine, by kind of request.
    fetch: BTreeMap<String, String>,
    /// By a form of a page that counts as one of the internet.
    form: String,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a browser: PROVISION_BROWSER=/usr/bin/chromium cargo test --test it browser:: -- --ignored"]
async fn a_page_of_another_origin_can_do_nothing() {
    let browser = std::env::var("PROVISION_BROWSER").expect("PROVISION_BROWSER names a Chromium");
    let cloud = Cloud::start("pages").await;
    let mut node = Command::new("node");
    node.arg(script("visit.mjs")).args([&browser, &cloud.endpoint]);
    let (tried, _) = crate::support::output(node, 0);
    let tried: Tried = serde_json::from_str(&tried).unwrap();

    assert_eq!(tried.fetch.len(), 12);
    assert!(tried.fetch.values().all(|got| got == "refused"), "{tried:#?}");
    assert_eq!(tried.form, "answered 403");
    let cx = cloud.context("vod-local").await;
    let functions = cx.lambda().list_functions().send().await.unwrap();
    let functions: Vec<_> = functions.functions().iter().filter_map(|made| made.function_name()).collect();
    assert_eq!(functions, Vec::<&str>::new(), "no page has made a function");
    assert!(cx.s3().list_buckets().send().await.unwrap().buckets().is_empty());
    assert!(cx.sqs().list_queues().send().await.unwrap().queue_urls().is_empty());
    assert_eq!(cloud.status().await.latency_ms, 0);
}
