//! Settings and the commands that they produce.

use serde_json::json;

use super::super::super::ffmpeg::{Audio, ColorTags, Rate};
use super::super::settings::VideoDescription;
use super::segments::Segments;
use super::*;

fn media(sounds: u32) -> Media {
    let rate = Rate { numerator: 30, denominator: 1 };
    let video = Video {
        index: 0,
        codec: "h264".into(),
        pixels: "yuv420p".into(),
        width: 1280,
        height: 720,
        sample: (1, 1),
        color: ColorTags::default(),
        order: FieldOrder::Progressive,
        rate,
        varies: false,
        rotation: 0,
        start: 0.0,
        duration: Some(4.0),
    };
    let sound = |index| Audio {
        index,
        codec: "aac".into(),
        rate: 48000,
        channels: 2,
        language: "und".into(),
        start: 0.0,
        duration: Some(4.0),
    };
    Media {
        format: "mov".into(),
        duration: Some(4.0),
        bitrate: None,
        video: Some(video),
        audio: (1..=sounds).map(sound).collect(),
    }
}

fn settings() -> Settings {
    let h264 = json!({ "rateControlMode": "QVBR", "maxBitrate": 3_000_000, "qvbrSettings": { "qvbrQualityLevel": 7 },
                       "codecProfile": "HIGH", "gopSize": 2.0, "gopSizeUnits": "SECONDS", "gopClosedCadence": 1,
                       "sceneChangeDetect": "DISABLED", "numberBFramesBetweenReferenceFrames": 2 });
    let aac = json!({ "codec": "AAC", "aacSettings": { "bitrate": 128_000, "sampleRate": 48_000, "codingMode": "CODING_MODE_2_0" } });
    let group = json!({ "type": "HLS_GROUP_SETTINGS", "hlsGroupSettings": { "segmentLength": 6, "destination": "s3://w/a/" } });
    let stills = json!({ "codec": "FRAME_CAPTURE", "frameCaptureSettings": { "framerateNumerator": 1, "framerateDenominator": 10, "quality": 80 } });
    serde_json::from_value(json!({
        "inputs": [{ "fileInput": "s3://s/a.mp4", "audioSelectors": { "Audio Selector 1": { "defaultSelection": "DEFAULT" } } }],
        "outputGroups": [
            { "outputGroupSettings": group, "outputs": [
                { "nameModifier": "_360", "videoDescription": { "height": 360, "codecSettings": { "codec": "H_264", "h264Settings": h264 } } },
                { "nameModifier": "_audio", "audioDescriptions": [{ "codecSettings": aac }],
                  "outputSettings": { "hlsSettings": { "audioOnlyContainer": "M2TS" } } },
            ] },
            { "outputGroupSettings": { "type": "FILE_GROUP_SETTINGS" }, "outputs": [
                { "nameModifier": "_thumb", "containerSettings": { "container": "RAW" },
                  "videoDescription": { "width": 320, "height": 180, "codecSettings": stills } },
            ] },
        ],
    }))
    .unwrap()
}

