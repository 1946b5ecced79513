//! Reads a ladder, and checks that its rungs ascend and that MediaConvert can encode them.

use crate::stack::ladder::{Codec, Ladder, MAX_RUNGS, NAMES, Rung, bitrate, parse_bitrate};

use super::reader::{Scalar, Value, Wrong, nearest};
use super::tree::Text;

/// The name of a built-in ladder.
struct BuiltIn(Ladder);

impl Scalar for BuiltIn {
    const EXAMPLE: &'static str = "hls-1080p";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        if let Some(ladder) = Ladder::named(&text.text) {
            return Ok(Self(ladder));
        }
        let label = meant(&text.text)
            .map_or_else(|| "no such ladder".to_owned(), |name| format!("did you mean `{name}`?"));
        let help = format!(
            "allowed: {}, or rungs written out: [{{ height: 720, max_bitrate: 3M }}, …]",
            NAMES.join(", ")
        );
        Err(Wrong::new(format!("cannot be `{}`", text.text), label, help))
    }
}

/// What people call the height of a ladder, and its name.
const HEIGHTS: [(&str, &str); 7] = [
    ("2160", "hls-2160p"),
    ("4k", "hls-2160p"),
    ("uhd", "hls-2160p"),
    ("1080", "hls-1080p"),
    ("fhd", "hls-1080p"),
    ("fullhd", "hls-1080p"),
    ("720", "hls-720p"),
];

/// The ladder that somebody may have meant. Names differ by their heights alone, so another height is no misspelling.
fn meant(written: &str) -> Option<&'static str> {
    let plain = written.to_lowercase().replace(['-', '_', ' '], "");
    match HEIGHTS.into_iter().find(|(height, _)| plain.contains(height)) {
        Some((_, name)) => Some(name),
        None if plain.contains(|c: char| c.is_ascii_digit()) => None,
        None => nearest(written, &NAMES),
    }
}

/// Bits per second.
struct Bitrate(u64);

impl Scalar for Bitrate {
    const EXAMPLE: &'static str = "8.5M";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        let help = "bits per second with the unit k or M, such as 145k or 8.5M";
        if let Some(bits) = parse_bitrate(&text.text) {
            return Ok(Self(bits));
        }
        let plain: Option<u64> = text.text.parse().ok().filter(|bits| *bits >= 1000);
        let label = plain.map_or_else(
            || "not a bitrate".to_owned(),
            |bits| format!("no unit: did you mean {}?", bitrate(bits)),
        );
        Err(Wrong::new("must be a bitrate", label, help))
    }
}

impl Scalar for Codec {
    const EXAMPLE: &'static str = "avc";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        match text.text.as_str() {
            "avc" => Ok(Self::Avc),
            "hevc" => Ok(Self::Hevc),
            "h264" | "h.264" | "H264" | "H.264" | "AVC" => {
                Err(Wrong::new("must be avc or hevc", "did you mean `avc`?", "allowed: avc, hevc"))
            }
            "h265" | "h.265" | "H265" | "H.265" | "HEVC" => {
                Err(Wrong::new("must be avc or hevc", "did you mean `hevc`?", "allowed: avc, hevc"))
            }
            _ => Err(Wrong::new("must be avc or hevc", "not one of the choices", "allowed: avc, hevc")),
        }
    }
}

/// Reads `transcode.ladder`.
pub(super) fn read(value: &Value<'_>) -> Option<Ladder> {
    if value.is_scalar() {
        return value.read::<BuiltIn>().map(|BuiltIn(ladder)| ladder);
    }
    let items = value.items()?;
    if items.is_empty() || items.len() > MAX_RUNGS {
        let help = format!("1 to {MAX_RUNGS} rungs, or the name of a ladder: {}", NAMES.join(", "));
        value.reject(Wrong::new("must have rungs", format!("{} rungs", items.len()), help));
        return None;
    }
    let rungs: Vec<Option<Rung>> = items.iter().map(rung).collect();
    let mut ascending = true;
    for (index, rung) in rungs.iter().enumerate() {
        let Some(rung) = rung else { continue };
        let before = rungs[..index].iter().zip(&items).rev();
        let mut before = before.filter_map(|(other, item)| Some((other.as_ref()?, item)));
        let below = before.find(|(other, _)| other.codec == rung.codec);
        ascending &= below.is_none_or(|below| ascends(rung, &items[index], below));
    }
    let rungs: Option<Vec<Rung>> = rungs.into_iter().collect();
    rungs.filter(|_| ascending).map(|rungs| Ladder::new(None, rungs))
}

