//! A rule: how AWS differs from the emulator, how long or how fast, and who says so.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// One way in which AWS differs from the emulator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::local) struct Rule {
    /// Its name, as logs show it.
    pub(in crate::local) name: &'static str,
    /// What it does, in one sentence.
    pub(in crate::local) does: &'static str,
    /// How long or how fast.
    pub(in crate::local) measure: Measure,
    /// Where AWS documents it, or who measured it.
    pub(in crate::local) source: &'static str,
}

/// How long or how fast a rule is, on AWS's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::local) enum Measure {
    /// It always holds.
    Always,
    /// It lasts between so many and so many seconds.
    Seconds(f64, f64),
    /// So many calls a second on average, and so many at once.
    Rate(f64, f64),
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Seconds(low, high) if low == high => write!(f, "{high} s"),
            Self::Seconds(low, high) => write!(f, "{low} to {high} s"),
            Self::Rate(rate, burst) => write!(f, "{rate} a second, {burst} at once"),
        }
    }
}

/// Chooses durations. The same seed chooses the same ones for the same resources, in whatever order they come.
#[derive(Debug, Clone, Copy)]
pub(in crate::local) struct Dice {
    seed: u64,
}

impl Dice {
    /// Dice that fall the same way for the same seed.
    pub(in crate::local) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// How long a rule holds for a resource: between its bounds.
    pub(in crate::local) fn duration(self, rule: &Rule, resource: &str) -> Duration {
        let Measure::Seconds(low, high) = rule.measure else { return Duration::ZERO };
        Duration::from_secs_f64((high - low).mul_add(self.fraction(rule, resource), low))
    }

    /// A number from 0 to 1 for a resource.
    pub(in crate::local) fn fraction(self, rule: &Rule, resource: &str) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, rule.name, resource).hash(&mut hasher);
        let number = u32::try_from(hasher.finish() >> 32).unwrap_or(u32::MAX);
        f64::from(number) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { name: "r", does: "", measure: Measure::Seconds(2.0, 6.0), source: "" };

    #[test]
    fn a_duration_is_within_bounds_and_repeatable() {
        let all: Vec<Duration> = (0..50).map(|n| Dice::new(1).duration(&RULE, &n.to_string())).collect();
        assert!(all.iter().all(|took| (2.0..=6.0).contains(&took.as_secs_f64())), "{all:?}");
        assert!(all.iter().max() > all.iter().min().map(|least| *least * 2).as_ref(), "they differ: {all:?}");
        assert_eq!(Dice::new(1).duration(&RULE, "7"), all[7]);
        assert_ne!(Dice::new(2).duration(&RULE, "7"), all[7]);
    }
}
