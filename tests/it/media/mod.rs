//! A matrix of films that people upload: each goes through submit, MediaConvert and publish, and what viewers are served is
//! judged. Every playlist is read by a parser that is not ours and held against every segment as ffmpeg reads it, by RFC
//! 8216, by Apple's HLS authoring specification, and by what was filmed.

mod facts;
mod films;

use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_mediaconvert::types::JobSettings;
use futures::{StreamExt, stream};
use provision::local;
use provision::verify::{Error, Stage, verify};

use crate::support::{Cloud, StackFile};
use facts::{Moments, line};
use films::Film;

/// How many films are under way at once: while one is encoded, others are fetched and judged.
const AT_ONCE: usize = 6;

/// How long a film may take, while others are under way.
const PATIENCE: Duration = Duration::from_secs(100);

/// The stack of a cloud, and how to upload to it.
struct Theatre<'a> {
    cloud: &'a Cloud,
    ffmpeg: local::Ffmpeg,
    outputs: serde_json::Value,
}

impl<'a> Theatre<'a> {
    async fn of(cloud: &'a Cloud, stack: &StackFile) -> Self {
        cloud.provision(&["apply", stack.path(), "--yes"], 0);
        let (json, _) = cloud.provision(&["outputs", stack.path(), "--format", "json"], 0);
        let ffmpeg = local::ffmpeg(&mut |text| println!("{text}")).await.unwrap();
        Self { cloud, ffmpeg, outputs: serde_json::from_str(&json).unwrap() }
    }

    /// Uploads each film and says what became of it, in the films' order: kind, line, and how bright it begins.
    async fn shows(&self, films: Vec<Film>) -> Vec<(String, f64)> {
        let folder = tempfile::tempdir().unwrap();
        let shown = films.iter().map(|film| self.show(film, folder.path()));
        stream::iter(shown).buffered(AT_ONCE).collect().await
    }

    async fn show(&self, film: &Film, folder: &Path) -> (String, f64) {
        let file = film.make(self.ffmpeg.path(), folder);
        let began = Instant::now();
        let (facts, luma) = self.judged(&file).await;
        println!("{:>16}  {:.1} s  {facts}", film.kind, began.elapsed().as_secs_f64());
        (format!("{:<16} {facts}", film.kind), luma)
    }

    /// What is published of a file, or why nothing is. Nothing may be wrong with what is published.
    async fn judged(&self, file: &Path) -> (String, f64) {
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
        let said = &mut |_: &str| ();
        let Ok(verified) = tokio::time::timeout(PATIENCE, verify(&stage, Some(file), said)).await else {
            return ("NOTHING becomes of it".to_owned(), 0.0);
        };
        match verified {
            Ok(playable) => {
                let moments = Moments::of(self.ffmpeg.path(), &playable.address).await;
                (line(&playable, &moments), moments.luma)
            }
            Err(Error::Refused { why }) => (format!("refused: {why}"), 0.0),
            Err(Error::BadFile { why } | Error::NotPublished { why }) => {
                (format!("failed: {}", after_job(&why)), 0.0)
            }
            Err(error) => (format!("FAULT {error}"), 0.0),
        }
    }
}

/// A reason without the job's id.
fn after_job(why: &str) -> &str {
    why.split_once(" failed: ").map_or(why, |(_, reason)| reason)
}

/// The settings of every job for a film, without the places that differ from run to run.
async fn jobs(cloud: &Cloud, film: &str) -> Vec<JobSettings> {
    let cx = cloud.context("vod-local").await;
    let listed = cx.mediaconvert().list_jobs().into_paginator().items().send();
    let listed = listed.collect::<Result<Vec<_>, _>>().await.unwrap();
    let settings = listed.iter().filter_map(|job| job.settings().cloned());
    let of_film =
        |settings: &JobSettings| settings.inputs()[0].file_input().is_some_and(|uri| uri.ends_with(film));
    settings.filter(of_film).map(anywhere).collect()
}

fn anywhere(mut settings: JobSettings) -> JobSettings {
    for group in settings.output_groups.iter_mut().flatten() {
        let Some(kind) = &mut group.output_group_settings else { continue };
        if let Some(hls) = &mut kind.hls_group_settings {
            hls.destination = None;
        }
        if let Some(files) = &mut kind.file_group_settings {
            files.destination = None;
        }
    }
    settings
}

