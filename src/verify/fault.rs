//! Faults in what viewers get, and the rule that each one breaks.

use std::fmt;

/// The source of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// RFC 8216. If it is broken, players may fail.
    Rfc8216,
    /// Apple's authoring specification. If it is broken, players may choose badly.
    Apple,
    /// The uploaded film. If it is broken, viewers see or hear something else than was filmed.
    Film,
    /// The local encoder. AWS's may do the same thing otherwise, and players play both.
    Encoder,
    /// What a stack promises for every answer: content types, cache times, and who may read.
    Stack,
}

impl Authority {
    /// Whether a video with such a fault must not be published.
    pub fn fails(self) -> bool {
        matches!(self, Self::Rfc8216 | Self::Film | Self::Stack)
    }
}

/// A fault in a rendition set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The playlist, as the multivariant playlist names it; empty for that playlist itself.
    pub playlist: String,
    /// The rule that it breaks.
    pub rule: Authority,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let playlist = if self.playlist.is_empty() { "the multivariant playlist" } else { &self.playlist };
        write!(f, "{playlist}: {}", self.what)
    }
}
