//! The adaptive-bitrate ladder: the renditions that every original is encoded to.
//!
//! The named ladders are the tables of Apple's HLS authoring specification for Apple devices (H.264, and HEVC above
//! 1080p), with MediaConvert's quality-defined variable bitrate (QVBR) under each maximum.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// The most rungs a ladder may have.
pub const MAX_RUNGS: usize = 20;

/// The renditions of every asset, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// Its name, if it is a built-in ladder.
    pub name: Option<String>,
    /// The video renditions in ascending order.
    pub rungs: Vec<Rung>,
    /// The format of the segments.
    pub container: Container,
}

/// One video rendition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rung {
    /// Height of the picture in lines, even.
    #[schemars(range(min = 144, max = 4320))]
    pub height: u32,
    /// Width in pixels: 16:9, rounded to an even number. Derived, never written.
    #[serde(skip)]
    pub width: u32,
    /// Maximum bits per second, such as 8.5M or 145k.
    #[serde(serialize_with = "print_bitrate")]
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(\.[0-9]+)?[kM]$"))]
    pub max_bitrate: u64,
    /// QVBR quality level, 1 to 10. Absent: 7 below 720 lines, 8 below 1080, and 9 from there on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub qvbr: Option<u8>,
    /// The codec.
    #[schemars(default)]
    pub codec: Codec,
}

/// A video codec.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// H.264
    #[default]
    Avc,
    /// H.265, which Apple players accept only in fMP4 segments
    Hevc,
}

/// The format of media segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// MPEG-2 transport streams.
    Ts,
    /// Fragmented MP4, with an initialization section.
    Fmp4,
}

impl Ladder {
    /// A ladder of `rungs`; the codecs determine the container.
    pub fn new(name: Option<String>, rungs: Vec<Rung>) -> Self {
        let hevc = rungs.iter().any(|rung| rung.codec == Codec::Hevc);
        let container = if hevc { Container::Fmp4 } else { Container::Ts };
        Self { name, rungs, container }
    }

    /// The built-in ladder of that name, one of [`NAMES`].
    pub fn named(name: &str) -> Option<Self> {
        let highest = match name {
            "hls-720p" => 720,
            "hls-1080p" => 1080,
            "hls-2160p" => 2160,
            _ => return None,
        };
        let rungs = APPLE.iter().filter(|(height, ..)| *height <= highest);
        let rungs =
            rungs.map(|(height, max_bitrate, codec)| Rung::new(*height, *max_bitrate, *codec)).collect();
        Some(Self::new(Some(name.to_owned()), rungs))
    }
}

/// `hls-1080p`.
impl Default for Ladder {
    fn default() -> Self {
        Self::named("hls-1080p").expect("hls-1080p is in the table")
    }
}

/// As in the stack file: the name, or the rungs.
impl Serialize for Ladder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.name {
            Some(name) => serializer.serialize_str(name),
            None => self.rungs.serialize(serializer),
        }
    }
}

impl JsonSchema for Ladder {
    fn schema_name() -> Cow<'static, str> {
        "Ladder".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let rung = generator.subschema_for::<Rung>();
        json_schema!({
            "description": "A named ladder, or rungs written out: ascending in height and bitrate.",
            "anyOf": [
                { "type": "string", "enum": NAMES },
                { "type": "array", "items": rung, "minItems": 1, "maxItems": MAX_RUNGS }
            ]
        })
    }
}

impl Rung {
    /// A rung with the default quality for its height.
    pub fn new(height: u32, max_bitrate: u64, codec: Codec) -> Self {
        Self { height, width: width(height), max_bitrate, qvbr: None, codec }
    }

    /// The QVBR quality level: what was written, or the default for the height.
    pub fn quality(&self) -> u8 {
        self.qvbr.unwrap_or(match self.height {
            ..720 => 7,
            720..1080 => 8,
            1080.. => 9,
        })
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codec = match self.codec {
            Codec::Avc => "",
            Codec::Hevc => " HEVC",
        };
        write!(f, "{}p{codec} {}", self.height, bitrate(self.max_bitrate))
    }
}

/// The built-in ladders' names.
pub const NAMES: [&str; 3] = ["hls-720p", "hls-1080p", "hls-2160p"];

