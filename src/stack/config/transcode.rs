//! The `transcode` section: ladder, segments, thumbnails.

use schemars::JsonSchema;
use serde::Serialize;

use crate::stack::ladder::Ladder;

use super::reader::{Scalar, Table, Value, Wrong};
use super::rungs;
use super::tree::Text;
use super::values::{Period, TimeUnit, choices};

/// Length of a group of pictures in seconds; segments are cut between groups.
const GOP: u64 = 2;

/// How originals are transcoded.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
pub struct Transcode {
    /// The renditions.
    pub ladder: Ladder,
    /// Length of a media segment: 2s to 30s, a multiple of the 2s group of pictures.
    pub segment: Period,
    /// MediaConvert's accelerated transcoding, which costs more per minute.
    pub acceleration: Acceleration,
    /// Still pictures at regular intervals. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnails: Option<Thumbnails>,
    /// The loudness of the sound in LKFS, -59 to 0, such as -16. Absent: as in the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loudness: Option<Loudness>,
    /// How many jobs of the stack run at once, 1 or more; at most the account's quota. Absent: as the account's quota, or what
    /// somebody set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent_jobs: Option<ConcurrentJobs>,
}

impl Default for Transcode {
    fn default() -> Self {
        Self {
            ladder: Ladder::default(),
            segment: Period::from_seconds(6),
            acceleration: Acceleration::default(),
            thumbnails: None,
            loudness: None,
            concurrent_jobs: None,
        }
    }
}

/// A number of jobs that run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ConcurrentJobs(#[schemars(range(min = 1, max = 10_000))] i32);

impl ConcurrentJobs {
    /// The number.
    pub const fn count(self) -> i32 {
        self.0
    }
}

impl Scalar for ConcurrentJobs {
    const EXAMPLE: &'static str = "20";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        let help =
            "a whole number from 1 to 10000, such as 20; at most the account's quota of jobs for a queue";
        match text.text.parse() {
            Ok(0) => Err(Wrong::new("cannot be 0", "no upload would ever be transcoded", help)),
            Ok(count @ 1..=10_000) if text.plain => Ok(Self(count)),
            _ => Err(Wrong::new("must be a whole number of jobs", "no such number", help)),
        }
    }
}

/// A loudness in LKFS, which broadcasters also call LUFS.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Loudness(#[schemars(range(min = -59, max = 0))] f64);

impl Loudness {
    /// The number of LKFS.
    pub const fn lkfs(self) -> f64 {
        self.0
    }
}

impl Scalar for Loudness {
    const EXAMPLE: &'static str = "-16";

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        let help =
            "-59 to 0, such as -16: most streaming services use -14 to -16, and broadcasters -23 or -24";
        let decimal = |byte: u8| byte.is_ascii_digit() || b"-.".contains(&byte);
        let number = text.plain && text.text.bytes().all(decimal);
        let number: Option<f64> = number.then(|| text.text.parse().ok()).flatten();
        match number {
            Some(lkfs) if (-59.0..=0.0).contains(&lkfs) => Ok(Self(lkfs)),
            Some(lkfs) if (0.0..=59.0).contains(&lkfs) => {
                let label = format!("did you mean -{}?", text.text);
                Err(Wrong::new("must be negative", label, help))
            }
            Some(_) => Err(Wrong::new("is outside -59 to 0", "no loudness of sound", help)),
            None => Err(Wrong::new("must be a number", "not a number of LKFS", help)),
        }
    }
}

choices! {
    /// Whether jobs use accelerated transcoding.
    #[derive(Default)]
    pub enum Acceleration {
        /// Never.
        #[default]
        Disabled = "disabled",
        /// If MediaConvert can accelerate the job, otherwise without.
        Preferred = "preferred",
    }
}

/// Still pictures, captured at regular intervals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Thumbnails {
    /// The time between two pictures, 1s to 1h.
    pub every: Period,
}

/// An acceleration mode that jobs of a ladder can have.
struct Mode(Acceleration);

impl Scalar for Mode {
    const EXAMPLE: &'static str = Acceleration::EXAMPLE;

    fn scalar(text: &Text) -> Result<Self, Wrong> {
        if text.text != "enabled" {
            return Acceleration::scalar(text).map(Self);
        }
        let help = "use preferred: MediaConvert does not accelerate outputs without video, such as the ladder's audio";
        Err(Wrong::new("cannot be `enabled`", "every job would fail", help))
    }
}

/// Reads `transcode`.
pub(super) fn read(table: &Table<'_>) -> Option<Transcode> {
    let ladder = table.get("ladder").map_or_else(|| Some(Ladder::default()), |value| rungs::read(&value));
    let segment = table.get("segment").map_or(Some(Period::from_seconds(6)), |value| segment(&value));
    let acceleration = table.or("acceleration", Mode(Acceleration::default()));
    let thumbnails = table.section("thumbnails", None, |table| thumbnails(table).map(Some));
    let loudness = table.optional::<Loudness>("loudness");
    let concurrent_jobs = table.optional::<ConcurrentJobs>("concurrent_jobs");
    Some(Transcode {
        ladder: ladder?,
        segment: segment?,
        acceleration: acceleration?.0,
        thumbnails: thumbnails?,
        loudness: loudness?,
        concurrent_jobs: concurrent_jobs?,
    })
}

fn segment(value: &Value<'_>) -> Option<Period> {
    let period = value.read::<Period>()?;
    let seconds = period.seconds();
    if (GOP..=30).contains(&seconds) && seconds.is_multiple_of(GOP) {
        return Some(period);
    }
    let label = match seconds {
        3..30 => format!("between {}s and {}s", seconds - 1, seconds + 1),
        _ => "too short or too long".to_owned(),
    };
    value.reject(Wrong::new(
        format!("cannot be {period}"),
        label,
        "2s, 4s, 6s, … 30s: a multiple of the 2s group of pictures",
    ));
    None
}

fn thumbnails(table: &Table<'_>) -> Option<Thumbnails> {
    let every = table.required::<Period>("every")?;
    if (1..=3600).contains(&every.seconds()) {
        return Some(Thumbnails { every });
    }
    let example = Period::new(1, TimeUnit::Hour);
    table.get("every")?.reject(Wrong::new(
        format!("cannot be {every}"),
        "too short or too long",
        format!("1s to {example}"),
    ));
    None
}
