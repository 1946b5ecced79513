//! The flow of a video through the stack, and the place of each concern in a picture.
//!
//! References between resources do not show this flow. They say what is created first, not where a video comes from. So
//! the flow is written down here. A test checks that the stack declares every address.

use std::ops::RangeInclusive;

/// A resource that a video passes, or that an event about it passes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Station {
    /// Its address.
    pub(super) address: &'static str,
    /// Its column, counted from the left.
    pub(super) column: usize,
}

const fn station(address: &'static str, column: usize) -> Station {
    Station { address, column }
}

const SOURCE: &str = "storage/source";
const UPLOAD_RULE: &str = "handlers/upload-rule";
const SUBMIT: &str = "handlers/submit";
const QUEUE: &str = "transcode/queue";
const WORK: &str = "storage/work";
const JOB_RULE: &str = "handlers/job-rule";
const PUBLISH: &str = "handlers/publish";
const OUTPUT: &str = "storage/output";
const DISTRIBUTION: &str = "delivery/distribution";
const ALIAS_A: &str = "delivery/alias-a";
const ALIAS_AAAA: &str = "delivery/alias-aaaa";

/// The stations in their order. Two stations of different concerns may share a column. The flow then leads up or down.
pub(super) const STATIONS: [Station; 11] = [
    station(SOURCE, 0),
    station(UPLOAD_RULE, 0),
    station(SUBMIT, 1),
    station(QUEUE, 2),
    station(WORK, 3),
    station(JOB_RULE, 3),
    station(PUBLISH, 4),
    station(OUTPUT, 5),
    station(DISTRIBUTION, 5),
    station(ALIAS_A, 6),
    station(ALIAS_AAAA, 6),
];

/// The steps from station to station, each with its label.
pub(super) const STEPS: [(&str, &str, &str); 11] = [
    (SOURCE, UPLOAD_RULE, "upload event"),
    (UPLOAD_RULE, SUBMIT, "invokes"),
    (SUBMIT, QUEUE, "creates job"),
    (QUEUE, WORK, "writes"),
    (QUEUE, JOB_RULE, "job event"),
    (JOB_RULE, PUBLISH, "invokes"),
    (WORK, PUBLISH, "read by"),
    (PUBLISH, OUTPUT, "copies"),
    (OUTPUT, DISTRIBUTION, "read by"),
    (DISTRIBUTION, ALIAS_A, "DNS"),
    (DISTRIBUTION, ALIAS_AAAA, "DNS"),
];

/// Where uploads come in.
pub(super) const ENTRY: &str = SOURCE;
/// Where viewers come in: the first of these that the stack declares.
pub(super) const EXITS: [&str; 2] = [ALIAS_A, DISTRIBUTION];

/// The station at an address, by its place in the flow.
pub(super) fn at(address: &str) -> Option<&'static Station> {
    STATIONS.iter().find(|station| station.address == address)
}

/// The place of a concern in a picture.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// Its name, which is the first part of its addresses.
    concern: &'static str,
    /// The row of the picture, counted from the top.
    pub(super) band: usize,
    /// The columns that its cards may take.
    pub(super) columns: RangeInclusive<usize>,
}

/// The last column.
const LAST: usize = 6;

/// The lanes. Those that share a band share no column.
const LANES: [Lane; 6] = [
    Lane { concern: "library", band: 0, columns: 0..=0 },
    Lane { concern: "transcode", band: 0, columns: 1..=3 },
    Lane { concern: "handlers", band: 1, columns: 0..=LAST },
    Lane { concern: "storage", band: 2, columns: 0..=LAST },
    Lane { concern: "alerts", band: 3, columns: 0..=3 },
    Lane { concern: "delivery", band: 3, columns: 4..=LAST },
];

/// The lane of a concern. A concern without a lane gets a band of its own below the others; `unknown` is its number.
pub(super) fn lane(concern: &str, unknown: usize) -> Lane {
    let known = LANES.iter().find(|lane| lane.concern == concern).cloned();
    known.unwrap_or(Lane { concern: "", band: LANES.len() + unknown, columns: 0..=LAST })
}

/// True if the concern has a lane.
pub(super) fn knows(concern: &str) -> bool {
    rank(concern) < LANES.len()
}

/// The place of a concern in the order in which concerns are drawn.
pub(super) fn rank(concern: &str) -> usize {
    LANES.iter().position(|lane| lane.concern == concern).unwrap_or(LANES.len())
}
