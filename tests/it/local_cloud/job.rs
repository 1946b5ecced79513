//! A short film and the job that transcodes it.

use std::path::Path;
use std::process::Command;

use aws_sdk_mediaconvert::types::{
    AacCodingMode, AacSettings, AudioCodec, AudioCodecSettings, AudioDescription, ContainerSettings,
    ContainerType, FileGroupSettings, FrameCaptureSettings, H264CodecProfile, H264GopSizeUnits,
    H264QvbrSettings, H264RateControlMode, H264Settings, HlsAudioOnlyContainer, HlsGroupSettings,
    HlsSettings, Input, JobSettings, JobTemplateSettings, Output, OutputGroup, OutputGroupSettings,
    OutputGroupType, OutputSettings, VideoCodec, VideoCodecSettings, VideoDescription,
};
use provision::local;

pub(crate) fn clip(ffmpeg: &local::Ffmpeg, path: &Path) {
    let made = Command::new(ffmpeg.path())
        .args(["-hide_banner", "-nostdin", "-v", "error", "-y"])
        .args(["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30"])
        .args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"])
        .args(["-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"])
        .arg(path)
        .status()
        .unwrap();
    assert!(made.success());
}

fn rung(height: i32) -> Output {
    let h264 = H264Settings::builder()
        .rate_control_mode(H264RateControlMode::Qvbr)
        .max_bitrate(900_000)
        .qvbr_settings(H264QvbrSettings::builder().qvbr_quality_level(7).build())
        .codec_profile(H264CodecProfile::High)
        .gop_size(1.0)
        .gop_size_units(H264GopSizeUnits::Seconds)
        .build();
    let codec = VideoCodecSettings::builder().codec(VideoCodec::H264).h264_settings(h264).build();
    Output::builder()
        .name_modifier(format!("_{height}"))
        .container_settings(ContainerSettings::builder().container(ContainerType::M3U8).build())
        .video_description(VideoDescription::builder().height(height).codec_settings(codec).build())
        .build()
}

fn sound() -> Output {
    let aac = AacSettings::builder()
        .bitrate(96_000)
        .sample_rate(48_000)
        .coding_mode(AacCodingMode::CodingMode20)
        .build();
    let codec = AudioCodecSettings::builder().codec(AudioCodec::Aac).aac_settings(aac).build();
    let hls = HlsSettings::builder().audio_only_container(HlsAudioOnlyContainer::M2Ts).build();
    Output::builder()
        .name_modifier("_audio")
        .container_settings(ContainerSettings::builder().container(ContainerType::M3U8).build())
        .audio_descriptions(AudioDescription::builder().codec_settings(codec).build())
        .output_settings(OutputSettings::builder().hls_settings(hls).build())
        .build()
}

fn thumbnails() -> OutputGroup {
    let every = FrameCaptureSettings::builder().framerate_numerator(1).framerate_denominator(2).build();
    let codec =
        VideoCodecSettings::builder().codec(VideoCodec::FrameCapture).frame_capture_settings(every).build();
    let output = Output::builder()
        .name_modifier("_thumb")
        .container_settings(ContainerSettings::builder().container(ContainerType::Raw).build())
        .video_description(VideoDescription::builder().width(160).codec_settings(codec).build())
        .build();
    let files = FileGroupSettings::builder().destination("s3://work/assets/a/index").build();
    let settings = OutputGroupSettings::builder()
        .r#type(OutputGroupType::FileGroupSettings)
        .file_group_settings(files)
        .build();
    OutputGroup::builder().output_group_settings(settings).outputs(output).build()
}

pub(crate) fn ladder() -> JobTemplateSettings {
    let hls = HlsGroupSettings::builder()
        .segment_length(2)
        .min_segment_length(0)
        .destination("s3://work/assets/a/index")
        .build();
    let settings = OutputGroupSettings::builder()
        .r#type(OutputGroupType::HlsGroupSettings)
        .hls_group_settings(hls)
        .build();
    let group = OutputGroup::builder().output_group_settings(settings);
    let group = group.outputs(rung(180)).outputs(rung(360)).outputs(sound()).build();
    JobTemplateSettings::builder().output_groups(group).output_groups(thumbnails()).build()
}

pub(crate) fn input(uri: &str) -> JobSettings {
    JobSettings::builder().inputs(Input::builder().file_input(uri).build()).build()
}
