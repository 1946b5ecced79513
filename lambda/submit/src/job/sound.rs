//! The sound of a job: which tracks it is made of, a job without sound, and a job of sound alone.

use std::collections::HashMap;

use aws_sdk_mediaconvert::types::{
    AudioSelector, AudioSelectorType, CmafGroupSettings, ContainerSettings, ContainerType,
    HlsAudioOnlyContainer, HlsAudioTrackType, HlsCaptionLanguageSetting, HlsClientCache,
    HlsCodecSpecification, HlsDirectoryStructure, HlsGroupSettings, HlsManifestCompression,
    HlsManifestDurationFormat, HlsOutputSelection, HlsSegmentControl, HlsSegmentLengthControl, HlsSettings,
    HlsTargetDurationCompatibilityMode, Output, OutputGroup, OutputGroupSettings, OutputGroupType,
    OutputSettings,
};

use crate::probe::Sound;

/// The template's selectors for this source. A silent source has none: MediaConvert fails a job with a selector of a track
/// that is not there.
///
/// Cameras write the left and the right channel as two mono tracks. A selector of both makes one stereo track of them.
pub(super) fn select(
    declared: &HashMap<String, AudioSelector>,
    sounds: Option<&[Sound]>,
) -> Option<HashMap<String, AudioSelector>> {
    let mut selectors = declared.clone();
    match sounds {
        Some([]) => return None,
        Some([left, right, ..]) if are_a_pair(left, right) => {
            for selector in selectors.values_mut() {
                selector.selector_type = Some(AudioSelectorType::Track);
                selector.tracks = Some(vec![1, 2]);
            }
        }
        _ => {}
    }
    Some(selectors)
}

/// Two mono tracks of different languages are not left and right.
fn are_a_pair(left: &Sound, right: &Sound) -> bool {
    let mono = |sound: &Sound| sound.channels == Some(1);
    mono(left) && mono(right) && left.language == right.language
}

/// Removes the sound, and every reference to the audio rendition group, from a group.
pub(super) fn silence(group: &mut OutputGroup) {
    let Some(outputs) = group.outputs.as_mut() else { return };
    outputs.retain(|output| output.video_description.is_some() || output.preset.is_some());
    outputs.iter_mut().for_each(forget);
}

fn forget(output: &mut Output) {
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

/// Reduces the groups to one HLS package of the sound, which plays by itself. There is nothing to take stills of.
pub(super) fn alone(groups: &mut Vec<OutputGroup>) {
    groups.iter_mut().for_each(to_sound);
    groups.retain(|group| !group.outputs().is_empty());
    groups.truncate(1);
}

fn to_sound(group: &mut OutputGroup) {
    let Some(outputs) = group.outputs.as_mut() else { return };
    outputs.retain(|output| output.video_description.is_none() && output.audio_descriptions.is_some());
    outputs.truncate(1);
    let hls = HlsSettings::builder()
        .audio_track_type(HlsAudioTrackType::AudioOnlyVariantStream)
        .audio_only_container(HlsAudioOnlyContainer::Automatic);
    let settings = OutputSettings::builder().hls_settings(hls.build()).build();
    for output in outputs {
        output.container_settings = Some(ContainerSettings::builder().container(ContainerType::M3U8).build());
        output.output_settings = Some(settings.clone());
    }
    if let Some(settings) = group.output_group_settings.as_mut()
        && let Some(cmaf) = settings.cmaf_group_settings.as_ref()
    {
        *settings = OutputGroupSettings::builder()
            .r#type(OutputGroupType::HlsGroupSettings)
            .hls_group_settings(like(cmaf))
            .build();
    }
}

/// HLS with the segments of a CMAF package, and otherwise as the stack declares HLS.
fn like(cmaf: &CmafGroupSettings) -> HlsGroupSettings {
    HlsGroupSettings::builder()
        .segment_control(HlsSegmentControl::SegmentedFiles)
        .set_segment_length(cmaf.segment_length)
        .segment_length_control(HlsSegmentLengthControl::GopMultiple)
        .min_segment_length(0)
        .set_min_final_segment_length(cmaf.min_final_segment_length)
        .manifest_duration_format(HlsManifestDurationFormat::FloatingPoint)
        .target_duration_compatibility_mode(HlsTargetDurationCompatibilityMode::SpecCompliant)
        .manifest_compression(HlsManifestCompression::None)
        .codec_specification(HlsCodecSpecification::Rfc6381)
        .client_cache(HlsClientCache::Enabled)
        .directory_structure(HlsDirectoryStructure::SingleDirectory)
        .output_selection(HlsOutputSelection::ManifestsAndSegments)
        .caption_language_setting(HlsCaptionLanguageSetting::None)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_mediaconvert::types::AudioDefaultSelection;

    fn sound(channels: i32, language: Option<&str>) -> Sound {
        Sound { channels: Some(channels), language: language.map(ToOwned::to_owned) }
    }

    /// The tracks that the job's one selector names; empty for the default track.
    fn tracks(sounds: Option<&[Sound]>) -> Option<Vec<i32>> {
        let declared = AudioSelector::builder().default_selection(AudioDefaultSelection::Default).build();
        let selectors = select(&[("Audio Selector 1".to_owned(), declared)].into(), sounds)?;
        let [selector] = selectors.values().collect::<Vec<_>>()[..] else { panic!("{selectors:?}") };
        assert_eq!(selector.default_selection(), Some(&AudioDefaultSelection::Default));
        Some(selector.tracks().to_vec())
    }

    #[test]
    fn two_mono_tracks_are_one_stereo_track() {
        let mono = || sound(1, None);
        assert_eq!(tracks(Some(&[])), None, "silent");
        assert_eq!(tracks(None), Some(vec![]), "not probed");
        assert_eq!(tracks(Some(&[mono(), mono()])), Some(vec![1, 2]));
        assert_eq!(tracks(Some(&[mono(), mono(), mono(), mono()])), Some(vec![1, 2]));
        for default in [
            vec![mono()],
            vec![sound(2, None), sound(2, None)],
            vec![sound(6, None)],
            vec![sound(2, None), mono()],
            vec![Sound::default(), Sound::default()],
            vec![sound(1, Some("ENG")), sound(1, Some("KOR"))],
        ] {
            assert_eq!(tracks(Some(&default)), Some(vec![]), "{default:?}");
        }
    }
}
