//! The section `transcode`: what is read, and what is refused with which words.

use super::*;
use crate::stack::config::Loudness;

#[test]
fn transcodes() {
    insta::assert_snapshot!(refused(&[
        "transcode: { segment: 5s }",
        "transcode: { segment: 6 }",
        "transcode: { segment: 60s }",
        "transcode: { segment: 6000ms }",
        "transcode: { acceleration: prefered }",
        "transcode: { acceleration: enabled }",
        "transcode: { thumbnails: { every: 0s } }",
        "transcode: { thumbnails: { every: 2h } }",
        "transcode: { thumbnails: true }",
        "transcode: { loudness: 16 }",
        "transcode: { loudness: -60 }",
        "transcode: { loudness: -16LUFS }",
        "transcode: { loudness: \"-16\" }",
        "transcode: { loudness: -1e1 }",
    ]), @r#"
    transcode: { segment: 5s }
        `transcode.segment` cannot be 5s | between 4s and 6s | 2s, 4s, 6s, … 30s: a multiple of the 2s group of pictures
    transcode: { segment: 6 }
        `transcode.segment` must be in seconds, minutes or hours | no unit: did you mean 6s? | a whole number with the unit s, m or h, such as 6s, 10m or 2h
    transcode: { segment: 60s }
        `transcode.segment` cannot be 60s | too short or too long | 2s, 4s, 6s, … 30s: a multiple of the 2s group of pictures
    transcode: { segment: 6000ms }
        `transcode.segment` must be in seconds, minutes or hours | `ms` is not an allowed unit | a whole number with the unit s, m or h, such as 6s, 10m or 2h
    transcode: { acceleration: prefered }
        `transcode.acceleration` cannot be `prefered` | did you mean `preferred`? | allowed: disabled, preferred
    transcode: { acceleration: enabled }
        `transcode.acceleration` cannot be `enabled` | every job would fail | use preferred: MediaConvert does not accelerate outputs without video, such as the ladder's audio
    transcode: { thumbnails: { every: 0s } }
        `transcode.thumbnails.every` cannot be 0s | too short or too long | 1s to 1h
    transcode: { thumbnails: { every: 2h } }
        `transcode.thumbnails.every` cannot be 2h | too short or too long | 1s to 1h
    transcode: { thumbnails: true }
        `transcode.thumbnails` must be a mapping of keys and values | not a mapping | write it as `key: value` lines, or as { key: value }
    transcode: { loudness: 16 }
        `transcode.loudness` must be negative | did you mean -16? | -59 to 0, such as -16: most streaming services use -14 to -16, and broadcasters -23 or -24
    transcode: { loudness: -60 }
        `transcode.loudness` is outside -59 to 0 | no loudness of sound | -59 to 0, such as -16: most streaming services use -14 to -16, and broadcasters -23 or -24
    transcode: { loudness: -16LUFS }
        `transcode.loudness` must be a number | not a number of LKFS | -59 to 0, such as -16: most streaming services use -14 to -16, and broadcasters -23 or -24
    transcode: { loudness: "-16" }
        `transcode.loudness` must be a number | not a number of LKFS | -59 to 0, such as -16: most streaming services use -14 to -16, and broadcasters -23 or -24
    transcode: { loudness: -1e1 }
        `transcode.loudness` must be a number | not a number of LKFS | -59 to 0, such as -16: most streaming services use -14 to -16, and broadcasters -23 or -24
    "#);
    assert_eq!(with("transcode: { segment: 30s }").unwrap().transcode.segment.seconds(), 30);
    let loudness = |lkfs| with(&format!("transcode: {{ loudness: {lkfs} }}")).unwrap().transcode.loudness;
    assert_eq!(loudness("-23.5").map(Loudness::lkfs), Some(-23.5));
    assert_eq!(loudness("0").map(Loudness::lkfs), Some(0.0));
    assert_eq!(with("").unwrap().transcode.loudness, None);
}

#[test]
fn ladders() {
    insta::assert_snapshot!(refused(&[
        "transcode: { ladder: hls-1080 }",
        "transcode: { ladder: [] }",
        "transcode: { ladder: [hls-1080p] }",
        "transcode: { ladder: [{ height: 720 }] }",
        "transcode: { ladder: [{ height: 720, max_bitrate: 3000000 }] }",
        "transcode: { ladder: [{ height: 720, max_bitrate: 3Mbps }] }",
        "transcode: { ladder: [{ height: 721, max_bitrate: 3M }, { height: 100, max_bitrate: 3M }, { height: 4320, max_bitrate: 3M }] }",
        "transcode: { ladder: [{ height: 720p, max_bitrate: 3M }] }",
        "transcode: { ladder: [{ height: 720, max_bitrate: 0.5k }, { height: 720, max_bitrate: 301M }] }",
        "transcode: { ladder: [{ height: 720, max_bitrate: 3M, qvbr: 11 }, { height: 720, max_bitrate: 4M, qvbr: 7.5 }] }",
        "transcode: { ladder: [{ height: 720, max_bitrate: 3M, codec: h265 }] }",
        "transcode: { ladder: [{ height: 720, max_bitrate: 3M, bitrate: 3M }] }",
        "transcode: { ladder: [{ height: 720, max_bitrate: 3M }, { height: 720, max_bitrate: 3M }] }",
        "transcode: { ladder: [{ height: 720, max_bitrate: 3M }, { height: 360, max_bitrate: 1M }, { height: 240, max_bitrate: 2M }] }",
        "transcode: { ladder: [{ height: 360, max_bitrate: 3M }, { height: 720, max_bitrate: 1M }] }",
    ]), @"
    transcode: { ladder: hls-1080 }
        `transcode.ladder` cannot be `hls-1080` | did you mean `hls-1080p`? | allowed: hls-720p, hls-1080p, hls-2160p, or rungs written out: [{ height: 720, max_bitrate: 3M }, …]
    transcode: { ladder: [] }
        `transcode.ladder` must have rungs | 0 rungs | 1 to 20 rungs, or the name of a ladder: hls-720p, hls-1080p, hls-2160p
    transcode: { ladder: [hls-1080p] }
        `transcode.ladder[0]` must be a mapping of keys and values | not a mapping | write it as `key: value` lines, or as { key: value }
    transcode: { ladder: [{ height: 720 }] }
        `transcode.ladder[0].max_bitrate` is missing | `max_bitrate` belongs in here | write `max_bitrate: 8.5M`
    transcode: { ladder: [{ height: 720, max_bitrate: 3000000 }] }
        `transcode.ladder[0].max_bitrate` must be a bitrate | no unit: did you mean 3M? | bits per second with the unit k or M, such as 145k or 8.5M
    transcode: { ladder: [{ height: 720, max_bitrate: 3Mbps }] }
        `transcode.ladder[0].max_bitrate` must be a bitrate | not a bitrate | bits per second with the unit k or M, such as 145k or 8.5M
    transcode: { ladder: [{ height: 721, max_bitrate: 3M }, { height: 100, max_bitrate: 3M }, { height: 4320, max_bitrate: 3M }] }
        `transcode.ladder[0].height` is not a height that can be encoded | odd: 4:2:0 video has an even number of lines | an even number from 144 to 2160 with codec avc
        `transcode.ladder[1].height` is not a height that can be encoded | outside 144 to 2160 | an even number from 144 to 2160 with codec avc
        `transcode.ladder[2].height` is not a height that can be encoded | outside 144 to 2160 | an even number from 144 to 2160 with codec avc
    transcode: { ladder: [{ height: 720p, max_bitrate: 3M }] }
        `transcode.ladder[0].height` must be a whole number | not a whole number | digits only, without unit and quotes
    transcode: { ladder: [{ height: 720, max_bitrate: 0.5k }, { height: 720, max_bitrate: 301M }] }
        `transcode.ladder[0].max_bitrate` is outside what MediaConvert and players take | too little or too much | 1k to 300M
        `transcode.ladder[1].max_bitrate` is outside what MediaConvert and players take | too little or too much | 1k to 300M
    transcode: { ladder: [{ height: 720, max_bitrate: 3M, qvbr: 11 }, { height: 720, max_bitrate: 4M, qvbr: 7.5 }] }
        `transcode.ladder[0].qvbr` is not a QVBR quality level | outside 1 to 10 | a whole number from 1 to 10; by default 7 below 720 lines, 8 below 1080, then 9, and less for the lower of two rungs of one height
        `transcode.ladder[1].qvbr` must be a whole number | not a whole number | digits only, without unit and quotes
    transcode: { ladder: [{ height: 720, max_bitrate: 3M, codec: h265 }] }
        `transcode.ladder[0].codec` must be avc or hevc | did you mean `hevc`? | allowed: avc, hevc
    transcode: { ladder: [{ height: 720, max_bitrate: 3M, bitrate: 3M }] }
        unknown key `bitrate` in `transcode.ladder[0]` | did you mean `max_bitrate`? | allowed here: codec, height, max_bitrate, qvbr
    transcode: { ladder: [{ height: 720, max_bitrate: 3M }, { height: 720, max_bitrate: 3M }] }
        `transcode.ladder[1]` repeats the rung 720p 3M | out of order | rungs ascend: each at least as high as the one before, and with a higher max_bitrate (for each codec separately)
    transcode: { ladder: [{ height: 720, max_bitrate: 3M }, { height: 360, max_bitrate: 1M }, { height: 240, max_bitrate: 2M }] }
        `transcode.ladder[1]` is 360p 1M, which does not rise above 720p 3M | out of order | rungs ascend: each at least as high as the one before, and with a higher max_bitrate (for each codec separately)
        `transcode.ladder[2]` is 240p 2M, which does not rise above 360p 1M | out of order | rungs ascend: each at least as high as the one before, and with a higher max_bitrate (for each codec separately)
    transcode: { ladder: [{ height: 360, max_bitrate: 3M }, { height: 720, max_bitrate: 1M }] }
        `transcode.ladder[1]` is 720p 1M, which does not rise above 360p 3M | out of order | rungs ascend: each at least as high as the one before, and with a higher max_bitrate (for each codec separately)
    ");
    let rung = |n: usize| format!("{{ height: 720, max_bitrate: {}k }}", 1000 + n);
    let ladder = |count: usize| {
        format!("transcode: {{ ladder: [{}] }}", (0..count).map(rung).collect::<Vec<_>>().join(", "))
    };
    assert_eq!(with(&ladder(20)).unwrap().transcode.ladder.rungs.len(), 20);
    insta::assert_snapshot!(brief(&format!("{HEAD}{}", ladder(21))), @"`transcode.ladder` must have rungs | 21 rungs | 1 to 20 rungs, or the name of a ladder: hls-720p, hls-1080p, hls-2160p");
    let two_codecs = "transcode: { ladder: [{ height: 1080, max_bitrate: 6M }, { height: 1080, max_bitrate: 4.5M, codec: hevc }] }";
    assert_eq!(with(two_codecs).unwrap().transcode.ladder.container, crate::stack::ladder::Container::Fmp4);
}
