//! Chance that falls the same way in each run with the same seed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Chooses durations. The same seed chooses the same ones for the same resources, in whatever order they come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice {
    seed: u64,
}

impl Dice {
    /// Dice that fall the same way for the same seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A duration between so many and so many seconds, for a rule and a resource.
    pub(super) fn between(self, (least, most): (u64, u64), rule: &str, resource: &str) -> Duration {
        let (least, most) = (Duration::from_secs(least), Duration::from_secs(most));
        least + (most - least).mul_f64(self.share(rule, resource))
    }

    /// A number from 0 to 1, for a rule and a resource.
    pub(super) fn share(self, rule: &str, resource: &str) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, rule, resource).hash(&mut hasher);
        let number = u32::try_from(hasher.finish() >> 32).unwrap_or(u32::MAX);
        f64::from(number) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_within_bounds_and_repeatable() {
        let fall = |seed, n: u32| Dice::new(seed).between((2, 6), "rule", &n.to_string());
        let all: Vec<Duration> = (0..50).map(|n| fall(1, n)).collect();
        assert!(all.iter().all(|took| (2.0..=6.0).contains(&took.as_secs_f64())), "{all:?}");
        assert!(all.iter().max() > all.iter().min().map(|least| *least * 2).as_ref(), "they differ: {all:?}");
        assert_eq!(fall(1, 7), all[7]);
        assert_ne!(fall(2, 7), all[7]);
    }
}
