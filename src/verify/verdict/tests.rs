//! A rendition set without faults, and the faults when one thing is wrong.

use super::super::measure::{Picture, Segment, Sound};
use super::*;
use crate::local::{ColorTags, Shown};

const MULTIVARIANT: &str = r#"#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=464000,AVERAGE-BANDWIDTH=464000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000,AUDIO="audio"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=864000,AVERAGE-BANDWIDTH=864000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="audio"
high.m3u8
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Stereo",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="sound.m3u8"
"#;

const MEDIA: &str = "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n\
    #EXTINF:6.0,\n1.ts\n#EXTINF:6.0,\n2.ts\n#EXTINF:2.5,\n3.ts\n#EXT-X-ENDLIST\n";

/// A set of three renditions that tests damage.
struct Set {
    multivariant: String,
    media: [String; 3],
    streams: [Stream; 3],
    film: Film,
}

const URIS: [&str; 3] = ["low.m3u8", "high.m3u8", "sound.m3u8"];

impl Set {
    fn whole() -> Self {
        let segment = |rate: f64, start: f64, end: f64| Segment {
            bytes: (rate * (end - start) / 8.0) as u64,
            start: 2.4 + start,
            end: 2.4 + end,
            frames: ((end - start) * 30.0) as u64,
            independent: true,
        };
        let segments =
            |rate| vec![segment(rate, 0.0, 6.0), segment(rate, 6.0, 12.0), segment(rate, 12.0, 14.5)];
        let picture = |codec: &str, size, rate| Stream {
            picture: Some(Picture {
                codec: codec.into(),
                size,
                sample: (1, 1),
                color: colors("bt709"),
                rate: Some(30.0),
            }),
            sound: None,
            segments: segments(rate),
        };
        let sound = Stream {
            picture: None,
            sound: Some(Sound { codec: "mp4a.40.2".into(), channels: 2, quiet: 0.0 }),
            segments: segments(64_000.0),
        };
        Self {
            multivariant: MULTIVARIANT.into(),
            media: [MEDIA, MEDIA, MEDIA].map(str::to_owned),
            streams: [
                picture("avc1.4d401e", (640, 360), 400_000.0),
                picture("avc1.64001f", (1280, 720), 800_000.0),
                sound,
            ],
            film: Film {
                picture: Some(Shown { size: (1920.0, 1080.0), sample: (1, 1), color: colors("bt709") }),
                sound_starts: Some(0.0),
            },
        }
    }

