//! Jobs made from a template: destinations, inputs, outputs that fit the source.

use super::*;
use crate::probe::{Size, Sound};
use aws_sdk_mediaconvert::types::{
    AudioDefaultSelection, AudioDescription, AudioSelector, CmafGroupSettings, ContainerSettings,
    ContainerType, H264QvbrSettings, H264Settings, HlsGroupSettings, HlsSettings, InputRotate, Output,
    OutputSettings, VideoCodec, VideoCodecSettings, VideoSelector,
};

const AUDIO: &str = "Audio Selector 1";
const TO: Destination<'static> = Destination { bucket: "work", asset: "film-1", run: "abc" };

fn rung(height: i32) -> Output {
    let hls = HlsSettings::builder().audio_rendition_sets("audio").build();
    let quality = H264QvbrSettings::builder().qvbr_quality_level(8).build();
    let h264 = H264Settings::builder().qvbr_settings(quality).max_bitrate(height * 1000).build();
    let codec = VideoCodecSettings::builder().codec(VideoCodec::H264).h264_settings(h264).build();
    let video =
        VideoDescription::builder().width(height * 16 / 9).height(height).codec_settings(codec).build();
    Output::builder()
        .name_modifier(format!("_{height}p"))
        .video_description(video)
        .output_settings(OutputSettings::builder().hls_settings(hls).build())
        .build()
}

fn sound() -> Output {
    let hls = HlsSettings::builder().audio_group_id("audio").build();
    Output::builder()
        .name_modifier("_audio")
        .audio_descriptions(AudioDescription::builder().audio_source_name(AUDIO).build())
        .output_settings(OutputSettings::builder().hls_settings(hls).build())
        .build()
}

fn still() -> Output {
    let codec = VideoCodecSettings::builder().codec(VideoCodec::FrameCapture).build();
    let video = VideoDescription::builder().width(640).height(360).codec_settings(codec).build();
    Output::builder().extension("jpg").video_description(video).build()
}

/// A template with rungs, an audio rendition and thumbnails.
fn template(heights: &[i32]) -> JobTemplateSettings {
    let hls = OutputGroupSettings::builder()
        .r#type(OutputGroupType::HlsGroupSettings)
        .hls_group_settings(HlsGroupSettings::builder().segment_length(6).build());
    let file = OutputGroupSettings::builder()
        .r#type(OutputGroupType::FileGroupSettings)
        .file_group_settings(FileGroupSettings::builder().build());
    let selector = AudioSelector::builder().default_selection(AudioDefaultSelection::Default).build();
    let input = InputTemplate::builder()
        .audio_selectors(AUDIO, selector)
        .video_selector(VideoSelector::builder().rotate(InputRotate::Auto).build());
    let outputs = heights.iter().map(|height| rung(*height)).chain([sound()]).collect();
    let ladder = OutputGroup::builder().output_group_settings(hls.build()).set_outputs(Some(outputs));
    let stills = OutputGroup::builder().output_group_settings(file.build()).outputs(still());
    JobTemplateSettings::builder()
        .inputs(input.build())
        .output_groups(ladder.build())
        .output_groups(stills.build())
        .build()
}

/// The same with the rungs in a CMAF group.
fn fmp4(heights: &[i32]) -> JobTemplateSettings {
    let mut template = template(heights);
    let cmaf = CmafGroupSettings::builder().segment_length(4).min_final_segment_length(1.0).build();
    let settings = OutputGroupSettings::builder()
        .r#type(OutputGroupType::CmafGroupSettings)
        .cmaf_group_settings(cmaf)
        .build();
    template.output_groups.as_mut().unwrap()[0].output_group_settings = Some(settings);
    template
}

fn made(heights: &[i32], source: Option<&Source>) -> JobSettings {
    settings(&template(heights), "s3://src/film.mp4", source, TO).unwrap()
}

fn source(width: u32, height: u32) -> Source {
    let size = Some(Size { width, height });
    let picture = Picture { size, square: true, rate: None, wide_colours: false };
    Source { picture: Some(picture), sounds: vec![Sound::default()], ..Source::default() }
}

fn group(job: &JobSettings, index: usize) -> &OutputGroupSettings {
    job.output_groups()[index].output_group_settings().unwrap()
}

#[test]
fn destinations_are_the_runs_own() {
    let job = made(&[360], None);
    let hls = group(&job, 0).hls_group_settings().unwrap();
    assert_eq!(hls.destination(), Some("s3://work/film-1/abc/index"));
    assert_eq!(hls.segment_length(), Some(6), "the template's settings are kept");
    let file = group(&job, 1).file_group_settings().unwrap();
    assert_eq!(file.destination(), Some("s3://work/film-1/abc/thumbnails/frame"));
}

#[test]
fn the_input_is_the_template_s_and_counted_from_zero() {
    let job = made(&[360], None);
    let input = &job.inputs()[0];
    assert_eq!(input.file_input(), Some("s3://src/film.mp4"));
    assert_eq!(input.video_selector().unwrap().rotate(), Some(&InputRotate::Auto));
    assert_eq!(input.timecode_source(), Some(&InputTimecodeSource::Zerobased));
    assert!(input.audio_selectors().unwrap().contains_key(AUDIO));
    assert_eq!(job.timecode_config().unwrap().source(), Some(&TimecodeSource::Zerobased));
}

