//! The sound of an output: the tracks that its selector names, as one sound with the picture's clock.

use std::collections::BTreeMap;

use super::super::super::ffmpeg::Media;
use super::super::failure::Failure;
use super::super::settings::{AudioDescription, AudioSelector, Normalization};

/// The selector of outputs that name none.
const FIRST: &str = "Audio Selector 1";
/// The rate at which silence is made and loudness is measured.
const RATE: u32 = 48_000;
/// MediaConvert's code of a job whose settings do not fit the input.
const UNSUITABLE: u32 = 1040;

/// The streams of each selector of the input, by its name.
#[derive(Debug, Default)]
pub(super) struct Selected {
    streams: BTreeMap<String, Vec<u32>>,
    /// The selector in the place of those that are not there.
    fallback: Option<String>,
}

/// The sound of an output.
#[derive(Debug, PartialEq)]
pub(super) enum Heard<'a> {
    /// Streams of the input.
    Streams(&'a [u32]),
    /// The output names a selector that the input does not have, and no selector takes its place.
    Silence,
}

/// Finds the tracks of every selector.
///
/// # Errors
/// A selector without its track, whether or not an output uses it.
pub(super) fn select(
    selectors: &BTreeMap<String, AudioSelector>,
    media: &Media,
) -> Result<Selected, Failure> {
    let mut selected = Selected::default();
    for (number, (name, selector)) in (1..).zip(selectors) {
        selected.streams.insert(name.clone(), streams(number, selector, media)?);
        if selector.default_selection == "DEFAULT" && selected.fallback.is_none() {
            selected.fallback = Some(name.clone());
        }
    }
    Ok(selected)
}

fn streams(number: u32, selector: &AudioSelector, media: &Media) -> Result<Vec<u32>, Failure> {
    let absent = |track: &dyn std::fmt::Display| {
        let why = format!(
            "Invalid audio track specified for audio_selector [{number}]. Audio track [{track}] not found in input container."
        );
        Failure::new(UNSUITABLE, why)
    };
    match selector.selector_type.as_str() {
        "" | "TRACK" => {
            let first = vec![1];
            let tracks = if selector.tracks.is_empty() { &first } else { &selector.tracks };
            let stream = |track: &u32| {
                let index = usize::try_from(*track).ok()?.checked_sub(1)?;
                media.audio.get(index).map(|audio| audio.index)
            };
            tracks.iter().map(|track| stream(track).ok_or_else(|| absent(track))).collect()
        }
        "LANGUAGE_CODE" => {
            let wanted = selector.language_code.clone().unwrap_or_default();
            let found = media.audio.iter().find(|audio| audio.language.eq_ignore_ascii_case(&wanted));
            Ok(vec![found.ok_or_else(|| absent(&wanted))?.index])
        }
        other => Err(Failure::unsupported(&format!("an audio selector of type {other}"))),
    }
}

impl Selected {
    /// The sound that an output describes.
    pub(super) fn heard(&self, description: &AudioDescription) -> Heard<'_> {
        let name = description.audio_source_name.as_deref().unwrap_or(FIRST);
        let fallback = || self.streams.get(self.fallback.as_deref()?);
        self.streams.get(name).or_else(fallback).map_or(Heard::Silence, |streams| Heard::Streams(streams))
    }
}

/// ffmpeg's filters. The sound begins with the input: what is missing before it, and in it, is silence.
pub(super) fn filters(heard: &Heard<'_>, description: &AudioDescription, seconds: f64) -> String {
    let Heard::Streams(streams) = heard else {
        return format!("anullsrc=r={RATE}:cl=stereo:d={seconds}");
    };
    let mut filters = Vec::new();
    if streams.len() > 1 {
        filters.push(format!("amerge=inputs={}", streams.len()));
    }
    filters.push("aresample=async=1:first_pts=0".to_owned());
    if let Some(target) = description.audio_normalization_settings.as_ref().and_then(loudness) {
        filters.push(format!("loudnorm=I={target}:TP=-1:LRA=11,aresample={RATE}"));
    }
    let inputs: String = streams.iter().map(|stream| format!("[0:{stream}]")).collect();
    format!("{inputs}{}", filters.join(","))
}

/// The loudness to reach, in LKFS.
fn loudness(settings: &Normalization) -> Option<f64> {
    (settings.algorithm_control != "MEASURE_ONLY").then(|| settings.target_lkfs.unwrap_or(-23.0))
}
