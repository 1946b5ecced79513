//! Settings and the commands that they produce.

use serde_json::json;

use super::super::super::ffmpeg::Audio;
use super::*;

fn media(audio: bool) -> Media {
    let rate = Rate { numerator: 30, denominator: 1 };
    let video = Video {
        index: 0,
        codec: "h264".into(),
        pixels: "yuv420p".into(),
        width: 1280,
        height: 720,
        rate,
        rotation: 0,
    };
    let sound = Audio { index: 1, codec: "aac".into(), rate: 48000, channels: 2, language: "und".into() };
    Media {
        format: "mov".into(),
        duration: Some(4.0),
        bitrate: None,
        video: Some(video),
        audio: if audio { vec![sound] } else { Vec::new() },
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
        "inputs": [{ "fileInput": "s3://s/a.mp4" }],
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
    let plan = plan(&settings(), &media(true), Path::new("in.mp4"), Path::new("w")).unwrap();
    let text = plan.arguments.join(" ").replace(" -map", "\n-map").replace(';', ";\n  ");
    insta::assert_snapshot!(text, @r"
    -hide_banner -nostdin -loglevel error -y -progress pipe:1 -noautorotate -i in.mp4 -filter_complex [0:0]split=2[i0][i1];
      [i0]fps=30/1,scale=640:360,setsar=1,format=yuv420p[g0o0];
      [i1]select='isnan(prev_selected_t)+gte(t-prev_selected_t\,10)',scale=320:180:force_original_aspect_ratio=decrease:force_divisible_by=2,pad=320:180:-1:-1,setsar=1,format=yuvj420p[g1o0]
    -map [g0o0] -c:v libx264 -preset superfast -crf 25 -maxrate 3000000 -bufsize 3000000 -profile:v high -g 60 -keyint_min 60 -sc_threshold 0 -flags +cgop -bf 2 -force_key_frames expr:gte(t,n_forced*6) -f hls -hls_time 6 -hls_list_size 0 -hls_playlist_type vod -start_number 1 -output_ts_offset 1 -hls_segment_filename w/g0o0_%05d.ts w/g0o0.m3u8
    -map 0:1 -c:a aac -b:a 128000 -ar 48000 -ac 2 -f hls -hls_time 6 -hls_list_size 0 -hls_playlist_type vod -start_number 1 -output_ts_offset 1 -hls_segment_filename w/g0o1_%05d.ts w/g0o1.m3u8
    -map [g1o0] -fps_mode vfr -c:v mjpeg -q:v 7 -f image2 -start_number 0 w/g1o0.%07d.jpg
    ");
    assert_eq!(plan.renditions.len(), 3);
    assert_eq!(plan.renditions[0].size, Some((640, 360)));
}

#[test]
fn a_silent_input_has_no_audio_rendition() {
    let plan = plan(&settings(), &media(false), Path::new("in.mp4"), Path::new("w")).unwrap();
    let made: Vec<_> = plan.renditions.iter().map(|rendition| (rendition.group, rendition.output)).collect();
    assert_eq!(made, [(0, 0), (1, 0)]);
}

#[test]
fn a_turned_picture_is_turned_only_when_the_job_says_so() {
    let mut media = media(true);
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
    let frame = |behavior: &str, source| {
        let description = json!({ "width": 1280, "height": 720, "scalingBehavior": behavior,
                                  "codecSettings": { "codec": "H_264" } });
        let description: VideoDescription = serde_json::from_value(description).unwrap();
        let size = size(&description, source);
        (size, scale(&description, size).contains("pad="))
    };
    assert_eq!(frame("FIT_NO_UPSCALE", (1440, 1080)), ((960, 720), false));
    assert_eq!(frame("FIT_NO_UPSCALE", (640, 480)), ((640, 480), false));
    assert_eq!(frame("FIT", (640, 480)), ((960, 720), false));
    assert_eq!(frame("STRETCH_TO_OUTPUT", (640, 480)), ((1280, 720), false));
    assert_eq!(frame("DEFAULT", (640, 480)), ((1280, 720), true));
}