    fn judged(&self) -> String {
        let (_, multivariant) = m3u8_rs::parse_master_playlist(self.multivariant.as_bytes()).unwrap();
        let playlists =
            self.media.each_ref().map(|text| m3u8_rs::parse_media_playlist(text.as_bytes()).unwrap().1);
        let sides = (0..3).map(|one| MeasuredRendition {
            uri: URIS[one],
            playlist: &playlists[one],
            stream: &self.streams[one],
        });
        let faults = judge(&multivariant, &sides.collect::<Vec<_>>(), &self.film);
        let lines = faults.iter().map(|fault| format!("{:?} {fault}", fault.rule));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// These primaries, transfer and matrix.
fn colors(all: &str) -> ColorTags {
    let name = || Some(all.to_owned());
    ColorTags { primaries: name(), transfer: name(), matrix: name() }
}

fn picture(set: &mut Set, rendition: usize) -> &mut Picture {
    set.streams[rendition].picture.as_mut().unwrap()
}

/// Moves a rendition on its clock.
fn moved(set: &mut Set, rendition: usize, seconds: f64) {
    for segment in &mut set.streams[rendition].segments {
        (segment.start, segment.end) = (segment.start + seconds, segment.end + seconds);
    }
}

/// The faults of the set after `damage`.
fn after(damage: impl FnOnce(&mut Set)) -> String {
    let mut set = Set::whole();
    damage(&mut set);
    set.judged()
}

fn rewritten(from: &str, to: &str) -> String {
    after(|set| {
        assert!(set.multivariant.contains(from));
        set.multivariant = set.multivariant.replacen(from, to, 1);
    })
}

fn relisted(from: &str, to: &str) -> String {
    after(|set| {
        assert!(set.media[0].contains(from));
        set.media[0] = set.media[0].replacen(from, to, 1);
    })
}

#[test]
fn a_right_set_has_no_fault() {
    assert_eq!(Set::whole().judged(), "");
}

#[test]
fn wrong_structure_is_told() {
    let told = [
        relisted("VERSION:4", "VERSION:2"),
        relisted("#EXTINF:6.0", "#EXT-X-MAP:URI=\"0.mp4\"\n#EXTINF:6.0"),
        relisted("#EXT-X-ENDLIST\n", ""),
        relisted("PLAYLIST-TYPE:VOD", "PLAYLIST-TYPE:EVENT"),
        relisted("TARGETDURATION:6", "TARGETDURATION:5"),
        rewritten("AUDIO=\"audio\"", "AUDIO=\"none\""),
        rewritten("AUTOSELECT=YES", "AUTOSELECT=NO"),
    ];
    insta::assert_snapshot!(told.join("\n--\n"), @r"
    Rfc8216 low.m3u8: EXT-X-VERSION is 2, and what it holds needs 3
    --
    Rfc8216 low.m3u8: EXT-X-VERSION is 4, and what it holds needs 6
    --
    Rfc8216 low.m3u8: no EXT-X-ENDLIST: players take it for a live stream
    --
    Apple low.m3u8: EXT-X-PLAYLIST-TYPE is not VOD
    --
    Rfc8216 low.m3u8: EXTINF of segment 0 is 6, longer than EXT-X-TARGETDURATION 5
    Rfc8216 low.m3u8: EXTINF of segment 1 is 6, longer than EXT-X-TARGETDURATION 5
    Rfc8216 the multivariant playlist: its playlists differ in EXT-X-TARGETDURATION: 5, 6
    --
    Rfc8216 low.m3u8: AUDIO names the group none, which does not exist
    Rfc8216 low.m3u8: CODECS is avc1.4d401e,mp4a.40.2, and the streams are avc1.4d401e
    Apple low.m3u8: BANDWIDTH is 464000, over 10 % above the peak of its segments, 400000
    Apple low.m3u8: AVERAGE-BANDWIDTH is 464000, and the average of its segments is 400000
    --
    Rfc8216 sound.m3u8: DEFAULT is YES and AUTOSELECT is not
    ");
}

#[test]
fn wrong_words_about_a_stream_are_told() {
    let told = [
        rewritten("avc1.64001f", "avc1.640028"),
        rewritten("CODECS=\"avc1.64001f,mp4a.40.2\",", ""),
        rewritten("640x360", "640x358"),
        rewritten("FRAME-RATE=30.000", "FRAME-RATE=29.970"),
        rewritten("CHANNELS=\"2\"", "CHANNELS=\"6\""),
        rewritten("BANDWIDTH=864000,AVERAGE-BANDWIDTH=864000", "BANDWIDTH=800000,AVERAGE-BANDWIDTH=700000"),
        rewritten("BANDWIDTH=864000,AVERAGE-BANDWIDTH=864000", "BANDWIDTH=990000"),
    ];
    insta::assert_snapshot!(told.join("\n--\n"), @"
    Encoder high.m3u8: CODECS is avc1.640028,mp4a.40.2, and the streams are avc1.64001f,mp4a.40.2
    --
    Apple high.m3u8: no CODECS
    --
    Rfc8216 low.m3u8: RESOLUTION is 640x358, and the picture is 640x360
    --
    Rfc8216 low.m3u8: FRAME-RATE is 29.97, and the picture has 30.000
    --
    Apple sound.m3u8: CHANNELS is 6, and the sound has 2
    --
    Encoder high.m3u8: BANDWIDTH is 800000, and the peak of its segments is 864000 with its sound
    Apple high.m3u8: AVERAGE-BANDWIDTH is 700000, and the average of its segments is 864000
    --
    Apple high.m3u8: BANDWIDTH is 990000, over 10 % above the peak of its segments, 864000
    Apple high.m3u8: no AVERAGE-BANDWIDTH
    ");
}

#[test]
fn wrong_times_are_told() {
    let told = [
        after(|set| set.streams[1].segments[1].independent = false),
        after(|set| set.streams[1].segments[1].start += 0.05),
        relisted("#EXTINF:2.5", "#EXTINF:2.0"),
        after(|set| {
            set.media[2] = set.media[2].replace("#EXTINF:2.5", "#EXTINF:0.5");
            set.streams[2].segments[2].end -= 2.0;
            set.streams[2].segments[2].bytes /= 5;
        }),
        after(|set| set.streams[1].segments.truncate(2)),
        after(|set| moved(set, 2, 1.4)),
    ];
    insta::assert_snapshot!(told.join("\n--\n"), @"
    Rfc8216 high.m3u8: segment 1 does not begin with a key frame, against EXT-X-INDEPENDENT-SEGMENTS
    --
    Rfc8216 high.m3u8: EXTINF of segment 0 is 6, and it lasts 6.050 s
    Rfc8216 high.m3u8: between segments 0 and 1 are 0.050 s
    Rfc8216 high.m3u8: EXTINF of segment 1 is 6, and it lasts 5.950 s
    Rfc8216 high.m3u8: segment 1 begins 0.050 s apart from that of low.m3u8
    --
    Rfc8216 low.m3u8: EXTINF of segment 2 is 2, and it lasts 2.500 s
    Encoder low.m3u8: BANDWIDTH is 464000, and the peak of its segments is 489000 with its sound
    --
    Apple sound.m3u8: its last segment lasts 0.5 s: some players stall before it
    --
    Rfc8216 high.m3u8: not every segment could be read
    Rfc8216 high.m3u8: 2 segments, and low.m3u8 has 3
    --
    Rfc8216 low.m3u8: its sound sound.m3u8 begins 1.400 s after the picture
    Rfc8216 high.m3u8: its sound sound.m3u8 begins 1.400 s after the picture
    ");
}

#[test]
fn wrong_colors_are_told() {
    let hlg = || ColorTags { transfer: Some("arib-std-b67".into()), ..colors("bt2020") };
    let told = [
        after(|set| picture(set, 1).color = hlg()),
        after(|set| (0..2).for_each(|rendition| picture(set, rendition).color = hlg())),
        after(|set| picture(set, 1).color.matrix = Some("smpte170m".into())),
        after(|set| (0..2).for_each(|rendition| picture(set, rendition).color = colors("bt2020"))),
        rewritten("RESOLUTION=640x360", "VIDEO-RANGE=PQ,RESOLUTION=640x360"),
    ];
    insta::assert_snapshot!(told.join("\n--\n"), @"
    Rfc8216 high.m3u8: VIDEO-RANGE is SDR, and the picture is HLG (transfer arib-std-b67)
    Film high.m3u8: its colors are bt2020/arib-std-b67/bt2020, and those of low.m3u8 are bt709/bt709/bt709
    --
    Rfc8216 low.m3u8: VIDEO-RANGE is SDR, and the picture is HLG (transfer arib-std-b67)
    Rfc8216 high.m3u8: VIDEO-RANGE is SDR, and the picture is HLG (transfer arib-std-b67)
    --
    Film high.m3u8: its colors are bt709/bt709/smpte170m, and those of low.m3u8 are bt709/bt709/bt709
    --
    Film low.m3u8: its colors are bt2020/bt2020/bt2020: players show SDR as BT.709
    Film high.m3u8: its colors are bt2020/bt2020/bt2020: players show SDR as BT.709
    --
    Rfc8216 low.m3u8: VIDEO-RANGE is PQ, and the picture is SDR (transfer bt709)
    ");
}

#[test]
fn hdr_in_every_place_and_colors_that_nobody_names_are_right() {
    let hdr = after(|set| {
        set.multivariant = set.multivariant.replace(",RESOLUTION", ",VIDEO-RANGE=HLG,RESOLUTION");
        let hlg = ColorTags { transfer: Some("arib-std-b67".into()), ..colors("bt2020") };
        (0..2).for_each(|rendition| picture(set, rendition).color = hlg.clone());
    });
    assert_eq!(hdr, "");
    assert_eq!(after(|set| (0..2).for_each(|one| picture(set, one).color = ColorTags::default())), "");
}

#[test]
fn what_was_filmed_and_is_not_shown_is_told() {
    let shown = |size| Some(Shown { size, sample: (1, 1), color: ColorTags::default() });
    let told = [
        after(|set| picture(set, 0).sample = (64, 45)),
        after(|set| set.film.picture = shown((1080.0, 1920.0))),
        after(|set| set.film.picture = shown((1024.0, 576.0 * 1.02))),
        after(|set| {
            set.streams[2].sound = None;
            set.multivariant = set.multivariant.replace(",mp4a.40.2", "");
        }),
        after(|set| {
            for rendition in 0..2 {
                set.streams[rendition].picture = None;
                set.streams[rendition].sound = set.streams[2].sound.clone();
            }
            set.multivariant = set.multivariant.replace("avc1.4d401e,", "").replace("avc1.64001f,", "");
        }),
    ];
    insta::assert_snapshot!(told.join("\n--\n"), @"
    Film low.m3u8: its samples are 64:45, and some players show only square ones right
    Film low.m3u8: it is 640x360 (2.528), and the film is shown as 1920x1080 (1.778)
    --
    Film low.m3u8: it is 640x360 (1.778), and the film is shown as 1080x1920 (0.562)
    Film high.m3u8: it is 1280x720 (1.778), and the film is shown as 1080x1920 (0.562)
    --
    Film low.m3u8: it is 640x360 (1.778), and the film is shown as 1024x588 (1.743)
    Film high.m3u8: it is 1280x720 (1.778), and the film is shown as 1024x588 (1.743)
    --
    Rfc8216 sound.m3u8: it has no sound
    Film the multivariant playlist: the film has sound, and no rendition has any
    --
    Film the multivariant playlist: the film has a picture, and no rendition has one
    ");
    let rounded = after(|set| {
        set.film.picture = shown((853.0, 481.0));
        set.multivariant = set.multivariant.replace("640x360", "638x360").replace("1280x720", "854x482");
        picture(set, 0).size = (638, 360);
        picture(set, 1).size = (854, 482);
    });
    assert_eq!(rounded, "", "sides are even");
}

#[test]
fn a_late_sound_is_as_late_as_it_was_filmed_or_silent_until_then() {
    let late = |starts: f64, quiet: f64| {
        after(|set| {
            set.film.sound_starts = Some(1.5);
            set.streams[2].sound.as_mut().unwrap().quiet = quiet;
            moved(set, 2, starts);
        })
    };
    assert_eq!(late(1.5, 0.0), "");
    assert_eq!(late(0.0, 1.48), "");
    insta::assert_snapshot!([late(0.0, 0.0), late(0.7, 0.0)].join("\n--\n"), @"
    Rfc8216 low.m3u8: its sound sound.m3u8 begins 0.000 s after the picture, and the film's 1.500 s
    Rfc8216 high.m3u8: its sound sound.m3u8 begins 0.000 s after the picture, and the film's 1.500 s
    --
    Rfc8216 low.m3u8: its sound sound.m3u8 begins 0.700 s after the picture, and the film's 1.500 s
    Rfc8216 high.m3u8: its sound sound.m3u8 begins 0.700 s after the picture, and the film's 1.500 s
    ");
    let long = after(|set| {
        let end = set.streams[2].segments.last_mut().unwrap();
        end.end += 9.0;
        set.media[2] =
            set.media[2].replace("#EXTINF:2.5", "#EXTINF:11.5").replace("DURATION:6", "DURATION:12");
        set.media[0] = set.media[0].replace("DURATION:6", "DURATION:12");
        set.media[1] = set.media[1].replace("DURATION:6", "DURATION:12");
    });
    assert_eq!(long, "", "a sound that goes on after the picture");
}

#[test]
fn what_another_encoder_may_do_is_advice() {
    let reordered = |rate: f64, seconds: f64| {
        after(|set| {
            for rendition in 0..2 {
                picture(set, rendition).rate = Some(rate);
                moved(set, rendition, seconds);
            }
            set.multivariant =
                set.multivariant.replace("FRAME-RATE=30.000", &format!("FRAME-RATE={rate:.3}"));
        })
    };
    assert_eq!(reordered(24.0, 2.0 / 24.0), "", "two frames at 24 a second");
    let told = [reordered(24.0, 3.0 / 24.0), reordered(15.0, 2.0 / 15.0), reordered(24.0, 0.3)];
    insta::assert_snapshot!(told.join("\n--\n"), @"
    Encoder low.m3u8: its sound sound.m3u8 begins 0.125 s before the picture
    Encoder high.m3u8: its sound sound.m3u8 begins 0.125 s before the picture
    --
    Encoder low.m3u8: its sound sound.m3u8 begins 0.133 s before the picture
    Encoder high.m3u8: its sound sound.m3u8 begins 0.133 s before the picture
    --
    Rfc8216 low.m3u8: its sound sound.m3u8 begins 0.300 s before the picture
    Rfc8216 high.m3u8: its sound sound.m3u8 begins 0.300 s before the picture
    ");
    assert_eq!(
        after(|set| (0..2).for_each(|one| picture(set, one).rate = None)),
        "",
        "one frame has no rate"
    );
}
