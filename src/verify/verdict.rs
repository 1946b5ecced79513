//! Checks that playlists match their streams, and follow RFC 8216 and Apple's HLS authoring specification.
//!
//! Pure: it takes parsed playlists and measured streams, and returns all faults.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use m3u8_rs::{
    AlternativeMedia, AlternativeMediaType, MasterPlaylist, MediaPlaylist, MediaPlaylistType, VariantStream,
};

use super::fault::{Authority, Fault};
use super::measure::{Picture, Segment, Stream};

/// Apple's allowed ratio between declared and measured bit rates.
const MARGIN: f64 = 1.1;
/// The largest effect of rounding on a bit rate.
const ROUNDING: f64 = 1.001;
/// The largest difference between the start or end of sound and picture, in seconds.
const SYNC: f64 = 0.1;
/// The largest difference between a sound's `EXTINF` and its frames, in seconds: two AAC frames.
const SOUND_FRAMES: f64 = 0.05;

/// One rendition: its playlist and its stream.
#[derive(Clone, Copy, Debug)]
pub struct MeasuredRendition<'a> {
    /// Its address in the multivariant playlist.
    pub uri: &'a str,
    /// Its playlist.
    pub playlist: &'a MediaPlaylist,
    /// Its stream.
    pub stream: &'a Stream,
}

/// Every fault of a rendition set.
pub fn judge(multivariant: &MasterPlaylist, renditions: &[MeasuredRendition<'_>]) -> Vec<Fault> {
    let mut faults = Faults::default();
    for rendition in renditions {
        structure(rendition, &mut faults.of(rendition.uri));
        timing(rendition, &mut faults.of(rendition.uri));
        if multivariant.independent_segments || rendition.playlist.independent_segments {
            independent(rendition, &mut faults.of(rendition.uri));
        }
    }
    same_target(renditions, &mut faults);
    aligned(renditions, &mut faults);
    groups(multivariant, renditions, &mut faults);
    for variant in multivariant.variants.iter().filter(|variant| !variant.is_i_frame) {
        declared(variant, multivariant, renditions, &mut faults.of(&variant.uri));
    }
    faults.all
}

#[derive(Default)]
struct Faults {
    all: Vec<Fault>,
}

/// The faults of one playlist.
struct Of<'a> {
    all: &'a mut Vec<Fault>,
    playlist: String,
}

impl Faults {
    fn of(&mut self, playlist: &str) -> Of<'_> {
        Of { all: &mut self.all, playlist: playlist.to_owned() }
    }
}

impl Of<'_> {
    fn add(&mut self, rule: Authority, what: String) {
        self.all.push(Fault { playlist: self.playlist.clone(), rule, what });
    }

    fn rfc(&mut self, what: impl Into<String>) {
        self.add(Authority::Rfc8216, what.into());
    }

    fn apple(&mut self, what: impl Into<String>) {
        self.add(Authority::Apple, what.into());
    }
}

fn structure(MeasuredRendition { playlist, .. }: &MeasuredRendition<'_>, faults: &mut Of<'_>) {
    let needed = if playlist.segments.iter().any(|segment| segment.map.is_some()) {
        6
    } else if playlist.segments.iter().any(|segment| segment.byte_range.is_some()) {
        4
    } else if playlist.segments.iter().any(|segment| segment.duration.fract() != 0.0) {
        3
    } else {
        1
    };
    let version = playlist.version.unwrap_or(1);
    if version < needed {
        faults.rfc(format!("EXT-X-VERSION is {version}, and what it holds needs {needed}"));
    }
    if !playlist.end_list {
        faults.rfc("no EXT-X-ENDLIST: players take it for a live stream");
    }
    if playlist.playlist_type != Some(MediaPlaylistType::Vod) {
        faults.apple("EXT-X-PLAYLIST-TYPE is not VOD");
    }
    for (number, segment) in playlist.segments.iter().enumerate() {
        let target = playlist.target_duration;
        if segment.duration.round() as u64 > target {
            let says = format!("EXTINF of segment {number} is {}", segment.duration);
            faults.rfc(format!("{says}, longer than EXT-X-TARGETDURATION {target}"));
        }
    }
}

/// The tolerance for a segment's length: one frame of a picture, or [`SOUND_FRAMES`].
fn slack(stream: &Stream) -> f64 {
    match &stream.picture {
        Some(picture) if picture.rate > 0.0 => 1.0 / picture.rate,
        _ => SOUND_FRAMES,
    }
}

fn timing(MeasuredRendition { playlist, stream, .. }: &MeasuredRendition<'_>, faults: &mut Of<'_>) {
    if playlist.segments.len() != stream.segments.len() {
        return faults.rfc("not every segment could be read");
    }
    let slack = slack(stream);
    for (number, (said, is)) in playlist.segments.iter().zip(&stream.segments).enumerate() {
        let next = stream.segments.get(number + 1);
        let lasts = next.map_or(is.end, |next| next.start) - is.start;
        if (f64::from(said.duration) - lasts).abs() > slack * 1.01 {
            let says = format!("EXTINF of segment {number} is {}", said.duration);
            faults.rfc(format!("{says}, and it lasts {lasts:.3} s"));
        }
        if let Some(gap) = next.map(|next| next.start - is.end)
            && gap.abs() > slack * 1.01
        {
            faults.rfc(format!("between segments {number} and {} are {gap:.3} s", number + 1));
        }
    }
}

