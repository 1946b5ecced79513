//! Builds the settings of one asset's job from the template. Pure.
//!
//! A template's destinations cannot vary by asset, and its ladder cannot depend on the source. So the job contains the
//! template's output groups, with their destinations set, and without outputs that do not fit the source.

use std::fmt;

use asset::work;
use aws_sdk_mediaconvert::types::{
    AudioDefaultSelection, AudioSelector, Input, InputRotate, InputTimecodeSource, JobSettings,
    JobTemplateSettings, Output, OutputGroup, OutputGroupSettings, OutputGroupType, TimecodeConfig,
    TimecodeSource, VideoSelector,
};

use crate::probe::Source;

/// The input's audio has this name in the template's audio descriptions.
pub const AUDIO_SELECTOR: &str = "Audio Selector 1";

/// The destination of a job's outputs.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The work bucket.
    pub bucket: &'a str,
    /// The asset.
    pub asset: &'a str,
    /// The run.
    pub run: &'a str,
}

/// A template that cannot be used for a job.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableTemplate {
    /// It has no output groups.
    #[error("the job template has no output groups; `provision apply` restores it")]
    NoOutputs,
    /// It has a group of a type that publish does not support.
    #[error(
        "the job template has an output group of type {0}; submit knows HLS_GROUP_SETTINGS, CMAF_GROUP_SETTINGS and FILE_GROUP_SETTINGS"
    )]
    Group(String),
}

/// The job settings for the object at `url`. Without `source` facts, the template's whole ladder is used.
///
/// MediaConvert reads the current version, because an input cannot name a version. So publish checks that the version
/// is still the current one before it makes the result visible.
///
/// # Errors
///
/// If the template has no output groups, or one of a type that cannot be published.
pub fn settings(
    template: &JobTemplateSettings,
    url: &str,
    source: Option<Source>,
    destination: Destination<'_>,
) -> Result<JobSettings, UnusableTemplate> {
    let mut groups = template.output_groups().to_vec();
    if groups.is_empty() {
        return Err(UnusableTemplate::NoOutputs);
    }
    for group in &mut groups {
        direct(group, destination)?;
        if let Some(source) = source {
            fit(group, source);
        }
    }
    groups.retain(|group| !group.outputs().is_empty());
    let timecode = match template.timecode_config() {
        Some(_) => None,
        None => Some(TimecodeConfig::builder().source(TimecodeSource::Zerobased).build()),
    };
    let has_audio = source.is_none_or(|source| source.has_audio);
    Ok(JobSettings::builder()
        .inputs(input(url, has_audio))
        .set_output_groups(Some(groups))
        .set_timecode_config(timecode)
        .build())
}

fn input(url: &str, has_audio: bool) -> Input {
    let mut input = Input::builder()
        .file_input(url)
        .timecode_source(InputTimecodeSource::Zerobased)
        .video_selector(VideoSelector::builder().rotate(InputRotate::Auto).build());
    if has_audio {
        let audio = AudioSelector::builder().default_selection(AudioDefaultSelection::Default);
        input = input.audio_selectors(AUDIO_SELECTOR, audio.build());
    }
    input.build()
}

