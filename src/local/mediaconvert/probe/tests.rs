//! What Probe says of a phone's film, a tape, and a broadcast.

use super::super::super::ffmpeg::{Audio, ColorTags, Rate};
use super::*;

fn tape() -> Video {
    let name = |text: &str| Some(text.to_owned());
    Video {
        index: 0,
        codec: "h264".into(),
        pixels: "yuv420p10le".into(),
        width: 720,
        height: 576,
        sample: (64, 45),
        color: ColorTags {
            primaries: name("bt2020"),
            transfer: name("arib-std-b67"),
            matrix: name("bt2020nc"),
        },
        order: FieldOrder::Top,
        rate: Rate { numerator: 25, denominator: 1 },
        varies: false,
        rotation: 90,
        start: 0.0,
        duration: Some(3.5),
    }
}

#[test]
fn a_picture_is_described_by_its_container_and_its_codec() {
    let video = tape();
    let properties = video_properties(&video, Some("mp4"));
    let both = [&properties, &properties["codecMetadata"]];
    for said in both {
        assert_eq!(said["sampleAspectRatio"], json!({ "numerator": 64, "denominator": 45 }));
        assert_eq!(said["displayAspectRatio"], json!({ "numerator": 16, "denominator": 9 }));
        assert_eq!(said["transferCharacteristics"], "ARIB_B67");
        assert_eq!(said["colorPrimaries"], "ITU_2020");
        assert_eq!(said["matrixCoefficients"], "ITU_2020_NCL");
        assert_eq!(said["bitDepth"], 10);
    }
    assert_eq!((&properties["rotation"], &properties["frameRate"]["numerator"]), (&json!(90), &json!(25)));
    let coded = &properties["codecMetadata"];
    assert_eq!((&coded["scanType"], &coded["fieldOrder"]), (&json!("Interlaced"), &json!("TopFieldFirst")));
}

#[test]
fn an_mpeg_stream_has_its_colors_in_the_codec_alone() {
    let video = Video { order: FieldOrder::Progressive, rotation: 0, ..tape() };
    let properties = video_properties(&video, Some("mpegts"));
    assert_eq!(properties["transferCharacteristics"], Value::Null);
    assert_eq!(properties["rotation"], Value::Null, "no rotation is null");
    let coded = &properties["codecMetadata"];
    assert_eq!(coded["transferCharacteristics"], "ARIB_B67");
    assert_eq!((&coded["scanType"], &coded["fieldOrder"]), (&json!("Progressive"), &Value::Null));
    let other = video_properties(&Video { codec: "vp9".into(), ..video }, Some("webm"));
    assert_eq!(other["codecMetadata"], Value::Null);
}

#[test]
fn each_track_has_its_own_length() {
    let sound = Audio {
        index: 1,
        codec: "aac".into(),
        rate: 48_000,
        channels: 6,
        language: "und".into(),
        start: 0.0,
        duration: Some(14.0),
    };
    let media = Media {
        format: "mov,mp4".into(),
        duration: Some(14.0),
        bitrate: None,
        video: Some(tape()),
        audio: vec![sound],
    };
    let container = &result(&media, &json!({}))["container"];
    let lengths = [0, 1].map(|track| container["tracks"][track]["duration"].as_f64());
    assert_eq!((lengths, container["duration"].as_f64()), ([Some(3.5), Some(14.0)], Some(14.0)));
    assert_eq!(container["tracks"][1]["audioProperties"]["channels"], 6);
}