fn independent(MeasuredRendition { stream, .. }: &MeasuredRendition<'_>, faults: &mut Of<'_>) {
    for (number, segment) in stream.segments.iter().enumerate() {
        if !segment.independent {
            let what = "does not begin with a key frame, against EXT-X-INDEPENDENT-SEGMENTS";
            faults.rfc(format!("segment {number} {what}"));
        }
    }
}

fn same_target(renditions: &[MeasuredRendition<'_>], faults: &mut Faults) {
    let targets: BTreeSet<u64> =
        renditions.iter().map(|rendition| rendition.playlist.target_duration).collect();
    if targets.len() > 1 {
        let targets: Vec<String> = targets.iter().map(u64::to_string).collect();
        faults.of("").rfc(format!("its playlists differ in EXT-X-TARGETDURATION: {}", targets.join(", ")));
    }
}

/// Players switch at segments, so segments must begin at the same time in all pictures.
fn aligned(renditions: &[MeasuredRendition<'_>], faults: &mut Faults) {
    let mut pictures = renditions.iter().filter(|rendition| rendition.stream.picture.is_some());
    let Some(first) = pictures.next() else { return };
    let frame = slack(first.stream);
    for other in pictures {
        let mut faults = faults.of(other.uri);
        let (ours, theirs) = (&other.stream.segments, &first.stream.segments);
        if ours.len() != theirs.len() {
            faults.rfc(format!("{} segments, and {} has {}", ours.len(), first.uri, theirs.len()));
        }
        let apart = ours.iter().zip(theirs).map(|(ours, theirs)| (ours.start - theirs.start).abs());
        if let Some((number, apart)) = apart.enumerate().find(|(_, apart)| *apart > frame * 1.01) {
            faults.rfc(format!("segment {number} begins {apart:.3} s apart from that of {}", first.uri));
        }
    }
}

fn groups(multivariant: &MasterPlaylist, renditions: &[MeasuredRendition<'_>], faults: &mut Faults) {
    let sounds = || multivariant.alternatives.iter().filter(|media| is_sound(media));
    for media in sounds() {
        let mut faults = faults.of(media.uri.as_deref().unwrap_or_default());
        let twins = || sounds().filter(|other| other.group_id == media.group_id);
        if twins().filter(|other| other.name == media.name).count() > 1 {
            faults.rfc(format!("its group has several renditions of NAME {}", media.name));
        }
        if media.default && !media.autoselect {
            faults.rfc("DEFAULT is YES and AUTOSELECT is not");
        }
        if twins().filter(|other| other.default).count() > 1 {
            faults.rfc(format!("group {} has several defaults", media.group_id));
        }
        let Some(stream) = find(renditions, media.uri.as_deref().unwrap_or_default()) else { continue };
        let Some(sound) = &stream.sound else {
            faults.rfc("it has no sound");
            continue;
        };
        let said = media.channels.as_deref().and_then(|text| text.split('/').next()?.parse::<u32>().ok());
        if said != Some(sound.channels) {
            let said = media.channels.as_deref().unwrap_or("absent");
            faults.apple(format!("CHANNELS is {said}, and the sound has {}", sound.channels));
        }
    }
}

fn is_sound(media: &AlternativeMedia) -> bool {
    media.media_type == AlternativeMediaType::Audio
}

fn find<'a>(renditions: &[MeasuredRendition<'a>], uri: &str) -> Option<&'a Stream> {
    renditions.iter().find(|rendition| rendition.uri == uri).map(|rendition| rendition.stream)
}

/// Checks what the multivariant playlist declares for a variant.
fn declared(
    variant: &VariantStream,
    multivariant: &MasterPlaylist,
    renditions: &[MeasuredRendition<'_>],
    faults: &mut Of<'_>,
) {
    let Some(rendition) = renditions.iter().find(|rendition| rendition.uri == variant.uri) else {
        return faults.rfc("it was not fetched");
    };
    if let Some(picture) = &rendition.stream.picture {
        seen(variant, picture, faults);
    }
    let group: Vec<&MeasuredRendition<'_>> = match &variant.audio {
        None => Vec::new(),
        Some(group) => {
            let sounds = multivariant.alternatives.iter().filter(|media| is_sound(media));
            let members = sounds.filter(|media| media.group_id == *group);
            let uris: Vec<&str> = members.filter_map(|media| media.uri.as_deref()).collect();
            if uris.is_empty() {
                faults.rfc(format!("AUDIO names the group {group}, which does not exist"));
            }
            renditions.iter().filter(|rendition| uris.contains(&rendition.uri)).collect()
        }
    };
    codecs(variant, rendition, &group, faults);
    for sound in &group {
        in_sync(rendition.stream, sound, faults);
    }
    let (peak, average) = bandwidth(rendition, &group);
    rates(variant, peak, average, faults);
}

