//! What the multivariant playlist declares of a variant, held against its stream and its sound.

use std::collections::BTreeSet;

use m3u8_rs::{MasterPlaylist, VariantStream};

use super::bandwidth::bandwidth;
use super::{MeasuredRendition, Of, is_sound};
use crate::local::Film;
use crate::verify::measure::{Picture, Stream};

/// Apple's allowed ratio between declared and measured bit rates.
const MARGIN: f64 = 1.1;
/// The largest effect of rounding on a bit rate.
const ROUNDING: f64 = 1.001;
/// The largest difference between the start of a sound and when it should start, in seconds.
const SYNC: f64 = 0.1;
/// The most frames that an encoder shows later than it stores them.
const REORDERED: f64 = 3.0;

/// Checks what the multivariant playlist declares for a variant.
pub(super) fn check(
    variant: &VariantStream,
    multivariant: &MasterPlaylist,
    (renditions, film): (&[MeasuredRendition<'_>], &Film),
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
        in_sync(rendition.stream, sound, film, faults);
    }
    rates(variant, bandwidth(rendition, &[]).0, bandwidth(rendition, &group), faults);
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
    match (variant.frame_rate, picture.rate) {
        (None, _) => faults.apple("no FRAME-RATE"),
        // Playlists have three decimals.
        (Some(said), Some(rate)) if (said - rate).abs() >= 0.002 => {
            faults.rfc(format!("FRAME-RATE is {said}, and the picture has {rate:.3}"));
        }
        _ => {}
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
    if said == is {
        return;
    }
    let list = |codecs: &BTreeSet<String>| codecs.iter().cloned().collect::<Vec<_>>().join(",");
    let what = format!("CODECS is {}, and the streams are {}", list(&said), list(&is));
    let alike =
        |codecs: &BTreeSet<String>| codecs.iter().map(|codec| decoder(codec)).collect::<BTreeSet<_>>();
    // Players choose a decoder by codec and profile. They try a level, whatever it says.
    if alike(&said) == alike(&is) { faults.encoder(what) } else { faults.rfc(what) }
}

/// The codec and the profile in an RFC 6381 name: `avc1.64` of `avc1.64001f`, `hvc1.1` of `hvc1.1.6.L93.90`.
fn decoder(codec: &str) -> String {
    let mut parts = codec.split('.');
    let (name, profile) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match name {
        "avc1" | "avc3" => format!("{name}.{}", profile.get(..2).unwrap_or(profile)),
        "hvc1" | "hev1" => format!("{name}.{profile}"),
        _ => codec.to_owned(),
    }
}

/// A sound begins as long after the picture as it was filmed, or with the picture and as long a silence.
fn in_sync(stream: &Stream, sound: &MeasuredRendition<'_>, film: &Film, faults: &mut Of<'_>) {
    let start = |stream: &Stream| Some(stream.segments.first()?.start);
    let (Some(picture), Some(heard)) = (start(stream), start(sound.stream)) else { return };
    let late = film.sound_starts.unwrap_or(0.0);
    let quiet = sound.stream.sound.as_ref().map_or(0.0, |sound| sound.quiet);
    let apart = heard - picture;
    let filled = apart.abs() <= SYNC && quiet >= late - SYNC;
    if filled || (apart - late).abs() <= SYNC {
        return;
    }
    let side = if apart < 0.0 { "before" } else { "after" };
    let what = format!("its sound {} begins {:.3} s {side} the picture", sound.uri, apart.abs());
    let expected = if apart.abs() <= SYNC { late } else { late.min(0.0) };
    let rate = stream.picture.as_ref().and_then(|picture| picture.rate);
    let reordered = rate.map_or(0.0, |rate| REORDERED / rate);
    if late.abs() > SYNC {
        faults.rfc(format!("{what}, and the film's {late:.3} s"));
    } else if apart < expected && apart >= expected - reordered - SYNC {
        // Without signed offsets in fragmented MP4, a picture is later by the frames that it is reordered by.
        faults.encoder(what);
    } else {
        faults.rfc(what);
    }
}

fn rates(variant: &VariantStream, picture: u64, (peak, average): (u64, u64), faults: &mut Of<'_>) {
    let said = variant.bandwidth;
    let under = |measured: u64| measured as f64 > said as f64 * ROUNDING;
    if under(peak) {
        let what = format!("BANDWIDTH is {said}, and the peak of its segments is {peak}");
        if under(picture) { faults.rfc(what) } else { faults.encoder(format!("{what} with its sound")) }
    } else if said as f64 > peak as f64 * MARGIN {
        faults.apple(format!("BANDWIDTH is {said}, over 10 % above the peak of its segments, {peak}"));
    }
    let Some(said) = variant.average_bandwidth else { return faults.apple("no AVERAGE-BANDWIDTH") };
    let ratio = said as f64 / (average as f64).max(1.0);
    if !(1.0 / MARGIN..=MARGIN).contains(&ratio) {
        faults.apple(format!("AVERAGE-BANDWIDTH is {said}, and the average of its segments is {average}"));
    }
}
