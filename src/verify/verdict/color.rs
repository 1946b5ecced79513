//! The colors of pictures, held against `VIDEO-RANGE` and against each other.

use m3u8_rs::{MasterPlaylist, QuotedOrUnquoted, VariantStream};

use super::{Faults, MeasuredRendition, find};
use crate::local::ColorTags;

/// What players do without the attribute.
const SDR: &str = "SDR";

/// Checks every variant that has a picture.
pub(super) fn check(
    multivariant: &MasterPlaylist,
    renditions: &[MeasuredRendition<'_>],
    faults: &mut Faults,
) {
    let mut first: Vec<(&str, &VariantStream, &ColorTags)> = Vec::new();
    for variant in multivariant.variants.iter().filter(|variant| !variant.is_i_frame) {
        let Some(picture) = find(renditions, &variant.uri).and_then(|stream| stream.picture.as_ref()) else {
            continue;
        };
        let mut faults = faults.of(&variant.uri);
        let (said, color) = (said_range(variant), &picture.color);
        let is = range(color);
        if said != is {
            let transfer = name(color.transfer.as_ref());
            faults.rfc(format!("VIDEO-RANGE is {said}, and the picture is {is} (transfer {transfer})"));
        } else if is == SDR && is_wide(color) {
            faults.film(format!("its colors are {}: players show SDR as BT.709", names(color)));
        }
        match first.iter().find(|(range, ..)| *range == said) {
            None => first.push((said, variant, color)),
            Some((_, _, other)) if *other == color => {}
            Some((_, other, theirs)) => {
                let (ours, theirs) = (names(color), names(theirs));
                faults.film(format!("its colors are {ours}, and those of {} are {theirs}", other.uri));
            }
        }
    }
}

fn said_range(variant: &VariantStream) -> &str {
    let attributes = variant.other_attributes.as_ref();
    match attributes.and_then(|attributes| attributes.get("VIDEO-RANGE")) {
        Some(QuotedOrUnquoted::Unquoted(range) | QuotedOrUnquoted::Quoted(range)) => range,
        None => SDR,
    }
}

fn range(color: &ColorTags) -> &'static str {
    match color.transfer.as_deref() {
        Some("smpte2084") => "PQ",
        Some("arib-std-b67") => "HLG",
        _ => SDR,
    }
}

/// Whether a picture has colors that a screen for BT.709 does not show.
fn is_wide(color: &ColorTags) -> bool {
    let wide = |tag: &Option<String>| tag.as_deref().is_some_and(|name| name.starts_with("bt2020"));
    wide(&color.primaries) || wide(&color.matrix)
}

fn name(tag: Option<&String>) -> &str {
    tag.map_or("unknown", String::as_str)
}

/// `primaries/transfer/matrix`.
fn names(color: &ColorTags) -> String {
    let ColorTags { primaries, transfer, matrix } = color;
    [primaries, transfer, matrix].map(|tag| name(tag.as_ref())).join("/")
}
