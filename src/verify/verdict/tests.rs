//! A rendition set without faults, and the faults when one thing is wrong.

use super::super::measure::Sound;
use super::*;

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
            picture: Some(Picture { codec: codec.into(), size, rate: 30.0 }),
            sound: None,
            segments: segments(rate),
        };
        let sound = Stream {
            picture: None,
            sound: Some(Sound { codec: "mp4a.40.2".into(), channels: 2 }),
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
        let faults = judge(&multivariant, &sides.collect::<Vec<_>>());
        let lines = faults.iter().map(|fault| format!("{:?} {fault}", fault.rule));
        lines.collect::<Vec<_>>().join("\n")
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
    insta::assert_snapshot!(told.join("\n--\n"), @r"
    Rfc8216 high.m3u8: CODECS is avc1.640028,mp4a.40.2, and the streams are avc1.64001f,mp4a.40.2
    --
    Apple high.m3u8: no CODECS
    --
    Rfc8216 low.m3u8: RESOLUTION is 640x358, and the picture is 640x360
    --
    Rfc8216 low.m3u8: FRAME-RATE is 29.97, and the picture has 30.000
    --
    Apple sound.m3u8: CHANNELS is 6, and the sound has 2
    --
    Rfc8216 high.m3u8: BANDWIDTH is 800000, and the peak of its segments is 864000
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
        after(|set| set.streams[1].segments.truncate(2)),
        after(|set| {
            for segment in &mut set.streams[2].segments {
                (segment.start, segment.end) = (segment.start + 1.4, segment.end + 1.4);
            }
        }),
    ];
    insta::assert_snapshot!(told.join("\n--\n"), @r"
    Rfc8216 high.m3u8: segment 1 does not begin with a key frame, against EXT-X-INDEPENDENT-SEGMENTS
    --
    Rfc8216 high.m3u8: EXTINF of segment 0 is 6, and it lasts 6.050 s
    Rfc8216 high.m3u8: between segments 0 and 1 are 0.050 s
    Rfc8216 high.m3u8: EXTINF of segment 1 is 6, and it lasts 5.950 s
    Rfc8216 high.m3u8: segment 1 begins 0.050 s apart from that of low.m3u8
    --
    Rfc8216 low.m3u8: EXTINF of segment 2 is 2, and it lasts 2.500 s
    Rfc8216 low.m3u8: BANDWIDTH is 464000, and the peak of its segments is 489000
    --
    Rfc8216 high.m3u8: not every segment could be read
    Rfc8216 high.m3u8: 2 segments, and low.m3u8 has 3
    --
    Rfc8216 low.m3u8: its sound sound.m3u8 begins 1.400 s after the picture
    Rfc8216 high.m3u8: its sound sound.m3u8 begins 1.400 s after the picture
    ");
}

#[test]
fn a_peak_is_counted_over_half_to_one_and_a_half_target_durations() {
    let crumb = [(600_000, 6.0), (1_000_000, 1.0)];
    assert_eq!(peak(&crumb, 6.0), 1_828_571, "a crumb counts with its neighbour");
    assert_eq!(peak(&[(600_000, 6.0), (1_000_000, 3.0)], 6.0), 2_666_667);
    assert_eq!(peak(&[(125_000, 1.0)], 6.0), 1_000_000, "what is all of it counts however short");
}