/// Sets the group's destination.
fn direct(group: &mut OutputGroup, to: Destination<'_>) -> Result<(), UnusableTemplate> {
    let playlists = || work::playlists(to.bucket, to.asset, to.run);
    let settings = group.output_group_settings.as_mut();
    match settings.and_then(|settings| Some((settings.r#type.clone()?, settings))) {
        Some((
            OutputGroupType::HlsGroupSettings,
            OutputGroupSettings { hls_group_settings: Some(hls), .. },
        )) => {
            hls.destination = Some(playlists());
        }
        Some((
            OutputGroupType::CmafGroupSettings,
            OutputGroupSettings { cmaf_group_settings: Some(cmaf), .. },
        )) => {
            cmaf.destination = Some(playlists());
        }
        Some((OutputGroupType::FileGroupSettings, OutputGroupSettings { file_group_settings, .. })) => {
            let thumbnails = work::thumbnails(to.bucket, to.asset, to.run);
            file_group_settings
                .get_or_insert_with(|| aws_sdk_mediaconvert::types::FileGroupSettings::builder().build())
                .destination = Some(thumbnails);
        }
        Some((other, _)) => return Err(UnusableTemplate::Group(other.as_str().to_owned())),
        None => return Err(UnusableTemplate::Group("(none)".to_owned())),
    }
    Ok(())
}

/// Removes the outputs that do not fit the source: rungs that would be upscaled, and sound if there is none.
fn fit(group: &mut OutputGroup, source: Source) {
    let Some(outputs) = group.outputs.as_mut() else {
        return;
    };
    if let Some(size) = source.size {
        drop_upscaled(outputs, size);
    }
    if !source.has_audio {
        outputs.retain(|output| output.video_description.is_some() || output.preset.is_some());
        outputs.iter_mut().for_each(silence);
    }
}

/// Keeps the rungs that do not enlarge the picture, and always the smallest.
fn drop_upscaled(outputs: &mut Vec<Output>, size: (i32, i32)) {
    // If no rung fits, the limit is the smallest enlargement.
    let smallest = outputs.iter().filter_map(|output| enlargement(output, size)).reduce(f64::min);
    let limit = smallest.unwrap_or(1.0).max(1.0);
    outputs.retain(|output| enlargement(output, size).is_none_or(|enlarged| enlarged <= limit));
}

/// How much an output enlarges the picture. MediaConvert fits it into the output's frame and pads the rest, so only the
/// limiting side counts. A scope picture of 1920x800 fits a 1920x1080 frame without being enlarged.
fn enlargement(output: &Output, (width, height): (i32, i32)) -> Option<f64> {
    let video = output.video_description()?;
    let by_width = video.width().map(|frame| f64::from(frame) / f64::from(width));
    let by_height = video.height().map(|frame| f64::from(frame) / f64::from(height));
    by_width.into_iter().chain(by_height).reduce(f64::min)
}

/// Removes the sound, and every reference to the audio rendition group, from an output.
fn silence(output: &mut Output) {
    output.audio_descriptions = None;
    if let Some(hls) = output.output_settings.as_mut().and_then(|settings| settings.hls_settings.as_mut()) {
        hls.audio_rendition_sets = None;
        hls.audio_group_id = None;
    }
    if let Some(cmfc) =
        output.container_settings.as_mut().and_then(|settings| settings.cmfc_settings.as_mut())
    {
        cmfc.audio_rendition_sets = None;
        cmfc.audio_group_id = None;
    }
}

/// The outputs of a job, for the log: `720p 360p audio`.
pub struct Summary<'a>(pub &'a JobSettings);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outputs = self.0.output_groups().iter().flat_map(OutputGroup::outputs);
        let names: Vec<String> = outputs
            .map(|output| match output.video_description().map(|video| (video.height(), video.width())) {
                Some((Some(height), _)) => format!("{height}p"),
                Some((None, Some(width))) => format!("{width}w"),
                Some((None, None)) => "video".to_owned(),
                None => "audio".to_owned(),
            })
            .collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use aws_sdk_mediaconvert::types::{
        AudioDescription, FileGroupSettings, HlsGroupSettings, HlsSettings, OutputSettings, VideoDescription,
    };

    fn rung(height: i32) -> Output {
        let hls = HlsSettings::builder().audio_rendition_sets("audio").build();
        Output::builder()
            .name_modifier(format!("_{height}p"))
            .video_description(VideoDescription::builder().height(height).build())
            .output_settings(OutputSettings::builder().hls_settings(hls).build())
            .build()
    }

    fn sound() -> Output {
        let hls = HlsSettings::builder().audio_group_id("audio").build();
        Output::builder()
            .name_modifier("_audio")
            .audio_descriptions(AudioDescription::builder().audio_source_name(AUDIO_SELECTOR).build())
            .output_settings(OutputSettings::builder().hls_settings(hls).build())
            .build()
    }

    /// A template with rungs, an audio rendition and thumbnails.
    pub(crate) fn template(heights: &[i32]) -> JobTemplateSettings {
        let hls = OutputGroupSettings::builder()
            .r#type(OutputGroupType::HlsGroupSettings)
            .hls_group_settings(HlsGroupSettings::builder().segment_length(6).build());
        let file = OutputGroupSettings::builder()
            .r#type(OutputGroupType::FileGroupSettings)
            .file_group_settings(FileGroupSettings::builder().build());
        let frames =
            Output::builder().extension("jpg").video_description(VideoDescription::builder().build());
        JobTemplateSettings::builder()
            .output_groups(
                OutputGroup::builder()
                    .output_group_settings(hls.build())
                    .set_outputs(Some(heights.iter().map(|height| rung(*height)).chain([sound()]).collect()))
                    .build(),
            )
            .output_groups(
                OutputGroup::builder().output_group_settings(file.build()).outputs(frames.build()).build(),
            )
            .build()
    }

    const TO: Destination<'static> = Destination { bucket: "work", asset: "film-1", run: "abc" };

    fn made(heights: &[i32], source: Option<Source>) -> JobSettings {
        settings(&template(heights), "s3://src/film.mp4", source, TO).unwrap()
    }

    fn source(width: i32, height: i32, has_audio: bool) -> Option<Source> {
        Some(Source { size: Some((width, height)), has_audio, duration: None })
    }

    #[test]
    fn destinations_are_the_runs_own() {
        let job = made(&[360], None);
        let group = |index: usize| job.output_groups()[index].output_group_settings().unwrap().clone();
        let hls = group(0).hls_group_settings.unwrap();
        assert_eq!(hls.destination(), Some("s3://work/film-1/abc/index"));
        assert_eq!(hls.segment_length(), Some(6), "the template's settings are kept");
        let file = group(1).file_group_settings.unwrap();
        assert_eq!(file.destination(), Some("s3://work/film-1/abc/thumbnails/frame"));
    }

    #[test]
    fn the_input_is_rotated_and_counted_from_zero() {
        let job = made(&[360], None);
        let input = &job.inputs()[0];
        assert_eq!(input.file_input(), Some("s3://src/film.mp4"));
        assert_eq!(input.video_selector().unwrap().rotate(), Some(&InputRotate::Auto));
        assert_eq!(input.timecode_source(), Some(&InputTimecodeSource::Zerobased));
        assert!(input.audio_selectors().unwrap().contains_key(AUDIO_SELECTOR));
        assert_eq!(job.timecode_config().unwrap().source(), Some(&TimecodeSource::Zerobased));
    }

    #[test]
    fn rungs_taller_than_the_source_are_dropped_and_the_lowest_stays() {
        let ladder = [1080, 720, 720, 360, 234];
        let summary = |source| Summary(&made(&ladder, source)).to_string();
        assert_eq!(summary(None), "1080p 720p 720p 360p 234p audio video");
        assert_eq!(summary(source(1920, 1080, true)), "1080p 720p 720p 360p 234p audio video");
        assert_eq!(summary(source(1280, 719, true)), "360p 234p audio video");
        assert_eq!(summary(source(160, 120, true)), "234p audio video");
        assert_eq!(summary(source(1080, 1920, true)), "1080p 720p 720p 360p 234p audio video");
    }

    #[test]
    fn the_side_of_the_frame_that_binds_decides() {
        let frame = |width: Option<i32>, height: Option<i32>| {
            let video = VideoDescription::builder().set_width(width).set_height(height);
            Output::builder().video_description(video.build()).build()
        };
        let kept = |size| {
            let mut outputs =
                [(1920, 1080), (1280, 720), (640, 360)].map(|(w, h)| frame(Some(w), Some(h))).to_vec();
            drop_upscaled(&mut outputs, size);
            outputs.len()
        };
        assert_eq!(kept((1920, 1080)), 3);
        assert_eq!(kept((1920, 800)), 3, "scope");
        assert_eq!(kept((608, 1080)), 3, "upright");
        assert_eq!(kept((1280, 720)), 2);
        assert_eq!(kept((320, 240)), 1, "the smallest stays");
        let mut outputs = vec![frame(Some(1920), None), frame(Some(640), None)];
        drop_upscaled(&mut outputs, (1280, 720));
        assert_eq!(outputs[0].video_description().and_then(VideoDescription::width), Some(640));
        assert_eq!(outputs.len(), 1);
    }

    #[test]
    fn without_audio_neither_the_rendition_nor_a_reference_to_it_is_left() {
        let job = made(&[720, 360], source(1280, 720, false));
        assert_eq!(Summary(&job).to_string(), "720p 360p video");
        assert!(job.inputs()[0].audio_selectors().is_none());
        let hls = |output: &Output| output.output_settings()?.hls_settings().cloned();
        let left = job.output_groups()[0].outputs().iter().filter_map(hls);
        assert!(left.into_iter().all(|hls| hls.audio_rendition_sets().is_none()));
    }

    #[test]
    fn templates_that_cannot_be_published_are_refused() {
        let make = |template: &JobTemplateSettings| settings(template, "s3://b/k", None, TO);
        let empty = JobTemplateSettings::builder().build();
        assert_eq!(make(&empty).unwrap_err(), UnusableTemplate::NoOutputs);
        let mut dash = template(&[360]);
        dash.output_groups.as_mut().unwrap()[0].output_group_settings.as_mut().unwrap().r#type =
            Some(OutputGroupType::DashIsoGroupSettings);
        assert_eq!(make(&dash).unwrap_err(), UnusableTemplate::Group("DASH_ISO_GROUP_SETTINGS".into()));
    }
}
