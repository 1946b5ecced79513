//! The settings of a job template: the members of the API that the stack's ladder uses.
//!
//! Follows the MediaConvert API reference, `JobTemplateSettings`. CloudFormation writes it as `SettingsJson`: the API's
//! member names with a capital. Words of enumerations are the API's own. MediaConvert returns a template's settings as
//! they were sent, without filling in defaults.

mod codec;

use std::collections::BTreeMap;

pub use codec::{
    AacSettings, AudioCodecSettings, FrameCaptureSettings, H264QvbrSettings, H264Settings, H265QvbrSettings,
    H265Settings, VideoCodecSettings,
};

use super::mirror::mirror;

mirror! {
    /// All settings of a template.
    JobTemplateSettings {
        /// How timecodes are counted throughout the job.
        timecode_config: TimecodeConfig,
        /// What is taken from the source. A template has at most one input, and it names no file.
        inputs: Vec<InputTemplate>,
        /// What is made of it, by package.
        output_groups: Vec<OutputGroup>,
    }

    /// How timecodes are counted throughout the job.
    TimecodeConfig {
        /// `EMBEDDED`, `ZEROBASED` or `SPECIFIEDSTART`.
        source: String,
    }

    /// What is taken from the source.
    InputTemplate {
        /// The audio, by a name that outputs refer to.
        audio_selectors: BTreeMap<String, AudioSelector>,
        /// The video.
        video_selector: VideoSelector,
        /// How the input's frames are counted.
        timecode_source: String,
    }

    /// One choice of audio in the source.
    AudioSelector {
        /// `DEFAULT` uses this selector for outputs that name one which the source does not have.
        default_selection: String,
    }

    /// The choice of video in the source.
    VideoSelector {
        /// `AUTO` rotates the picture as the source's metadata says. Absent, the metadata is dropped.
        rotate: String,
    }

    /// Outputs that are packaged together.
    OutputGroup {
        /// The kind of package, as the console calls it.
        name: String,
        /// A name for people: up to twelve letters, digits, spaces and underscores.
        custom_name: String,
        /// How it is packaged.
        output_group_settings: OutputGroupSettings,
        /// The outputs in it.
        outputs: Vec<Output>,
    }

    /// How a group is packaged: the type, and the settings of that type.
    OutputGroupSettings {
        /// `HLS_GROUP_SETTINGS`, `CMAF_GROUP_SETTINGS` or `FILE_GROUP_SETTINGS`.
        r#type: String,
        /// HLS with MPEG-2 TS segments.
        hls_group_settings: HlsGroupSettings,
        /// Fragmented MP4 with HLS playlists.
        cmaf_group_settings: CmafGroupSettings,
        /// Single files.
        file_group_settings: FileGroupSettings,
    }

    /// HLS with MPEG-2 TS segments.
    HlsGroupSettings {
        /// Where it is written: each job says.
        destination: String,
        /// Segments as files, or ranges of one file.
        segment_control: String,
        /// Seconds of a segment.
        segment_length: i32,
        /// Whether segments end with a group of pictures or at exactly their length.
        segment_length_control: String,
        /// The least seconds of a segment around ad breaks. The API requires it.
        min_segment_length: i32,
        /// The least seconds of the last segment: a shorter one is joined to the one before.
        min_final_segment_length: f64,
        /// Whether playlists give durations with a fraction.
        manifest_duration_format: String,
        /// How `EXT-X-TARGETDURATION` is rounded.
        target_duration_compatibility_mode: String,
        /// Whether playlists are compressed.
        manifest_compression: String,
        /// The specification that `CODECS` follows.
        codec_specification: String,
        /// Whether the multivariant playlist has `RESOLUTION`.
        stream_inf_resolution: String,
        /// Whether playlists have `EXT-X-PROGRAM-DATE-TIME`.
        program_date_time: String,
        /// `DISABLED` writes `EXT-X-ALLOW-CACHE:no`.
        client_cache: String,
        /// All files side by side, or a directory for each output.
        directory_structure: String,
        /// Whether playlists are written at all.
        output_selection: String,
        /// Whether playlists are written again after each segment.
        progressive_write_hls_manifest: String,
        /// What playlists say about closed captions.
        caption_language_setting: String,
    }

    /// Fragmented MP4 with HLS playlists.
    CmafGroupSettings {
        /// Where it is written: each job says.
        destination: String,
        /// Segments as files, or ranges of one file.
        segment_control: String,
        /// Seconds of a segment.
        segment_length: i32,
        /// Whether segments end with a group of pictures or at exactly their length.
        segment_length_control: String,
        /// Seconds of a fragment inside a segment.
        fragment_length: i32,
        /// The least seconds of the last segment: a shorter one is joined to the one before.
        min_final_segment_length: f64,
        /// Whether playlists give durations with a fraction.
        manifest_duration_format: String,
        /// How `EXT-X-TARGETDURATION` is rounded.
        target_duration_compatibility_mode: String,
        /// Whether playlists are compressed.
        manifest_compression: String,
        /// The specification that `CODECS` follows.
        codec_specification: String,
        /// Whether the multivariant playlist has `RESOLUTION`.
        stream_inf_resolution: String,
        /// `DISABLED` writes `EXT-X-ALLOW-CACHE:no`.
        client_cache: String,
        /// Whether HLS playlists are written.
        write_hls_manifest: String,
        /// Whether a DASH manifest is written.
        write_dash_manifest: String,
    }

    /// Single files.
    FileGroupSettings {
        /// Where they are written: each job says.
        destination: String,
    }

    /// One output.
    Output {
        /// What the names of its files add to the destination's.
        name_modifier: String,
        /// The ending of its files, in file groups.
        extension: String,
        /// What its tracks are wrapped in.
        container_settings: ContainerSettings,
        /// Its video, if it has any.
        video_description: VideoDescription,
        /// Its audio tracks.
        audio_descriptions: Vec<AudioDescription>,
        /// Its part in the package.
        output_settings: OutputSettings,
    }

    /// What an output's tracks are wrapped in.
    ContainerSettings {
        /// `M3U8`, `CMFC` or `RAW`.
        container: String,
        /// Fragmented MP4.
        cmfc_settings: CmfcSettings,
    }

    /// Fragmented MP4, and the output's part in its package.
    CmfcSettings {
        /// The audio rendition group that an audio output belongs to.
        audio_group_id: String,
        /// The audio rendition groups that play with a video output.
        audio_rendition_sets: String,
        /// How players choose an audio output.
        audio_track_type: String,
        /// Whether there is a playlist of I-frames alone.
        i_frame_only_manifest: String,
    }

    /// An output's part in its package.
    OutputSettings {
        /// In HLS.
        hls_settings: HlsSettings,
    }

    /// An output's part in an HLS package.
    HlsSettings {
        /// The audio rendition group that an audio output belongs to.
        audio_group_id: String,
        /// The audio rendition groups that play with a video output.
        audio_rendition_sets: String,
        /// How players choose an audio output.
        audio_track_type: String,
        /// What an output without video is wrapped in.
        audio_only_container: String,
        /// Whether there is a playlist of I-frames alone.
        i_frame_only_manifest: String,
        /// What the names of segments add to the output's.
        segment_modifier: String,
    }

    /// A video track.
    VideoDescription {
        /// Pixels of a line.
        width: i32,
        /// Lines of the picture.
        height: i32,
        /// How a source of another shape is fitted.
        scaling_behavior: String,
        /// How sharp a scaled picture is: 0 to 100.
        sharpness: i32,
        /// Whether timecodes are written into the stream.
        timecode_insertion: String,
        /// The codec and its settings.
        codec_settings: VideoCodecSettings,
    }

    /// An audio track.
    AudioDescription {
        /// The selector of the input that it is made of.
        audio_source_name: String,
        /// What players call it.
        stream_name: String,
        /// Where its type comes from.
        audio_type_control: String,
        /// Where its language comes from.
        language_code_control: String,
        /// How loud it is made.
        audio_normalization_settings: AudioNormalizationSettings,
        /// The codec and its settings.
        codec_settings: AudioCodecSettings,
    }

    /// How loud an audio track is made.
    AudioNormalizationSettings {
        /// The recommendation by which loudness is measured.
        algorithm: String,
        /// Whether the sound is corrected, or only measured.
        algorithm_control: String,
        /// Whether the loudness is logged to a file.
        loudness_logging: String,
        /// Whether the highest peak is measured too.
        peak_calculation: String,
        /// The loudness in LKFS.
        target_lkfs: f64,
        /// The highest peak in dBFS.
        true_peak_limiter_threshold: f64,
    }
}

/// The words in the settings that the SDK does not know.
#[cfg(test)]
pub(crate) fn unknown_words(settings: &JobTemplateSettings) -> Vec<String> {
    let sdk = format!("{:?}", super::mirror::ToSdk::to_sdk(settings));
    let unknown = sdk.split("UnknownVariantValue(").skip(1);
    unknown.map(|rest| rest.split_once(')').map_or(rest, |(word, _)| word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_not_of_the_api_is_found() {
        let timecode_config = Some(TimecodeConfig { source: Some("ZEROBASE".into()), ..Default::default() });
        let settings = JobTemplateSettings { timecode_config, ..Default::default() };
        assert_eq!(unknown_words(&settings), ["\"ZEROBASE\""]);
    }
}
