//! The ladder as MediaConvert's settings.
//!
//! One package of HLS renditions that a player can switch between at every segment, with the sound as a separate
//! rendition. If requested, still pictures too. The destination is not set here: each job has its own. Follows the
//! MediaConvert API reference and Apple's HLS authoring specification.

use std::collections::BTreeMap;

use crate::resource::mediaconvert::settings::{
    AacSettings, AudioCodecSettings, AudioDescription, AudioNormalizationSettings, AudioSelector,
    CmafGroupSettings, CmfcSettings, ContainerSettings, FileGroupSettings, FrameCaptureSettings,
    H264QvbrSettings, H264Settings, H265QvbrSettings, H265Settings, HlsGroupSettings, HlsSettings,
    InputTemplate, JobTemplateSettings, Output, OutputGroup, OutputGroupSettings, OutputSettings,
    TimecodeConfig, VideoCodecSettings, VideoDescription, VideoSelector,
};
use crate::stack::config::{Loudness, Thumbnails, Transcode};
use crate::stack::ladder::{Codec, Container, Rung};

/// The audio of the source: the name that the submit handler uses in each job.
const AUDIO: &str = "Audio Selector 1";
/// The audio rendition group.
const SOUND: &str = "audio";
/// Seconds of a group of pictures. Segments are whole multiples of it.
const GOP: f64 = 2.0;
/// The least seconds of the last segment. Players stop before the end if it is shorter than a second.
const LAST: f64 = 1.0;
/// Seconds of a fragment inside an fMP4 segment: a group of pictures.
const FRAGMENT: i32 = 2;
/// Below this many lines H.264 uses Main profile, which all phones that play those renditions support.
const HIGH_PROFILE_FROM: u32 = 480;
/// The maximum size of still pictures.
const STILL: (i32, i32) = (640, 360);
/// MediaConvert's maximum number of captures: the video's length decides.
const ALL_CAPTURES: i32 = 10_000_000;