/// Compares a rung with the previous one of the same codec.
fn ascends(rung: &Rung, item: &Value<'_>, (below, other): (&Rung, &Value<'_>)) -> bool {
    let says = if rung.height == below.height && rung.max_bitrate == below.max_bitrate {
        format!("repeats the rung {below}")
    } else if rung.height < below.height || rung.max_bitrate <= below.max_bitrate {
        format!("is {rung}, which does not rise above {below}")
    } else {
        return true;
    };
    let help = "rungs ascend: each at least as high as the one before, and with a higher max_bitrate (for each codec separately)";
    item.contradicts(Wrong::new(says, "out of order", help), other, "the rung before");
    false
}

fn rung(item: &Value<'_>) -> Option<Rung> {
    let table = item.table()?;
    let codec = table.or("codec", Codec::default());
    let height = table.required::<u32>("height").filter(|height| {
        let value = table.get("height");
        value.is_none_or(|value| height_fits(&value, *height, codec.unwrap_or_default()))
    });
    let bits = table.required::<Bitrate>("max_bitrate").filter(|Bitrate(bits)| {
        let value = table.get("max_bitrate");
        value.is_none_or(|value| bitrate_fits(&value, *bits, codec.unwrap_or_default()))
    });
    let quality = table.optional::<Quality>("qvbr");
    table.close();
    let mut rung = Rung::new(height?, bits?.0, codec?);
    rung.qvbr = quality?.map(|Quality(level)| level);
    Some(rung)
}

/// A QVBR quality level.
struct Quality(u8);

impl Scalar for Quality {
    const EXAMPLE: &'static str = "8";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        let help = "a whole number from 1 to 10; by default 7 below 720 lines, 8 below 1080, then 9, and less for the lower of two rungs of one height";
        let level = u32::scalar(text)?;
        let level = u8::try_from(level).ok().filter(|level| (1..=10).contains(level));
        level.map(Self).ok_or_else(|| Wrong::new("is not a QVBR quality level", "outside 1 to 10", help))
    }
}

/// 144 lines is the smallest size in use. H.264 ends at 2160 lines (level 5.2), MediaConvert's HEVC at 4320.
fn height_fits(value: &Value<'_>, height: u32, codec: Codec) -> bool {
    let (highest, name) = match codec {
        Codec::Avc => (2160, "avc"),
        Codec::Hevc => (4320, "hevc"),
    };
    let label = match height {
        odd if odd % 2 == 1 => "odd: 4:2:0 video has an even number of lines".to_owned(),
        height if !(144..=highest).contains(&height) => format!("outside 144 to {highest}"),
        _ => return true,
    };
    value.reject(Wrong::new(
        "is not a height that can be encoded",
        label,
        format!("an even number from 144 to {highest} with codec {name}"),
    ));
    false
}

/// H.264 High at level 5.2 ends at 300 Mbit/s; MediaConvert takes 1,000 to 1,466,400,000 bits per second for HEVC.
fn bitrate_fits(value: &Value<'_>, bits: u64, codec: Codec) -> bool {
    let highest = match codec {
        Codec::Avc => 300_000_000,
        Codec::Hevc => 1_466_400_000,
    };
    if (1_000..=highest).contains(&bits) {
        return true;
    }
    let help = format!("1k to {}", bitrate(highest));
    value.reject(Wrong::new("is outside what MediaConvert and players take", "too little or too much", help));
    false
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_ladder_is_proposed_by_its_height() {
        for (written, name) in [
            ("hls-4k", Some("hls-2160p")),
            ("UHD", Some("hls-2160p")),
            ("hls_1080", Some("hls-1080p")),
            ("full-hd", Some("hls-1080p")),
            ("720p", Some("hls-720p")),
            ("hls-480p", None),
            ("8k", None),
            ("dash", None),
        ] {
            assert_eq!(super::meant(written), name, "{written}");
        }
    }
}
