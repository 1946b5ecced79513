//! Checks that playlists match their streams, and follow RFC 8216 and Apple's HLS authoring specification.
//!
//! Pure: it takes parsed playlists and measured streams, and returns all faults.

mod bandwidth;
mod color;
mod declared;
mod filmed;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use m3u8_rs::{AlternativeMedia, AlternativeMediaType, MasterPlaylist, MediaPlaylist, MediaPlaylistType};

use super::fault::{Authority, Fault};
use super::measure::Stream;
use crate::local::Film;

pub use bandwidth::bandwidth;

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

/// Every fault of a rendition set that was made of `film`.
pub fn judge(multivariant: &MasterPlaylist, renditions: &[MeasuredRendition<'_>], film: &Film) -> Vec<Fault> {
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
        declared::check(variant, multivariant, (renditions, film), &mut faults.of(&variant.uri));
    }
    color::check(multivariant, renditions, &mut faults);
    filmed::check(renditions, film, &mut faults);
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

    fn film(&mut self, what: impl Into<String>) {
        self.add(Authority::Film, what.into());
    }

    fn encoder(&mut self, what: impl Into<String>) {
        self.add(Authority::Encoder, what.into());
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
    let rate = stream.picture.as_ref().and_then(|picture| picture.rate);
    rate.map_or(SOUND_FRAMES, |rate| 1.0 / rate)
}

/// Players stall at the end of a video whose last segment is shorter than this, in seconds.
const SHORTEST_END: f32 = 1.0;

fn timing(MeasuredRendition { playlist, stream, .. }: &MeasuredRendition<'_>, faults: &mut Of<'_>) {
    if playlist.segments.len() != stream.segments.len() {
        return faults.rfc("not every segment could be read");
    }
    if let [_, .., last] = playlist.segments.as_slice()
        && last.duration < SHORTEST_END
    {
        faults.apple(format!("its last segment lasts {} s: some players stall before it", last.duration));
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
