//! HLS playlists as MediaConvert writes them.

use std::fmt::Write as _;

/// One segment, as named in S3.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Segment {
    pub(super) name: String,
    /// In seconds.
    pub(super) duration: f64,
    /// In bytes.
    pub(super) size: u64,
}

/// Reads the durations and file names of a playlist that ffmpeg wrote.
pub(super) fn read(text: &str) -> Vec<(f64, String)> {
    let mut durations = None;
    let mut segments = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("#EXTINF:") {
            durations = rest.trim_end_matches(',').parse().ok();
        } else if !line.starts_with('#')
            && let Some(duration) = durations.take()
        {
            segments.push((duration, line.to_owned()));
        }
    }
    segments
}

/// The target duration for segments with these durations. It is rounded, as RFC 8216 says, or rounded up, for old
/// players.
pub(super) fn target(durations: impl Iterator<Item = f64>, compliant: bool) -> u64 {
    let longest = durations.fold(0.0, f64::max);
    let target = if compliant { longest.round() } else { longest.ceil() };
    (target as u64).max(1)
}

/// A rendition's own playlist. `header` is the initialization section of fragmented MP4 segments.
pub(super) fn media(segments: &[Segment], target: u64, header: Option<&str>, whole_seconds: bool) -> String {
    let version = if header.is_some() { 6 } else { 4 };
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:{version}\n#EXT-X-TARGETDURATION:{target}\n");
    text.push_str("#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n");
    if let Some(header) = header {
        let _ = writeln!(text, "#EXT-X-MAP:URI=\"{header}\"");
    }
    for Segment { name, duration, .. } in segments {
        let duration = if whole_seconds { duration.round() } else { (duration * 1e6).round() / 1e6 };
        let _ = writeln!(text, "#EXTINF:{duration},\n{name}");
    }
    text.push_str("#EXT-X-ENDLIST\n");
    text
}

/// Peak and average bits per second of a rendition, as defined in RFC 8216 (4.1). The peak is the highest of any
/// contiguous set of segments that lasts between half and one and a half target durations.
pub(super) fn bandwidth(segments: &[Segment], target: u64) -> (u64, u64) {
    let average = rate(segments);
    let target = target as f64;
    let mut peak = None;
    for from in 0..segments.len() {
        let mut seconds = 0.0;
        for to in from..segments.len() {
            seconds += segments[to].duration;
            if seconds > 1.5 * target {
                break;
            }
            if seconds >= 0.5 * target {
                peak = peak.max(Some(rate(&segments[from..=to])));
            }
        }
    }
    (peak.unwrap_or(average), average)
}

fn rate(segments: &[Segment]) -> u64 {
    let bytes: u64 = segments.iter().map(|segment| segment.size).sum();
    let seconds: f64 = segments.iter().map(|segment| segment.duration).sum();
    if seconds > 0.0 { (bytes as f64 * 8.0 / seconds).round() as u64 } else { 0 }
}

/// A video rendition in the multivariant playlist.
#[derive(Debug, Clone)]
pub(super) struct Variant {
    pub(super) uri: String,
    pub(super) peak: u64,
    pub(super) average: u64,
    /// RFC 6381 names, the picture's first.
    pub(super) codecs: Vec<String>,
    pub(super) size: Option<(u32, u32)>,
    pub(super) rate: Option<f64>,
    /// The audio group that it plays with.
    pub(super) audio: Option<String>,
}

/// An audio rendition in the multivariant playlist.
#[derive(Debug, Clone)]
pub(super) struct Sound {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) language: String,
    pub(super) channels: u32,
    pub(super) default: bool,
    pub(super) autoselect: bool,
    pub(super) uri: String,
    pub(super) peak: u64,
    pub(super) average: u64,
    pub(super) codec: String,
}

