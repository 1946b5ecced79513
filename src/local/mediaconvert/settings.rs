//! The part of a job's settings that the transcoder uses, typed. Also the rules that the service enforces but AWS's
//! model of the API does not contain.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The settings of a job.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Settings {
    pub(super) inputs: Vec<Input>,
    pub(super) output_groups: Vec<OutputGroup>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Input {
    pub(super) file_input: String,
    pub(super) video_selector: VideoSelector,
    /// By name, such as `Audio Selector 1`.
    pub(super) audio_selectors: BTreeMap<String, AudioSelector>,
}

/// Tracks of the input that make one sound.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AudioSelector {
    /// `DEFAULT` takes the place of selectors that outputs name and the input does not have.
    pub(super) default_selection: String,
    /// `TRACK` if it is absent.
    pub(super) selector_type: String,
    /// Numbers among the sounds of the input, from 1. None is the first.
    pub(super) tracks: Vec<u32>,
    pub(super) language_code: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VideoSelector {
    /// `AUTO` rotates the picture as the file says; otherwise it is kept as stored.
    pub(super) rotate: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OutputGroup {
    pub(super) output_group_settings: OutputGroupSettings,
    pub(super) outputs: Vec<Output>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OutputGroupSettings {
    pub(super) r#type: String,
    pub(super) hls_group_settings: Option<Segmented>,
    pub(super) cmaf_group_settings: Option<Segmented>,
    pub(super) file_group_settings: Option<FileGroup>,
}

/// The settings that HLS and CMAF groups share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Segmented {
    pub(super) destination: String,
    pub(super) segment_length: Option<u32>,
    /// `GOP_MULTIPLE` lengthens segments to whole GOPs; `EXACT` puts a key frame at the start of each segment.
    pub(super) segment_length_control: String,
    /// `SPEC_COMPLIANT` rounds the target duration; otherwise it is rounded up.
    pub(super) target_duration_compatibility_mode: String,
    /// `INTEGER` rounds the durations in playlists.
    pub(super) manifest_duration_format: String,
    /// Seconds. A shorter last segment is joined to the one before.
    pub(super) min_final_segment_length: f64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FileGroup {
    pub(super) destination: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Output {
    pub(super) name_modifier: String,
    pub(super) extension: Option<String>,
    pub(super) container_settings: Container,
    pub(super) video_description: Option<VideoDescription>,
    pub(super) audio_descriptions: Vec<AudioDescription>,
    pub(super) output_settings: OutputSettings,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Container {
    pub(super) container: String,
    pub(super) cmfc_settings: AudioGroup,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OutputSettings {
    pub(super) hls_settings: HlsSettings,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HlsSettings {
    #[serde(flatten)]
    pub(super) audio: AudioGroup,
    /// `M2TS`, or `AUTOMATIC` for raw AAC.
    pub(super) audio_only_container: Option<String>,
}

/// How the sounds and pictures of a playlist belong together: the same members in HLS and CMAF outputs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AudioGroup {
    pub(super) audio_group_id: Option<String>,
    pub(super) audio_rendition_sets: Option<String>,
    pub(super) audio_track_type: Option<String>,
}

impl Output {
    /// The audio group of this output, wherever its kind of container has it.
    pub(super) fn audio_group(&self) -> &AudioGroup {
        match self.container_settings.container.as_str() {
            "CMFC" => &self.container_settings.cmfc_settings,
            _ => &self.output_settings.hls_settings.audio,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VideoDescription {
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) scaling_behavior: String,
    pub(super) codec_settings: VideoCodec,
    pub(super) video_preprocessors: Preprocessors,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Preprocessors {
    pub(super) color_corrector: ColorCorrector,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ColorCorrector {
    /// `FORCE_709` converts the picture to BT.709; `NONE` and nothing keep the input's colors.
    pub(super) color_space_conversion: String,
    /// `PRESERVE_DETAILS` or `VIBRANT`.
    pub(super) hdr_to_sdr_tone_mapper: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VideoCodec {
    pub(super) codec: String,
    pub(super) h264_settings: Option<H26x>,
    pub(super) h265_settings: Option<H26x>,
    pub(super) frame_capture_settings: Option<FrameCapture>,
}

/// The settings that H.264 and H.265 share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct H26x {
    pub(super) rate_control_mode: String,
    pub(super) bitrate: Option<u64>,
    pub(super) max_bitrate: Option<u64>,
    pub(super) hrd_buffer_size: Option<u64>,
    pub(super) qvbr_settings: Qvbr,
    pub(super) codec_profile: String,
    pub(super) codec_level: String,
    pub(super) gop_size: Option<f64>,
    pub(super) gop_size_units: String,
    pub(super) gop_closed_cadence: Option<u32>,
    pub(super) scene_change_detect: String,
    #[serde(rename = "numberBFramesBetweenReferenceFrames")]
    pub(super) b_frames: Option<u32>,
    pub(super) framerate_control: String,
    pub(super) framerate_numerator: Option<u32>,
    pub(super) framerate_denominator: Option<u32>,
    pub(super) framerate_conversion_algorithm: String,
    /// `PROGRESSIVE` if it is absent: the fields of the input become frames.
    pub(super) interlace_mode: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Qvbr {
    pub(super) qvbr_quality_level: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FrameCapture {
    pub(super) framerate_numerator: Option<u32>,
    pub(super) framerate_denominator: Option<u32>,
    pub(super) max_captures: Option<u32>,
    pub(super) quality: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AudioDescription {
    /// The selector; `Audio Selector 1` if it is absent.
    pub(super) audio_source_name: Option<String>,
    pub(super) audio_normalization_settings: Option<Normalization>,
    pub(super) codec_settings: AudioCodec,
    pub(super) language_code: Option<String>,
    pub(super) stream_name: Option<String>,
}

/// The loudness to bring a sound to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Normalization {
    /// `MEASURE_ONLY` changes nothing.
    pub(super) algorithm_control: String,
    pub(super) target_lkfs: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AudioCodec {
    pub(super) codec: String,
    pub(super) aac_settings: Option<Aac>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Aac {
    pub(super) bitrate: Option<u32>,
    pub(super) sample_rate: Option<u32>,
    pub(super) coding_mode: String,
}

/// Checks the rules beyond the model; `complete` adds those that apply only to jobs. Returns everything that is wrong.
pub(super) fn check(settings: &Value, complete: bool) -> Result<(), String> {
    let mut wrong = Vec::new();
    let groups = list(settings, "outputGroups");
    if complete && list(settings, "inputs").is_empty() {
        wrong.push("/inputs: Should have at least 1 items".to_owned());
    }
    if complete && groups.is_empty() {
        wrong.push("/outputGroups: Should have at least 1 items".to_owned());
    }
    for (index, input) in list(settings, "inputs").iter().enumerate().filter(|_| complete) {
        require(input, "fileInput", &format!("/inputs/{index}"), &mut wrong);
    }
    for (index, group) in groups.iter().enumerate() {
        check_group(group, &format!("/outputGroups/{index}"), complete, &mut wrong);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
}

fn check_group(group: &Value, path: &str, complete: bool, wrong: &mut Vec<String>) {
    let kind = group["outputGroupSettings"]["type"].as_str().unwrap_or_default();
    let (member, required): (&str, &[&str]) = match kind {
        "HLS_GROUP_SETTINGS" => ("hlsGroupSettings", &["segmentLength", "minSegmentLength"]),
        "CMAF_GROUP_SETTINGS" => ("cmafGroupSettings", &["segmentLength", "fragmentLength"]),
        "FILE_GROUP_SETTINGS" => ("fileGroupSettings", &[]),
        _ => {
            wrong.push(format!("{path}/outputGroupSettings: type is a required property"));
            return;
        }
    };
    let settings = &group["outputGroupSettings"][member];
    let at = format!("{path}/outputGroupSettings/{member}");
    required.iter().for_each(|name| require(settings, name, &at, wrong));
    if complete {
        require(settings, "destination", &at, wrong);
    }
    let outputs = list(group, "outputs");
    if outputs.is_empty() {
        wrong.push(format!("{path}/outputs: Should have at least 1 items"));
    }
    let mut names: Vec<&str> = Vec::new();
    for (index, output) in outputs.iter().enumerate() {
        let at = format!("{path}/outputs/{index}");
        check_output(output, kind, &at, wrong);
        let name = output["nameModifier"].as_str().unwrap_or_default();
        if names.contains(&name) {
            wrong.push(format!("{at}: nameModifier must be unique within the output group"));
        }
        names.push(name);
    }
}

fn check_output(output: &Value, group: &str, path: &str, wrong: &mut Vec<String>) {
    if output["preset"].is_string() {
        return;
    }
    require(output, "containerSettings", path, wrong);
    let container = output["containerSettings"]["container"].as_str();
    let fits = match group {
        "HLS_GROUP_SETTINGS" => container == Some("M3U8"),
        "CMAF_GROUP_SETTINGS" => container == Some("CMFC"),
        _ => !matches!(container, Some("M3U8" | "CMFC" | "MPD" | "ISMV")),
    };
    if let (Some(container), false) = (container, fits) {
        wrong.push(format!("{path}/containerSettings: container {container} is not allowed in {group}"));
    }
    for (codec, member) in [("H_264", "h264Settings"), ("H_265", "h265Settings")] {
        let settings = &output["videoDescription"]["codecSettings"];
        if settings["codec"].as_str() != Some(codec) {
            continue;
        }
        let at = format!("{path}/videoDescription/codecSettings/{member}");
        let settings = &settings[member];
        match settings["rateControlMode"].as_str() {
            Some("QVBR") => require(settings, "maxBitrate", &at, wrong),
            Some("CBR" | "VBR") => require(settings, "bitrate", &at, wrong),
            _ => require(settings, "rateControlMode", &at, wrong),
        }
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn require(value: &Value, name: &str, path: &str, wrong: &mut Vec<String>) {
    let empty = Map::new();
    if value.as_object().unwrap_or(&empty).get(name).is_none_or(Value::is_null) {
        wrong.push(format!("{path}: {name} is a required property"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hls(outputs: &Value) -> Value {
        let group = json!({ "segmentLength": 6, "minSegmentLength": 0, "destination": "s3://w/a/" });
        let settings = json!({ "type": "HLS_GROUP_SETTINGS", "hlsGroupSettings": group });
        json!({ "inputs": [{ "fileInput": "s3://s/a.mp4" }],
                "outputGroups": [{ "outputGroupSettings": settings, "outputs": outputs }] })
    }

    #[test]
    fn the_services_own_rules_are_said_in_its_words() {
        let mut settings = hls(&json!([
            { "nameModifier": "_1" },
            { "nameModifier": "_1", "containerSettings": { "container": "MP4" } },
        ]));
        let group = &mut settings["outputGroups"][0]["outputGroupSettings"]["hlsGroupSettings"];
        group.as_object_mut().unwrap().remove("minSegmentLength");
        insta::assert_snapshot!(check(&settings, true).unwrap_err().replace(", /", "\n/"), @r"
        /outputGroups/0/outputGroupSettings/hlsGroupSettings: minSegmentLength is a required property
        /outputGroups/0/outputs/0: containerSettings is a required property
        /outputGroups/0/outputs/1/containerSettings: container MP4 is not allowed in HLS_GROUP_SETTINGS
        /outputGroups/0/outputs/1: nameModifier must be unique within the output group
        ");
    }

    #[test]
    fn quality_needs_a_bound() {
        let codec = json!({ "codec": "H_264", "h264Settings": { "rateControlMode": "QVBR" } });
        let output = json!({ "containerSettings": { "container": "M3U8" },
                             "videoDescription": { "codecSettings": codec } });
        let said = check(&hls(&json!([output])), true).unwrap_err();
        assert!(said.ends_with("/h264Settings: maxBitrate is a required property"), "{said}");
    }
}
