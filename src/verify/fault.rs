//! What is wrong with what viewers get, and who says so.

use std::fmt;

/// Who asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// RFC 8216: players may fail.
    Rfc8216,
    /// Apple's authoring specification: players may choose badly.
    Apple,
    /// What a stack promises of every answer: kinds, times in caches, who may read.
    Stack,
}

/// Something wrong with a rendition set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The playlist, as the multivariant playlist names it; empty for that playlist itself.
    pub playlist: String,
    /// Who asks for it.
    pub rule: Rule,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let playlist = if self.playlist.is_empty() { "the multivariant playlist" } else { &self.playlist };
        write!(f, "{playlist}: {}", self.what)
    }
}
