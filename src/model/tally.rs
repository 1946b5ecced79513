//! What a run did, in numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many resources a run made, changed, replaced and removed, and how many it could not or did not try to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Made new.
    pub created: usize,
    /// Changed in place.
    pub changed: usize,
    /// Removed and made anew.
    pub replaced: usize,
    /// Removed.
    pub deleted: usize,
    /// Failed.
    pub failed: usize,
    /// Not tried, since something they need failed or the run was interrupted.
    pub not_tried: usize,
}

impl fmt::Display for Tally {
    /// `36 created, 1 changed`: what there is none of is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created, changed, replaced, deleted, failed, not_tried } = *self;
        let counts = [
            (created, "created"),
            (changed, "changed"),
            (replaced, "replaced"),
            (deleted, "deleted"),
            (failed, "failed"),
            (not_tried, "not tried"),
        ];
        let said =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let said: Vec<String> = said.collect();
        f.pad(&if said.is_empty() { "nothing was to be done".to_owned() } else { said.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_none_of_is_left_out() {
        assert_eq!(Tally::default().to_string(), "nothing was to be done");
        let tally = Tally { created: 34, failed: 1, not_tried: 2, ..Tally::default() };
        assert_eq!(tally.to_string(), "34 created, 1 failed, 2 not tried");
    }
}
