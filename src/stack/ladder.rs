//! The adaptive-bitrate ladder: the renditions that every original is encoded to.
//!
//! The named ladders have the sizes and rates of Apple's HLS authoring specification for Apple devices. Apple's rates are
//! averages. Here they are maxima, under which MediaConvert's quality-defined variable bitrate (QVBR) spends what the
//! picture needs.

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
    /// QVBR quality level, 1 to 10. Absent: 7 below 720 lines, 8 below 1080, and 9 from there on. One lower for each
    /// later rung of the same height and codec.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub qvbr: Option<u8>,
    /// How many later rungs of the ladder have its height and codec. Derived, never written.
    #[serde(skip)]
    pub twins: u8,
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
    /// A ladder of `rungs`; the codecs determine the container, and each rung learns of its twins.
    pub fn new(name: Option<String>, mut rungs: Vec<Rung>) -> Self {
        for index in 0..rungs.len() {
            let (rung, later) = (&rungs[index], &rungs[index + 1..]);
            let twins = later.iter().filter(|other| (other.height, other.codec) == (rung.height, rung.codec));
            rungs[index].twins = u8::try_from(twins.count()).unwrap_or(u8::MAX);
        }
        let hevc = rungs.iter().any(|rung| rung.codec == Codec::Hevc);
        let container = if hevc { Container::Fmp4 } else { Container::Ts };
        Self { name, rungs, container }
    }

    /// The built-in ladder of that name, one of [`NAMES`].
    pub fn named(name: &str) -> Option<Self> {
        let (highest, hevc): (u32, &[Row]) = match name {
            "hls-720p" => (720, &[]),
            "hls-1080p" => (1080, &[]),
            "hls-2160p" => (2160, &HEVC),
            _ => return None,
        };
        let rung = |codec| move |(height, max_bitrate): &Row| Rung::new(*height, *max_bitrate, codec);
        let avc = AVC.iter().filter(|(height, _)| *height <= highest).map(rung(Codec::Avc));
        let rungs = avc.chain(hevc.iter().map(rung(Codec::Hevc))).collect();
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
        Self { height, width: width(height), max_bitrate, qvbr: None, twins: 0, codec }
    }

    /// The QVBR quality level: what was written, or the default for the height. Twins differ by it. With one level, both
    /// would come out alike wherever the lower maximum suffices.
    pub fn quality(&self) -> u8 {
        let default: u8 = match self.height {
            ..720 => 7,
            720..1080 => 8,
            1080.. => 9,
        };
        self.qvbr.unwrap_or(default.saturating_sub(self.twins).max(1))
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

/// Height, and bits per second.
type Row = (u32, u64);

/// Apple's table for H.264.
const AVC: [Row; 9] = [
    (234, 145_000),
    (360, 365_000),
    (432, 730_000),
    (432, 1_100_000),
    (540, 2_000_000),
    (720, 3_000_000),
    (720, 4_500_000),
    (1080, 6_000_000),
    (1080, 7_800_000),
];

/// Apple's table for HEVC at up to 30 frames a second. It is whole, because players stay with the codec that they begin
/// with.
const HEVC: [Row; 11] = [
    (360, 145_000),
    (432, 300_000),
    (540, 600_000),
    (540, 1_600_000),
    (720, 2_400_000),
    (720, 3_400_000),
    (1080, 4_500_000),
    (1080, 5_800_000),
    (1440, 8_100_000),
    (2160, 11_600_000),
    (2160, 16_800_000),
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
        768x432p 730k q6
        768x432p 1.1M q7
        960x540p 2M q7
        1280x720p 3M q7
        1280x720p 4.5M q8
        1920x1080p 6M q8
        1920x1080p 7.8M q9
        640x360p HEVC 145k q7
        768x432p HEVC 300k q7
        960x540p HEVC 600k q6
        960x540p HEVC 1.6M q7
        1280x720p HEVC 2.4M q7
        1280x720p HEVC 3.4M q8
        1920x1080p HEVC 4.5M q8
        1920x1080p HEVC 5.8M q9
        2560x1440p HEVC 8.1M q9
        3840x2160p HEVC 11.6M q8
        3840x2160p HEVC 16.8M q9
        ");
        assert_eq!(listing("hls-1080p"), listing("hls-2160p")[..9]);
        assert_eq!(listing("hls-720p"), listing("hls-2160p")[..7]);
        assert_eq!(listing("hls-2160p").len(), MAX_RUNGS);
        assert_eq!(Ladder::named("hls-480p"), None);
    }

    #[test]
    fn each_twin_has_a_quality_of_its_own_and_what_was_written_counts() {
        let rung = |bits, codec| Rung::new(720, bits, codec);
        let written = Rung { qvbr: Some(8), ..rung(2_000_000, Codec::Avc) };
        let rungs = vec![
            rung(1_000_000, Codec::Avc),
            written,
            rung(3_000_000, Codec::Avc),
            rung(900_000, Codec::Hevc),
        ];
        let levels: Vec<u8> = Ladder::new(None, rungs).rungs.iter().map(Rung::quality).collect();
        assert_eq!(levels, [6, 8, 8, 8]);
        let many = Ladder::new(None, vec![Rung::new(234, 145_000, Codec::Avc); MAX_RUNGS]);
        assert_eq!(many.rungs[0].quality(), 1, "there is no lower level");
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