fn table(shown: &[(String, f64)]) -> String {
    shown.iter().map(|(line, _)| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// How bright the film of this kind begins.
fn luma(shown: &[(String, f64)], kind: &str) -> f64 {
    shown.iter().find(|(line, _)| line.split(' ').next() == Some(kind)).map(|(_, luma)| *luma).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_film_plays_as_they_filmed_it() {
    let cloud = Cloud::start("media").await;
    // Nothing of a job may depend on how AWS merges it with a template.
    cloud.running.merge_templates("by-index").await.unwrap();
    let rungs = "[{ height: 234, max_bitrate: 145k }, { height: 360, max_bitrate: 365k }, \
                 { height: 540, max_bitrate: 2M }]";
    let stack = StackFile::new(&[
        ("ladder: hls-720p ", &format!("ladder: {rungs} ")),
        ("segment: 6s", "segment: 2s"),
    ]);
    let theatre = Theatre::of(&cloud, &stack).await;
    let shown = theatre.shows(films::kinds()).await;
    insta::assert_snapshot!(table(&shown), @"
    landscape        416x234@30.00 640x360@30.00 | unspecified | 2.00+2.50 | 2 ch 2.0+2.5 | in sync
    portrait         234x416@30.00 360x640@30.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    portrait-turned  234x416@30.00 360x640@30.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    square           234x234@25.00 360x360@25.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    scope            416x174@24.00 640x268@24.00 | unspecified | 2.00+1.21 | 2 ch 2.0+1.2 | in sync
    anamorphic       416x234@25.00 640x360@25.00 960x540@25.00 | unspecified | 2.20 | silent | no beep
    interlaced       416x234@25.00 640x360@25.00 | unspecified | 2.20 | 2 ch 2.2 | in sync
    ntsc-60          416x234@29.97 640x360@29.97 960x540@59.94 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    slow-motion-120  416x234@30.00 640x360@30.00 960x540@60.00 | unspecified | 2.20 | silent | no beep
    variable-rate    416x234@24.00 640x360@24.00 | unspecified | 2.00+1.12 | 2 ch 2.0+1.2 | in sync
    pq               416x234@30.00 640x360@30.00 | bt709 | 2.20 | 2 ch 2.2 | in sync
    hlg              416x234@30.00 640x360@30.00 | bt709 | 2.20 | 2 ch 2.2 | in sync
    silent           416x234@30.00 640x360@30.00 | unspecified | 2.00+1.20 | silent | no beep
    surround         416x234@30.00 640x360@30.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    two-mono         416x234@30.00 640x360@30.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync, right 1.0 s later
    late-sound       416x234@30.00 640x360@30.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    longer-sound     416x234@30.00 640x360@30.00 | unspecified | 2.20 | 2 ch 2.0+2.0+1.2 | in sync
    one-picture      416x234 640x360 | unspecified | 0.03 | silent | no beep
    sd               416x234@30.00 640x360@30.00 854x480@30.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    truncated        failed: the file is cut off: it says that it is 8.0 s long, and only 1.4 s of it can be read
    sound-alone      refused: the file has no video track
    empty            refused: the object is empty
    no-suffix        416x234@30.00 640x360@30.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    ");
    // Once more under the other merge: the jobs are the same.
    cloud.running.merge_templates("by-group").await.unwrap();
    let again = films::kinds().into_iter().filter(|film| ["silent", "sd"].contains(&film.kind));
    theatre.shows(again.collect()).await;
    for film in ["silent.mp4", "sd.mp4"] {
        let both: [JobSettings; 2] = jobs(&cloud, film).await.try_into().expect("two jobs of each");
        let [by_group, by_index] = both;
        assert_eq!(by_group, by_index, "{film}");
    }
    for hdr in ["pq", "hlg"] {
        let apart = (luma(&shown, hdr) - luma(&shown, "landscape")).abs();
        assert!(apart > 5.0, "{hdr} has the samples of HDR, {apart} from those of SDR");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_film_plays_from_fragmented_mp4() {
    let cloud = Cloud::start("media-fmp4").await;
    let rungs = "[{ height: 234, max_bitrate: 145k }, { height: 360, max_bitrate: 365k, codec: hevc }]";
    let stack = StackFile::new(&[
        ("ladder: hls-720p ", &format!("ladder: {rungs} ")),
        ("segment: 6s", "segment: 2s"),
    ]);
    let shown = Theatre::of(&cloud, &stack).await.shows(films::fragmented()).await;
    insta::assert_snapshot!(table(&shown), @"
    cinema           416x174@24.00 640x268@24.00 | unspecified | 2.00+1.21 | 2 ch 2.0+1.2 | in sync
    slow             416x234@15.00 640x360@15.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    late-sound       416x234@30.00 640x360@30.00 | unspecified | 2.00+1.20 | 2 ch 2.0+1.2 | in sync
    hlg              416x234@30.00 640x360@30.00 | bt709 | 2.20 | 2 ch 2.2 | in sync
    ");
}