/// Height, bits per second, codec. Above 1080 lines Apple's table is HEVC.
const APPLE: [(u32, u64, Codec); 11] = [
    (234, 145_000, Codec::Avc),
    (360, 365_000, Codec::Avc),
    (432, 730_000, Codec::Avc),
    (540, 2_000_000, Codec::Avc),
    (720, 3_000_000, Codec::Avc),
    (720, 4_500_000, Codec::Avc),
    (1080, 6_000_000, Codec::Avc),
    (1080, 7_800_000, Codec::Avc),
    (1440, 8_100_000, Codec::Hevc),
    (2160, 11_600_000, Codec::Hevc),
    (2160, 16_800_000, Codec::Hevc),
];

/// The even width nearest to 16:9.
fn width(height: u32) -> u32 {
    (height.saturating_mul(16) + 9) / 18 * 2
}

/// Bits per second as a stack file writes them: `8.5M`, `145k`.
pub fn bitrate(bits: u64) -> String {
    let (unit, digits, letter) = if bits >= 1_000_000 { (1_000_000, 6, 'M') } else { (1_000, 3, 'k') };
    let fraction = format!("{:0digits$}", bits % unit);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}{letter}", bits / unit)
}

/// Reads `8.5M` or `145k`; `None` for any other unit, and for fractions of a bit.
pub fn parse_bitrate(text: &str) -> Option<u64> {
    let (number, digits) = match (text.strip_suffix('M'), text.strip_suffix('k')) {
        (Some(number), _) => (number, 6),
        (_, Some(number)) => (number, 3),
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let decimal = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !decimal(whole) || !decimal(fraction) || fraction.len() > digits {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let fraction: u64 = format!("{fraction:0<digits$}").parse().ok()?;
    whole.checked_mul(10u64.pow(digits as u32))?.checked_add(fraction)
}

fn print_bitrate<S: Serializer>(bits: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&bitrate(*bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listing(name: &str) -> Vec<String> {
        let ladder = Ladder::named(name).unwrap();
        ladder.rungs.iter().map(|rung| format!("{}x{rung} q{}", rung.width, rung.quality())).collect()
    }

    #[test]
    fn the_named_ladders_are_apples() {
        insta::assert_snapshot!(listing("hls-2160p").join("\n"), @r"
    416x234p 145k q7
    640x360p 365k q7
    768x432p 730k q7
    960x540p 2M q7
    1280x720p 3M q8
    1280x720p 4.5M q8
    1920x1080p 6M q9
    1920x1080p 7.8M q9
    2560x1440p HEVC 8.1M q9
    3840x2160p HEVC 11.6M q9
    3840x2160p HEVC 16.8M q9
    ");
        assert_eq!(listing("hls-1080p"), listing("hls-2160p")[..8]);
        assert_eq!(listing("hls-720p"), listing("hls-2160p")[..6]);
        assert_eq!(Ladder::named("hls-480p"), None);
    }

    #[test]
    fn hevc_needs_fmp4() {
        assert_eq!(Ladder::named("hls-1080p").unwrap().container, Container::Ts);
        assert_eq!(Ladder::named("hls-2160p").unwrap().container, Container::Fmp4);
    }

    #[test]
    fn widths_are_even_and_16_to_9() {
        for (height, expected) in
            [(234, 416), (360, 640), (480, 854), (1080, 1920), (2160, 3840), (4320, 7680)]
        {
            assert_eq!(width(height), expected);
        }
    }

    #[test]
    fn other_spellings_of_a_bitrate_are_refused() {
        for wrong in [
            "5",
            "5000000",
            "5m",
            "5K",
            "5Mbps",
            ".5M",
            "5.M",
            "1.2345k",
            "-1M",
            "M",
            "99999999999999999999M",
            "１M",
        ] {
            assert_eq!(parse_bitrate(wrong), None, "{wrong}");
        }
        assert_eq!(parse_bitrate("8.5M"), Some(8_500_000));
        assert_eq!(parse_bitrate("145k"), Some(145_000));
        assert_eq!(parse_bitrate("0.5M"), Some(500_000));
    }

    proptest! {
        #[test]
        fn a_printed_bitrate_reads_the_same(bits in 0u64..2_000_000_000_000) {
            prop_assert_eq!(parse_bitrate(&bitrate(bits)), Some(bits));
        }
    }
}