fn seen(variant: &VariantStream, picture: &Picture, faults: &mut Of<'_>) {
    let (width, height) = picture.size;
    match variant.resolution {
        None => faults.apple("no RESOLUTION"),
        Some(said) if (said.width, said.height) == (u64::from(width), u64::from(height)) => {}
        Some(said) => {
            let said = format!("{}x{}", said.width, said.height);
            faults.rfc(format!("RESOLUTION is {said}, and the picture is {width}x{height}"));
        }
    }
    match variant.frame_rate {
        None => faults.apple("no FRAME-RATE"),
        // Playlists have three decimals.
        Some(said) if (said - picture.rate).abs() < 0.002 => {}
        Some(said) => faults.rfc(format!("FRAME-RATE is {said}, and the picture has {:.3}", picture.rate)),
    }
}

fn codecs(
    variant: &VariantStream,
    rendition: &MeasuredRendition<'_>,
    group: &[&MeasuredRendition<'_>],
    faults: &mut Of<'_>,
) {
    let picture = rendition.stream.picture.iter().map(|picture| picture.codec.clone());
    let streams = [rendition].into_iter().chain(group.iter().copied());
    let sounds = streams.filter_map(|rendition| Some(rendition.stream.sound.as_ref()?.codec.clone()));
    let is: BTreeSet<String> = picture.chain(sounds).collect();
    let Some(said) = &variant.codecs else { return faults.apple("no CODECS") };
    let said: BTreeSet<String> = said.split(',').map(|codec| codec.trim().to_owned()).collect();
    if said != is {
        let list = |codecs: BTreeSet<String>| codecs.into_iter().collect::<Vec<_>>().join(",");
        faults.rfc(format!("CODECS is {}, and the streams are {}", list(said), list(is)));
    }
}

fn in_sync(stream: &Stream, sound: &MeasuredRendition<'_>, faults: &mut Of<'_>) {
    let span = |stream: &Stream| Some((stream.segments.first()?.start, stream.segments.last()?.end));
    let (Some(picture), Some(heard)) = (span(stream), span(sound.stream)) else { return };
    let apart = heard.0 - picture.0;
    if apart.abs() > SYNC {
        faults.rfc(format!("its sound {} begins {apart:.3} s after the picture", sound.uri));
    }
}

fn rates(variant: &VariantStream, peak: u64, average: u64, faults: &mut Of<'_>) {
    let said = variant.bandwidth;
    if peak as f64 > said as f64 * ROUNDING {
        faults.rfc(format!("BANDWIDTH is {said}, and the peak of its segments is {peak}"));
    } else if said as f64 > peak as f64 * MARGIN {
        faults.apple(format!("BANDWIDTH is {said}, over 10 % above the peak of its segments, {peak}"));
    }
    let Some(said) = variant.average_bandwidth else { return faults.apple("no AVERAGE-BANDWIDTH") };
    let ratio = said as f64 / (average as f64).max(1.0);
    if !(1.0 / MARGIN..=MARGIN).contains(&ratio) {
        faults.apple(format!("AVERAGE-BANDWIDTH is {said}, and the average of its segments is {average}"));
    }
}

/// The peak and average bit rates of a variant with the heaviest of its sounds, as RFC 8216 (4.3.4.2) counts them.
pub fn bandwidth(variant: &MeasuredRendition<'_>, sounds: &[&MeasuredRendition<'_>]) -> (u64, u64) {
    let one = |rendition: &MeasuredRendition<'_>| {
        let durations = rendition.playlist.segments.iter().map(|segment| f64::from(segment.duration));
        let sizes: Vec<(u64, f64)> =
            rendition.stream.segments.iter().map(|Segment { bytes, .. }| *bytes).zip(durations).collect();
        (peak(&sizes, rendition.playlist.target_duration as f64), rate(&sizes))
    };
    let (picture, heard) = (one(variant), sounds.iter().map(|sound| one(sound)));
    let most = heard.fold((0, 0), |most: (u64, u64), one| (most.0.max(one.0), most.1.max(one.1)));
    (picture.0 + most.0, picture.1 + most.1)
}

/// Bits per second over segments of these sizes and durations.
fn rate(segments: &[(u64, f64)]) -> u64 {
    let (bytes, seconds) = segments.iter().fold((0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    if seconds > 0.0 { (bytes as f64 * 8.0 / seconds).round() as u64 } else { 0 }
}

/// The largest bit rate of any contiguous set of segments that lasts between 0.5 and 1.5 target durations.
fn peak(segments: &[(u64, f64)], target: f64) -> u64 {
    let mut peak = None;
    for from in 0..segments.len() {
        let mut seconds = 0.0;
        for to in from..segments.len() {
            seconds += segments[to].1;
            if seconds > 1.5 * target {
                break;
            }
            if seconds >= 0.5 * target {
                peak = peak.max(Some(rate(&segments[from..=to])));
            }
        }
    }
    peak.unwrap_or_else(|| rate(segments))
}