/// The multivariant playlist. A variant's bandwidth and codecs include those of its audio group.
pub(super) fn multivariant(variants: &[Variant], sounds: &[Sound]) -> String {
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for variant in variants {
        let group = variant.audio.as_ref().filter(|group| sounds.iter().any(|sound| sound.group == **group));
        let with: Vec<&Sound> = sounds.iter().filter(|sound| Some(&sound.group) == group).collect();
        let peak = variant.peak + with.iter().map(|sound| sound.peak).max().unwrap_or(0);
        let average = variant.average + with.iter().map(|sound| sound.average).max().unwrap_or(0);
        let mut codecs = variant.codecs.clone();
        for sound in with {
            if !codecs.contains(&sound.codec) {
                codecs.push(sound.codec.clone());
            }
        }
        let _ = write!(text, "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average}");
        if variant.size.is_some() {
            text.push_str(",VIDEO-RANGE=SDR");
        }
        let _ = write!(text, ",CODECS=\"{}\"", codecs.join(","));
        if let Some((width, height)) = variant.size {
            let _ = write!(text, ",RESOLUTION={width}x{height}");
        }
        if let Some(rate) = variant.rate {
            let _ = write!(text, ",FRAME-RATE={rate:.3}");
        }
        if let Some(group) = group {
            let _ = write!(text, ",AUDIO=\"{group}\"");
        }
        let _ = writeln!(text, "\n{}", variant.uri);
    }
    for sound in sounds {
        let yes = |is: bool| if is { "YES" } else { "NO" };
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{}\",LANGUAGE=\"{}\",NAME=\"{}\",AUTOSELECT={},DEFAULT={},CHANNELS=\"{}\",URI=\"{}\"",
            sound.group,
            sound.language,
            sound.name,
            yes(sound.autoselect),
            yes(sound.default),
            sound.channels,
            sound.uri,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments() -> Vec<Segment> {
        let segment = |name: &str, duration, size| Segment { name: name.into(), duration, size };
        vec![segment("v_00001.ts", 6.006, 750_750), segment("v_00002.ts", 2.002, 125_125)]
    }

    #[test]
    fn a_media_playlist_lists_its_segments() {
        insta::assert_snapshot!(media(&segments(), 6, None, false), @r"
        #EXTM3U
        #EXT-X-VERSION:4
        #EXT-X-TARGETDURATION:6
        #EXT-X-MEDIA-SEQUENCE:1
        #EXT-X-PLAYLIST-TYPE:VOD
        #EXTINF:6.006,
        v_00001.ts
        #EXTINF:2.002,
        v_00002.ts
        #EXT-X-ENDLIST
        ");
        assert!(
            media(&segments(), 6, Some("vinit.cmfv"), true)
                .contains("#EXT-X-MAP:URI=\"vinit.cmfv\"\n#EXTINF:6,\n")
        );
    }

    #[test]
    fn a_target_duration_is_rounded_unless_old_players_count() {
        let target = |compliant| target([6.006, 5.9].into_iter(), compliant);
        assert_eq!((target(true), target(false)), (6, 7));
        assert_eq!(
            super::target([0.2].into_iter(), true),
            1,
            "a decimal-integer of seconds, and none is no time"
        );
    }

    #[test]
    fn a_crumb_counts_with_its_neighbour_and_a_run_of_them_alone() {
        let segment = |duration, size| Segment { name: String::new(), duration, size };
        let crumb = [segment(6.0, 600_000), segment(1.0, 1_000_000)];
        assert_eq!(bandwidth(&crumb, 6).0, 1_828_571);
        let crumbs = [segment(6.0, 600_000), segment(1.5, 600_000), segment(1.5, 600_000)];
        assert_eq!(bandwidth(&crumbs, 6).0, 3_200_000);
    }

    #[test]
    fn ffmpegs_playlist_is_read_back() {
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6.006000,\na_00001.ts\n#EXTINF:1.0,\na_00002.ts\n#EXT-X-ENDLIST\n";
        assert_eq!(read(text), [(6.006, "a_00001.ts".to_owned()), (1.0, "a_00002.ts".to_owned())]);
    }

    #[test]
    fn the_multivariant_playlist_adds_the_audio_to_each_variant() {
        let (peak, average) = bandwidth(&segments(), 6);
        assert_eq!((peak, average), (1_000_000, 875_000));
        let variant = Variant {
            uri: "v.m3u8".into(),
            peak,
            average,
            codecs: vec!["avc1.64001f".into()],
            size: Some((1280, 720)),
            rate: Some(30000.0 / 1001.0),
            audio: Some("program_audio_0".into()),
        };
        let sound = Sound {
            group: "program_audio_0".into(),
            name: "Stereo".into(),
            language: "und".into(),
            channels: 2,
            default: true,
            autoselect: true,
            uri: "a.m3u8".into(),
            peak: 130_000,
            average: 128_000,
            codec: "mp4a.40.2".into(),
        };
        insta::assert_snapshot!(multivariant(std::slice::from_ref(&variant), &[sound]), @r#"
        #EXTM3U
        #EXT-X-VERSION:6
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-STREAM-INF:BANDWIDTH=1130000,AVERAGE-BANDWIDTH=1003000,VIDEO-RANGE=SDR,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="program_audio_0"
        v.m3u8
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="program_audio_0",LANGUAGE="und",NAME="Stereo",AUTOSELECT=YES,DEFAULT=YES,CHANNELS="2",URI="a.m3u8"
        "#);
        assert!(!multivariant(&[variant], &[]).contains("AUDIO"), "a silent asset names no audio group");
    }
}
