//! Counts of what a run did.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many resources a run created, changed, replaced and deleted, and how many failed or were not tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Created.
    pub created: usize,
    /// Changed in place.
    pub changed: usize,
    /// Deleted and created again.
    pub replaced: usize,
    /// Deleted.
    pub deleted: usize,
    /// Failed.
    pub failed: usize,
    /// Not tried, because a dependency failed or the run was interrupted.
    pub not_tried: usize,
}

impl fmt::Display for Tally {
    /// `36 created, 1 changed`: zero counts are left out.
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
        f.pad(&if said.is_empty() { "nothing to do".to_owned() } else { said.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_none_of_is_left_out() {
        assert_eq!(Tally::default().to_string(), "nothing to do");
        let tally = Tally { created: 34, failed: 1, not_tried: 2, ..Tally::default() };
        assert_eq!(tally.to_string(), "34 created, 1 failed, 2 not tried");
    }
}
