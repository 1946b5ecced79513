//! Builds the settings of one asset's job from the template. Pure.
//!
//! A template's destinations cannot vary by asset, and its ladder cannot depend on the source. So the job contains the
//! template's settings, with the destinations set, and with the outputs made to fit the source. The settings are complete:
//! AWS documents no rule by which a job's settings are merged with a template's.

mod colour;
mod frame_rate;
mod rungs;
mod shape;
mod sound;

use std::fmt;

use asset::work;
use aws_sdk_mediaconvert::types::{
    FileGroupSettings, Input, InputTemplate, InputTimecodeSource, JobSettings, JobTemplateSettings,
    OutputGroup, OutputGroupSettings, OutputGroupType, TimecodeConfig, TimecodeSource, VideoDescription,
};

use crate::probe::{Picture, Rate, Source};

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
    /// It has no input.
    #[error("the job template has no input; `provision apply` restores it")]
    NoInput,
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
/// If the template has no input, no output groups, or one of a type that cannot be published.
pub fn settings(
    template: &JobTemplateSettings,
    url: &str,
    source: Option<&Source>,
    destination: Destination<'_>,
) -> Result<JobSettings, UnusableTemplate> {
    let declared = template.inputs().first().ok_or(UnusableTemplate::NoInput)?;
    let mut groups = template.output_groups().to_vec();
    if let Some(source) = source {
        fit(&mut groups, source);
    }
    if groups.is_empty() {
        return Err(UnusableTemplate::NoOutputs);
    }
    for group in &mut groups {
        direct(group, destination)?;
    }
    let timecode = template.timecode_config().cloned();
    let from_zero = || TimecodeConfig::builder().source(TimecodeSource::Zerobased).build();
    Ok(JobSettings::builder()
        .inputs(input(declared, url, source))
        .set_output_groups(Some(groups))
        .timecode_config(timecode.unwrap_or_else(from_zero))
        .build())
}

/// The template's input, of this file.
fn input(declared: &InputTemplate, url: &str, source: Option<&Source>) -> Input {
    let sounds = source.map(|source| source.sounds.as_slice());
    let selectors = declared.audio_selectors().and_then(|declared| sound::select(declared, sounds));
    let timecode = declared.timecode_source().cloned();
    Input::builder()
        .file_input(url)
        .timecode_source(timecode.unwrap_or(InputTimecodeSource::Zerobased))
        .set_video_selector(declared.video_selector().cloned())
        .set_audio_selectors(selectors)
        .build()
}

/// Makes the outputs fit the source, and removes those that it does not need.
fn fit(groups: &mut Vec<OutputGroup>, source: &Source) {
    match &source.picture {
        None => sound::alone(groups),
        Some(picture) => groups.iter_mut().for_each(|group| fit_pictures(group, picture)),
    }
    if source.sounds.is_empty() {
        groups.iter_mut().for_each(sound::silence);
    }
    groups.retain(|group| !group.outputs().is_empty());
}

fn fit_pictures(group: &mut OutputGroup, picture: &Picture) {
    let Some(outputs) = group.outputs.as_mut() else { return };
    for video in outputs.iter_mut().filter_map(|output| output.video_description.as_mut()) {
        if let (Some(rate), Some(declared)) = (picture.rate, shape::frame(video)) {
            frame_rate::set(video, declared.height, rate);
        }
        if picture.wide_colours {
            colour::to_bt709(video);
        }
    }
    let Some(seen) = picture.size else { return };
    // The boxes of the template lie on their side.
    let lying = if seen.is_upright() { seen.turned() } else { seen };
    rungs::choose(outputs, lying);
    rungs::merge(outputs, lying);
    for video in outputs.iter_mut().filter_map(|output| output.video_description.as_mut()) {
        shape::set(video, picture);
    }
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
            file_group_settings.get_or_insert_with(|| FileGroupSettings::builder().build()).destination =
                Some(thumbnails);
        }
        Some((other, _)) => return Err(UnusableTemplate::Group(other.as_str().to_owned())),
        None => return Err(UnusableTemplate::Group("(none)".to_owned())),
    }
    Ok(())
}

/// The outputs of a job, for the log: `1280x720@30 640x360@30 audio`.
pub struct Summary<'a>(pub &'a JobSettings);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outputs = self.0.output_groups().iter().flat_map(OutputGroup::outputs);
        let names: Vec<String> =
            outputs.map(|output| output.video_description().map_or("audio".to_owned(), picture)).collect();
        f.write_str(&names.join(" "))
    }
}

fn picture(video: &VideoDescription) -> String {
    let size =
        shape::frame(video).map_or("video".to_owned(), |frame| format!("{}x{}", frame.width, frame.height));
    match rate(video) {
        Some(Rate { numerator, denominator: 1 }) => format!("{size}@{numerator}"),
        Some(Rate { numerator, denominator }) => format!("{size}@{numerator}/{denominator}"),
        None => size,
    }
}

/// The specified frame rate of an output.
fn rate(video: &VideoDescription) -> Option<Rate> {
    let codec = video.codec_settings()?;
    let avc = codec.h264_settings().map(|avc| [avc.framerate_numerator(), avc.framerate_denominator()]);
    let hevc =
        || codec.h265_settings().map(|hevc| [hevc.framerate_numerator(), hevc.framerate_denominator()]);
    let [numerator, denominator] = avc.or_else(hevc)?.map(|number| u32::try_from(number?).ok());
    Some(Rate { numerator: numerator?, denominator: denominator? })
}

#[cfg(test)]
mod tests;