fn word(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A number of the stack file; its limits are well below the API's.
fn number(value: impl TryInto<i32>) -> Option<i32> {
    Some(value.try_into().unwrap_or(i32::MAX))
}

/// The settings of the template.
pub(super) fn settings(transcode: &Transcode) -> JobTemplateSettings {
    let stills = transcode.thumbnails.as_ref().map(stills);
    JobTemplateSettings {
        timecode_config: Some(TimecodeConfig { source: word("ZEROBASED"), ..Default::default() }),
        inputs: Some(vec![input()]),
        output_groups: Some([package(transcode)].into_iter().chain(stills).collect()),
        ..Default::default()
    }
}

/// Rotates the picture as the file says (phones record sideways) and selects the first audio track.
fn input() -> InputTemplate {
    let audio = AudioSelector { default_selection: word("DEFAULT"), ..Default::default() };
    InputTemplate {
        audio_selectors: Some(BTreeMap::from([(AUDIO.to_owned(), audio)])),
        video_selector: Some(VideoSelector { rotate: word("AUTO"), ..Default::default() }),
        timecode_source: word("ZEROBASED"),
        ..Default::default()
    }
}

/// The output group of the renditions. MediaConvert makes fMP4 segments in CMAF groups only.
fn package(transcode: &Transcode) -> OutputGroup {
    let container = transcode.ladder.container;
    let segment = number(transcode.segment.seconds());
    let (name, settings) = match container {
        Container::Ts => ("Apple HLS", ts_group(segment)),
        Container::Fmp4 => ("CMAF", fmp4_group(segment)),
    };
    let pictures = transcode.ladder.rungs.iter().map(|rung| picture(rung, container));
    OutputGroup {
        name: word(name),
        custom_name: word("ladder"),
        output_group_settings: Some(settings),
        outputs: Some(pictures.chain([sound(container, transcode.loudness)]).collect()),
        ..Default::default()
    }
}

/// Segments end where a group of pictures does: an exact length would add an extra I-frame wherever the frame rate is
/// fractional. Playlists are written once, at the end: nobody plays from the work bucket.
fn ts_group(segment: Option<i32>) -> OutputGroupSettings {
    let hls = HlsGroupSettings {
        segment_control: word("SEGMENTED_FILES"),
        segment_length: segment,
        segment_length_control: word("GOP_MULTIPLE"),
        min_segment_length: Some(0),
        min_final_segment_length: Some(LAST),
        manifest_duration_format: word("FLOATING_POINT"),
        // 6.006 s is rounded to 6, as the specification says, not up to 7.
        target_duration_compatibility_mode: word("SPEC_COMPLIANT"),
        manifest_compression: word("NONE"),
        // CODECS as RFC 8216 requires it.
        codec_specification: word("RFC_6381"),
        stream_inf_resolution: word("INCLUDE"),
        program_date_time: word("EXCLUDE"),
        client_cache: word("ENABLED"),
        directory_structure: word("SINGLE_DIRECTORY"),
        output_selection: word("MANIFESTS_AND_SEGMENTS"),
        progressive_write_hls_manifest: word("DISABLED"),
        caption_language_setting: word("NONE"),
        ..Default::default()
    };
    OutputGroupSettings {
        r#type: word("HLS_GROUP_SETTINGS"),
        hls_group_settings: Some(hls),
        ..Default::default()
    }
}

/// Like [`ts_group`], in fragmented MP4.
fn fmp4_group(segment: Option<i32>) -> OutputGroupSettings {
    let cmaf = CmafGroupSettings {
        segment_control: word("SEGMENTED_FILES"),
        segment_length: segment,
        segment_length_control: word("GOP_MULTIPLE"),
        fragment_length: Some(FRAGMENT),
        min_final_segment_length: Some(LAST),
        manifest_duration_format: word("FLOATING_POINT"),
        target_duration_compatibility_mode: word("SPEC_COMPLIANT"),
        manifest_compression: word("NONE"),
        codec_specification: word("RFC_6381"),
        stream_inf_resolution: word("INCLUDE"),
        client_cache: word("ENABLED"),
        write_hls_manifest: word("ENABLED"),
        write_dash_manifest: word("DISABLED"),
        ..Default::default()
    };
    OutputGroupSettings {
        r#type: word("CMAF_GROUP_SETTINGS"),
        cmaf_group_settings: Some(cmaf),
        ..Default::default()
    }
}

/// One video rendition. The size is the frame that the picture is fitted into. A source of another shape keeps its
/// shape without black bars, and nothing is enlarged.
fn picture(rung: &Rung, container: Container) -> Output {
    let video = VideoDescription {
        width: number(rung.width),
        height: number(rung.height),
        scaling_behavior: word("FIT_NO_UPSCALE"),
        sharpness: Some(50),
        timecode_insertion: word("DISABLED"),
        codec_settings: Some(match rung.codec {
            Codec::Avc => avc(rung),
            Codec::Hevc => hevc(rung),
        }),
        ..Default::default()
    };
    Output { name_modifier: Some(modifier(rung)), video_description: Some(video), ..playing(container) }
}

/// The part of the file names that identifies a rendition: `_1080p_7800k`.
fn modifier(rung: &Rung) -> String {
    let codec = match rung.codec {
        Codec::Avc => "",
        Codec::Hevc => "_hevc",
    };
    let bits = rung.max_bitrate;
    let rate = if bits.is_multiple_of(1000) { format!("{}k", bits / 1000) } else { bits.to_string() };
    format!("_{}p{codec}_{rate}", rung.height)
}

/// An output that plays with the audio rendition.
fn playing(container: Container) -> Output {
    let (sets, exclude) = (word(SOUND), word("EXCLUDE"));
    match container {
        Container::Ts => ts(HlsSettings {
            audio_rendition_sets: sets,
            i_frame_only_manifest: exclude,
            ..Default::default()
        }),
        Container::Fmp4 => fmp4(CmfcSettings {
            audio_rendition_sets: sets,
            i_frame_only_manifest: exclude,
            ..Default::default()
        }),
    }
}

/// The sound: stored once, not with every rung.
fn sound(container: Container, loudness: Option<Loudness>) -> Output {
    let (group, track) = (word(SOUND), word("ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT"));
    let output = match container {
        Container::Ts => ts(HlsSettings {
            audio_group_id: group,
            audio_track_type: track,
            audio_only_container: word("AUTOMATIC"),
            ..Default::default()
        }),
        Container::Fmp4 => {
            fmp4(CmfcSettings { audio_group_id: group, audio_track_type: track, ..Default::default() })
        }
    };
    Output { name_modifier: word("_audio"), audio_descriptions: Some(vec![aac(loudness)]), ..output }
}

fn ts(hls: HlsSettings) -> Output {
    Output {
        container_settings: Some(ContainerSettings { container: word("M3U8"), ..Default::default() }),
        output_settings: Some(OutputSettings { hls_settings: Some(hls), ..Default::default() }),
        ..Default::default()
    }
}

fn fmp4(cmfc: CmfcSettings) -> Output {
    Output {
        container_settings: Some(ContainerSettings {
            container: word("CMFC"),
            cmfc_settings: Some(cmfc),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// H.264. Groups of pictures are closed and equally long, and scene changes start none, so that all renditions are
/// aligned. One pass, because two passes cost the professional tier.
fn avc(rung: &Rung) -> VideoCodecSettings {
    let h264 = H264Settings {
        codec_profile: word(if rung.height < HIGH_PROFILE_FROM { "MAIN" } else { "HIGH" }),
        codec_level: word("AUTO"),
        quality_tuning_level: word("SINGLE_PASS_HQ"),
        rate_control_mode: word("QVBR"),
        max_bitrate: number(rung.max_bitrate),
        qvbr_settings: Some(H264QvbrSettings {
            qvbr_quality_level: number(rung.quality()),
            ..Default::default()
        }),
        gop_size: Some(GOP),
        gop_size_units: word("SECONDS"),
        gop_closed_cadence: Some(1),
        scene_change_detect: word("DISABLED"),
        min_i_interval: Some(0),
        framerate_control: word("INITIALIZE_FROM_SOURCE"),
        par_control: word("SPECIFIED"),
        par_numerator: Some(1),
        par_denominator: Some(1),
        interlace_mode: word("PROGRESSIVE"),
        adaptive_quantization: word("AUTO"),
        ..Default::default()
    };
    VideoCodecSettings { codec: word("H_264"), h264_settings: Some(h264), ..Default::default() }
}

/// HEVC: like [`avc`], with parameter sets where Apple's players expect them.
fn hevc(rung: &Rung) -> VideoCodecSettings {
    let h265 = H265Settings {
        codec_profile: word("MAIN_MAIN"),
        codec_level: word("AUTO"),
        quality_tuning_level: word("SINGLE_PASS_HQ"),
        rate_control_mode: word("QVBR"),
        max_bitrate: number(rung.max_bitrate),
        qvbr_settings: Some(H265QvbrSettings {
            qvbr_quality_level: number(rung.quality()),
            ..Default::default()
        }),
        gop_size: Some(GOP),
        gop_size_units: word("SECONDS"),
        gop_closed_cadence: Some(1),
        scene_change_detect: word("DISABLED"),
        min_i_interval: Some(0),
        framerate_control: word("INITIALIZE_FROM_SOURCE"),
        par_control: word("SPECIFIED"),
        par_numerator: Some(1),
        par_denominator: Some(1),
        interlace_mode: word("PROGRESSIVE"),
        adaptive_quantization: word("AUTO"),
        write_mp4_packaging_type: word("HVC1"),
        ..Default::default()
    };
    VideoCodecSettings { codec: word("H_265"), h265_settings: Some(h265), ..Default::default() }
}

/// Stereo AAC-LC, which every player supports. Sound with more channels is mixed down.
fn aac(loudness: Option<Loudness>) -> AudioDescription {
    let aac = AacSettings {
        codec_profile: word("LC"),
        coding_mode: word("CODING_MODE_2_0"),
        rate_control_mode: word("CBR"),
        bitrate: Some(160_000),
        sample_rate: Some(48_000),
        specification: word("MPEG4"),
        raw_format: word("NONE"),
        ..Default::default()
    };
    AudioDescription {
        audio_source_name: word(AUDIO),
        stream_name: word("Stereo"),
        audio_type_control: word("FOLLOW_INPUT"),
        language_code_control: word("FOLLOW_INPUT"),
        audio_normalization_settings: loudness.map(normalized),
        codec_settings: Some(AudioCodecSettings {
            codec: word("AAC"),
            aac_settings: Some(aac),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Sound of one loudness, measured as streaming services do (ITU-R BS.1770). Peaks are limited to 1 dB below full scale,
/// because AAC decoders may exceed what was encoded.
fn normalized(loudness: Loudness) -> AudioNormalizationSettings {
    AudioNormalizationSettings {
        algorithm: word("ITU_BS_1770_3"),
        algorithm_control: word("CORRECT_AUDIO"),
        loudness_logging: word("DONT_LOG"),
        peak_calculation: word("NONE"),
        target_lkfs: Some(loudness.lkfs()),
        true_peak_limiter_threshold: Some(-1.0),
        ..Default::default()
    }
}

/// Still pictures at regular intervals.
fn stills(thumbnails: &Thumbnails) -> OutputGroup {
    let capture = FrameCaptureSettings {
        framerate_numerator: Some(1),
        framerate_denominator: number(thumbnails.every.seconds()),
        max_captures: Some(ALL_CAPTURES),
        quality: Some(80),
        ..Default::default()
    };
    let video = VideoDescription {
        width: Some(STILL.0),
        height: Some(STILL.1),
        scaling_behavior: word("FIT_NO_UPSCALE"),
        codec_settings: Some(VideoCodecSettings {
            codec: word("FRAME_CAPTURE"),
            frame_capture_settings: Some(capture),
            ..Default::default()
        }),
        ..Default::default()
    };
    let output = Output {
        container_settings: Some(ContainerSettings { container: word("RAW"), ..Default::default() }),
        video_description: Some(video),
        ..Default::default()
    };
    OutputGroup {
        name: word("File Group"),
        custom_name: word("thumbnails"),
        output_group_settings: Some(OutputGroupSettings {
            r#type: word("FILE_GROUP_SETTINGS"),
            file_group_settings: Some(FileGroupSettings::default()),
            ..Default::default()
        }),
        outputs: Some(vec![output]),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests;