#[test]
fn one_command_makes_every_output() {
    let plan = plan(&settings(), &media(1), Path::new("in.mp4"), Path::new("w")).unwrap();
    let text = plan.arguments.join(" ").replace(" -map", "\n-map").replace(';', ";\n  ");
    insta::assert_snapshot!(text, @r"
    -hide_banner -nostdin -loglevel error -y -progress pipe:1 -noautorotate -i in.mp4 -filter_complex [0:0]split=2[i0][i1];
      [i0]fps=30/1,scale=640:360,setsar=1,format=yuv420p[g0o0];
      [i1]select='isnan(prev_selected_t)+gte(t-prev_selected_t\,10)',scale=320:180,setsar=1,format=yuvj420p[g1o0];
      [0:1]aresample=async=1:first_pts=0[g0o1s]
    -map [g0o0] -c:v libx264 -preset superfast -crf 25 -maxrate 3000000 -bufsize 3000000 -profile:v high -g 60 -keyint_min 60 -sc_threshold 0 -flags +cgop -bf 2 -force_key_frames expr:gte(t,n_forced*6) -f hls -hls_time 6 -hls_list_size 0 -hls_playlist_type vod -start_number 1 -output_ts_offset 10 -hls_segment_filename w/g0o0_%05d.ts w/g0o0.m3u8
    -map [g0o1s] -c:a aac -b:a 128000 -ar 48000 -ac 2 -f hls -hls_time 6 -hls_list_size 0 -hls_playlist_type vod -start_number 1 -output_ts_offset 10 -hls_segment_filename w/g0o1_%05d.ts w/g0o1.m3u8
    -map [g1o0] -fps_mode vfr -c:v mjpeg -q:v 7 -f image2 -start_number 0 w/g1o0.%07d.jpg
    ");
    assert_eq!(plan.renditions.len(), 3);
    assert_eq!(plan.renditions[0].size, Some((640, 360)));
}

fn made(settings: &Settings, media: &Media) -> Result<Plan, String> {
    plan(settings, media, Path::new("in.mp4"), Path::new("w"))
        .map_err(|failure| format!("{} {}", failure.code, failure.message))
}

/// The filters of an output with this stem.
fn filters(plan: &Plan, stem: &str) -> String {
    let graph = plan.arguments.iter().position(|word| word == "-filter_complex").unwrap() + 1;
    let chain = plan.arguments[graph].split(';').find(|chain| chain.ends_with(&format!("[{stem}]"))).unwrap();
    chain.strip_suffix(&format!("[{stem}]")).unwrap().to_owned()
}

#[test]
fn a_selector_without_its_track_fails_the_job_in_mediaconverts_words() {
    let mut settings = settings();
    insta::assert_snapshot!(
        made(&settings, &media(0)).unwrap_err(),
        @"1040 Invalid audio track specified for audio_selector [1]. Audio track [1] not found in input container."
    );
    settings.inputs[0].audio_selectors.get_mut("Audio Selector 1").unwrap().tracks = vec![1, 2];
    assert!(made(&settings, &media(1)).unwrap_err().contains("Audio track [2] not found"));
    assert!(made(&settings, &media(2)).is_ok());
}

#[test]
fn an_output_without_its_selector_is_silent() {
    let mut settings = settings();
    settings.inputs[0].audio_selectors.clear();
    for sounds in [0, 1] {
        let plan = made(&settings, &media(sounds)).unwrap();
        assert_eq!(filters(&plan, "g0o1s"), "anullsrc=r=48000:cl=stereo:d=4");
    }
    settings.output_groups[0].outputs.truncate(1);
    let outputs = made(&settings, &media(0)).unwrap().renditions;
    assert!(outputs.iter().all(|rendition| !rendition.has_audio), "a job for a silent file");
}

#[test]
fn two_mono_tracks_are_one_sound_and_its_loudness_is_brought_to_the_target() {
    let mut settings = settings();
    settings.inputs[0].audio_selectors.get_mut("Audio Selector 1").unwrap().tracks = vec![1, 2];
    let target = json!({ "algorithmControl": "CORRECT_AUDIO", "targetLkfs": -16.0 });
    settings.output_groups[0].outputs[1].audio_descriptions[0].audio_normalization_settings =
        serde_json::from_value(target).unwrap();
    insta::assert_snapshot!(
        filters(&made(&settings, &media(2)).unwrap(), "g0o1s"),
        @"[0:1][0:2]amerge=inputs=2,aresample=async=1:first_pts=0,loudnorm=I=-16:TP=-1:LRA=11,aresample=48000"
    );
}

fn converted(transfer: &str, corrector: &serde_json::Value) -> String {
    let mut media = media(1);
    let name = |text: &str| Some(text.to_owned());
    media.video.as_mut().unwrap().color =
        ColorTags { primaries: name("bt2020"), transfer: name(transfer), matrix: name("bt2020nc") };
    let mut settings = settings();
    let video = settings.output_groups[0].outputs[0].video_description.as_mut().unwrap();
    video.video_preprocessors = serde_json::from_value(json!({ "colorCorrector": corrector })).unwrap();
    made(&settings, &media).map_or_else(|why| why, |plan| filters(&plan, "g0o0"))
}

#[test]
fn colors_are_converted_as_the_corrector_says_and_else_kept() {
    let to_sdr = json!({ "colorSpaceConversion": "FORCE_709", "hdrToSdrToneMapper": "PRESERVE_DETAILS" });
    let vibrant = json!({ "colorSpaceConversion": "FORCE_709", "hdrToSdrToneMapper": "VIBRANT" });
    let told = [
        converted("smpte2084", &to_sdr),
        converted("smpte2084", &vibrant),
        converted("arib-std-b67", &vibrant),
        converted("bt2020-10", &to_sdr),
        converted("smpte2084", &json!({})),
        converted("smpte2084", &json!({ "colorSpaceConversion": "FORCE_HLG_2020" })),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    [i0]fps=30/1,scale=640:360,setsar=1,zscale=pin=bt2020:tin=smpte2084:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=p=bt709:t=bt709:m=bt709:r=tv,format=yuv420p
    [i0]fps=30/1,scale=640:360,setsar=1,zscale=pin=bt2020:tin=smpte2084:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=mobius:desat=0,zscale=p=bt709:t=bt709:m=bt709:r=tv,format=yuv420p
    [i0]fps=30/1,scale=640:360,setsar=1,zscale=pin=bt2020:tin=arib-std-b67:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=p=bt709:t=bt709:m=bt709:r=tv,format=yuv420p
    [i0]fps=30/1,scale=640:360,setsar=1,zscale=pin=bt2020:tin=bt2020-10:min=bt2020nc:p=bt709:t=bt709:m=bt709:r=tv,format=yuv420p
    [i0]fps=30/1,scale=640:360,setsar=1,format=yuv420p
    1999 the local cloud does not make the color space conversion FORCE_HLG_2020
    ");
}

#[test]
fn a_conversion_that_all_pictures_have_is_done_once() {
    let mut media = media(1);
    media.video.as_mut().unwrap().color.transfer = Some("arib-std-b67".into());
    let mut settings = settings();
    let corrector = json!({ "colorCorrector": { "colorSpaceConversion": "FORCE_709" } });
    for output in settings.output_groups.iter_mut().flat_map(|group| &mut group.outputs) {
        if let Some(video) = &mut output.video_description {
            video.video_preprocessors = serde_json::from_value(corrector.clone()).unwrap();
        }
    }
    let plan = made(&settings, &media).unwrap();
    let graph = plan.arguments.join(" ");
    assert_eq!(graph.matches("tonemap=tonemap").count(), 1, "{graph}");
    assert!(graph.contains(":r=tv,format=yuv420p,split=2[i0][i1]"), "{graph}");
    assert_eq!(filters(&plan, "g0o0"), "[i0]fps=30/1,scale=640:360,setsar=1,format=yuv420p");
}

#[test]
fn a_picture_of_fields_is_whole_before_it_is_scaled() {
    let mut media = media(1);
    media.video.as_mut().unwrap().order = FieldOrder::Bottom;
    let plan = made(&settings(), &media).unwrap();
    let graph = plan.arguments.join(" ");
    assert!(graph.contains("[0:0]bwdif=mode=send_frame:parity=bff:deint=all,split=2[i0][i1]"), "{graph}");
    let mut fields = settings();
    let codec = &mut fields.output_groups[0].outputs[0].video_description.as_mut().unwrap().codec_settings;
    codec.h264_settings.as_mut().unwrap().interlace_mode = "TOP_FIELD".into();
    assert!(made(&fields, &media).unwrap_err().contains("a picture of fields"));
}

#[test]
fn an_output_has_the_rate_that_it_specifies_or_the_sources() {
    let rate = |varies, average: (u32, u32), specified: Option<(u32, u32)>| {
        let mut media = media(1);
        let video = media.video.as_mut().unwrap();
        (video.varies, video.rate) = (varies, Rate { numerator: average.0, denominator: average.1 });
        let mut settings = settings();
        let codec =
            &mut settings.output_groups[0].outputs[0].video_description.as_mut().unwrap().codec_settings;
        if let (Some(codec), Some((numerator, denominator))) = (codec.h264_settings.as_mut(), specified) {
            codec.framerate_control = "SPECIFIED".into();
            codec.framerate_conversion_algorithm = "DUPLICATE_DROP".into();
            (codec.framerate_numerator, codec.framerate_denominator) = (Some(numerator), Some(denominator));
        }
        filters(&made(&settings, &media).unwrap(), "g0o0").split(',').next().unwrap().to_owned()
    };
    assert_eq!(rate(false, (60_000, 1001), Some((30_000, 1001))), "[i0]fps=30000/1001");
    assert_eq!(rate(false, (60_000, 1001), None), "[i0]fps=60000/1001");
    assert_eq!(rate(true, (17_070, 1000), None), "[i0]fps=24/1", "an average is rounded up");
    assert_eq!(rate(true, (97_000, 1000), None), "[i0]fps=60/1");
    assert_eq!(rate(true, (17_070, 1000), Some((25, 1))), "[i0]fps=25/1");
}

#[test]
fn a_turned_picture_is_turned_only_when_the_job_says_so() {
    let mut media = media(1);
    media.video.as_mut().unwrap().rotation = 90;
    let mut settings = settings();
    let size = |settings: &Settings| {
        plan(settings, &media, Path::new("in.mp4"), Path::new("w")).unwrap().renditions[0].size
    };
    assert_eq!(size(&settings), Some((640, 360)));
    settings.inputs[0].video_selector.rotate = "AUTO".into();
    assert_eq!(size(&settings), Some((202, 360)));
}

#[test]
fn whole_gops_cut_at_the_gop_that_reaches_the_length() {
    let segments = Segments { length: 6.0, whole_gops: true, gop: Some(2.0) };
    let rate = 30000.0 / 1001.0;
    let cut = segments.cut(Some(rate));
    // ffmpeg cuts at the first key frame from the n-th multiple on. Over two hours no cut may be a GOP late.
    let segments = 1200.0;
    assert!(cut < 180.0 / rate && segments * cut > (segments * 180.0 - 60.0) / rate, "{cut}");
}

#[test]
fn a_picture_that_is_to_fit_keeps_its_shape_and_is_not_enlarged_unless_asked() {
    let frame = |behavior: &str, shown| {
        let description = json!({ "width": 1280, "height": 720, "scalingBehavior": behavior,
                                  "codecSettings": { "codec": "H_264" } });
        let description: VideoDescription = serde_json::from_value(description).unwrap();
        let fit = picture::fit(&description, shown).unwrap_or_else(|failure| panic!("{}", failure.message));
        (fit.frame, fit.filters().contains("pad="))
    };
    assert_eq!(frame("FIT_NO_UPSCALE", (1440.0, 1080.0)), ((960, 720), false));
    assert_eq!(frame("FIT_NO_UPSCALE", (640.0, 480.0)), ((640, 480), false));
    assert_eq!(frame("FIT", (640.0, 480.0)), ((960, 720), false));
    assert_eq!(frame("STRETCH_TO_OUTPUT", (640.0, 480.0)), ((1280, 720), false));
    assert_eq!(frame("DEFAULT", (640.0, 480.0)), ((1280, 720), true));
}

#[test]
fn samples_that_are_not_square_count_as_they_are_shown() {
    let mut media = media(1);
    let video = media.video.as_mut().unwrap();
    (video.width, video.height, video.sample) = (720, 576, (64, 45));
    let mut settings = settings();
    assert_eq!(made(&settings, &media).unwrap().renditions[0].size, Some((640, 360)), "16:9");
    media.video.as_mut().unwrap().rotation = 270;
    settings.inputs[0].video_selector.rotate = "AUTO".into();
    assert_eq!(made(&settings, &media).unwrap().renditions[0].size, Some((202, 360)), "9:16");
}