#[test]
fn the_template_s_timecodes_are_kept() {
    let mut template = template(&[360]);
    template.timecode_config = Some(TimecodeConfig::builder().source(TimecodeSource::Embedded).build());
    let job = settings(&template, "s3://b/k", None, TO).unwrap();
    assert_eq!(job.timecode_config().unwrap().source(), Some(&TimecodeSource::Embedded));
}

#[test]
fn rungs_and_stills_fit_the_source() {
    let summary = |source: Option<&Source>| Summary(&made(&[1080, 720, 360], source)).to_string();
    assert_eq!(summary(None), "1920x1080 1280x720 640x360 audio 640x360");
    assert_eq!(summary(Some(&source(1280, 720))), "1280x720 640x360 audio 640x360");
    assert_eq!(summary(Some(&source(160, 120))), "640x360 audio 640x360", "the smallest stays");
    let upright = source(1080, 1920);
    assert_eq!(summary(Some(&upright)), "1080x1920 720x1280 360x640 audio 360x640");
    let with = |change: &dyn Fn(&mut Picture)| {
        let mut source = source(1024, 576);
        change(source.picture.as_mut().unwrap());
        summary(Some(&source))
    };
    assert_eq!(with(&|picture| picture.square = false), "1024x576 640x360 audio 640x360");
    let rate = Some(Rate { numerator: 50, denominator: 1 });
    assert_eq!(with(&|picture| picture.rate = rate), "1280x720@50 640x360@25 audio 640x360");
    assert_eq!(with(&|picture| picture.size = None), summary(None), "a size that Probe does not know");
}

#[test]
fn hdr_is_mapped_in_every_picture_and_the_stills() {
    let mut hdr = source(1920, 1080);
    hdr.picture.as_mut().unwrap().wide_colours = true;
    let mapped = |source| {
        let job = made(&[720, 360], Some(source));
        let videos = job.output_groups().iter().flat_map(OutputGroup::outputs);
        let videos = videos.filter_map(|output| output.video_description());
        videos.map(|video| video.video_preprocessors().is_some()).collect::<Vec<_>>()
    };
    assert_eq!(mapped(&hdr), [true; 3]);
    assert_eq!(mapped(&source(1920, 1080)), [false; 3]);
}

#[test]
fn without_audio_neither_the_rendition_nor_a_reference_to_it_is_left() {
    let silent = Source { sounds: Vec::new(), ..source(1280, 720) };
    let job = made(&[720, 360], Some(&silent));
    assert_eq!(Summary(&job).to_string(), "1280x720 640x360 640x360");
    assert!(job.inputs()[0].audio_selectors().is_none());
    let hls = |output: &Output| output.output_settings()?.hls_settings().cloned();
    let left = job.output_groups()[0].outputs().iter().filter_map(hls);
    assert!(left.into_iter().all(|hls| hls.audio_rendition_sets().is_none()));
}

#[test]
fn sound_alone_is_one_hls_package() {
    let sound = Source { picture: None, ..source(1, 1) };
    for (template, length) in [(template(&[720, 360]), 6), (fmp4(&[720, 360]), 4)] {
        let job = settings(&template, "s3://b/k.m4a", Some(&sound), TO).unwrap();
        assert_eq!(Summary(&job).to_string(), "audio");
        assert_eq!(group(&job, 0).r#type(), Some(&OutputGroupType::HlsGroupSettings));
        let hls = group(&job, 0).hls_group_settings().unwrap();
        assert_eq!(
            (hls.segment_length(), hls.destination()),
            (Some(length), Some("s3://work/film-1/abc/index"))
        );
        assert!(group(&job, 0).cmaf_group_settings().is_none());
        let output = &job.output_groups()[0].outputs()[0];
        assert_eq!(output.name_modifier(), Some("_audio"));
        let container = output.container_settings().and_then(ContainerSettings::container);
        assert_eq!(container, Some(&ContainerType::M3U8));
        let hls = output.output_settings().unwrap().hls_settings().unwrap();
        assert_eq!(hls.audio_track_type().unwrap().as_str(), "AUDIO_ONLY_VARIANT_STREAM");
        assert_eq!(hls.audio_group_id(), None, "no rendition group: it is a variant");
        assert!(job.inputs()[0].audio_selectors().is_some());
    }
}

#[test]
fn templates_that_cannot_be_published_are_refused() {
    let make = |template: &JobTemplateSettings| settings(template, "s3://b/k", None, TO);
    assert_eq!(make(&JobTemplateSettings::builder().build()).unwrap_err(), UnusableTemplate::NoInput);
    let mut empty = template(&[]);
    empty.output_groups = None;
    assert_eq!(make(&empty).unwrap_err(), UnusableTemplate::NoOutputs);
    let mut dash = template(&[360]);
    dash.output_groups.as_mut().unwrap()[0].output_group_settings.as_mut().unwrap().r#type =
        Some(OutputGroupType::DashIsoGroupSettings);
    assert_eq!(make(&dash).unwrap_err(), UnusableTemplate::Group("DASH_ISO_GROUP_SETTINGS".into()));
}
